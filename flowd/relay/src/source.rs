//! Exporters: the addresses and ports that datagrams come from.

use std::net::SocketAddr;

use crate::routes::{Members, Slot};
use crate::statistics::{SourceStatistics, Tally};
use crate::tracker::Tracker;

/// Most observation domains of one source that are dealt out in turn; more are spread by their hash.
const MAX_DEALT: usize = 256;
/// No datagram.
pub(crate) const NONE: u32 = u32::MAX;

/// What a worker knows of one exporter.
#[derive(Debug)]
pub(crate) struct Source {
    /// Number of its route.
    pub(crate) route: u32,
    pub(crate) received: Tally,
    pub(crate) not_relayed: Tally,
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    pub(crate) silent: bool,
    pub(crate) tracker: Tracker,
    /// Who gets which observation domain of a group that deals them in turn.
    dealt: Vec<(usize, u32, Slot)>,
    /// Its datagrams of the batch at hand: the first and the last.
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
            dealt: Vec::new(),
            batch: (NONE, NONE),
        }
    }

    /// The member of a group that deals in turn who gets an observation domain; `turn` is whose turn it is for a new one.
    pub(crate) fn deal(
        &mut self,
        group: usize,
        members: &Members,
        domain: u32,
        turn: &mut usize,
    ) -> Option<Slot> {
        let known = self
            .dealt
            .iter_mut()
            .find(|(of, id, _)| (*of, *id) == (group, domain));
        if let Some((_, _, slot)) = known {
            if !members.contains(*slot) {
                *slot = members.turn(*turn)?;
                *turn += 1;
            }
            return Some(*slot);
        }
        if self.dealt.len() >= MAX_DEALT {
            return members.choose(domain.into());
        }
        let slot = members.turn(*turn)?;
        *turn += 1;
        self.dealt.push((group, domain, slot));
        Some(slot)
    }

    /// Groups have other numbers now.
    pub(crate) fn forget_deals(&mut self) {
        self.dealt.clear();
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
