//! What a capture thread says of itself.

use std::sync::Arc;

use capture::Statistics;
use meter::ReadCounts;

use super::Capture;
use super::port::MonitorReport;

/// What the thread says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// Its interface.
    pub interface: Arc<str>,
    /// The ring's counters since it was opened.
    pub ring: Statistics,
    /// What came of reading more than the outermost header, since the thread started.
    pub reading: ReadCounts,
    /// Why there is no ring, when there is none.
    pub down: Option<String>,
    /// Its monitors.
    pub monitors: Vec<MonitorReport>,
}

impl Capture {
    pub(super) fn report(&mut self) -> Report {
        let ring = self.ring();
        let monitors = self.ports.iter().map(|port| port.report(ring.dropped));
        Report {
            interface: self.interface.clone(),
            ring,
            reading: self.burst.counts(),
            down: self.down.clone(),
            monitors: monitors.collect(),
        }
    }
}
