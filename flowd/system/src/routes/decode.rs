//! Decodes netlink messages about routes, rules, nexthops and interfaces. Pure.

pub(super) mod nexthop;
mod rule;

use std::net::IpAddr;

use fib::{Address, Change, Entry, Hop, Hops, Kind, Link, Prefix, Route};
use rtnetlink::packet_core::{NLM_F_REPLACE, NetlinkHeader, ParseableParametrized};
use rtnetlink::packet_route::link::{
    InfoData, InfoVrf, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteNextHop, RouteNextHopFlags,
    RouteType, RouteVia,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

/// A decoded netlink message.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // there is only one at a time
pub(super) enum Decoded {
    /// A change of rules, routes, nexthops or interfaces.
    Change(Change),
    /// Nothing of interest.
    Ignored,
    /// An address was removed. The kernel also removes IPv4 routes with this source address, without reporting
    /// them.
    AddressRemoved,
    /// A route that does not depend on the packet's destination alone, but on its type of service or source.
    Unsupported,
    /// The message could not be decoded.
    Undecodable,
}

/// Decodes the body of a message.
pub(super) fn message(header: &NetlinkHeader, body: &[u8]) -> Decoded {
    if let Some(change) = nexthop::message(header.message_type, body) {
        return change.map_or(Decoded::Undecodable, Decoded::Change);
    }
    let replace = header.flags & NLM_F_REPLACE != 0;
    match RouteNetlinkMessage::parse_with_param(body, header.message_type) {
        Ok(RouteNetlinkMessage::NewRoute(message)) => route(&message, true, replace),
        Ok(RouteNetlinkMessage::DelRoute(message)) => route(&message, false, replace),
        Ok(RouteNetlinkMessage::NewRule(message)) => rule::message(&message, true),
        Ok(RouteNetlinkMessage::DelRule(message)) => rule::message(&message, false),
        Ok(RouteNetlinkMessage::NewLink(message)) => link(message),
        Ok(RouteNetlinkMessage::DelLink(message)) => {
            Decoded::Change(Change::LinkGone(message.header.index))
        }
        Ok(RouteNetlinkMessage::DelAddress(_)) => Decoded::AddressRemoved,
        Ok(_) => Decoded::Ignored,
        Err(_) => Decoded::Undecodable,
    }
}

/// A prefix of either family.
pub(super) enum Net {
    V4(Prefix<u32>),
    V6(Prefix<u128>),
}

impl Net {
    /// A prefix without an address is that of the default route.
    pub(super) fn new(family: AddressFamily, address: Option<IpAddr>, len: u8) -> Option<Net> {
        match (family, address) {
            (AddressFamily::Inet, Some(IpAddr::V4(address))) => {
                Some(Net::V4(Prefix::new(address.into(), len)))
            }
            (AddressFamily::Inet6, Some(IpAddr::V6(address))) => {
                Some(Net::V6(Prefix::new(address.into(), len)))
            }
            (AddressFamily::Inet, None) if len == 0 => Some(Net::V4(Prefix::new(0, 0))),
            (AddressFamily::Inet6, None) if len == 0 => Some(Net::V6(Prefix::new(0, 0))),
            _ => None,
        }
    }
}

fn route(message: &RouteMessage, added: bool, replace: bool) -> Decoded {
    let header = &message.header;
    if header.flags.contains(RouteFlags::Cloned) {
        return Decoded::Ignored; // Learnt path MTUs and redirects.
    }
    let kind = match header.kind {
        RouteType::Unicast => Kind::Forward,
        RouteType::Local | RouteType::Broadcast | RouteType::Anycast | RouteType::Multicast => {
            Kind::Local
        }
        RouteType::BlackHole | RouteType::Unreachable | RouteType::Prohibit => Kind::Discard,
        RouteType::Throw => Kind::Throw,
        _ => return Decoded::Ignored,
    };
    if header.tos != 0 || header.source_prefix_length != 0 {
        return Decoded::Unsupported;
    }
    let mut table = u32::from(header.table);
    let (mut destination, mut priority, mut object) = (None, 0, None);
    let mut one = Hop {
        output: 0,
        gateway: None,
        weight: 1,
        dead: header.flags.contains(RouteFlags::Dead),
    };
    let mut several = Vec::new();
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::Destination(address) => destination = ip(address),
            RouteAttribute::Priority(metric) => priority = *metric,
            RouteAttribute::Oif(index) => one.output = *index,
            RouteAttribute::NhId(id) => object = Some(*id),
            RouteAttribute::MultiPath(hops) => several.extend(hops.iter().map(hop)),
            other => one.gateway = gateway(other).or(one.gateway),
        }
    }
    let Some(net) = Net::new(
        header.address_family,
        destination,
        header.destination_prefix_length,
    ) else {
        return Decoded::Ignored; // MPLS or multicast routing.
    };
    let hops = match (kind, object) {
        (Kind::Discard | Kind::Throw, _) => Hops::List([].into()),
        (_, Some(id)) => Hops::Object(id),
        _ if several.is_empty() => Hops::List([one].into()),
        _ => Hops::List(several.into()),
    };
    let route = Route {
        priority,
        kind,
        hops,
        shadows: false,
    };
    Decoded::Change(match net {
        Net::V4(prefix) => Change::V4(entry(added, replace, table, prefix, route)),
        Net::V6(prefix) => Change::V6(entry(added, replace, table, prefix, route)),
    })
}

fn entry<A: Address>(
    added: bool,
    replace: bool,
    table: u32,
    prefix: Prefix<A>,
    route: Route,
) -> Entry<A> {
    if added {
        Entry::AddRoute {
            table,
            prefix,
            route,
            replace,
        }
    } else {
        Entry::RemoveRoute {
            table,
            prefix,
            route,
        }
    }
}

fn hop(hop: &RouteNextHop) -> Hop {
    Hop {
        output: hop.interface_index,
        gateway: hop.attributes.iter().find_map(gateway),
        weight: u16::from(hop.hops) + 1,
        dead: hop.flags.contains(RouteNextHopFlags::Dead),
    }
}

fn gateway(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(address) => ip(address),
        RouteAttribute::Via(RouteVia::Inet(address)) => Some((*address).into()),
        RouteAttribute::Via(RouteVia::Inet6(address)) => Some((*address).into()),
        _ => None,
    }
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

fn link(message: LinkMessage) -> Decoded {
    // A bridge reports its ports in a family of its own with less information.
    if message.header.interface_family != AddressFamily::Unspec {
        return Decoded::Ignored;
    }
    let flags = message.header.flags;
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        state: (
            flags.contains(LinkFlags::Up),
            flags.contains(LinkFlags::LowerUp),
        ),
        master: None,
        vrf_table: None,
        mac: None,
    };
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name = name,
            LinkAttribute::Address(octets) => {
                link.mac = octets.try_into().ok().filter(|mac| *mac != [0; 6]);
            }
            LinkAttribute::Controller(index) => link.master = Some(index),
            LinkAttribute::LinkInfo(infos) => link.vrf_table = infos.iter().find_map(vrf_table),
            _ => {}
        }
    }
    Decoded::Change(Change::Link(link))
}

fn vrf_table(info: &LinkInfo) -> Option<u32> {
    let LinkInfo::Data(InfoData::Vrf(vrf)) = info else {
        return None;
    };
    vrf.iter().find_map(|vrf| match vrf {
        InfoVrf::TableId(table) => Some(*table),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
