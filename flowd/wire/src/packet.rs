//! Reads the headers of one captured packet into a [`Header`].
//!
//! A packet is accounted to its outermost IP header: tunnels are not entered (see [`crate::parse_innermost`] for
//! that). Fragments are not reassembled, checksums are not verified, and lengths are taken from the IP header, so a
//! packet captured with a short `snaplen` counts the same octets as one captured whole. Malformed headers are
//! skipped with a reason, see [`SkipReason`].

use crate::fast_path;
use crate::header::{Header, Lines, Packet, SkipReason, at};
use crate::ip::{self, Parts};
use crate::link::{self, Network};
use crate::link_type::LinkType;
use crate::on_demand;

/// The lines the parser itself writes to, whichever lines the caller wants.
pub(crate) const PARSER_LINES: Lines = Lines::COMMON.with(1);

/// Reads the headers of `packet` into `header`. Every octet of `header` is overwritten; after an error its content
/// is unspecified.
///
/// # Errors
/// The reason why the packet belongs to no flow.
pub fn parse(packet: &Packet, header: &mut Header) -> Result<(), SkipReason> {
    parse_lines(packet, Lines::ALL, header)
}

/// Reads the headers of `packet` into `header` as [`parse`] does, but fills only the `wanted` lines and the first
/// one. The other lines of `header` are left unspecified.
///
/// # Errors
/// The reason why the packet belongs to no flow.
#[inline]
pub fn parse_lines(packet: &Packet, wanted: Lines, header: &mut Header) -> Result<(), SkipReason> {
    if wanted == Lines::COMMON
        && packet.link == LinkType::Ethernet
        && packet.tag.is_none()
        && fast_path::parse(packet, header).is_some()
    {
        return Ok(());
    }
    general(packet, wanted, header)
}

/// Reads a packet of any link type, with any tags, options and extension headers.
#[inline(never)]
fn general(packet: &Packet, wanted: Lines, header: &mut Header) -> Result<(), SkipReason> {
    header.clear(wanted.and(PARSER_LINES));
    header.set(at::DIRECTION, &[u8::from(packet.outgoing)]);
    let network = link::strip(packet, header)?;
    let parts = ip_header(network, packet, header)?;
    if wanted != Lines::COMMON {
        on_demand::fill(&parts, wanted, packet.outgoing, header);
    }
    Ok(())
}

/// Reads the IP header at the start of `network`, which is the tail of `frame`.
#[inline]
pub(crate) fn ip_header<'a>(
    network: Network<'a>,
    frame: &Packet<'a>,
    header: &mut Header,
) -> Result<Parts<'a>, SkipReason> {
    let (Network::Ipv4(octets)
    | Network::Ipv6(octets)
    | Network::Either(octets)
    | Network::Labelled(octets)) = network;
    let link_octets = frame.data.len() - octets.len();
    // A capture file may claim fewer octets on the wire than it holds; the captured length counts then.
    let on_wire = (frame.wire_len as usize).max(frame.data.len()) - link_octets;
    let on_wire = u32::try_from(on_wire).unwrap_or(u32::MAX);
    match network {
        Network::Ipv4(octets) => ip::v4(octets, on_wire, header),
        Network::Ipv6(octets) => ip::v6(octets, on_wire, header),
        Network::Either(octets) | Network::Labelled(octets) => {
            match octets.first().map(|octet| octet >> 4) {
                Some(4) => ip::v4(octets, on_wire, header),
                Some(6) => ip::v6(octets, on_wire, header),
                Some(_) => Err(SkipReason::NotIp),
                None => Err(SkipReason::IpTruncated),
            }
        }
    }
}

#[cfg(test)]
mod tests;
