use super::*;

const INNER: [u8; 3] = [0x45, 0x46, 0x47];
const EVERY: [Tunnel; 7] = Tunnel::ALL;

fn header(protocol: u8, offset: u16) -> Header {
    let mut header = Header::empty();
    header.protocol = protocol;
    header.set(at::FRAGMENT_OFFSET, &offset.to_be_bytes());
    header
}

fn of<'a>(protocol: u8, data: &'a [u8], kinds: &[Tunnel]) -> TunnelPayload<'a> {
    payload(
        &header(protocol, 0),
        data,
        &Tunnels::new(kinds.iter().copied(), &[]),
    )
}

/// A UDP datagram to `port` with the payload `rest`.
fn udp(port: u16, rest: &[u8]) -> Vec<u8> {
    [&[0xc0, 0][..], &port.to_be_bytes(), &[0; 4], rest, &INNER].concat()
}

fn join(header: &[u8]) -> Vec<u8> {
    [header, &INNER].concat()
}

#[test]
fn words() {
    for kind in EVERY {
        assert_eq!(Tunnel::by_name(kind.name()), Some(kind));
        let one = Tunnels::new([kind], &[]);
        assert!(one.has(kind) && !one.is_empty());
        assert!(EVERY.iter().all(|other| *other == kind || !one.has(*other)));
    }
    assert_eq!(Tunnel::by_name("l2tp"), None);
    assert!(Tunnels::default().is_empty());
    let two = Tunnels::default().with(Tunnel::Vxlan).with(Tunnel::Gre);
    assert_eq!(
        two,
        Tunnels::new([Tunnel::Gre, Tunnel::Vxlan], &[VXLAN_PORT])
    );
    assert!(two.kinds().eq([Tunnel::Gre, Tunnel::Vxlan]));
}

#[test]
fn gre_by_its_flags() {
    let gre = [Tunnel::Gre];
    for (flags, words) in [
        (0x0000u16, 0usize),
        (0x8000, 1),
        (0x2000, 1),
        (0x1000, 1),
        (0xa000, 2),
        (0xb000, 3),
    ] {
        let data = join(&[&flags.to_be_bytes()[..], &[8, 0], &vec![9; 4 * words]].concat());
        assert_eq!(
            of(47, &data, &gre),
            TunnelPayload::EtherType(0x0800, &INNER),
            "{flags:04x}"
        );
        assert_eq!(of(47, &data, &[Tunnel::Erspan]), TunnelPayload::NotATunnel);
        // Cut in its optional words.
        for len in 0..4 + 4 * words {
            assert_eq!(
                of(47, &data[..len], &gre),
                TunnelPayload::Unreadable,
                "{flags:04x}"
            );
        }
    }
    assert_eq!(
        of(47, &join(&[0, 0, 0x65, 0x58]), &gre),
        TunnelPayload::Ethernet(&INNER)
    );
    assert_eq!(
        of(47, &join(&[0, 0, 0x88, 0x47]), &gre),
        TunnelPayload::EtherType(0x8847, &INNER)
    );
    // PPTP is not entered; source routes, a later version and a keepalive are unreadable.
    assert_eq!(
        of(47, &join(&[0x30, 0x81, 0x88, 0x0b, 0, 3, 0, 0]), &gre),
        TunnelPayload::NotATunnel
    );
    for refused in [[0x40, 0, 8, 0], [0, 2, 8, 0], [0, 0, 0, 0]] {
        assert_eq!(of(47, &join(&refused), &gre), TunnelPayload::Unreadable);
    }
    assert_eq!(
        of(
            47,
            &join(&[0, 0, 0x89, 9, 0x86, 0xdd, 1, 1, 0, 1, 0, 20]),
            &gre
        ),
        TunnelPayload::EtherType(0x86dd, &INNER)
    );
}

#[test]
fn wccp_of_either_version() {
    let gre = [Tunnel::Gre];
    let first = join(&[0, 0, 0x88, 0x3e]);
    assert_eq!(
        of(47, &first, &gre),
        TunnelPayload::EtherType(0x0800, &INNER)
    );
    let second = join(&[0, 0, 0x88, 0x3e, 5, 0x59, 0, 0x48]);
    assert_eq!(
        of(47, &second, &gre),
        TunnelPayload::EtherType(0x0800, &INNER)
    );
    assert_eq!(of(47, &second[..7], &gre), TunnelPayload::Unreadable);
}

