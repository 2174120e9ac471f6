//! Fills in what the host's routes say of a packet: output interface, next hop, prefix lengths and prefixes of both
//! addresses, VRF.
//!
//! For a record that matches such a field, routes are looked up for each packet; for one that only collects them,
//! for the first packet of each flow; for any other record, never. Without routes, as for a savefile, the values
//! are zero.

use std::net::IpAddr;
use std::sync::Arc;

use fib::{Address, Fib, Packet, Routes};
use flow::Record;
use wire::{Family, Header, Span, at};

use crate::observed::Observed;
use crate::wanted_routes::{RouteValues, WantedRoutes};

/// The host's routes, and the interface that captures the packets.
#[derive(Clone)]
pub struct Routing {
    /// The present routes.
    pub fib: Arc<Fib>,
    /// `ifIndex` of the interface the packets are captured on.
    pub interface: u32,
}

/// Whether the record has fields that are looked up in the host's routes ([`crate::Burst::set_routing`]).
pub fn wants_routes(record: &Record) -> bool {
    let layouts = record.layouts();
    let mut layouts = layouts.iter().flatten();
    layouts.any(|layout| WantedRoutes::by(layout).any())
}

impl Routing {
    /// Writes `parts` into the packet's header, except those that it already has.
    #[inline]
    pub(crate) fn fill(&self, observed: &mut Observed, parts: RouteValues) {
        let missing = RouteValues(parts.0 & !observed.routed.0);
        if missing != RouteValues::default() {
            self.look_up(observed, missing);
        }
    }

    fn look_up(&self, observed: &mut Observed, parts: RouteValues) {
        observed.routed.0 |= parts.0;
        if parts.has(RouteValues::VRF) {
            let vrf = self.fib.vrf(self.interface);
            observed.header.set(at::INPUT_VRF, &vrf.to_be_bytes());
        }
        match observed.header.family {
            Family::V4 => self.routes(&self.fib.v4, observed, parts),
            Family::V6 => self.routes(&self.fib.v6, observed, parts),
        }
    }

    fn routes<A: RouteAddress>(
        &self,
        routes: &Routes<A>,
        observed: &mut Observed,
        parts: RouteValues,
    ) {
        // A mirrored frame is forwarded by another host, and the packet inside a tunnel leaves as the tunnel does.
        let goes = observed.outgoing
            || !observed.inside && observed.to.is_none_or(|mac| self.fib.has_mac(mac));
        let outgoing = observed.outgoing;
        let header = &mut observed.header;
        let port = |span| header.get(span).try_into().map_or(0, u16::from_be_bytes);
        let packet = Packet {
            source: A::read(header.get(A::SOURCE)),
            destination: A::read(header.get(A::DESTINATION)),
            interface: self.interface,
            outgoing,
            tos: header.get(at::TOS).first().copied().unwrap_or(0),
            protocol: header.protocol,
            ports: (port(at::SOURCE_PORT), port(at::DESTINATION_PORT)),
        };
        if parts.has(RouteValues::SOURCE) {
            let len = routes.find(&packet.reversed()).len;
            header.set(at::SOURCE_MASK, &[len]);
            packet.source.first(len).write(header, A::SOURCE_PREFIX);
        }
        if !parts.has(RouteValues::DESTINATION) {
            return;
        }
        let found = routes.find(&packet);
        header.set(at::DESTINATION_MASK, &[found.len]);
        let prefix = packet.destination.first(found.len);
        prefix.write(header, A::DESTINATION_PREFIX);
        let Some(hop) = found.hop(&packet).filter(|_| goes) else {
            return;
        };
        if !outgoing {
            header.set(at::OUTPUT, &hop.output.to_be_bytes());
        }
        if let Some(gateway) = hop.gateway.and_then(A::of) {
            gateway.write(header, A::NEXT_HOP);
        }
    }
}

/// An address of one family, and its places in the header.
trait RouteAddress: Address {
    const SOURCE: Span;
    const DESTINATION: Span;
    const NEXT_HOP: Span;
    const SOURCE_PREFIX: Span;
    const DESTINATION_PREFIX: Span;

    fn read(octets: &[u8]) -> Self;
    fn write(self, header: &mut Header, span: Span);
    /// `None` for an address of the other family: an IPv4 route through an IPv6 router has no IPv4 next hop.
    fn of(address: IpAddr) -> Option<Self>;
}

impl RouteAddress for u32 {
    const SOURCE: Span = at::SOURCE_IPV4;
    const DESTINATION: Span = at::DESTINATION_IPV4;
    const NEXT_HOP: Span = at::NEXT_HOP_IPV4;
    const SOURCE_PREFIX: Span = at::SOURCE_PREFIX_IPV4;
    const DESTINATION_PREFIX: Span = at::DESTINATION_PREFIX_IPV4;

    fn read(octets: &[u8]) -> Self {
        octets.try_into().map_or(0, u32::from_be_bytes)
    }

    fn write(self, header: &mut Header, span: Span) {
        header.set(span, &self.to_be_bytes());
    }

    fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => Some(address.into()),
            IpAddr::V6(_) => None,
        }
    }
}

impl RouteAddress for u128 {
    const SOURCE: Span = at::SOURCE_IPV6;
    const DESTINATION: Span = at::DESTINATION_IPV6;
    const NEXT_HOP: Span = at::NEXT_HOP;
    const SOURCE_PREFIX: Span = at::SOURCE_PREFIX;
    const DESTINATION_PREFIX: Span = at::DESTINATION_PREFIX;

    fn read(octets: &[u8]) -> Self {
        octets.try_into().map_or(0, u128::from_be_bytes)
    }

    fn write(self, header: &mut Header, span: Span) {
        header.set(span, &self.to_be_bytes());
    }

    fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(address.into()),
        }
    }
}

#[cfg(test)]
mod tests;
