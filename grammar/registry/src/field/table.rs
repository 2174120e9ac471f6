//! The table of fields, and of Flexible NetFlow's fields that are refused.
//!
//! Words and columns are those of Flexible NetFlow's `match` and `collect`; nfdump's names are those of release 1.7. A row
//! that does not give length, kind or range of its values has those of its information element.

use wire::{Family, Span, at};

use super::{Aggregate, Biflow, Field, Kind, Reverse, Source};
use crate::element::{self as ie, Element};

const V4: Option<Family> = Some(Family::V4);
const V6: Option<Family> = Some(Family::V6);
const ANY: Option<Family> = None;
/// May be matched and collected.
const BOTH: (bool, bool) = (true, true);
/// May only be collected.
const COLLECT: (bool, bool) = (false, true);
/// The largest VLAN identifier of 12 bits (IEEE 802.1Q).
const MAX_VLAN: u64 = 0xfff;
/// The largest priority or traffic class of 3 bits (IEEE 802.1Q, RFC 5462).
const MAX_PRIORITY: u64 = 7;
/// The largest MPLS label, of 20 bits (RFC 3032 §2.1).
const MAX_LABEL: u64 = 0xf_ffff;

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

const fn row(
    words: &'static str,
    element: &'static Element,
    source: Source,
    family: Option<Family>,
    (key, collect): (bool, bool),
    (column, label, width): (&'static str, &'static str, u8),
    help: &'static str,
) -> Field {
    let len = match (source, element.data_type.octets()) {
        (Source::Header(span, _), _) => span.len,
        (_, Some(len)) => len,
        (_, None) => panic!("an element of variable length comes from the headers"),
    };
    Field {
        words,
        element,
        len,
        bits: 0xff,
        kind: Kind::of(element),
        source,
        family,
        key,
        collect,
        biflow: Biflow::None,
        most: None,
        column,
        label,
        width,
        nfdump: None,
        help,
    }
}

/// A field of the reverse direction, with the element's reverse element if it has one.
const fn reverse(
    words: &'static str,
    element: &'static Element,
    what: Reverse,
    column: (&'static str, &'static str, u8),
    help: &'static str,
) -> Field {
    let element = match element.reverse() {
        Some(reverse) => reverse,
        None => element,
    };
    row(
        words,
        element,
        Source::Reverse(what),
        ANY,
        COLLECT,
        column,
        help,
    )
}

use Biflow::{Directional, Same, Swapped};
use Kind::{Direction, Dscp, EndReason, Hex, Interface, Label, Number, Protocol, Uptime};

