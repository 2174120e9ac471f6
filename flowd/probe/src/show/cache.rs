//! A monitor's cache: the answer to a query.

use std::cell::RefCell;

use flow::{Flow, Value};
use registry::{Field, Kind, Source, element};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::super::names::Names;
use super::super::query::{Group, Groups, Kept, Order};
use super::super::settings::MonitorSettings;

/// The rows of an answer.
pub enum AnswerRows {
    /// Flows.
    Flows(Vec<Kept>),
    /// Flows put together.
    Groups(Box<Groups>, Order),
}

/// `GET /v1/flow/monitors/NAME/cache`. It is written row by row: a hundred thousand rows are no tree in memory.
pub struct CacheAnswer {
    /// The monitor's name.
    pub monitor: String,
    /// The block of counters.
    pub cache: Json,
    /// The rows' fields.
    pub fields: Vec<Json>,
    /// Flows that were looked at; in a listing without conditions, flows in the cache.
    pub total: u64,
    /// Flows for which the conditions hold, when there are conditions.
    pub matched: Option<u64>,
    /// Groups there are, or flows that were sorted.
    pub aggregated: Option<u64>,
    /// Where a listing goes on.
    pub next: Option<String>,
    /// The rows.
    pub rows: AnswerRows,
}

impl Serialize for CacheAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("monitor", &self.monitor)?;
        object.serialize_entry("cache", &self.cache)?;
        object.serialize_entry("fields", &self.fields)?;
        object.serialize_entry("total", &self.total)?;
        if let Some(matched) = self.matched {
            object.serialize_entry("matched", &matched)?;
        }
        if let Some(aggregated) = self.aggregated {
            object.serialize_entry("aggregated", &aggregated)?;
        }
        let names = RefCell::new(Names::default());
        match &self.rows {
            AnswerRows::Flows(flows) => {
                object.serialize_entry("shown", &flows.len())?;
                let row = |kept: &Kept| flow_json(&kept.flow(), &mut names.borrow_mut());
                object.serialize_entry("flows", &Each(flows, row))?;
            }
            AnswerRows::Groups(groups, order) => {
                let first = order.first(groups);
                object.serialize_entry("shown", &first.len())?;
                let row = |group: &Group<'_>| group_json(groups, group, &mut names.borrow_mut());
                object.serialize_entry("flows", &Each(&first, row))?;
            }
        }
        object.serialize_entry("next", &self.next)?;
        object.end()
    }
}

/// A sequence whose elements are made one after the other.
struct Each<'a, T, F>(&'a [T], F);

impl<T, F: Fn(&T) -> Map<String, Json>> Serialize for Each<'_, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            rows.serialize_element(&(self.1)(row))?;
        }
        rows.end()
    }
}

/// The record's fields, keys first; a field that both families have under different words is one column.
pub(crate) fn columns(monitor: &MonitorSettings) -> Vec<Json> {
    let mut seen: Vec<&str> = Vec::new();
    let mut columns = Vec::new();
    let keys = monitor.record.keys.iter().map(|field| (field, true));
    for (field, is_key) in keys.chain(monitor.record.collects.iter().map(|field| (field, false))) {
        let name = json_name(field);
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        columns.push(column(field, is_key));
    }
    columns
}

/// The columns of groups: what their flows agree in, the counters, what is collected beside.
pub(crate) fn group_columns(groups: &Groups) -> Vec<Json> {
    let counted = |words: &str| Field::by_words(words).map(|field| column(field, false));
    let flows = json!({
        "words": "counter flows", "name": element::DELTA_FLOW_COUNT.name, "column": "flows", "label": "counter flows",
        "width": 10, "kind": "number", "key": false,
    });
    let mut columns: Vec<Json> = groups
        .keys
        .iter()
        .map(|key| column(key.field, true))
        .collect();
    columns.push(flows);
    columns.extend(counted("counter bytes"));
    columns.extend(counted("counter packets"));
    let collected = groups
        .collects
        .iter()
        .filter(|collected| !matches!(collected.field.source, Source::Octets | Source::Packets));
    columns.extend(collected.map(|collected| column(collected.field, false)));
    columns
}

fn column(field: &Field, is_key: bool) -> Json {
    json!({
        "words": field.words,
        "name": json_name(field),
        "column": field.column,
        "label": field.label,
        "width": field.width,
        "kind": kind_word(field.kind),
        "key": is_key,
    })
}

/// The member of a flow's JSON object that shows this field; boot-relative times are shown absolute.
fn json_name(field: &Field) -> &'static str {
    match field.kind {
        Kind::Uptime if field.source == Source::First => element::FLOW_START_MILLISECONDS.name,
        Kind::Uptime => element::FLOW_END_MILLISECONDS.name,
        _ => field.name(),
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Protocol => "number",
        Kind::Hex | Kind::Dscp => "hex",
        Kind::Ipv4 => "ipv4",
        Kind::Ipv6 => "ipv6",
        Kind::Mac => "mac",
        Kind::Interface => "interface",
        Kind::Direction => "direction",
        Kind::Uptime | Kind::Millis => "millis",
        Kind::Micros => "micros",
        Kind::Nanos => "nanos",
        Kind::EndReason => "end-reason",
        Kind::Label => "label",
        Kind::Octets => "octets",
    }
}

/// A flow with the names of its interfaces.
pub(super) fn flow_json(flow: &Flow<'_>, names: &mut Names) -> Map<String, Json> {
    let mut object = flow::json::flow(flow);
    name_interfaces(&mut object, names);
    object
}

fn group_json(groups: &Groups, group: &Group<'_>, names: &mut Names) -> Map<String, Json> {
    let mut object = Map::new();
    let keys = groups.keys.iter().zip(group.values);
    let collected = groups.collects.iter().zip(group.collected);
    for (column, value) in keys.chain(collected) {
        object.insert(json_name(column.field).into(), value_json(value.clone()));
    }
    let totals = &group.sum.totals;
    for (element, number) in [
        (element::DELTA_FLOW_COUNT, group.sum.flows),
        (element::OCTET_DELTA_COUNT, totals.octets),
        (element::PACKET_DELTA_COUNT, totals.packets),
        (
            element::FLOW_START_MILLISECONDS,
            totals.first_ns / 1_000_000,
        ),
        (element::FLOW_END_MILLISECONDS, totals.last_ns / 1_000_000),
    ] {
        object.insert(element.name.into(), number.into());
    }
    name_interfaces(&mut object, names);
    object
}

fn value_json(value: Option<Value>) -> Json {
    match value {
        None => Json::Null,
        Some(Value::Number(number)) => number.into(),
        Some(other) => other.to_string().into(),
    }
}

fn name_interfaces(object: &mut Map<String, Json>, names: &mut Names) {
    for element in [element::INGRESS_INTERFACE, element::EGRESS_INTERFACE] {
        let element = element.name;
        let index = object
            .get(element)
            .and_then(Json::as_u64)
            .and_then(|index| u32::try_from(index).ok());
        if let Some(index) = index {
            object.insert(format!("{element}Name"), names.get(index).into());
        }
    }
}
