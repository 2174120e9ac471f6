//! Adjusts the flows of a cache to a step of the clock.

use super::{Cache, FREE, TICK_NS};
use crate::timeouts::Timeouts;

impl Cache {
    /// Shifts the times of all flows by `by_ns`, the step of the clock. Durations and remaining timeouts stay the
    /// same.
    pub fn shift(&mut self, by_ns: i64, timeouts: &Timeouts) {
        for slot in 0..self.slots.len() {
            if self.slots[slot].tick == FREE {
                continue;
            }
            self.shift_biflow(slot, by_ns);
            let totals = &mut self.slots[slot].totals;
            totals.first_ns = totals.first_ns.saturating_add_signed(by_ns);
            totals.last_ns = totals.last_ns.saturating_add_signed(by_ns);
        }
        let now_ns = (self.tick * TICK_NS).saturating_add_signed(by_ns);
        self.reschedule_all(now_ns / TICK_NS, timeouts);
    }
}
