//! A flow as a JSON object whose members are named as IANA's information elements.

use registry::{Element, Kind, element};
use serde_json::{Map, Value as Json, json};

use crate::batch::Flow;
use crate::layout::Slot;
use crate::value::Value;

/// Returns all fields of the flow, and always counters, times, TCP flags and end reason. A record that matches only
/// some TCP flags shows only those.
pub fn flow(flow: &Flow<'_>) -> Map<String, Json> {
    let mut object = Map::new();
    for slot in &flow.layout.slots {
        let value = match flow.value(slot) {
            Value::Number(number) => json!(number),
            other => json!(other.to_string()),
        };
        // Uptimes have no meaning apart from their exporter's: the times below do.
        if slot.field.kind != Kind::Uptime {
            object.insert(slot.field.name().into(), value);
        }
    }
    let totals = flow.forward();
    let mut insert = |element: &Element, number: u64| {
        object.insert(element.name.into(), number.into());
    };
    insert(&element::OCTET_DELTA_COUNT, totals.octets);
    insert(&element::PACKET_DELTA_COUNT, totals.packets);
    insert(
        &element::FLOW_START_MILLISECONDS,
        totals.first_ns / 1_000_000,
    );
    insert(&element::FLOW_END_MILLISECONDS, totals.last_ns / 1_000_000);
    insert(&element::FLOW_START_NANOSECONDS, totals.first_ns);
    insert(&element::FLOW_END_NANOSECONDS, totals.last_ns);
    let some_flags =
        |slot: &Slot| *slot.field.element == element::TCP_CONTROL_BITS && slot.field.bits != 0xff;
    if !flow.layout.slots.iter().any(some_flags) {
        insert(&element::TCP_CONTROL_BITS, totals.tcp_flags.into());
    }
    insert(&element::FLOW_END_REASON, totals.end as u64);
    object
}
