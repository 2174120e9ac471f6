//! The flow cache of one layout: a hash index over slots, and a timing wheel through them.
//!
//! A slot is two cache lines: the flow's first header line and its totals. A packet's key is compared whole, never its
//! hash alone. The wheel has one bucket a second; a flow is noted in the bucket of the earliest moment it could end,
//! and is looked at again when that second comes, so a packet that only prolongs its flow touches no list. A note whose
//! flow has gone, or is noted elsewhere since, says nothing.

mod kept;
mod room;
mod shift;
mod ways;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use flow::{EndReason, Flow, Layout, Totals};
use wire::{Header, LINE};

use crate::burst::Observed;
use crate::key::{Hash, Key, Line};
use crate::prefetch::fetch;
use crate::routes::{Routing, Wanted};
use crate::timeouts::Timeouts;

const NONE: u32 = u32::MAX;
const TICK_NS: u64 = 1_000_000_000;
/// Buckets of the wheel; flows that end later are looked at once a turn (17 minutes).
const BUCKETS: u64 = 1024;
/// The tick of a slot without a flow.
const FREE: u64 = u64::MAX;
/// How far ahead of its use a slot is fetched when many flows end.
const AHEAD: usize = 8;

#[repr(C, align(64))]
struct Slot {
    /// The first header line of the first packet, as far as the record speaks of it.
    line: Line,
    totals: Totals,
    /// The hash of its key.
    hash: Hash,
    /// The next free slot, when it is one.
    next: u32,
    /// The tick whose bucket it is noted in; [`FREE`] for a free slot.
    tick: u64,
    protocol: u8,
}

/// Flows of one layout.
pub struct Cache {
    layout: Arc<Layout>,
    routes: Wanted,
    key: Key,
    /// Hash (high half) and slot + 1, open addressing; 0 is empty. A power of two long.
    index: Vec<u64>,
    slots: Vec<Slot>,
    /// What a flow has beyond its first line: other lines and merged values, `more_len` octets a slot.
    more: Vec<u8>,
    more_len: usize,
    /// Octets of the other lines among them.
    lines_len: usize,
    /// A flow's octets while they are shown.
    scratch: RefCell<Vec<u8>>,
    /// Head of the list of free slots, by `next`.
    free: u32,
    live: usize,
    /// Slots to look at, by tick.
    buckets: Vec<Vec<u32>>,
    /// The last tick whose bucket was looked at.
    tick: u64,
    /// Ticks between two records of a flow that never ends.
    update: Option<u64>,
}

impl Cache {
    /// An empty cache.
    pub fn new(layout: Arc<Layout>) -> Cache {
        Cache {
            key: Key::new(&layout),
            routes: Wanted::by(&layout),
            scratch: RefCell::new(vec![0; layout.len()]),
            more_len: layout.len() - LINE,
            lines_len: (layout.kept().len() - 1) * LINE,
            layout,
            index: vec![0; 1024],
            slots: Vec::new(),
            more: Vec::new(),
            free: NONE,
            live: 0,
            buckets: vec![Vec::new(); BUCKETS as usize],
            tick: 0,
            update: None,
        }
    }

    /// What is to be looked up in the host's routes for it.
    #[inline]
    pub(crate) fn routes(&self) -> Wanted {
        self.routes
    }

    /// How its flows lie.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Flows in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Octets a flow takes: its slot, what it has beyond the first line, a note, and two places of the index.
    pub fn flow_octets(&self) -> usize {
        size_of::<Slot>() + self.more_len + size_of::<u32>() + 2 * size_of::<u64>()
    }

    /// No flows.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The hash of a packet's key; starts to fetch its place in the index.
    #[inline]
    pub fn hash(&self, header: &Header) -> Hash {
        let hash = self.key.hash(header);
        fetch(&self.index, hash.place(self.index.len()));
        hash
    }

