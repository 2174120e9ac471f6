//! Lanes: the account of what a monitor hands to an exporter, kept where it is handed over.

use std::sync::Arc;

use flow::RecordTally;
use parking_lot::Mutex;

/// The path from one monitor to one exporter, with the count of what was handed over.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) exporter: Arc<str>,
    pub(crate) monitor: Arc<str>,
    fed: Mutex<Fed>,
}

/// The part of a ledger that the feed counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fed {
    /// Records that were handed over.
    pub(crate) received: RecordTally,
    /// Records among them that were dropped because the channel was full.
    pub(crate) queue_full: RecordTally,
    /// Records among them that were dropped because the exporter was removed or the worker had ended.
    pub(crate) removed: RecordTally,
}

impl Lane {
    pub(crate) fn new(exporter: &str, monitor: &str) -> Lane {
        Lane {
            exporter: exporter.into(),
            monitor: monitor.into(),
            fed: Mutex::default(),
        }
    }

    pub(crate) fn fed(&self) -> Fed {
        *self.fed.lock()
    }

    /// Counts records as dropped because their exporter was removed.
    pub(crate) fn remove(&self, tally: RecordTally) {
        self.count(|fed| fed.removed += tally);
    }

    /// Counts what a feed does with records.
    pub(crate) fn count(&self, add: impl FnOnce(&mut Fed)) {
        add(&mut self.fed.lock());
    }
}

/// The lanes of a monitor at one time: one for each of its exporters.
pub(crate) type Lanes = Arc<[Arc<Lane>]>;
