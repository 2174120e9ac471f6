//! Byte tests: one packet, every value it gives.

use crate::header::{Family, Header, Link, Packet, Skip, Span, Tag, at};
use crate::parse;

fn packet(data: &[u8], link: Link) -> Packet<'_> {
    Packet {
        time_ns: 0,
        data,
        wire_len: data.len() as u32,
        link,
        tag: None,
        outgoing: false,
    }
}

fn read(data: &[u8], link: Link) -> Result<Header, Skip> {
    // A stale header must not shine through.
    let mut header = Header {
        bytes: [0xee; Header::LEN],
        octets: 9,
        tcp_flags: 9,
        protocol: 9,
        family: Family::V6,
    };
    parse(&packet(data, link), &mut header).map(|()| header)
}

fn ethernet(kind: u16, rest: &[u8]) -> Vec<u8> {
    [
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..],
        &kind.to_be_bytes(),
        rest,
    ]
    .concat()
}

fn ipv4(protocol: u8, rest: &[u8]) -> Vec<u8> {
    let total = (20 + rest.len() as u16).to_be_bytes();
    let start = [
        0x45, 0xb8, total[0], total[1], 0x12, 0x34, 0x40, 0, 63, protocol, 0, 0,
    ];
    [&start[..], &[192, 0, 2, 1, 198, 51, 100, 2], rest].concat()
}

fn ipv6(next: u8, rest: &[u8]) -> Vec<u8> {
    let len = (rest.len() as u16).to_be_bytes();
    let mut packet = vec![0x6b, 0x85, 0x43, 0x21, len[0], len[1], next, 62];
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(rest);
    packet
}

/// Ports 4660 and 443, sequence, acknowledgement, 20 octets, CWR and ACK and SYN, window 0xfaf0.
const TCP: [u8; 20] = [
    0x12, 0x34, 1, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0x51, 0x92, 0xfa, 0xf0, 0, 0, 0, 0,
];
const UDP: [u8; 8] = [0, 53, 0x80, 0, 0, 8, 0, 0];

