//! A monitor on a capture thread, and what is told of it.

use std::sync::Arc;

use export::Feed;
use meter::{Aged, Ledger, Monitor, Statistics};

use system::routes::Reader;

/// A monitor on this thread's interface.
#[derive(Clone, Debug)]
pub(crate) struct Metering {
    /// The monitor's name.
    pub monitor: Arc<str>,
    /// What the meter does.
    pub settings: meter::Settings,
    /// Where its batches go.
    pub feed: Feed,
    /// The host's routes, when the record speaks of them.
    pub routes: Option<Reader>,
}

/// A monitor at work.
pub(super) struct Port {
    pub(super) metering: Metering,
    pub(super) monitor: Monitor,
    /// Drops of the rings before this one, while the monitor was there.
    lost: u64,
    /// The ring's drops when the monitor came.
    drops_before: u64,
    /// What threads that have ended said of it.
    inherited: Option<MonitorReport>,
}

/// What a thread says of one monitor.
#[derive(Clone, Debug)]
pub(crate) struct MonitorReport {
    /// The monitor's name.
    pub monitor: Arc<str>,
    /// Its ledger.
    pub ledger: Ledger,
    /// Packets the ring had no room for, while this monitor was there.
    pub ring_full: u64,
    /// Flows made.
    pub added: u64,
    /// Flows ended.
    pub aged: Aged,
    /// Records of flows that go on.
    pub updates: u64,
    /// Packet statistics, when any are kept.
    pub statistics: Option<Statistics>,
    /// Most flows at once.
    pub high_watermark: usize,
    /// Octets a flow takes in the cache.
    pub flow_octets: usize,
}

impl Port {
    /// A new monitor on a ring that has dropped `drops` packets so far.
    pub(super) fn new(metering: Metering, seed: u64, drops: u64) -> Port {
        Port {
            monitor: Monitor::new(metering.settings.clone(), seed),
            metering,
            lost: 0,
            drops_before: drops,
            inherited: None,
        }
    }

    /// Takes new settings over.
    pub(super) fn reconfigure(&mut self, metering: Metering, seed: u64) {
        self.monitor.reconfigure(metering.settings.clone(), seed);
        self.metering = metering;
    }

    /// The ring, which has dropped `drops` packets in all, is given up.
    pub(super) fn part_from_ring(&mut self, drops: u64) {
        self.lost += drops.saturating_sub(self.drops_before);
        self.drops_before = 0;
    }

    /// Goes on from what a thread that has ended said of the monitor.
    pub(super) fn inherit(&mut self, mut report: MonitorReport) {
        if let Some(earlier) = self.inherited.take() {
            report.add(earlier);
        }
        self.inherited = Some(report);
    }

    /// Sets the counters of the screens (not the ledger) to zero.
    pub(super) fn clear_statistics(&mut self) {
        self.monitor.clear_statistics();
        if let Some(inherited) = &mut self.inherited {
            (inherited.added, inherited.updates, inherited.aged) = (0, 0, Aged::default());
            inherited.statistics = None;
        }
    }

    /// What there is to say, with a ring that has dropped `drops` packets.
    pub(super) fn report(&self, drops: u64) -> MonitorReport {
        let (added, aged) = self.monitor.statistics();
        let mut report = MonitorReport {
            monitor: self.metering.monitor.clone(),
            ledger: self.monitor.ledger().clone(),
            ring_full: self.lost + drops.saturating_sub(self.drops_before),
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
    /// Adds what another thread, which has ended, said of the same monitor.
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
