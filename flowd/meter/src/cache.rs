//! The flow cache of one layout: slots, a hash index to find them by key, and a timing wheel to find them by end.
//!
//! A slot is two cache lines: the flow's first header line and its totals. A packet's key is compared whole, never its
//! hash alone. A flow is noted in the wheel at the earliest second it could end, and is looked at again when that
//! second comes, so a packet that only prolongs its flow touches no list. A note whose flow has gone, or is noted
//! elsewhere since, says nothing.

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
use crate::index::Index;
use crate::key::{Hash, Key, Line};
use crate::memory::wish_huge_pages;
use crate::routes::{Routing, Wanted};
use crate::simd::fetch;
use crate::timeouts::Timeouts;
use crate::wheel::{BUCKETS, Chunk, Wheel};

const NONE: u32 = u32::MAX;
const TICK_NS: u64 = 1_000_000_000;
/// The tick of a slot without a flow.
const FREE: u64 = u64::MAX;
/// Slots that are made room for at once, where there is no room.
const SLOTS: usize = 4096;
/// Slots that are made room for ahead at most.
const MOST_ROOM: usize = 1 << 24;

/// The slot where a flow may be.
#[derive(Clone, Copy, Debug)]
pub struct Guess(u32);

impl Guess {
    /// Nowhere.
    pub const NONE: Guess = Guess(NONE);
}

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
    index: Index,
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
    wheel: Wheel,
    /// The last tick whose bucket was looked at.
    tick: u64,
    /// Ticks between two records of a flow that never ends.
    update: Option<u64>,
}

