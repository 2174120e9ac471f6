//! The routes at one moment, for those who look them up. Nothing here changes: it is shared between threads as it is.

use std::sync::Arc;

use crate::address::Address;
use crate::link::Links;
use crate::route::{Hop, Kind};
use crate::rule::{Action, Packet, Selector};
use crate::tree::Tree;

/// What is behind the number of a route list: what becomes of its packets now.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// None for a list whose routes all have no hop that works.
    pub(crate) kind: Option<Kind>,
    pub(crate) hops: Arc<[Hop]>,
    /// Sum of the hops' weights.
    pub(crate) weight: u32,
}

/// A rule with its table at hand.
pub(crate) struct Step<A> {
    pub(crate) selector: Selector<A>,
    pub(crate) suppress_len: Option<u8>,
    pub(crate) to: To<A>,
}

/// [`Action`], with tables instead of their numbers.
pub(crate) enum To<A> {
    /// None: the table is empty.
    Table(Option<Tree<A>>),
    Vrf,
    /// The step to go on at.
    Step(usize),
    Discard,
}

impl<A> To<A> {
    pub(crate) fn new(
        action: Action,
        table: impl Fn(u32) -> Option<Tree<A>>,
        step: impl Fn(u32) -> usize,
        next: usize,
    ) -> To<A> {
        match action {
            Action::Table(number) => To::Table(table(number)),
            Action::Vrf => To::Vrf,
            Action::Goto(priority) => To::Step(step(priority).max(next)),
            Action::Nop => To::Step(next),
            Action::Discard => To::Discard,
        }
    }
}

/// One family's rules and routes at one moment.
pub struct Routes<A> {
    pub(crate) steps: Vec<Step<A>>,
    /// The tables of VRFs, by number.
    pub(crate) vrfs: Vec<(u32, Tree<A>)>,
    pub(crate) ways: Arc<[Way]>,
    pub(crate) links: Arc<Links>,
}

/// Interfaces, rules and routes at one moment.
pub struct Fib {
    /// IPv4.
    pub v4: Routes<u32>,
    /// IPv6.
    pub v6: Routes<u128>,
    pub(crate) links: Arc<Links>,
}

impl Fib {
    /// A frame to this address is for this host, not merely seen by it.
    pub fn has_mac(&self, mac: [u8; 6]) -> bool {
        self.links.has_mac(mac)
    }

    /// `ifIndex` of the VRF device an interface belongs to; 0 for none.
    #[inline]
    pub fn vrf(&self, interface: u32) -> u32 {
        self.links.routed(interface).vrf
    }
}

/// The route of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'a> {
    /// Bits of the prefix; 0 for the default route, and for none.
    pub len: u8,
    /// What becomes of the packet; none without a route.
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

    /// The hop the packet takes. Of several, it is one by the hash of both addresses and the weights: always the same
    /// for the same addresses, though not always the kernel's choice, whose hash has a secret in it. A packet that
    /// was seen on its way out takes the hop there.
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
        let mut place = spread(packet, self.weight);
        self.hops.iter().find(|hop| {
            let here = place < u32::from(hop.weight);
            place = place.wrapping_sub(hop.weight.into());
            here
        })
    }
}

/// A number below `below`, by both addresses.
fn spread<A: Address>(packet: &Packet<A>, below: u32) -> u32 {
    // The finaliser of MurmurHash3, a public-domain mixer of all bits.
    let mut mixed = packet.source.folded() ^ packet.destination.folded().rotate_left(32);
    mixed = (mixed ^ mixed >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ mixed >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (((mixed >> 32) * u64::from(below)) >> 32) as u32
}

impl<A: Address> Routes<A> {
    /// The route of a packet: the rules in their order, until one's table has a route that counts.
    pub fn find(&self, packet: &Packet<A>) -> Match<'_> {
        let routed = self.links.routed(packet.interface);
        let input = if packet.outgoing { 0 } else { routed.on };
        let mut at = 0;
        while let Some(step) = self.steps.get(at) {
            at += 1;
            if !step.selector.applies(packet, input) {
                continue;
            }
            let tree = match &step.to {
                To::Table(tree) => tree.as_ref(),
                To::Vrf if routed.vrf == 0 => None,
                To::Vrf => {
                    let mut vrfs = self.vrfs.iter();
                    vrfs.find(|(number, _)| *number == routed.table)
                        .map(|(_, tree)| tree)
                }
                To::Step(next) => {
                    at = *next;
                    None
                }
                To::Discard => {
                    return Match {
                        kind: Some(Kind::Discard),
                        ..Match::NONE
                    };
                }
            };
            let Some(found) = tree.map(|tree| tree.find(packet.destination)) else {
                continue;
            };
            let way = &self.ways[found.value() as usize];
            let suppressed = step.suppress_len.is_some_and(|len| found.len() <= len);
            if found.value() != 0 && !suppressed && way.kind != Some(Kind::Throw) {
                return Match {
                    len: found.len(),
                    kind: way.kind,
                    hops: &way.hops,
                    weight: way.weight,
                };
            }
        }
        Match::NONE
    }
}
