//! Packet statistics of a monitor, over all its threads.

use meter::{PROTOCOLS, SIZES, Statistics};
use serde_json::{Value as Json, json};

use super::super::worker::MonitorReport;
use service::clock;

/// `statistics`; null when none are kept. Sizes are by the largest that a class holds, null for those above all.
pub(super) fn statistics(reports: &[&MonitorReport]) -> Json {
    let mut threads = reports
        .iter()
        .filter_map(|report| report.statistics.as_ref());
    let Some(first) = threads.next() else {
        return Json::Null;
    };
    let mut sum = first.clone();
    threads.for_each(|more| sum += more);
    let (kept, since_ns) = (sum.kept(), sum.since_ns());
    let seconds = match since_ns {
        0 => 0.0,
        _ => clock::unix_ns().saturating_sub(since_ns) as f64 / 1e9,
    };
    json!({
        "seconds": seconds,
        "sizes": kept.size.then(|| sizes(&sum)),
        "protocols": kept.protocol.then(|| protocols(&sum)),
    })
}

fn sizes(statistics: &Statistics) -> Vec<Json> {
    let classes = SIZES.iter().map(|largest| Some(*largest)).chain([None]);
    classes
        .zip(statistics.sizes())
        .map(|(largest, packets)| json!({"largest": largest, "packets": packets}))
        .collect()
}

/// Those that were seen.
fn protocols(statistics: &Statistics) -> Vec<Json> {
    let rows = PROTOCOLS.iter().zip(statistics.protocols());
    rows.filter(|(_, row)| row.packets.packets > 0)
        .map(|(name, row)| {
            json!({
                "name": name,
                "flows": row.flows,
                "packets": row.packets.packets,
                "octets": row.packets.octets,
            })
        })
        .collect()
}