    /// Starts to fetch the slot that the index has for a hash.
    #[inline]
    pub fn fetch_slot(&self, hash: Hash) {
        let entry = self.index[hash.place(self.index.len())];
        if (entry >> 32) as u32 == hash.0 {
            let slot = (entry as u32).wrapping_sub(1) as usize;
            fetch(&self.slots, slot);
            if let Some(slot) = self.slots.get(slot) {
                fetch(std::slice::from_ref(&slot.totals), 0);
            }
        }
    }

    /// Counts a packet into its flow. Returns whether the flow is new; then what it collects of the routes is looked up.
    #[inline]
    pub fn packet(
        &mut self,
        hash: Hash,
        observed: &mut Observed,
        timeouts: &Timeouts,
        routing: Option<&Routing>,
    ) -> bool {
        let time_ns = observed.time_ns;
        match self.find(hash, &observed.header) {
            Some(slot) => {
                self.update(slot, &observed.header, time_ns, timeouts);
                false
            }
            None => {
                if let Some(routing) = routing {
                    routing.fill(observed, self.routes.first);
                }
                self.insert(hash, &observed.header, time_ns, timeouts);
                true
            }
        }
    }

    /// Shows a packet as the flow it would be alone; the cache does not change.
    pub fn single(&self, header: &Header, time_ns: u64, show: impl FnOnce(Flow<'_>)) {
        let mut octets = self.scratch.borrow_mut();
        self.layout.first(header, &mut octets);
        let totals = Totals {
            end: EndReason::EndOfFlow,
            ..first_packet(header, time_ns)
        };
        show(Flow {
            layout: &self.layout,
            totals: &totals,
            octets: &octets,
        });
    }

    #[inline]
    fn find(&self, hash: Hash, header: &Header) -> Option<usize> {
        let mask = self.index.len() - 1;
        let mut place = hash.place(self.index.len());
        loop {
            let entry = self.index[place];
            if entry == 0 {
                return None;
            }
            if (entry >> 32) as u32 == hash.0 {
                let slot = (entry as u32 - 1) as usize;
                let others = || &self.more[slot * self.more_len..];
                if self.key.equals(&self.slots[slot].line, others, header) {
                    return Some(slot);
                }
            }
            place = (place + 1) & mask;
        }
    }

    #[inline]
    fn update(&mut self, slot: usize, header: &Header, time_ns: u64, timeouts: &Timeouts) {
        let entry = &mut self.slots[slot];
        let totals = &mut entry.totals;
        totals.packets += 1;
        totals.octets += u64::from(header.octets);
        // Packets of several queues, or a clock that stepped, may come out of order.
        totals.first_ns = totals.first_ns.min(time_ns);
        totals.last_ns = totals.last_ns.max(time_ns);
        let news = header.tcp_flags & !totals.tcp_flags;
        if self.more_len > 0 {
            let at = slot * self.more_len;
            self.layout.merge(
                header,
                &mut self.more[at + self.lines_len..at + self.more_len],
            );
        }
        if news != 0 {
            self.flagged(slot, news, timeouts);
        }
    }

    /// A FIN or RST may bring the end forward; everything else only puts it off.
    fn flagged(&mut self, slot: usize, news: u16, timeouts: &Timeouts) {
        let entry = &mut self.slots[slot];
        entry.totals.tcp_flags |= news;
        let due = tick_of(timeouts.deadline(entry.protocol, &entry.totals).0);
        if due < entry.tick {
            self.note(slot as u32, due);
        }
    }

    fn insert(&mut self, hash: Hash, header: &Header, time_ns: u64, timeouts: &Timeouts) -> usize {
        let totals = first_packet(header, time_ns);
        if self.live == 0 && self.tick == 0 {
            self.tick = time_ns / TICK_NS;
        }
        let due = tick_of(timeouts.deadline(header.protocol, &totals).0);
        let entry = Slot {
            line: self.key.line(header),
            totals,
            hash,
            next: NONE,
            tick: FREE,
            protocol: header.protocol,
        };
        let slot = if self.free == NONE {
            self.slots.push(entry);
            self.more.resize(self.slots.len() * self.more_len, 0);
            self.slots.len() - 1
        } else {
            let slot = self.free as usize;
            self.free = self.slots[slot].next;
            self.slots[slot] = entry;
            slot
        };
        if self.more_len > 0 {
            let at = slot * self.more_len;
            let more = &mut self.more[at..at + self.more_len];
            let (others, merged) = more.split_at_mut(self.lines_len);
            self.key.others(header, others);
            self.layout.first_merged(header, merged);
        }
        self.live += 1;
        if self.live * 4 > self.index.len() * 3 {
            self.grow();
        }
        self.place(hash, slot);
        self.note(slot as u32, due);
        slot
    }

    fn place(&mut self, hash: Hash, slot: usize) {
        let mask = self.index.len() - 1;
        let mut place = hash.place(self.index.len());
        while self.index[place] != 0 {
            place = (place + 1) & mask;
        }
        self.index[place] = u64::from(hash.0) << 32 | (slot as u64 + 1);
    }

    /// Doubles the index.
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.index);
        self.index = vec![0; old.len() * 2];
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            self.place(Hash((entry >> 32) as u32), (entry as u32 - 1) as usize);
        }
    }

    /// Takes the slot out of the index; those behind it move up (Knuth 6.4, algorithm R).
    fn displace(&mut self, slot: usize) {
        let mask = self.index.len() - 1;
        let mut hole = self.slots[slot].hash.place(self.index.len());
        while self.index[hole] as u32 != slot as u32 + 1 {
            hole = (hole + 1) & mask;
        }
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let entry = self.index[place];
            if entry == 0 {
                break;
            }
            let home = (entry >> 32) as usize & mask;
            if (place.wrapping_sub(home) & mask) >= (place.wrapping_sub(hole) & mask) {
                self.index[hole] = entry;
                hole = place;
            }
        }
        self.index[hole] = 0;
    }

    /// Has the flow looked at when it is due.
    fn note(&mut self, slot: u32, due: u64) {
        let tick = self.clamp(due);
        self.slots[slot as usize].tick = tick;
        self.buckets[(tick % BUCKETS) as usize].push(slot);
    }

    /// The tick to look at a flow: never the one just looked at, and at most one turn ahead.
    fn clamp(&self, due: u64) -> u64 {
        due.clamp(self.tick + 1, self.tick + BUCKETS - 1)
    }

    /// Ends a flow; the slot is free afterwards.
    fn end(&mut self, slot: u32, why: EndReason, out: &mut dyn FnMut(Flow<'_>)) {
        self.displace(slot as usize);
        let entry = &mut self.slots[slot as usize];
        entry.totals.end = why;
        entry.tick = FREE;
        entry.next = self.free;
        self.free = slot;
        self.live -= 1;
        out(self.flow(slot as usize, &mut self.scratch.borrow_mut()));
    }

    /// Fetches what ending one of the coming flows will touch.
    #[inline]
    fn fetch_ahead(&self, slots: &[u32]) {
        if let Some(slot) = slots.get(2 * AHEAD) {
            fetch(&self.slots, *slot as usize);
        }
        if let Some(slot) = slots.get(AHEAD)
            && let Some(slot) = self.slots.get(*slot as usize)
        {
            fetch(std::slice::from_ref(&slot.line), 0);
            fetch(&self.index, slot.hash.place(self.index.len()));
        }
    }

    /// Ends every flow whose deadline has passed; tells of those that never end.
    pub fn expire(&mut self, now_ns: u64, timeouts: &Timeouts, out: &mut dyn FnMut(Flow<'_>)) {
        let now = now_ns / TICK_NS;
        if now < self.tick {
            // The clock stepped back: start the wheel afresh from here.
            self.rewind(now, timeouts);
            return;
        }
        let from = if now - self.tick > BUCKETS {
            now - BUCKETS
        } else {
            self.tick
        };
        for tick in from + 1..=now {
            self.tick = tick;
            let bucket = (tick % BUCKETS) as usize;
            let mut slots = std::mem::take(&mut self.buckets[bucket]);
            for at in 0..slots.len() {
                self.fetch_ahead(&slots[at..]);
                let slot = slots[at];
                let entry = &self.slots[slot as usize];
                if entry.tick > tick {
                    continue;
                }
                if let Some(every) = self.update {
                    self.tell(slot, every, out);
                    continue;
                }
                let (deadline, why) = timeouts.deadline(entry.protocol, &entry.totals);
                if deadline <= now_ns {
                    self.end(slot, why, out);
                } else {
                    self.note(slot, tick_of(deadline));
                }
            }
            // Nothing was noted here meanwhile: this tick has passed. The room is kept.
            slots.clear();
            self.buckets[bucket] = slots;
        }
    }

    /// Notes every flow anew: the timeouts changed, or the clock stepped back to tick `now`.
    fn rewind(&mut self, now: u64, timeouts: &Timeouts) {
        self.tick = now;
        self.buckets.iter_mut().for_each(Vec::clear);
        for slot in 0..self.slots.len() {
            let entry = &self.slots[slot];
            if entry.tick != FREE {
                let due = tick_of(timeouts.deadline(entry.protocol, &entry.totals).0);
                self.note(slot as u32, due);
            }
        }
    }

    /// Takes new timeouts over.
    pub fn retime(&mut self, timeouts: &Timeouts) {
        self.rewind(self.tick, timeouts);
    }

    /// Ends every flow.
    pub fn flush(&mut self, why: EndReason, out: &mut dyn FnMut(Flow<'_>)) {
        for slot in 0..self.slots.len() {
            if self.slots[slot].tick != FREE {
                self.slots[slot].totals.end = why;
                out(self.flow(slot, &mut self.scratch.borrow_mut()));
            }
        }
        self.index.fill(0);
        self.slots.clear();
        self.more.clear();
        self.buckets.iter_mut().for_each(Vec::clear);
        (self.free, self.live) = (NONE, 0);
    }

    /// Shows every flow, in no order.
    pub fn each(&self, mut show: impl FnMut(Flow<'_>)) {
        for slot in (0..self.slots.len()).filter(|slot| self.slots[*slot].tick != FREE) {
            show(self.flow(slot, &mut self.scratch.borrow_mut()));
        }
    }

    /// Shows the flows of up to `slots` slots from the one numbered `from` on, until `show` wants no more. Returns the
    /// slot to go on at, `None` at the end. A flow keeps its slot as long as it lives.
    pub fn each_from(
        &self,
        from: usize,
        slots: usize,
        mut show: impl FnMut(Flow<'_>) -> ControlFlow<()>,
    ) -> Option<usize> {
        let scratch = &mut self.scratch.borrow_mut();
        let to = self.slots.len().min(from.saturating_add(slots));
        for slot in from..to {
            if self.slots[slot].tick != FREE && show(self.flow(slot, scratch)).is_break() {
                return (slot + 1 < self.slots.len()).then_some(slot + 1);
            }
        }
        (to < self.slots.len()).then_some(to)
    }

    /// A flow, its octets put together in `octets`.
    fn flow<'a>(&'a self, slot: usize, octets: &'a mut [u8]) -> Flow<'a> {
        let entry = &self.slots[slot];
        for (out, word) in octets.chunks_exact_mut(8).zip(&entry.line) {
            out.copy_from_slice(&word.to_ne_bytes());
        }
        let at = slot * self.more_len;
        octets[LINE..].copy_from_slice(&self.more[at..at + self.more_len]);
        Flow {
            layout: &self.layout,
            totals: &entry.totals,
            octets,
        }
    }
}

/// The totals of a flow of one packet.
fn first_packet(header: &Header, time_ns: u64) -> Totals {
    Totals {
        first_ns: time_ns,
        last_ns: time_ns,
        packets: 1,
        octets: header.octets.into(),
        tcp_flags: header.tcp_flags,
        end: EndReason::Running,
    }
}

/// The first tick at which the deadline has passed.
fn tick_of(deadline_ns: u64) -> u64 {
    deadline_ns.div_ceil(TICK_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_two_cache_lines() {
        assert_eq!(size_of::<Slot>(), 128);
    }
}
