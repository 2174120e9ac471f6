//! Bidirectional flows (RFC 5103): what a flow keeps of the packets that answer it.
//!
//! A flow's totals are those of both directions, so that every sum over flows is right whatever they are. How much of them
//! came back lies behind the flow's other octets, in network byte order: most of it is sent as it lies there.

use wire::Span;

use crate::batch::{Flow, Totals};
use crate::field::{Field, Kind, Source};
use crate::record::Record;

/// The private enterprise number of reverse information elements (RFC 5103 §6.1).
pub const ENTERPRISE: u32 = 29_305;
/// In [`Field::element`]: the element is that of [`ENTERPRISE`] with the number below.
pub const REVERSE: u16 = 0x8000;

const fn span(at: u16, len: u8) -> Span {
    Span { at, len }
}

const PACKETS: Span = span(0, 8);
const OCTETS: Span = span(8, 8);
const START_MS: Span = span(16, 8);
const END_MS: Span = span(24, 8);
const FLAGS: Span = span(32, 1);
const DIRECTION: Span = span(33, 1);
/// Octets that a flow has for its reverse direction, and for its forward one apart from it.
pub const LEN: usize = 52;

#[allow(clippy::too_many_arguments)] // a row of the table below
const fn row(
    words: &'static str,
    element: u16,
    name: &'static str,
    kind: Kind,
    at: Span,
    (column, label, width): (&'static str, &'static str, u8),
    help: &'static str,
) -> Field {
    Field {
        words,
        element,
        name,
        len: at.len,
        bits: 0xff,
        kind,
        source: Source::Reverse(at),
        family: None,
        key: false,
        collect: true,
        column,
        label,
        width,
        help,
    }
}

/// What a bidirectional cache adds to a record: nobody writes these words.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    row("counter bytes reverse", REVERSE | 1, "reverseOctetDeltaCount", Kind::Number, OCTETS, ("bytes rev", "counter bytes reverse", 10), "IP octets that came back"),
    row("counter packets reverse", REVERSE | 2, "reversePacketDeltaCount", Kind::Number, PACKETS, ("pkts rev", "counter packets reverse", 10), "Packets that came back"),
    row("transport tcp flags reverse", REVERSE | 6, "reverseTcpControlBits", Kind::Hex, FLAGS, ("tcp flags rev", "tcp flags reverse", 13), "TCP flags that came back"),
    row("timestamp absolute first reverse", REVERSE | 152, "reverseFlowStartMilliseconds", Kind::Millis, START_MS, ("time abs first rev", "timestamp abs first reverse", 18), "First packet that came back"),
    row("timestamp absolute last reverse", REVERSE | 153, "reverseFlowEndMilliseconds", Kind::Millis, END_MS, ("time abs last rev", "timestamp abs last reverse", 17), "Last packet that came back"),
    row("flow biflow-direction", 239, "biflowDirection", Kind::Number, DIRECTION, ("biflow dirn", "flow biflow-direction", 11), "Who began: 1 the source, 2 the destination"),
];

/// Why a record cannot be that of bidirectional flows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReversible {
    /// A key that says nothing of the packets that come back.
    #[error(
        "packets that come back have a {0} of their own, so that it cannot be matched in a bidirectional cache"
    )]
    Field(&'static str),
    /// A key whose counterpart is not matched.
    #[error("a bidirectional cache needs its counterpart to be matched, too: match {0}")]
    Alone(String),
}

impl Record {
    /// It is of bidirectional flows.
    pub fn is_bidirectional(&self) -> bool {
        let mut collects = self.collects.iter();
        collects.any(|field| matches!(field.source, Source::Reverse(_)))
    }

