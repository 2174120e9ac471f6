//! One packet's octets → its [`Header`], as a probe counts it.
//!
//! A packet belongs to its outermost IP header: tunnels are not entered. Fragments are not reassembled,
//! checksums not verified, and lengths are the IP header's own, so a short capture (`snaplen`) counts the same
//! octets as a whole one. Malformed headers are skipped with a reason, see [`Skip`].

use crate::common;
use crate::header::{Header, Lines, Link, Packet, Skip, at};
use crate::ip::{self, Parts};
use crate::link::{self, Network};
use crate::rare;

/// Lines this reader works with, whoever asks.
pub(crate) const WORKING: Lines = Lines::COMMON.with(1);

/// Reads the headers of `packet` into `header`, which is overwritten whole; after an error it means nothing.
///
/// # Errors
/// Why the packet belongs to no flow.
pub fn parse(packet: &Packet, header: &mut Header) -> Result<(), Skip> {
    parse_lines(packet, Lines::ALL, header)
}

/// The same, for those who need some lines only: `wanted` and the first are overwritten whole, the others hold anything.
///
/// # Errors
/// Why the packet belongs to no flow.
#[inline]
pub fn parse_lines(packet: &Packet, wanted: Lines, header: &mut Header) -> Result<(), Skip> {
    if wanted == Lines::COMMON
        && packet.link == Link::Ethernet
        && packet.tag.is_none()
        && common::parse(packet, header).is_some()
    {
        return Ok(());
    }
    general(packet, wanted, header)
}

/// Reads any packet.
#[inline(never)]
fn general(packet: &Packet, wanted: Lines, header: &mut Header) -> Result<(), Skip> {
    header.clear(wanted.and(WORKING));
    header.set(at::DIRECTION, &[u8::from(packet.outgoing)]);
    let network = link::strip(packet, header)?;
    let parts = ip_header(network, packet, header)?;
    if wanted != Lines::COMMON {
        rare::fill(&parts, wanted, packet.outgoing, header);
    }
    Ok(())
}

/// The IP header that `network`, the end of `frame`, starts with.
#[inline]
pub(crate) fn ip_header<'a>(
    network: Network<'a>,
    frame: &Packet<'a>,
    header: &mut Header,
) -> Result<Parts<'a>, Skip> {
    let (Network::Ipv4(octets)
    | Network::Ipv6(octets)
    | Network::Either(octets)
    | Network::Labelled(octets)) = network;
    let link_octets = frame.data.len() - octets.len();
    // A capture that claims fewer octets on the wire than it holds is taken at what it holds.
    let on_wire = (frame.wire_len as usize).max(frame.data.len()) - link_octets;
    let on_wire = u32::try_from(on_wire).unwrap_or(u32::MAX);
    match network {
        Network::Ipv4(octets) => ip::v4(octets, on_wire, header),
        Network::Ipv6(octets) => ip::v6(octets, on_wire, header),
        Network::Either(octets) | Network::Labelled(octets) => {
            match octets.first().map(|octet| octet >> 4) {
                Some(4) => ip::v4(octets, on_wire, header),
                Some(6) => ip::v6(octets, on_wire, header),
                Some(_) => Err(Skip::NotIp),
                None => Err(Skip::IpTruncated),
            }
        }
    }
}

#[cfg(test)]
mod tests;
