use super::*;
use crate::header::Family;

/// UDP from port 7 to port 9 with four octets.
const UDP: [u8; 12] = [0, 7, 0, 9, 0, 12, 0, 0, 1, 2, 3, 4];

fn ipv4(protocol: u8, last: u8, payload: &[u8]) -> Vec<u8> {
    let mut ip = vec![0x45, last, 0, 0, 0, last, 0, 0, last, protocol, 0, 0];
    ip[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
    ip.extend([192, 0, 2, last, 198, 51, 100, last]);
    ip.extend(payload);
    ip
}

fn ipv6(next: u8, last: u8, payload: &[u8]) -> Vec<u8> {
    let mut ip = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next, last];
    for side in [1, 2] {
        ip.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, side, last]);
    }
    ip.extend(payload);
    ip
}

/// A frame whose addresses end in `last`.
fn ethernet(kind: u16, last: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, last, 2, 0, 0, 0, 1, last];
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame
}

fn tagged(vlan: u16, kind: u16, last: u8, payload: &[u8]) -> Vec<u8> {
    let tag = [&vlan.to_be_bytes()[..], &kind.to_be_bytes(), payload].concat();
    ethernet(0x8100, last, &tag)
}

fn vxlan(frame: &[u8]) -> Vec<u8> {
    let header = [0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 42, 0];
    [&header[..], frame].concat()
}

fn packet(data: &[u8]) -> Packet<'_> {
    Packet {
        time_ns: 0,
        data,
        wire_len: data.len() as u32,
        link: LinkType::Ethernet,
        tag: None,
        outgoing: true,
    }
}

fn read(data: &[u8], kinds: &[Tunnel]) -> (Result<Innermost, SkipReason>, Header) {
    let tunnels = Tunnels::new(kinds.iter().copied(), &[]);
    let mut header = Header::empty();
    let result = parse_innermost(&packet(data), &tunnels, Lines::ALL, &mut header);
    (result, header)
}

fn number(header: &Header, span: crate::Span) -> u64 {
    let octets = header.get(span).iter();
    octets.fold(0, |number, octet| number << 8 | u64::from(*octet))
}

const fn entered(tunnels: u8) -> Result<Innermost, SkipReason> {
    Ok(Innermost {
        tunnels,
        unreadable: false,
    })
}

#[test]
fn ethernet_inside_brings_its_own_link() {
    let inner = tagged(30, 0x86dd, 5, &ipv6(17, 6, &UDP));
    let data = tagged(10, 0x0800, 1, &ipv4(17, 2, &vxlan(&inner)));
    let (result, header) = read(&data, &[Tunnel::Vxlan]);
    assert_eq!(result, entered(1));
    assert_eq!((header.family, header.octets), (Family::V6, 52));
    assert_eq!(header.get(at::SOURCE_MAC), [2, 0, 0, 0, 1, 5]);
    for (span, value) in [
        (at::VLAN, 30),
        (at::ETHERTYPE, 0x86dd),
        (at::TTL, 6),
        (at::SOURCE_PORT, 7),
        (at::UDP_LENGTH, 12),
        (at::IP_TOTAL_LENGTH, 52),
        (at::DIRECTION, 1),
        (at::UDP_DESTINATION_PORT, 9),
        (at::POST_VLAN, 30),
    ] {
        assert_eq!(number(&header, span), value, "{span:?}");
    }
    assert_eq!(header.get(at::IP_SECTION)[..4], [0x60, 0, 0, 0]);
    // A mirrored frame without tags has none, whatever the outer frame had.
    let data = tagged(
        10,
        0x0800,
        1,
        &ipv4(17, 2, &vxlan(&ethernet(0x0800, 5, &ipv4(17, 6, &UDP)))),
    );
    let (result, header) = read(&data, &[Tunnel::Vxlan]);
    assert_eq!((result, number(&header, at::VLAN)), (entered(1), 0));
}

