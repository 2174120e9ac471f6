//! Every value of two packets, byte by byte.

use super::*;

#[test]
fn every_value_of_a_tcp_segment() {
    let mut frame = ethernet(0x8100, &[0x60, 0x0a, 0x08, 0x00]);
    frame.extend(ipv4(6, &TCP));
    frame.extend([0xaa; 6]);
    let mut header = Header::empty();
    let whole = Packet {
        tag: Some(Tag {
            tpid: 0x88a8,
            tci: 0xe064,
        }),
        outgoing: true,
        ..packet(&frame, LinkType::Ethernet)
    };
    parse(&whole, &mut header).unwrap();
    let mut expected = Header::empty();
    for (span, value) in [
        (at::SOURCE_IPV4, &[192, 0, 2, 1][..]),
        (at::DESTINATION_IPV4, &[198, 51, 100, 2]),
        (at::SOURCE_PORT, &[0x12, 0x34]),
        (at::DESTINATION_PORT, &[1, 0xbb]),
        (at::PROTOCOL, &[6]),
        (at::TOS, &[0xb8]),
        (at::TTL, &[63]),
        (at::VERSION, &[4]),
        (at::DIRECTION, &[1]),
        (at::IP_HEADER_LENGTH, &[20]),
        (at::FRAGMENT_FLAGS, &[0x40]),
        (at::VLAN, &[0, 100]),
        (at::IP_TOTAL_LENGTH, &[0, 0, 0, 40]),
        (at::FRAGMENT_ID, &[0, 0, 0x12, 0x34]),
        (at::TCP_FLAGS, &[1, 0x92]),
        (at::SOURCE_MAC, &[2, 0, 0, 0, 0, 2]),
        (at::DESTINATION_MAC, &[2, 0, 0, 0, 0, 1]),
        (at::ETHERTYPE, &[8, 0]),
        (at::CUSTOMER_VLAN, &[0, 10]),
        (at::DSCP, &[46]),
        (at::PRECEDENCE, &[5]),
        (at::VLAN_PRIORITY, &[7]),
        (at::TCP_WINDOW, &[0xfa, 0xf0]),
        (at::TCP_SEQUENCE, &[1, 2, 3, 4]),
        (at::TCP_ACKNOWLEDGEMENT, &[5, 6, 7, 8]),
        (at::TCP_HEADER_LENGTH, &[20]),
        (at::IPV4_IHL, &[5]),
        (at::CUSTOMER_PRIORITY, &[3]),
        (at::POST_VLAN, &[0, 100]),
        (at::TCP_SOURCE_PORT, &[0x12, 0x34]),
        (at::TCP_DESTINATION_PORT, &[1, 0xbb]),
        (at::IP_PAYLOAD_LENGTH, &[0, 0, 0, 20]),
        (at::POST_SOURCE_MAC, &[2, 0, 0, 0, 0, 2]),
        (at::POST_DESTINATION_MAC, &[2, 0, 0, 0, 0, 1]),
        // The padding of the frame is no part of the packet.
        (at::IP_SECTION.first(40), &ipv4(6, &TCP)),
        (at::PAYLOAD_SECTION.first(20), &TCP),
    ] {
        expected.set(span, value);
    }
    assert_eq!(values(&header), values(&expected));
    assert_eq!(
        (
            header.octets,
            header.tcp_flags,
            header.protocol,
            header.family
        ),
        (40, 0x192, 6, Family::V4)
    );
}

#[test]
fn every_value_of_an_ipv6_datagram() {
    let header = read(&ethernet(0x86dd, &ipv6(17, &UDP)), LinkType::Ethernet).unwrap();
    let mut expected = Header::empty();
    for (span, value) in [
        (
            at::SOURCE_IPV6,
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..],
        ),
        (
            at::DESTINATION_IPV6,
            &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
        ),
        (at::SOURCE_PORT, &[0, 53]),
        (at::DESTINATION_PORT, &[0x80, 0]),
        (at::PROTOCOL, &[17]),
        (at::TOS, &[0xb8]),
        (at::TTL, &[62]),
        (at::VERSION, &[6]),
        (at::IP_HEADER_LENGTH, &[40]),
        (at::IP_TOTAL_LENGTH, &[0, 0, 0, 48]),
        (at::FLOW_LABEL, &[0, 5, 0x43, 0x21]),
        (at::SOURCE_MAC, &[2, 0, 0, 0, 0, 2]),
        (at::DESTINATION_MAC, &[2, 0, 0, 0, 0, 1]),
        (at::ETHERTYPE, &[0x86, 0xdd]),
        (at::DSCP, &[46]),
        (at::PRECEDENCE, &[5]),
        (at::UDP_LENGTH, &[0, 8]),
        (at::NEXT_HEADER, &[17]),
        (at::IPV6_PAYLOAD_LENGTH, &[0, 8]),
        (at::UDP_SOURCE_PORT, &[0, 53]),
        (at::UDP_DESTINATION_PORT, &[0x80, 0]),
        (at::IP_PAYLOAD_LENGTH, &[0, 0, 0, 8]),
        (at::IP_SECTION.first(48), &ipv6(17, &UDP)),
        (at::PAYLOAD_SECTION.first(8), &UDP),
    ] {
        expected.set(span, value);
    }
    assert_eq!(values(&header), values(&expected));
    assert_eq!(
        (
            header.octets,
            header.tcp_flags,
            header.protocol,
            header.family
        ),
        (48, 0, 17, Family::V6)
    );
}
