//! The ledger of an exporter and a monitor, in which every record is accounted for.

use flow::RecordTally;
use loss::DropReason;

/// Records one monitor handed to one exporter: `received = sent + queued + dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Records that the monitor handed over.
    pub received: RecordTally,
    /// Records in datagrams that the kernel has taken.
    pub sent: RecordTally,
    /// Those of the sent records that did not arrive, because the collector's host or a router refused their datagrams.
    pub refused: RecordTally,
    /// Records in the channel, or in a datagram that is not full yet.
    pub queued: RecordTally,
    /// Records that were not sent, by reason.
    pub dropped: Vec<(DropReason, RecordTally)>,
}

/// Records not sent, by reason.
pub(crate) type Drops = Vec<(DropReason, RecordTally)>;

/// Adds to the tally of a reason.
pub(crate) fn count_drop(drops: &mut Drops, reason: DropReason, tally: RecordTally) {
    match drops.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, sum)) => *sum += tally,
        None => drops.push((reason, tally)),
    }
}

impl Ledger {
    /// Returns the records dropped for any reason.
    pub fn dropped_total(&self) -> RecordTally {
        self.dropped
            .iter()
            .fold(RecordTally::default(), |sum, (_, tally)| sum + *tally)
    }

    /// Whether every record is accounted for.
    pub fn balanced(&self) -> bool {
        self.received == self.sent + self.queued + self.dropped_total()
    }
}

/// Returns `a - b` field by field, and 0 where `b` is greater.
pub(crate) fn minus(a: RecordTally, b: RecordTally) -> RecordTally {
    RecordTally {
        records: a.records.saturating_sub(b.records),
        packets: a.packets.saturating_sub(b.packets),
        octets: a.octets.saturating_sub(b.octets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unbalanced_ledger_is_seen() {
        let one = RecordTally {
            records: 1,
            packets: 2,
            octets: 3,
        };
        let mut ledger = Ledger {
            received: one,
            ..Ledger::default()
        };
        assert!(!ledger.balanced());
        count_drop(&mut ledger.dropped, DropReason::NoRoute, one);
        assert!(ledger.balanced());
        count_drop(&mut ledger.dropped, DropReason::NoRoute, one);
        assert_eq!(ledger.dropped, [(DropReason::NoRoute, one + one)]);
        assert!(!ledger.balanced());
    }
}
