//! Sources: the exporters, by the address and port that their datagrams come from.

use std::net::SocketAddr;

use crate::routes::{Members, Slot, Slots};
use crate::statistics::{SourceStatistics, Tally};
use crate::tracker::Tracker;

/// Most observation domains of one source that are assigned in turn; further ones are spread by their hash.
const MAX_ASSIGNED: usize = 256;
/// The number that stands for no datagram.
pub(crate) const NONE: u32 = u32::MAX;

/// What a worker knows of one exporter.
#[derive(Debug)]
pub(crate) struct Source {
    /// The number of its route.
    pub(crate) route: u32,
    pub(crate) received: Tally,
    pub(crate) not_relayed: Tally,
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    pub(crate) silent: bool,
    pub(crate) tracker: Tracker,
    /// The members of round-robin groups that observation domains are assigned to: group, domain, member.
    assigned: Vec<(usize, u32, Slot)>,
    /// The first and the last of its datagrams in the present batch.
    pub(crate) batch: (u32, u32),
}

impl Source {
    pub(crate) fn new(route: u32, now_ns: u64) -> Source {
        Source {
            route,
            received: Tally::default(),
            not_relayed: Tally::default(),
            first_ns: now_ns,
            last_ns: now_ns,
            silent: false,
            tracker: Tracker::default(),
            assigned: Vec::new(),
            batch: (NONE, NONE),
        }
    }

    /// Returns the member of a round-robin group that gets an observation domain. `turn` is the number of the next member, for a
    /// domain that is new. While the member has failed another stands in for it.
    pub(crate) fn assign(
        &mut self,
        group: usize,
        members: &Members,
        domain: u32,
        turn: &mut usize,
        failed: &Slots,
    ) -> Option<Slot> {
        let known = self
            .assigned
            .iter_mut()
            .find(|(of, id, _)| (*of, *id) == (group, domain));
        if let Some((_, _, slot)) = known {
            if !members.contains(*slot) {
                *slot = members.turn(turn, failed)?;
            }
            return match failed.contains(*slot) {
                true => members.choose_healthy(domain.into(), failed),
                false => Some(*slot),
            };
        }
        if self.assigned.len() >= MAX_ASSIGNED {
            return members.choose_healthy(domain.into(), failed);
        }
        let slot = members.turn(turn, failed)?;
        self.assigned.push((group, domain, slot));
        Some(slot)
    }

    /// Forgets the assignments, because the groups have changed.
    pub(crate) fn forget_assignments(&mut self) {
        self.assigned.clear();
    }

    pub(crate) fn statistics(&self, address: SocketAddr, rule: Option<String>) -> SourceStatistics {
        let domains = self.tracker.domains();
        SourceStatistics {
            address: address.ip(),
            port: address.port(),
            received: self.received,
            not_relayed: self.not_relayed,
            rule,
            domains: domains.len() as u64,
            templates: domains
                .iter()
                .map(|domain| domain.templates().len() as u64)
                .sum(),
            first_ns: self.first_ns,
            last_ns: self.last_ns,
            silent: self.silent,
        }
    }
}