#[test]
fn ip_inside_leaves_the_link_outside() {
    let data = tagged(10, 0x0800, 1, &ipv4(41, 2, &ipv6(17, 6, &UDP)));
    let (result, header) = read(&data, &[Tunnel::IpIp]);
    assert_eq!(result, entered(1));
    assert_eq!(header.get(at::SOURCE_MAC), [2, 0, 0, 0, 1, 1]);
    assert_eq!(number(&header, at::VLAN), 10);
    assert_eq!(number(&header, at::ETHERTYPE), 0x86dd);
    // Nothing of the outer header remains.
    assert_eq!(number(&header, at::FRAGMENT_ID), 0);
    assert_eq!(number(&header, at::TOS), 0);
    assert_eq!(header.octets, 52);
}

#[test]
fn what_is_not_asked_for_is_what_the_plain_reader_reads() {
    let inner = ipv4(17, 6, &UDP);
    let all = [
        ethernet(0x0800, 1, &ipv4(4, 2, &inner)),
        ethernet(
            0x0800,
            1,
            &ipv4(47, 2, &[&[0, 0, 8, 0][..], &inner].concat()),
        ),
        ethernet(
            0x0800,
            1,
            &ipv4(17, 2, &vxlan(&ethernet(0x0800, 5, &inner))),
        ),
        ethernet(0x0806, 1, &[0; 28]),
        ethernet(
            0x8847,
            1,
            &[&[0, 1, 1, 64, 0, 0, 0, 0][..], &ethernet(0x0800, 5, &inner)].concat(),
        ),
    ];
    for data in &all {
        for kinds in [&[][..], &[Tunnel::Geneve]] {
            let mut outer = Header::empty();
            let plain = crate::parse(&packet(data), &mut outer);
            let (result, header) = read(data, kinds);
            assert_eq!(result.map(|it| it.tunnels), plain.map(|()| 0));
            if plain.is_ok() {
                assert_eq!(header.bytes, outer.bytes);
            }
        }
    }
}

#[test]
fn what_cannot_be_read_counts_as_the_packet_it_is() {
    let gre = |rest: &[u8]| ethernet(0x0800, 1, &ipv4(47, 2, rest));
    let cut = ipv4(17, 6, &UDP);
    for data in [
        // CDP in GRE, a damaged header, a version that is not the type's, one cut off, an ARP frame.
        gre(&[0, 0, 0x20, 0, 1, 2, 3, 4]),
        gre(&[0, 0, 8, 0, 0x41, 0, 0, 0]),
        gre(&[&[0, 0, 0x86, 0xdd][..], &cut].concat()),
        gre(&[&[0, 0, 8, 0][..], &cut[..19]].concat()),
        gre(&[&[0, 0, 0x65, 0x58][..], &ethernet(0x0806, 9, &[0; 28])].concat()),
        gre(&[0, 0]),
    ] {
        let mut outer = Header::empty();
        crate::parse(&packet(&data), &mut outer).unwrap();
        let (result, header) = read(&data, &Tunnel::ALL);
        assert_eq!(
            result,
            Ok(Innermost {
                tunnels: 0,
                unreadable: true
            })
        );
        assert_eq!((header.bytes, header.octets), (outer.bytes, outer.octets));
    }
}

#[test]
fn tunnels_in_tunnels_up_to_the_bound() {
    let nest = |depth: usize| {
        (0..depth).fold(ipv4(17, 100, &UDP), |inner, level| {
            ipv4(4, level as u8, &inner)
        })
    };
    for depth in [1, 2, 8] {
        let data = ethernet(0x0800, 1, &nest(depth));
        let (result, header) = read(&data, &[Tunnel::IpIp]);
        assert_eq!(result, entered(depth as u8));
        assert_eq!((header.protocol, header.octets), (17, 32));
    }
    let (result, header) = read(&ethernet(0x0800, 1, &nest(10)), &[Tunnel::IpIp]);
    assert_eq!(result, entered(MAX_TUNNELS));
    assert_eq!((header.protocol, header.octets), (4, 32 + 2 * 20));
    // Different tunnels in each other: IPv6 in GRE in VXLAN in IPv4. GRE is entered only if it is in the set.
    let gre = ipv4(
        47,
        3,
        &[&[0, 0, 0x86, 0xdd][..], &ipv6(17, 4, &UDP)].concat(),
    );
    let data = ethernet(0x0800, 1, &ipv4(17, 2, &vxlan(&ethernet(0x0800, 3, &gre))));
    assert_eq!(read(&data, &[Tunnel::Vxlan, Tunnel::Gre]).0, entered(2));
    let (result, header) = read(&data, &[Tunnel::Vxlan]);
    assert_eq!((result, header.protocol), (entered(1), 47));
    assert_eq!(read(&data, &[Tunnel::Gre]).0, entered(0));
}

