//! What becomes of the flows when somebody sets the clock.

use super::{Cache, FREE, TICK_NS};
use crate::timeouts::Timeouts;

impl Cache {
    /// The clock was set by `by_ns`: the flows there are began, and had their latest packet, so much later by it. Their
    /// durations and what is left of their timeouts stay as they were.
    pub fn shift(&mut self, by_ns: i64, timeouts: &Timeouts) {
        for slot in 0..self.slots.len() {
            if self.slots[slot].tick == FREE {
                continue;
            }
            self.shift_ways(slot, by_ns);
            let totals = &mut self.slots[slot].totals;
            totals.first_ns = totals.first_ns.saturating_add_signed(by_ns);
            totals.last_ns = totals.last_ns.saturating_add_signed(by_ns);
        }
        let now_ns = (self.tick * TICK_NS).saturating_add_signed(by_ns);
        self.rewind(now_ns / TICK_NS, timeouts);
    }
}
