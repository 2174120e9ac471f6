//! Headers that operating systems put in front of packets that they show: loopback, cooked captures, logs of packet
//! filters.

use super::{Network, ethernet};
use crate::header::{Header, SkipReason, Tag, at};

/// Reads BSD's loopback header: the address family in the capturing host's byte order.
pub(super) fn null(data: &[u8]) -> Result<Network<'_>, SkipReason> {
    let (word, rest) = data
        .split_first_chunk::<4>()
        .ok_or(SkipReason::LinkTruncated)?;
    family(small(*word), rest)
}

/// Reads OpenBSD's loopback header: the address family in network byte order.
pub(super) fn openbsd_loop(data: &[u8]) -> Result<Network<'_>, SkipReason> {
    let (word, rest) = data
        .split_first_chunk::<4>()
        .ok_or(SkipReason::LinkTruncated)?;
    family(u32::from_be_bytes(*word), rest)
}

/// Reads the header of a BSD's `enc` interface: address family in the capturing host's byte order, security
/// parameters index, flags.
pub(super) fn enc(data: &[u8]) -> Result<Network<'_>, SkipReason> {
    let (&[f0, f1, f2, f3, ..], rest) = data
        .split_first_chunk::<12>()
        .ok_or(SkipReason::LinkTruncated)?;
    family(small([f0, f1, f2, f3]), rest)
}

/// Reads the header of OpenBSD's packet filter log: its length without the padding to whole words, address family,
/// action, reason, names and numbers.
pub(super) fn pflog(data: &[u8]) -> Result<Network<'_>, SkipReason> {
    /// Octets up to the rules' numbers, which every version has.
    const LEAST: u8 = 45;
    let [len, af, ..] = data else {
        return Err(SkipReason::LinkTruncated);
    };
    if *len < LEAST {
        return Err(SkipReason::NotIp);
    }
    let rest = data.get(usize::from(*len).next_multiple_of(4)..);
    family((*af).into(), rest.ok_or(SkipReason::LinkTruncated)?)
}

/// Reads the attributes of a netfilter log message up to the packet. Their lengths and types are in the capturing
/// host's byte order.
pub(super) fn nflog(data: &[u8]) -> Result<Network<'_>, SkipReason> {
    /// NFULA_PAYLOAD (Linux `linux/netfilter/nfnetlink_log.h`).
    const PAYLOAD: u16 = 9;
    /// Octets of an attribute's length and type.
    const ATTRIBUTE: usize = 4;
    let (_, mut rest) = data
        .split_first_chunk::<4>()
        .ok_or(SkipReason::LinkTruncated)?;
    while let Some((&[l0, l1, t0, t1], value)) = rest.split_first_chunk::<ATTRIBUTE>() {
        // Types are small numbers, so the position of the zero octet tells the byte order.
        let (len, kind) = match (t0, t1) {
            (0, _) => ([l0, l1], [t0, t1]),
            _ => ([l1, l0], [t1, t0]),
        };
        let len = usize::from(u16::from_be_bytes(len));
        if u16::from_be_bytes(kind) == PAYLOAD {
            // What was not captured of it is missed when its headers are read.
            let octets = len.saturating_sub(ATTRIBUTE).min(value.len());
            return Ok(Network::Either(value.get(..octets).unwrap_or(value)));
        }
        if len < ATTRIBUTE {
            return Err(SkipReason::NotIp);
        }
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    // A message need not have a packet, but one that was cut had more.
    Err(match rest {
        [] => SkipReason::NotIp,
        _ => SkipReason::LinkTruncated,
    })
}

/// Reads the header of Solaris' `ipnet` devices: version, address family, then numbers.
pub(super) fn ipnet(data: &[u8]) -> Result<Network<'_>, SkipReason> {
    let (&[_, family, ..], rest) = data
        .split_first_chunk::<24>()
        .ok_or(SkipReason::LinkTruncated)?;
    match family {
        2 => Ok(Network::Ipv4(rest)),
        26 => Ok(Network::Ipv6(rest)),
        _ => Err(SkipReason::NotIp),
    }
}

/// Reads the header of a Linux cooked capture, version 1.
pub(super) fn sll<'a>(
    data: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let (&[_, _, _, _, l0, l1, a0, a1, a2, a3, a4, a5, _, _, t0, t1], rest) = data
        .split_first_chunk::<16>()
        .ok_or(SkipReason::LinkTruncated)?;
    if [l0, l1] == [0, 6] {
        header.set(at::SOURCE_MAC, &[a0, a1, a2, a3, a4, a5]);
    }
    ethernet(u16::from_be_bytes([t0, t1]), rest, tag, header)
}

/// Reads the header of a Linux cooked capture, version 2.
pub(super) fn sll2<'a>(
    data: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let (&[t0, t1, _, _, _, _, _, _, _, _, _, len, ref address @ ..], rest) = data
        .split_first_chunk::<20>()
        .ok_or(SkipReason::LinkTruncated)?;
    if len == 6
        && let Some(mac) = address.first_chunk::<6>()
    {
        header.set(at::SOURCE_MAC, mac);
    }
    ethernet(u16::from_be_bytes([t0, t1]), rest, tag, header)
}

/// Reads a PPI header: version, flags, its length and the link type of the frame behind it, which it returns.
pub(super) fn ppi(data: &[u8]) -> Result<(u32, &[u8]), SkipReason> {
    let Some(&[_, _, l0, l1, d0, d1, d2, d3]) = data.first_chunk::<8>() else {
        return Err(SkipReason::LinkTruncated);
    };
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    frame(u32::from_le_bytes([d0, d1, d2, d3]), data, len, 8)
}

/// Reads a PKTAP header: its length, the kind of record, and the link type of the frame behind it, which it returns.
pub(super) fn pktap(data: &[u8]) -> Result<(u32, &[u8]), SkipReason> {
    /// A record with a packet.
    const PACKET: u32 = 1;
    let Some((words, _)) = data.first_chunk::<12>().map(|words| words.as_chunks::<4>()) else {
        return Err(SkipReason::LinkTruncated);
    };
    let [len, kind, link] = words else {
        return Err(SkipReason::LinkTruncated);
    };
    if u32::from_le_bytes(*kind) != PACKET {
        return Err(SkipReason::NotIp);
    }
    let len = usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX);
    frame(u32::from_le_bytes(*link), data, len, 12)
}

/// The frame of link type `link` behind a header of `len` octets, which must be at least `least`.
fn frame(link: u32, data: &[u8], len: usize, least: usize) -> Result<(u32, &[u8]), SkipReason> {
    if len < least {
        return Err(SkipReason::NotIp);
    }
    let rest = data.get(len..).ok_or(SkipReason::LinkTruncated)?;
    Ok((link, rest))
}

/// A small number in the byte order of another host: the zero octets tell which one it is.
fn small(word: [u8; 4]) -> u32 {
    match word {
        [0, ..] => u32::from_be_bytes(word),
        _ => u32::from_le_bytes(word),
    }
}

/// What is behind a header that names an address family.
fn family(family: u32, rest: &[u8]) -> Result<Network<'_>, SkipReason> {
    match family {
        2 => Ok(Network::Ipv4(rest)),
        // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, Darwin.
        10 | 24 | 28 | 30 => Ok(Network::Ipv6(rest)),
        _ => Err(SkipReason::NotIp),
    }
}