#[test]
fn pseudowires_are_frames_behind_labels() {
    let frame = ethernet(0x0800, 5, &ipv4(17, 6, &UDP));
    let wire = |control: &[u8], frame: &[u8]| {
        ethernet(0x8847, 1, &[&[0, 1, 1, 64][..], control, frame].concat())
    };
    let data = wire(&[0; 4], &frame);
    let (result, header) = read(&data, &[Tunnel::Pseudowire]);
    assert_eq!((result, header.octets), (entered(1), 32));
    assert_eq!(header.get(at::SOURCE_MAC), [2, 0, 0, 0, 1, 5]);
    assert_eq!(number(&header, at::MPLS_TOP), 0);
    assert_eq!(read(&data, &[Tunnel::Gre]).0, Err(SkipReason::NotIp));
    // An address that starts with a zero nibble, and no control word.
    assert_eq!(
        read(&wire(&[], &frame), &[Tunnel::Pseudowire]).0,
        entered(1)
    );
    // ARP, and an associated channel.
    let arp = ethernet(0x0806, 5, &[0; 28]);
    assert_eq!(
        read(&wire(&[0; 4], &arp), &[Tunnel::Pseudowire]).0,
        Err(SkipReason::NotIp)
    );
    assert_eq!(
        read(&wire(&[0x10, 0, 0, 0x21], &frame), &[Tunnel::Pseudowire]).0,
        Err(SkipReason::NotIp)
    );
    // IP behind labels is read the same with and without pseudowires.
    let ip = ethernet(
        0x8847,
        1,
        &[&[0, 1, 1, 64][..], &ipv4(17, 6, &UDP)].concat(),
    );
    assert_eq!(read(&ip, &[Tunnel::Pseudowire]).0, entered(0));
}

#[test]
fn lengths_are_the_inner_header_s() {
    // Zero in both lengths, as segmentation offload leaves them: the rest of the wire length counts.
    let mut inner = ipv4(17, 6, &UDP);
    inner[2..4].fill(0);
    let mut outer = ipv4(17, 2, &vxlan(&ethernet(0x0800, 5, &inner)));
    outer[2..4].fill(0);
    let data = ethernet(0x0800, 1, &outer);
    let tunnels = Tunnels::new([Tunnel::Vxlan], &[]);
    let mut header = Header::empty();
    let big = Packet {
        wire_len: 80_064,
        ..packet(&data)
    };
    let result = parse_innermost(&big, &tunnels, Lines::COMMON, &mut header);
    assert_eq!(
        (result, header.octets),
        (entered(1), 80_064 - 14 - 20 - 16 - 14)
    );
    // Padding behind the outer packet does not belong to the inner one.
    let mut outer = ipv4(4, 2, &inner);
    outer.extend([0; 18]);
    let (result, header) = read(&ethernet(0x0800, 1, &outer), &[Tunnel::IpIp]);
    assert_eq!((result, header.octets), (entered(1), 32));
    // A first fragment is read as far as it goes; later ones count as the outer packet.
    let mut outer = ipv4(4, 2, &ipv4(17, 6, &UDP));
    outer[6] = 0x20;
    let (result, header) = read(&ethernet(0x0800, 1, &outer), &[Tunnel::IpIp]);
    assert_eq!((result, header.octets), (entered(1), 32));
    outer[7] = 4;
    let (result, header) = read(&ethernet(0x0800, 1, &outer), &[Tunnel::IpIp]);
    assert_eq!(
        (result, header.octets),
        (
            Ok(Innermost {
                tunnels: 0,
                unreadable: true
            }),
            52
        )
    );
}
