//! The account of one receiver with one thread: ledger, failures, rates.

use loss::DropReason;

use crate::pace::Meter;
use crate::statistics::{Ledger, Rates, ReceiverStatistics, Tally};

/// Whether a reason means that the receiver cannot be reached, rather than that the configuration or the datagram is the cause.
pub(crate) fn is_failure(reason: DropReason) -> bool {
    !matches!(
        reason,
        DropReason::Sampled | DropReason::RateLimit | DropReason::SpoofFamily | DropReason::Removed
    )
}

/// The account of one receiver with one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) ledger: Ledger,
    pub(crate) icmp_unreachable: u64,
    pub(crate) replayed: Tally,
    pub(crate) last_sent_ns: Option<u64>,
    pub(crate) last_failure: Option<(u64, DropReason)>,
    meter: Meter,
}

impl Account {
    pub(crate) fn sent(&mut self, tally: Tally, now_ns: u64) {
        self.ledger.sent += tally;
        self.last_sent_ns = Some(now_ns);
    }

    pub(crate) fn dropped(&mut self, tally: Tally, reason: DropReason, now_ns: u64) {
        self.ledger.drop(reason, tally);
        if is_failure(reason) {
            self.last_failure = Some((now_ns, reason));
        }
    }

    pub(crate) fn count_unreachable(&mut self, notices: u64, reason: DropReason, now_ns: u64) {
        self.icmp_unreachable += notices;
        self.last_failure = Some((now_ns, reason));
    }

    pub(crate) fn tick(&mut self, now_ns: u64) {
        self.meter.tick(self.ledger.sent, now_ns);
    }

    /// Sets the counts to zero, except for what is queued. The rates stay.
    pub(crate) fn clear(&mut self) {
        let queued = self.ledger.queued;
        let mut meter = std::mem::take(&mut self.meter);
        meter.restart(Tally::default());
        *self = Account {
            ledger: Ledger {
                offered: queued,
                queued,
                ..Ledger::default()
            },
            meter,
            ..Account::default()
        };
    }

    pub(crate) fn add_to(&self, statistics: &mut ReceiverStatistics) {
        statistics.ledger += &self.ledger;
        statistics.icmp_unreachable += self.icmp_unreachable;
        statistics.replayed += self.replayed;
        statistics.rates += self.rates();
        statistics.last_sent_ns = statistics.last_sent_ns.max(self.last_sent_ns);
        if let Some((failure_ns, reason)) = self.last_failure
            && statistics
                .last_failure_ns
                .is_none_or(|known| known < failure_ns)
        {
            statistics.last_failure_ns = Some(failure_ns);
            statistics.last_failure = Some(reason);
        }
    }

    fn rates(&self) -> Rates {
        self.meter.rates()
    }
}
