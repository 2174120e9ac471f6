//! Blocks on octets: what is read of them, and what is told of damaged ones.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;

use super::*;

/// Writes blocks in one byte order.
#[derive(Clone, Copy)]
struct Writer {
    big: bool,
}

const LITTLE: Writer = Writer { big: false };
const BIG: Writer = Writer { big: true };

impl Writer {
    fn words(self, words: &[u32]) -> Vec<u8> {
        let octets = |word: &u32| match self.big {
            true => word.to_be_bytes(),
            false => word.to_le_bytes(),
        };
        words.iter().flat_map(octets).collect()
    }

    fn halves(self, halves: &[u16]) -> Vec<u8> {
        let octets = |half: &u16| match self.big {
            true => half.to_be_bytes(),
            false => half.to_le_bytes(),
        };
        halves.iter().flat_map(octets).collect()
    }

    fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let len = body.len() as u32 + 12;
        [self.words(&[kind, len]), body, self.words(&[len])].concat()
    }

    fn section(self) -> Vec<u8> {
        let body = [
            self.words(&[MAGIC]),
            self.halves(&[1, 0]),
            vec![0xff; 8],
            // Who wrote it.
            self.halves(&[4, 4]),
            b"test".to_vec(),
            vec![0; 4],
        ];
        self.block(kind::SECTION, &body.concat())
    }

    fn interface(self, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
        let body = [
            self.halves(&[link, 0]),
            self.words(&[snaplen]),
            options.to_vec(),
        ];
        self.block(kind::INTERFACE, &body.concat())
    }

    fn enhanced(self, interface: u32, units: u64, wire_len: u32, data: &[u8]) -> Vec<u8> {
        let (high, low) = ((units >> 32) as u32, units as u32);
        let front = self.words(&[interface, high, low, data.len() as u32, wire_len]);
        let mut body = [front, data.to_vec()].concat();
        body.resize(body.len().next_multiple_of(4), 0);
        // A comment and the end of options.
        body.extend(self.halves(&[1, 3]));
        body.extend(b"hi!\0\0\0\0\0");
        self.block(kind::ENHANCED, &body)
    }

    fn simple(self, wire_len: u32, data: &[u8]) -> Vec<u8> {
        let body = [self.words(&[wire_len]), data.to_vec()];
        self.block(kind::SIMPLE, &body.concat())
    }

    fn old(self, interface: u16, units: u64, wire_len: u32, data: &[u8]) -> Vec<u8> {
        let (high, low) = ((units >> 32) as u32, units as u32);
        let body = [
            // Behind the interface: packets lost.
            self.halves(&[interface, 77]),
            self.words(&[high, low, data.len() as u32, wire_len]),
            data.to_vec(),
        ];
        self.block(kind::PACKET, &body.concat())
    }
}

/// Time, link type, octets on the wire, captured octets.
type Read = (u64, LinkType, u32, Vec<u8>);

/// The packets of a file, and what is wrong with it.
fn read(octets: &[u8]) -> (Vec<Read>, Option<String>) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(octets).unwrap();
    let (packets, links, wrong) = through(file);
    let counted: u64 = links.values().sum();
    assert_eq!(counted, packets.len() as u64);
    for (link, count) in links {
        let there = packets.iter().filter(|packet| packet.1 == link).count();
        assert_eq!(count, there as u64, "{link:?}");
    }
    (packets, wrong)
}

fn through(file: File) -> (Vec<Read>, BTreeMap<LinkType, u64>, Option<String>) {
    let mut pcapng = PcapNg::new(View::new(file).unwrap());
    let (mut packets, mut count) = (Vec::new(), 0);
    let result = pcapng.read(&mut count, |packet| {
        assert!(packet.tag.is_none() && !packet.outgoing);
        packets.push((
            packet.time_ns,
            packet.link,
            packet.wire_len,
            packet.data.to_vec(),
        ));
        ControlFlow::Continue(())
    });
    assert_eq!(count, packets.len() as u64);
    (packets, pcapng.links(), result.err())
}

#[test]
fn interfaces_differ_in_link_type_and_length_and_time() {
    for writer in [LITTLE, BIG] {
        let nanoseconds = [&writer.halves(&[9, 1])[..], &[9, 0, 0, 0], &[0; 4]].concat();
        let file = [
            writer.section(),
            writer.interface(1, 262_144, &[]),
            writer.interface(101, 96, &nanoseconds),
            writer.enhanced(0, 5, 60, b"first"),
            writer.enhanced(1, 5, 61, b""),
            // What is no packet is passed over: names, statistics, anything unknown.
            writer.block(4, &[0; 8]),
            writer.block(5, &[1; 24]),
            writer.block(0xbad, b"whatever it may be"),
            writer.enhanced(1, 1 << 33, 62, b"third packet"),
            writer.interface(276, 0, &[]),
            writer.enhanced(2, 7, 63, b"fourth"),
        ];
        let expected = vec![
            (5_000, LinkType::Ethernet, 60, b"first".to_vec()),
            (5, LinkType::Raw, 61, vec![]),
            (1 << 33, LinkType::Raw, 62, b"third packet".to_vec()),
            (7_000, LinkType::Sll2, 63, b"fourth".to_vec()),
        ];
        assert_eq!(read(&file.concat()), (expected, None));
    }
}

