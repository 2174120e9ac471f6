//! The registry: one row for every field a record can match or collect. Key building, cache layout,
//! templates, screens, JSON names and completion all read this table.
//!
//! Element numbers, names and types are IANA's (<https://www.iana.org/assignments/ipfix>); the words
//! are those of Flexible NetFlow's `match` and `collect`.

use wire::{Family, Span, at};

/// How a value is shown and typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number written in hexadecimal on screens (`0xC0`).
    Hex,
    /// An address of four octets.
    Ipv4,
    /// An address of sixteen octets.
    Ipv6,
    /// A MAC address.
    Mac,
    /// An `ifIndex`, shown as the interface's name.
    Interface,
    /// 0 input, 1 output.
    Direction,
    /// Milliseconds since the exporter started.
    Uptime,
    /// Milliseconds since 1970.
    Millis,
    /// A `flowEndReason`.
    EndReason,
}

/// What a collected value does when a further packet of the flow arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Keeps the first packet's value.
    First,
    /// Bitwise or.
    Or,
    /// Keeps the smallest.
    Min,
    /// Keeps the largest.
    Max,
}

/// Where a field's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The packet's headers.
    Header(Span, Aggregate),
    /// Octets of the flow's packets.
    Octets,
    /// Packets of the flow.
    Packets,
    /// The first packet's time.
    First,
    /// The last packet's time.
    Last,
    /// Why the flow ended.
    EndReason,
}

/// One row of the registry.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The words after `match` or `collect`.
    pub words: &'static str,
    /// IANA information element number; the NetFlow v9 field type is the same.
    pub element: u16,
    /// IANA information element name.
    pub name: &'static str,
    /// Octets in a template.
    pub len: u8,
    /// How it is shown.
    pub kind: Kind,
    /// Where it comes from.
    pub source: Source,
    /// The family it exists in; `None` for both.
    pub family: Option<Family>,
    /// May be matched.
    pub key: bool,
    /// May be collected.
    pub collect: bool,
    /// Column heading on the cache screen.
    pub column: &'static str,
    /// Name in `format record` and `format csv`.
    pub label: &'static str,
    /// Column width; 0: the heading's.
    pub width: u8,
    /// One line of help.
    pub help: &'static str,
}

impl Field {
    /// Finds a field by its words, single-spaced.
    pub fn by_words(words: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.words == words)
    }

    /// Where the value lies in the packet's headers, if it does.
    pub fn span(&self) -> Option<Span> {
        match self.source {
            Source::Header(span, _) => Some(span),
            _ => None,
        }
    }
}

const V4: Option<Family> = Some(Family::V4);
const V6: Option<Family> = Some(Family::V6);
const ANY: Option<Family> = None;
/// May be matched and collected.
const BOTH: (bool, bool) = (true, true);
/// May only be collected.
const COLLECT: (bool, bool) = (false, true);

const fn first(span: Span) -> Source {
    Source::Header(span, Aggregate::First)
}
const fn or(span: Span) -> Source {
    Source::Header(span, Aggregate::Or)
}
const fn min(span: Span) -> Source {
    Source::Header(span, Aggregate::Min)
}
const fn max(span: Span) -> Source {
    Source::Header(span, Aggregate::Max)
}

