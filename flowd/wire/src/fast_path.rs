//! The fast path of the packet parser: Ethernet without tags, IPv4 without options or IPv6 without extension
//! headers, TCP or UDP, not a later fragment, captured at least to the end of the TCP header (for UDP over IPv6, of
//! the UDP header).
//!
//! Nearly every packet is of this kind. It is read in a fraction of the general parser's time, because the first
//! header line is assembled in eight words and stored without being zeroed first, and because TCP and UDP share one
//! path. Every other packet goes to the general parser, which is also what the tests compare this one with.

use crate::header::{Family, Header, LINE, Packet, at};
use crate::transport::protocol::{TCP, UDP};

/// Octets of the Ethernet header.
const ETHERNET: usize = 14;
/// Octets of a TCP header without options.
const SEGMENT: usize = 20;
/// Octets of a UDP header.
const DATAGRAM: usize = 8;
/// Least octets of an IP packet's payload, by protocol.
const LEAST_TCP: u32 = 20;
const LEAST_UDP: u32 = 8;

/// The first header line as little-endian words: the lowest octet is the first one, on every machine.
type Words = [u64; 8];

/// Reads the first header line of `packet` and the fields of [`Header`] beside its lines. Returns `None` and leaves
/// `header` unchanged if the fast path does not cover the packet.
#[inline(always)]
pub(crate) fn parse(packet: &Packet, header: &mut Header) -> Option<()> {
    let frame = packet.data.first_chunk::<{ ETHERNET + 20 + SEGMENT }>()?;
    // EtherType 0x0800, IP version 4, header length of five words.
    if number::<12, 3>(frame) == 0x45_0008 {
        v4(frame, packet.outgoing, header)
    } else {
        v6(packet.data, packet.outgoing, header)
    }
}

#[inline(always)]
fn v4(frame: &[u8; ETHERNET + 20 + SEGMENT], outgoing: bool, header: &mut Header) -> Option<()> {
    let total = u32::from(u16::from_be_bytes([frame[16], frame[17]]));
    let [ttl, protocol] = [frame[22], frame[23]];
    let flags = u64::from(frame[20] & 0x60);
    // Fragment offset 0.
    if u32::from(frame[20] & 0x1f) | u32::from(frame[21]) != 0 || !transported(protocol, total, 20)
    {
        return None;
    }
    let words = [
        number::<26, 4>(frame),
        0,
        number::<30, 4>(frame),
        0,
        transport(number::<34, 4>(frame), protocol, frame[15], ttl, 4),
        0,
        u64::from(outgoing) | 20 << 16 | flags << 24,
        number::<16, 2>(frame) << 16 | number::<18, 2>(frame) << 48,
    ];
    let flags = u16::from_be_bytes([frame[46], frame[47]]);
    finish(words, Family::V4, total, protocol, flags, header);
    Some(())
}

#[inline(always)]
fn v6(data: &[u8], outgoing: bool, header: &mut Header) -> Option<()> {
    let frame = data.first_chunk::<{ ETHERNET + 40 + DATAGRAM }>()?;
    let total = u32::from(u16::from_be_bytes([frame[18], frame[19]])) + 40;
    let [protocol, hops] = [frame[20], frame[21]];
    let plain = number::<12, 2>(frame) == 0xdd86 && frame[14] >> 4 == 6;
    if !plain || !transported(protocol, total, 40) {
        return None;
    }
    let class = frame[14] << 4 | frame[15] >> 4;
    let words = [
        number::<22, 8>(frame),
        number::<30, 8>(frame),
        number::<38, 8>(frame),
        number::<46, 8>(frame),
        transport(number::<54, 4>(frame), protocol, class, hops, 6),
        0,
        u64::from(outgoing) | 40 << 16,
        u64::from(total.swap_bytes()),
    ];
    // A short UDP datagram is captured with fewer octets than a TCP header has.
    let segment = data.first_chunk::<{ ETHERNET + 40 + SEGMENT }>();
    let flags = match segment {
        Some(frame) => u16::from_be_bytes([frame[66], frame[67]]),
        None if protocol == UDP => 0,
        None => return None,
    };
    finish(words, Family::V6, total, protocol, flags, header);
    Some(())
}

/// Returns whether the protocol is TCP or UDP and an IP packet of `octets` has room behind its header of
/// `header_len` octets for what is read of them.
#[inline(always)]
fn transported(protocol: u8, octets: u32, header_len: u32) -> bool {
    let least = if protocol == TCP {
        LEAST_TCP
    } else {
        LEAST_UDP
    };
    ((protocol == TCP) | (protocol == UDP)) & (octets >= header_len + least)
}

/// Packs ports, protocol, type of service, time to live and version into one word.
#[inline(always)]
fn transport(ports: u64, protocol: u8, tos: u8, ttl: u8, version: u64) -> u64 {
    ports | u64::from(protocol) << 32 | u64::from(tos) << 40 | u64::from(ttl) << 48 | version << 56
}

#[inline(always)]
fn finish(
    words: Words,
    family: Family,
    octets: u32,
    protocol: u8,
    flags: u16,
    header: &mut Header,
) {
    if let Some(line) = header.bytes.first_chunk_mut::<LINE>() {
        for (octets, word) in line.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *octets = word.to_le_bytes();
        }
    }
    header.octets = octets;
    header.tcp_flags = if protocol == TCP { flags & 0x0fff } else { 0 };
    header.protocol = protocol;
    header.family = family;
}

/// Returns the `LEN` octets of `frame` from `AT` on as a number whose lowest octet is the first.
#[inline(always)]
fn number<const AT: usize, const LEN: usize>(frame: &[u8]) -> u64 {
    let mut octets = [0; 8];
    if let (Some(out), Some(part)) = (octets.get_mut(..LEN), frame.get(AT..AT + LEN)) {
        out.copy_from_slice(part);
    }
    u64::from_le_bytes(octets)
}

/// The words above are laid out for exactly these places.
const _: () = {
    assert!(at::SOURCE_IPV6.at == 0 && at::DESTINATION_IPV6.at == 16);
    assert!(at::SOURCE_PORT.at == 32 && at::DESTINATION_PORT.at == 34);
    assert!(at::PROTOCOL.at == 36 && at::TOS.at == 37 && at::TTL.at == 38 && at::VERSION.at == 39);
    assert!(at::DIRECTION.at == 48 && at::IP_HEADER_LENGTH.at == 50 && at::FRAGMENT_FLAGS.at == 51);
    assert!(at::IP_TOTAL_LENGTH.at == 56 && at::FRAGMENT_ID.at == 60);
};
