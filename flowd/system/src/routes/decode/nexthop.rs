//! Decodes netlink messages about nexthop objects (`ip nexthop`, linux/nexthop.h), which the netlink library does
//! not support.

use std::net::IpAddr;

use fib::{Change, Hop, NextHop};
use rtnetlink::packet_core::NlasIterator;

const RTM_NEWNEXTHOP: u16 = 104;
const RTM_DELNEXTHOP: u16 = 105;
/// Message type that requests all nexthop objects.
pub(in crate::routes) const RTM_GETNEXTHOP: u16 = 106;

/// Octets of `struct nhmsg`.
pub(in crate::routes) const HEADER: usize = 8;
const RTNH_F_DEAD: u32 = 1;
const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_BLACKHOLE: u16 = 4;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;

/// Decodes a message. Returns `None` if it is not about nexthops, and `Some(None)` if it cannot be decoded.
pub(super) fn message(kind: u16, body: &[u8]) -> Option<Option<Change>> {
    match kind {
        RTM_NEWNEXTHOP => Some(read(body).map(|(id, object)| Change::NextHop(id, object))),
        RTM_DELNEXTHOP => Some(read(body).map(|(id, _)| Change::NextHopGone(id))),
        _ => None,
    }
}

fn read(body: &[u8]) -> Option<(u32, NextHop)> {
    let (header, attributes) = body.split_at_checked(HEADER)?;
    let flags = number(header.get(4..8)?)?;
    let mut hop = Hop {
        output: 0,
        gateway: None,
        weight: 1,
        dead: flags & RTNH_F_DEAD != 0,
    };
    let (mut id, mut group, mut discard) = (None, None, false);
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute.ok()?;
        let value = attribute.value();
        match attribute.kind() {
            NHA_ID => id = number(value),
            NHA_GROUP => group = Some(members(value)),
            NHA_BLACKHOLE => discard = true,
            NHA_OIF => hop.output = number(value)?,
            NHA_GATEWAY => hop.gateway = address(value),
            _ => {}
        }
    }
    let object = match group {
        Some(members) => NextHop::Group(members),
        None if discard => NextHop::Discard,
        None => NextHop::Hop(hop),
    };
    Some((id?, object))
}

/// Entries of `struct nexthop_grp`: identifier, weight minus one in the low and the high octet, two reserved
/// octets.
fn members(value: &[u8]) -> Vec<(u32, u16)> {
    let entry = |entry: &[u8; 8]| {
        let [a, b, c, d, low, high, ..] = *entry;
        let weight = u16::from_le_bytes([low, high]).saturating_add(1);
        (u32::from_ne_bytes([a, b, c, d]), weight)
    };
    value.as_chunks::<8>().0.iter().map(entry).collect()
}

fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(value.try_into().ok()?))
}

fn address(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(value).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(value).ok()?)),
        _ => None,
    }
}
