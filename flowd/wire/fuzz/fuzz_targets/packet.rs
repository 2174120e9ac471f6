//! Any octets of any link type: never a panic, and nothing of the packet before in the header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Header, Link, Packet, Tag, at, parse};

const LINKS: [u32; 13] = [0, 1, 9, 12, 50, 51, 101, 104, 108, 113, 228, 229, 276];

fuzz_target!(|input: &[u8]| {
    let Some((&[link, tagged, t0, t1, l0, l1], data)) = input.split_first_chunk() else {
        return;
    };
    let packet = Packet {
        time_ns: 0,
        data,
        wire_len: u32::from(u16::from_be_bytes([l0, l1])),
        link: Link::from(LINKS.get(usize::from(link)).copied().unwrap_or(1)),
        tag: (tagged & 1 == 1).then(|| Tag {
            tpid: 0x8100,
            tci: u16::from_be_bytes([t0, t1]),
        }),
        outgoing: tagged & 2 == 2,
    };
    let (mut fresh, mut stale) = (Header::empty(), Header::empty());
    stale.bytes.fill(0xff);
    let result = parse(&packet, &mut fresh);
    assert_eq!(result, parse(&packet, &mut stale));
    if result.is_ok() {
        assert_eq!(fresh.bytes, stale.bytes);
        assert!(fresh.octets >= 20);
        assert_eq!(fresh.get(at::PROTOCOL), [fresh.protocol]);
    }
});
