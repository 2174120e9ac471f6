//! The flow cache of one layout: a hash index over slots, and a timing wheel through them.
//!
//! A slot's key is compared whole, never its hash alone. The wheel has one bucket a second; a flow sits
//! in the bucket of the earliest moment it could end, and is looked at again when that second comes, so a packet
//! that only prolongs its flow touches no list.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use flow::{EndReason, Flow, Layout, Totals};
use foldhash::fast::RandomState;
use wire::Header;

use crate::timeouts::Timeouts;

const NONE: u32 = u32::MAX;
const TICK_NS: u64 = 1_000_000_000;
/// Buckets of the wheel; flows that end later are looked at once a turn (17 minutes).
const BUCKETS: u64 = 1024;

struct Slot {
    totals: Totals,
    hash: u64,
    previous: u32,
    next: u32,
    /// The tick of the bucket it sits in.
    tick: u64,
    protocol: u8,
}

/// Flows of one layout.
pub struct Cache {
    layout: Arc<Layout>,
    stride: usize,
    hasher: RandomState,
    /// Tag (high half of the hash) and slot + 1, open addressing; 0 is empty. A power of two long.
    index: Vec<u64>,
    slots: Vec<Slot>,
    /// Key and values of each slot, `stride` octets apart.
    bytes: Vec<u8>,
    /// Head of the list of free slots, by `next`.
    free: u32,
    live: usize,
    buckets: Vec<u32>,
    /// The last tick whose bucket was looked at.
    tick: u64,
    /// The key being looked up.
    probe: Box<[u8]>,
}

impl Cache {
    /// An empty cache.
    pub fn new(layout: Arc<Layout>) -> Cache {
        Cache {
            stride: layout.key_len() + layout.value_len(),
            hasher: RandomState::default(),
            index: vec![0; 1024],
            slots: Vec::new(),
            bytes: Vec::new(),
            free: NONE,
            live: 0,
            buckets: vec![NONE; BUCKETS as usize],
            tick: 0,
            probe: vec![0; layout.key_len()].into(),
            layout,
        }
    }

    /// How its flows lie.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Flows in it.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Octets a flow takes: its slot, its key and values, and two places of the index.
    pub fn flow_octets(&self) -> usize {
        size_of::<Slot>() + self.stride + 2 * size_of::<u64>()
    }

    /// No flows.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Counts a packet into its flow. Returns whether the flow is new.
    pub fn packet(&mut self, header: &Header, time_ns: u64, timeouts: &Timeouts) -> bool {
        self.layout.key(header, &mut self.probe);
        let hash = self.hash(&self.probe);
        match self.find(hash) {
            Some(slot) => {
                self.update(slot, header, time_ns, timeouts);
                false
            }
            None => {
                self.insert(hash, header, time_ns, timeouts);
                true
            }
        }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    /// The slot whose key is the one in `probe`.
    fn find(&self, hash: u64) -> Option<usize> {
        let mask = self.index.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let entry = self.index[place];
            if entry == 0 {
                return None;
            }
            if entry >> 32 == hash >> 32 {
                let slot = (entry as u32 - 1) as usize;
                let at = slot * self.stride;
                if self.bytes[at..at + self.probe.len()] == *self.probe {
                    return Some(slot);
                }
            }
            place = (place + 1) & mask;
        }
    }

    fn update(&mut self, slot: usize, header: &Header, time_ns: u64, timeouts: &Timeouts) {
        let entry = &mut self.slots[slot];
        let totals = &mut entry.totals;
        totals.packets += 1;
        totals.octets += u64::from(header.octets);
        // Packets of several queues, or a clock that stepped, may come out of order.
        totals.first_ns = totals.first_ns.min(time_ns);
        totals.last_ns = totals.last_ns.max(time_ns);
        let sooner = header.tcp_flags & !totals.tcp_flags != 0;
        totals.tcp_flags |= header.tcp_flags;
        let at = slot * self.stride + self.layout.key_len();
        self.layout
            .merge(header, &mut self.bytes[at..at + self.layout.value_len()]);
        if sooner {
            // A FIN or RST may bring the end forward; everything else only puts it off.
            let due = tick_of(timeouts.deadline(entry.protocol, &entry.totals).0);
            if due < entry.tick {
                self.unlink(slot as u32);
                self.link(slot as u32, due);
            }
        }
    }

    fn insert(&mut self, hash: u64, header: &Header, time_ns: u64, timeouts: &Timeouts) {
        let totals = Totals {
            first_ns: time_ns,
            last_ns: time_ns,
            packets: 1,
            octets: header.octets.into(),
            tcp_flags: header.tcp_flags,
            end: EndReason::Running,
        };
        if self.live == 0 && self.tick == 0 {
            self.tick = time_ns / TICK_NS;
        }
        let due = tick_of(timeouts.deadline(header.protocol, &totals).0);
        let entry = Slot {
            totals,
            hash,
            previous: NONE,
            next: NONE,
            tick: 0,
            protocol: header.protocol,
        };
        let slot = if self.free == NONE {
            self.slots.push(entry);
            self.bytes.resize(self.slots.len() * self.stride, 0);
            self.slots.len() - 1
        } else {
            let slot = self.free as usize;
            self.free = self.slots[slot].next;
            self.slots[slot] = entry;
            slot
        };
        let at = slot * self.stride;
        let (key, values) = self.bytes[at..at + self.stride].split_at_mut(self.probe.len());
        key.copy_from_slice(&self.probe);
        self.layout.first(header, values);
        self.live += 1;
        if self.live * 2 > self.index.len() {
            self.grow();
        }
        self.place(hash, slot);
        self.link(slot as u32, due);
    }

