//! What one packet's headers say, laid out so that a flow key is these octets under a mask.
//!
//! Every value lies in network byte order at a fixed place, the common ones in the first line of 64 octets, so
//! comparing two keys and encoding a record are plain copies and comparisons; the numbers the meter itself works
//! with are kept beside them in native form.

use std::fmt;

/// Octets of a header line, which is what a cache line of the machine holds.
pub const LINE: usize = 64;

/// A place in [`Header::bytes`]: where a value starts and how many octets it has. It lies in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// First octet.
    pub at: u16,
    /// Octets.
    pub len: u8,
}

const fn span(at: u16, len: u8) -> Span {
    assert!(len > 0 && at as usize / LINE == (at as usize + len as usize - 1) / LINE);
    Span { at, len }
}

impl Span {
    /// The octets it takes.
    pub const fn range(self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + self.len as usize
    }

    /// The header line it lies in.
    pub const fn line(self) -> usize {
        self.at as usize / LINE
    }

    /// Its first `len` octets.
    #[must_use]
    pub const fn first(self, len: u8) -> Span {
        assert!(len <= self.len);
        span(self.at, len)
    }
}

/// Some of the header's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lines(u8);

impl Lines {
    /// None.
    pub const NONE: Lines = Lines(0);
    /// The first, which has what nearly every record asks for.
    pub const COMMON: Lines = Lines(1);
    /// All.
    pub const ALL: Lines = Lines((1 << Header::LINES) - 1);

    /// These and line `line`, from 0.
    #[must_use]
    pub const fn with(self, line: usize) -> Lines {
        Lines(self.0 | (1 << line) & Lines::ALL.0)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Lines) -> Lines {
        Lines(self.0 | others.0)
    }

    /// Line `line` is among them.
    #[inline]
    pub const fn has(self, line: usize) -> bool {
        self.0 >> line & 1 == 1
    }

    /// Their numbers, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Header::LINES).filter(move |line| self.has(*line))
    }
}

/// Where each value lies. Values the packet does not have are zero.
pub mod at {
    use super::{Span, span};