#[test]
fn packets_of_older_and_simpler_blocks_are_read() {
    for writer in [LITTLE, BIG] {
        let file = [
            writer.section(),
            writer.interface(113, 6, &[]),
            writer.interface(1, 0, &[]),
            writer.simple(4, b"none"),
            writer.old(1, 9, 70, b"older"),
            writer.simple(100, b"cut it"),
            writer.simple(3, b"sim"),
        ];
        let expected = vec![
            (0, LinkType::Sll, 4, b"none".to_vec()),
            (9_000, LinkType::Ethernet, 70, b"older".to_vec()),
            // Without a time, that of the packet before.
            (9_000, LinkType::Sll, 100, b"cut it".to_vec()),
            (9_000, LinkType::Sll, 3, b"sim".to_vec()),
        ];
        assert_eq!(read(&file.concat()), (expected, None));
    }
}

#[test]
fn sections_begin_anew_in_either_byte_order() {
    let file = [
        LITTLE.section(),
        LITTLE.interface(1, 0, &[]),
        LITTLE.enhanced(0, 1, 1, b"a"),
        BIG.section(),
        BIG.interface(101, 0, &[]),
        BIG.enhanced(0, 2, 1, b"b"),
        BIG.section(),
        LITTLE.section(),
        LITTLE.interface(1, 0, &[]),
        LITTLE.enhanced(0, 3, 1, b"c"),
    ];
    let expected = vec![
        (1_000, LinkType::Ethernet, 1, b"a".to_vec()),
        (2_000, LinkType::Raw, 1, b"b".to_vec()),
        (3_000, LinkType::Ethernet, 1, b"c".to_vec()),
    ];
    assert_eq!(read(&file.concat()), (expected, None));
    // The interfaces of another section are none of this one.
    let file = [&file[..4], &[BIG.enhanced(0, 2, 1, b"b")]].concat();
    let (packets, wrong) = read(&file.concat());
    assert_eq!(packets.len(), 1);
    assert_eq!(
        wrong.unwrap(),
        "a packet is of interface 0, and the section has 0"
    );
}

#[test]
fn a_cut_file_gives_every_whole_packet_and_then_the_reason() {
    let blocks = [
        LITTLE.section(),
        LITTLE.interface(101, 0, &[]),
        LITTLE.enhanced(0, 1, 3, b"abc"),
        LITTLE.block(5, &[1; 24]),
        LITTLE.enhanced(0, 2, 3, b"def"),
    ];
    let whole = blocks.concat();
    let mut ends = vec![0];
    for block in &blocks {
        ends.push(ends[ends.len() - 1] + block.len());
    }
    for len in 8..whole.len() {
        let (packets, wrong) = read(&whole[..len]);
        let expected = usize::from(len >= ends[3]) + usize::from(len >= ends[5]);
        assert_eq!(packets.len(), expected, "{len} octets");
        // Between blocks nothing shows that there was more.
        assert_eq!(
            wrong.is_none(),
            ends.contains(&len),
            "{len} octets: {wrong:?}"
        );
        if let Some(wrong) = wrong {
            assert!(wrong.starts_with("the file is cut in a block"), "{wrong}");
        }
    }
}

#[test]
fn damage_is_told_and_what_was_before_is_kept() {
    let start = [
        LITTLE.section(),
        LITTLE.interface(1, 0, &[]),
        LITTLE.enhanced(0, 1, 1, b"a"),
    ]
    .concat();
    let edit = |mut block: Vec<u8>, at: usize, octet: u8| {
        block[at] = octet;
        block
    };
    let packet = LITTLE.enhanced(0, 1, 4, b"abcd");
    let cases = [
        (
            edit(packet.clone(), 8, 3),
            "a packet is of interface 3, and the section has 1",
        ),
        (
            edit(packet.clone(), 20, 200),
            "a packet claims 200 octets, and its block has 16",
        ),
        (
            edit(packet.clone(), 4, 45),
            "a block claims 45 octets, which no block has",
        ),
        (
            edit(packet.clone(), 4, 8),
            "a block claims 8 octets, which no block has",
        ),
        (
            edit(packet.clone(), 44, 44),
            "a block begins with a length of 48 octets and ends with one of 44",
        ),
        (
            edit(packet.clone(), 7, 2),
            "a block of a packet or interface claims 33554480 octets, more than the 16777216 there may be",
        ),
        (
            LITTLE.block(kind::ENHANCED, &[0; 16]),
            "a block claims 28 octets, which no block has",
        ),
        (
            LITTLE.block(kind::SIMPLE, &[]),
            "a block claims 12 octets, which no block has",
        ),
        (
            LITTLE.block(kind::INTERFACE, &[0; 4]),
            "a block claims 16 octets, which no block has",
        ),
        (
            edit(LITTLE.block(77, &[0; 8]), 16, 9),
            "a block begins with a length of 20 octets and ends with one of 9",
        ),
        (
            edit(LITTLE.section(), 8, 9),
            "a section has the byte-order magic 0x1a2b3c09, which is none",
        ),
        (
            edit(LITTLE.section(), 12, 2),
            "a section is of version 2, of which nothing is known",
        ),
        (
            LITTLE.words(&[77, 0xffff_fff0]),
            "the file is cut in a block, 8 of 4294967280 octets are there",
        ),
    ];
    for (block, told) in cases {
        let (packets, wrong) = read(&[&start[..], &block].concat());
        assert_eq!((packets.len(), wrong.as_deref()), (1, Some(told)));
    }
}

#[test]
fn interfaces_are_bounded() {
    let mut file = LITTLE.section();
    for _ in 0..=MAX_INTERFACES {
        file.extend(LITTLE.interface(1, 0, &[]));
    }
    let (_, wrong) = read(&file);
    assert_eq!(wrong.unwrap(), "a section has more than 65536 interfaces");
}
