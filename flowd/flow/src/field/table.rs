//! The table itself, and what is not in it.
//!
//! Element numbers, names and types are IANA's (<https://www.iana.org/assignments/ipfix>); the words and columns are those of
//! Flexible NetFlow's `match` and `collect`. A length below the element's is reduced-size encoding (RFC 7011 §6.2).

use wire::{Family, Span, at};

use super::{Aggregate, Field, Kind, Source};

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
        bits: 0xff,
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

use Kind::{
    Direction, EndReason, Hex, Interface, Ipv4, Ipv6, Label, Mac, Micros, Millis, Nanos, Number,
    Octets, Uptime,
};

/// Every field, in the order `?` lists them.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    row("ipv4 source address", (8, "sourceIPv4Address", 4), Ipv4, first(at::SOURCE_IPV4), V4, BOTH, ("IPV4 SRC ADDR", "IPV4 SOURCE ADDRESS", 15), "IPv4 source address"),
    row("ipv4 destination address", (12, "destinationIPv4Address", 4), Ipv4, first(at::DESTINATION_IPV4), V4, BOTH, ("IPV4 DST ADDR", "IPV4 DESTINATION ADDRESS", 15), "IPv4 destination address"),
    row("ipv4 source prefix", (44, "sourceIPv4Prefix", 4), Ipv4, first(at::SOURCE_PREFIX_IPV4), V4, BOTH, ("IPV4 SRC PREFIX", "IPV4 SOURCE PREFIX", 15), "IPv4 source address under its route's mask"),
    row("ipv4 source mask", (9, "sourceIPv4PrefixLength", 1), Number, first(at::SOURCE_MASK), V4, BOTH, ("IPV4 SRC MASK", "IPV4 SOURCE MASK", 13), "Bits of the mask of the route to the IPv4 source"),
    row("ipv4 destination prefix", (45, "destinationIPv4Prefix", 4), Ipv4, first(at::DESTINATION_PREFIX_IPV4), V4, BOTH, ("IPV4 DST PREFIX", "IPV4 DESTINATION PREFIX", 15), "IPv4 destination address under its route's mask"),
    row("ipv4 destination mask", (13, "destinationIPv4PrefixLength", 1), Number, first(at::DESTINATION_MASK), V4, BOTH, ("IPV4 DST MASK", "IPV4 DESTINATION MASK", 13), "Bits of the mask of the route to the IPv4 destination"),
    row("ipv4 protocol", (4, "protocolIdentifier", 1), Number, first(at::PROTOCOL), V4, BOTH, ("IP PROT", "IP PROTOCOL", 7), "IPv4 protocol"),
    row("ipv4 tos", (5, "ipClassOfService", 1), Hex, first(at::TOS), V4, BOTH, ("IP TOS", "IP TOS", 6), "IPv4 type of service"),
    row("ipv4 dscp", (195, "ipDiffServCodePoint", 1), Hex, first(at::DSCP), V4, BOTH, ("IP DSCP", "IP DSCP", 7), "IPv4 DSCP"),
    row("ipv4 precedence", (196, "ipPrecedence", 1), Number, first(at::PRECEDENCE), V4, BOTH, ("IP PRECEDENCE", "IP PRECEDENCE", 13), "IPv4 precedence"),
    row("ipv4 ttl", (192, "ipTTL", 1), Number, first(at::TTL), V4, BOTH, ("IP TTL", "IP TTL", 6), "IPv4 time to live"),
    row("ipv4 ttl minimum", (52, "minimumTTL", 1), Number, min(at::TTL), V4, COLLECT, ("IP TTL MIN", "IP TTL MINIMUM", 10), "Smallest IPv4 time to live of the flow"),
    row("ipv4 ttl maximum", (53, "maximumTTL", 1), Number, max(at::TTL), V4, COLLECT, ("IP TTL MAX", "IP TTL MAXIMUM", 10), "Largest IPv4 time to live of the flow"),
    row("ipv4 version", (60, "ipVersion", 1), Number, first(at::VERSION), V4, BOTH, ("IP VERSION", "IP VERSION", 10), "IP version, 4"),
    row("ipv4 id", (54, "fragmentIdentification", 4), Number, first(at::FRAGMENT_ID), V4, BOTH, ("IP ID", "IP ID", 10), "IPv4 identification"),
    row("ipv4 header-length", (207, "ipv4IHL", 1), Number, first(at::IPV4_IHL), V4, BOTH, ("IP HEADER LEN", "IP HEADER LENGTH", 13), "IPv4 header length in words of four octets"),
    row("ipv4 total-length", (224, "ipTotalLength", 4), Number, first(at::IP_TOTAL_LENGTH), V4, BOTH, ("IP TOTAL LEN", "IP TOTAL LENGTH", 12), "IPv4 total length in octets"),
    row("ipv4 total-length minimum", (25, "minimumIpTotalLength", 4), Number, min(at::IP_TOTAL_LENGTH), V4, COLLECT, ("IP LEN MIN", "IP LENGTH TOTAL MINIMUM", 10), "Smallest IPv4 total length of the flow"),
    row("ipv4 total-length maximum", (26, "maximumIpTotalLength", 4), Number, max(at::IP_TOTAL_LENGTH), V4, COLLECT, ("IP LEN MAX", "IP LENGTH TOTAL MAXIMUM", 10), "Largest IPv4 total length of the flow"),
    row("ipv4 fragmentation flags", (197, "fragmentFlags", 1), Hex, first(at::FRAGMENT_FLAGS), V4, BOTH, ("IP FRAG FLAGS", "IP FRAGMENTATION FLAGS", 13), "IPv4 fragmentation flags"),
    row("ipv4 fragmentation offset", (88, "fragmentOffset", 2), Number, first(at::FRAGMENT_OFFSET), V4, BOTH, ("IP FRAG OFFSET", "IP FRAGMENTATION OFFSET", 14), "IPv4 fragment offset in units of eight octets"),
    row("ipv4 length header", (189, "ipHeaderLength", 1), Number, first(at::IP_HEADER_LENGTH), V4, BOTH, ("IP LEN HEADER", "IP LENGTH HEADER", 13), "IPv4 header length in octets"),
    row("ipv4 length payload", (204, "ipPayloadLength", 4), Number, first(at::IP_PAYLOAD_LENGTH), V4, BOTH, ("IP LEN PAYLOAD", "IP LENGTH PAYLOAD", 14), "Octets behind the IPv4 header"),
    row("ipv4 length total", (224, "ipTotalLength", 4), Number, first(at::IP_TOTAL_LENGTH), V4, BOTH, ("IP LEN TOTAL", "IP LENGTH TOTAL", 12), "IPv4 total length in octets"),
    row("ipv4 option map", (208, "ipv4Options", 4), Hex, or(at::IPV4_OPTIONS), V4, BOTH, ("IPV4 OPTION MAP", "IPV4 OPTION MAP", 15), "IPv4 options, or-ed over the flow when collected"),
    row("ipv4 section header size <1-64>", (313, "ipHeaderPacketSection", 64), Octets, first(at::IP_SECTION), V4, BOTH, ("IP SECTION HEADER", "IP SECTION HEADER", 17), "So many octets from the IPv4 header on, zero behind the packet"),
    row("ipv4 section payload size <1-64>", (314, "ipPayloadPacketSection", 64), Octets, first(at::PAYLOAD_SECTION), V4, BOTH, ("IP SECTION PAYLOAD", "IP SECTION PAYLOAD", 18), "So many octets behind the IPv4 header, zero behind the packet"),
    row("ipv6 source address", (27, "sourceIPv6Address", 16), Ipv6, first(at::SOURCE_IPV6), V6, BOTH, ("IPV6 SRC ADDR", "IPV6 SOURCE ADDRESS", 39), "IPv6 source address"),
    row("ipv6 destination address", (28, "destinationIPv6Address", 16), Ipv6, first(at::DESTINATION_IPV6), V6, BOTH, ("IPV6 DST ADDR", "IPV6 DESTINATION ADDRESS", 39), "IPv6 destination address"),
    row("ipv6 source prefix", (170, "sourceIPv6Prefix", 16), Ipv6, first(at::SOURCE_PREFIX), V6, BOTH, ("IPV6 SRC PREFIX", "IPV6 SOURCE PREFIX", 39), "IPv6 source address under its route's mask"),
    row("ipv6 source mask", (29, "sourceIPv6PrefixLength", 1), Number, first(at::SOURCE_MASK), V6, BOTH, ("IPV6 SRC MASK", "IPV6 SOURCE MASK", 13), "Bits of the mask of the route to the IPv6 source"),
    row("ipv6 destination prefix", (169, "destinationIPv6Prefix", 16), Ipv6, first(at::DESTINATION_PREFIX), V6, BOTH, ("IPV6 DST PREFIX", "IPV6 DESTINATION PREFIX", 39), "IPv6 destination address under its route's mask"),
    row("ipv6 destination mask", (30, "destinationIPv6PrefixLength", 1), Number, first(at::DESTINATION_MASK), V6, BOTH, ("IPV6 DST MASK", "IPV6 DESTINATION MASK", 13), "Bits of the mask of the route to the IPv6 destination"),
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
    row("ipv6 payload-length", (191, "payloadLengthIPv6", 2), Number, first(at::IPV6_PAYLOAD_LENGTH), V6, BOTH, ("IPV6 PAYLOAD LEN", "IPV6 PAYLOAD LENGTH", 16), "Payload length as the IPv6 header has it"),
    row("ipv6 total-length minimum", (25, "minimumIpTotalLength", 4), Number, min(at::IP_TOTAL_LENGTH), V6, COLLECT, ("IP LEN MIN", "IP LENGTH TOTAL MINIMUM", 10), "Smallest IPv6 length of the flow, header included"),
    row("ipv6 total-length maximum", (26, "maximumIpTotalLength", 4), Number, max(at::IP_TOTAL_LENGTH), V6, COLLECT, ("IP LEN MAX", "IP LENGTH TOTAL MAXIMUM", 10), "Largest IPv6 length of the flow, header included"),
    row("ipv6 length header", (189, "ipHeaderLength", 1), Number, first(at::IP_HEADER_LENGTH), V6, BOTH, ("IP LEN HEADER", "IP LENGTH HEADER", 13), "IPv6 header length in octets, 40"),
    row("ipv6 length payload", (204, "ipPayloadLength", 4), Number, first(at::IP_PAYLOAD_LENGTH), V6, BOTH, ("IP LEN PAYLOAD", "IP LENGTH PAYLOAD", 14), "Octets behind the IPv6 header, also of a jumbogram"),
    row("ipv6 length total", (224, "ipTotalLength", 4), Number, first(at::IP_TOTAL_LENGTH), V6, BOTH, ("IP LEN TOTAL", "IP LENGTH TOTAL", 12), "IPv6 length in octets, header included"),
    row("ipv6 extension map", (64, "ipv6ExtensionHeaders", 4), Hex, or(at::EXTENSION_HEADERS), V6, BOTH, ("IPV6 EXTENSION MAP", "IPV6 EXTENSION MAP", 18), "IPv6 extension headers, or-ed over the flow when collected"),
    row("ipv6 fragmentation flags", (197, "fragmentFlags", 1), Hex, first(at::FRAGMENT_FLAGS), V6, BOTH, ("IP FRAG FLAGS", "IP FRAGMENTATION FLAGS", 13), "IPv6 fragmentation flags"),
    row("ipv6 fragmentation id", (54, "fragmentIdentification", 4), Number, first(at::FRAGMENT_ID), V6, BOTH, ("IP ID", "IP ID", 10), "Identification of the IPv6 fragment header"),
    row("ipv6 fragmentation offset", (88, "fragmentOffset", 2), Number, first(at::FRAGMENT_OFFSET), V6, BOTH, ("IP FRAG OFFSET", "IP FRAGMENTATION OFFSET", 14), "IPv6 fragment offset in units of eight octets"),
    row("ipv6 section header size <1-64>", (313, "ipHeaderPacketSection", 64), Octets, first(at::IP_SECTION), V6, BOTH, ("IP SECTION HEADER", "IP SECTION HEADER", 17), "So many octets from the IPv6 header on, zero behind the packet"),
    row("ipv6 section payload size <1-64>", (314, "ipPayloadPacketSection", 64), Octets, first(at::PAYLOAD_SECTION), V6, BOTH, ("IP SECTION PAYLOAD", "IP SECTION PAYLOAD", 18), "So many octets behind the IPv6 header, zero behind the packet"),
    row("transport source-port", (7, "sourceTransportPort", 2), Number, first(at::SOURCE_PORT), ANY, BOTH, ("TRNS SRC PORT", "TRNS SOURCE PORT", 13), "Source port"),
    row("transport destination-port", (11, "destinationTransportPort", 2), Number, first(at::DESTINATION_PORT), ANY, BOTH, ("TRNS DST PORT", "TRNS DESTINATION PORT", 13), "Destination port; ICMP type × 256 + code"),
    row("transport icmp ipv4 type", (176, "icmpTypeIPv4", 1), Number, first(at::ICMP_TYPE), V4, BOTH, ("ICMP IPV4 TYPE", "ICMP IPV4 TYPE", 14), "ICMP type"),
    row("transport icmp ipv4 code", (177, "icmpCodeIPv4", 1), Number, first(at::ICMP_CODE), V4, BOTH, ("ICMP IPV4 CODE", "ICMP IPV4 CODE", 14), "ICMP code"),
    row("transport icmp ipv6 type", (178, "icmpTypeIPv6", 1), Number, first(at::ICMP_TYPE), V6, BOTH, ("ICMP IPV6 TYPE", "ICMP IPV6 TYPE", 14), "ICMPv6 type"),
    row("transport icmp ipv6 code", (179, "icmpCodeIPv6", 1), Number, first(at::ICMP_CODE), V6, BOTH, ("ICMP IPV6 CODE", "ICMP IPV6 CODE", 14), "ICMPv6 code"),
    row("transport igmp type", (33, "igmpType", 1), Number, first(at::IGMP_TYPE), V4, BOTH, ("IGMP TYPE", "IGMP TYPE", 9), "IGMP type"),
    row("transport tcp flags", (6, "tcpControlBits", 1), Hex, or(at::TCP_FLAGS_8), ANY, BOTH, ("TCP FLAGS", "TCP FLAGS", 9), "TCP flags, or-ed over the flow when collected"),
    row("transport tcp flags {ack|cwr|ece|fin|psh|rst|syn|urg}", (6, "tcpControlBits", 1), Hex, or(at::TCP_FLAGS_8), ANY, BOTH, ("TCP FLAGS", "TCP FLAGS", 9), "These TCP flags only"),
    row("transport tcp source-port", (182, "tcpSourcePort", 2), Number, first(at::TCP_SOURCE_PORT), ANY, BOTH, ("TCP SRC PORT", "TCP SOURCE PORT", 12), "Source port, of TCP only"),
    row("transport tcp destination-port", (183, "tcpDestinationPort", 2), Number, first(at::TCP_DESTINATION_PORT), ANY, BOTH, ("TCP DST PORT", "TCP DESTINATION PORT", 12), "Destination port, of TCP only"),
    row("transport tcp window-size", (186, "tcpWindowSize", 2), Number, first(at::TCP_WINDOW), ANY, BOTH, ("TCP WINDOW", "TCP WINDOW SIZE", 10), "TCP window"),
    row("transport tcp sequence-number", (184, "tcpSequenceNumber", 4), Number, first(at::TCP_SEQUENCE), ANY, BOTH, ("TCP SEQ NUM", "TCP SEQUENCE NUMBER", 11), "TCP sequence number"),
    row("transport tcp acknowledgement-number", (185, "tcpAcknowledgementNumber", 4), Number, first(at::TCP_ACKNOWLEDGEMENT), ANY, BOTH, ("TCP ACK NUM", "TCP ACKNOWLEDGEMENT NUMBER", 11), "TCP acknowledgement number"),
    row("transport tcp header-length", (188, "tcpHeaderLength", 1), Number, first(at::TCP_HEADER_LENGTH), ANY, BOTH, ("TCP HDR LEN", "TCP HEADER LENGTH", 11), "TCP header length in octets"),
    row("transport tcp urgent-pointer", (187, "tcpUrgentPointer", 2), Number, first(at::TCP_URGENT), ANY, BOTH, ("TCP URGENT PTR", "TCP URGENT POINTER", 14), "TCP urgent pointer"),
    row("transport udp message-length", (205, "udpMessageLength", 2), Number, first(at::UDP_LENGTH), ANY, BOTH, ("UDP MSG LEN", "UDP MESSAGE LENGTH", 11), "UDP length"),
    row("transport udp source-port", (180, "udpSourcePort", 2), Number, first(at::UDP_SOURCE_PORT), ANY, BOTH, ("UDP SRC PORT", "UDP SOURCE PORT", 12), "Source port, of UDP only"),
    row("transport udp destination-port", (181, "udpDestinationPort", 2), Number, first(at::UDP_DESTINATION_PORT), ANY, BOTH, ("UDP DST PORT", "UDP DESTINATION PORT", 12), "Destination port, of UDP only"),
    row("datalink mac source address input", (56, "sourceMacAddress", 6), Mac, first(at::SOURCE_MAC), ANY, BOTH, ("DATALINK MAC SRC ADDR INPUT", "DATALINK MAC SOURCE ADDRESS INPUT", 27), "Source MAC address"),
    row("datalink mac destination address input", (80, "destinationMacAddress", 6), Mac, first(at::DESTINATION_MAC), ANY, BOTH, ("DATALINK MAC DST ADDR INPUT", "DATALINK MAC DESTINATION ADDRESS INPUT", 27), "Destination MAC address"),
    row("datalink mac source address output", (81, "postSourceMacAddress", 6), Mac, first(at::POST_SOURCE_MAC), ANY, BOTH, ("DATALINK MAC SRC ADDR OUTPUT", "DATALINK MAC SOURCE ADDRESS OUTPUT", 28), "Source MAC address of packets seen leaving"),
    row("datalink mac destination address output", (57, "postDestinationMacAddress", 6), Mac, first(at::POST_DESTINATION_MAC), ANY, BOTH, ("DATALINK MAC DST ADDR OUTPUT", "DATALINK MAC DESTINATION ADDRESS OUTPUT", 28), "Destination MAC address of packets seen leaving"),
    row("datalink dot1q vlan input", (243, "dot1qVlanId", 2), Number, first(at::VLAN), ANY, BOTH, ("DOT1Q VLAN INPUT", "DATALINK DOT1Q VLAN INPUT", 16), "VLAN of the outermost tag"),
    row("datalink dot1q vlan output", (254, "postDot1qVlanId", 2), Number, first(at::POST_VLAN), ANY, BOTH, ("DOT1Q VLAN OUTPUT", "DATALINK DOT1Q VLAN OUTPUT", 17), "VLAN of the outermost tag of packets seen leaving"),
    row("datalink dot1q priority", (244, "dot1qPriority", 1), Number, first(at::VLAN_PRIORITY), ANY, BOTH, ("DOT1Q PRIORITY", "DATALINK DOT1Q PRIORITY", 14), "Priority of the outermost tag"),
    row("datalink dot1q customer vlan", (245, "dot1qCustomerVlanId", 2), Number, first(at::CUSTOMER_VLAN), ANY, BOTH, ("DOT1Q CUST VLAN", "DATALINK DOT1Q CUSTOMER VLAN", 15), "VLAN of the second tag"),
    row("datalink dot1q customer priority", (246, "dot1qCustomerPriority", 1), Number, first(at::CUSTOMER_PRIORITY), ANY, BOTH, ("DOT1Q CUST PRIORITY", "DATALINK DOT1Q CUSTOMER PRIORITY", 19), "Priority of the second tag"),
    row("datalink vlan input", (58, "vlanId", 2), Number, first(at::VLAN), ANY, BOTH, ("VLAN INPUT", "DATALINK VLAN INPUT", 10), "VLAN of the outermost tag"),
    row("datalink vlan output", (59, "postVlanId", 2), Number, first(at::POST_VLAN), ANY, BOTH, ("VLAN OUTPUT", "DATALINK VLAN OUTPUT", 11), "VLAN of the outermost tag of packets seen leaving"),
    row("datalink ethertype", (256, "ethernetType", 2), Hex, first(at::ETHERTYPE), ANY, BOTH, ("ETHERTYPE", "DATALINK ETHERTYPE", 9), "EtherType after the tags"),
    row("mpls label 1 details", (70, "mplsTopLabelStackSection", 3), Label, first(at::mpls_label(0)), ANY, BOTH, ("MPLS LABEL 1", "MPLS LABEL 1 DETAILS", 13), "Top MPLS label: label, traffic class, bottom of stack"),
    row("mpls label 1 exp", (203, "mplsTopLabelExp", 1), Number, first(at::MPLS_EXP), ANY, BOTH, ("MPLS EXP", "MPLS LABEL 1 EXP", 8), "Traffic class (experimental bits) of the top MPLS label"),
    row("mpls label 1 ttl", (200, "mplsTopLabelTTL", 1), Number, first(at::MPLS_TTL), ANY, BOTH, ("MPLS TTL", "MPLS LABEL 1 TTL", 8), "Time to live of the top MPLS label"),
    row("mpls label 2 details", (71, "mplsLabelStackSection2", 3), Label, first(at::mpls_label(1)), ANY, BOTH, ("MPLS LABEL 2", "MPLS LABEL 2 DETAILS", 13), "MPLS label 2 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 3 details", (72, "mplsLabelStackSection3", 3), Label, first(at::mpls_label(2)), ANY, BOTH, ("MPLS LABEL 3", "MPLS LABEL 3 DETAILS", 13), "MPLS label 3 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 4 details", (73, "mplsLabelStackSection4", 3), Label, first(at::mpls_label(3)), ANY, BOTH, ("MPLS LABEL 4", "MPLS LABEL 4 DETAILS", 13), "MPLS label 4 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 5 details", (74, "mplsLabelStackSection5", 3), Label, first(at::mpls_label(4)), ANY, BOTH, ("MPLS LABEL 5", "MPLS LABEL 5 DETAILS", 13), "MPLS label 5 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 6 details", (75, "mplsLabelStackSection6", 3), Label, first(at::mpls_label(5)), ANY, BOTH, ("MPLS LABEL 6", "MPLS LABEL 6 DETAILS", 13), "MPLS label 6 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 7 details", (76, "mplsLabelStackSection7", 3), Label, first(at::mpls_label(6)), ANY, BOTH, ("MPLS LABEL 7", "MPLS LABEL 7 DETAILS", 13), "MPLS label 7 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 8 details", (77, "mplsLabelStackSection8", 3), Label, first(at::mpls_label(7)), ANY, BOTH, ("MPLS LABEL 8", "MPLS LABEL 8 DETAILS", 13), "MPLS label 8 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 9 details", (78, "mplsLabelStackSection9", 3), Label, first(at::mpls_label(8)), ANY, BOTH, ("MPLS LABEL 9", "MPLS LABEL 9 DETAILS", 13), "MPLS label 9 of the stack: label, traffic class, bottom of stack"),
    row("mpls label 10 details", (79, "mplsLabelStackSection10", 3), Label, first(at::mpls_label(9)), ANY, BOTH, ("MPLS LABEL 10", "MPLS LABEL 10 DETAILS", 13), "MPLS label 10 of the stack: label, traffic class, bottom of stack"),
    row("interface input", (10, "ingressInterface", 4), Interface, first(at::INPUT), ANY, BOTH, ("INTF INPUT", "INTERFACE INPUT", 20), "Input interface"),
    row("interface input snmp", (10, "ingressInterface", 4), Interface, first(at::INPUT), ANY, BOTH, ("INTF INPUT", "INTERFACE INPUT", 20), "Input interface by its ifIndex: the same"),
    row("interface output", (14, "egressInterface", 4), Interface, first(at::OUTPUT), ANY, BOTH, ("INTF OUTPUT", "INTERFACE OUTPUT", 20), "Output interface"),
    row("interface output snmp", (14, "egressInterface", 4), Interface, first(at::OUTPUT), ANY, BOTH, ("INTF OUTPUT", "INTERFACE OUTPUT", 20), "Output interface by its ifIndex: the same"),
    row("routing next-hop address ipv4", (15, "ipNextHopIPv4Address", 4), Ipv4, first(at::NEXT_HOP_IPV4), V4, BOTH, ("IPV4 NEXT HOP ADDR", "IPV4 NEXT HOP ADDRESS", 18), "Next router; 0.0.0.0 on a connected network"),
    row("routing next-hop address ipv6", (62, "ipNextHopIPv6Address", 16), Ipv6, first(at::NEXT_HOP), V6, BOTH, ("IPV6 NEXT HOP ADDR", "IPV6 NEXT HOP ADDRESS", 39), "Next router; :: on a connected network"),
    row("routing vrf input", (234, "ingressVRFID", 4), Number, first(at::INPUT_VRF), ANY, BOTH, ("VRF INPUT", "ROUTING VRF INPUT", 10), "VRF of the input interface: the ifIndex of its device; 0 for none"),
    row("flow direction", (61, "flowDirection", 1), Direction, first(at::DIRECTION), ANY, BOTH, ("FLOW DIRN", "FLOW DIRECTION", 9), "Input or output"),
    row("flow sampler", (48, "samplerId", 1), Number, first(at::SAMPLER), ANY, BOTH, ("FLOW SAMPLER", "FLOW SAMPLER ID", 12), "Sampler that took the packet"),
    row("flow end-reason", (136, "flowEndReason", 1), EndReason, Source::EndReason, ANY, COLLECT, ("flow end-reason", "flow end-reason", 15), "Why the flow ended"),
    row("counter bytes", (1, "octetDeltaCount", 4), Number, Source::Octets, ANY, COLLECT, ("bytes", "counter bytes", 10), "IP octets, 32 bits; more go in further records"),
    row("counter bytes long", (1, "octetDeltaCount", 8), Number, Source::Octets, ANY, COLLECT, ("bytes long", "counter bytes long", 20), "IP octets, 64 bits"),
    row("counter packets", (2, "packetDeltaCount", 4), Number, Source::Packets, ANY, COLLECT, ("pkts", "counter packets", 10), "Packets, 32 bits; more go in further records"),
    row("counter packets long", (2, "packetDeltaCount", 8), Number, Source::Packets, ANY, COLLECT, ("pkts long", "counter packets long", 20), "Packets, 64 bits"),
    row("counter flows", (3, "deltaFlowCount", 4), Number, Source::Flows, ANY, COLLECT, ("flows", "counter flows", 10), "Flows in the record: 1"),
    row("timestamp sys-uptime first", (22, "flowStartSysUpTime", 4), Uptime, Source::First, ANY, COLLECT, ("time first", "timestamp first", 12), "First packet, time since flowd started"),
    row("timestamp sys-uptime last", (21, "flowEndSysUpTime", 4), Uptime, Source::Last, ANY, COLLECT, ("time last", "timestamp last", 12), "Last packet, time since flowd started"),
    row("timestamp absolute first", (152, "flowStartMilliseconds", 8), Millis, Source::First, ANY, COLLECT, ("time abs first", "timestamp abs first", 14), "First packet, time of day"),
    row("timestamp absolute last", (153, "flowEndMilliseconds", 8), Millis, Source::Last, ANY, COLLECT, ("time abs last", "timestamp abs last", 13), "Last packet, time of day"),
    row("timestamp absolute first microseconds", (154, "flowStartMicroseconds", 8), Micros, Source::First, ANY, COLLECT, ("time abs first us", "timestamp abs first us", 17), "First packet, time of day to the microsecond"),
    row("timestamp absolute last microseconds", (155, "flowEndMicroseconds", 8), Micros, Source::Last, ANY, COLLECT, ("time abs last us", "timestamp abs last us", 16), "Last packet, time of day to the microsecond"),
    row("timestamp absolute first nanoseconds", (156, "flowStartNanoseconds", 8), Nanos, Source::First, ANY, COLLECT, ("time abs first ns", "timestamp abs first ns", 18), "First packet, time of day to the nanosecond"),
    row("timestamp absolute last nanoseconds", (157, "flowEndNanoseconds", 8), Nanos, Source::Last, ANY, COLLECT, ("time abs last ns", "timestamp abs last ns", 18), "Last packet, time of day to the nanosecond"),
];