    /// Source address; an IPv4 address fills the first four octets.
    pub const SOURCE_IPV4: Span = span(0, 4);
    /// Source address, IPv6.
    pub const SOURCE_IPV6: Span = span(0, 16);
    /// Destination address, IPv4.
    pub const DESTINATION_IPV4: Span = span(16, 4);
    /// Destination address, IPv6.
    pub const DESTINATION_IPV6: Span = span(16, 16);
    /// Source port of TCP, UDP, SCTP, DCCP, UDP-Lite; 0 otherwise and in later fragments.
    pub const SOURCE_PORT: Span = span(32, 2);
    /// Destination port; ICMP and ICMPv6 carry type × 256 + code here, as exporters do.
    pub const DESTINATION_PORT: Span = span(34, 2);
    /// IP protocol; in IPv6 the one after the extension headers.
    pub const PROTOCOL: Span = span(36, 1);
    /// IPv4 type of service or IPv6 traffic class.
    pub const TOS: Span = span(37, 1);
    /// IPv4 time to live or IPv6 hop limit.
    pub const TTL: Span = span(38, 1);
    /// IP version, 4 or 6.
    pub const VERSION: Span = span(39, 1);
    /// `ifIndex` the packet came in by; 0 when it was sent by this host.
    pub const INPUT: Span = span(40, 4);
    /// `ifIndex` the packet leaves by; 0 when unknown.
    pub const OUTPUT: Span = span(44, 4);
    /// 0 ingress, 1 egress (IANA element 61).
    pub const DIRECTION: Span = span(48, 1);
    /// Identifier of the sampler that took the packet; 0 without one.
    pub const SAMPLER: Span = span(49, 1);
    /// IPv4 header length in octets; 40 for IPv6.
    pub const IP_HEADER_LENGTH: Span = span(50, 1);
    /// IPv4 flags as element 197 has them: bit 6 don't fragment, bit 5 more fragments.
    pub const FRAGMENT_FLAGS: Span = span(51, 1);
    /// Fragment offset in units of eight octets.
    pub const FRAGMENT_OFFSET: Span = span(52, 2);
    /// VLAN identifier of the outermost tag (12 bits).
    pub const VLAN: Span = span(54, 2);
    /// IP total length, octets.
    pub const IP_TOTAL_LENGTH: Span = span(56, 4);
    /// IPv4 identification, or that of the IPv6 fragment header.
    pub const FRAGMENT_ID: Span = span(60, 4);
    /// IPv6 flow label (20 bits).
    pub const FLOW_LABEL: Span = span(64, 4);
    /// ICMP or ICMPv6 type × 256 + code.
    pub const ICMP_TYPE_CODE: Span = span(68, 2);
    /// ICMP or ICMPv6 type.
    pub const ICMP_TYPE: Span = span(68, 1);
    /// ICMP or ICMPv6 code.
    pub const ICMP_CODE: Span = span(69, 1);
    /// The low 12 bits of TCP octets 12 and 13.
    pub const TCP_FLAGS: Span = span(70, 2);
    /// The low 8 bits of the TCP flags, as NetFlow v5 and v9 carry them.
    pub const TCP_FLAGS_8: Span = span(71, 1);
    /// Source MAC address.
    pub const SOURCE_MAC: Span = span(72, 6);
    /// Destination MAC address.
    pub const DESTINATION_MAC: Span = span(78, 6);
    /// EtherType after the VLAN tags.
    pub const ETHERTYPE: Span = span(84, 2);
    /// VLAN identifier of the second tag.
    pub const CUSTOMER_VLAN: Span = span(86, 2);
    /// DSCP: the high six bits of the type of service, shifted down.
    pub const DSCP: Span = span(88, 1);
    /// IP precedence: the high three bits of the type of service, shifted down.
    pub const PRECEDENCE: Span = span(89, 1);
    /// 802.1p priority of the outermost tag.
    pub const VLAN_PRIORITY: Span = span(90, 1);
    /// IGMP type.
    pub const IGMP_TYPE: Span = span(91, 1);
    /// TCP window.
    pub const TCP_WINDOW: Span = span(92, 2);
    /// UDP length.
    pub const UDP_LENGTH: Span = span(94, 2);
    /// TCP sequence number.
    pub const TCP_SEQUENCE: Span = span(96, 4);
    /// TCP acknowledgement number.
    pub const TCP_ACKNOWLEDGEMENT: Span = span(100, 4);
    /// TCP urgent pointer.
    pub const TCP_URGENT: Span = span(104, 2);
    /// 802.1p priority of the second tag.
    pub const CUSTOMER_PRIORITY: Span = span(106, 1);
    /// IPv6 next header of the fixed header.
    pub const NEXT_HEADER: Span = span(107, 1);
    /// IPv6 payload length as the header has it.
    pub const IPV6_PAYLOAD_LENGTH: Span = span(108, 2);
    /// TCP header length in octets.
    pub const TCP_HEADER_LENGTH: Span = span(110, 1);
    /// IPv4 header length in words of four octets, as the header has it.
    pub const IPV4_IHL: Span = span(111, 1);
    /// VLAN identifier of the outermost tag of a packet seen leaving; zero of one that comes in.
    pub const POST_VLAN: Span = span(112, 2);

    // Line 2: what the host's routes say of the packet; not the parser's.

    /// Address of the next router; an IPv4 address fills the first four octets; zero on a connected network.
    pub const NEXT_HOP: Span = span(128, 16);
    /// The first four octets of [`NEXT_HOP`].
    pub const NEXT_HOP_IPV4: Span = span(128, 4);
    /// Source address under its route's mask.
    pub const SOURCE_PREFIX: Span = span(144, 16);
    /// The first four octets of [`SOURCE_PREFIX`].
    pub const SOURCE_PREFIX_IPV4: Span = span(144, 4);
    /// Destination address under its route's mask.
    pub const DESTINATION_PREFIX: Span = span(160, 16);
    /// The first four octets of [`DESTINATION_PREFIX`].
    pub const DESTINATION_PREFIX_IPV4: Span = span(160, 4);
    /// Bits of the mask of the route to the source.
    pub const SOURCE_MASK: Span = span(176, 1);
    /// Bits of the mask of the route to the destination.
    pub const DESTINATION_MASK: Span = span(177, 1);
    /// VRF the packet came in by: the `ifIndex` of its device; 0 for the default one.
    pub const INPUT_VRF: Span = span(178, 4);

