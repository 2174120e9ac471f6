//! Ends flows when their time has come.

use flow::{EndReason, Flow};

use super::{BUCKETS, Cache, FREE, NONE, TICK_NS, tick_of};
use crate::timeouts::Timeouts;
use crate::wheel::Chunk;

impl Cache {
    /// Ends every flow whose deadline has passed; of a permanent cache, exports the records that are due.
    pub fn expire(&mut self, now_ns: u64, timeouts: &Timeouts, out: &mut dyn FnMut(Flow<'_>)) {
        let now = now_ns / TICK_NS;
        if now < self.tick {
            // The clock stepped back: restart the wheel at the present tick.
            self.reschedule_all(now, timeouts);
            return;
        }
        let from = if now - self.tick > BUCKETS {
            now - BUCKETS
        } else {
            self.tick
        };
        for tick in from + 1..=now {
            self.tick = tick;
            let mut chain = self.wheel.take(tick);
            let mut next = self.wheel.next(&mut chain);
            self.fetch_slots(next.as_ref());
            while let Some(chunk) = next {
                // While one chunk is being processed, the slots of the next are fetched from memory.
                next = self.wheel.next(&mut chain);
                self.fetch_slots(next.as_ref());
                for slot in chunk.slots() {
                    self.index.fetch(self.slots[*slot as usize].hash);
                }
                for slot in chunk.slots() {
                    self.check(*slot, tick, now_ns, timeouts, out);
                }
            }
        }
    }

    /// Checks a flow scheduled at `tick`: ends it if its deadline has passed, and reschedules it if not.
    fn check(
        &mut self,
        slot: u32,
        tick: u64,
        now_ns: u64,
        timeouts: &Timeouts,
        out: &mut dyn FnMut(Flow<'_>),
    ) {
        let entry = &self.slots[slot as usize];
        if entry.tick > tick {
            return;
        }
        if let Some(every) = self.update {
            return self.export_update(slot, every, out);
        }
        let (deadline, why) = timeouts.deadline(entry.protocol, &entry.totals);
        if deadline <= now_ns {
            self.end(slot, why, out);
        } else {
            self.schedule(slot, tick_of(deadline));
        }
    }

    /// Schedules every flow again, after the timeouts changed or the clock stepped back to tick `now`.
    pub(super) fn reschedule_all(&mut self, now: u64, timeouts: &Timeouts) {
        self.tick = now;
        self.wheel.clear();
        for slot in 0..self.slots.len() {
            let entry = &self.slots[slot];
            if entry.tick != FREE {
                let due = tick_of(timeouts.deadline(entry.protocol, &entry.totals).0);
                self.schedule(slot as u32, due);
            }
        }
    }

    /// Applies new timeouts.
    pub fn set_timeouts(&mut self, timeouts: &Timeouts) {
        self.reschedule_all(self.tick, timeouts);
    }

    /// Ends every flow.
    pub fn flush(&mut self, why: EndReason, out: &mut dyn FnMut(Flow<'_>)) {
        for slot in 0..self.slots.len() {
            if self.slots[slot].tick != FREE {
                self.slots[slot].totals.end = why;
                out(self.flow(slot, &mut self.scratch.borrow_mut()));
            }
        }
        self.index.clear();
        self.slots.clear();
        self.extra.clear();
        self.wheel.clear();
        (self.free, self.live) = (NONE, 0);
    }

    /// Prefetches the slots of a chunk of the wheel.
    #[inline]
    fn fetch_slots(&self, chunk: Option<&Chunk>) {
        for slot in chunk.map(Chunk::slots).unwrap_or_default() {
            self.fetch_slot(*slot);
        }
    }
}