#[test]
fn erspan_by_its_type() {
    let erspan = [Tunnel::Erspan];
    let first = join(&[0, 0, 0x88, 0xbe]);
    assert_eq!(of(47, &first, &erspan), TunnelPayload::Ethernet(&INNER));
    assert_eq!(of(47, &first, &[Tunnel::Gre]), TunnelPayload::NotATunnel);
    let second = join(&[
        0x10, 0, 0x88, 0xbe, 0, 0, 0, 7, 0x10, 0x64, 0, 1, 0, 0, 0, 0,
    ]);
    assert_eq!(of(47, &second, &erspan), TunnelPayload::Ethernet(&INNER));
    let third = |version: u8, high: u8, low: u8, more: &[u8]| {
        let gre = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 7];
        let header = [version << 4, 0x64, 0, 1, 0, 0, 0, 0, 0, 0, high, low];
        join(&[&gre[..], &header, more].concat())
    };
    assert_eq!(
        of(47, &third(2, 0, 0, &[]), &erspan),
        TunnelPayload::Ethernet(&INNER)
    );
    assert_eq!(
        of(47, &third(2, 0x80, 1, &[0; 8]), &erspan),
        TunnelPayload::Ethernet(&INNER)
    );
    assert_eq!(
        of(47, &third(2, 2 << 2, 0, &[]), &erspan),
        TunnelPayload::Ip(&INNER)
    );
    assert_eq!(
        of(47, &third(2, 3 << 2, 0, &[]), &erspan),
        TunnelPayload::Unreadable
    );
    assert_eq!(
        of(47, &third(1, 0, 0, &[]), &erspan),
        TunnelPayload::Unreadable
    );
}

#[test]
fn vxlan_on_its_ports() {
    let vxlan = [Tunnel::Vxlan];
    let data = udp(4789, &[8, 0, 0, 0, 0, 0, 42, 0]);
    assert_eq!(of(17, &data, &vxlan), TunnelPayload::Ethernet(&INNER));
    assert_eq!(of(17, &data, &[Tunnel::Geneve]), TunnelPayload::NotATunnel);
    let elsewhere = udp(8472, &[8, 0, 0, 0, 0, 0, 42, 0]);
    assert_eq!(of(17, &elsewhere, &vxlan), TunnelPayload::NotATunnel);
    let ports = Tunnels::new(vxlan, &[8472, 4790]);
    assert_eq!(
        payload(&header(17, 0), &elsewhere, &ports),
        TunnelPayload::Ethernet(&INNER)
    );
    assert_eq!(
        payload(&header(17, 0), &data, &ports),
        TunnelPayload::NotATunnel
    );
    // The generic protocol extension.
    for (next, expected) in [
        (1, TunnelPayload::EtherType(0x0800, &INNER)),
        (2, TunnelPayload::EtherType(0x86dd, &INNER)),
        (3, TunnelPayload::Ethernet(&INNER)),
        (4, TunnelPayload::Unreadable),
    ] {
        let data = udp(4790, &[0x0c, 0, 0, next, 0, 0, 42, 0]);
        assert_eq!(payload(&header(17, 0), &data, &ports), expected);
    }
    // No network identifier; cut.
    assert_eq!(
        of(17, &udp(4789, &[0; 8]), &vxlan),
        TunnelPayload::Unreadable
    );
    assert_eq!(of(17, &data[..15], &vxlan), TunnelPayload::Unreadable);
    assert_eq!(of(17, &data[..7], &vxlan), TunnelPayload::NotATunnel);
    // A later fragment: over UDP whether it is a tunnel is unknown, in GRE it is one.
    let every = Tunnels::new(EVERY, &[]);
    assert_eq!(
        payload(&header(17, 1), &[], &every),
        TunnelPayload::NotATunnel
    );
    assert_eq!(
        payload(&header(47, 1), &[], &every),
        TunnelPayload::Unreadable
    );
    assert_eq!(
        payload(&header(4, 1), &[], &every),
        TunnelPayload::Unreadable
    );
}

