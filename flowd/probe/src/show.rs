//! What the probe's threads reported, as the management API's JSON.

mod accounting;
mod cache;
mod exporter;
mod loss;
mod routes;
mod statistics;

use std::collections::BTreeMap;

use meter::{Aged, CacheType, FragmentCounts, ReadCounts, ReadOptions};
use registry::Field;
use serde_json::{Value as Json, json};
use wire::Tunnel;

use super::settings::{Attachment, MonitorSettings, Settings};
use super::worker::{MonitorReport, Report};
pub(crate) use accounting::{accounting, wanted};
pub(crate) use cache::{AnswerRows, CacheAnswer, columns, group_columns};
pub(crate) use exporter::exporters;
pub(crate) use loss::loss;
pub(crate) use routes::routes;

/// `records`.
pub(crate) fn records(settings: &Settings, name: Option<&str>) -> Json {
    let users = |record: &str| {
        settings
            .monitors
            .values()
            .filter(|monitor| monitor.record.name == record)
            .count()
    };
    let mut records: Vec<_> = settings
        .records
        .values()
        .map(|named| {
            (
                &named.record,
                named.description.as_deref().unwrap_or("User defined"),
            )
        })
        .collect();
    // Of the predefined ones the list has one; the others are shown when they are asked for.
    let predefined = name.unwrap_or("netflow-original");
    let known = registry::Predefined::by_name(predefined);
    let predefined = flow::Record::by_name(predefined);
    let help = known.map_or_else(String::new, |known| format!("Predefined: {}", known.help));
    records.extend(predefined.iter().map(|record| (record, help.as_str())));
    let records: Vec<_> = records
        .into_iter()
        .filter(|(record, _)| name.is_none_or(|name| name == record.name))
        .map(|(record, description)| {
            let field = |is_key: bool| move |field: &&Field| json!({"match": is_key, "words": field.words, "name": field.name()});
            let fields: Vec<_> =
                record.keys.iter().map(field(true)).chain(record.collects.iter().map(field(false))).collect();
            let octets: usize = record.keys.iter().chain(&record.collects).map(|field| usize::from(field.len)).sum();
            json!({"name": record.name, "description": description, "users": users(&record.name), "total_field_space": octets, "fields": fields})
        })
        .collect();
    json!({ "records": records })
}

/// `samplers`.
pub(crate) fn samplers(
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
    name: Option<&str>,
) -> Json {
    let wanted = settings
        .samplers
        .iter()
        .filter(|(sampler, _)| name.is_none_or(|name| name == *sampler));
    let samplers: Vec<_> = wanted
        .map(|(name, sampler)| {
            let attachments = settings.ports.values().flat_map(|port| &port.attachments);
            let users = attachments.filter(|attachment| attachment.sampler.as_ref() == Some(name)).count();
            json!({"name": name, "id": ids.get(name), "mode": mode_word(sampler.mode), "rate": sampler.rate, "users": users})
        })
        .collect();
    json!({ "samplers": samplers })
}

/// The word of a sampling mode.
pub(crate) fn mode_word(mode: meter::Mode) -> &'static str {
    match mode {
        meter::Mode::Deterministic => "deterministic",
        meter::Mode::Random => "random",
    }
}

/// `interfaces`.
pub(crate) fn interfaces(settings: &Settings, reports: &[Report], name: Option<&str>) -> Json {
    let wanted = settings
        .ports
        .iter()
        .filter(|(interface, _)| name.is_none_or(|name| name == *interface));
    let interfaces: Vec<_> = wanted
        .map(|(interface, port)| {
            let monitors: Vec<_> = port.attachments.iter().map(attachment).collect();
            let rings: Vec<_> = reports
                .iter()
                .filter(|report| *report.interface == **interface)
                .map(|report| ring(&port.reading, report))
                .collect();
            let tunnels: Vec<_> = port.reading.tunnels.kinds().map(Tunnel::name).collect();
            json!({
                "interface": interface,
                "monitors": monitors,
                "engine": if port.capture.libpcap { "pcap" } else { "afpacket" },
                "promiscuous": port.capture.promiscuous,
                "snaplen": port.capture.snaplen,
                "decapsulate": tunnels,
                "fragment_ports": port.reading.fragment_ports,
                "threads": rings,
            })
        })
        .collect();
    json!({ "interfaces": interfaces })
}

fn attachment(attachment: &Attachment) -> Json {
    let direction = match (attachment.input, attachment.output) {
        (true, true) => "both",
        (false, true) => "output",
        _ => "input",
    };
    let mut families = Vec::new();
    families.extend(attachment.families[0].then_some("ip"));
    families.extend(attachment.families[1].then_some("ipv6"));
    json!({"monitor": attachment.monitor, "direction": direction, "families": families, "sampler": attachment.sampler})
}

