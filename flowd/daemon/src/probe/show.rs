//! What the probe's threads reported, as the management API's JSON.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use flow::{Batch, FIELDS, Field, Flow, RecordTally, Slot, Tally, Value};
use meter::{Aged, CacheType};
use serde_json::{Map, Value as Json, json};
use wire::Skip;

use super::settings::{Attachment, ExporterSettings, MonitorSettings, Settings};
use super::worker::{MonitorReport, Report};
use super::{AccountingQuery, CacheQuery, Unknown};
use crate::clock;

/// Flows that one answer holds at most unless the query says otherwise.
const LIMIT: usize = 10_000;

/// Names of interfaces by `ifIndex`, looked up once an answer.
#[derive(Default)]
pub struct Names(BTreeMap<u32, String>);

impl Names {
    fn get(&mut self, index: u32) -> &str {
        self.0.entry(index).or_insert_with(|| match index {
            0 => "Null".into(),
            _ => nix::net::if_::if_indextoname(index)
                .ok()
                .and_then(|name| name.into_string().ok())
                // What nix says of an index that no interface has.
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| format!("if{index}")),
        })
    }
}

/// `records`.
pub fn records(settings: &Settings, name: Option<&str>) -> Json {
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
    let original = flow::Record::netflow_original();
    records.push((&original, "Predefined: traditional NetFlow, IPv4 and IPv6"));
    let records: Vec<_> = records
        .into_iter()
        .filter(|(record, _)| name.is_none_or(|name| name == record.name))
        .map(|(record, description)| {
            let field = |is_key: bool| move |field: &&Field| json!({"match": is_key, "words": field.words, "name": field.name});
            let fields: Vec<_> =
                record.keys.iter().map(field(true)).chain(record.collects.iter().map(field(false))).collect();
            let octets: usize = record.keys.iter().chain(&record.collects).map(|field| usize::from(field.len)).sum();
            json!({"name": record.name, "description": description, "users": users(&record.name), "total_field_space": octets, "fields": fields})
        })
        .collect();
    json!({ "records": records })
}

/// `samplers`.
pub fn samplers(settings: &Settings, ids: &BTreeMap<String, u8>, name: Option<&str>) -> Json {
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
pub fn mode_word(mode: meter::Mode) -> &'static str {
    match mode {
        meter::Mode::Deterministic => "deterministic",
        meter::Mode::Random => "random",
    }
}