    /// The record of bidirectional flows that this one is of one direction. What belongs to a direction of a conversation
    /// (interfaces, flow direction, type of service) cannot tell conversations apart: the first packet's is collected.
    ///
    /// # Errors
    /// Every key that cannot be had for packets that come back: its words, and why.
    pub fn bidirectional(&self) -> Result<Record, Vec<(&'static str, NotReversible)>> {
        let mut wrong = Vec::new();
        let (mut keys, mut collects) = (Vec::new(), Vec::new());
        for key in &self.keys {
            match reversal(key.words) {
                Reversal::Same => keys.push(*key),
                Reversal::Directional => collects.push(*key),
                Reversal::None => wrong.push((key.words, NotReversible::Field(key.words))),
                Reversal::Swapped(other) => {
                    keys.push(*key);
                    if !self.keys.iter().any(|key| key.words == other) {
                        wrong.push((key.words, NotReversible::Alone(other)));
                    }
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        collects.extend(&self.collects);
        let has = |wanted: fn(&Field) -> bool| collects.iter().any(|field| wanted(field));
        let [octets, packets, flags, first, last, direction] =
            [0, 1, 2, 3, 4, 5].map(|at| &FIELDS[at]);
        let twins = [
            (octets, has(|field| field.source == Source::Octets)),
            (packets, has(|field| field.source == Source::Packets)),
            (flags, has(|field| field.element == 6)),
            (first, has(|field| field.source == Source::First)),
            (last, has(|field| field.source == Source::Last)),
            (direction, true),
        ];
        collects.extend(
            twins
                .iter()
                .filter(|(_, wanted)| *wanted)
                .map(|(field, _)| *field),
        );
        Ok(Record {
            name: self.name.clone(),
            keys,
            collects,
        })
    }
}

/// What becomes of a key in the packets that come back.
enum Reversal {
    /// It is the same.
    Same,
    /// It and the one of these words have changed places.
    Swapped(String),
    /// It is of a direction, not of a conversation.
    Directional,
    /// It is of a packet.
    None,
}

fn reversal(words: &str) -> Reversal {
    let swapped = |from: &str, to: &str| Reversal::Swapped(words.replace(from, to));
    match words {
        "ipv4 protocol"
        | "ipv6 protocol"
        | "ipv4 version"
        | "ipv6 version"
        | "flow sampler"
        | "transport icmp ipv4 type"
        | "transport icmp ipv4 code"
        | "transport icmp ipv6 type"
        | "transport icmp ipv6 code"
        | "datalink ethertype"
        | "datalink vlan input"
        | "datalink dot1q vlan input"
        | "datalink dot1q customer vlan"
        | "routing vrf input" => Reversal::Same,
        "ipv4 tos"
        | "ipv4 dscp"
        | "ipv4 precedence"
        | "ipv6 traffic-class"
        | "ipv6 dscp"
        | "ipv6 precedence"
        | "flow direction"
        | "interface input"
        | "interface output"
        | "interface input snmp"
        | "interface output snmp"
        | "datalink dot1q priority"
        | "datalink dot1q customer priority" => Reversal::Directional,
        "ipv4 source address"
        | "ipv6 source address"
        | "transport source-port"
        | "datalink mac source address input" => swapped("source", "destination"),
        "ipv4 destination address"
        | "ipv6 destination address"
        | "transport destination-port"
        | "datalink mac destination address input" => swapped("destination", "source"),
        _ => Reversal::None,
    }
}

/// What lies in a flow's last [`LEN`] octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Packets that came back.
    pub packets: u64,
    /// Their IP octets.
    pub octets: u64,
    /// First of them, milliseconds since 1970; the flow's start while there is none.
    pub start_ms: u64,
    /// Last of them.
    pub end_ms: u64,
    /// Their TCP flags.
    pub flags: u8,
    /// `biflowDirection` (element 239).
    pub direction: u8,
    /// TCP flags of the forward packets.
    pub forward_flags: u16,
    /// First packet forward, nanoseconds since 1970.
    pub first_ns: u64,
    /// Last packet forward.
    pub last_ns: u64,
}

impl Ways {
    /// Reads them; `octets` has [`LEN`].
    pub fn read(octets: &[u8]) -> Ways {
        let number = |at: usize| {
            let octets = octets
                .get(at..at + 8)
                .and_then(|octets| octets.try_into().ok());
            u64::from_be_bytes(octets.unwrap_or_default())
        };
        let octet = |at: usize| octets.get(at).copied().unwrap_or_default();
        Ways {
            packets: number(0),
            octets: number(8),
            start_ms: number(16),
            end_ms: number(24),
            flags: octet(32),
            direction: octet(33),
            forward_flags: u16::from_be_bytes([octet(34), octet(35)]),
            first_ns: number(36),
            last_ns: number(44),
        }
    }

    /// Writes them; `out` has [`LEN`] octets.
    pub fn write(&self, out: &mut [u8]) {
        let mut octets = [0; LEN];
        let mut put = |at: usize, number: u64| {
            octets[at..at + 8].copy_from_slice(&number.to_be_bytes());
        };
        put(0, self.packets);
        put(8, self.octets);
        put(16, self.start_ms);
        put(24, self.end_ms);
        put(36, self.first_ns);
        put(44, self.last_ns);
        octets[32] = self.flags;
        octets[33] = self.direction;
        octets[34..36].copy_from_slice(&self.forward_flags.to_be_bytes());
        out.copy_from_slice(&octets);
    }
}

impl Flow<'_> {
    /// The totals of the packets in the flow's own direction: all of them, unless it is bidirectional.
    #[inline]
    pub fn forward(&self) -> Totals {
        match self.layout.ways() {
            None => *self.totals,
            Some(range) => forward(self.totals, &self.octets[range]),
        }
    }
}

fn forward(totals: &Totals, octets: &[u8]) -> Totals {
    let ways = Ways::read(octets);
    let packets = totals.packets.saturating_sub(ways.packets);
    let (first_ns, last_ns) = match packets {
        0 => (totals.first_ns, totals.last_ns),
        _ => (ways.first_ns, ways.last_ns),
    };
    Totals {
        first_ns,
        last_ns,
        packets,
        octets: totals.octets.saturating_sub(ways.octets),
        tcp_flags: ways.forward_flags,
        end: totals.end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(keys: &[&str], collects: &[&str]) -> Record {
        Record {
            name: "R".into(),
            keys: keys
                .iter()
                .map(|words| Record::key_field(words).unwrap())
                .collect(),
            collects: collects
                .iter()
                .map(|words| Record::collect_field(words).unwrap())
                .collect(),
        }
    }

    fn words(fields: &[&'static Field]) -> Vec<&'static str> {
        fields.iter().map(|field| field.words).collect()
    }

    #[test]
    fn a_bidirectional_record_collects_what_is_of_a_direction_and_the_counters_twice() {
        let one = record(
            &[
                "ipv4 source address",
                "ipv4 destination address",
                "ipv4 tos",
                "interface input",
            ],
            &["counter bytes", "timestamp sys-uptime last"],
        );
        let both = one.bidirectional().unwrap();
        assert_eq!(
            words(&both.keys),
            ["ipv4 source address", "ipv4 destination address"]
        );
        let expected = [
            "ipv4 tos",
            "interface input",
            "counter bytes",
            "timestamp sys-uptime last",
            "counter bytes reverse",
            "timestamp absolute last reverse",
            "flow biflow-direction",
        ];
        assert_eq!(words(&both.collects), expected);
        assert!(Record::netflow_original().bidirectional().is_ok());
        assert!(Record::flow_accounting().bidirectional().is_ok());
    }

    #[test]
    fn keys_without_a_reverse_are_named() {
        let wrong = record(&["ipv4 source address", "ipv4 ttl"], &[]).bidirectional();
        assert_eq!(
            wrong.unwrap_err(),
            [
                (
                    "ipv4 source address",
                    NotReversible::Alone("ipv4 destination address".into())
                ),
                ("ipv4 ttl", NotReversible::Field("ipv4 ttl"))
            ]
        );
    }

    #[test]
    fn ways_are_read_as_written() {
        let ways = Ways {
            packets: 1,
            octets: 2,
            start_ms: 3,
            end_ms: 4,
            flags: 5,
            direction: 6,
            forward_flags: 0x0708,
            first_ns: 9,
            last_ns: 1 << 60,
        };
        let mut octets = [0xee; LEN];
        ways.write(&mut octets);
        assert_eq!(Ways::read(&octets), ways);
        for (field, value) in FIELDS.iter().zip([2, 1, 5, 3, 4, 6]) {
            let Source::Reverse(at) = field.source else {
                panic!("{field:?}")
            };
            let read = octets[at.range()]
                .iter()
                .fold(0, |sum, octet| sum << 8 | u64::from(*octet));
            assert_eq!(read, value, "{}", field.words);
        }
    }
}
