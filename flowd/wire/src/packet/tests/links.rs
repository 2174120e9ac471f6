//! Link types, VLAN tags and MPLS labels, and the reasons to skip a packet.

use super::*;

#[path = "../../../tests/link_headers/mod.rs"]
mod link_headers;
use link_headers::{HEADERS, octets};

#[test]
fn every_link_type_leads_to_the_ip_header() {
    let ip = ipv4(17, &UDP);
    let behind = |start: &[u8]| [start, &ip].concat();
    let cooked =
        |kind: [u8; 2]| [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0][..], &kind, &ip].concat();
    let cases = [
        (LinkType::Raw, ip.clone()),
        (LinkType::Ipv4, ip.clone()),
        (LinkType::Null, behind(&[2, 0, 0, 0])),
        (LinkType::Null, behind(&[0, 0, 0, 2])),
        (LinkType::Loop, behind(&[0, 0, 0, 2])),
        (LinkType::Ppp, behind(&[0xff, 3, 0, 0x21])),
        (LinkType::Ppp, behind(&[0x21])),
        (LinkType::PppSerial, behind(&[0, 0x21])),
        (LinkType::PppEther, behind(&[0x11, 0, 0, 1, 0, 30, 0, 0x21])),
        (LinkType::CiscoHdlc, behind(&[0x0f, 0, 8, 0])),
        (LinkType::CiscoHdlc, behind(&[0x8f, 0, 8, 0])),
        (LinkType::CiscoHdlc, behind(&[0xff, 3, 8, 0])),
        (LinkType::PppSerial, behind(&[0x0f, 0, 8, 0])),
        (LinkType::PppSerial, behind(&[0x8f, 0, 8, 0])),
        (LinkType::PppSerial, behind(&[0x8f, 0, 0x81, 0, 0, 5, 8, 0])),
        (LinkType::Sll, cooked([8, 0])),
        (
            LinkType::Sll2,
            behind(&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0]),
        ),
        (
            LinkType::Ethernet,
            ethernet(0x8864, &behind(&[0x11, 0, 0, 1, 0, 30, 0, 0x21])),
        ),
        (
            LinkType::Ethernet,
            ethernet(0x8847, &behind(&[0, 1, 0x20, 64, 0, 0, 0x31, 64])),
        ),
        (
            LinkType::PppSerial,
            behind(&[0xff, 3, 2, 0x81, 0, 0, 0x31, 64]),
        ),
        (
            LinkType::Ethernet,
            ethernet(36, &behind(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
        ),
        (
            LinkType::Ethernet,
            ethernet(
                0x88e7,
                &[&[0, 0, 0, 1][..], &ethernet(0x0800, &ip)].concat(),
            ),
        ),
        (
            LinkType::Ethernet,
            ethernet(0x8926, &behind(&[0, 0, 0, 1, 8, 0])),
        ),
        (
            LinkType::Ethernet,
            ethernet(0x893f, &behind(&[0, 0, 0, 1, 0, 0, 8, 0])),
        ),
        (
            LinkType::Ethernet,
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
        if matches!(link, LinkType::Sll | LinkType::Sll2) {
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
        LinkType::Ethernet,
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
        assert_eq!(
            key(&read(&data, LinkType::Loop).unwrap()),
            (17, 53, 0x8000, 48)
        );
    }
    let tags = read(
        &ethernet(
            0x9200,
            &[&[0, 1, 0x91, 0, 0, 2, 0x81, 0, 0, 3, 8, 0][..], &ip].concat(),
        ),
        LinkType::Ethernet,
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
        read(&frame, LinkType::Ethernet).unwrap_err()
    };
    assert_eq!(bad(|frame| frame.truncate(13)), SkipReason::LinkTruncated);
    assert_eq!(bad(|frame| frame.truncate(33)), SkipReason::IpTruncated);
    assert_eq!(bad(|frame| frame[14] = 0x65), SkipReason::IpVersion);
    assert_eq!(bad(|frame| frame[14] = 0x44), SkipReason::IpHeaderLength);
    assert_eq!(
        bad(|frame| frame[16..18].copy_from_slice(&[0, 19])),
        SkipReason::IpTotalLength
    );
    assert_eq!(
        bad(|frame| frame[12..14].copy_from_slice(&[8, 6])),
        SkipReason::NotIp
    );
    assert_eq!(
        bad(|frame| frame[12..14].copy_from_slice(&[0, 40])),
        SkipReason::NotIp
    );
    assert_eq!(
        bad(|frame| frame[12..14].copy_from_slice(&[0x86, 0xdd])),
        SkipReason::IpVersion
    );
    let cases: &[(&[u8], LinkType, SkipReason)] = &[
        (&[0x45; 40], LinkType::Other(147), SkipReason::LinkType),
        (&[0; 40], LinkType::Raw, SkipReason::NotIp),
        (&[], LinkType::Raw, SkipReason::IpTruncated),
        (&[], LinkType::Ppp, SkipReason::LinkTruncated),
        (&[0xc0, 0x21], LinkType::Ppp, SkipReason::NotIp),
        (&[0, 0, 0, 7, 0x45], LinkType::Loop, SkipReason::NotIp),
        (
            &[0x88, 0x47, 0, 0, 0, 0],
            LinkType::Sll2,
            SkipReason::LinkTruncated,
        ),
        (
            &[0x0f, 0, 0x81, 0, 0, 1, 8],
            LinkType::CiscoHdlc,
            SkipReason::LinkTruncated,
        ),
        (
            &[0x0f, 0, 0x88, 0x47, 0, 0, 1, 64, 0, 0, 0, 0],
            LinkType::CiscoHdlc,
            SkipReason::NotIp,
        ),
        (
            &[0x0f, 0, 0x88, 0x47, 0, 0, 0, 64],
            LinkType::CiscoHdlc,
            SkipReason::LinkTruncated,
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
fn a_deeper_label_stack_than_is_kept_is_read_through() {
    let mut labels: Vec<u8> = (1..=12).flat_map(|label| [0, label, 0, 64]).collect();
    labels[46] = 1; // the bottom
    let data = ethernet(0x8847, &[&labels[..], &ipv4(17, &UDP)].concat());
    let header = read(&data, LinkType::Ethernet).unwrap();
    assert_eq!(key(&header), (17, 53, 0x8000, 28));
    for depth in 0..at::MPLS_LABELS {
        assert_eq!(header.get(at::mpls_label(depth)), [0, depth as u8 + 1, 0]);
    }
}

#[test]
fn headers_of_many_systems_lead_to_the_ip_header() {
    let ip = ipv4(17, &UDP);
    for (number, text, addresses) in HEADERS {
        let front = octets(text);
        let data = [&front[..], &ip].concat();
        let link = LinkType::from(*number);
        assert_ne!(link, LinkType::Other(*number));
        let header = read(&data, link).unwrap_or_else(|skip| panic!("{link:?} {text}: {skip:?}"));
        assert_eq!(key(&header), (17, 53, 0x8000, 28), "{link:?} {text}");
        let macs = [header.get(at::DESTINATION_MAC), header.get(at::SOURCE_MAC)];
        assert_eq!(macs, addresses.unwrap_or_default(), "{link:?} {text}");
        // Cut anywhere, it is skipped with a reason or has the same octets.
        for cut in 0..data.len() {
            let short = Packet {
                wire_len: data.len() as u32,
                ..packet(&data[..cut], link)
            };
            let mut header = Header::empty();
            if parse(&short, &mut header).is_ok() {
                let found = (header.octets, header.protocol);
                assert_eq!(found, (28, 17), "{link:?} {text} cut at {cut}");
            }
        }
    }
}

#[test]
fn ipv6_is_read_behind_families_of_every_system() {
    let ip = ipv6(17, &UDP);
    for (number, front) in [
        (109, "1c000000 00001234 00000010"),
        (109, "00000018 00001234 00000010"),
        (100, "fefe03 8e"),
        (107, "1841 03 8e"),
        (204, "00 0057"),
        (205, "00 8f00 86dd"),
        (
            226,
            "01 1a 0000 00000030 00000001 00000001 00000000 00000000",
        ),
        (239, "0a 00 0005 3400 0900"),
        (50, "0f00 86dd"),
        (
            105,
            "0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 86dd",
        ),
    ] {
        let data = [octets(front), ip.clone()].concat();
        let header = read(&data, LinkType::from(number)).unwrap();
        assert_eq!(key(&header), (17, 53, 0x8000, 48), "{number} {front}");
    }
}

#[test]
fn what_has_no_ip_packet_is_skipped() {
    let wifi = |control: &str| {
        octets(&format!(
            "{control} 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800"
        ))
    };
    let ip = ipv4(17, &UDP);
    for (number, front, skip) in [
        // A beacon, an acknowledgement, no data, encrypted data.
        (105, wifi("8000"), SkipReason::NotIp),
        (105, wifi("d400"), SkipReason::NotIp),
        (105, wifi("4801"), SkipReason::NotIp),
        (105, wifi("c801"), SkipReason::NotIp),
        (105, wifi("0841"), SkipReason::NotIp),
        // A later fragment.
        (
            105,
            octets("0801 0000 020000000009 020000000002 020000000001 1100 aaaa03 000000 0800"),
            SkipReason::NotIp,
        ),
        (127, octets("0000 ff00"), SkipReason::LinkTruncated),
        (117, octets("2c 02"), SkipReason::NotIp),
        (117, octets("ff 02"), SkipReason::LinkTruncated),
        (
            239,
            octets("02 00 0005 0800 0100 0800 01 00"),
            SkipReason::NotIp,
        ),
        (239, octets("02 00 0005 0300 0100"), SkipReason::NotIp),
        // Headers that name each other.
        (
            192,
            octets("00 00 0800 c0000000 00 00 0800 65000000"),
            SkipReason::LinkType,
        ),
        (
            192,
            octets("00 00 0800 02010000 0c000000 01000000 65000000"),
            SkipReason::LinkType,
        ),
        (192, octets("00 00 0700 65000000"), SkipReason::NotIp),
        (192, octets("00 00 0800 bd000000"), SkipReason::LinkType),
        (258, octets("0c000000 00000000 65000000"), SkipReason::NotIp),
        (
            258,
            octets("ffffffff 01000000 65000000"),
            SkipReason::LinkTruncated,
        ),
        (
            123,
            octets("81 00 0020 aaaa03 000000 0800"),
            SkipReason::NotIp,
        ),
        (107, octets("1841 03 81"), SkipReason::NotIp),
        (107, octets("1840 1840 03 cc"), SkipReason::NotIp),
        (
            10,
            octets("50 020000000001 020000000002 e0e003 000000 0800"),
            SkipReason::NotIp,
        ),
    ] {
        let data = match number {
            239 => front,
            _ => [front, ip.clone()].concat(),
        };
        let found = read(&data, LinkType::from(number)).unwrap_err();
        assert_eq!(found, skip, "{number} {data:02x?}");
    }
}

#[test]
fn the_list_of_link_types_that_are_read_is_one_of_numbers_and_names() {
    let names: Vec<&str> = LinkType::names().collect();
    assert!(names.contains(&"ETHERNET") && names.contains(&"NFLOG"));
    assert_eq!(names.len(), 32);
    assert_eq!(LinkType::from(14), LinkType::Raw);
    assert_eq!(LinkType::from(147), LinkType::Other(147));
}
