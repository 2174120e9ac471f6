//! A flow monitor on one capture thread.

mod cache_types;
mod copy;
mod ending;
mod evict;
mod settings;

use flow::{EndReason, Tally};
use wire::{Header, Lines, at};

use crate::burst::Burst;
use crate::cache::Cache;
use crate::ledger::{Aged, Ledger};
use crate::observed::Observed;
use crate::outbox::Outbox;
use crate::routes::Routing;
use crate::sampler::Sampler;
use crate::statistics::Statistics;
use crate::watermark::Watermark;

pub use copy::{Copied, Position, SLOTS_PER_COPY};
pub use ending::Clear;
pub use settings::{CacheType, RebuildReason, Settings, full_cache_octets, rebuild_reason};
use settings::{caches, fast_path, normal, statistics, unidirectional_normal, watermark};

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

    /// Number of flows created since the start or [`Monitor::clear_statistics`], and of those ended by reason.
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

    /// Number of flows in the cache.
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

    /// Resets the counters of the screens, but not the ledger.
    pub fn clear_statistics(&mut self) {
        self.created = 0;
        self.aged = Aged::default();
        self.updates = 0;
        self.statistics = statistics(self.settings.statistics, self.searched_ns);
        self.high_watermark = self.len();
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
}

#[cfg(test)]
mod tests;
