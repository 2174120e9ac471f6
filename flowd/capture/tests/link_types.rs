//! A pcapng file with an interface of every link type that is read, and snapshot lengths that differ: what tshark finds in
//! each packet, and what is found here.

#[path = "../../wire/tests/link_headers/mod.rs"]
mod link_headers;
#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;

use std::ops::ControlFlow;
use std::process::Command;

use capture::Savefile;
use link_headers::{HEADERS, octets};
use wire::{Header, LinkType, at, parse};

/// Headers that tshark 4.0 does not follow to the IP packet, and why.
const NOT_BY_TSHARK: &[(u32, &str)] = &[
    // It has no dissector for them.
    (166, "00 03 0021"),
    (166, "01 03 0021"),
    (205, "01 0f00 0800"),
    (206, "01 1841 03 cc"),
    // It takes the byte order for its own host's.
    (
        239,
        "02 00 0005 0008 0001 0800 01 00 0005 000a 00 000000 0020 0009",
    ),
    // It waits for the other fragments.
    (
        105,
        "0805 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
    ),
];

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len().next_multiple_of(4) as u32 + 12).to_le_bytes();
    let mut block = [&kind.to_le_bytes()[..], &len, body].concat();
    block.resize(block.len().next_multiple_of(4), 0);
    [block, len.to_vec()].concat()
}

/// An IPv4 packet with a UDP datagram from port `port`.
fn datagram(port: u16) -> Vec<u8> {
    let mut packet = octets("4500001c 00010000 40110000 c0000201 c6336402");
    packet.extend(port.to_be_bytes());
    packet.extend(octets("9c40 0008 0000"));
    packet
}

/// The source port that belongs to the header of a number.
fn port(number: usize) -> u16 {
    20_000 + number as u16
}

fn file() -> Vec<u8> {
    let mut magic = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    magic.extend([1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    let mut file = block(0x0a0d_0d0a, &magic);
    for (number, (link, ..)) in HEADERS.iter().enumerate() {
        let mut body = (*link as u16).to_le_bytes().to_vec();
        body.extend([0, 0]);
        body.extend((1000 + number as u32).to_le_bytes());
        file.extend(block(1, &body));
    }
    for (number, (_, front, _)) in HEADERS.iter().enumerate() {
        let data = [octets(front), datagram(port(number))].concat();
        let len = data.len() as u32;
        let words = [number as u32, 0, 1_000_000, len, len];
        let front = words.map(u32::to_le_bytes).concat();
        file.extend(block(6, &[front, data].concat()));
    }
    file
}

#[test]
fn tshark_finds_the_same_behind_every_link_header() {
    let file_there = tempfile::NamedTempFile::with_suffix(".pcapng").unwrap();
    std::fs::write(file_there.path(), file()).unwrap();
    let mut savefile = Savefile::open(file_there.path()).unwrap();
    let mut ours = Vec::new();
    let mut header = Header::empty();
    savefile
        .read(|packet| {
            let read = parse(packet, &mut header);
            let port = header
                .get(at::SOURCE_PORT)
                .try_into()
                .map(u16::from_be_bytes);
            ours.push(read.ok().map(|()| (port.unwrap(), header.octets)));
            ControlFlow::Continue(())
        })
        .unwrap();
    let expected: Vec<_> = (0..HEADERS.len())
        .map(|number| Some((port(number), 28)))
        .collect();
    assert_eq!(ours, expected);
    let links = savefile.links();
    assert_eq!(links.values().sum::<u64>(), HEADERS.len() as u64);
    assert!(
        links.len() >= 20 && links[&LinkType::Nflog] == 2,
        "{links:?}"
    );

    let fields = ["ip.src", "ip.len", "udp.srcport"]
        .map(|field| ["-e", field])
        .concat();
    let output = Command::new("tshark")
        .args([
            "-n",
            "-T",
            "fields",
            "-E",
            "occurrence=f",
            "-E",
            "separator=,",
            "-r",
        ])
        .arg(file_there.path())
        .args(fields)
        .output();
    let Ok(output) = output else {
        note::note(
            "capture: link types",
            "tshark is absent; our reader alone is tested",
        );
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<&str> = text.lines().collect();
    assert_eq!(theirs.len(), HEADERS.len(), "{text}");
    let mut wrong = Vec::new();
    for (number, line) in theirs.into_iter().enumerate() {
        let (link, front, _) = HEADERS[number];
        let expected = format!("192.0.2.1,28,{}", port(number));
        let excused = NOT_BY_TSHARK.contains(&(link, front));
        if (line == expected) == excused {
            wrong.push(format!("{link} {front}: tshark {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
