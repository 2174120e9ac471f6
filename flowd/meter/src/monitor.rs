//! One monitor on one capture thread.

mod kinds;
mod room;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use flow::{Batch, EndReason, Flow, Layout, Record, RecordTally, Tally};
use wire::{Family, Header, Lines, at};

use crate::burst::{Burst, Observed};
use crate::cache::Cache;
use crate::ledger::{Aged, Ledger};
use crate::outbox::Outbox;
use crate::routes::Routing;
use crate::sampler::{Mode, Sampler};
use crate::statistics::{Kept, Statistics};
use crate::timeouts::Timeouts;
use crate::watermark::Watermark;

/// What becomes of a flow after its packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheType {
    /// It is kept until a timeout.
    Normal,
    /// It ends at once: every packet is a record.
    Immediate,
    /// It never ends: every `update`, rounded to whole seconds, there is a record of what was counted since the one before. A
    /// flow without packets since is not told of again. When the cache is full, new flows are not metered.
    Permanent {
        /// Between two records of a flow.
        update: Duration,
    },
}

impl CacheType {
    /// Seconds between two records of a permanent flow.
    fn update_ticks(self) -> Option<u64> {
        match self {
            CacheType::Permanent { update } => Some(update.as_secs().max(1)),
            CacheType::Normal | CacheType::Immediate => None,
        }
    }
}

/// What a monitor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What to match and collect.
    pub record: Record,
    /// Flows both families' caches may hold together; at least 1.
    pub entries: usize,
    /// Normal, immediate or permanent.
    pub cache_type: CacheType,
    /// When flows end; those of a permanent cache do not.
    pub timeouts: Timeouts,
    /// Meters what comes in.
    pub input: bool,
    /// Meters what goes out.
    pub output: bool,
    /// The families to meter; the record may restrict them further.
    pub families: [bool; 2],
    /// Mode, 1 out of N, and the sampler's identifier.
    pub sampler: Option<(Mode, u32, u8)>,
    /// Packet statistics to keep beside the flows.
    pub statistics: Kept,
}

/// Why a cache cannot go on with other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilt {
    /// Flows have other fields.
    Record,
    /// Flows end by other rules.
    Type,
}

/// Why [`Monitor::reconfigure`] ends all flows; `None`: they stay.
pub fn rebuilds(old: &Settings, new: &Settings) -> Option<Rebuilt> {
    match () {
        () if old.record != new.record => Some(Rebuilt::Record),
        () if old.cache_type != new.cache_type => Some(Rebuilt::Type),
        () => None,
    }
}

/// Octets that the flows of a monitor take when its cache is full, on one capture thread.
pub fn full_octets(settings: &Settings) -> u64 {
    let families = [Family::V4, Family::V6];
    let layouts = families.map(|family| settings.record.layout(family));
    let octets = layouts.iter().flatten().map(Cache::flow_octets_of);
    match settings.cache_type {
        CacheType::Immediate => 0,
        CacheType::Normal | CacheType::Permanent { .. } => {
            settings.entries as u64 * octets.max().unwrap_or(0) as u64
        }
    }
}

/// What `clear flow monitor` does with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// Flows are thrown away, and counted so.
    Discard,
    /// Flows are exported now.
    Export,
}

/// Slots of the cache that one [`Monitor::copy`] looks at: a fraction of a millisecond.
pub const PIECE: usize = 4096;

/// Where a reading of a cache stands. Flows stay at their places as long as they live: one that is there from the
/// first piece to the last is read exactly once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// 0 for IPv4, 1 for IPv6.
    pub family: u8,
    /// The first slot that was not read.
    pub slot: u32,
}

impl Position {
    fn next_family(self) -> Option<Position> {
        (self.family == 0).then_some(Position { family: 1, slot: 0 })
    }
}

/// What [`Monitor::copy`] has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Flows that were looked at.
    pub seen: usize,
    /// Where to go on; `None` at the end of the cache.
    pub next: Option<Position>,
}

