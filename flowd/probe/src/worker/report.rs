//! The report of a capture thread.

use std::sync::Arc;

use capture::Statistics;
use meter::ReadCounts;

use super::Capture;
use super::attached::MonitorReport;

/// Everything a capture thread counts, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The interface's name.
    pub interface: Arc<str>,
    /// The counters of the ring since it was opened.
    pub ring: Statistics,
    /// Counters of tunnels entered and of fragments, since the thread started.
    pub reading: ReadCounts,
    /// Why there is no ring; `None` if there is one.
    pub down: Option<String>,
    /// The counters of each monitor.
    pub monitors: Vec<MonitorReport>,
}

impl Capture {
    pub(super) fn report(&mut self) -> Report {
        let ring = self.ring();
        let monitors = self
            .monitors
            .iter()
            .map(|attached| attached.report(ring.dropped));
        Report {
            interface: self.interface.clone(),
            ring,
            reading: self.burst.counts(),
            down: self.down.clone(),
            monitors: monitors.collect(),
        }
    }
}
