//! Packet statistics besides the flows (`statistics packet protocol`, `statistics packet size`): the two tables of
//! `show ip cache flow`.

use std::ops::AddAssign;

use flow::Tally;
use wire::{Header, at};

/// The tables to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptTables {
    /// Counts by protocol.
    pub protocol: bool,
    /// Counts by packet size.
    pub size: bool,
}

/// Upper bounds of the size classes, in octets of the IP packet; larger packets have a class of their own.
pub const SIZES: [u32; 26] = [
    32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 480, 512, 544, 576, 1024,
    1536, 2048, 2560, 3072, 3584, 4096, 4608,
];

/// The rows of the protocol table.
pub const PROTOCOLS: [&str; 29] = [
    "TCP-Telnet",
    "TCP-FTP",
    "TCP-FTPD",
    "TCP-SSH",
    "TCP-SMTP",
    "TCP-WWW",
    "TCP-HTTPS",
    "TCP-NNTP",
    "TCP-BGP",
    "TCP-X",
    "TCP-Frag",
    "TCP-other",
    "UDP-DNS",
    "UDP-TFTP",
    "UDP-NTP",
    "UDP-SNMP",
    "UDP-QUIC",
    "UDP-Frag",
    "UDP-other",
    "ICMP",
    "ICMPv6",
    "IGMP",
    "IPINIP",
    "IPv6INIP",
    "GRE",
    "ESP",
    "SCTP",
    "OSPF",
    "IP-other",
];

/// A row of the protocol table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocol {
    /// Flows created.
    pub flows: u64,
    /// Packets and octets.
    pub packets: Tally,
}

/// Packet statistics. A table that is not kept is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    kept: KeptTables,
    since_ns: u64,
    protocols: Vec<Protocol>,
    sizes: Vec<u64>,
}

impl Statistics {
    /// Starts at zero at time `since_ns`, where 0 stands for the time of the first packet.
    pub(crate) fn new(kept: KeptTables, since_ns: u64) -> Statistics {
        let table = |keep: bool, rows| if keep { rows } else { 0 };
        Statistics {
            kept,
            since_ns,
            protocols: vec![Protocol::default(); table(kept.protocol, PROTOCOLS.len())],
            sizes: vec![0; table(kept.size, SIZES.len() + 1)],
        }
    }

    /// The tables that are kept.
    pub fn kept(&self) -> KeptTables {
        self.kept
    }

    /// Start of the counts, nanoseconds since 1970; 0 if there was no packet yet.
    pub fn since_ns(&self) -> u64 {
        self.since_ns
    }

    /// Counts by protocol, in the order of [`PROTOCOLS`].
    pub fn protocols(&self) -> &[Protocol] {
        &self.protocols
    }

    /// Packets by size class, in the order of [`SIZES`], with the class of larger ones last.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// Adjusts the start time to a step of the clock.
    pub(crate) fn shift(&mut self, by_ns: i64) {
        self.since_ns = self.since_ns.saturating_add_signed(by_ns);
    }

    /// Counts a packet.
    pub(crate) fn packet(&mut self, header: &Header, time_ns: u64) {
        if self.since_ns == 0 {
            self.since_ns = time_ns;
        }
        if let Some(row) = self.protocols.get_mut(protocol(header)) {
            row.packets.count(header.octets.into());
        }
        if let Some(packets) = self.sizes.get_mut(size(header.octets)) {
            *packets += 1;
        }
    }

    /// Counts a flow by its first packet.
    pub(crate) fn flow(&mut self, header: &Header) {
        if let Some(row) = self.protocols.get_mut(protocol(header)) {
            row.flows += 1;
        }
    }
}

impl AddAssign<&Statistics> for Statistics {
    /// Adds the counts of another thread; they start at the earlier of both start times.
    fn add_assign(&mut self, other: &Statistics) {
        if self.protocols.is_empty() && self.sizes.is_empty() {
            return *self = other.clone();
        }
        self.since_ns = match (self.since_ns, other.since_ns) {
            (0, since_ns) | (since_ns, 0) => since_ns,
            (mine, theirs) => mine.min(theirs),
        };
        for (row, more) in self.protocols.iter_mut().zip(&other.protocols) {
            row.flows += more.flows;
            row.packets += more.packets;
        }
        for (packets, more) in self.sizes.iter_mut().zip(&other.sizes) {
            *packets += more;
        }
    }
}

/// The class of a packet of `octets`.
fn size(octets: u32) -> usize {
    let last = octets.saturating_sub(1) as usize;
    match octets {
        0..=576 => last / 32,
        577..=4608 => 17 + last / 512,
        _ => SIZES.len(),
    }
}