/// A monitor at work.
pub struct Monitor {
    settings: Settings,
    /// The cache is normal and its flows are of one direction.
    usual: bool,
    /// See [`quick`].
    quick: bool,
    /// IPv4, IPv6.
    caches: [Option<Box<Cache>>; 2],
    sampler: Option<Sampler>,
    ledger: Ledger,
    added: u64,
    aged: Aged,
    /// Records of flows that go on.
    updates: u64,
    room: Watermark,
    statistics: Option<Box<Statistics>>,
    high_watermark: usize,
    searched_ns: u64,
    outbox: Outbox,
}

impl Monitor {
    /// A monitor with an empty cache; `seed` starts random sampling.
    pub fn new(settings: Settings, seed: u64) -> Monitor {
        let settings = normal(settings);
        let caches = caches(&settings);
        Monitor {
            usual: usual(&settings),
            quick: quick(&settings, &caches),
            caches,
            sampler: settings
                .sampler
                .map(|(mode, rate, _)| Sampler::new(mode, rate, seed)),
            room: room(&settings),
            statistics: statistics(settings.statistics, 0),
            settings,
            ledger: Ledger::default(),
            added: 0,
            aged: Aged::default(),
            updates: 0,
            high_watermark: 0,
            searched_ns: 0,
            outbox: Outbox::default(),
        }
    }

    /// What it does.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Flows made since the start or [`Monitor::clear_statistics`], and those that ended by why.
    pub fn statistics(&self) -> (u64, Aged) {
        (self.added, self.aged)
    }

    /// Records of flows that go on, of a permanent cache, since the start or [`Monitor::clear_statistics`].
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// The packet statistics, when any are kept.
    pub fn packet_statistics(&self) -> Option<&Statistics> {
        self.statistics.as_deref()
    }

    /// Most flows the cache has held.
    pub fn high_watermark(&self) -> usize {
        self.high_watermark
    }

