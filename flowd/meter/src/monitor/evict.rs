//! Evicts flows from a cache that is nearly full or full.

use wire::Family;

use super::Monitor;
use crate::watermark::Evict;

impl Monitor {
    /// Makes room after a new flow of `family` exceeded the watermark.
    #[cold]
    pub(super) fn make_room(&mut self, family: Family) {
        let (evict, flows) = self.watermark.plan(self.len());
        let timeouts = self.settings.timeouts;
        let mut ahead = 0;
        self.each(true, |cache, out| {
            if cache.layout().family == family {
                match evict {
                    Evict::Expiring => ahead += cache.evict_expiring(flows, &timeouts, out),
                    Evict::Any => cache.evict_any(flows, &timeouts, out),
                }
            }
        });
        self.aged.were_expiring(ahead as u64);
        if evict == Evict::Expiring {
            self.watermark.evicted(self.len(), ahead);
        }
    }

    /// Evicts flows after `entries` was reduced below the number of flows in the cache.
    pub(super) fn shrink(&mut self) {
        let mut left = self.len().saturating_sub(self.settings.entries);
        let timeouts = self.settings.timeouts;
        self.each(true, |cache, out| {
            let before = cache.len();
            cache.evict_any(left, &timeouts, out);
            left -= before - cache.len();
        });
    }
}