#[test]
fn geneve_behind_its_options() {
    let geneve = [Tunnel::Geneve];
    let data = udp(
        6081,
        &[2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8],
    );
    assert_eq!(of(17, &data, &geneve), TunnelPayload::Ethernet(&INNER));
    let data = udp(6081, &[0, 0, 0x08, 0x00, 0, 0, 5, 0]);
    assert_eq!(
        of(17, &data, &geneve),
        TunnelPayload::EtherType(0x0800, &INNER)
    );
    for refused in [[0x40, 0, 8, 0, 0, 0, 5, 0], [0x3f, 0, 8, 0, 0, 0, 5, 0]] {
        assert_eq!(
            of(17, &udp(6081, &refused), &geneve),
            TunnelPayload::Unreadable
        );
    }
    let control = udp(6081, &[0, 0x80, 0x08, 0x00, 0, 0, 5, 0]);
    assert_eq!(of(17, &control, &geneve), TunnelPayload::NotATunnel);
}

#[test]
fn gtp_u_behind_its_extensions() {
    let gtp = [Tunnel::GtpU];
    let of = |header: &[u8]| match of(17, &udp(2152, header), &gtp) {
        TunnelPayload::Ip(data) => Some(data.len()),
        TunnelPayload::Unreadable => None,
        other => panic!("{other:?}"),
    };
    let teid = [0, 0, 0, 9];
    let with = |flags: u8, kind: u8, rest: &[u8]| [&[flags, kind, 0, 0][..], &teid, rest].concat();
    assert_eq!(of(&with(0x30, 255, &[])), Some(3));
    // A sequence number; an N-PDU number; a next extension type without its flag.
    assert_eq!(of(&with(0x32, 255, &[0, 1, 0, 0])), Some(3));
    assert_eq!(of(&with(0x31, 255, &[0, 0, 7, 0x85])), Some(3));
    // Extension headers: a PDU session container, then one of eight octets.
    let two = [0, 0, 0, 0x85, 1, 0, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(of(&with(0x34, 255, &two)), Some(3));
    // Extension length 0; an extension beyond the end; an endless chain.
    assert_eq!(of(&with(0x34, 255, &[0, 0, 0, 0x85, 0, 0, 0, 0])), None);
    assert_eq!(of(&with(0x34, 255, &[0, 0, 0, 0x85, 9, 0, 0, 0])), None);
    let endless = [&[0, 0, 0, 1][..], &[1, 0, 0, 1].repeat(20)].concat();
    assert_eq!(of(&with(0x34, 255, &endless)), None);
    // GTP', version 2.
    assert_eq!(of(&with(0x20, 255, &[])), None);
    assert_eq!(of(&with(0x50, 255, &[])), None);
    let echo = udp(2152, &with(0x32, 1, &[0, 1, 0, 0]));
    let every = Tunnels::new(EVERY, &[]);
    assert_eq!(
        payload(&header(17, 0), &echo, &every),
        TunnelPayload::NotATunnel
    );
}

#[test]
fn ip_in_ip() {
    let ipip = [Tunnel::IpIp];
    assert_eq!(
        of(4, &INNER, &ipip),
        TunnelPayload::EtherType(0x0800, &INNER)
    );
    assert_eq!(
        of(41, &INNER, &ipip),
        TunnelPayload::EtherType(0x86dd, &INNER)
    );
    assert_eq!(of(4, &INNER, &[Tunnel::Gre]), TunnelPayload::NotATunnel);
    assert_eq!(of(50, &INNER, &EVERY), TunnelPayload::NotATunnel);
}

#[test]
fn pseudowires_with_and_without_a_control_word() {
    let control = [0, 0, 0, 1, 2, 3];
    assert_eq!(
        pseudowire(&control),
        [
            TunnelPayload::Ethernet(&[2, 3]),
            TunnelPayload::Ethernet(&control)
        ]
    );
    assert_eq!(
        pseudowire(&[0x20, 1]),
        [
            TunnelPayload::Ethernet(&[0x20, 1]),
            TunnelPayload::NotATunnel
        ]
    );
    assert_eq!(
        pseudowire(&[0x10, 0, 0, 0x21]),
        [TunnelPayload::NotATunnel; 2]
    );
    assert_eq!(pseudowire(&[]), [TunnelPayload::NotATunnel; 2]);
}
