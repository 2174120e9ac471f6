//! Caches whose packets are looked up before it is decided whether there is to be a flow; among them those whose flows never
//! end: what is new of each is told from time to time.

use flow::{EndReason, Flow};
use wire::Header;

use super::{Cache, Hash};
use crate::burst::Observed;
use crate::routes::Routing;
use crate::timeouts::Timeouts;

impl Cache {
    /// Makes it permanent: what is new of a flow is told every `ticks` seconds, at least 1; or not any more.
    pub fn set_update(&mut self, ticks: Option<u64>) {
        self.update = ticks;
    }

    /// Counts a packet of a flow that is there, also one that it answers where flows are bidirectional. Returns whether
    /// there is one.
    pub fn known(
        &mut self,
        hash: Hash,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
    ) -> bool {
        match (self.find(hash, header), self.is_bidirectional()) {
            (None, false) => return false,
            (None, true) => return self.known_back(header, time_ns, timeouts),
            (Some(slot), true) => self.count_way(slot, header, time_ns, timeouts, false),
            (Some(slot), false) => {
                let totals = &mut self.slots[slot].totals;
                if totals.packets == 0 {
                    // The first since the flow was told of.
                    (totals.first_ns, totals.last_ns) = (time_ns, time_ns);
                    self.merge_first(slot, header);
                }
                self.update::<false>(slot, header, time_ns, timeouts);
            }
        }
        true
    }

    /// Makes a flow of a packet of which there is none.
    pub fn begin(
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
            self.begin_ways(slot, header, time_ns);
        }
    }

    /// Merged values start anew with this packet's.
    pub(super) fn merge_first(&mut self, slot: usize, header: &Header) {
        let at = slot * self.more_len;
        let merged = &mut self.more[at + self.lines_len..at + self.more_len];
        self.layout.first_merged(header, merged);
    }

    /// A flow's tick has come: tells what is new of it, if anything is, when its turn is. The turns of the slots are spread
    /// evenly over the `every` ticks between two of each.
    pub(super) fn tell(&mut self, slot: u32, every: u64, out: &mut dyn FnMut(Flow<'_>)) {
        let turn = |tick: u64| (tick + u64::from(slot)) % every;
        let entry = &mut self.slots[slot as usize];
        if turn(entry.tick) == 0 && entry.totals.packets > 0 {
            entry.totals.end = EndReason::Active;
            out(self.flow(slot as usize, &mut self.scratch.borrow_mut()));
            let totals = &mut self.slots[slot as usize].totals;
            (totals.packets, totals.octets, totals.tcp_flags) = (0, 0, 0);
            totals.end = EndReason::Running;
            self.begin_ways_anew(slot as usize);
        }
        self.note(slot, self.tick + every - turn(self.tick));
    }
}