    /// Shows every flow in the cache, IPv4 first.
    pub fn each_flow(&self, mut show: impl FnMut(Flow<'_>)) {
        self.caches
            .iter()
            .flatten()
            .for_each(|cache| cache.each(&mut show));
    }

    /// How its flows lie, by family.
    pub fn layouts(&self) -> [Option<Arc<Layout>>; 2] {
        [0, 1].map(|family| {
            self.caches[family]
                .as_ref()
                .map(|cache| cache.layout().clone())
        })
    }

    /// Copies the flows of a piece of the cache that `keep` wants into `out`, `room` of them at most, in place of what it
    /// had. The piece is of one family, and of [`PIECE`] slots at most: a capture thread has its ring to look after.
    pub fn copy(
        &self,
        from: Position,
        room: usize,
        mut keep: impl FnMut(&Flow<'_>) -> bool,
        out: &mut Batch,
    ) -> Copied {
        let (family, slot) = (usize::from(from.family), from.slot as usize);
        let Some(Some(cache)) = self.caches.get(family) else {
            out.clear();
            return Copied {
                seen: 0,
                next: from.next_family(),
            };
        };
        out.restart(cache.layout());
        let mut seen = 0;
        let next = cache.each_from(slot, PIECE, |flow| {
            seen += 1;
            if keep(&flow) {
                out.push(*flow.totals, flow.octets);
            }
            match out.len() < room {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        let here = |slot: usize| Position {
            family: from.family,
            slot: slot as u32,
        };
        Copied {
            seen,
            next: next.map(here).or(from.next_family()),
        }
    }

    /// Octets a flow takes in the cache, index and wheel included; the larger of both families.
    pub fn flow_octets(&self) -> usize {
        self.caches
            .iter()
            .flatten()
            .map(|cache| cache.flow_octets())
            .max()
            .unwrap_or(0)
    }

    /// Header lines its packets must have.
    pub fn wanted(&self) -> Lines {
        let layouts = self.caches.iter().flatten().map(|cache| cache.layout());
        layouts.fold(Lines::COMMON, |lines, layout| lines.and(layout.wanted()))
    }

    /// Flows in the cache.
    pub fn len(&self) -> usize {
        self.caches.iter().flatten().map(|cache| cache.len()).sum()
    }

    /// No flows in the cache.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole path for a few packets: direction, family, sampler, key, cache.
    pub fn burst(&mut self, burst: &mut Burst) {
        let (packets, routing) = burst.parts();
        match self.quick && routing.is_none() {
            true => self.packets::<true>(packets, None),
            false => self.packets::<false>(packets, routing),
        }
    }

    /// The same. `QUICK`: nothing is to be looked into that [`quick`] excludes, nor routes.
    #[inline(always)]
    fn packets<const QUICK: bool>(&mut self, packets: &mut [Observed], routing: Option<&Routing>) {
        let mut captured = Tally::default();
        for observed in packets.iter_mut() {
            observed.taken = self.admit::<QUICK>(observed, routing, &mut captured);
        }
        self.ledger.captured += captured;
        let taken = |observed: &&mut Observed| observed.taken;
        for observed in packets.iter_mut().filter(taken) {
            if let Some(cache) = &self.caches[observed.header.family as usize] {
                observed.guess = cache.guess(observed.hash);
            }
        }
        if !QUICK && let Some(statistics) = &mut self.statistics {
            for observed in packets.iter_mut().filter(taken) {
                statistics.packet(&observed.header, observed.time_ns);
            }
        }
        let mut hits = Tally::default();
        for observed in packets.iter_mut().filter(taken) {
            if self.hit::<QUICK>(observed) {
                hits.count(observed.header.octets.into());
            } else {
                // A flow that ends now may have some of them.
                self.ledger.hit(std::mem::take(&mut hits));
                self.miss(observed, routing);
            }
        }
        self.ledger.hit(hits);
    }

    /// Whether the packet is metered; then the hash of its key is there.
    #[inline(always)]
    fn admit<const QUICK: bool>(
        &mut self,
        observed: &mut Observed,
        routing: Option<&Routing>,
        captured: &mut Tally,
    ) -> bool {
        let wanted = if observed.outgoing {
            self.settings.output
        } else {
            self.settings.input
        };
        if !QUICK && !wanted {
            return false;
        }
        if let Err(why) = observed.parsed {
            let octets = observed.wire_len.into();
            captured.count(octets);
            self.ledger.skipped[why as usize].count(octets);
            return false;
        }
        let header = &mut observed.header;
        let octets = u64::from(header.octets);
        captured.count(octets);
        let family = header.family as usize;
        let Some(cache) = self.caches[family]
            .as_ref()
            .filter(|_| QUICK || self.settings.families[family])
        else {
            self.ledger.other_family.count(octets);
            return false;
        };
        let mut sampler_id = 0;
        if !QUICK
            && let (Some(sampler), Some((_, _, id))) = (&mut self.sampler, self.settings.sampler)
        {
            if !sampler.take() {
                self.ledger.unsampled.count(octets);
                return false;
            }
            sampler_id = id;
        }
        // An octet written now would hold up the hash, which reads it as part of a word.
        if header.get(at::SAMPLER) != [sampler_id] {
            header.set(at::SAMPLER, &[sampler_id]);
        }
        if !QUICK && let Some(routing) = routing {
            routing.fill(observed, cache.routes().key);
        }
        observed.hash = cache.hash::<QUICK>(&observed.header);
        true
    }

    /// Counts a packet into its flow if that is where it was guessed. Returns whether it was; the ledger does not know yet.
    #[inline(always)]
    fn hit<const QUICK: bool>(&mut self, observed: &Observed) -> bool {
        let Observed {
            guess,
            header,
            time_ns,
            ..
        } = observed;
        let timeouts = &self.settings.timeouts;
        (QUICK || self.usual)
            && self.caches[header.family as usize]
                .as_mut()
                .is_some_and(|cache| cache.hit::<QUICK>(*guess, header, *time_ns, timeouts))
    }

    /// A packet whose flow was not where it was guessed, most likely a new one; or one of an unusual cache.
    fn miss(&mut self, observed: &mut Observed, routing: Option<&Routing>) {
        if !self.usual {
            return self.count_otherwise(observed.hash, observed, routing);
        }
        let Some(cache) = &mut self.caches[observed.header.family as usize] else {
            return;
        };
        let mut one = Tally::default();
        one.count(observed.header.octets.into());
        self.ledger.hit(one);
        let hash = observed.hash;
        if cache.packet(hash, observed, &self.settings.timeouts, routing) {
            self.note_made(&observed.header);
        }
    }

    /// A packet has made a flow, which is in the cache.
    #[inline]
    fn note_made(&mut self, header: &Header) {
        self.note_added(header);
        self.ledger.cached.records += 1;
        if self.room.reached(self.len()) {
            self.make_room(header.family);
        }
        self.high_watermark = self.high_watermark.max(self.len());
    }

    /// A flow was made by this packet.
    #[inline]
    fn note_added(&mut self, header: &Header) {
        self.added += 1;
        if let Some(statistics) = &mut self.statistics {
            statistics.flow(header);
        }
    }

    /// Ends the flows whose time has come. `now_ns` is the present, or a savefile's latest packet.
    pub fn expire(&mut self, now_ns: u64) {
        let interval =
            u64::try_from(self.settings.timeouts.expiry_interval.as_nanos()).unwrap_or(u64::MAX);
        // `searched_ns` in the future: the clock stepped back.
        if self.searched_ns <= now_ns && now_ns - self.searched_ns < interval {
            return;
        }
        self.searched_ns = now_ns;
        self.room.aged();
        let timeouts = self.settings.timeouts;
        let end = self.settings.cache_type.update_ticks().is_none();
        self.each(end, |cache, out| cache.expire(now_ns, &timeouts, out));
        self.outbox.seal();
    }

    /// Somebody set the clock of day by `by_ns`. Flows go on as if it had always been set so: none ends early or late, and
    /// their durations are right. Records that left before have the times of the clock as it was.
    pub fn step(&mut self, by_ns: i64) {
        self.searched_ns = self.searched_ns.saturating_add_signed(by_ns);
        if let Some(statistics) = &mut self.statistics {
            statistics.step(by_ns);
        }
        let timeouts = self.settings.timeouts;
        for cache in self.caches.iter_mut().flatten() {
            cache.shift(by_ns, &timeouts);
        }
    }

    /// Ends every flow.
    pub fn flush(&mut self, why: EndReason) -> u64 {
        let flows = self.len() as u64;
        self.each(true, |cache, out| cache.flush(why, out));
        self.outbox.seal();
        flows
    }

    /// Ends every flow, and hands the batches on as they fill: many flows need no room of their own on their way out.
    pub fn flush_to(&mut self, why: EndReason, mut hand_on: impl FnMut(Arc<Batch>)) {
        self.each_to(true, |cache, out| cache.flush(why, out), Some(&mut hand_on));
        self.outbox.seal();
        self.drain().for_each(hand_on);
    }

    /// Empties the cache for an operator. Returns how many flows it had.
    pub fn clear(&mut self, how: Clear) -> u64 {
        if how == Clear::Export {
            return self.flush(EndReason::Forced);
        }
        let flows = self.len() as u64;
        self.caches = caches(&self.settings);
        self.ledger.cleared += std::mem::take(&mut self.ledger.cached);
        flows
    }

    /// Sets the counters of the screens (not the ledger) to zero.
    pub fn clear_statistics(&mut self) {
        self.added = 0;
        self.aged = Aged::default();
        self.updates = 0;
        self.statistics = statistics(self.settings.statistics, self.searched_ns);
        self.high_watermark = self.len();
    }

    /// The batches that are ready, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Arc<Batch>> {
        self.outbox.drain()
    }

    /// Takes new settings over. Flows stay, unless the record or the cache's type changed: then they end first.
    pub fn reconfigure(&mut self, settings: Settings, seed: u64) {
        let settings = normal(settings);
        if rebuilds(&self.settings, &settings).is_some() {
            self.flush(EndReason::Forced);
            self.caches = caches(&settings);
        } else if settings.timeouts != self.settings.timeouts {
            self.caches
                .iter_mut()
                .flatten()
                .for_each(|cache| cache.retime(&settings.timeouts));
        }
        let sampling = settings.sampler.map(|(mode, rate, _)| (mode, rate));
        if sampling != self.sampler.as_ref().map(Sampler::settings) {
            self.sampler = sampling.map(|(mode, rate)| Sampler::new(mode, rate, seed));
        }
        if settings.statistics != self.settings.statistics {
            self.statistics = statistics(settings.statistics, self.searched_ns);
        }
        self.usual = usual(&settings);
        self.quick = quick(&settings, &self.caches);
        self.settings = settings;
        self.room = room(&self.settings);
        if self.len() > self.settings.entries {
            self.shrink();
        }
        self.outbox.seal();
    }

    /// Runs `work` on each cache; what it tells of flows goes to the ledger and the outbox. The flows end, or go on.
    fn each(&mut self, end: bool, work: impl FnMut(&mut Cache, &mut dyn FnMut(Flow<'_>))) {
        self.each_to(end, work, None);
    }

    /// The same; batches that are full are handed on at once, if that is wanted.
    fn each_to(
        &mut self,
        end: bool,
        mut work: impl FnMut(&mut Cache, &mut dyn FnMut(Flow<'_>)),
        mut hand_on: Option<&mut dyn FnMut(Arc<Batch>)>,
    ) {
        let Monitor {
            caches,
            ledger,
            aged,
            updates,
            outbox,
            ..
        } = self;
        for cache in caches.iter_mut().flatten() {
            let layout = cache.layout().clone();
            work(cache, &mut |flow: Flow<'_>| {
                let totals = flow.totals;
                let one = RecordTally {
                    records: 1,
                    packets: totals.packets,
                    octets: totals.octets,
                };
                if end {
                    ledger.cached.records -= 1;
                    aged.count(totals.end);
                } else {
                    *updates += 1;
                }
                if one.packets == 0 {
                    // A permanent flow of which everything has been told.
                    return;
                }
                ledger.cached.packets -= one.packets;
                ledger.cached.octets -= one.octets;
                ledger.expired += one;
                outbox.push(&layout, &flow);
                if let Some(hand_on) = &mut hand_on {
                    outbox.drain().for_each(hand_on);
                }
            });
        }
    }
}

/// Settings without contradictions: the flows of a permanent cache have no timeouts.
fn normal(settings: Settings) -> Settings {
    let timeouts = match settings.cache_type {
        CacheType::Permanent { .. } => Timeouts::AT_ONCE,
        CacheType::Normal | CacheType::Immediate => settings.timeouts,
    };
    Settings {
        timeouts,
        ..settings
    }
}

/// A permanent cache has no watermark: none of its flows makes room.
fn room(settings: &Settings) -> Watermark {
    Watermark::new(match settings.cache_type {
        CacheType::Permanent { .. } => usize::MAX,
        CacheType::Normal | CacheType::Immediate => settings.entries,
    })
}

/// The cache is normal, and its flows are of one direction.
fn usual(settings: &Settings) -> bool {
    settings.cache_type == CacheType::Normal && !settings.record.is_bidirectional()
}

/// Every packet is metered, whichever way it goes, and a flow is its first line and its totals: what most monitors are, and
/// what nothing more is asked for each packet of.
fn quick(settings: &Settings, caches: &[Option<Box<Cache>>; 2]) -> bool {
    usual(settings)
        && settings.input
        && settings.output
        && settings.families == [true; 2]
        && settings.sampler.is_none()
        && settings.statistics == Kept::default()
        && caches.iter().flatten().all(|cache| cache.is_plain())
}

fn statistics(kept: Kept, since_ns: u64) -> Option<Box<Statistics>> {
    (kept != Kept::default()).then(|| Box::new(Statistics::new(kept, since_ns)))
}

fn caches(settings: &Settings) -> [Option<Box<Cache>>; 2] {
    [Family::V4, Family::V6].map(|family| {
        let mut cache = Cache::new(settings.record.layout(family)?, settings.entries + 1);
        cache.set_update(settings.cache_type.update_ticks());
        Some(Box::new(cache))
    })
}

#[cfg(test)]
mod tests;
