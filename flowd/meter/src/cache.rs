//! The flow cache of one layout: slots, a hash index that finds a flow by its key, and a timing wheel that finds
//! flows by the time they end.
//!
//! A slot is two CPU cache lines: the flow's first header line and its totals. Keys are compared in full, never by
//! hash alone. A flow is scheduled in the wheel at the earliest second it could end and is checked again when that
//! second comes, so a packet that prolongs its flow touches no list. An entry of the wheel is void if its flow has
//! ended or has been scheduled elsewhere since.

mod biflow;
mod evict;
mod expire;
mod permanent;
mod shift;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use flow::{EndReason, Flow, Layout, Totals};
use wire::{Header, LINE};

use crate::index::{Guess, Index};
use crate::key::{Hash, Key, Line};
use crate::memory::wish_huge_pages;
use crate::observed::Observed;
use crate::routes::Routing;
use crate::simd::fetch;
use crate::timeouts::Timeouts;
use crate::wanted_routes::WantedRoutes;
use crate::wheel::{BUCKETS, Wheel};

const NONE: u32 = u32::MAX;
const TICK_NS: u64 = 1_000_000_000;
/// The tick of a slot without a flow.
const FREE: u64 = u64::MAX;
/// Slots added at once when the memory reserved at the start is used up.
const SLOTS: usize = 4096;
/// Most slots reserved at the start.
const MOST_ROOM: usize = 1 << 24;

#[repr(C, align(64))]
struct Slot {
    /// The first header line of the flow's first packet, masked.
    line: Line,
    totals: Totals,
    /// Hash of the key.
    hash: Hash,
    /// In a free slot, the next free one.
    next: u32,
    /// Tick of the wheel at which the flow is scheduled; [`FREE`] for a free slot.
    tick: u64,
    protocol: u8,
}

/// Cache of the flows of one layout.
pub struct Cache {
    layout: Arc<Layout>,
    routes: WantedRoutes,
    key: Key,
    index: Index,
    slots: Vec<Slot>,
    /// What a flow has besides its first line: other lines and merged values, `extra_len` octets a slot.
    extra: Vec<u8>,
    extra_len: usize,
    /// How many of those octets are header lines.
    lines_len: usize,
    /// A buffer in which the octets of a flow are assembled to be shown.
    scratch: RefCell<Vec<u8>>,
    /// First slot in the list of free slots, linked by `next`.
    free: u32,
    live: usize,
    wheel: Wheel,
    /// The last tick whose flows were checked.
    tick: u64,
    /// Ticks between two records of a flow in a permanent cache.
    update: Option<u64>,
}

impl Cache {
    /// Creates an empty cache with room for `entries` flows, if the system grants it. Unused memory costs nothing,
    /// and no packet has to wait for memory to be moved or allocated.
    pub fn new(layout: Arc<Layout>, entries: usize) -> Cache {
        let (mut slots, mut extra) = (Vec::new(), Vec::new());
        let entries = entries.min(MOST_ROOM);
        if slots.try_reserve_exact(entries).is_ok() {
            wish_huge_pages(&mut slots);
        }
        if extra
            .try_reserve_exact(entries * (layout.len() - LINE))
            .is_ok()
        {
            wish_huge_pages(&mut extra);
        }
        Cache {
            key: Key::new(&layout),
            routes: WantedRoutes::by(&layout),
            scratch: RefCell::new(vec![0; layout.len()]),
            extra_len: layout.len() - LINE,
            lines_len: (layout.kept_lines().len() - 1) * LINE,
            layout,
            index: Index::new(),
            slots,
            extra,
            free: NONE,
            live: 0,
            wheel: Wheel::new(),
            tick: 0,
            update: None,
        }
    }

    /// What has to be looked up in the host's routes for these flows.
    #[inline]
    pub(crate) fn routes(&self) -> WantedRoutes {
        self.routes
    }

    /// Layout of the flows.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Number of flows.
    #[inline]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Octets a flow takes: its slot, what it has besides its first line, an entry of the wheel, and its share of
    /// the index.
    pub fn flow_octets(&self) -> usize {
        Cache::flow_octets_of(&self.layout)
    }

    /// Octets a flow of `layout` takes, see [`Cache::flow_octets`].
    pub fn flow_octets_of(layout: &Arc<Layout>) -> usize {
        size_of::<Slot>() + layout.len() - LINE + size_of::<u32>() + Index::ENTRY_OCTETS
    }

    /// Whether there is no flow.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether a flow consists only of its first line and its totals.
    pub fn is_plain(&self) -> bool {
        self.key.is_short() && self.extra_len == 0
    }

    /// Returns the hash of a packet's key and prefetches its bucket in the index. `PLAIN` says that the cache [is
    /// plain](Cache::is_plain).
    #[inline(always)]
    pub fn hash<const PLAIN: bool>(&self, header: &Header) -> Hash {
        let hash = self.key.hash::<PLAIN>(header);
        self.index.fetch(hash);
        hash
    }

