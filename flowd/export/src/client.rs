//! Clients: the monitors of an exporter, each with the account of its records.

use std::sync::Arc;

use flow::RecordTally;
use loss::DropReason;

use crate::lane::{Fed, Lane};
use crate::ledger::{Drops, Ledger, count_drop, minus};
use crate::statistics::{ClientStatistics, Retired};

/// A monitor that uses the exporter, and the account of its records.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) lane: Arc<Lane>,
    /// Records taken out of the channel.
    pub(crate) taken: RecordTally,
    pub(crate) sent: RecordTally,
    /// Records among them that the collector's host or a router refused.
    pub(crate) refused: RecordTally,
    pub(crate) drops: Drops,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_failed: u64,
    /// The counts at the time when the statistics were cleared.
    pub(crate) cleared: Cleared,
    /// Records dropped because the channel was full, as of the last tick.
    pub(crate) queue_full: RecordTally,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cleared {
    pub(crate) added: u64,
    pub(crate) sent: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_failed: u64,
}

impl Client {
    pub(crate) fn new(lane: Arc<Lane>) -> Client {
        Client {
            lane,
            taken: RecordTally::default(),
            sent: RecordTally::default(),
            refused: RecordTally::default(),
            drops: Drops::new(),
            bytes_sent: 0,
            bytes_failed: 0,
            cleared: Cleared::default(),
            queue_full: RecordTally::default(),
        }
    }

    /// Returns the account, with `pending` records packed and not sent.
    pub(crate) fn ledger(&self, pending: RecordTally) -> Ledger {
        let Fed {
            received,
            queue_full,
            removed,
        } = self.lane.fed();
        let mut dropped = self.drops.clone();
        for (reason, tally) in [
            (DropReason::QueueFull, queue_full),
            (DropReason::Removed, removed),
        ] {
            if tally != RecordTally::default() {
                count_drop(&mut dropped, reason, tally);
            }
        }
        let in_channel = minus(minus(minus(received, queue_full), removed), self.taken);
        Ledger {
            received,
            sent: self.sent,
            refused: self.refused,
            queued: in_channel + pending,
            dropped,
        }
    }

    pub(crate) fn retire(self, exporter: &str) -> Retired {
        Retired {
            exporter: exporter.into(),
            monitor: self.lane.monitor.to_string(),
            ledger: self.ledger(RecordTally::default()),
        }
    }

    /// Sets the counts that screens show to zero.
    pub(crate) fn clear(&mut self, ledger: &Ledger) {
        self.cleared = Cleared {
            added: ledger.received.records,
            sent: ledger.sent.records,
            refused: ledger.refused.records,
            failed: ledger.dropped_total().records,
            bytes_sent: self.bytes_sent,
            bytes_failed: self.bytes_failed,
        };
    }

    /// Returns the counts that screens show, with `bytes_pending` octets of records packed and not sent.
    pub(crate) fn statistics(&self, ledger: Ledger, bytes_pending: u64) -> ClientStatistics {
        let bytes_sent = self.bytes_sent - self.cleared.bytes_sent;
        let bytes_failed = self.bytes_failed - self.cleared.bytes_failed;
        ClientStatistics {
            monitor: self.lane.monitor.to_string(),
            records_added: ledger.received.records - self.cleared.added,
            records_sent: ledger.sent.records - self.cleared.sent,
            records_refused: ledger.refused.records - self.cleared.refused,
            records_failed: ledger.dropped_total().records - self.cleared.failed,
            bytes_added: bytes_sent + bytes_failed + bytes_pending,
            bytes_sent,
            bytes_failed,
            ledger,
        }
    }
}