#[allow(clippy::too_many_arguments)] // a row of the table below
const fn row(
    words: &'static str,
    (element, name, len): (u16, &'static str, u8),
    kind: Kind,
    source: Source,
    family: Option<Family>,
    (key, collect): (bool, bool),
    (column, label, width): (&'static str, &'static str, u8),
    help: &'static str,
) -> Field {
    Field {
        words,
        element,
        name,
        len,
        kind,
        source,
        family,
        key,
        collect,
        column,
        label,
        width,
        help,
    }
}

use Kind::{Direction, EndReason, Hex, Interface, Ipv4, Ipv6, Mac, Millis, Number, Uptime};

/// Every field, in the order `?` lists them.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    row("ipv4 source address", (8, "sourceIPv4Address", 4), Ipv4, first(at::SOURCE_IPV4), V4, BOTH, ("IPV4 SRC ADDR", "IPV4 SOURCE ADDRESS", 15), "IPv4 source address"),
    row("ipv4 destination address", (12, "destinationIPv4Address", 4), Ipv4, first(at::DESTINATION_IPV4), V4, BOTH, ("IPV4 DST ADDR", "IPV4 DESTINATION ADDRESS", 15), "IPv4 destination address"),
    row("ipv4 protocol", (4, "protocolIdentifier", 1), Number, first(at::PROTOCOL), V4, BOTH, ("IP PROT", "IP PROTOCOL", 7), "IPv4 protocol"),
    row("ipv4 tos", (5, "ipClassOfService", 1), Hex, first(at::TOS), V4, BOTH, ("IP TOS", "IP TOS", 6), "IPv4 type of service"),
    row("ipv4 dscp", (195, "ipDiffServCodePoint", 1), Hex, first(at::DSCP), V4, BOTH, ("IP DSCP", "IP DSCP", 7), "IPv4 DSCP"),
    row("ipv4 precedence", (196, "ipPrecedence", 1), Number, first(at::PRECEDENCE), V4, BOTH, ("IP PRECEDENCE", "IP PRECEDENCE", 13), "IPv4 precedence"),
    row("ipv4 ttl", (192, "ipTTL", 1), Number, first(at::TTL), V4, BOTH, ("IP TTL", "IP TTL", 6), "IPv4 time to live"),
    row("ipv4 ttl minimum", (52, "minimumTTL", 1), Number, min(at::TTL), V4, COLLECT, ("IP TTL MIN", "IP TTL MINIMUM", 10), "Smallest IPv4 time to live of the flow"),
    row("ipv4 ttl maximum", (53, "maximumTTL", 1), Number, max(at::TTL), V4, COLLECT, ("IP TTL MAX", "IP TTL MAXIMUM", 10), "Largest IPv4 time to live of the flow"),
    row("ipv4 version", (60, "ipVersion", 1), Number, first(at::VERSION), V4, BOTH, ("IP VERSION", "IP VERSION", 10), "IP version, 4"),
    row("ipv4 id", (54, "fragmentIdentification", 4), Number, first(at::FRAGMENT_ID), V4, BOTH, ("IP ID", "IP ID", 10), "IPv4 identification"),
    row("ipv4 header-length", (189, "ipHeaderLength", 1), Number, first(at::IP_HEADER_LENGTH), V4, BOTH, ("IP HEADER LEN", "IP HEADER LENGTH", 13), "IPv4 header length in octets"),
    row("ipv4 total-length", (224, "ipTotalLength", 4), Number, first(at::IP_TOTAL_LENGTH), V4, BOTH, ("IP TOTAL LEN", "IP TOTAL LENGTH", 12), "IPv4 total length in octets"),
    row("ipv4 total-length minimum", (25, "minimumIpTotalLength", 4), Number, min(at::IP_TOTAL_LENGTH), V4, COLLECT, ("IP LEN MIN", "IP LENGTH TOTAL MINIMUM", 10), "Smallest IPv4 total length of the flow"),
    row("ipv4 total-length maximum", (26, "maximumIpTotalLength", 4), Number, max(at::IP_TOTAL_LENGTH), V4, COLLECT, ("IP LEN MAX", "IP LENGTH TOTAL MAXIMUM", 10), "Largest IPv4 total length of the flow"),
    row("ipv4 fragmentation flags", (197, "fragmentFlags", 1), Hex, first(at::FRAGMENT_FLAGS), V4, BOTH, ("IP FRAG FLAGS", "IP FRAGMENTATION FLAGS", 13), "IPv4 fragmentation flags"),
    row("ipv4 fragmentation offset", (88, "fragmentOffset", 2), Number, first(at::FRAGMENT_OFFSET), V4, BOTH, ("IP FRAG OFFSET", "IP FRAGMENTATION OFFSET", 14), "IPv4 fragment offset in units of eight octets"),
    row("ipv6 source address", (27, "sourceIPv6Address", 16), Ipv6, first(at::SOURCE_IPV6), V6, BOTH, ("IPV6 SRC ADDR", "IPV6 SOURCE ADDRESS", 39), "IPv6 source address"),
    row("ipv6 destination address", (28, "destinationIPv6Address", 16), Ipv6, first(at::DESTINATION_IPV6), V6, BOTH, ("IPV6 DST ADDR", "IPV6 DESTINATION ADDRESS", 39), "IPv6 destination address"),
    row("ipv6 protocol", (4, "protocolIdentifier", 1), Number, first(at::PROTOCOL), V6, BOTH, ("IP PROT", "IP PROTOCOL", 7), "Protocol after the IPv6 extension headers"),
    row("ipv6 next-header", (193, "nextHeaderIPv6", 1), Number, first(at::NEXT_HEADER), V6, BOTH, ("IPV6 NEXT HDR", "IPV6 NEXT HEADER", 13), "Next header of the fixed IPv6 header"),
    row("ipv6 traffic-class", (5, "ipClassOfService", 1), Hex, first(at::TOS), V6, BOTH, ("IP TOS", "IP TOS", 6), "IPv6 traffic class"),
    row("ipv6 dscp", (195, "ipDiffServCodePoint", 1), Hex, first(at::DSCP), V6, BOTH, ("IP DSCP", "IP DSCP", 7), "IPv6 DSCP"),
    row("ipv6 precedence", (196, "ipPrecedence", 1), Number, first(at::PRECEDENCE), V6, BOTH, ("IP PRECEDENCE", "IP PRECEDENCE", 13), "IPv6 precedence"),
    row("ipv6 flow-label", (31, "flowLabelIPv6", 4), Hex, first(at::FLOW_LABEL), V6, BOTH, ("IPV6 FLOW LABEL", "IPV6 FLOW LABEL", 15), "IPv6 flow label"),
    row("ipv6 hop-limit", (192, "ipTTL", 1), Number, first(at::TTL), V6, BOTH, ("IP TTL", "IP TTL", 6), "IPv6 hop limit"),
    row("ipv6 hop-limit minimum", (52, "minimumTTL", 1), Number, min(at::TTL), V6, COLLECT, ("IP TTL MIN", "IP TTL MINIMUM", 10), "Smallest IPv6 hop limit of the flow"),
    row("ipv6 hop-limit maximum", (53, "maximumTTL", 1), Number, max(at::TTL), V6, COLLECT, ("IP TTL MAX", "IP TTL MAXIMUM", 10), "Largest IPv6 hop limit of the flow"),
    row("ipv6 version", (60, "ipVersion", 1), Number, first(at::VERSION), V6, BOTH, ("IP VERSION", "IP VERSION", 10), "IP version, 6"),
    row("ipv6 payload-length", (204, "ipPayloadLength", 2), Number, first(at::IPV6_PAYLOAD_LENGTH), V6, BOTH, ("IPV6 PAYLOAD LEN", "IPV6 PAYLOAD LENGTH", 16), "IPv6 payload length in octets"),
    row("ipv6 total-length minimum", (25, "minimumIpTotalLength", 4), Number, min(at::IP_TOTAL_LENGTH), V6, COLLECT, ("IP LEN MIN", "IP LENGTH TOTAL MINIMUM", 10), "Smallest IPv6 length of the flow, header included"),
    row("ipv6 total-length maximum", (26, "maximumIpTotalLength", 4), Number, max(at::IP_TOTAL_LENGTH), V6, COLLECT, ("IP LEN MAX", "IP LENGTH TOTAL MAXIMUM", 10), "Largest IPv6 length of the flow, header included"),
    row("ipv6 fragmentation id", (54, "fragmentIdentification", 4), Number, first(at::FRAGMENT_ID), V6, BOTH, ("IP ID", "IP ID", 10), "Identification of the IPv6 fragment header"),
    row("ipv6 fragmentation offset", (88, "fragmentOffset", 2), Number, first(at::FRAGMENT_OFFSET), V6, BOTH, ("IP FRAG OFFSET", "IP FRAGMENTATION OFFSET", 14), "IPv6 fragment offset in units of eight octets"),
    row("transport source-port", (7, "sourceTransportPort", 2), Number, first(at::SOURCE_PORT), ANY, BOTH, ("TRNS SRC PORT", "TRNS SOURCE PORT", 13), "Source port"),
    row("transport destination-port", (11, "destinationTransportPort", 2), Number, first(at::DESTINATION_PORT), ANY, BOTH, ("TRNS DST PORT", "TRNS DESTINATION PORT", 13), "Destination port; ICMP type × 256 + code"),
    row("transport icmp ipv4 type", (176, "icmpTypeIPv4", 1), Number, first(at::ICMP_TYPE), V4, BOTH, ("ICMP IPV4 TYPE", "ICMP IPV4 TYPE", 14), "ICMP type"),
    row("transport icmp ipv4 code", (177, "icmpCodeIPv4", 1), Number, first(at::ICMP_CODE), V4, BOTH, ("ICMP IPV4 CODE", "ICMP IPV4 CODE", 14), "ICMP code"),
    row("transport icmp ipv6 type", (178, "icmpTypeIPv6", 1), Number, first(at::ICMP_TYPE), V6, BOTH, ("ICMP IPV6 TYPE", "ICMP IPV6 TYPE", 14), "ICMPv6 type"),
    row("transport icmp ipv6 code", (179, "icmpCodeIPv6", 1), Number, first(at::ICMP_CODE), V6, BOTH, ("ICMP IPV6 CODE", "ICMP IPV6 CODE", 14), "ICMPv6 code"),
    row("transport igmp type", (33, "igmpType", 1), Number, first(at::IGMP_TYPE), V4, BOTH, ("IGMP TYPE", "IGMP TYPE", 9), "IGMP type"),
    row("transport tcp flags", (6, "tcpControlBits", 1), Hex, or(at::TCP_FLAGS_8), ANY, BOTH, ("TCP FLAGS", "TCP FLAGS", 9), "TCP flags, or-ed over the flow when collected"),
    row("transport tcp window-size", (186, "tcpWindowSize", 2), Number, first(at::TCP_WINDOW), ANY, BOTH, ("TCP WINDOW", "TCP WINDOW SIZE", 10), "TCP window"),
    row("transport tcp sequence-number", (184, "tcpSequenceNumber", 4), Number, first(at::TCP_SEQUENCE), ANY, BOTH, ("TCP SEQ NUM", "TCP SEQUENCE NUMBER", 11), "TCP sequence number"),
    row("transport tcp acknowledgement-number", (185, "tcpAcknowledgementNumber", 4), Number, first(at::TCP_ACKNOWLEDGEMENT), ANY, BOTH, ("TCP ACK NUM", "TCP ACKNOWLEDGEMENT NUMBER", 11), "TCP acknowledgement number"),
    row("transport tcp header-length", (188, "tcpHeaderLength", 1), Number, first(at::TCP_HEADER_LENGTH), ANY, BOTH, ("TCP HDR LEN", "TCP HEADER LENGTH", 11), "TCP header length in octets"),
    row("transport udp message-length", (205, "udpMessageLength", 2), Number, first(at::UDP_LENGTH), ANY, BOTH, ("UDP MSG LEN", "UDP MESSAGE LENGTH", 11), "UDP length"),
    row("datalink mac source address input", (56, "sourceMacAddress", 6), Mac, first(at::SOURCE_MAC), ANY, BOTH, ("DATALINK MAC SRC ADDR INPUT", "DATALINK MAC SOURCE ADDRESS INPUT", 27), "Source MAC address"),
    row("datalink mac destination address input", (80, "destinationMacAddress", 6), Mac, first(at::DESTINATION_MAC), ANY, BOTH, ("DATALINK MAC DST ADDR INPUT", "DATALINK MAC DESTINATION ADDRESS INPUT", 27), "Destination MAC address"),
    row("datalink dot1q vlan input", (243, "dot1qVlanId", 2), Number, first(at::VLAN), ANY, BOTH, ("DOT1Q VLAN INPUT", "DATALINK DOT1Q VLAN INPUT", 16), "VLAN of the outermost tag"),
    row("datalink dot1q priority", (244, "dot1qPriority", 1), Number, first(at::VLAN_PRIORITY), ANY, BOTH, ("DOT1Q PRIORITY", "DATALINK DOT1Q PRIORITY", 14), "Priority of the outermost tag"),
    row("datalink vlan input", (58, "vlanId", 2), Number, first(at::VLAN), ANY, BOTH, ("VLAN INPUT", "DATALINK VLAN INPUT", 10), "VLAN of the outermost tag"),
    row("datalink ethertype", (256, "ethernetType", 2), Hex, first(at::ETHERTYPE), ANY, BOTH, ("ETHERTYPE", "DATALINK ETHERTYPE", 9), "EtherType after the tags"),
    row("interface input", (10, "ingressInterface", 4), Interface, first(at::INPUT), ANY, BOTH, ("INTF INPUT", "INTERFACE INPUT", 20), "Input interface"),
    row("interface output", (14, "egressInterface", 4), Interface, first(at::OUTPUT), ANY, BOTH, ("INTF OUTPUT", "INTERFACE OUTPUT", 20), "Output interface"),
    row("flow direction", (61, "flowDirection", 1), Direction, first(at::DIRECTION), ANY, BOTH, ("FLOW DIRN", "FLOW DIRECTION", 9), "Input or output"),
    row("flow sampler", (48, "samplerId", 1), Number, first(at::SAMPLER), ANY, BOTH, ("FLOW SAMPLER", "FLOW SAMPLER ID", 12), "Sampler that took the packet"),
    row("flow end-reason", (136, "flowEndReason", 1), EndReason, Source::EndReason, ANY, COLLECT, ("flow end-reason", "flow end-reason", 15), "Why the flow ended"),
    row("counter bytes", (1, "octetDeltaCount", 8), Number, Source::Octets, ANY, COLLECT, ("bytes", "counter bytes", 10), "IP octets"),
    row("counter bytes long", (1, "octetDeltaCount", 8), Number, Source::Octets, ANY, COLLECT, ("bytes long", "counter bytes long", 20), "IP octets"),
    row("counter packets", (2, "packetDeltaCount", 8), Number, Source::Packets, ANY, COLLECT, ("pkts", "counter packets", 10), "Packets"),
    row("counter packets long", (2, "packetDeltaCount", 8), Number, Source::Packets, ANY, COLLECT, ("pkts long", "counter packets long", 20), "Packets"),
    row("timestamp sys-uptime first", (22, "flowStartSysUpTime", 4), Uptime, Source::First, ANY, COLLECT, ("time first", "timestamp first", 12), "First packet, time since flowd started"),
    row("timestamp sys-uptime last", (21, "flowEndSysUpTime", 4), Uptime, Source::Last, ANY, COLLECT, ("time last", "timestamp last", 12), "Last packet, time since flowd started"),
    row("timestamp absolute first", (152, "flowStartMilliseconds", 8), Millis, Source::First, ANY, COLLECT, ("time abs first", "timestamp abs first", 14), "First packet, time of day"),
    row("timestamp absolute last", (153, "flowEndMilliseconds", 8), Millis, Source::Last, ANY, COLLECT, ("time abs last", "timestamp abs last", 13), "Last packet, time of day"),
];

