//! A flow as a JSON object, keyed by IANA information element names.

use serde_json::{Map, Value as Json, json};

use crate::batch::Flow;
use crate::field::Kind;
use crate::layout::Slot;
use crate::value::Value;

const TCP_FLAGS: &str = "tcpControlBits";

/// Every field of the flow, and always counters, times, TCP flags and end reason. A record with some TCP flags only
/// shows those.
pub fn flow(flow: &Flow<'_>) -> Map<String, Json> {
    let mut object = Map::new();
    for slot in &flow.layout.slots {
        let value = match flow.value(slot) {
            Value::Number(number) => json!(number),
            other => json!(other.to_string()),
        };
        // Uptimes have no meaning apart from their exporter's: the times below do.
        if slot.field.kind != Kind::Uptime {
            object.insert(slot.field.name.into(), value);
        }
    }
    let totals = flow.forward();
    object.insert("octetDeltaCount".into(), json!(totals.octets));
    object.insert("packetDeltaCount".into(), json!(totals.packets));
    object.insert(
        "flowStartMilliseconds".into(),
        json!(totals.first_ns / 1_000_000),
    );
    object.insert(
        "flowEndMilliseconds".into(),
        json!(totals.last_ns / 1_000_000),
    );
    object.insert("flowStartNanoseconds".into(), json!(totals.first_ns));
    object.insert("flowEndNanoseconds".into(), json!(totals.last_ns));
    let some_flags = |slot: &Slot| slot.field.name == TCP_FLAGS && slot.field.bits != 0xff;
    if !flow.layout.slots.iter().any(some_flags) {
        object.insert(TCP_FLAGS.into(), json!(totals.tcp_flags));
    }
    object.insert("flowEndReason".into(), json!(totals.end as u8));
    object
}
