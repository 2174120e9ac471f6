//! Packet statistics of a monitor, summed over its capture threads.

use api::flow::{PacketStatistics, ProtocolTally, SizeClass};
use meter::{PROTOCOLS, SIZES, Statistics};

use super::super::worker::MonitorReport;
use service::clock;

/// Returns the packet statistics; `None` if none are configured.
pub(crate) fn statistics(reports: &[&MonitorReport]) -> Option<PacketStatistics> {
    let mut threads = reports
        .iter()
        .filter_map(|report| report.statistics.as_ref());
    let mut sum = threads.next()?.clone();
    threads.for_each(|more| sum += more);
    let (kept, since_ns) = (sum.kept(), sum.since_ns());
    let seconds = match since_ns {
        0 => 0.0,
        _ => clock::unix_ns().saturating_sub(since_ns) as f64 / 1e9,
    };
    Some(PacketStatistics {
        seconds,
        sizes: kept.size.then(|| sizes(&sum)),
        protocols: kept.protocol.then(|| protocols(&sum)),
    })
}

fn sizes(statistics: &Statistics) -> Vec<SizeClass> {
    let classes = SIZES.iter().map(|largest| Some(u64::from(*largest)));
    let rows = classes.chain([None]).zip(statistics.sizes());
    rows.map(|(largest, packets)| SizeClass {
        largest,
        packets: *packets,
    })
    .collect()
}

/// Returns the protocols of which packets were seen.
fn protocols(statistics: &Statistics) -> Vec<ProtocolTally> {
    let rows = PROTOCOLS.iter().zip(statistics.protocols());
    rows.filter(|(_, row)| row.packets.packets > 0)
        .map(|(name, row)| ProtocolTally {
            name: (*name).into(),
            flows: row.flows,
            packets: row.packets.packets,
            octets: row.packets.octets,
        })
        .collect()
}