fn number(header: &Header, span: Span) -> u64 {
    header
        .get(span)
        .iter()
        .fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// The key as the golden files write it: protocol, ports, octets.
fn key(header: &Header) -> (u8, u64, u64, u32) {
    assert_eq!(number(header, at::PROTOCOL), header.protocol.into());
    assert_eq!(number(header, at::IP_TOTAL_LENGTH), header.octets.into());
    (
        header.protocol,
        number(header, at::SOURCE_PORT),
        number(header, at::DESTINATION_PORT),
        header.octets,
    )
}

/// Every value that is not zero, by its place.
fn values(header: &Header) -> Vec<(u16, u8)> {
    (0..)
        .zip(header.bytes)
        .filter(|(_, octet)| *octet != 0)
        .collect()
}

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
        ..packet(&frame, Link::Ethernet)
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
    let header = read(&ethernet(0x86dd, &ipv6(17, &UDP)), Link::Ethernet).unwrap();
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

#[test]
fn every_link_type_leads_to_the_ip_header() {
    let ip = ipv4(17, &UDP);
    let behind = |start: &[u8]| [start, &ip].concat();
    let cooked =
        |kind: [u8; 2]| [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0][..], &kind, &ip].concat();
    let cases = [
        (Link::Raw, ip.clone()),
        (Link::Ipv4, ip.clone()),
        (Link::Null, behind(&[2, 0, 0, 0])),
        (Link::Null, behind(&[0, 0, 0, 2])),
        (Link::Loop, behind(&[0, 0, 0, 2])),
        (Link::Ppp, behind(&[0xff, 3, 0, 0x21])),
        (Link::Ppp, behind(&[0x21])),
        (Link::PppSerial, behind(&[0, 0x21])),
        (Link::PppEther, behind(&[0x11, 0, 0, 1, 0, 30, 0, 0x21])),
        (Link::CiscoHdlc, behind(&[0x0f, 0, 8, 0])),
        (Link::Sll, cooked([8, 0])),
        (
            Link::Sll2,
            behind(&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0]),
        ),
        (
            Link::Ethernet,
            ethernet(0x8864, &behind(&[0x11, 0, 0, 1, 0, 30, 0, 0x21])),
        ),
        (
            Link::Ethernet,
            ethernet(0x8847, &behind(&[0, 1, 0x20, 64, 0, 0, 0x31, 64])),
        ),
        (Link::PppSerial, behind(&[0xff, 3, 2, 0x81, 0, 0, 0x31, 64])),
        (
            Link::Ethernet,
            ethernet(36, &behind(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
        ),
        (
            Link::Ethernet,
            ethernet(
                0x88e7,
                &[&[0, 0, 0, 1][..], &ethernet(0x0800, &ip)].concat(),
            ),
        ),
        (
            Link::Ethernet,
            ethernet(0x8926, &behind(&[0, 0, 0, 1, 8, 0])),
        ),
        (
            Link::Ethernet,
            ethernet(0x893f, &behind(&[0, 0, 0, 1, 0, 0, 8, 0])),
        ),
        (
            Link::Ethernet,
            ethernet(
                0x9200,
                &behind(&[0, 1, 0x91, 0, 0, 2, 0x88, 0xa8, 0, 3, 0x81, 0, 0, 4, 8, 0]),
            ),
        ),
    ];
    for (link, data) in cases {
        let header =
            read(&data, link).unwrap_or_else(|skip| panic!("{link:?} {data:02x?}: {skip:?}"));
        assert_eq!(key(&header), (17, 53, 0x8000, 28), "{link:?} {data:02x?}");
        if matches!(link, Link::Sll | Link::Sll2) {
            assert_eq!(header.get(at::SOURCE_MAC), [2, 0, 0, 0, 0, 2]);
        }
        // Cut anywhere, it is skipped with a reason or has the same octets.
        for cut in 0..data.len() {
            let short = Packet {
                wire_len: data.len() as u32,
                ..packet(&data[..cut], link)
            };
            let mut header = Header::empty();
            if parse(&short, &mut header).is_ok() {
                assert_eq!(
                    (header.octets, header.protocol),
                    (28, 17),
                    "{link:?} cut at {cut}"
                );
            }
        }
    }
    let header = read(
        &ethernet(
            0x8847,
            &[&[0x12, 0x34, 0x5e, 9, 0, 0, 0x31, 64][..], &ip].concat(),
        ),
        Link::Ethernet,
    );
    let header = header.unwrap();
    assert_eq!(header.get(at::MPLS_TOP), [0x12, 0x34, 0x5e]);
    assert_eq!(header.get(at::mpls_label(1)), [0, 0, 0x31]);
    assert_eq!(header.get(at::mpls_label(2)), [0, 0, 0]);
    assert_eq!(
        (header.get(at::MPLS_TTL), header.get(at::MPLS_EXP)),
        (&[9][..], &[7][..])
    );
    for family in [10, 24, 28, 30] {
        let data = [&[0, 0, 0, family][..], &ipv6(17, &UDP)].concat();
        assert_eq!(key(&read(&data, Link::Loop).unwrap()), (17, 53, 0x8000, 48));
    }
    let tags = read(
        &ethernet(
            0x9200,
            &[&[0, 1, 0x91, 0, 0, 2, 0x81, 0, 0, 3, 8, 0][..], &ip].concat(),
        ),
        Link::Ethernet,
    );
    let tags = tags.unwrap();
    assert_eq!(
        (number(&tags, at::VLAN), number(&tags, at::CUSTOMER_VLAN)),
        (1, 2)
    );
    assert_eq!(number(&tags, at::ETHERTYPE), 0x0800);
}

#[test]
fn what_is_skipped_says_why() {
    let bad = |edit: fn(&mut Vec<u8>)| {
        let mut frame = ethernet(0x0800, &ipv4(6, &TCP));
        edit(&mut frame);
        read(&frame, Link::Ethernet).unwrap_err()
    };
    assert_eq!(bad(|frame| frame.truncate(13)), Skip::LinkTruncated);
    assert_eq!(bad(|frame| frame.truncate(33)), Skip::IpTruncated);
    assert_eq!(bad(|frame| frame[14] = 0x65), Skip::IpVersion);
    assert_eq!(bad(|frame| frame[14] = 0x44), Skip::IpHeaderLength);
    assert_eq!(
        bad(|frame| frame[16..18].copy_from_slice(&[0, 19])),
        Skip::IpTotalLength
    );
    assert_eq!(
        bad(|frame| frame[12..14].copy_from_slice(&[8, 6])),
        Skip::NotIp
    );
    assert_eq!(
        bad(|frame| frame[12..14].copy_from_slice(&[0, 40])),
        Skip::NotIp
    );
    assert_eq!(
        bad(|frame| frame[12..14].copy_from_slice(&[0x86, 0xdd])),
        Skip::IpVersion
    );
    let cases: &[(&[u8], Link, Skip)] = &[
        (&[0x45; 40], Link::Other(147), Skip::LinkType),
        (&[0; 40], Link::Raw, Skip::NotIp),
        (&[], Link::Raw, Skip::IpTruncated),
        (&[], Link::Ppp, Skip::LinkTruncated),
        (&[0xc0, 0x21], Link::Ppp, Skip::NotIp),
        (&[0, 0, 0, 7, 0x45], Link::Loop, Skip::NotIp),
        (&[0x88, 0x47, 0, 0, 0, 0], Link::Sll2, Skip::LinkTruncated),
        (
            &[0x0f, 0, 0x81, 0, 0, 1, 8],
            Link::CiscoHdlc,
            Skip::LinkTruncated,
        ),
        (
            &[0x0f, 0, 0x88, 0x47, 0, 0, 1, 64, 0, 0, 0, 0],
            Link::CiscoHdlc,
            Skip::NotIp,
        ),
        (
            &[0x0f, 0, 0x88, 0x47, 0, 0, 0, 64],
            Link::CiscoHdlc,
            Skip::LinkTruncated,
        ),
    ];
    for (data, link, skip) in cases {
        assert_eq!(
            read(data, *link).unwrap_err(),
            *skip,
            "{link:?} {data:02x?}"
        );
    }
}

#[test]
fn protocols_and_their_ports() {
    let of = |protocol, rest: &[u8]| key(&read(&ipv4(protocol, rest), Link::Raw).unwrap());
    for protocol in [17, 33, 132, 136] {
        assert_eq!(of(protocol, &UDP), (protocol, 53, 0x8000, 28));
    }
    for protocol in [1, 58] {
        assert_eq!(of(protocol, &[3, 1, 0, 0]), (protocol, 0, 0x0301, 24));
        assert_eq!(of(protocol, &[3]), (protocol, 0, 0, 21));
    }
    for protocol in [2, 4, 41, 47, 50, 51, 89, 115] {
        assert_eq!(of(protocol, &UDP), (protocol, 0, 0, 28));
    }
    assert_eq!(
        number(
            &read(&ipv4(2, &[0x16, 0]), Link::Raw).unwrap(),
            at::IGMP_TYPE
        ),
        0x16
    );
    assert_eq!(
        number(&read(&ipv4(1, &[8, 0]), Link::Raw).unwrap(), at::ICMP_TYPE),
        8
    );
    // What is captured of a TCP header is used.
    for (cut, ports, flags) in [
        (3, 0, 0),
        (4, 443, 0),
        (13, 443, 0),
        (14, 443, 0x192),
        (16, 443, 0x192),
    ] {
        let header = read(&ipv4(6, &TCP[..cut]), Link::Raw).unwrap();
        assert_eq!(
            (number(&header, at::DESTINATION_PORT), header.tcp_flags),
            (ports, flags),
            "{cut} octets"
        );
    }
}

#[test]
fn lengths_are_the_ip_headers_own() {
    let mut frame = ipv4(17, &UDP);
    let mut header = Header::empty();
    // A short capture.
    let short = Packet {
        wire_len: 28,
        ..packet(&frame[..24], Link::Raw)
    };
    parse(&short, &mut header).unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 28));
    // Segmentation offload: the length on the wire.
    frame[2..4].fill(0);
    parse(
        &Packet {
            wire_len: 70_000,
            ..packet(&frame, Link::Raw)
        },
        &mut header,
    )
    .unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 70_000));
    // A header that promises more than the frame has.
    frame[2..4].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(
        key(&read(&frame, Link::Raw).unwrap()),
        (17, 53, 0x8000, 65_535)
    );
    // Link padding is no part of the packet.
    let mut padded = ethernet(0x0800, &ipv4(6, &TCP[..4]));
    padded.extend(&TCP[4..]);
    assert_eq!(
        (
            read(&padded, Link::Ethernet).unwrap().tcp_flags,
            padded.len()
        ),
        (0, 54)
    );
    let mut jumbo = ipv6(17, &UDP);
    jumbo[4..6].fill(0);
    parse(
        &Packet {
            wire_len: 100_040,
            ..packet(&jumbo, Link::Raw)
        },
        &mut header,
    )
    .unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 100_040));
    jumbo[6] = 59;
    assert_eq!(key(&read(&jumbo, Link::Raw).unwrap()), (59, 0, 0, 40));
}

