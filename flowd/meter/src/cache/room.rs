//! Making room: flows that end before their time.

use flow::{EndReason, Flow};

use super::{BUCKETS, Cache, TICK_NS, tick_of};
use crate::timeouts::Timeouts;

/// Notes that are looked at for each flow that is to end; others may have been put off since they were noted.
const LOOKS: usize = 8;

impl Cache {
    /// Ends up to `flows` flows that have at most half of the shortest inactive timeout left, those that would end soonest
    /// first: there will be no room soon. Returns how many.
    pub fn ahead(
        &mut self,
        flows: usize,
        timeouts: &Timeouts,
        out: &mut dyn FnMut(Flow<'_>),
    ) -> usize {
        let half = timeouts.shortest_inactive() / 2;
        let ticks = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX) / TICK_NS;
        self.end_early(flows, ticks.clamp(1, BUCKETS - 1), timeouts, out)
    }

    /// Ends `flows` flows, or as many as there are, about those first that would end soonest: there is no room.
    pub fn emergency(&mut self, flows: usize, timeouts: &Timeouts, out: &mut dyn FnMut(Flow<'_>)) {
        let mut left = flows.min(self.live);
        while left > 0 {
            left -= self.end_early(left, u64::MAX, timeouts, out);
        }
    }

    /// Ends up to `flows` flows whose end is at most `ticks` ahead. What it does is bounded: when most flows turn out to
    /// have been put off, it is content with fewer, or without such a limit with others.
    fn end_early(
        &mut self,
        flows: usize,
        ticks: u64,
        timeouts: &Timeouts,
        out: &mut dyn FnMut(Flow<'_>),
    ) -> usize {
        let mut ended = 0;
        let mut looks = flows * LOOKS;
        for tick in self.tick + 1..=self.tick.saturating_add(ticks.min(BUCKETS)) {
            while ended < flows
                && let Some(slot) = self.wheel.pop(tick)
            {
                let entry = &self.slots[slot as usize];
                if entry.tick != tick {
                    continue;
                }
                // Packets have put it off since it was noted: it goes where it belongs, once.
                let due = self.clamp(tick_of(timeouts.deadline(entry.protocol, &entry.totals).0));
                let tired = looks == 0;
                looks = looks.saturating_sub(1);
                if due <= tick || (tired && ticks == u64::MAX) {
                    self.end(slot, EndReason::LackOfResources, out);
                    ended += 1;
                    continue;
                }
                self.note(slot, due);
                if tired {
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
