//! The cache types besides the unidirectional normal one: immediate, permanent, bidirectional.

use super::{CacheType, Monitor};
use crate::key::Hash;
use crate::observed::Observed;
use crate::routes::Routing;

impl Monitor {
    /// Meters a packet of a monitor whose cache is not normal, or bidirectional.
    pub(super) fn count_special(
        &mut self,
        hash: Hash,
        observed: &mut Observed,
        routing: Option<&Routing>,
    ) {
        match self.settings.cache_type {
            CacheType::Immediate => self.immediate(observed, routing),
            CacheType::Normal => self.count_or_create(hash, observed, routing, usize::MAX),
            CacheType::Permanent { .. } => {
                self.count_or_create(hash, observed, routing, self.settings.entries);
            }
        }
    }

    /// Exports a packet as a flow of its own without using the cache.
    fn immediate(&mut self, observed: &mut Observed, routing: Option<&Routing>) {
        let Some(cache) = &self.caches[observed.header.family as usize] else {
            return;
        };
        self.ledger.metered.count(observed.header.octets.into());
        if let Some(routing) = routing {
            routing.fill(observed, cache.routes().first);
        }
        cache.single_packet_flow(&observed.header, observed.time_ns, |flow| {
            let totals = flow.totals;
            self.ledger.expired.count(totals.packets, totals.octets);
            self.aged.count(totals.end);
            self.outbox.push(cache.layout(), &flow);
        });
        self.count_created(&observed.header);
    }

    /// Counts a packet into its flow, or into a new one if the cache has fewer than `most` flows.
    fn count_or_create(
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
        let known = cache.count_if_known(hash, &observed.header, observed.time_ns, timeouts);
        if !known && full {
            return self.ledger.cache_full.count(octets);
        }
        self.ledger.metered.count(octets);
        self.ledger.cached.packets += 1;
        self.ledger.cached.octets += octets;
        if !known {
            cache.create(hash, observed, timeouts, routing);
            self.flow_created(&observed.header);
        }
    }
}