#[test]
fn fragments() {
    let fragment = |flags: [u8; 2]| {
        let mut packet = ipv4(17, &UDP);
        packet[6..8].copy_from_slice(&flags);
        read(&packet, Link::Raw).unwrap()
    };
    let first = fragment([0x20, 0]);
    assert_eq!(
        (key(&first), number(&first, at::FRAGMENT_FLAGS)),
        ((17, 53, 0x8000, 28), 0x20)
    );
    let later = fragment([0x20, 0xb9]);
    assert_eq!(
        (key(&later), number(&later, at::FRAGMENT_OFFSET)),
        ((17, 0, 0, 28), 0xb9)
    );

    let fragment = |offset: [u8; 2]| {
        let rest = [&[17, 0, offset[0], offset[1], 1, 2, 3, 4][..], &UDP].concat();
        read(&ipv6(44, &rest), Link::Raw).unwrap()
    };
    let atomic = fragment([0, 0]);
    assert_eq!(key(&atomic), (17, 53, 0x8000, 56));
    assert_eq!(
        (
            number(&atomic, at::FRAGMENT_ID),
            number(&atomic, at::NEXT_HEADER)
        ),
        (0x0102_0304, 44)
    );
    let later = fragment([0x05, 0xc9]);
    assert_eq!(
        (key(&later), number(&later, at::FRAGMENT_OFFSET)),
        ((17, 0, 0, 56), 0xb9)
    );
    assert_eq!(number(&later, at::FRAGMENT_FLAGS), 0x20);
}

