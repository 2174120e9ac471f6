//! A monitor on a capture thread, and its report.

use std::sync::Arc;

use export::Feed;
use meter::{Aged, Ledger, Monitor, Statistics};

use system::routes::Reader;

/// What a capture thread needs to run a monitor.
#[derive(Clone, Debug)]
pub(crate) struct MonitorConfig {
    /// The monitor's name.
    pub monitor: Arc<str>,
    /// The settings of the metering process.
    pub settings: meter::Settings,
    /// The channel for its batches to the export thread.
    pub feed: Feed,
    /// The host's routes, if the record has fields that need them.
    pub routes: Option<Reader>,
}

/// A monitor that runs on a capture thread.
pub(super) struct AttachedMonitor {
    pub(super) config: MonitorConfig,
    pub(super) monitor: Monitor,
    /// Packets that earlier rings dropped while the monitor ran.
    dropped_by_earlier_rings: u64,
    /// Packets that the present ring had dropped when the monitor started.
    drops_before: u64,
    /// Counters of the same monitor on threads that have ended.
    inherited: Option<MonitorReport>,
}

/// The counters of a monitor on one capture thread.
#[derive(Clone, Debug)]
pub(crate) struct MonitorReport {
    /// The monitor's name.
    pub monitor: Arc<str>,
    /// Its ledger.
    pub ledger: Ledger,
    /// Packets that the ring had no room for while the monitor ran.
    pub ring_full: u64,
    /// Flows that began.
    pub added: u64,
    /// Flows that ended, by reason.
    pub aged: Aged,
    /// Records exported of flows that continued (permanent cache).
    pub updates: u64,
    /// Packet statistics, if any are configured.
    pub statistics: Option<Statistics>,
    /// Most flows at once.
    pub high_watermark: usize,
    /// Octets of memory that a flow takes in the cache.
    pub flow_octets: usize,
}

impl AttachedMonitor {
    /// Starts a monitor on a ring that has dropped `drops` packets so far.
    pub(super) fn new(config: MonitorConfig, seed: u64, drops: u64) -> AttachedMonitor {
        AttachedMonitor {
            monitor: Monitor::new(config.settings.clone(), seed),
            config,
            dropped_by_earlier_rings: 0,
            drops_before: drops,
            inherited: None,
        }
    }

    /// Changes the settings.
    pub(super) fn reconfigure(&mut self, config: MonitorConfig, seed: u64) {
        self.monitor.reconfigure(config.settings.clone(), seed);
        self.config = config;
    }

    /// Notes that the ring is closed, which has dropped `drops` packets in all.
    pub(super) fn ring_closed(&mut self, drops: u64) {
        self.dropped_by_earlier_rings += drops.saturating_sub(self.drops_before);
        self.drops_before = 0;
    }

    /// Adds the counters of the same monitor on a thread that has ended.
    pub(super) fn inherit(&mut self, mut report: MonitorReport) {
        if let Some(earlier) = self.inherited.take() {
            report.add(earlier);
        }
        self.inherited = Some(report);
    }

    /// Resets the counters for screens; the ledger is not touched.
    pub(super) fn clear_statistics(&mut self) {
        self.monitor.clear_statistics();
        if let Some(inherited) = &mut self.inherited {
            (inherited.added, inherited.updates, inherited.aged) = (0, 0, Aged::default());
            inherited.statistics = None;
        }
    }

    /// Returns the counters, for a ring that has dropped `drops` packets in all.
    pub(super) fn report(&self, drops: u64) -> MonitorReport {
        let (added, aged) = self.monitor.statistics();
        let mut report = MonitorReport {
            monitor: self.config.monitor.clone(),
            ledger: self.monitor.ledger().clone(),
            ring_full: self.dropped_by_earlier_rings + drops.saturating_sub(self.drops_before),
            added,
            aged,
            updates: self.monitor.updates(),
            statistics: self.monitor.packet_statistics().cloned(),
            high_watermark: self.monitor.high_watermark(),
            flow_octets: self.monitor.flow_octets(),
        };
        if let Some(inherited) = &self.inherited {
            report.add(inherited.clone());
        }
        report
    }
}

impl MonitorReport {
    /// Adds the counters of the same monitor on another thread, which has ended.
    fn add(&mut self, ended: MonitorReport) {
        self.ledger += &ended.ledger;
        self.ring_full += ended.ring_full;
        self.added += ended.added;
        self.aged = self.aged + ended.aged;
        self.updates += ended.updates;
        if let (Some(sum), Some(more)) = (&mut self.statistics, &ended.statistics) {
            *sum += more;
        }
    }
}