/// Every field, in the order `?` lists them. A last word `<1-64>` stands for a number, `{ack|cwr|…}` for one of these words or
/// several.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    row("ipv4 source address", &ie::SOURCE_IPV4_ADDRESS, first(at::SOURCE_IPV4), V4, BOTH, ("IPV4 SRC ADDR", "IPV4 SOURCE ADDRESS", 15), "IPv4 source address").biflow(Swapped("ipv4 destination address")).nfdump("sa"),
    row("ipv4 destination address", &ie::DESTINATION_IPV4_ADDRESS, first(at::DESTINATION_IPV4), V4, BOTH, ("IPV4 DST ADDR", "IPV4 DESTINATION ADDRESS", 15), "IPv4 destination address").biflow(Swapped("ipv4 source address")).nfdump("da"),
    row("ipv4 source prefix", &ie::SOURCE_IPV4_PREFIX, first(at::SOURCE_PREFIX_IPV4), V4, BOTH, ("IPV4 SRC PREFIX", "IPV4 SOURCE PREFIX", 15), "IPv4 source address under its route's mask").nfdump("sn"),
    row("ipv4 source mask", &ie::SOURCE_IPV4_PREFIX_LENGTH, first(at::SOURCE_MASK), V4, BOTH, ("IPV4 SRC MASK", "IPV4 SOURCE MASK", 13), "Bits of the mask of the route to the IPv4 source").nfdump("smk"),
    row("ipv4 destination prefix", &ie::DESTINATION_IPV4_PREFIX, first(at::DESTINATION_PREFIX_IPV4), V4, BOTH, ("IPV4 DST PREFIX", "IPV4 DESTINATION PREFIX", 15), "IPv4 destination address under its route's mask").nfdump("dn"),
    row("ipv4 destination mask", &ie::DESTINATION_IPV4_PREFIX_LENGTH, first(at::DESTINATION_MASK), V4, BOTH, ("IPV4 DST MASK", "IPV4 DESTINATION MASK", 13), "Bits of the mask of the route to the IPv4 destination").nfdump("dmk"),
    row("ipv4 protocol", &ie::PROTOCOL_IDENTIFIER, first(at::PROTOCOL), V4, BOTH, ("IP PROT", "IP PROTOCOL", 7), "IPv4 protocol").kind(Protocol).biflow(Same).nfdump("pr"),
    row("ipv4 tos", &ie::IP_CLASS_OF_SERVICE, first(at::TOS), V4, BOTH, ("IP TOS", "IP TOS", 6), "IPv4 type of service").kind(Hex).biflow(Directional).nfdump("tos"),
    row("ipv4 dscp", &ie::IP_DIFF_SERV_CODE_POINT, first(at::DSCP), V4, BOTH, ("IP DSCP", "IP DSCP", 7), "IPv4 DSCP").kind(Dscp).biflow(Directional),
    row("ipv4 precedence", &ie::IP_PRECEDENCE, first(at::PRECEDENCE), V4, BOTH, ("IP PRECEDENCE", "IP PRECEDENCE", 13), "IPv4 precedence").biflow(Directional),
    row("ipv4 ttl", &ie::IP_TTL, first(at::TTL), V4, BOTH, ("IP TTL", "IP TTL", 6), "IPv4 time to live"),
    row("ipv4 ttl minimum", &ie::MINIMUM_TTL, min(at::TTL), V4, COLLECT, ("IP TTL MIN", "IP TTL MINIMUM", 10), "Smallest IPv4 time to live of the flow"),
    row("ipv4 ttl maximum", &ie::MAXIMUM_TTL, max(at::TTL), V4, COLLECT, ("IP TTL MAX", "IP TTL MAXIMUM", 10), "Largest IPv4 time to live of the flow"),
    row("ipv4 version", &ie::IP_VERSION, first(at::VERSION), V4, BOTH, ("IP VERSION", "IP VERSION", 10), "IP version, 4").biflow(Same),
    row("ipv4 id", &ie::FRAGMENT_IDENTIFICATION, first(at::FRAGMENT_ID), V4, BOTH, ("IP ID", "IP ID", 10), "IPv4 identification"),
    row("ipv4 header-length", &ie::IPV4_IHL, first(at::IPV4_IHL), V4, BOTH, ("IP HEADER LEN", "IP HEADER LENGTH", 13), "IPv4 header length in words of four octets"),
    row("ipv4 total-length", &ie::IP_TOTAL_LENGTH, first(at::IP_TOTAL_LENGTH), V4, BOTH, ("IP TOTAL LEN", "IP TOTAL LENGTH", 12), "IPv4 total length in octets"),
    row("ipv4 total-length minimum", &ie::MINIMUM_IP_TOTAL_LENGTH, min(at::IP_TOTAL_LENGTH), V4, COLLECT, ("IP LEN MIN", "IP LENGTH TOTAL MINIMUM", 10), "Smallest IPv4 total length of the flow"),
    row("ipv4 total-length maximum", &ie::MAXIMUM_IP_TOTAL_LENGTH, max(at::IP_TOTAL_LENGTH), V4, COLLECT, ("IP LEN MAX", "IP LENGTH TOTAL MAXIMUM", 10), "Largest IPv4 total length of the flow"),
    row("ipv4 fragmentation flags", &ie::FRAGMENT_FLAGS, first(at::FRAGMENT_FLAGS), V4, BOTH, ("IP FRAG FLAGS", "IP FRAGMENTATION FLAGS", 13), "IPv4 fragmentation flags"),
    row("ipv4 fragmentation offset", &ie::FRAGMENT_OFFSET, first(at::FRAGMENT_OFFSET), V4, BOTH, ("IP FRAG OFFSET", "IP FRAGMENTATION OFFSET", 14), "IPv4 fragment offset in units of eight octets"),
    row("ipv4 length header", &ie::IP_HEADER_LENGTH, first(at::IP_HEADER_LENGTH), V4, BOTH, ("IP LEN HEADER", "IP LENGTH HEADER", 13), "IPv4 header length in octets"),
    row("ipv4 length payload", &ie::IP_PAYLOAD_LENGTH, first(at::IP_PAYLOAD_LENGTH), V4, BOTH, ("IP LEN PAYLOAD", "IP LENGTH PAYLOAD", 14), "Octets behind the IPv4 header"),
    row("ipv4 length total", &ie::IP_TOTAL_LENGTH, first(at::IP_TOTAL_LENGTH), V4, BOTH, ("IP LEN TOTAL", "IP LENGTH TOTAL", 12), "IPv4 total length in octets"),
    row("ipv4 option map", &ie::IPV4_OPTIONS, or(at::IPV4_OPTIONS), V4, BOTH, ("IPV4 OPTION MAP", "IPV4 OPTION MAP", 15), "IPv4 options, or-ed over the flow when collected"),
    row("ipv4 section header size <1-64>", &ie::IP_HEADER_PACKET_SECTION, first(at::IP_SECTION), V4, BOTH, ("IP SECTION HEADER", "IP SECTION HEADER", 17), "So many octets from the IPv4 header on, zero behind the packet"),
    row("ipv4 section payload size <1-64>", &ie::IP_PAYLOAD_PACKET_SECTION, first(at::PAYLOAD_SECTION), V4, BOTH, ("IP SECTION PAYLOAD", "IP SECTION PAYLOAD", 18), "So many octets behind the IPv4 header, zero behind the packet"),
    row("ipv6 source address", &ie::SOURCE_IPV6_ADDRESS, first(at::SOURCE_IPV6), V6, BOTH, ("IPV6 SRC ADDR", "IPV6 SOURCE ADDRESS", 39), "IPv6 source address").biflow(Swapped("ipv6 destination address")).nfdump("sa"),
    row("ipv6 destination address", &ie::DESTINATION_IPV6_ADDRESS, first(at::DESTINATION_IPV6), V6, BOTH, ("IPV6 DST ADDR", "IPV6 DESTINATION ADDRESS", 39), "IPv6 destination address").biflow(Swapped("ipv6 source address")).nfdump("da"),
    row("ipv6 source prefix", &ie::SOURCE_IPV6_PREFIX, first(at::SOURCE_PREFIX), V6, BOTH, ("IPV6 SRC PREFIX", "IPV6 SOURCE PREFIX", 39), "IPv6 source address under its route's mask").nfdump("sn"),
    row("ipv6 source mask", &ie::SOURCE_IPV6_PREFIX_LENGTH, first(at::SOURCE_MASK), V6, BOTH, ("IPV6 SRC MASK", "IPV6 SOURCE MASK", 13), "Bits of the mask of the route to the IPv6 source").nfdump("smk"),
    row("ipv6 destination prefix", &ie::DESTINATION_IPV6_PREFIX, first(at::DESTINATION_PREFIX), V6, BOTH, ("IPV6 DST PREFIX", "IPV6 DESTINATION PREFIX", 39), "IPv6 destination address under its route's mask").nfdump("dn"),
    row("ipv6 destination mask", &ie::DESTINATION_IPV6_PREFIX_LENGTH, first(at::DESTINATION_MASK), V6, BOTH, ("IPV6 DST MASK", "IPV6 DESTINATION MASK", 13), "Bits of the mask of the route to the IPv6 destination").nfdump("dmk"),
    row("ipv6 protocol", &ie::PROTOCOL_IDENTIFIER, first(at::PROTOCOL), V6, BOTH, ("IP PROT", "IP PROTOCOL", 7), "Protocol after the IPv6 extension headers").kind(Protocol).biflow(Same).nfdump("pr"),
    row("ipv6 next-header", &ie::NEXT_HEADER_IPV6, first(at::NEXT_HEADER), V6, BOTH, ("IPV6 NEXT HDR", "IPV6 NEXT HEADER", 13), "Next header of the fixed IPv6 header").kind(Protocol),
    row("ipv6 traffic-class", &ie::IP_CLASS_OF_SERVICE, first(at::TOS), V6, BOTH, ("IP TOS", "IP TOS", 6), "IPv6 traffic class").kind(Hex).biflow(Directional).nfdump("tos"),
    row("ipv6 dscp", &ie::IP_DIFF_SERV_CODE_POINT, first(at::DSCP), V6, BOTH, ("IP DSCP", "IP DSCP", 7), "IPv6 DSCP").kind(Dscp).biflow(Directional),
    row("ipv6 precedence", &ie::IP_PRECEDENCE, first(at::PRECEDENCE), V6, BOTH, ("IP PRECEDENCE", "IP PRECEDENCE", 13), "IPv6 precedence").biflow(Directional),
    row("ipv6 flow-label", &ie::FLOW_LABEL_IPV6, first(at::FLOW_LABEL), V6, BOTH, ("IPV6 FLOW LABEL", "IPV6 FLOW LABEL", 15), "IPv6 flow label").kind(Hex).nfdump("lbl"),
    row("ipv6 hop-limit", &ie::IP_TTL, first(at::TTL), V6, BOTH, ("IP TTL", "IP TTL", 6), "IPv6 hop limit"),
    row("ipv6 hop-limit minimum", &ie::MINIMUM_TTL, min(at::TTL), V6, COLLECT, ("IP TTL MIN", "IP TTL MINIMUM", 10), "Smallest IPv6 hop limit of the flow"),
    row("ipv6 hop-limit maximum", &ie::MAXIMUM_TTL, max(at::TTL), V6, COLLECT, ("IP TTL MAX", "IP TTL MAXIMUM", 10), "Largest IPv6 hop limit of the flow"),
    row("ipv6 version", &ie::IP_VERSION, first(at::VERSION), V6, BOTH, ("IP VERSION", "IP VERSION", 10), "IP version, 6").biflow(Same),
    row("ipv6 payload-length", &ie::PAYLOAD_LENGTH_IPV6, first(at::IPV6_PAYLOAD_LENGTH), V6, BOTH, ("IPV6 PAYLOAD LEN", "IPV6 PAYLOAD LENGTH", 16), "Payload length as the IPv6 header has it"),
    row("ipv6 total-length minimum", &ie::MINIMUM_IP_TOTAL_LENGTH, min(at::IP_TOTAL_LENGTH), V6, COLLECT, ("IP LEN MIN", "IP LENGTH TOTAL MINIMUM", 10), "Smallest IPv6 length of the flow, header included"),
    row("ipv6 total-length maximum", &ie::MAXIMUM_IP_TOTAL_LENGTH, max(at::IP_TOTAL_LENGTH), V6, COLLECT, ("IP LEN MAX", "IP LENGTH TOTAL MAXIMUM", 10), "Largest IPv6 length of the flow, header included"),
    row("ipv6 length header", &ie::IP_HEADER_LENGTH, first(at::IP_HEADER_LENGTH), V6, BOTH, ("IP LEN HEADER", "IP LENGTH HEADER", 13), "IPv6 header length in octets, 40"),
    row("ipv6 length payload", &ie::IP_PAYLOAD_LENGTH, first(at::IP_PAYLOAD_LENGTH), V6, BOTH, ("IP LEN PAYLOAD", "IP LENGTH PAYLOAD", 14), "Octets behind the IPv6 header, also of a jumbogram"),
    row("ipv6 length total", &ie::IP_TOTAL_LENGTH, first(at::IP_TOTAL_LENGTH), V6, BOTH, ("IP LEN TOTAL", "IP LENGTH TOTAL", 12), "IPv6 length in octets, header included"),
    row("ipv6 extension map", &ie::IPV6_EXTENSION_HEADERS, or(at::EXTENSION_HEADERS), V6, BOTH, ("IPV6 EXTENSION MAP", "IPV6 EXTENSION MAP", 18), "IPv6 extension headers, or-ed over the flow when collected"),
    row("ipv6 fragmentation flags", &ie::FRAGMENT_FLAGS, first(at::FRAGMENT_FLAGS), V6, BOTH, ("IP FRAG FLAGS", "IP FRAGMENTATION FLAGS", 13), "IPv6 fragmentation flags"),
    row("ipv6 fragmentation id", &ie::FRAGMENT_IDENTIFICATION, first(at::FRAGMENT_ID), V6, BOTH, ("IP ID", "IP ID", 10), "Identification of the IPv6 fragment header"),
    row("ipv6 fragmentation offset", &ie::FRAGMENT_OFFSET, first(at::FRAGMENT_OFFSET), V6, BOTH, ("IP FRAG OFFSET", "IP FRAGMENTATION OFFSET", 14), "IPv6 fragment offset in units of eight octets"),
    row("ipv6 section header size <1-64>", &ie::IP_HEADER_PACKET_SECTION, first(at::IP_SECTION), V6, BOTH, ("IP SECTION HEADER", "IP SECTION HEADER", 17), "So many octets from the IPv6 header on, zero behind the packet"),
    row("ipv6 section payload size <1-64>", &ie::IP_PAYLOAD_PACKET_SECTION, first(at::PAYLOAD_SECTION), V6, BOTH, ("IP SECTION PAYLOAD", "IP SECTION PAYLOAD", 18), "So many octets behind the IPv6 header, zero behind the packet"),
    row("transport source-port", &ie::SOURCE_TRANSPORT_PORT, first(at::SOURCE_PORT), ANY, BOTH, ("TRNS SRC PORT", "TRNS SOURCE PORT", 13), "Source port").biflow(Swapped("transport destination-port")).nfdump("sp"),
    row("transport destination-port", &ie::DESTINATION_TRANSPORT_PORT, first(at::DESTINATION_PORT), ANY, BOTH, ("TRNS DST PORT", "TRNS DESTINATION PORT", 13), "Destination port; ICMP type × 256 + code").biflow(Swapped("transport source-port")).nfdump("dp"),
    row("transport icmp ipv4 type", &ie::ICMP_TYPE_IPV4, first(at::ICMP_TYPE), V4, BOTH, ("ICMP IPV4 TYPE", "ICMP IPV4 TYPE", 14), "ICMP type").biflow(Same).nfdump("it"),
    row("transport icmp ipv4 code", &ie::ICMP_CODE_IPV4, first(at::ICMP_CODE), V4, BOTH, ("ICMP IPV4 CODE", "ICMP IPV4 CODE", 14), "ICMP code").biflow(Same).nfdump("ic"),
    row("transport icmp ipv6 type", &ie::ICMP_TYPE_IPV6, first(at::ICMP_TYPE), V6, BOTH, ("ICMP IPV6 TYPE", "ICMP IPV6 TYPE", 14), "ICMPv6 type").biflow(Same).nfdump("it"),
    row("transport icmp ipv6 code", &ie::ICMP_CODE_IPV6, first(at::ICMP_CODE), V6, BOTH, ("ICMP IPV6 CODE", "ICMP IPV6 CODE", 14), "ICMPv6 code").biflow(Same).nfdump("ic"),
    row("transport igmp type", &ie::IGMP_TYPE, first(at::IGMP_TYPE), V4, BOTH, ("IGMP TYPE", "IGMP TYPE", 9), "IGMP type"),
    row("transport tcp flags", &ie::TCP_CONTROL_BITS, or(at::TCP_FLAGS_8), ANY, BOTH, ("TCP FLAGS", "TCP FLAGS", 9), "TCP flags, or-ed over the flow when collected").nfdump("flg"),
    row("transport tcp flags {ack|cwr|ece|fin|psh|rst|syn|urg}", &ie::TCP_CONTROL_BITS, or(at::TCP_FLAGS_8), ANY, BOTH, ("TCP FLAGS", "TCP FLAGS", 9), "These TCP flags only"),
    row("transport tcp source-port", &ie::TCP_SOURCE_PORT, first(at::TCP_SOURCE_PORT), ANY, BOTH, ("TCP SRC PORT", "TCP SOURCE PORT", 12), "Source port, of TCP only"),
    row("transport tcp destination-port", &ie::TCP_DESTINATION_PORT, first(at::TCP_DESTINATION_PORT), ANY, BOTH, ("TCP DST PORT", "TCP DESTINATION PORT", 12), "Destination port, of TCP only"),
    row("transport tcp window-size", &ie::TCP_WINDOW_SIZE, first(at::TCP_WINDOW), ANY, BOTH, ("TCP WINDOW", "TCP WINDOW SIZE", 10), "TCP window"),
    row("transport tcp sequence-number", &ie::TCP_SEQUENCE_NUMBER, first(at::TCP_SEQUENCE), ANY, BOTH, ("TCP SEQ NUM", "TCP SEQUENCE NUMBER", 11), "TCP sequence number"),
    row("transport tcp acknowledgement-number", &ie::TCP_ACKNOWLEDGEMENT_NUMBER, first(at::TCP_ACKNOWLEDGEMENT), ANY, BOTH, ("TCP ACK NUM", "TCP ACKNOWLEDGEMENT NUMBER", 11), "TCP acknowledgement number"),
    row("transport tcp header-length", &ie::TCP_HEADER_LENGTH, first(at::TCP_HEADER_LENGTH), ANY, BOTH, ("TCP HDR LEN", "TCP HEADER LENGTH", 11), "TCP header length in octets"),
    row("transport tcp urgent-pointer", &ie::TCP_URGENT_POINTER, first(at::TCP_URGENT), ANY, BOTH, ("TCP URGENT PTR", "TCP URGENT POINTER", 14), "TCP urgent pointer"),
    row("transport udp message-length", &ie::UDP_MESSAGE_LENGTH, first(at::UDP_LENGTH), ANY, BOTH, ("UDP MSG LEN", "UDP MESSAGE LENGTH", 11), "UDP length"),
    row("transport udp source-port", &ie::UDP_SOURCE_PORT, first(at::UDP_SOURCE_PORT), ANY, BOTH, ("UDP SRC PORT", "UDP SOURCE PORT", 12), "Source port, of UDP only"),
    row("transport udp destination-port", &ie::UDP_DESTINATION_PORT, first(at::UDP_DESTINATION_PORT), ANY, BOTH, ("UDP DST PORT", "UDP DESTINATION PORT", 12), "Destination port, of UDP only"),
    row("datalink mac source address input", &ie::SOURCE_MAC_ADDRESS, first(at::SOURCE_MAC), ANY, BOTH, ("DATALINK MAC SRC ADDR INPUT", "DATALINK MAC SOURCE ADDRESS INPUT", 27), "Source MAC address").biflow(Swapped("datalink mac destination address input")).nfdump("ismc"),
    row("datalink mac destination address input", &ie::DESTINATION_MAC_ADDRESS, first(at::DESTINATION_MAC), ANY, BOTH, ("DATALINK MAC DST ADDR INPUT", "DATALINK MAC DESTINATION ADDRESS INPUT", 27), "Destination MAC address").biflow(Swapped("datalink mac source address input")).nfdump("idmc"),
    row("datalink mac source address output", &ie::POST_SOURCE_MAC_ADDRESS, first(at::POST_SOURCE_MAC), ANY, BOTH, ("DATALINK MAC SRC ADDR OUTPUT", "DATALINK MAC SOURCE ADDRESS OUTPUT", 28), "Source MAC address of packets seen leaving").nfdump("osmc"),
    row("datalink mac destination address output", &ie::POST_DESTINATION_MAC_ADDRESS, first(at::POST_DESTINATION_MAC), ANY, BOTH, ("DATALINK MAC DST ADDR OUTPUT", "DATALINK MAC DESTINATION ADDRESS OUTPUT", 28), "Destination MAC address of packets seen leaving").nfdump("odmc"),
    row("datalink dot1q vlan input", &ie::DOT1Q_VLAN_ID, first(at::VLAN), ANY, BOTH, ("DOT1Q VLAN INPUT", "DATALINK DOT1Q VLAN INPUT", 16), "VLAN of the outermost tag").most(MAX_VLAN).biflow(Same),
    row("datalink dot1q vlan output", &ie::POST_DOT1Q_VLAN_ID, first(at::POST_VLAN), ANY, BOTH, ("DOT1Q VLAN OUTPUT", "DATALINK DOT1Q VLAN OUTPUT", 17), "VLAN of the outermost tag of packets seen leaving").most(MAX_VLAN),
    row("datalink dot1q priority", &ie::DOT1Q_PRIORITY, first(at::VLAN_PRIORITY), ANY, BOTH, ("DOT1Q PRIORITY", "DATALINK DOT1Q PRIORITY", 14), "Priority of the outermost tag").most(MAX_PRIORITY).biflow(Directional),
    row("datalink dot1q customer vlan", &ie::DOT1Q_CUSTOMER_VLAN_ID, first(at::CUSTOMER_VLAN), ANY, BOTH, ("DOT1Q CUST VLAN", "DATALINK DOT1Q CUSTOMER VLAN", 15), "VLAN of the second tag").most(MAX_VLAN).biflow(Same),
    row("datalink dot1q customer priority", &ie::DOT1Q_CUSTOMER_PRIORITY, first(at::CUSTOMER_PRIORITY), ANY, BOTH, ("DOT1Q CUST PRIORITY", "DATALINK DOT1Q CUSTOMER PRIORITY", 19), "Priority of the second tag").most(MAX_PRIORITY).biflow(Directional),
    row("datalink vlan input", &ie::VLAN_ID, first(at::VLAN), ANY, BOTH, ("VLAN INPUT", "DATALINK VLAN INPUT", 10), "VLAN of the outermost tag").most(MAX_VLAN).biflow(Same).nfdump("svln"),
    row("datalink vlan output", &ie::POST_VLAN_ID, first(at::POST_VLAN), ANY, BOTH, ("VLAN OUTPUT", "DATALINK VLAN OUTPUT", 11), "VLAN of the outermost tag of packets seen leaving").most(MAX_VLAN).nfdump("dvln"),
    row("datalink ethertype", &ie::ETHERNET_TYPE, first(at::ETHERTYPE), ANY, BOTH, ("ETHERTYPE", "DATALINK ETHERTYPE", 9), "EtherType after the tags").kind(Hex).biflow(Same),
    row("mpls label 1 details", &ie::MPLS_TOP_LABEL_STACK_SECTION, first(at::mpls_label(0)), ANY, BOTH, ("MPLS LABEL 1", "MPLS LABEL 1 DETAILS", 13), "Top MPLS label: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls1"),
    row("mpls label 1 exp", &ie::MPLS_TOP_LABEL_EXP, first(at::MPLS_EXP), ANY, BOTH, ("MPLS EXP", "MPLS LABEL 1 EXP", 8), "Traffic class (experimental bits) of the top MPLS label").kind(Number).most(MAX_PRIORITY),
    row("mpls label 1 ttl", &ie::MPLS_TOP_LABEL_TTL, first(at::MPLS_TTL), ANY, BOTH, ("MPLS TTL", "MPLS LABEL 1 TTL", 8), "Time to live of the top MPLS label"),
    row("mpls label 2 details", &ie::MPLS_LABEL_STACK_SECTION2, first(at::mpls_label(1)), ANY, BOTH, ("MPLS LABEL 2", "MPLS LABEL 2 DETAILS", 13), "MPLS label 2 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls2"),
    row("mpls label 3 details", &ie::MPLS_LABEL_STACK_SECTION3, first(at::mpls_label(2)), ANY, BOTH, ("MPLS LABEL 3", "MPLS LABEL 3 DETAILS", 13), "MPLS label 3 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls3"),
    row("mpls label 4 details", &ie::MPLS_LABEL_STACK_SECTION4, first(at::mpls_label(3)), ANY, BOTH, ("MPLS LABEL 4", "MPLS LABEL 4 DETAILS", 13), "MPLS label 4 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls4"),
    row("mpls label 5 details", &ie::MPLS_LABEL_STACK_SECTION5, first(at::mpls_label(4)), ANY, BOTH, ("MPLS LABEL 5", "MPLS LABEL 5 DETAILS", 13), "MPLS label 5 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls5"),
    row("mpls label 6 details", &ie::MPLS_LABEL_STACK_SECTION6, first(at::mpls_label(5)), ANY, BOTH, ("MPLS LABEL 6", "MPLS LABEL 6 DETAILS", 13), "MPLS label 6 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls6"),
    row("mpls label 7 details", &ie::MPLS_LABEL_STACK_SECTION7, first(at::mpls_label(6)), ANY, BOTH, ("MPLS LABEL 7", "MPLS LABEL 7 DETAILS", 13), "MPLS label 7 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls7"),
    row("mpls label 8 details", &ie::MPLS_LABEL_STACK_SECTION8, first(at::mpls_label(7)), ANY, BOTH, ("MPLS LABEL 8", "MPLS LABEL 8 DETAILS", 13), "MPLS label 8 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls8"),
    row("mpls label 9 details", &ie::MPLS_LABEL_STACK_SECTION9, first(at::mpls_label(8)), ANY, BOTH, ("MPLS LABEL 9", "MPLS LABEL 9 DETAILS", 13), "MPLS label 9 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls9"),
    row("mpls label 10 details", &ie::MPLS_LABEL_STACK_SECTION10, first(at::mpls_label(9)), ANY, BOTH, ("MPLS LABEL 10", "MPLS LABEL 10 DETAILS", 13), "MPLS label 10 of the stack: label, traffic class, bottom of stack").kind(Label).most(MAX_LABEL).nfdump("mpls10"),
    row("interface input", &ie::INGRESS_INTERFACE, first(at::INPUT), ANY, BOTH, ("INTF INPUT", "INTERFACE INPUT", 20), "Input interface").kind(Interface).biflow(Directional).nfdump("in"),
    row("interface input snmp", &ie::INGRESS_INTERFACE, first(at::INPUT), ANY, BOTH, ("INTF INPUT", "INTERFACE INPUT", 20), "Input interface by its ifIndex: the same").kind(Interface).biflow(Directional),
    row("interface output", &ie::EGRESS_INTERFACE, first(at::OUTPUT), ANY, BOTH, ("INTF OUTPUT", "INTERFACE OUTPUT", 20), "Output interface").kind(Interface).biflow(Directional).nfdump("out"),
    row("interface output snmp", &ie::EGRESS_INTERFACE, first(at::OUTPUT), ANY, BOTH, ("INTF OUTPUT", "INTERFACE OUTPUT", 20), "Output interface by its ifIndex: the same").kind(Interface).biflow(Directional),
    row("routing next-hop address ipv4", &ie::IP_NEXT_HOP_IPV4_ADDRESS, first(at::NEXT_HOP_IPV4), V4, BOTH, ("IPV4 NEXT HOP ADDR", "IPV4 NEXT HOP ADDRESS", 18), "Next router; 0.0.0.0 on a connected network").nfdump("nh"),
    row("routing next-hop address ipv6", &ie::IP_NEXT_HOP_IPV6_ADDRESS, first(at::NEXT_HOP), V6, BOTH, ("IPV6 NEXT HOP ADDR", "IPV6 NEXT HOP ADDRESS", 39), "Next router; :: on a connected network").nfdump("nh"),
    row("routing vrf input", &ie::INGRESS_VRFID, first(at::INPUT_VRF), ANY, BOTH, ("VRF INPUT", "ROUTING VRF INPUT", 10), "VRF of the input interface: the ifIndex of its device; 0 for none").biflow(Same).nfdump("ivrf"),
    row("flow direction", &ie::FLOW_DIRECTION, first(at::DIRECTION), ANY, BOTH, ("FLOW DIRN", "FLOW DIRECTION", 9), "Input or output").kind(Direction).biflow(Directional).nfdump("dir"),
    row("flow sampler", &ie::SAMPLER_ID, first(at::SAMPLER), ANY, BOTH, ("FLOW SAMPLER", "FLOW SAMPLER ID", 12), "Sampler that took the packet").biflow(Same),
    row("flow end-reason", &ie::FLOW_END_REASON, Source::EndReason, ANY, COLLECT, ("flow end-reason", "flow end-reason", 15), "Why the flow ended").kind(EndReason),
    row("counter bytes", &ie::OCTET_DELTA_COUNT, Source::Octets, ANY, COLLECT, ("bytes", "counter bytes", 10), "IP octets, 32 bits; more go in further records").len(4).nfdump("byt"),
    row("counter bytes long", &ie::OCTET_DELTA_COUNT, Source::Octets, ANY, COLLECT, ("bytes long", "counter bytes long", 20), "IP octets, 64 bits").nfdump("byt"),
    row("counter packets", &ie::PACKET_DELTA_COUNT, Source::Packets, ANY, COLLECT, ("pkts", "counter packets", 10), "Packets, 32 bits; more go in further records").len(4).nfdump("pkt"),
    row("counter packets long", &ie::PACKET_DELTA_COUNT, Source::Packets, ANY, COLLECT, ("pkts long", "counter packets long", 20), "Packets, 64 bits").nfdump("pkt"),
    row("counter flows", &ie::DELTA_FLOW_COUNT, Source::Flows, ANY, COLLECT, ("flows", "counter flows", 10), "Flows in the record: 1").len(4).nfdump("fl"),
    row("timestamp sys-uptime first", &ie::FLOW_START_SYS_UP_TIME, Source::First, ANY, COLLECT, ("time first", "timestamp first", 12), "First packet, time since flowd started").kind(Uptime).nfdump("ts"),
    row("timestamp sys-uptime last", &ie::FLOW_END_SYS_UP_TIME, Source::Last, ANY, COLLECT, ("time last", "timestamp last", 12), "Last packet, time since flowd started").kind(Uptime).nfdump("te"),
    row("timestamp absolute first", &ie::FLOW_START_MILLISECONDS, Source::First, ANY, COLLECT, ("time abs first", "timestamp abs first", 14), "First packet, time of day").nfdump("ts"),
    row("timestamp absolute last", &ie::FLOW_END_MILLISECONDS, Source::Last, ANY, COLLECT, ("time abs last", "timestamp abs last", 13), "Last packet, time of day").nfdump("te"),
    row("timestamp absolute first microseconds", &ie::FLOW_START_MICROSECONDS, Source::First, ANY, COLLECT, ("time abs first us", "timestamp abs first us", 17), "First packet, time of day to the microsecond").nfdump("ts"),
    row("timestamp absolute last microseconds", &ie::FLOW_END_MICROSECONDS, Source::Last, ANY, COLLECT, ("time abs last us", "timestamp abs last us", 16), "Last packet, time of day to the microsecond").nfdump("te"),
    row("timestamp absolute first nanoseconds", &ie::FLOW_START_NANOSECONDS, Source::First, ANY, COLLECT, ("time abs first ns", "timestamp abs first ns", 18), "First packet, time of day to the nanosecond").nfdump("ts"),
    row("timestamp absolute last nanoseconds", &ie::FLOW_END_NANOSECONDS, Source::Last, ANY, COLLECT, ("time abs last ns", "timestamp abs last ns", 18), "Last packet, time of day to the nanosecond").nfdump("te"),
];

