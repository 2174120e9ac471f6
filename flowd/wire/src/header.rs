//! The values of one packet's headers, laid out so that a flow key is a mask over these octets.
//!
//! Every value lies in network byte order at a fixed place, the common ones in the first line of 64 octets.
//! Comparing two keys and encoding a record are therefore plain comparisons and copies. The numbers that the meter
//! computes with are kept beside the lines in native form.

use std::fmt;

use crate::link_type::LinkType;

/// Octets of a header line, which are those of a CPU cache line.
pub const LINE: usize = 64;

/// The place of a value in [`Header::bytes`]: its first octet and its length. A value never crosses a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Index of the first octet.
    pub at: u16,
    /// Number of octets.
    pub len: u8,
}

const fn span(at: u16, len: u8) -> Span {
    assert!(len > 0 && at as usize / LINE == (at as usize + len as usize - 1) / LINE);
    Span { at, len }
}

impl Span {
    /// The range of octets in [`Header::bytes`].
    pub const fn range(self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + self.len as usize
    }

    /// The number of the header line the value lies in.
    pub const fn line(self) -> usize {
        self.at as usize / LINE
    }

    /// The first `len` octets of this place.
    #[must_use]
    pub const fn first(self, len: u8) -> Span {
        assert!(len <= self.len);
        span(self.at, len)
    }
}

/// A set of header lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lines(u8);

impl Lines {
    /// No line.
    pub const NONE: Lines = Lines(0);
    /// The first line, which holds what nearly every record asks for.
    pub const COMMON: Lines = Lines(1);
    /// All lines.
    pub const ALL: Lines = Lines((1 << Header::LINES) - 1);

    /// Adds line `line`, counted from 0.
    #[must_use]
    pub const fn with(self, line: usize) -> Lines {
        Lines(self.0 | (1 << line) & Lines::ALL.0)
    }

    /// The union of both sets.
    #[must_use]
    pub const fn and(self, others: Lines) -> Lines {
        Lines(self.0 | others.0)
    }

    /// Whether line `line` is in the set.
    #[inline]
    pub const fn has(self, line: usize) -> bool {
        self.0 >> line & 1 == 1
    }

    /// The numbers of the lines in the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Header::LINES).filter(move |line| self.has(*line))
    }
}

/// The place of each value. Values that the packet does not have are zero.
pub mod at {
    use super::{Span, span};

    /// Source address. An IPv4 address fills the first four octets.
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
    /// `ifIndex` of the interface the packet came in by; 0 when this host sent it.
    pub const INPUT: Span = span(40, 4);
    /// `ifIndex` of the interface the packet leaves by; 0 when unknown.
    pub const OUTPUT: Span = span(44, 4);
    /// Direction (IANA element 61): 0 ingress, 1 egress.
    pub const DIRECTION: Span = span(48, 1);
    /// Identifier of the sampler that selected the packet; 0 without a sampler.
    pub const SAMPLER: Span = span(49, 1);
    /// IPv4 header length in octets; 40 for IPv6.
    pub const IP_HEADER_LENGTH: Span = span(50, 1);
    /// IPv4 flags as element 197 has them: bit 6 is "don't fragment", bit 5 "more fragments".
    pub const FRAGMENT_FLAGS: Span = span(51, 1);
    /// Fragment offset in units of eight octets.
    pub const FRAGMENT_OFFSET: Span = span(52, 2);
    /// VLAN identifier of the outermost tag (12 bits).
    pub const VLAN: Span = span(54, 2);
    /// IP total length in octets.
    pub const IP_TOTAL_LENGTH: Span = span(56, 4);
    /// IPv4 identification, or the identification of the IPv6 fragment header.
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
    /// VLAN identifier of the outermost tag of a packet captured on its way out; zero for a received packet.
    pub const POST_VLAN: Span = span(112, 2);

    // Line 2: what the host's routing tables say of the packet. The meter fills it, not the parser.

    /// Address of the next-hop router, zero on a connected network. An IPv4 address fills the first four octets.
    pub const NEXT_HOP: Span = span(128, 16);
    /// The first four octets of [`NEXT_HOP`].
    pub const NEXT_HOP_IPV4: Span = span(128, 4);
    /// Source address masked with the prefix length of its route.
    pub const SOURCE_PREFIX: Span = span(144, 16);
    /// The first four octets of [`SOURCE_PREFIX`].
    pub const SOURCE_PREFIX_IPV4: Span = span(144, 4);
    /// Destination address masked with the prefix length of its route.
    pub const DESTINATION_PREFIX: Span = span(160, 16);
    /// The first four octets of [`DESTINATION_PREFIX`].
    pub const DESTINATION_PREFIX_IPV4: Span = span(160, 4);
    /// Prefix length of the route to the source.
    pub const SOURCE_MASK: Span = span(176, 1);
    /// Prefix length of the route to the destination.
    pub const DESTINATION_MASK: Span = span(177, 1);
    /// VRF the packet came in by, as the `ifIndex` of the VRF device; 0 for the default VRF.
    pub const INPUT_VRF: Span = span(178, 4);

    // Line 3: MPLS label stack, IPv6 extension headers, IPv4 options, and values of packets captured on their way
    // out.