    fn place(&mut self, hash: u64, slot: usize) {
        let mask = self.index.len() - 1;
        let mut place = hash as usize & mask;
        while self.index[place] != 0 {
            place = (place + 1) & mask;
        }
        self.index[place] = hash >> 32 << 32 | (slot as u64 + 1);
    }

    /// Doubles the index.
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.index);
        self.index = vec![0; old.len() * 2];
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let slot = (entry as u32 - 1) as usize;
            self.place(self.slots[slot].hash, slot);
        }
    }

    /// Takes the slot out of the index; those behind it move up (Knuth 6.4, algorithm R).
    fn displace(&mut self, slot: usize) {
        let mask = self.index.len() - 1;
        let hash = self.slots[slot].hash;
        let mut hole = hash as usize & mask;
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
            let home = self.slots[(entry as u32 - 1) as usize].hash as usize & mask;
            if (place.wrapping_sub(home) & mask) >= (place.wrapping_sub(hole) & mask) {
                self.index[hole] = entry;
                hole = place;
            }
        }
        self.index[hole] = 0;
    }

    fn link(&mut self, slot: u32, due: u64) {
        let tick = self.clamp(due);
        let head = &mut self.buckets[(tick % BUCKETS) as usize];
        let next = std::mem::replace(head, slot);
        if next != NONE {
            self.slots[next as usize].previous = slot;
        }
        let entry = &mut self.slots[slot as usize];
        (entry.previous, entry.next, entry.tick) = (NONE, next, tick);
    }

    /// The tick to look at a flow: never the one just looked at, and at most one turn ahead.
    fn clamp(&self, due: u64) -> u64 {
        due.clamp(self.tick + 1, self.tick + BUCKETS - 1)
    }

    fn unlink(&mut self, slot: u32) {
        let Slot {
            previous,
            next,
            tick,
            ..
        } = self.slots[slot as usize];
        if previous == NONE {
            self.buckets[(tick % BUCKETS) as usize] = next;
        } else {
            self.slots[previous as usize].next = next;
        }
        if next != NONE {
            self.slots[next as usize].previous = previous;
        }
    }

    /// Ends a flow that is linked; the slot is free afterwards.
    fn end(&mut self, slot: u32, why: EndReason, out: &mut dyn FnMut(Flow<'_>)) {
        self.unlink(slot);
        self.displace(slot as usize);
        let entry = &mut self.slots[slot as usize];
        entry.totals.end = why;
        entry.next = self.free;
        self.free = slot;
        self.live -= 1;
        out(self.flow(slot as usize));
    }

    /// Ends every flow whose deadline has passed.
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
            // Flows put off go to later buckets than this one, so it empties.
            self.tick = tick;
            let mut slot = self.buckets[(tick % BUCKETS) as usize];
            while slot != NONE {
                let entry = &self.slots[slot as usize];
                let next = entry.next;
                let (deadline, why) = timeouts.deadline(entry.protocol, &entry.totals);
                if deadline <= now_ns {
                    self.end(slot, why, out);
                } else {
                    self.unlink(slot);
                    self.link(slot, tick_of(deadline));
                }
                slot = next;
            }
        }
    }

    /// Puts every flow into the wheel anew: the timeouts changed, or the clock stepped back to tick `now`.
    fn rewind(&mut self, now: u64, timeouts: &Timeouts) {
        self.tick = now;
        self.buckets.fill(NONE);
        for entry in 0..self.index.len() {
            let entry = self.index[entry];
            if entry != 0 {
                let slot = entry as u32 - 1;
                let flow = &self.slots[slot as usize];
                let due = tick_of(timeouts.deadline(flow.protocol, &flow.totals).0);
                self.link(slot, due);
            }
        }
    }

    /// Takes new timeouts over.
    pub fn retime(&mut self, timeouts: &Timeouts) {
        self.rewind(self.tick, timeouts);
    }

    /// Ends up to `flows` flows, those that would end soonest first: there is no room.
    pub fn emergency(&mut self, flows: usize, timeouts: &Timeouts, out: &mut dyn FnMut(Flow<'_>)) {
        let mut left = flows.min(self.live);
        let mut tick = self.tick;
        while left > 0 {
            tick += 1;
            while left > 0 && self.buckets[(tick % BUCKETS) as usize] != NONE {
                let slot = self.buckets[(tick % BUCKETS) as usize];
                let entry = &self.slots[slot as usize];
                // Packets have put it off since it was linked: it goes where it belongs, once.
                let due = self.clamp(tick_of(timeouts.deadline(entry.protocol, &entry.totals).0));
                if due > entry.tick {
                    self.unlink(slot);
                    self.link(slot, due);
                } else {
                    self.end(slot, EndReason::LackOfResources, out);
                    left -= 1;
                }
            }
        }
    }

    /// Ends every flow.
    pub fn flush(&mut self, why: EndReason, out: &mut dyn FnMut(Flow<'_>)) {
        for bucket in 0..self.buckets.len() {
            while self.buckets[bucket] != NONE {
                self.end(self.buckets[bucket], why, out);
            }
        }
    }

    /// The flows in it, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Flow<'_>> {
        self.index
            .iter()
            .filter(|entry| **entry != 0)
            .map(|entry| self.flow((*entry as u32 - 1) as usize))
    }

    fn flow(&self, slot: usize) -> Flow<'_> {
        let at = slot * self.stride;
        let (key, values) = self.bytes[at..at + self.stride].split_at(self.probe.len());
        Flow {
            layout: &self.layout,
            totals: &self.slots[slot].totals,
            key,
            values,
        }
    }
}

/// The first tick at which the deadline has passed.
fn tick_of(deadline_ns: u64) -> u64 {
    deadline_ns.div_ceil(TICK_NS)
}
