//! The loss ledger.

use ::loss::DropReason;
use flow::{RecordTally, Tally};
use serde_json::{Map, Value as Json, json};
use service::Ledger;
use wire::SkipReason;

use super::super::worker::Report;

/// The accounts of monitors and of the exporters behind them.
pub(crate) fn loss(reports: &[Report], exporters: &[export::ExporterStatistics]) -> Ledger {
    let mut balanced = true;
    let mut monitors = Vec::new();
    for report in reports {
        for monitor in &report.monitors {
            let ledger = &monitor.ledger;
            let own = ledger.balanced();
            balanced &= own;
            let mut skipped: Map<String, Json> = SkipReason::ALL
                .iter()
                .map(|why| (why.name().to_owned(), ledger.skipped[*why as usize]))
                .chain([("other-family".to_owned(), ledger.other_family)])
                .filter(|(_, tally)| tally.packets > 0)
                .map(|(why, tally)| (why, tally_json(tally)))
                .collect();
            skipped.sort_keys();
            let mut dropped = Map::new();
            if monitor.ring_full > 0 {
                dropped.insert(
                    DropReason::RingFull.name().into(),
                    json!({"packets": monitor.ring_full, "octets": 0}),
                );
            }
            if ledger.cache_full.packets > 0 {
                dropped.insert(
                    DropReason::CacheFull.name().into(),
                    tally_json(ledger.cache_full),
                );
            }
            let captured = Tally {
                packets: ledger.captured.packets + monitor.ring_full,
                octets: ledger.captured.octets,
            };
            monitors.push(json!({
                "monitor": *monitor.monitor,
                "interface": *report.interface,
                "captured": tally_json(captured),
                "metered": tally_json(ledger.metered),
                "unsampled": tally_json(ledger.unsampled),
                "skipped": skipped,
                "dropped": dropped,
                "cached": records_json(ledger.cached),
                "expired": records_json(ledger.expired),
                "cleared": records_json(ledger.cleared),
                "balanced": own,
            }));
        }
    }
    let mut clients = Vec::new();
    for exporter in exporters {
        for client in &exporter.clients {
            balanced &= client.ledger.balanced();
            clients.push(client_ledger(&exporter.name, client));
        }
    }
    let accounts = [("monitors", monitors), ("exporters", clients)];
    Ledger {
        accounts: accounts
            .into_iter()
            .map(|(name, list)| (name.to_owned(), list.into()))
            .collect(),
        balanced,
    }
}

fn client_ledger(exporter: &str, client: &export::ClientStatistics) -> Json {
    let ledger = &client.ledger;
    let reasons: Map<_, _> = ledger
        .dropped
        .iter()
        .map(|(why, tally)| (why.name().into(), records_json(*tally)))
        .collect();
    json!({
        "exporter": exporter,
        "monitor": client.monitor,
        "received": records_json(ledger.received),
        "sent": records_json(ledger.sent),
        "queued": records_json(ledger.queued),
        "dropped": reasons,
        "balanced": ledger.balanced(),
    })
}

fn tally_json(tally: Tally) -> Json {
    json!({"packets": tally.packets, "octets": tally.octets})
}

/// Records and what is in them.
fn records_json(tally: RecordTally) -> Json {
    json!({"records": tally.records, "packets": tally.packets, "octets": tally.octets})
}