    /// Most MPLS label stack entries kept.
    pub const MPLS_LABELS: u16 = 10;
    /// Top MPLS label stack entry: label, experimental bits and bottom-of-stack bit.
    pub const MPLS_TOP: Span = mpls_label(0);
    /// Time to live of the top MPLS label stack entry.
    pub const MPLS_TTL: Span = span(222, 1);
    /// Experimental bits (traffic class) of the top MPLS label stack entry.
    pub const MPLS_EXP: Span = span(223, 1);
    /// IPv6 extension headers of the packet as element 64 has them. Bit 0 of IANA's "ipv6ExtensionHeaders Bits" is
    /// the most significant one.
    pub const EXTENSION_HEADERS: Span = span(224, 4);
    /// IPv4 options of the packet as element 208 has them: option number X is bit X modulo 8, counted from the
    /// least significant one, of octet X / 8.
    pub const IPV4_OPTIONS: Span = span(228, 4);
    /// TCP source port; zero for other protocols.
    pub const TCP_SOURCE_PORT: Span = span(232, 2);
    /// TCP destination port; zero for other protocols.
    pub const TCP_DESTINATION_PORT: Span = span(234, 2);
    /// UDP source port; zero for other protocols.
    pub const UDP_SOURCE_PORT: Span = span(236, 2);
    /// UDP destination port; zero for other protocols.
    pub const UDP_DESTINATION_PORT: Span = span(238, 2);
    /// Octets of the IP packet behind its header. IPv6 extension headers count as payload.
    pub const IP_PAYLOAD_LENGTH: Span = span(240, 4);
    /// Source MAC address of a packet captured on its way out; zero for a received packet.
    pub const POST_SOURCE_MAC: Span = span(244, 6);
    /// Destination MAC address of a packet captured on its way out; zero for a received packet.
    pub const POST_DESTINATION_MAC: Span = span(250, 6);

    // Lines 4 and 5: raw octets of the packet.

    /// The first octets of the packet from the IP header on; zero beyond the end of the packet or of what was
    /// captured.
    pub const IP_SECTION: Span = span(256, 64);
    /// The first octets of the payload behind the IP header (IPv6 extension headers count as payload); zero beyond
    /// its end.
    pub const PAYLOAD_SECTION: Span = span(320, 64);

    /// An MPLS label stack entry without its time to live: label, experimental bits and bottom-of-stack bit.
    /// `depth` 0 is the top of the stack, [`MPLS_LABELS`] − 1 the deepest entry kept.
    pub const fn mpls_label(depth: u16) -> Span {
        assert!(depth < MPLS_LABELS);
        span(192 + 3 * depth, 3)
    }
}

/// IP version of a packet, flow or address.
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
    /// The values by their [`Span`], in network byte order.
    pub bytes: [u8; Header::LEN],
    /// Octets of the IP packet: IPv4 total length, IPv6 payload length + 40, or the length on the wire where the
    /// header has zero.
    pub octets: u32,
    /// The low 12 bits of TCP octets 12 and 13; 0 for other protocols and later fragments.
    pub tcp_flags: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// IP version.
    pub family: Family,
}

impl Header {
    /// Number of lines: common values; less common ones of the transport and link headers; routes; labels,
    /// extension headers and options; raw octets from the IP header on; raw octets of the payload.
    pub const LINES: usize = 6;
    /// Octets of [`Header::bytes`].
    pub const LEN: usize = Header::LINES * LINE;

    /// A header whose values are all zero.
    pub const fn empty() -> Self {
        Header {
            bytes: [0; Header::LEN],
            octets: 0,
            tcp_flags: 0,
            protocol: 0,
            family: Family::V4,
        }
    }

    /// Zeroes the given lines and the fields beside the lines.
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

    /// The octets of the value at `span`.
    #[inline]
    pub fn get(&self, span: Span) -> &[u8] {
        self.bytes.get(span.range()).unwrap_or_default()
    }

    /// Writes the value at `span`. A `value` of another length than the span's is ignored.
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

/// An 802.1Q tag that the network card or the kernel removed from the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Tag protocol identifier, 0x8100 for 802.1Q.
    pub tpid: u16,
    /// Priority (3 bits), drop eligible (1), identifier (12).
    pub tci: u16,
}

/// One captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Time of capture in nanoseconds since 1970.
    pub time_ns: u64,
    /// The captured octets, from the link header on.
    pub data: &'a [u8],
    /// Octets the packet had on the wire; at least `data.len()`.
    pub wire_len: u32,
    /// Link type: which header `data` starts with.
    pub link: LinkType,
    /// The outermost VLAN tag if it is not part of `data`.
    pub tag: Option<Tag>,
    /// Whether this host sent the packet; false if it received it.
    pub outgoing: bool,
}

/// Why a packet belongs to no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SkipReason {
    /// The link type is not supported ([`LinkType::Other`]).
    LinkType,
    /// The link header, a VLAN tag or an MPLS label is cut off.
    LinkTruncated,
    /// The packet is neither IPv4 nor IPv6: ARP, LLC, a pseudowire.
    NotIp,
    /// The IP header was not captured whole.
    IpTruncated,
    /// The version nibble contradicts the link header.
    IpVersion,
    /// The IPv4 header length is below 20 octets.
    IpHeaderLength,
    /// The IPv4 total length is below the header length.
    IpTotalLength,
}

impl SkipReason {
    /// Every reason, in declaration order.
    pub const ALL: [SkipReason; 7] = [
        SkipReason::LinkType,
        SkipReason::LinkTruncated,
        SkipReason::NotIp,
        SkipReason::IpTruncated,
        SkipReason::IpVersion,
        SkipReason::IpHeaderLength,
        SkipReason::IpTotalLength,
    ];

    /// The name of the reason in ledgers and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            SkipReason::LinkType => "unknown-link-type",
            SkipReason::LinkTruncated => "link-header-truncated",
            SkipReason::NotIp => "not-ip",
            SkipReason::IpTruncated => "ip-header-truncated",
            SkipReason::IpVersion => "ip-version",
            SkipReason::IpHeaderLength => "ip-header-length",
            SkipReason::IpTotalLength => "ip-total-length",
        }
    }
}
