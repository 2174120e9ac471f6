//! Tests of the packet parser on handmade octets.

use crate::header::{Family, Header, Packet, SkipReason, Span, Tag, at};
use crate::link_type::LinkType;
use crate::parse;

mod ip;
mod links;
mod values;

fn packet(data: &[u8], link: LinkType) -> Packet<'_> {
    Packet {
        time_ns: 0,
        data,
        wire_len: data.len() as u32,
        link,
        tag: None,
        outgoing: false,
    }
}

fn read(data: &[u8], link: LinkType) -> Result<Header, SkipReason> {
    // Values of an earlier packet must not remain.
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

/// Protocol, ports and octets, as the golden files have them.
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

/// Every octet that is not zero, with its offset.
fn values(header: &Header) -> Vec<(u16, u8)> {
    (0..)
        .zip(header.bytes)
        .filter(|(_, octet)| *octet != 0)
        .collect()
}