/// `interfaces`.
pub fn interfaces(settings: &Settings, reports: &[Report], name: Option<&str>) -> Json {
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
                .map(ring)
                .collect();
            json!({
                "interface": interface,
                "monitors": monitors,
                "engine": if port.capture.libpcap { "pcap" } else { "afpacket" },
                "promiscuous": port.capture.promiscuous,
                "snaplen": port.capture.snaplen,
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

fn ring(report: &Report) -> Json {
    json!({
        "state": if report.down.is_some() { "down" } else { "up" },
        "reason": report.down,
        "captured": report.ring.captured,
        "delivered": report.ring.delivered,
        "dropped": report.ring.dropped,
    })
}

/// `monitors`.
pub fn monitors(settings: &Settings, reports: &[Report], name: Option<&str>) -> Json {
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

fn cache_block(monitor: &MonitorSettings, reports: &[&MonitorReport]) -> Json {
    let sum = |of: fn(&MonitorReport) -> u64| reports.iter().map(|report| of(report)).sum::<u64>();
    let aged = reports.iter().fold(Aged::default(), |sum, report| Aged {
        active: sum.active + report.aged.active,
        inactive: sum.inactive + report.aged.inactive,
        event: sum.event + report.aged.event,
        emergency: sum.emergency + report.aged.emergency,
        forced: sum.forced + report.aged.forced,
    });
    let timeouts = &monitor.timeouts;
    let threads = reports.len().max(1);
    json!({
        "type": if monitor.cache_type == CacheType::Immediate { "immediate" } else { "normal" },
        "size": monitor.entries * threads,
        "octets": monitor.entries * threads * reports.iter().map(|report| report.flow_octets).max().unwrap_or(0),
        "entries": sum(|report| report.ledger.cached.records),
        "high_watermark": sum(|report| report.high_watermark as u64),
        "added": sum(|report| report.added),
        "aged_total": aged.total(),
        "aged": {
            "active": aged.active, "inactive": aged.inactive, "event": aged.event,
            "watermark": 0, "emergency": aged.emergency, "forced": aged.forced,
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

/// One monitor's cache.
pub fn cache(
    name: &str,
    monitor: &MonitorSettings,
    reports: &[Report],
    batches: &[Batch],
    query: &CacheQuery,
) -> Result<Json, Unknown> {
    let mut flows: Vec<Flow<'_>> = batches.iter().flat_map(Batch::iter).collect();
    let total = flows.len();
    if let Some(words) = &query.sort {
        let field = FIELDS
            .iter()
            .find(|field| field.words == words || field.name == words)
            .ok_or_else(|| Unknown(format!("no such field: {words}")))?;
        let order = |flow: &Flow<'_>| slot_of(flow, field).map(|slot| flow.value(slot));
        flows.sort_by(|a, b| {
            if query.lowest {
                order(a).cmp(&order(b))
            } else {
                order(b).cmp(&order(a))
            }
        });
    }
    flows.truncate(query.top.unwrap_or(LIMIT));
    let mut names = Names::default();
    let columns = columns(monitor);
    let mine: Vec<_> = of_monitor(reports, name)
        .map(|(_, report)| report)
        .collect();
    Ok(json!({
        "monitor": name,
        "cache": cache_block(monitor, &mine),
        "fields": columns,
        "total": total,
        "shown": flows.len(),
        "flows": flows.iter().map(|flow| Json::Object(flow_json(flow, &mut names))).collect::<Vec<_>>(),
    }))
}

/// The record's fields, keys first; a field that both families have under different words is one column.
fn columns(monitor: &MonitorSettings) -> Vec<Json> {
    let mut seen: Vec<&str> = Vec::new();
    let mut columns = Vec::new();
    let keys = monitor.record.keys.iter().map(|field| (field, true));
    for (field, is_key) in keys.chain(monitor.record.collects.iter().map(|field| (field, false))) {
        let name = json_name(field);
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        columns.push(json!({
            "words": field.words,
            "name": name,
            "column": field.column,
            "label": field.label,
            "width": field.width,
            "kind": kind_word(field.kind),
            "key": is_key,
        }));
    }
    columns
}

/// The member of a flow's JSON object that shows this field; boot-relative times are shown absolute.
fn json_name(field: &Field) -> &'static str {
    match field.kind {
        flow::field::Kind::Uptime if field.element == 22 => "flowStartMilliseconds",
        flow::field::Kind::Uptime => "flowEndMilliseconds",
        _ => field.name,
    }
}

fn kind_word(kind: flow::field::Kind) -> &'static str {
    use flow::field::Kind;
    match kind {
        Kind::Number => "number",
        Kind::Hex => "hex",
        Kind::Ipv4 => "ipv4",
        Kind::Ipv6 => "ipv6",
        Kind::Mac => "mac",
        Kind::Interface => "interface",
        Kind::Direction => "direction",
        Kind::Uptime | Kind::Millis => "millis",
        Kind::EndReason => "end-reason",
    }
}

fn slot_of<'a>(flow: &Flow<'a>, field: &Field) -> Option<&'a Slot> {
    flow.layout
        .slots
        .iter()
        .find(|slot| slot.field.element == field.element)
}

/// A flow with the names of its interfaces.
fn flow_json(flow: &Flow<'_>, names: &mut Names) -> Map<String, Json> {
    let mut object = flow::json::flow(flow);
    for element in ["ingressInterface", "egressInterface"] {
        let index = object
            .get(element)
            .and_then(Json::as_u64)
            .and_then(|index| u32::try_from(index).ok());
        if let Some(index) = index {
            object.insert(format!("{element}Name"), names.get(index).into());
        }
    }
    object
}

/// The table of `show flow-accounting`.
pub fn accounting(
    tables: Vec<(String, Vec<Batch>)>,
    query: &AccountingQuery,
) -> Result<Json, Unknown> {
    let ports = query.port.as_deref().map(parse_ports).transpose()?;
    let mut names = Names::default();
    let interfaces: Vec<_> = tables
        .iter()
        .map(|(interface, batches)| {
            let wanted = |flow: &Flow<'_>| {
                query.host.is_none_or(|host| addresses(flow).contains(&Some(host)))
                    && ports.as_ref().is_none_or(|ranges| {
                        port_numbers(flow).iter().flatten().any(|port| ranges.iter().any(|(low, high)| (*low..=*high).contains(port)))
                    })
            };
            let mut flows: Vec<_> = batches.iter().flat_map(Batch::iter).filter(wanted).collect();
            flows.sort_by(most_octets_first);
            flows.truncate(query.top.unwrap_or(usize::MAX).min(query.count.unwrap_or(LIMIT)));
            let sum = |of: fn(&Flow<'_>) -> u64| flows.iter().map(of).sum::<u64>();
            json!({
                "interface": interface,
                "entries": flows.len(),
                "total_flows": flows.len(),
                "total_packets": sum(|flow| flow.totals.packets),
                "total_octets": sum(|flow| flow.totals.octets),
                "flows": flows.iter().map(|flow| Json::Object(flow_json(flow, &mut names))).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(json!({ "interfaces": interfaces }))
}

fn most_octets_first(a: &Flow<'_>, b: &Flow<'_>) -> Ordering {
    let rank = |flow: &Flow<'_>| (flow.totals.octets, flow.totals.packets);
    rank(b).cmp(&rank(a)).then_with(|| a.key.cmp(b.key))
}

fn addresses(flow: &Flow<'_>) -> [Option<IpAddr>; 4] {
    [
        "sourceIPv4Address",
        "destinationIPv4Address",
        "sourceIPv6Address",
        "destinationIPv6Address",
    ]
    .map(|name| match named(flow, name)? {
        Value::Address(address) => Some(address),
        _ => None,
    })
}

fn port_numbers(flow: &Flow<'_>) -> [Option<u64>; 2] {
    ["sourceTransportPort", "destinationTransportPort"].map(|name| named(flow, name)?.number())
}

fn named(flow: &Flow<'_>, name: &str) -> Option<Value> {
    flow.layout
        .slots
        .iter()
        .find(|slot| slot.field.name == name)
        .map(|slot| flow.value(slot))
}

/// `22`, `80-89`, `53,123`, or a mixture.
fn parse_ports(text: &str) -> Result<Vec<(u64, u64)>, Unknown> {
    let port = |text: &str| text.parse::<u16>().map(u64::from).ok();
    text.split(',')
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            match (port(low), port(high)) {
                (Some(low), Some(high)) if low <= high => Ok((low, high)),
                _ => Err(Unknown(format!(
                    "not a port, a range of ports or a list of them: {part}"
                ))),
            }
        })
        .collect()
}

/// `loss`.
pub fn loss(reports: &[Report], exporters: &[export::ExporterStatistics]) -> Json {
    let mut balanced = true;
    let mut monitors = Vec::new();
    for report in reports {
        for monitor in &report.monitors {
            let ledger = &monitor.ledger;
            let own = ledger.balanced();
            balanced &= own;
            let mut skipped: Map<String, Json> = Skip::ALL
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
                    "ring-full".into(),
                    json!({"packets": monitor.ring_full, "octets": 0}),
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
    json!({"monitors": monitors, "exporters": clients, "balanced": balanced})
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

/// `exporters`.
pub fn exporters(
    settings: &Settings,
    statistics: &[export::ExporterStatistics],
    name: Option<&str>,
) -> Json {
    let wanted = settings
        .exporters
        .iter()
        .filter(|(exporter, _)| name.is_none_or(|name| name == *exporter));
    let exporters: Vec<_> = wanted
        .map(|(name, exporter)| {
            exporter_json(
                exporter,
                statistics
                    .iter()
                    .find(|statistics| statistics.name == *name),
            )
        })
        .collect();
    json!({ "exporters": exporters })
}

fn exporter_json(
    exporter: &ExporterSettings,
    statistics: Option<&export::ExporterStatistics>,
) -> Json {
    let export = &exporter.export;
    let mut object = json!({
        "name": export.name,
        "description": exporter.description.as_deref().unwrap_or("User defined"),
        "protocol": match export.protocol {
            export::Protocol::NetflowV5 => "netflow-v5",
            export::Protocol::NetflowV9 => "netflow-v9",
            export::Protocol::Ipfix => "ipfix",
        },
        "destination": export.destination,
        "port": export.port,
        "source": match &export.source {
            export::Source::Any => Json::Null,
            export::Source::Address(address) => json!(address.to_string()),
            export::Source::Interface(interface) => json!(interface),
        },
        "vrf": export.vrf,
        "dscp": export.dscp,
        "ttl": export.ttl,
        "template_timeout": export.template_timeout.as_secs(),
    });
    let (Some(object_map), Some(statistics)) = (object.as_object_mut(), statistics) else {
        return object;
    };
    object_map.insert("source_id".into(), json!(statistics.source_id));
    object_map.insert(
        "destination_address".into(),
        json!(
            statistics
                .destination
                .map(|address| address.ip().to_string())
        ),
    );
    object_map.insert(
        "source_address".into(),
        json!(statistics.source.map(|address| address.ip().to_string())),
    );
    object_map.insert(
        "source_port".into(),
        json!(statistics.source.map(|address| address.port())),
    );
    object_map.insert(
        "state".into(),
        json!(if statistics.down.is_some() {
            "down"
        } else {
            "up"
        }),
    );
    object_map.insert("reason".into(), json!(statistics.down));
    object_map.insert(
        "statistics".into(),
        json!({
            "cleared_seconds": clock::unix_ns().saturating_sub(statistics.cleared_ns) / 1_000_000_000,
            "datagrams": statistics.datagrams,
            "octets": statistics.octets,
            "unreachable": statistics.unreachable_notices,
            "failures": statistics.failures.iter().map(|failure| {
                (failure.reason.name().into(), json!({"datagrams": failure.datagrams, "octets": failure.octets}))
            }).collect::<Map<_, _>>(),
        }),
    );
    let client = |client: &export::ClientStatistics| {
        json!({
            "monitor": client.monitor,
            "records_added": client.records_added, "records_sent": client.records_sent, "records_failed": client.records_failed,
            "octets_added": client.bytes_added, "octets_sent": client.bytes_sent, "octets_failed": client.bytes_failed,
        })
    };
    object_map.insert(
        "clients".into(),
        statistics.clients.iter().map(client).collect(),
    );
    object_map.insert(
        "templates".into(),
        statistics.templates.iter().map(template_json).collect(),
    );
    object
}

fn template_json(template: &export::TemplateStatistics) -> Json {
    let field = |field: &export::TemplateField| json!({"words": field.words, "element": field.element, "scope": field.scope, "offset": field.offset, "size": field.size});
    json!({
        "id": template.id,
        "client": template.client,
        "record": template.record,
        "options": template.options,
        "record_size": template.record_size,
        "fields": template.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn tally_json(tally: Tally) -> Json {
    json!({"packets": tally.packets, "octets": tally.octets})
}

/// Records and what is in them.
pub fn records_json(tally: RecordTally) -> Json {
    json!({"records": tally.records, "packets": tally.packets, "octets": tally.octets})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_numbers_ranges_and_lists() {
        assert_eq!(parse_ports("22").unwrap(), [(22, 22)]);
        assert_eq!(parse_ports("53,80-89").unwrap(), [(53, 53), (80, 89)]);
        for wrong in ["", "x", "80-70", "65536", "1-2-3"] {
            assert!(parse_ports(wrong).is_err(), "{wrong}");
        }
    }
}
