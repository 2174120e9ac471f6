//! Ends flows: by their timeouts, or all of them.

use std::sync::Arc;

use flow::{Batch, EndReason, Flow, RecordTally};

use super::Monitor;
use super::settings::caches;
use crate::cache::Cache;

/// What `clear flow monitor` does with the flows in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// The flows are discarded, and counted as discarded.
    Discard,
    /// The flows are exported at once.
    Export,
}

impl Monitor {
    /// Ends the flows whose timeouts have passed. `now_ns` is the present time, or for a savefile that of its
    /// latest packet.
    pub fn expire(&mut self, now_ns: u64) {
        let interval =
            u64::try_from(self.settings.timeouts.expiry_interval.as_nanos()).unwrap_or(u64::MAX);
        // `searched_ns` is in the future if the clock stepped back.
        if self.searched_ns <= now_ns && now_ns - self.searched_ns < interval {
            return;
        }
        self.searched_ns = now_ns;
        self.watermark.time_passed();
        let timeouts = self.settings.timeouts;
        let end = self.settings.cache_type.update_ticks().is_none();
        self.each(end, |cache, out| cache.expire(now_ns, &timeouts, out));
        self.outbox.seal();
    }

    /// Ends every flow. Returns their number.
    pub fn flush(&mut self, why: EndReason) -> u64 {
        let flows = self.len() as u64;
        self.each(true, |cache, out| cache.flush(why, out));
        self.outbox.seal();
        flows
    }

    /// Ends every flow and hands batches on as they fill, so that many flows need no extra memory at once.
    pub fn flush_to(&mut self, why: EndReason, mut hand_on: impl FnMut(Arc<Batch>)) {
        self.each_to(true, |cache, out| cache.flush(why, out), Some(&mut hand_on));
        self.outbox.seal();
        self.drain().for_each(hand_on);
    }

    /// Empties the cache for `clear flow monitor`. Returns how many flows it had, and the packets in them that had not
    /// been exported.
    pub fn clear(&mut self, how: Clear) -> RecordTally {
        let ended = self.ledger.cached;
        match how {
            Clear::Export => {
                self.flush(EndReason::Forced);
            }
            Clear::Discard => {
                self.caches = caches(&self.settings);
                self.ledger.cleared += std::mem::take(&mut self.ledger.cached);
            }
        }
        ended
    }

    /// The batches ready for export, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Arc<Batch>> {
        self.outbox.drain()
    }

    /// Runs `work` on each cache, which reports flows to a callback. Those go to the ledger and the outbox; `end`
    /// says whether they end or continue.
    pub(super) fn each(
        &mut self,
        end: bool,
        work: impl FnMut(&mut Cache, &mut dyn FnMut(Flow<'_>)),
    ) {
        self.each_to(end, work, None);
    }

    /// Does the same as [`Monitor::each`], handing full batches on at once if `hand_on` is given.
    fn each_to(
        &mut self,
        end: bool,
        mut work: impl FnMut(&mut Cache, &mut dyn FnMut(Flow<'_>)),
        mut hand_on: Option<&mut dyn FnMut(Arc<Batch>)>,
    ) {
        let Monitor {
            caches,
            ledger,
            aged,
            updates,
            outbox,
            ..
        } = self;
        for cache in caches.iter_mut().flatten() {
            let layout = cache.layout().clone();
            work(cache, &mut |flow: Flow<'_>| {
                let totals = flow.totals;
                let one = RecordTally {
                    records: 1,
                    packets: totals.packets,
                    octets: totals.octets,
                };
                if end {
                    ledger.cached.records -= 1;
                    aged.count(totals.end);
                } else {
                    *updates += 1;
                }
                if one.packets == 0 {
                    // All packets of this permanent flow have been exported already.
                    return;
                }
                ledger.cached.packets -= one.packets;
                ledger.cached.octets -= one.octets;
                ledger.expired += one;
                outbox.push(&layout, &flow);
                if let Some(hand_on) = &mut hand_on {
                    outbox.drain().for_each(hand_on);
                }
            });
        }
    }
}
