//! Decides when a cache is so full that flows have to be evicted.

/// Most flows evicted for one packet, which bounds how long a capture thread stays away from its ring.
const MOST: usize = 256;

/// Eviction thresholds. Above 15/16 of the entries, flows about to end are evicted, so that bursts of new flows
/// find room; in a full cache, flows are evicted whatever their state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watermark {
    entries: usize,
    /// Number of flows above which the next new flow evicts others.
    threshold: usize,
}

/// Which flows to evict for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evict {
    /// Flows that are about to end.
    Expiring,
    /// Any flows.
    Any,
}

impl Watermark {
    /// Creates the watermark of a cache of `entries` flows, at least 1.
    pub(crate) fn new(entries: usize) -> Watermark {
        let entries = entries.max(1);
        Watermark {
            entries,
            threshold: high(entries),
        }
    }

    /// Whether flows have to be evicted when there are `len`; see [`Watermark::plan`].
    #[inline]
    pub(crate) fn reached(&self, len: usize) -> bool {
        len > self.threshold
    }

    /// Which flows to evict, and at most how many.
    pub(crate) fn plan(&self, len: usize) -> (Evict, usize) {
        let step = (self.entries / 64).clamp(1, MOST);
        if len > self.entries {
            (Evict::Any, step)
        } else {
            (Evict::Expiring, step)
        }
    }

    /// Records that `ended` flows were evicted and `len` are left. If none was about to end, the next attempt is
    /// some new flows later.
    pub(crate) fn evicted(&mut self, len: usize, ended: usize) {
        let step = (self.entries / 64).clamp(1, MOST);
        self.threshold = match ended {
            0 => (len + step).min(self.entries),
            _ => high(self.entries),
        };
    }

    /// Records that time has passed, so that other flows may be about to end.
    pub(crate) fn time_passed(&mut self) {
        self.threshold = high(self.entries);
    }
}

fn high(entries: usize) -> usize {
    entries - entries / 16
}
