//! A flow as a JSON object whose members are named as IANA's information elements.

use registry::{Element, Kind, element};
use serde_json::{Map, Value as Json};

use crate::batch::Flow;
use crate::layout::Slot;
use crate::value::Value;

/// Returns the flow as a JSON object.
pub fn flow(flow: &Flow<'_>) -> Map<String, Json> {
    let mut object = Map::new();
    each(flow, |name, value| {
        let value = match value {
            Value::Number(number) => number.into(),
            other => other.to_string().into(),
        };
        object.insert(name.into(), value);
    });
    object
}

/// Calls `member` with the name and the value of each field of the flow, and always of counters, times, TCP flags and end
/// reason. A name may come twice; then the later value is the right one. A record that matches only some TCP flags shows
/// only those.
pub fn each(flow: &Flow<'_>, mut member: impl FnMut(&'static str, Value)) {
    for slot in &flow.layout.slots {
        // Uptimes have no meaning apart from their exporter's: the times below do.
        if slot.field.kind != Kind::Uptime {
            member(slot.field.name(), flow.value(slot));
        }
    }
    let totals = flow.forward();
    let mut number =
        |element: &'static Element, number| member(element.name, Value::Number(number));
    number(&element::OCTET_DELTA_COUNT, totals.octets);
    number(&element::PACKET_DELTA_COUNT, totals.packets);
    number(
        &element::FLOW_START_MILLISECONDS,
        totals.first_ns / 1_000_000,
    );
    number(&element::FLOW_END_MILLISECONDS, totals.last_ns / 1_000_000);
    number(&element::FLOW_START_NANOSECONDS, totals.first_ns);
    number(&element::FLOW_END_NANOSECONDS, totals.last_ns);
    let some_flags =
        |slot: &Slot| *slot.field.element == element::TCP_CONTROL_BITS && slot.field.bits != 0xff;
    if !flow.layout.slots.iter().any(some_flags) {
        number(&element::TCP_CONTROL_BITS, totals.tcp_flags.into());
    }
    number(&element::FLOW_END_REASON, totals.end as u64);
}
