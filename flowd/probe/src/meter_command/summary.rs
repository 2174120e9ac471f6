//! The summary that `flowd meter` prints at the end, as JSON or as text.

use std::collections::BTreeMap;

use api::ByName;
use api::flow::{FragmentCounts, TunnelCounts};
use capture::{Savefile, link_name};
use loss::DropReason;
use meter::Monitor;
use serde::Serialize;
use wire::LinkType;

use super::super::show::skipped;

/// What happened to the packets of a savefile.
#[derive(Serialize)]
pub(super) struct Summary {
    pub(super) captured: u64,
    pub(super) packets: u64,
    pub(super) octets: u64,
    pub(super) flows: u64,
    pub(super) unsampled: u64,
    /// Skipped packets by reason.
    pub(super) skipped: ByName<u64>,
    /// Dropped packets and records by reason.
    pub(super) dropped: BTreeMap<String, u64>,
    pub(super) exporters: Vec<Exported>,
    /// Whether the savefile was read to its end.
    pub(super) complete: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unread_link_types: Vec<UnreadLinkType>,
    pub(super) elapsed_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tunnels: Option<TunnelCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fragments: Option<FragmentCounts>,
}

/// A link type whose packets were skipped.
#[derive(Serialize)]
pub(super) struct UnreadLinkType {
    pub(super) number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) packets: u64,
}

impl UnreadLinkType {
    /// Those of a savefile.
    pub(super) fn all(savefile: &Savefile) -> Vec<UnreadLinkType> {
        let links = savefile.links().into_iter();
        let unread = links.filter_map(|(link, packets)| match link {
            LinkType::Other(number) if packets > 0 => Some(UnreadLinkType {
                number,
                name: link_name(number),
                packets,
            }),
            _ => None,
        });
        unread.collect()
    }
}

/// What was sent by an exporter.
#[derive(Serialize)]
pub(super) struct Exported {
    name: String,
    datagrams: u64,
    octets: u64,
    records: u64,
}

impl Summary {
    pub(super) fn new(
        monitor: &Monitor,
        flows: u64,
        exporters: &[export::ExporterStatistics],
    ) -> Summary {
        let ledger = monitor.ledger();
        let skipped = skipped(ledger).map(|(why, tally)| (why.to_owned(), tally.packets));
        let mut dropped: BTreeMap<String, u64> = BTreeMap::new();
        for (why, tally) in exporters
            .iter()
            .flat_map(|exporter| &exporter.clients)
            .flat_map(|client| &client.ledger.dropped)
        {
            *dropped.entry(why.name().into_owned()).or_default() += tally.records;
        }
        if ledger.cache_full.packets > 0 {
            let cache_full = DropReason::CacheFull.name().into();
            dropped.insert(cache_full, ledger.cache_full.packets);
        }
        Summary {
            captured: ledger.captured.packets,
            packets: ledger.metered.packets,
            octets: ledger.metered.octets,
            flows,
            unsampled: ledger.unsampled.packets,
            skipped: skipped.collect(),
            dropped,
            exporters: exporters.iter().map(Exported::new).collect(),
            complete: true,
            unread_link_types: Vec::new(),
            elapsed_seconds: 0.0,
            tunnels: None,
            fragments: None,
        }
    }
}

impl Exported {
    fn new(exporter: &export::ExporterStatistics) -> Exported {
        let clients = exporter.clients.iter();
        Exported {
            name: exporter.name.clone(),
            datagrams: exporter.datagrams,
            octets: exporter.octets,
            records: clients.map(|client| client.ledger.sent.records).sum(),
        }
    }
}

/// Returns the summary as text.
pub(super) fn table(summary: &Summary) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: u64| text.push_str(&format!("{name:<28} {value:>16}\n"));
    line("captured", summary.captured);
    line("packets", summary.packets);
    line("octets", summary.octets);
    line("flows", summary.flows);
    if summary.unsampled != 0 {
        line("unsampled", summary.unsampled);
    }
    for (why, packets) in &summary.skipped {
        line(&format!("skipped {why}"), *packets);
    }
    for (why, packets) in &summary.dropped {
        line(&format!("dropped {why}"), *packets);
    }
    if let Some(tunnels) = summary.tunnels {
        line("tunnels entered", tunnels.entered);
        line("tunnels unread", tunnels.unread);
    }
    if let Some(fragments) = summary.fragments {
        line("fragments given", fragments.given);
        line("fragments unknown", fragments.unknown);
        line("fragments forgotten", fragments.forgotten);
    }
    for exporter in &summary.exporters {
        line(&format!("records {}", exporter.name), exporter.records);
    }
    let seconds = summary.elapsed_seconds;
    text.push_str(&format!("{:<28} {seconds:>16.3}\n", "elapsed seconds"));
    text
}
