//! Caches that look a flow up before deciding whether to create it, and permanent caches, whose flows never end but
//! are exported periodically.

use flow::{EndReason, Flow};
use wire::Header;

use super::{Cache, Hash};
use crate::observed::Observed;
use crate::routes::Routing;
use crate::timeouts::Timeouts;

impl Cache {
    /// Makes the cache permanent, with a record of each flow every `ticks` seconds (at least 1), or not permanent
    /// with `None`.
    pub fn set_update_interval(&mut self, ticks: Option<u64>) {
        self.update = ticks;
    }

    /// Counts a packet into its flow if there is one; in a bidirectional cache also into the flow whose reverse
    /// direction it belongs to. Returns whether there was one.
    pub fn count_if_known(
        &mut self,
        hash: Hash,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
    ) -> bool {
        match (self.find(hash, header), self.is_bidirectional()) {
            (None, false) => return false,
            (None, true) => return self.count_if_reverse(header, time_ns, timeouts),
            (Some(slot), true) => self.count_biflow(slot, header, time_ns, timeouts, false),
            (Some(slot), false) => {
                let totals = &mut self.slots[slot].totals;
                if totals.packets == 0 {
                    // The first packet since the last record of the flow.
                    (totals.first_ns, totals.last_ns) = (time_ns, time_ns);
                    self.restart_merged(slot, header);
                }
                self.update::<false>(slot, header, time_ns, timeouts);
            }
        }
        true
    }

    /// Creates a flow for a packet that has none yet.
    pub fn create(
        &mut self,
        hash: Hash,
        observed: &mut Observed,
        timeouts: &Timeouts,
        routing: Option<&Routing>,
    ) {
        if let Some(routing) = routing {
            routing.fill(observed, self.routes.first);
        }
        let (header, time_ns) = (&observed.header, observed.time_ns);
        let slot = self.insert(hash, header, time_ns, timeouts);
        if self.is_bidirectional() {
            self.start_biflow(slot, header, time_ns);
        }
    }

    /// Restarts the merged values with those of this packet.
    pub(super) fn restart_merged(&mut self, slot: usize, header: &Header) {
        let at = slot * self.extra_len;
        let merged = &mut self.extra[at + self.lines_len..at + self.extra_len];
        self.layout.write_merged(header, merged);
    }

    /// Handles a due tick of a flow in a permanent cache: exports what was counted since the last record, if the
    /// flow's turn has come and there is anything. Turns of the slots are spread evenly over the `every` ticks
    /// between two records.
    pub(super) fn export_update(&mut self, slot: u32, every: u64, out: &mut dyn FnMut(Flow<'_>)) {
        let turn = |tick: u64| (tick + u64::from(slot)) % every;
        let entry = &mut self.slots[slot as usize];
        if turn(entry.tick) == 0 && entry.totals.packets > 0 {
            entry.totals.end = EndReason::Active;
            out(self.flow(slot as usize, &mut self.scratch.borrow_mut()));
            let totals = &mut self.slots[slot as usize].totals;
            (totals.packets, totals.octets, totals.tcp_flags) = (0, 0, 0);
            totals.end = EndReason::Running;
            self.restart_biflow(slot as usize);
        }
        self.schedule(slot, self.tick + every - turn(self.tick));
    }
}
