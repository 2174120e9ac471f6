//! Accounts for every packet and flow of one monitor on one thread.

use std::ops::{Add, AddAssign};

use flow::{EndReason, RecordTally, Tally};
use wire::SkipReason;

/// Number of flows that ended, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aged {
    /// Ended by the active timeout.
    pub active: u64,
    /// Ended by an inactive timeout.
    pub inactive: u64,
    /// Ended by a TCP FIN or RST.
    pub event: u64,
    /// Evicted from a nearly full cache shortly before their timeout.
    pub watermark: u64,
    /// Evicted from a full cache.
    pub emergency: u64,
    /// Ended by an operator, a commit or the shutdown.
    pub forced: u64,
}

impl Aged {
    /// Counts a flow.
    pub fn count(&mut self, end: EndReason) {
        match end {
            EndReason::Active => self.active += 1,
            EndReason::Idle | EndReason::Running => self.inactive += 1,
            EndReason::EndOfFlow => self.event += 1,
            EndReason::LackOfResources => self.emergency += 1,
            EndReason::Forced => self.forced += 1,
        }
    }

    /// Number of flows ended for any reason.
    pub fn total(&self) -> u64 {
        self.active + self.inactive + self.event + self.watermark + self.emergency + self.forced
    }

    /// Moves `flows` from emergency to watermark, as which they were evicted.
    pub(crate) fn were_expiring(&mut self, flows: u64) {
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

/// Account of a monitor's packets and flows. [`Ledger::balanced`] holds at any moment between two packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Packets in a direction of the monitor that reached it.
    pub captured: Tally,
    /// Packets not selected by the sampler.
    pub unsampled: Tally,
    /// Packets without a readable IP header, by [`SkipReason`].
    pub skipped: [Tally; SkipReason::ALL.len()],
    /// IP packets of a family that the monitor does not meter.
    pub other_family: Tally,
    /// Packets of flows for which a permanent cache has no room.
    pub cache_full: Tally,
    /// Packets counted into a flow.
    pub metered: Tally,
    /// Flows in the cache now, and their packets.
    pub cached: RecordTally,
    /// Records handed to the exporters, and their packets.
    pub expired: RecordTally,
    /// Flows discarded by an operator (`clear flow monitor NAME cache`), and their packets.
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
    /// Records packets counted into flows of the cache.
    #[inline]
    pub(crate) fn hit(&mut self, packets: Tally) {
        self.metered += packets;
        self.cached.packets += packets.packets;
        self.cached.octets += packets.octets;
    }

    /// Whether captured = metered + unsampled + skipped + dropped (`cache_full`) and metered = cached + expired +
    /// cleared, in packets and octets.
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
