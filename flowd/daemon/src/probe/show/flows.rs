//! Flows: a monitor's cache, and the table of flow accounting.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use flow::{Batch, FIELDS, Field, Flow, Slot, Value};
use serde_json::{Map, Value as Json, json};

use super::super::settings::MonitorSettings;
use super::super::worker::Report;
use super::super::{AccountingQuery, CacheQuery, Unknown};
use super::{cache_block, of_monitor};

/// Flows that one answer holds at most unless the query says otherwise.
const LIMIT: usize = 10_000;

/// Names of interfaces by `ifIndex`, looked up once an answer.
#[derive(Default)]
struct Names(BTreeMap<u32, String>);

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
    rank(b).cmp(&rank(a)).then_with(|| a.octets.cmp(b.octets))
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
