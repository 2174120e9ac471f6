//! What became of every record.

use flow::RecordTally;
use loss::DropReason;

/// Records one monitor handed to one exporter: `received = sent + queued + dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Handed over.
    pub received: RecordTally,
    /// In datagrams that the kernel took.
    pub sent: RecordTally,
    /// In the channel, or in a datagram that is not full yet.
    pub queued: RecordTally,
    /// Not sent, by reason.
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
    /// Everything dropped.
    pub fn dropped_total(&self) -> RecordTally {
        self.dropped
            .iter()
            .fold(RecordTally::default(), |sum, (_, tally)| sum + *tally)
    }

    /// Nothing is unaccounted for.
    pub fn balanced(&self) -> bool {
        self.received == self.sent + self.queued + self.dropped_total()
    }
}

/// `a - b`, field by field; a ledger never goes below zero.
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