/// The fields that a bidirectional cache adds to a record. They cannot be configured.
#[rustfmt::skip]
pub static REVERSE_FIELDS: &[Field] = &[
    reverse("counter bytes reverse", &ie::OCTET_DELTA_COUNT, Reverse::Octets, ("bytes rev", "counter bytes reverse", 10), "IP octets that came back"),
    reverse("counter packets reverse", &ie::PACKET_DELTA_COUNT, Reverse::Packets, ("pkts rev", "counter packets reverse", 10), "Packets that came back"),
    reverse("transport tcp flags reverse", &ie::TCP_CONTROL_BITS, Reverse::TcpFlags, ("tcp flags rev", "tcp flags reverse", 13), "TCP flags that came back").len(1),
    reverse("timestamp absolute first reverse", &ie::FLOW_START_MILLISECONDS, Reverse::Start, ("time abs first rev", "timestamp abs first reverse", 18), "First packet that came back"),
    reverse("timestamp absolute last reverse", &ie::FLOW_END_MILLISECONDS, Reverse::End, ("time abs last rev", "timestamp abs last reverse", 17), "Last packet that came back"),
    reverse("flow biflow-direction", &ie::BIFLOW_DIRECTION, Reverse::Direction, ("biflow dirn", "flow biflow-direction", 11), "Who began: 1 the source, 2 the destination"),
];