    // Line 3: label stack, extension headers, options, and what is seen of packets that leave.

    /// MPLS label stack entries kept.
    pub const MPLS_LABELS: u16 = 10;
    /// Top MPLS label stack entry: label, experimental bits and bottom-of-stack bit.
    pub const MPLS_TOP: Span = mpls_label(0);
    /// Time to live of the top MPLS label stack entry.
    pub const MPLS_TTL: Span = span(222, 1);
    /// Experimental bits (traffic class) of the top MPLS label stack entry.
    pub const MPLS_EXP: Span = span(223, 1);
    /// IPv6 extension headers of the packet as element 64 has them: bit 0 of IANA's "ipv6ExtensionHeaders Bits" is the first.
    pub const EXTENSION_HEADERS: Span = span(224, 4);
    /// IPv4 options of the packet as element 208 has them: option number X is bit X modulo 8, from the low end, of octet X / 8.
    pub const IPV4_OPTIONS: Span = span(228, 4);
    /// Source port of TCP only.
    pub const TCP_SOURCE_PORT: Span = span(232, 2);
    /// Destination port of TCP only.
    pub const TCP_DESTINATION_PORT: Span = span(234, 2);
    /// Source port of UDP only.
    pub const UDP_SOURCE_PORT: Span = span(236, 2);
    /// Destination port of UDP only.
    pub const UDP_DESTINATION_PORT: Span = span(238, 2);
    /// Octets of the IP packet behind its header; extension headers are behind it.
    pub const IP_PAYLOAD_LENGTH: Span = span(240, 4);
    /// Source MAC address of a packet seen leaving; zero of one that comes in.
    pub const POST_SOURCE_MAC: Span = span(244, 6);
    /// Destination MAC address of a packet seen leaving; zero of one that comes in.
    pub const POST_DESTINATION_MAC: Span = span(250, 6);

    // Lines 4 and 5: octets as they were.

    /// Octets from the IP header on; zero where the packet or what was captured of it ends before.
    pub const IP_SECTION: Span = span(256, 64);
    /// Octets behind the IP header; extension headers are behind it. Zero where there are none.
    pub const PAYLOAD_SECTION: Span = span(320, 64);

    /// An MPLS label stack entry without its time to live: label, experimental bits and bottom-of-stack bit;
    /// `depth` 0 is the top one, [`MPLS_LABELS`] − 1 the deepest kept.
    pub const fn mpls_label(depth: u16) -> Span {
        assert!(depth < MPLS_LABELS);
        span(192 + 3 * depth, 3)
    }
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

/// The headers of one packet.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct Header {
    /// The values by [`Span`], network byte order.
    pub bytes: [u8; Header::LEN],
    /// Octets of the IP packet: IPv4 total length, IPv6 payload length + 40, or the length on the wire where the header has zero.
    pub octets: u32,
    /// The low 12 bits of TCP octets 12 and 13; 0 for other protocols and later fragments.
    pub tcp_flags: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// IPv4 or IPv6.
    pub family: Family,
}

impl Header {
    /// Lines: common values; rarer ones of transport and link; routes; labels and extension headers; the start of the IP
    /// header as it was; the start of its payload.
    pub const LINES: usize = 6;
    /// Octets of [`Header::bytes`].
    pub const LEN: usize = Header::LINES * LINE;

    /// All zero.
    pub const fn empty() -> Self {
        Header {
            bytes: [0; Header::LEN],
            octets: 0,
            tcp_flags: 0,
            protocol: 0,
            family: Family::V4,
        }
    }

    /// Zeroes some lines and everything beside them.
    #[inline]
    pub fn clear(&mut self, lines: Lines) {
        for (number, line) in self.bytes.chunks_exact_mut(LINE).enumerate() {
            if lines.has(number) {
                line.fill(0);
            }
        }
        (self.octets, self.tcp_flags, self.protocol) = (0, 0, 0);
        self.family = Family::V4;
    }

    /// The octets of one value.
    #[inline]
    pub fn get(&self, span: Span) -> &[u8] {
        self.bytes.get(span.range()).unwrap_or_default()
    }

