//! The loss ledger of monitors and exporters.

use ::loss::DropReason;
use api::ByName;
use api::ledger::{ExporterLedger, LossLedger, MonitorLedger, PacketTally, RecordTally};
use wire::SkipReason;

use super::super::worker::{MonitorReport, Report};

/// Returns the probe's part of the loss ledger.
pub(crate) fn loss(reports: &[Report], exporters: &[export::ExporterStatistics]) -> LossLedger {
    let (monitors, exporters) = (monitor_ledgers(reports), exporter_ledgers(exporters));
    LossLedger {
        balanced: monitors.iter().all(|one| one.balanced)
            && exporters.iter().all(|one| one.balanced),
        monitors,
        exporters,
        ..LossLedger::default()
    }
}

/// Returns the ledger of each monitor on each capture thread.
fn monitor_ledgers(reports: &[Report]) -> Vec<MonitorLedger> {
    let all = reports
        .iter()
        .flat_map(|report| report.monitors.iter().map(move |monitor| (report, monitor)));
    all.map(|(report, monitor)| monitor_ledger(&report.interface, monitor))
        .collect()
}

fn monitor_ledger(interface: &str, monitor: &MonitorReport) -> MonitorLedger {
    let ledger = &monitor.ledger;
    let mut skipped: ByName<PacketTally> = skipped(ledger)
        .map(|(why, tally)| (why.to_owned(), packets(tally)))
        .collect();
    skipped.sort_keys();
    let ring_full = PacketTally {
        packets: monitor.ring_full,
        octets: 0,
    };
    let dropped = [
        (DropReason::RingFull, ring_full),
        (DropReason::CacheFull, packets(ledger.cache_full)),
    ];
    MonitorLedger {
        monitor: monitor.monitor.to_string(),
        interface: interface.to_owned(),
        captured: PacketTally {
            packets: ledger.captured.packets + monitor.ring_full,
            octets: ledger.captured.octets,
        },
        metered: packets(ledger.metered),
        unsampled: packets(ledger.unsampled),
        skipped,
        dropped: dropped
            .into_iter()
            .filter(|(_, tally)| tally.packets > 0)
            .map(|(why, tally)| (why.name().into_owned(), tally))
            .collect(),
        cached: records(ledger.cached),
        expired: records(ledger.expired),
        cleared: records(ledger.cleared),
        balanced: ledger.balanced(),
    }
}

/// Returns the packets that a monitor skipped, by reason.
pub(crate) fn skipped(ledger: &meter::Ledger) -> impl Iterator<Item = (&'static str, flow::Tally)> {
    SkipReason::ALL
        .iter()
        .map(|why| (why.name(), ledger.skipped[*why as usize]))
        .chain([("other-family", ledger.other_family)])
        .filter(|(_, tally)| tally.packets > 0)
}

/// Returns the ledger of each exporter for each of its monitors.
fn exporter_ledgers(exporters: &[export::ExporterStatistics]) -> Vec<ExporterLedger> {
    let all = exporters.iter().flat_map(|exporter| {
        let clients = exporter.clients.iter();
        clients.map(move |client| exporter_ledger(&exporter.name, client))
    });
    all.collect()
}

fn exporter_ledger(exporter: &str, client: &export::ClientStatistics) -> ExporterLedger {
    let ledger = &client.ledger;
    ExporterLedger {
        exporter: exporter.to_owned(),
        monitor: client.monitor.to_string(),
        received: records(ledger.received),
        sent: records(ledger.sent),
        refused: records(ledger.refused),
        queued: records(ledger.queued),
        dropped: dropped(ledger),
        balanced: ledger.balanced(),
    }
}

/// Returns the records that an exporter did not send, by reason.
pub(super) fn dropped(ledger: &export::Ledger) -> ByName<RecordTally> {
    let dropped = ledger.dropped.iter();
    dropped
        .map(|(why, tally)| (why.name().into(), records(*tally)))
        .collect()
}

fn packets(tally: flow::Tally) -> PacketTally {
    PacketTally {
        packets: tally.packets,
        octets: tally.octets,
    }
}

fn records(tally: flow::RecordTally) -> RecordTally {
    RecordTally {
        records: tally.records,
        packets: tally.packets,
        octets: tally.octets,
    }
}
