//! The answer to a query of a monitor's cache.

use std::cell::RefCell;

use api::flow::{CacheFlows, Field as Column, FieldKind, Flow as FlowRow, FlowValue};
use flow::{Flow, Value};
use registry::{Field, Kind, Source, element};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use super::super::interface_names::InterfaceNames;
use super::super::query::{FlowCopy, Group, Groups, Order};
use super::super::settings::MonitorSettings;

/// `GET /v1/flow/monitors/NAME/cache`.
pub(crate) type CacheAnswer = CacheFlows<Rows>;

/// The rows of an answer. They are serialized one by one, so that a hundred thousand rows are never JSON values in memory.
pub enum Rows {
    /// Flows.
    Flows(Vec<FlowCopy>),
    /// Groups of flows.
    Groups(Box<Groups>, Order),
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = RefCell::new(InterfaceNames::default());
        match self {
            Rows::Flows(flows) => {
                let row = |kept: &FlowCopy| flow_values(&kept.flow(), &mut names.borrow_mut());
                each(flows, row, serializer)
            }
            Rows::Groups(groups, order) => {
                let row = |group: &Group<'_>| group_values(groups, group, &mut names.borrow_mut());
                each(&order.first(groups), row, serializer)
            }
        }
    }
}

/// Serializes a sequence whose elements are made one after the other.
fn each<T, S: Serializer>(
    rows: &[T],
    row: impl Fn(&T) -> FlowRow,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(rows.len()))?;
    for one in rows {
        sequence.serialize_element(&row(one))?;
    }
    sequence.end()
}

/// Returns the columns of a record's fields, keys first. What both families have under different words is one column.
pub(crate) fn columns(monitor: &MonitorSettings) -> Vec<Column> {
    let mut seen: Vec<&str> = Vec::new();
    let mut columns = Vec::new();
    let keys = monitor.record.keys.iter().map(|field| (field, true));
    for (field, is_key) in keys.chain(monitor.record.collects.iter().map(|field| (field, false))) {
        let name = member_name(field);
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        columns.push(column(field, is_key));
    }
    columns
}

/// Returns the columns of groups: the aggregated fields, the counters, the collected fields.
pub(crate) fn group_columns(groups: &Groups) -> Vec<Column> {
    let counted = |words: &str| Field::by_words(words).map(|field| column(field, false));
    let flows = Column {
        words: "counter flows".into(),
        name: element::DELTA_FLOW_COUNT.name.into(),
        column: "flows".into(),
        label: "counter flows".into(),
        width: 10,
        kind: FieldKind::Number,
        key: false,
    };
    let mut columns: Vec<Column> = groups
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

fn column(field: &Field, is_key: bool) -> Column {
    Column {
        words: field.words.into(),
        name: member_name(field).into(),
        column: field.column.into(),
        label: field.label.into(),
        width: field.width as u64,
        kind: field_kind(field.kind),
        key: is_key,
    }
}

/// Returns the name of a field's member in a flow's JSON object. Uptimes are shown as absolute times.
fn member_name(field: &Field) -> &'static str {
    match field.kind {
        Kind::Uptime if field.source == Source::First => element::FLOW_START_MILLISECONDS.name,
        Kind::Uptime => element::FLOW_END_MILLISECONDS.name,
        _ => field.name(),
    }
}

fn field_kind(kind: Kind) -> FieldKind {
    match kind {
        Kind::Number | Kind::Protocol => FieldKind::Number,
        Kind::Hex | Kind::Dscp => FieldKind::Hex,
        Kind::Ipv4 => FieldKind::Ipv4,
        Kind::Ipv6 => FieldKind::Ipv6,
        Kind::Mac => FieldKind::Mac,
        Kind::Interface => FieldKind::Interface,
        Kind::Direction => FieldKind::Direction,
        Kind::Uptime | Kind::Millis => FieldKind::Millis,
        Kind::Micros => FieldKind::Micros,
        Kind::Nanos => FieldKind::Nanos,
        Kind::EndReason => FieldKind::EndReason,
        Kind::Label => FieldKind::Label,
        Kind::Octets => FieldKind::Octets,
    }
}

/// Returns a flow's values, with the names of its interfaces.
pub(crate) fn flow_values(flow: &Flow<'_>, names: &mut InterfaceNames) -> FlowRow {
    let mut row = FlowRow::default();
    flow::json::each(flow, |name, value| {
        row.0.insert(name.into(), flow_value(Some(value)));
    });
    name_interfaces(&mut row, names);
    row
}

fn group_values(groups: &Groups, group: &Group<'_>, names: &mut InterfaceNames) -> FlowRow {
    let mut row = FlowRow::default();
    let keys = groups.keys.iter().zip(group.values);
    let collected = groups.collects.iter().zip(group.collected);
    for (column, value) in keys.chain(collected) {
        let name = member_name(column.field);
        row.0.insert(name.into(), flow_value(value.clone()));
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
        row.0.insert(element.name.into(), FlowValue::Number(number));
    }
    name_interfaces(&mut row, names);
    row
}

fn flow_value(value: Option<Value>) -> FlowValue {
    match value {
        None => FlowValue::Null,
        Some(Value::Number(number)) => FlowValue::Number(number),
        Some(other) => FlowValue::Text(other.to_string()),
    }
}

fn name_interfaces(row: &mut FlowRow, names: &mut InterfaceNames) {
    for element in [element::INGRESS_INTERFACE, element::EGRESS_INTERFACE] {
        let index = row.get(element.name).and_then(FlowValue::number);
        if let Some(index) = index.and_then(|index| u32::try_from(index).ok()) {
            let named = FlowValue::Text(names.get(index).to_owned());
            row.0.insert(format!("{}Name", element.name), named);
        }
    }
}
