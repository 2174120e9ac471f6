//! Any octets of any link type: no panic, no remains of the previous packet in the header, agreement with
//! etherparse, and the same result inside a tunnel as outside.
#![no_main]

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;
use wire::{
    Header, Innermost, Lines, LinkType, MAX_TUNNELS, Packet, SkipReason, Tag, Tunnel, Tunnels, at,
    parse, parse_innermost, parse_lines,
};

const LINKS: [u32; 33] = [
    0, 1, 9, 12, 50, 51, 101, 104, 108, 113, 228, 229, 276, 10, 100, 105, 107, 109, 117, 119, 122, 123,
    127, 138, 163, 166, 192, 204, 205, 206, 226, 239, 258,
];

fuzz_target!(|input: &[u8]| {
    let Some((&[link, tagged, t0, t1, l0, l1, kinds, lines], data)) = input.split_first_chunk()
    else {
        return;
    };
    let packet = Packet {
        time_ns: 0,
        data,
        wire_len: u32::from(u16::from_be_bytes([l0, l1])),
        link: LinkType::from(LINKS.get(usize::from(link)).copied().unwrap_or(1)),
        tag: (tagged & 1 == 1).then(|| Tag {
            tpid: 0x8100,
            tci: u16::from_be_bytes([t0, t1]),
        }),
        outgoing: tagged & 2 == 2,
    };
    let plain = read(&packet);
    if packet.link == LinkType::Ethernet {
        if let Err(why) = oracle::compare(data) {
            panic!("{why}");
        }
    }
    // Asking for the first line alone uses the fast path.
    some_lines(&packet, 0, &plain);
    some_lines(&packet, lines, &plain);
    let kinds = Tunnel::ALL
        .into_iter()
        .filter(|kind| kinds >> *kind as u8 & 1 == 1);
    inside(&packet, &Tunnels::new(kinds, &[]), &plain);
});

fn read(packet: &Packet) -> (Result<(), SkipReason>, Header) {
    let (mut fresh, mut stale) = (Header::empty(), stale());
    let result = parse(packet, &mut fresh);
    assert_eq!(result, parse(packet, &mut stale));
    if result.is_ok() {
        same(&fresh, &stale);
        assert!(fresh.octets >= 20);
        assert_eq!(fresh.get(at::PROTOCOL), [fresh.protocol]);
    }
    (result, fresh)
}

/// A header with another packet in it.
fn stale() -> Header {
    let mut stale = Header::empty();
    stale.bytes.fill(0xff);
    (stale.octets, stale.tcp_flags, stale.protocol) = (u32::MAX, u16::MAX, u8::MAX);
    stale
}

fn same(one: &Header, other: &Header) {
    assert_eq!(one.bytes, other.bytes);
    let rest = |it: &Header| (it.octets, it.tcp_flags, it.protocol, it.family);
    assert_eq!(rest(one), rest(other));
}

/// Asking for some lines gives the same as asking for all.
fn some_lines(packet: &Packet, lines: u8, (result, whole): &(Result<(), SkipReason>, Header)) {
    let wanted = (0..Header::LINES)
        .filter(|line| lines >> line & 1 == 1)
        .fold(Lines::COMMON, Lines::with);
    let mut some = stale();
    assert_eq!(*result, parse_lines(packet, wanted, &mut some));
    if result.is_ok() {
        for line in wanted.iter() {
            let octets = line * wire::LINE..(line + 1) * wire::LINE;
            assert_eq!(some.bytes[octets.clone()], whole.bytes[octets]);
        }
        assert_eq!(
            (some.octets, some.tcp_flags, some.protocol, some.family),
            (whole.octets, whole.tcp_flags, whole.protocol, whole.family)
        );
    }
}

fn inside(packet: &Packet, tunnels: &Tunnels, (plain, outer): &(Result<(), SkipReason>, Header)) {
    let (mut fresh, mut again) = (Header::empty(), stale());
    let result = parse_innermost(packet, tunnels, Lines::ALL, &mut fresh);
    assert_eq!(
        result,
        parse_innermost(packet, tunnels, Lines::ALL, &mut again)
    );
    // Looking into tunnels loses no packet.
    assert!(result.is_ok() || plain.is_err());
    let Ok(Innermost {
        tunnels: entered, ..
    }) = result
    else {
        assert_eq!(result.err(), plain.err());
        return;
    };
    same(&fresh, &again);
    assert!(fresh.octets >= 20 && entered <= MAX_TUNNELS);
    if entered == 0 {
        same(&fresh, outer);
    }
    wrapped(packet, tunnels, &fresh, entered);
}

/// The same frame inside VXLAN in a valid packet reads the same, one tunnel deeper.
fn wrapped(frame: &Packet, tunnels: &Tunnels, header: &Header, entered: u8) {
    let on_wire = (frame.wire_len as usize).max(frame.data.len());
    let Ok(udp) = u16::try_from(16 + on_wire) else {
        return;
    };
    let bare = frame.link == LinkType::Ethernet && frame.tag.is_none();
    if !bare || !tunnels.has(Tunnel::Vxlan) || udp > 0xffff - 20 {
        return;
    }
    let mut data = vec![2; 12];
    data.extend([8, 0, 0x45, 0]);
    data.extend((udp + 20).to_be_bytes());
    data.extend([
        0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0xc0, 0, 0x12, 0xb5,
    ]);
    data.extend(udp.to_be_bytes());
    data.extend([0, 0, 8, 0, 0, 0, 0, 0, 42, 0]);
    data.extend(frame.data);
    let mut inner = stale();
    let packet = Packet {
        data: &data,
        wire_len: 50 + on_wire as u32,
        ..*frame
    };
    let result = parse_innermost(&packet, tunnels, Lines::ALL, &mut inner).expect("a sound packet");
    // Holds unless the bound was reached or a tunnel on the way was unreadable.
    if result.tunnels == entered + 1 {
        same(&inner, header);
    } else {
        assert!(result.tunnels <= MAX_TUNNELS && (result.tunnels > entered || entered > 0));
    }
}