impl Cache {
    /// An empty cache, with room for `entries` flows where the system grants it: what is not used costs nothing, and
    /// nothing is moved or asked for while packets come.
    pub fn new(layout: Arc<Layout>, entries: usize) -> Cache {
        let (mut slots, mut more) = (Vec::new(), Vec::new());
        let entries = entries.min(MOST_ROOM);
        if slots.try_reserve_exact(entries).is_ok() {
            wish_huge_pages(&mut slots);
        }
        if more
            .try_reserve_exact(entries * (layout.len() - LINE))
            .is_ok()
        {
            wish_huge_pages(&mut more);
        }
        Cache {
            key: Key::new(&layout),
            routes: Wanted::by(&layout),
            scratch: RefCell::new(vec![0; layout.len()]),
            more_len: layout.len() - LINE,
            lines_len: (layout.kept().len() - 1) * LINE,
            layout,
            index: Index::new(),
            slots,
            more,
            free: NONE,
            live: 0,
            wheel: Wheel::new(),
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

    /// Octets a flow takes: its slot, what it has beyond the first line, a note, and its share of the index.
    pub fn flow_octets(&self) -> usize {
        Cache::flow_octets_of(&self.layout)
    }

    /// The same, of a layout.
    pub fn flow_octets_of(layout: &Arc<Layout>) -> usize {
        size_of::<Slot>() + layout.len() - LINE + size_of::<u32>() + Index::ENTRY_OCTETS
    }

    /// No flows.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// A flow is its first line and its totals.
    pub fn is_plain(&self) -> bool {
        self.key.is_short() && self.more_len == 0
    }

    /// The hash of a packet's key; starts to fetch its place in the index. `PLAIN`: the cache [is plain](Cache::is_plain).
    #[inline(always)]
    pub fn hash<const PLAIN: bool>(&self, header: &Header) -> Hash {
        let hash = self.key.hash::<PLAIN>(header);
        self.index.fetch(hash);
        hash
    }

    /// The slot that the flow with this hash most likely has, and starts to fetch it.
    #[inline(always)]
    pub fn guess(&self, hash: Hash) -> Guess {
        let slot = self.index.candidate(hash).unwrap_or(NONE);
        self.fetch_slot(slot);
        Guess(slot)
    }

    #[inline(always)]
    fn fetch_slot(&self, slot: u32) {
        if let Some(slot) = self.slots.get(slot as usize) {
            fetch(std::slice::from_ref(&slot.line), 0);
            fetch(std::slice::from_ref(&slot.totals), 0);
        }
    }

    /// Counts a packet into its flow if that is where it was guessed, which it nearly always is. Returns whether it was.
    #[inline(always)]
    pub fn hit<const PLAIN: bool>(
        &mut self,
        guess: Guess,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
    ) -> bool {
        if !self.is_flow::<PLAIN>(guess.0, header) {
            return false;
        }
        self.update::<PLAIN>(guess.0 as usize, header, time_ns, timeouts);
        true
    }

    /// Counts a packet into its flow. Returns whether the flow is new; then what it collects of the routes is looked up.
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
                self.update::<false>(slot, &observed.header, time_ns, timeouts);
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

    /// The slot has the flow of this packet.
    #[inline(always)]
    fn is_flow<const PLAIN: bool>(&self, slot: u32, header: &Header) -> bool {
        let others = || {
            self.more
                .get(slot as usize * self.more_len..)
                .unwrap_or_default()
        };
        self.slots.get(slot as usize).is_some_and(|entry| {
            self.key.equals::<PLAIN>(&entry.line, others, header) && entry.tick != FREE
        })
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

    fn find(&self, hash: Hash, header: &Header) -> Option<usize> {
        let slot = self
            .index
            .find(hash, |slot| self.is_flow::<false>(slot, header));
        slot.map(|slot| slot as usize)
    }

    #[inline(always)]
    fn update<const PLAIN: bool>(
        &mut self,
        slot: usize,
        header: &Header,
        time_ns: u64,
        timeouts: &Timeouts,
    ) {
        let entry = &mut self.slots[slot];
        let totals = &mut entry.totals;
        totals.packets += 1;
        totals.octets += u64::from(header.octets);
        // Packets of several queues, or a clock that stepped, may come out of order.
        totals.first_ns = totals.first_ns.min(time_ns);
        totals.last_ns = totals.last_ns.max(time_ns);
        let news = header.tcp_flags & !totals.tcp_flags;
        if !PLAIN && self.more_len > self.lines_len {
            self.merge(slot, header);
        }
        if news != 0 {
            self.flagged(slot, news, timeouts);
        }
    }

    fn merge(&mut self, slot: usize, header: &Header) {
        let at = slot * self.more_len;
        let merged = &mut self.more[at + self.lines_len..at + self.more_len];
        self.layout.merge(header, merged);
    }

    /// A FIN or RST may bring the end forward; everything else only puts it off.
    #[cold]
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
            if self.slots.len() == self.slots.capacity() {
                self.grow();
            }
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
        self.index.insert(hash, slot as u32);
        self.note(slot as u32, due);
        slot
    }

    /// Makes room for half as many slots again.
    #[cold]
    fn grow(&mut self) {
        let further = (self.slots.len() / 2).max(SLOTS);
        self.slots.reserve_exact(further);
        self.more.reserve_exact(further * self.more_len);
    }

    /// Has the flow looked at when it is due.
    fn note(&mut self, slot: u32, due: u64) {
        let tick = self.clamp(due);
        self.slots[slot as usize].tick = tick;
        self.wheel.note(tick, slot);
    }

    /// The tick to look at a flow: never the one just looked at, and at most one turn ahead.
    fn clamp(&self, due: u64) -> u64 {
        due.clamp(self.tick + 1, self.tick + BUCKETS - 1)
    }

    /// Ends a flow; the slot is free afterwards.
    fn end(&mut self, slot: u32, why: EndReason, out: &mut dyn FnMut(Flow<'_>)) {
        let entry = &mut self.slots[slot as usize];
        self.index.remove(entry.hash, slot);
        entry.totals.end = why;
        entry.tick = FREE;
        entry.next = self.free;
        self.free = slot;
        self.live -= 1;
        out(self.flow(slot as usize, &mut self.scratch.borrow_mut()));
    }

    /// Fetches the slots of a chunk.
    #[inline]
    fn fetch_slots(&self, chunk: Option<&Chunk>) {
        for slot in chunk.map(Chunk::slots).unwrap_or_default() {
            self.fetch_slot(*slot);
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
            let mut chain = self.wheel.take(tick);
            let mut next = self.wheel.next(&mut chain);
            self.fetch_slots(next.as_ref());
            while let Some(chunk) = next {
                // While one chunk is worked on, the next one's slots come from memory.
                next = self.wheel.next(&mut chain);
                self.fetch_slots(next.as_ref());
                for slot in chunk.slots() {
                    self.index.fetch(self.slots[*slot as usize].hash);
                }
                for slot in chunk.slots() {
                    self.look_at(*slot, tick, now_ns, timeouts, out);
                }
            }
        }
    }

    /// Ends a flow noted at `tick` if it is over, and has it looked at later if not.
    fn look_at(
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
            return self.tell(slot, every, out);
        }
        let (deadline, why) = timeouts.deadline(entry.protocol, &entry.totals);
        if deadline <= now_ns {
            self.end(slot, why, out);
        } else {
            self.note(slot, tick_of(deadline));
        }
    }

    /// Notes every flow anew: the timeouts changed, or the clock stepped back to tick `now`.
    fn rewind(&mut self, now: u64, timeouts: &Timeouts) {
        self.tick = now;
        self.wheel.clear();
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
        self.index.clear();
        self.slots.clear();
        self.more.clear();
        self.wheel.clear();
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
