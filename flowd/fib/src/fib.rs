//! The routes at one moment, for lookups. Nothing in them changes, so threads share them without locks.

use std::sync::Arc;

use crate::address::Address;
use crate::link::Links;
use crate::route::{Hop, Kind};
use crate::rule::{Action, Packet, Selector};
use crate::tree::Tree;

/// A list of routes resolved to the hops in use now.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedRoutes {
    /// `None` if no route of the list has a working hop.
    pub(crate) kind: Option<Kind>,
    pub(crate) hops: Arc<[Hop]>,
    /// Sum of the hops' weights.
    pub(crate) weight: u32,
}

/// A rule and the table it refers to.
pub(crate) struct Step<A> {
    pub(crate) selector: Selector<A>,
    pub(crate) suppress_len: Option<u8>,
    pub(crate) target: Target<A>,
}

/// An [`Action`] with tables in place of their numbers.
pub(crate) enum Target<A> {
    /// `None` if the table is empty.
    Table(Option<Tree<A>>),
    Vrf,
    /// Index of the step to continue at.
    Step(usize),
    Discard,
}

impl<A> Target<A> {
    pub(crate) fn new(
        action: Action,
        table: impl Fn(u32) -> Option<Tree<A>>,
        step: impl Fn(u32) -> usize,
        next: usize,
    ) -> Target<A> {
        match action {
            Action::Table(number) => Target::Table(table(number)),
            Action::Vrf => Target::Vrf,
            Action::Goto(priority) => Target::Step(step(priority).max(next)),
            Action::Nop => Target::Step(next),
            Action::Discard => Target::Discard,
        }
    }
}

/// The rules and routes of one address family at one moment.
pub struct Routes<A> {
    pub(crate) steps: Vec<Step<A>>,
    /// The tables of VRFs, by table number.
    pub(crate) vrfs: Vec<(u32, Tree<A>)>,
    pub(crate) resolved: Arc<[ResolvedRoutes]>,
    pub(crate) links: Arc<Links>,
}

/// The interfaces, rules and routes at one moment.
pub struct Fib {
    /// IPv4.
    pub v4: Routes<u32>,
    /// IPv6.
    pub v6: Routes<u128>,
    pub(crate) links: Arc<Links>,
}

impl Fib {
    /// Whether frames to this MAC address are for this host.
    pub fn has_mac(&self, mac: [u8; 6]) -> bool {
        self.links.has_mac(mac)
    }

    /// `ifIndex` of the VRF device an interface belongs to; 0 without a VRF.
    #[inline]
    pub fn vrf(&self, interface: u32) -> u32 {
        self.links.routed(interface).vrf
    }
}

/// The route of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'a> {
    /// Prefix length of the route; 0 for the default route, and if there is none.
    pub len: u8,
    /// What happens to the packet; `None` without a route.
    pub kind: Option<Kind>,
    hops: &'a [Hop],
    weight: u32,
}

impl<'a> Match<'a> {
    const NONE: Match<'static> = Match {
        len: 0,
        kind: None,
        hops: &[],
        weight: 0,
    };

    /// The hop the packet takes. Among several hops a hash of both addresses chooses, by the hops' weights: always
    /// the same for the same addresses, but not always the kernel's choice, because the kernel's hash has a secret.
    /// A packet captured on its way out takes the hop on that interface.
    pub fn hop<A: Address>(&self, packet: &Packet<A>) -> Option<&'a Hop> {
        if self.kind != Some(Kind::Forward) {
            return None;
        }
        if let [one] = self.hops {
            return Some(one);
        }
        if packet.outgoing
            && let Some(there) = self.hops.iter().find(|hop| hop.output == packet.interface)
        {
            return Some(there);
        }
        let mut place = hash_below(packet, self.weight);
        self.hops.iter().find(|hop| {
            let here = place < u32::from(hop.weight);
            place = place.wrapping_sub(hop.weight.into());
            here
        })
    }
}

/// Returns a number below `below`, by a hash of both addresses.
fn hash_below<A: Address>(packet: &Packet<A>, below: u32) -> u32 {
    // The finaliser of MurmurHash3 (public domain), which mixes all bits.
    let mut mixed = packet.source.folded() ^ packet.destination.folded().rotate_left(32);
    mixed = (mixed ^ mixed >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ mixed >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (((mixed >> 32) * u64::from(below)) >> 32) as u32
}

impl<A: Address> Routes<A> {
    /// The route of a packet: evaluates the rules in their order until a table has a route that may be used.
    pub fn find(&self, packet: &Packet<A>) -> Match<'_> {
        let routed = self.links.routed(packet.interface);
        let input = if packet.outgoing { 0 } else { routed.interface };
        let mut at = 0;
        while let Some(step) = self.steps.get(at) {
            at += 1;
            if !step.selector.applies(packet, input) {
                continue;
            }
            let tree = match &step.target {
                Target::Table(tree) => tree.as_ref(),
                Target::Vrf if routed.vrf == 0 => None,
                Target::Vrf => {
                    let mut vrfs = self.vrfs.iter();
                    vrfs.find(|(number, _)| *number == routed.table)
                        .map(|(_, tree)| tree)
                }
                Target::Step(next) => {
                    at = *next;
                    None
                }
                Target::Discard => {
                    return Match {
                        kind: Some(Kind::Discard),
                        ..Match::NONE
                    };
                }
            };
            let Some(found) = tree.map(|tree| tree.find(packet.destination)) else {
                continue;
            };
            let routes = &self.resolved[found.value() as usize];
            let suppressed = step.suppress_len.is_some_and(|len| found.len() <= len);
            if found.value() != 0 && !suppressed && routes.kind != Some(Kind::Throw) {
                return Match {
                    len: found.len(),
                    kind: routes.kind,
                    hops: &routes.hops,
                    weight: routes.weight,
                };
            }
        }
        Match::NONE
    }
}