    /// Writes one value; `value` has the span's length.
    #[inline]
    pub fn set(&mut self, span: Span, value: &[u8]) {
        if let Some(place) = self.bytes.get_mut(span.range())
            && place.len() == value.len()
        {
            place.copy_from_slice(value);
        }
    }
}

impl Default for Header {
    fn default() -> Self {
        Header::empty()
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("family", &self.family)
            .field("protocol", &self.protocol)
            .field("octets", &self.octets)
            .field("source", &self.get(at::SOURCE_IPV6))
            .field("destination", &self.get(at::DESTINATION_IPV6))
            .field(
                "ports",
                &(self.get(at::SOURCE_PORT), self.get(at::DESTINATION_PORT)),
            )
            .finish_non_exhaustive()
    }
}

/// How a packet starts: the link type of its capture (tcpdump.org LINKTYPE_ values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// 1
    Ethernet,
    /// 0: four octets of address family in the capturing host's byte order
    Null,
    /// 108: the same in network byte order
    Loop,
    /// 101 (and 12, 14): IP by its version nibble
    Raw,
    /// 228
    Ipv4,
    /// 229
    Ipv6,
    /// 9: PPP, with or without the 0xff03 prefix
    Ppp,
    /// 50: PPP in HDLC-like framing
    PppSerial,
    /// 51: PPPoE session header
    PppEther,
    /// 104: Cisco HDLC
    CiscoHdlc,
    /// 113: Linux cooked v1
    Sll,
    /// 276: Linux cooked v2
    Sll2,
    /// Any other: counted as skipped
    Other(u32),
}

impl From<u32> for Link {
    fn from(linktype: u32) -> Self {
        match linktype {
            1 => Link::Ethernet,
            0 => Link::Null,
            108 => Link::Loop,
            12 | 14 | 101 => Link::Raw,
            228 => Link::Ipv4,
            229 => Link::Ipv6,
            9 => Link::Ppp,
            50 => Link::PppSerial,
            51 => Link::PppEther,
            104 => Link::CiscoHdlc,
            113 => Link::Sll,
            276 => Link::Sll2,
            other => Link::Other(other),
        }
    }
}

/// An 802.1Q tag that the network card or kernel took out of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Tag protocol identifier, 0x8100 for 802.1Q.
    pub tpid: u16,
    /// Priority (3 bits), drop eligible (1), identifier (12).
    pub tci: u16,
}

/// One captured packet, as the capture stage hands it on.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// When it was captured, nanoseconds since 1970.
    pub time_ns: u64,
    /// The octets captured, from the link header on.
    pub data: &'a [u8],
    /// Octets it had on the wire; at least `data.len()`.
    pub wire_len: u32,
    /// How `data` starts.
    pub link: Link,
    /// The outermost VLAN tag when it is not in `data`.
    pub tag: Option<Tag>,
    /// Sent by this host, as opposed to received.
    pub outgoing: bool,
}

/// Why a packet makes no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Skip {
    /// A link type that is not read ([`Link::Other`]).
    LinkType,
    /// The link header, a tag or a label is cut off.
    LinkTruncated,
    /// Neither IPv4 nor IPv6: ARP, LLC, a pseudowire.
    NotIp,
    /// The IP header was not captured whole.
    IpTruncated,
    /// The version nibble is not what the link said.
    IpVersion,
    /// IPv4 header length under 20 octets.
    IpHeaderLength,
    /// IPv4 total length under the header length.
    IpTotalLength,
}

impl Skip {
    /// Every reason, in declaration order.
    pub const ALL: [Skip; 7] = [
        Skip::LinkType,
        Skip::LinkTruncated,
        Skip::NotIp,
        Skip::IpTruncated,
        Skip::IpVersion,
        Skip::IpHeaderLength,
        Skip::IpTotalLength,
    ];

    /// The reason's name in ledgers and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Skip::LinkType => "unknown-link-type",
            Skip::LinkTruncated => "link-header-truncated",
            Skip::NotIp => "not-ip",
            Skip::IpTruncated => "ip-header-truncated",
            Skip::IpVersion => "ip-version",
            Skip::IpHeaderLength => "ip-header-length",
            Skip::IpTotalLength => "ip-total-length",
        }
    }
}
