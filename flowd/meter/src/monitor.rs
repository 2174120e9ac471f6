//! A flow monitor on one capture thread.

mod cache_types;
mod evict;

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
use crate::statistics::{KeptTables, Statistics};
use crate::timeouts::Timeouts;
use crate::watermark::Watermark;

/// When the flows of a cache are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheType {
    /// A flow is kept until a timeout ends it.
    Normal,
    /// Every packet is exported as a flow of its own.
    Immediate,
    /// Flows never end. Every `update`, rounded to whole seconds, a record is exported with what was counted since
    /// the one before; there is none if no packet came since. When the cache is full, new flows are not metered.
    Permanent {
        /// Time between two records of a flow.
        update: Duration,
    },
}

impl CacheType {
    /// Seconds between two records of a flow in a permanent cache.
    fn update_ticks(self) -> Option<u64> {
        match self {
            CacheType::Permanent { update } => Some(update.as_secs().max(1)),
            CacheType::Normal | CacheType::Immediate => None,
        }
    }
}

/// Settings of a flow monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Fields to match and to collect.
    pub record: Record,
    /// Most flows in the caches of both families together; at least 1.
    pub entries: usize,
    /// When the flows of the cache are exported.
    pub cache_type: CacheType,
    /// When flows end. Those of a permanent cache do not.
    pub timeouts: Timeouts,
    /// Whether received packets are metered.
    pub input: bool,
    /// Whether sent packets are metered.
    pub output: bool,
    /// Whether IPv4 and IPv6 are metered. The record may restrict this further.
    pub families: [bool; 2],
    /// Sampling mode, rate (1 out of N) and sampler identifier.
    pub sampler: Option<(Mode, u32, u8)>,
    /// Packet statistics to keep besides the flows.
    pub statistics: KeptTables,
}

/// Why a cache cannot continue with other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildReason {
    /// The record changed, so flows have other fields.
    Record,
    /// The cache type changed, so flows end by other rules.
    Type,
}

/// Why changing the settings with [`Monitor::reconfigure`] ends all flows; `None` if they stay.
pub fn rebuild_reason(old: &Settings, new: &Settings) -> Option<RebuildReason> {
    match () {
        () if old.record != new.record => Some(RebuildReason::Record),
        () if old.cache_type != new.cache_type => Some(RebuildReason::Type),
        () => None,
    }
}

/// Octets that the flows of a monitor need on one capture thread when its cache is full.
pub fn full_cache_octets(settings: &Settings) -> u64 {
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

/// What `clear flow monitor` does with the flows in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// The flows are discarded, and counted as discarded.
    Discard,
    /// The flows are exported at once.
    Export,
}

/// Most cache slots that one [`Monitor::copy`] visits, so that it takes a fraction of a millisecond.
pub const SLOTS_PER_COPY: usize = 4096;

/// Progress of reading a cache piece by piece. A flow keeps its slot as long as it lives, so a flow that exists
/// from the first piece to the last is read exactly once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// 0 for IPv4, 1 for IPv6.
    pub family: u8,
    /// The first slot that was not read yet.
    pub slot: u32,
}

impl Position {
    fn next_family(self) -> Option<Position> {
        (self.family == 0).then_some(Position { family: 1, slot: 0 })
    }
}

/// Result of [`Monitor::copy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// RouteAddress of flows visited.
    pub seen: usize,
    /// Where to continue; `None` at the end of the cache.
    pub next: Option<Position>,
}

/// A running flow monitor.
pub struct Monitor {
    settings: Settings,
    /// Whether the cache is of the normal type and its flows are unidirectional.
    unidirectional_normal: bool,
    /// Whether [`fast_path`] holds.
    fast_path: bool,
    /// The caches of IPv4 and IPv6.
    caches: [Option<Box<Cache>>; 2],
    sampler: Option<Sampler>,
    ledger: Ledger,
    created: u64,
    aged: Aged,
    /// Records exported of flows that continue.
    updates: u64,
    watermark: Watermark,
    statistics: Option<Box<Statistics>>,
    high_watermark: usize,
    searched_ns: u64,
    outbox: Outbox,
}