#[test]
fn extension_headers() {
    let of = |next, rest: &[u8]| key(&read(&ipv6(next, rest), Link::Raw).unwrap());
    let chain = [
        &[43, 0, 0, 0, 0, 0, 0, 0][..],
        &[60, 1],
        &[0; 14],
        &[51, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let all = [&chain[..], &[17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &UDP].concat();
    assert_eq!(of(0, &all), (17, 53, 0x8000, 40 + all.len() as u32));
    // Cut short, longer than the packet, cut by the capture.
    assert_eq!(of(0, &[17, 0, 0, 0]), (0, 0, 0, 44));
    assert_eq!(
        of(60, &[17, 9, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
        (17, 0, 0, 52)
    );
    let whole = ipv6(60, &[&[17, 9][..], &[0; 78], &UDP].concat());
    let mut header = Header::empty();
    parse(
        &Packet {
            wire_len: whole.len() as u32,
            ..packet(&whole[..60], Link::Raw)
        },
        &mut header,
    )
    .unwrap();
    assert_eq!(key(&header), (17, 0, 0, 128));
    // More of them than anyone sends.
    let mut endless = [60, 0, 0, 0, 0, 0, 0, 0].repeat(40);
    endless.extend(UDP);
    assert_eq!(of(60, &endless), (60, 0, 0, 368));
    // Mobility, HIP and shim6 are followed where something follows; else they are the protocol themselves.
    for protocol in [135, 139, 140] {
        let udp = [&[17, 0, 0, 0, 0, 0, 0, 0][..], &UDP].concat();
        assert_eq!(of(protocol, &udp), (17, 53, 0x8000, 56));
        let signalling = [59, 1, 5, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(of(protocol, &signalling), (protocol, 0, 0, 56));
    }
    // What ESP hides nobody knows.
    assert_eq!(of(50, &UDP), (50, 0, 0, 48));
}

#[test]
fn jumbograms_have_their_own_length() {
    const HEADER: usize = 48;
    let jumbo = |options: [u8; 6], captured: usize, wire_len: u32| {
        let mut data = ipv6(0, &[&[17, 0][..], &options, &UDP].concat());
        data[4..6].fill(0);
        data.resize(captured, 0);
        let mut header = Header::empty();
        let packet = Packet {
            wire_len,
            ..packet(&data, Link::Raw)
        };
        parse(&packet, &mut header).unwrap();
        key(&header)
    };
    // RFC 2675 §2: the option's length does not count the fixed header.
    let option = |octets: u32| {
        let [a, b, c, d] = octets.to_be_bytes();
        [0xc2, 4, a, b, c, d]
    };
    let whole = HEADER + UDP.len();
    assert_eq!(
        jumbo(option(70_000), whole, 70_060),
        (17, 53, 0x8000, 70_040)
    );
    // Not beyond the end of the packet; not one that an ordinary packet could have; no such option.
    assert_eq!(
        jumbo(option(0xffff_fff0), whole, 70_060),
        (17, 53, 0x8000, 70_060)
    );
    assert_eq!(jumbo(option(40), whole, 70_060), (17, 53, 0x8000, 70_060));
    assert_eq!(
        jumbo([1, 4, 0, 0, 0, 0], whole, 70_060),
        (17, 53, 0x8000, 70_060)
    );
    assert_eq!(
        jumbo([1, 9, 0, 0, 0, 0], whole, 70_060),
        (17, 53, 0x8000, 70_060)
    );
    // Not captured.
    assert_eq!(jumbo(option(70_000), 44, 70_060), (0, 0, 0, 70_060));
}

#[test]
fn a_deeper_label_stack_than_is_kept_is_read_through() {
    let mut labels: Vec<u8> = (1..=12).flat_map(|label| [0, label, 0, 64]).collect();
    labels[46] = 1; // the bottom
    let data = ethernet(0x8847, &[&labels[..], &ipv4(17, &UDP)].concat());
    let header = read(&data, Link::Ethernet).unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 28));
    for depth in 0..at::MPLS_LABELS {
        assert_eq!(header.get(at::mpls_label(depth)), [0, depth as u8 + 1, 0]);
    }
}

#[test]
fn extension_headers_are_told_by_their_bits() {
    let map = |next: u8, rest: &[u8]| {
        let header = read(&ipv6(next, rest), Link::Raw).unwrap();
        number(&header, at::EXTENSION_HEADERS)
    };
    let udp = |kinds: &[u8]| {
        let mut rest = Vec::new();
        for next in kinds.iter().skip(1).chain([&17]) {
            rest.extend([*next, 0, 0, 0, 0, 0, 0, 0]);
        }
        map(kinds[0], &[&rest[..], &UDP].concat())
    };
    assert_eq!(map(17, &UDP), 0);
    assert_eq!(udp(&[60]), 0x8000_0000);
    assert_eq!(udp(&[0, 60]), 0xc000_0000);
    assert_eq!(udp(&[0, 43, 44, 60]), 0xcc00_0000);
    // A later fragment: nothing behind its header is one.
    assert_eq!(
        map(44, &[60, 0, 0, 8, 0, 0, 0, 1, 17, 0, 1, 2, 3, 4, 5, 6]),
        0x0200_0000
    );
    // AH counts its length in words of four octets, less two.
    assert_eq!(
        map(
            51,
            &[&[17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &UDP].concat()
        ),
        0x0002_0000
    );
    for (next, bit) in [
        (135, 12),
        (50, 13),
        (108, 15),
        (139, 16),
        (140, 17),
        (253, 18),
        (254, 19),
    ] {
        let last = [59, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(map(next, &last), 0x8000_0000 >> bit, "{next}");
    }
    // Announced but cut off.
    assert_eq!(map(0, &[17, 0]), 0x4000_0000);
}

#[test]
fn ipv4_options_are_told_by_their_numbers() {
    let map = |options: &[u8]| {
        let mut packet = ipv4(17, &[options, &UDP].concat());
        packet[0] = 0x45 + options.len() as u8 / 4;
        let header = read(&packet, Link::Raw).unwrap();
        assert_eq!(number(&header, at::IPV4_IHL), 5 + options.len() as u64 / 4);
        assert_eq!(number(&header, at::IP_PAYLOAD_LENGTH), 8);
        assert_eq!(header.get(at::PAYLOAD_SECTION.first(8)), UDP);
        number(&header, at::IPV4_OPTIONS)
    };
    assert_eq!(map(&[]), 0);
    // Router alert is number 20: bit 4 of the third octet.
    assert_eq!(map(&[148, 4, 0, 0]), 0x0000_1000);
    // Record route with a length, no operation, end of list: 7, 1 and 0; nothing behind the end counts.
    assert_eq!(map(&[7, 3, 4, 1, 1, 0, 148, 4]), 0x8300_0000);
    // Number 7 in another class is not record route; a length that goes nowhere ends it.
    assert_eq!(map(&[0x87 | 0x60, 4, 0, 0]), 0);
    assert_eq!(map(&[68, 1, 148, 4]), 0x1000_0000);
    assert_eq!(map(&[148, 200, 1, 1]), 0x0000_1000);
}