fn ring(reading: &ReadOptions, report: &Report) -> Json {
    let mut ring = json!({
        "state": if report.down.is_some() { "down" } else { "up" },
        "reason": report.down,
        "captured": report.ring.captured,
        "delivered": report.ring.delivered,
        "dropped": report.ring.dropped,
    });
    reading_counts(reading, &report.reading, &mut ring);
    ring
}

/// Adds what came of entering tunnels and remembering ports, where that is done.
pub(crate) fn reading_counts(reading: &ReadOptions, counts: &ReadCounts, json: &mut Json) {
    if !reading.tunnels.is_empty() {
        json["tunnels"] =
            json!({"entered": counts.decapsulated, "unread": counts.unreadable_tunnels});
    }
    if reading.fragment_ports {
        let FragmentCounts {
            given,
            unknown,
            forgotten,
        } = counts.fragments;
        json["fragments"] = json!({"given": given, "unknown": unknown, "forgotten": forgotten});
    }
}

/// `monitors`.
pub(crate) fn monitors(settings: &Settings, reports: &[Report], name: Option<&str>) -> Json {
    let wanted = settings
        .monitors
        .iter()
        .filter(|(monitor, _)| name.is_none_or(|name| name == *monitor));
    json!({ "monitors": wanted.map(|(name, monitor)| monitor_json(name, monitor, reports)).collect::<Vec<_>>() })
}

fn monitor_json(name: &str, monitor: &MonitorSettings, reports: &[Report]) -> Json {
    let mine: Vec<_> = of_monitor(reports, name)
        .map(|(_, report)| report)
        .collect();
    json!({
        "name": name,
        "description": monitor.description.as_deref().unwrap_or("User defined"),
        "record": monitor.record.name,
        "exporters": monitor.exporters,
        "status": if mine.is_empty() { "not allocated" } else { "allocated" },
        "cache": cache_block(monitor, &mine),
    })
}

/// The counters of a monitor's cache, over all its threads.
pub(crate) fn cache_counters(name: &str, monitor: &MonitorSettings, reports: &[Report]) -> Json {
    let mine: Vec<_> = of_monitor(reports, name)
        .map(|(_, report)| report)
        .collect();
    cache_block(monitor, &mine)
}

fn type_word(cache_type: CacheType) -> &'static str {
    match cache_type {
        CacheType::Normal => "normal",
        CacheType::Immediate => "immediate",
        CacheType::Permanent { .. } => "permanent",
    }
}

fn cache_block(monitor: &MonitorSettings, reports: &[&MonitorReport]) -> Json {
    let sum = |of: fn(&MonitorReport) -> u64| reports.iter().map(|report| of(report)).sum::<u64>();
    let aged = reports
        .iter()
        .fold(Aged::default(), |sum, report| sum + report.aged);
    let timeouts = &monitor.timeouts;
    let threads = reports.len().max(1);
    json!({
        "type": type_word(monitor.cache_type),
        "bidirectional": monitor.record.is_bidirectional(),
        "size": monitor.entries * threads,
        "octets": monitor.entries * threads * reports.iter().map(|report| report.flow_octets).max().unwrap_or(0),
        "entries": sum(|report| report.ledger.cached.records),
        "high_watermark": sum(|report| report.high_watermark as u64),
        "added": sum(|report| report.added),
        "aged_total": aged.total(),
        "aged": {
            "active": aged.active, "inactive": aged.inactive, "event": aged.event,
            "watermark": aged.watermark, "emergency": aged.emergency, "forced": aged.forced,
        },
        "statistics": statistics::statistics(reports),
        "updates": sum(|report| report.updates),
        "update_timeout": match monitor.cache_type {
            CacheType::Permanent { update } => Some(update.as_secs()),
            CacheType::Normal | CacheType::Immediate => None,
        },
        "active_timeout": timeouts.active.as_secs(),
        "inactive_timeout": timeouts.generic.as_secs(),
        "timeouts": {
            "tcp-generic": timeouts.tcp.as_secs(), "tcp-fin": timeouts.tcp_fin.as_secs(), "tcp-rst": timeouts.tcp_rst.as_secs(),
            "udp": timeouts.udp.as_secs(), "icmp": timeouts.icmp.as_secs(), "flow-generic": timeouts.generic.as_secs(),
            "expiry-interval": timeouts.expiry_interval.as_secs(),
        },
    })
}

fn of_monitor<'a>(
    reports: &'a [Report],
    name: &'a str,
) -> impl Iterator<Item = (&'a Report, &'a MonitorReport)> {
    let all = reports
        .iter()
        .flat_map(|report| report.monitors.iter().map(move |monitor| (report, monitor)));
    all.filter(move |(_, monitor)| *monitor.monitor == *name)
}