impl Monitor {
    /// Creates a monitor with an empty cache. `seed` initialises random sampling.
    pub fn new(settings: Settings, seed: u64) -> Monitor {
        let settings = normal(settings);
        let caches = caches(&settings);
        Monitor {
            unidirectional_normal: unidirectional_normal(&settings),
            fast_path: fast_path(&settings, &caches),
            caches,
            sampler: settings
                .sampler
                .map(|(mode, rate, _)| Sampler::new(mode, rate, seed)),
            watermark: watermark(&settings),
            statistics: statistics(settings.statistics, 0),
            settings,
            ledger: Ledger::default(),
            created: 0,
            aged: Aged::default(),
            updates: 0,
            high_watermark: 0,
            searched_ns: 0,
            outbox: Outbox::default(),
        }
    }

    /// The monitor's settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The monitor's ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// RouteAddress of flows created since the start or [`Monitor::clear_statistics`], and of those ended by reason.
    pub fn statistics(&self) -> (u64, Aged) {
        (self.created, self.aged)
    }

    /// Records of a permanent cache's continuing flows since the start or [`Monitor::clear_statistics`].
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// The packet statistics, if any are kept.
    pub fn packet_statistics(&self) -> Option<&Statistics> {
        self.statistics.as_deref()
    }

    /// Most flows that were in the cache.
    pub fn high_watermark(&self) -> usize {
        self.high_watermark
    }

