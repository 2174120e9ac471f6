//! Evicts flows before their timeouts, to make room for new ones.

use flow::{EndReason, Flow};

use super::{BUCKETS, Cache, TICK_NS, tick_of};
use crate::timeouts::Timeouts;

/// Most entries of the wheel examined for each flow to evict. Flows may have been prolonged since they were
/// scheduled.
const EXAMINED_PER_FLOW: usize = 8;

impl Cache {
    /// Evicts up to `flows` flows that have at most half of the shortest inactive timeout left, soonest end first,
    /// because the cache is nearly full. Returns how many.
    pub fn evict_expiring(
        &mut self,
        flows: usize,
        timeouts: &Timeouts,
        out: &mut dyn FnMut(Flow<'_>),
    ) -> usize {
        let half = timeouts.shortest_inactive() / 2;
        let ticks = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX) / TICK_NS;
        self.evict(flows, ticks.clamp(1, BUCKETS - 1), timeouts, out)
    }

    /// Evicts `flows` flows, or as many as there are, roughly in the order in which they would end, because the
    /// cache is full.
    pub fn evict_any(&mut self, flows: usize, timeouts: &Timeouts, out: &mut dyn FnMut(Flow<'_>)) {
        let mut left = flows.min(self.live);
        while left > 0 {
            left -= self.evict(left, u64::MAX, timeouts, out);
        }
    }

    /// Evicts up to `flows` flows that end at most `ticks` ahead. The work is bounded: if most flows turn out to
    /// have been prolonged, it evicts fewer, or without a limit in `ticks` evicts others.
    fn evict(
        &mut self,
        flows: usize,
        ticks: u64,
        timeouts: &Timeouts,
        out: &mut dyn FnMut(Flow<'_>),
    ) -> usize {
        let mut ended = 0;
        let mut left_to_examine = flows * EXAMINED_PER_FLOW;
        for tick in self.tick + 1..=self.tick.saturating_add(ticks.min(BUCKETS)) {
            while ended < flows
                && let Some(slot) = self.wheel.pop(tick)
            {
                let entry = &self.slots[slot as usize];
                if entry.tick != tick {
                    continue;
                }
                // Packets prolonged the flow since it was scheduled, so it is rescheduled once.
                let due = self.clamp(tick_of(timeouts.deadline(entry.protocol, &entry.totals).0));
                let exhausted = left_to_examine == 0;
                left_to_examine = left_to_examine.saturating_sub(1);
                if due <= tick || (exhausted && ticks == u64::MAX) {
                    self.end(slot, EndReason::LackOfResources, out);
                    ended += 1;
                    continue;
                }
                self.schedule(slot, due);
                if exhausted {
                    return ended;
                }
            }
            if ended == flows {
                break;
            }
        }
        ended
    }
}