const LEAST: &str = "masks and prefixes are those of the host's routes, which are not made longer";

/// Fields of Flexible NetFlow that this probe cannot fill, and why. They are refused, not left zero.
#[rustfmt::skip]
pub static REFUSED: &[(&str, &str)] = &[
    ("ipv4 source prefix minimum-mask", LEAST),
    ("ipv4 source mask minimum-mask", LEAST),
    ("ipv4 destination prefix minimum-mask", LEAST),
    ("ipv4 destination mask minimum-mask", LEAST),
    ("ipv6 source prefix minimum-mask", LEAST),
    ("ipv6 source mask minimum-mask", LEAST),
    ("ipv6 destination prefix minimum-mask", LEAST),
    ("ipv6 destination mask minimum-mask", LEAST),
    ("application name", "this host does not recognise applications (NBAR)"),
    ("routing source as", "AS numbers are BGP's, and this host does not speak it"),
    ("routing destination as", "AS numbers are BGP's, and this host does not speak it"),
    ("routing next-hop address ipv4 bgp", "BGP's next hop is not in the host's routes"),
    ("routing next-hop address ipv6 bgp", "BGP's next hop is not in the host's routes"),
    ("routing forwarding-status", "what became of a packet is not seen where it is captured"),
    ("interface input physical", "the interface a packet is captured on is the only one known"),
];