    /// Calls `show` with every flow in the cache, IPv4 first.
    pub fn each_flow(&self, mut show: impl FnMut(Flow<'_>)) {
        self.caches
            .iter()
            .flatten()
            .for_each(|cache| cache.each(&mut show));
    }

    /// The layouts of IPv4 and IPv6 flows.
    pub fn layouts(&self) -> [Option<Arc<Layout>>; 2] {
        [0, 1].map(|family| {
            self.caches[family]
                .as_ref()
                .map(|cache| cache.layout().clone())
        })
    }

    /// Copies the flows for which `keep` returns true from a piece of the cache into `out`, replacing its content
    /// with at most `limit` flows. The piece is of one family and of at most [`SLOTS_PER_COPY`] slots, because the
    /// capture thread must return to its ring.
    pub fn copy(
        &self,
        from: Position,
        limit: usize,
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
        out.reset(cache.layout());
        let mut seen = 0;
        let next = cache.each_from(slot, SLOTS_PER_COPY, |flow| {
            seen += 1;
            if keep(&flow) {
                out.push(*flow.totals, flow.octets);
            }
            match out.len() < limit {
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

    /// Octets a flow takes in the cache, including index and timing wheel; the larger of both families.
    pub fn flow_octets(&self) -> usize {
        self.caches
            .iter()
            .flatten()
            .map(|cache| cache.flow_octets())
            .max()
            .unwrap_or(0)
    }

    /// The header lines that have to be read of each packet.
    pub fn wanted_lines(&self) -> Lines {
        let layouts = self.caches.iter().flatten().map(|cache| cache.layout());
        layouts.fold(Lines::COMMON, |lines, layout| {
            lines.and(layout.wanted_lines())
        })
    }

    /// RouteAddress of flows in the cache.
    pub fn len(&self) -> usize {
        self.caches.iter().flatten().map(|cache| cache.len()).sum()
    }

    /// Whether the cache has no flow.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Meters the packets of a burst: direction, family, sampler, key, cache.
    pub fn burst(&mut self, burst: &mut Burst) {
        let (packets, routing) = burst.parts();
        match self.fast_path && routing.is_none() {
            true => self.packets::<true>(packets, None),
            false => self.packets::<false>(packets, routing),
        }
    }

    /// Meters packets. With `FAST` nothing is checked that [`fast_path`] rules out, and no routes are looked up.
    #[inline(always)]
    fn packets<const FAST: bool>(&mut self, packets: &mut [Observed], routing: Option<&Routing>) {
        let mut captured = Tally::default();
        for observed in packets.iter_mut() {
            observed.taken = self.admit::<FAST>(observed, routing, &mut captured);
        }
        self.ledger.captured += captured;
        let taken = |observed: &&mut Observed| observed.taken;
        for observed in packets.iter_mut().filter(taken) {
            if let Some(cache) = &self.caches[observed.header.family as usize] {
                observed.guess = cache.guess(observed.hash);
            }
        }
        if !FAST && let Some(statistics) = &mut self.statistics {
            for observed in packets.iter_mut().filter(taken) {
                statistics.packet(&observed.header, observed.time_ns);
            }
        }
        let mut hits = Tally::default();
        for observed in packets.iter_mut().filter(taken) {
            if self.hit::<FAST>(observed) {
                hits.count(observed.header.octets.into());
            } else {
                // Flows that end now may include packets counted so far.
                self.ledger.hit(std::mem::take(&mut hits));
                self.miss(observed, routing);
            }
        }
        self.ledger.hit(hits);
    }

    /// Returns whether the packet is to be metered; if so, the hash of its key has been computed.
    #[inline(always)]
    fn admit<const FAST: bool>(
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
        if !FAST && !wanted {
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
            .filter(|_| FAST || self.settings.families[family])
        else {
            self.ledger.other_family.count(octets);
            return false;
        };
        let mut sampler_id = 0;
        if !FAST
            && let (Some(sampler), Some((_, _, id))) = (&mut self.sampler, self.settings.sampler)
        {
            if !sampler.take() {
                self.ledger.unsampled.count(octets);
                return false;
            }
            sampler_id = id;
        }
        // Writing this octet unconditionally would stall the hash, which reads it as part of a word.
        if header.get(at::SAMPLER) != [sampler_id] {
            header.set(at::SAMPLER, &[sampler_id]);
        }
        if !FAST && let Some(routing) = routing {
            routing.fill(observed, cache.routes().key);
        }
        observed.hash = cache.hash::<FAST>(&observed.header);
        true
    }

    /// Counts a packet into its flow if the flow is in the guessed slot, and returns whether it is. The ledger is
    /// not updated.
    #[inline(always)]
    fn hit<const FAST: bool>(&mut self, observed: &Observed) -> bool {
        let Observed {
            guess,
            header,
            time_ns,
            ..
        } = observed;
        let timeouts = &self.settings.timeouts;
        (FAST || self.unidirectional_normal)
            && self.caches[header.family as usize]
                .as_mut()
                .is_some_and(|cache| cache.hit::<FAST>(*guess, header, *time_ns, timeouts))
    }

    /// Meters a packet whose flow was not in the guessed slot, most likely because it is new, or whose cache is not
    /// unidirectional and normal.
    fn miss(&mut self, observed: &mut Observed, routing: Option<&Routing>) {
        if !self.unidirectional_normal {
            return self.count_special(observed.hash, observed, routing);
        }
        let Some(cache) = &mut self.caches[observed.header.family as usize] else {
            return;
        };
        let mut one = Tally::default();
        one.count(observed.header.octets.into());
        self.ledger.hit(one);
        let hash = observed.hash;
        if cache.packet(hash, observed, &self.settings.timeouts, routing) {
            self.flow_created(&observed.header);
        }
    }

    /// Records that a packet created a flow in the cache.
    #[inline]
    fn flow_created(&mut self, header: &Header) {
        self.count_created(header);
        self.ledger.cached.records += 1;
        if self.watermark.reached(self.len()) {
            self.make_room(header.family);
        }
        self.high_watermark = self.high_watermark.max(self.len());
    }

    /// Counts a created flow in the statistics.
    #[inline]
    fn count_created(&mut self, header: &Header) {
        self.created += 1;
        if let Some(statistics) = &mut self.statistics {
            statistics.flow(header);
        }
    }

    /// Ends the flows whose timeouts have passed. `now_ns` is the present time, or for a savefile that of its
    /// latest packet.
    pub fn expire(&mut self, now_ns: u64) {
        let interval =
            u64::try_from(self.settings.timeouts.expiry_interval.as_nanos()).unwrap_or(u64::MAX);
        // `searched_ns` is in the future if the clock stepped back.
        if self.searched_ns <= now_ns && now_ns - self.searched_ns < interval {
            return;
        }
        self.searched_ns = now_ns;
        self.watermark.time_passed();
        let timeouts = self.settings.timeouts;
        let end = self.settings.cache_type.update_ticks().is_none();
        self.each(end, |cache, out| cache.expire(now_ns, &timeouts, out));
        self.outbox.seal();
    }

    /// Adjusts flows to a step of the clock of day by `by_ns`, as if it had always been set so: no flow ends early
    /// or late, and durations stay right. Records exported before have the times of the old clock.
    pub fn clock_stepped(&mut self, by_ns: i64) {
        self.searched_ns = self.searched_ns.saturating_add_signed(by_ns);
        if let Some(statistics) = &mut self.statistics {
            statistics.shift(by_ns);
        }
        let timeouts = self.settings.timeouts;
        for cache in self.caches.iter_mut().flatten() {
            cache.shift(by_ns, &timeouts);
        }
    }

    /// Ends every flow. Returns their number.
    pub fn flush(&mut self, why: EndReason) -> u64 {
        let flows = self.len() as u64;
        self.each(true, |cache, out| cache.flush(why, out));
        self.outbox.seal();
        flows
    }

    /// Ends every flow and hands batches on as they fill, so that many flows need no extra memory at once.
    pub fn flush_to(&mut self, why: EndReason, mut hand_on: impl FnMut(Arc<Batch>)) {
        self.each_to(true, |cache, out| cache.flush(why, out), Some(&mut hand_on));
        self.outbox.seal();
        self.drain().for_each(hand_on);
    }

    /// Empties the cache for `clear flow monitor`. Returns how many flows it had.
    pub fn clear(&mut self, how: Clear) -> u64 {
        if how == Clear::Export {
            return self.flush(EndReason::Forced);
        }
        let flows = self.len() as u64;
        self.caches = caches(&self.settings);
        self.ledger.cleared += std::mem::take(&mut self.ledger.cached);
        flows
    }

    /// Resets the counters of the screens, but not the ledger.
    pub fn clear_statistics(&mut self) {
        self.created = 0;
        self.aged = Aged::default();
        self.updates = 0;
        self.statistics = statistics(self.settings.statistics, self.searched_ns);
        self.high_watermark = self.len();
    }

    /// The batches ready for export, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Arc<Batch>> {
        self.outbox.drain()
    }

    /// Applies new settings. Flows stay unless the record or the cache type changed; in that case they end first.
    pub fn reconfigure(&mut self, settings: Settings, seed: u64) {
        let settings = normal(settings);
        if rebuild_reason(&self.settings, &settings).is_some() {
            self.flush(EndReason::Forced);
            self.caches = caches(&settings);
        } else if settings.timeouts != self.settings.timeouts {
            self.caches
                .iter_mut()
                .flatten()
                .for_each(|cache| cache.set_timeouts(&settings.timeouts));
        }
        let sampling = settings.sampler.map(|(mode, rate, _)| (mode, rate));
        if sampling != self.sampler.as_ref().map(Sampler::settings) {
            self.sampler = sampling.map(|(mode, rate)| Sampler::new(mode, rate, seed));
        }
        if settings.statistics != self.settings.statistics {
            self.statistics = statistics(settings.statistics, self.searched_ns);
        }
        self.unidirectional_normal = unidirectional_normal(&settings);
        self.fast_path = fast_path(&settings, &self.caches);
        self.settings = settings;
        self.watermark = watermark(&self.settings);
        if self.len() > self.settings.entries {
            self.shrink();
        }
        self.outbox.seal();
    }

    /// Runs `work` on each cache, which reports flows to a callback. Those go to the ledger and the outbox; `end`
    /// says whether they end or continue.
    fn each(&mut self, end: bool, work: impl FnMut(&mut Cache, &mut dyn FnMut(Flow<'_>))) {
        self.each_to(end, work, None);
    }

    /// Does the same as [`Monitor::each`], handing full batches on at once if `hand_on` is given.
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
                    // All packets of this permanent flow have been exported already.
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

/// Removes contradictions from settings: flows of a permanent cache have no timeouts.
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

/// A permanent cache has no watermark, because none of its flows is evicted.
fn watermark(settings: &Settings) -> Watermark {
    Watermark::new(match settings.cache_type {
        CacheType::Permanent { .. } => usize::MAX,
        CacheType::Normal | CacheType::Immediate => settings.entries,
    })
}

/// Whether the cache is of the normal type and its flows are unidirectional.
fn unidirectional_normal(settings: &Settings) -> bool {
    settings.cache_type == CacheType::Normal && !settings.record.is_bidirectional()
}

/// Whether every packet is metered in both directions and a flow consists only of its first line and totals. This
/// is true of most monitors, and lets packets skip every other check.
fn fast_path(settings: &Settings, caches: &[Option<Box<Cache>>; 2]) -> bool {
    unidirectional_normal(settings)
        && settings.input
        && settings.output
        && settings.families == [true; 2]
        && settings.sampler.is_none()
        && settings.statistics == KeptTables::default()
        && caches.iter().flatten().all(|cache| cache.is_plain())
}

fn statistics(kept: KeptTables, since_ns: u64) -> Option<Box<Statistics>> {
    (kept != KeptTables::default()).then(|| Box::new(Statistics::new(kept, since_ns)))
}

fn caches(settings: &Settings) -> [Option<Box<Cache>>; 2] {
    [Family::V4, Family::V6].map(|family| {
        let mut cache = Cache::new(settings.record.layout(family)?, settings.entries + 1);
        cache.set_update_interval(settings.cache_type.update_ticks());
        Some(Box::new(cache))
    })
}

#[cfg(test)]
mod tests;
