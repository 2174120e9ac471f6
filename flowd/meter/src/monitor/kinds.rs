//! Caches that are not the usual one: immediate, permanent, bidirectional.

use super::{CacheType, Monitor};
use crate::burst::Observed;
use crate::key::Hash;
use crate::routes::Routing;

impl Monitor {
    /// A packet of a monitor whose cache is not normal, or bidirectional.
    pub(super) fn count_otherwise(
        &mut self,
        hash: Hash,
        observed: &mut Observed,
        routing: Option<&Routing>,
    ) {
        match self.settings.cache_type {
            CacheType::Immediate => self.immediate(observed, routing),
            CacheType::Normal => self.kept(hash, observed, routing, usize::MAX),
            CacheType::Permanent { .. } => {
                self.kept(hash, observed, routing, self.settings.entries);
            }
        }
    }

    /// A packet that is a flow of its own, past the cache.
    fn immediate(&mut self, observed: &mut Observed, routing: Option<&Routing>) {
        let Some(cache) = &self.caches[observed.header.family as usize] else {
            return;
        };
        self.ledger.metered.count(observed.header.octets.into());
        if let Some(routing) = routing {
            routing.fill(observed, cache.routes().first);
        }
        cache.single(&observed.header, observed.time_ns, |flow| {
            let totals = flow.totals;
            self.ledger.expired.count(totals.packets, totals.octets);
            self.aged.count(totals.end);
            self.outbox.push(cache.layout(), &flow);
        });
        self.note_added(&observed.header);
    }

    /// A packet of a flow that is there, or of a new one while there are fewer than `most`.
    fn kept(
        &mut self,
        hash: Hash,
        observed: &mut Observed,
        routing: Option<&Routing>,
        most: usize,
    ) {
        let octets = u64::from(observed.header.octets);
        let full = self.len() >= most;
        let Some(cache) = &mut self.caches[observed.header.family as usize] else {
            return;
        };
        let timeouts = &self.settings.timeouts;
        let known = cache.known(hash, &observed.header, observed.time_ns, timeouts);
        if !known && full {
            return self.ledger.cache_full.count(octets);
        }
        self.ledger.metered.count(octets);
        self.ledger.cached.packets += 1;
        self.ledger.cached.octets += octets;
        if !known {
            cache.begin(hash, observed, timeouts, routing);
            self.note_made(&observed.header);
        }
    }
}