/// Fields of Flexible NetFlow that this probe cannot fill, and why. They are refused, not left zero.
pub static REFUSED: &[(&str, &str)] = &[
    (
        "application name",
        "this host does not recognise applications (NBAR)",
    ),
    ("routing source as", "this host has no AS numbers"),
    ("routing destination as", "this host has no AS numbers"),
    ("routing next-hop address", "next hops are not looked up"),
    ("routing vrf input", "VRFs are not told apart"),
    ("ipv4 source mask", "routes are not looked up"),
    ("ipv4 source prefix", "routes are not looked up"),
    ("ipv4 destination mask", "routes are not looked up"),
    ("ipv4 destination prefix", "routes are not looked up"),
    ("ipv6 source mask", "routes are not looked up"),
    ("ipv6 source prefix", "routes are not looked up"),
    ("ipv6 destination mask", "routes are not looked up"),
    ("ipv6 destination prefix", "routes are not looked up"),
    ("ipv4 section", "packet sections are not kept"),
    ("ipv6 extension map", "extension headers are not recorded"),
    ("counter flows", "a record is one flow"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        for (i, field) in FIELDS.iter().enumerate() {
            assert!(field.key || field.collect, "{}", field.words);
            assert!(
                !field.help.is_empty() && !field.name.is_empty() && !field.label.is_empty(),
                "{}",
                field.words
            );
            assert!(
                FIELDS
                    .iter()
                    .skip(i + 1)
                    .all(|other| other.words != field.words),
                "{} twice",
                field.words
            );
            if let Some(span) = field.span() {
                assert_eq!(span.len, field.len, "{}", field.words);
                assert!(span.range().end <= wire::Header::LEN);
            }
        }
    }

    #[test]
    fn refused_fields_are_not_also_accepted() {
        for (words, why) in REFUSED {
            assert!(
                Field::by_words(words).is_none() && !why.is_empty(),
                "{words}"
            );
        }
    }
}
