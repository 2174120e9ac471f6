//! Settings of a flow monitor.

use std::time::Duration;

use flow::Record;

use crate::cache::Cache;
use crate::sampler::Mode;
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
    pub(super) fn update_ticks(self) -> Option<u64> {
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

/// Why changing the settings with [`crate::Monitor::reconfigure`] ends all flows; `None` if they stay.
pub fn rebuild_reason(old: &Settings, new: &Settings) -> Option<RebuildReason> {
    match () {
        () if old.record != new.record => Some(RebuildReason::Record),
        () if old.cache_type != new.cache_type => Some(RebuildReason::Type),
        () => None,
    }
}

/// Octets that the flows of a monitor need on one capture thread when its cache is full.
pub fn full_cache_octets(settings: &Settings) -> u64 {
    let layouts = settings.record.layouts();
    let octets = layouts.iter().flatten().map(Cache::flow_octets_of);
    match settings.cache_type {
        CacheType::Immediate => 0,
        CacheType::Normal | CacheType::Permanent { .. } => {
            settings.entries as u64 * octets.max().unwrap_or(0) as u64
        }
    }
}

/// Removes contradictions from settings: flows of a permanent cache have no timeouts.
pub(super) fn normal(settings: Settings) -> Settings {
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
pub(super) fn watermark(settings: &Settings) -> Watermark {
    Watermark::new(match settings.cache_type {
        CacheType::Permanent { .. } => usize::MAX,
        CacheType::Normal | CacheType::Immediate => settings.entries,
    })
}

/// Whether the cache is of the normal type and its flows are unidirectional.
pub(super) fn unidirectional_normal(settings: &Settings) -> bool {
    settings.cache_type == CacheType::Normal && !settings.record.is_bidirectional()
}

/// Whether every packet is metered in both directions and a flow consists only of its first line and totals. This
/// is true of most monitors, and lets packets skip every other check.
pub(super) fn fast_path(settings: &Settings, caches: &[Option<Box<Cache>>; 2]) -> bool {
    unidirectional_normal(settings)
        && settings.input
        && settings.output
        && settings.families == [true; 2]
        && settings.sampler.is_none()
        && settings.statistics == KeptTables::default()
        && caches.iter().flatten().all(|cache| cache.is_plain())
}

pub(super) fn statistics(kept: KeptTables, since_ns: u64) -> Option<Box<Statistics>> {
    (kept != KeptTables::default()).then(|| Box::new(Statistics::new(kept, since_ns)))
}

pub(super) fn caches(settings: &Settings) -> [Option<Box<Cache>>; 2] {
    settings.record.layouts().map(|layout| {
        let mut cache = Cache::new(layout?, settings.entries + 1);
        cache.set_update_interval(settings.cache_type.update_ticks());
        Some(Box::new(cache))
    })
}
