//! IP headers: ports, lengths, fragments, extension headers and options.

use super::*;

#[test]
fn protocols_and_their_ports() {
    let of = |protocol, rest: &[u8]| key(&read(&ipv4(protocol, rest), LinkType::Raw).unwrap());
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
            &read(&ipv4(2, &[0x16, 0]), LinkType::Raw).unwrap(),
            at::IGMP_TYPE
        ),
        0x16
    );
    assert_eq!(
        number(
            &read(&ipv4(1, &[8, 0]), LinkType::Raw).unwrap(),
            at::ICMP_TYPE
        ),
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
        let header = read(&ipv4(6, &TCP[..cut]), LinkType::Raw).unwrap();
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
        ..packet(&frame[..24], LinkType::Raw)
    };
    parse(&short, &mut header).unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 28));
    // Segmentation offload: the length on the wire.
    frame[2..4].fill(0);
    parse(
        &Packet {
            wire_len: 70_000,
            ..packet(&frame, LinkType::Raw)
        },
        &mut header,
    )
    .unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 70_000));
    // A header that promises more than the frame has.
    frame[2..4].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(
        key(&read(&frame, LinkType::Raw).unwrap()),
        (17, 53, 0x8000, 65_535)
    );
    // Link padding is no part of the packet.
    let mut padded = ethernet(0x0800, &ipv4(6, &TCP[..4]));
    padded.extend(&TCP[4..]);
    assert_eq!(
        (
            read(&padded, LinkType::Ethernet).unwrap().tcp_flags,
            padded.len()
        ),
        (0, 54)
    );
    let mut jumbo = ipv6(17, &UDP);
    jumbo[4..6].fill(0);
    parse(
        &Packet {
            wire_len: 100_040,
            ..packet(&jumbo, LinkType::Raw)
        },
        &mut header,
    )
    .unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 100_040));
    jumbo[6] = 59;
    assert_eq!(key(&read(&jumbo, LinkType::Raw).unwrap()), (59, 0, 0, 40));
}

#[test]
fn fragments() {
    let fragment = |flags: [u8; 2]| {
        let mut packet = ipv4(17, &UDP);
        packet[6..8].copy_from_slice(&flags);
        read(&packet, LinkType::Raw).unwrap()
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
        read(&ipv6(44, &rest), LinkType::Raw).unwrap()
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
    let of = |next, rest: &[u8]| key(&read(&ipv6(next, rest), LinkType::Raw).unwrap());
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
            ..packet(&whole[..60], LinkType::Raw)
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
            ..packet(&data, LinkType::Raw)
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
fn extension_headers_are_told_by_their_bits() {
    let map = |next: u8, rest: &[u8]| {
        let header = read(&ipv6(next, rest), LinkType::Raw).unwrap();
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
        let header = read(&packet, LinkType::Raw).unwrap();
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
