//! A flow as a JSON object, keyed by IANA information element names.

use serde_json::{Map, Value as Json, json};

use crate::batch::Flow;
use crate::field::Source;
use crate::value::Value;

/// Every field of the flow, and always counters, times, TCP flags and end reason.
pub fn flow(flow: &Flow<'_>) -> Map<String, Json> {
    let mut object = Map::new();
    for slot in flow
        .layout
        .slots
        .iter()
        .filter(|slot| matches!(slot.field.source, Source::Header(..)))
    {
        let value = match flow.value(slot) {
            Value::Number(number) => json!(number),
            other => json!(other.to_string()),
        };
        object.insert(slot.field.name.into(), value);
    }
    let totals = flow.totals;
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
    object.insert("tcpControlBits".into(), json!(totals.tcp_flags));
    object.insert("flowEndReason".into(), json!(totals.end as u8));
    object
}