/// The row of a packet.
fn protocol(header: &Header) -> usize {
    let number = |span| {
        let octets = header.get(span);
        octets
            .iter()
            .fold(0u16, |number, octet| number << 8 | u16::from(*octet))
    };
    let ports = [number(at::SOURCE_PORT), number(at::DESTINATION_PORT)];
    let either = |port: u16| ports.contains(&port);
    let later = number(at::FRAGMENT_OFFSET) != 0;
    match header.protocol {
        6 if later => 10,
        6 if either(23) => 0,
        6 if either(21) => 1,
        6 if either(20) => 2,
        6 if either(22) => 3,
        6 if either(25) => 4,
        6 if either(80) => 5,
        6 if either(443) => 6,
        6 if either(119) => 7,
        6 if either(179) => 8,
        6 if ports.iter().any(|port| (6000..=6063).contains(port)) => 9,
        6 => 11,
        17 if later => 17,
        17 if either(53) => 12,
        17 if either(69) => 13,
        17 if either(123) => 14,
        17 if either(161) || either(162) => 15,
        17 if either(443) => 16,
        17 => 18,
        1 => 19,
        58 => 20,
        2 => 21,
        4 => 22,
        41 => 23,
        47 => 24,
        50 => 25,
        89 => 27,
        132 => 26,
        _ => 28,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(number: u8, source: u16, destination: u16, offset: u16) -> &'static str {
        let mut header = Header::empty();
        header.protocol = number;
        header.set(at::SOURCE_PORT, &source.to_be_bytes());
        header.set(at::DESTINATION_PORT, &destination.to_be_bytes());
        header.set(at::FRAGMENT_OFFSET, &offset.to_be_bytes());
        PROTOCOLS[protocol(&header)]
    }

    #[test]
    fn packets_are_in_their_row() {
        for (number, source, destination, offset, name) in [
            (6, 40000, 23, 0, "TCP-Telnet"),
            (6, 21, 40000, 0, "TCP-FTP"),
            (6, 20, 40000, 0, "TCP-FTPD"),
            (6, 40000, 22, 0, "TCP-SSH"),
            (6, 40000, 25, 0, "TCP-SMTP"),
            (6, 80, 40000, 0, "TCP-WWW"),
            (6, 40000, 443, 0, "TCP-HTTPS"),
            (6, 40000, 119, 0, "TCP-NNTP"),
            (6, 179, 40000, 0, "TCP-BGP"),
            (6, 40000, 6001, 0, "TCP-X"),
            (6, 0, 0, 185, "TCP-Frag"),
            (6, 40000, 40001, 0, "TCP-other"),
            (17, 40000, 53, 0, "UDP-DNS"),
            (17, 40000, 69, 0, "UDP-TFTP"),
            (17, 123, 123, 0, "UDP-NTP"),
            (17, 40000, 162, 0, "UDP-SNMP"),
            (17, 443, 40000, 0, "UDP-QUIC"),
            (17, 0, 0, 1, "UDP-Frag"),
            (17, 40000, 80, 0, "UDP-other"),
            (1, 0, 0x0800, 0, "ICMP"),
            (58, 0, 0x8000, 0, "ICMPv6"),
            (2, 0, 0, 0, "IGMP"),
            (4, 0, 0, 0, "IPINIP"),
            (41, 0, 0, 0, "IPv6INIP"),
            (47, 0, 0, 0, "GRE"),
            (50, 0, 0, 0, "ESP"),
            (132, 1, 2, 0, "SCTP"),
            (89, 0, 0, 0, "OSPF"),
            (103, 0, 0, 0, "IP-other"),
        ] {
            assert_eq!(packet(number, source, destination, offset), name);
        }
    }

    #[test]
    fn sizes_are_in_their_class() {
        let mut below = 0;
        for (class, largest) in SIZES.into_iter().enumerate() {
            for octets in [below + 1, largest] {
                assert_eq!(size(octets), class, "{octets}");
            }
            below = largest;
        }
        assert_eq!((size(0), size(4609), size(u32::MAX)), (0, 26, 26));
    }

    #[test]
    fn threads_add_up() {
        let kept = KeptTables {
            protocol: true,
            size: true,
        };
        let mut header = Header::empty();
        (header.protocol, header.octets) = (1, 84);
        let mut sum = Statistics::default();
        for time_ns in [7, 5] {
            let mut one = Statistics::new(kept, 0);
            one.flow(&header);
            one.packet(&header, time_ns);
            one.packet(&header, time_ns + 1);
            sum += &one;
        }
        assert_eq!((sum.since_ns(), sum.sizes()[2]), (5, 4));
        let icmp = PROTOCOLS.iter().position(|name| *name == "ICMP").unwrap();
        let expected = Protocol {
            flows: 2,
            packets: Tally {
                packets: 4,
                octets: 336,
            },
        };
        assert_eq!(sum.protocols()[icmp], expected);
    }
}