    /// Returns the slot that most likely has the flow with this hash, and prefetches it.
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

    /// Counts a packet into its flow if that is in the guessed slot, which it nearly always is. Returns whether it
    /// was.
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

    /// Counts a packet into its flow, creating it if needed. Returns whether the flow is new; in that case the
    /// routes it collects were looked up.
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

    /// Whether the slot has the flow of this packet.
    #[inline(always)]
    fn is_flow<const PLAIN: bool>(&self, slot: u32, header: &Header) -> bool {
        let others = || {
            self.extra
                .get(slot as usize * self.extra_len..)
                .unwrap_or_default()
        };
        self.slots.get(slot as usize).is_some_and(|entry| {
            self.key.equals::<PLAIN>(&entry.line, others, header) && entry.tick != FREE
        })
    }

    /// Shows a packet as a flow of its own, without changing the cache.
    pub fn single_packet_flow(&self, header: &Header, time_ns: u64, show: impl FnOnce(Flow<'_>)) {
        let mut octets = self.scratch.borrow_mut();
        self.layout.write_first(header, &mut octets);
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
        // Packets of several receive queues, or from before and after a clock step, may come out of order.
        totals.first_ns = totals.first_ns.min(time_ns);
        totals.last_ns = totals.last_ns.max(time_ns);
        let news = header.tcp_flags & !totals.tcp_flags;
        if !PLAIN && self.extra_len > self.lines_len {
            self.merge(slot, header);
        }
        if news != 0 {
            self.new_tcp_flags(slot, news, timeouts);
        }
    }

    fn merge(&mut self, slot: usize, header: &Header) {
        let at = slot * self.extra_len;
        let merged = &mut self.extra[at + self.lines_len..at + self.extra_len];
        self.layout.merge(header, merged);
    }

    /// Reschedules a flow after new TCP flags: a FIN or RST may bring its end forward, which nothing else does.
    #[cold]
    fn new_tcp_flags(&mut self, slot: usize, news: u16, timeouts: &Timeouts) {
        let entry = &mut self.slots[slot];
        entry.totals.tcp_flags |= news;
        let due = tick_of(timeouts.deadline(entry.protocol, &entry.totals).0);
        if due < entry.tick {
            self.schedule(slot as u32, due);
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
            self.extra.resize(self.slots.len() * self.extra_len, 0);
            self.slots.len() - 1
        } else {
            let slot = self.free as usize;
            self.free = self.slots[slot].next;
            self.slots[slot] = entry;
            slot
        };
        if self.extra_len > 0 {
            let at = slot * self.extra_len;
            let extra = &mut self.extra[at..at + self.extra_len];
            let (others, merged) = extra.split_at_mut(self.lines_len);
            self.key.others(header, others);
            self.layout.write_merged(header, merged);
        }
        self.live += 1;
        self.index.insert(hash, slot as u32);
        self.schedule(slot as u32, due);
        slot
    }

    /// Allocates half as many slots again.
    #[cold]
    fn grow(&mut self) {
        let further = (self.slots.len() / 2).max(SLOTS);
        self.slots.reserve_exact(further);
        self.extra.reserve_exact(further * self.extra_len);
    }

    /// Schedules a flow to be checked at tick `due`.
    #[inline]
    fn schedule(&mut self, slot: u32, due: u64) {
        let tick = self.clamp(due);
        self.slots[slot as usize].tick = tick;
        self.wheel.schedule(tick, slot);
    }

    /// The tick at which to check a flow: after the last one checked, and at most one turn of the wheel ahead.
    #[inline]
    fn clamp(&self, due: u64) -> u64 {
        due.clamp(self.tick + 1, self.tick + BUCKETS - 1)
    }

    /// Ends a flow and frees its slot.
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

    /// Calls `show` with every flow, in no particular order.
    pub fn each(&self, mut show: impl FnMut(Flow<'_>)) {
        for slot in (0..self.slots.len()).filter(|slot| self.slots[*slot].tick != FREE) {
            show(self.flow(slot, &mut self.scratch.borrow_mut()));
        }
    }

    /// Calls `show` with the flows of up to `slots` slots from slot `from` on, until it breaks. Returns the slot to
    /// continue at, or `None` at the end. A flow keeps its slot as long as it lives.
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

    /// Returns the flow in a slot, its octets assembled in `octets`.
    fn flow<'a>(&'a self, slot: usize, octets: &'a mut [u8]) -> Flow<'a> {
        let entry = &self.slots[slot];
        for (out, word) in octets.chunks_exact_mut(8).zip(&entry.line) {
            out.copy_from_slice(&word.to_ne_bytes());
        }
        let at = slot * self.extra_len;
        octets[LINE..].copy_from_slice(&self.extra[at..at + self.extra_len]);
        Flow {
            layout: &self.layout,
            totals: &entry.totals,
            octets,
        }
    }
}

/// The totals of a flow with this packet only.
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
#[inline]
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
