//! What became of every packet and flow of one monitor on one thread.

use std::ops::{Add, AddAssign};

use flow::{EndReason, RecordTally, Tally};
use wire::Skip;

/// Flows that left the cache, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aged {
    /// Active timeout.
    pub active: u64,
    /// Inactive timeout.
    pub inactive: u64,
    /// TCP FIN or RST.
    pub event: u64,
    /// The cache was nearly full, and they would have ended soon.
    pub watermark: u64,
    /// The cache was full.
    pub emergency: u64,
    /// Operator, commit or shutdown.
    pub forced: u64,
}

impl Aged {
    /// Counts one flow.
    pub fn count(&mut self, end: EndReason) {
        match end {
            EndReason::Active => self.active += 1,
            EndReason::Idle | EndReason::Running => self.inactive += 1,
            EndReason::EndOfFlow => self.event += 1,
            EndReason::LackOfResources => self.emergency += 1,
            EndReason::Forced => self.forced += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.active + self.inactive + self.event + self.watermark + self.emergency + self.forced
    }

    /// `flows` that were counted as an emergency ended ahead of one.
    pub(crate) fn were_ahead(&mut self, flows: u64) {
        self.emergency -= flows;
        self.watermark += flows;
    }
}

impl Add for Aged {
    type Output = Aged;
    fn add(self, other: Aged) -> Aged {
        Aged {
            active: self.active + other.active,
            inactive: self.inactive + other.inactive,
            event: self.event + other.event,
            watermark: self.watermark + other.watermark,
            emergency: self.emergency + other.emergency,
            forced: self.forced + other.forced,
        }
    }
}

/// The ledger. [`Ledger::balanced`] holds at any moment between two packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Packets in the monitor's direction that reached it.
    pub captured: Tally,
    /// Not taken by the sampler.
    pub unsampled: Tally,
    /// No IP header to be found, by [`Skip`].
    pub skipped: [Tally; Skip::ALL.len()],
    /// IP packets of the family the monitor does not meter.
    pub other_family: Tally,
    /// Of flows that a permanent cache has no room for.
    pub cache_full: Tally,
    /// Counted into a flow.
    pub metered: Tally,
    /// In flows that are in the cache now.
    pub cached: RecordTally,
    /// In flows that left for the exporters.
    pub expired: RecordTally,
    /// In flows that an operator threw away (`clear flow monitor NAME cache`).
    pub cleared: RecordTally,
}

impl AddAssign<&Ledger> for Ledger {
    fn add_assign(&mut self, other: &Ledger) {
        self.captured += other.captured;
        self.unsampled += other.unsampled;
        for (sum, tally) in self.skipped.iter_mut().zip(&other.skipped) {
            *sum += *tally;
        }
        self.other_family += other.other_family;
        self.cache_full += other.cache_full;
        self.metered += other.metered;
        self.cached += other.cached;
        self.expired += other.expired;
        self.cleared += other.cleared;
    }
}

impl Ledger {
    /// Packets were counted into flows of the cache.
    #[inline]
    pub(crate) fn hit(&mut self, packets: Tally) {
        self.metered += packets;
        self.cached.packets += packets.packets;
        self.cached.octets += packets.octets;
    }

    /// captured = metered + unsampled + skipped + dropped (`cache_full`) and metered = cached + expired + cleared, packets and octets.
    pub fn balanced(&self) -> bool {
        let skipped = self
            .skipped
            .iter()
            .fold(self.other_family, |sum, tally| sum + *tally);
        let flows = self.cached + self.expired + self.cleared;
        self.captured == self.metered + self.unsampled + skipped + self.cache_full
            && self.metered
                == Tally {
                    packets: flows.packets,
                    octets: flows.octets,
                }
    }
}