const LEAST: &str = "masks and prefixes are those of the host's routes, which are not made longer";

/// Fields of Flexible NetFlow that this host cannot fill, with the reason. They are refused, not left zero.
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

/// Help for words that several fields have in common.
#[rustfmt::skip]
const GROUPS: &[(&str, &str)] = &[
    ("ipv4", "IPv4 header"),
    ("ipv6", "IPv6 header"),
    ("transport", "Transport header"),
    ("datalink", "Link layer header"),
    ("interface", "Interfaces the packet crosses"),
    ("flow", "The flow itself"),
    ("counter", "Packets and octets"),
    ("timestamp", "First and last packet"),
    ("sys-uptime", "Time since flowd started"),
    ("absolute", "Time of day"),
    ("source", "Where it comes from"),
    ("destination", "Where it goes to"),
    ("ttl", "Time to live"),
    ("hop-limit", "Hop limit"),
    ("total-length", "Length with the IP header"),
    ("fragmentation", "Fragment header"),
    ("icmp", "ICMP header"),
    ("tcp", "TCP header"),
    ("udp", "UDP header"),
    ("igmp", "IGMP header"),
    ("mac", "MAC addresses"),
    ("dot1q", "IEEE 802.1Q tag"),
    ("vlan", "VLAN"),
    ("bytes", "IP octets"),
    ("packets", "Packets"),
    ("prefix", "Address under its route's mask"),
    ("mask", "Bits of the route's mask"),
    ("length", "Lengths"),
    ("section", "Octets of the packet as they were"),
    ("header", "From the IP header on"),
    ("payload", "Behind the IP header"),
    ("size", "How many octets"),
    ("option", "IPv4 options"),
    ("extension", "IPv6 extension headers"),
    ("flags", "TCP flags"),
    ("customer", "Second tag"),
    ("mpls", "MPLS label stack"),
    ("label", "Label of the stack, 1 is the top"),
    ("1", "Top label"),
    ("routing", "Routes of this host"),
    ("next-hop", "Next router"),
    ("address", "Address"),
    ("vrf", "VRF"),
    ("input", "Where the packet comes in"),
    ("output", "Where the packet leaves"),
    ("first", "First packet"),
    ("last", "Last packet"),
];

/// Returns the help for a word that several fields have in common.
pub fn word_help(word: &str) -> Option<&'static str> {
    let group = GROUPS.iter().find(|(group, _)| *group == word);
    group.map(|(_, help)| *help)
}
