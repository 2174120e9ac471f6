//! What the host's routes say of a packet: where it goes, the next router, the masks of its addresses, its VRF.
//!
//! A record that matches one of these has them looked up for each packet; one that only collects them, for the first
//! packet of each flow; any other record, never. Without routes, as for a savefile, all of them are zero.

use std::net::IpAddr;
use std::sync::Arc;

use fib::{Address, Fib, Packet, Routes};
use flow::{Layout, Record};
use wire::{Family, Header, Span, at};

use crate::burst::Observed;

/// The host's routes, and the interface whose packets they are asked for.
#[derive(Clone)]
pub struct Routing {
    /// The routes at this moment.
    pub fib: Arc<Fib>,
    /// `ifIndex` the packets are captured on.
    pub interface: u32,
}

/// The record speaks of what the host's routes say ([`crate::Burst::route_by`]).
pub fn wants_routes(record: &Record) -> bool {
    let layouts = [Family::V4, Family::V6].map(|family| record.layout(family));
    let mut layouts = layouts.iter().flatten();
    layouts.any(|layout| Wanted::by(layout).any())
}

/// Some of what routes say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts(u8);

impl Parts {
    /// Interface, next hop, mask and prefix of the destination.
    const DESTINATION: Parts = Parts(1);
    /// Mask and prefix of the source.
    const SOURCE: Parts = Parts(2);
    const VRF: Parts = Parts(4);

    fn has(self, part: Parts) -> bool {
        self.0 & part.0 != 0
    }

    fn among(mask: &[u8; Header::LEN]) -> Parts {
        let spoken = |span: Span| mask[span.range()].iter().any(|octet| *octet != 0);
        let spans = [
            (at::OUTPUT, Parts::DESTINATION),
            (at::NEXT_HOP, Parts::DESTINATION),
            (at::DESTINATION_MASK, Parts::DESTINATION),
            (at::DESTINATION_PREFIX, Parts::DESTINATION),
            (at::SOURCE_MASK, Parts::SOURCE),
            (at::SOURCE_PREFIX, Parts::SOURCE),
            (at::INPUT_VRF, Parts::VRF),
        ];
        let parts = spans.into_iter().filter(|(span, _)| spoken(*span));
        parts.fold(Parts::default(), |all, (_, part)| Parts(all.0 | part.0))
    }
}

/// What a layout wants of the routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Of each packet: the key speaks of it.
    pub(crate) key: Parts,
    /// Of the first packet of a flow.
    pub(crate) first: Parts,
}

impl Wanted {
    pub(crate) fn by(layout: &Layout) -> Wanted {
        Wanted {
            key: Parts::among(layout.key_mask()),
            first: Parts::among(layout.keep_mask()),
        }
    }

    /// Anything at all.
    pub(crate) fn any(self) -> bool {
        self.first != Parts::default()
    }
}

impl Routing {
    /// Writes `parts` into the packet's header, but for those that are there.
    #[inline]
    pub(crate) fn fill(&self, observed: &mut Observed, parts: Parts) {
        let missing = Parts(parts.0 & !observed.routed.0);
        if missing != Parts::default() {
            self.look_up(observed, missing);
        }
    }

    fn look_up(&self, observed: &mut Observed, parts: Parts) {
        observed.routed.0 |= parts.0;
        if parts.has(Parts::VRF) {
            let vrf = self.fib.vrf(self.interface);
            observed.header.set(at::INPUT_VRF, &vrf.to_be_bytes());
        }
        match observed.header.family {
            Family::V4 => self.routes(&self.fib.v4, observed, parts),
            Family::V6 => self.routes(&self.fib.v6, observed, parts),
        }
    }

    fn routes<A: Number>(&self, routes: &Routes<A>, observed: &mut Observed, parts: Parts) {
        // A mirrored frame is another's to forward, and the packet in a tunnel goes where the tunnel goes.
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
        if parts.has(Parts::SOURCE) {
            let len = routes.find(&packet.back()).len;
            header.set(at::SOURCE_MASK, &[len]);
            packet.source.first(len).write(header, A::SOURCE_PREFIX);
        }
        if !parts.has(Parts::DESTINATION) {
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

/// An address of a family, and where the header has it.
trait Number: Address {
    const SOURCE: Span;
    const DESTINATION: Span;
    const NEXT_HOP: Span;
    const SOURCE_PREFIX: Span;
    const DESTINATION_PREFIX: Span;

    fn read(octets: &[u8]) -> Self;
    fn write(self, header: &mut Header, span: Span);
    /// None for an address of the other family: an IPv4 route by way of an IPv6 router has no IPv4 next hop.
    fn of(address: IpAddr) -> Option<Self>;
}

impl Number for u32 {
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

impl Number for u128 {
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
