//! The flows of a cache.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::monitor::Cache;
use crate::value::{ByName, unsampled};
use crate::word::words;

words! {
    /// How a field's values are shown.
    pub enum FieldKind "kind of field" {
        /// A decimal number.
        Number = "number",
        /// A hexadecimal number.
        Hex = "hex",
        /// An IPv4 address.
        Ipv4 = "ipv4",
        /// An IPv6 address.
        Ipv6 = "ipv6",
        /// A MAC address.
        Mac = "mac",
        /// An interface's index.
        Interface = "interface",
        /// A flow direction: 0 for input, 1 for output.
        Direction = "direction",
        /// Milliseconds since 1970.
        Millis = "millis",
        /// Microseconds since 1970.
        Micros = "micros",
        /// Nanoseconds since 1970.
        Nanos = "nanos",
        /// Why a flow ended, as IANA's flowEndReason numbers it.
        EndReason = "end-reason",
        /// An MPLS label stack entry.
        Label = "label",
        /// Octets in hexadecimal.
        Octets = "octets",
    }
}

/// Flows of a cache. `F` is the sequence of flows: a daemon may write them one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CacheFlows")]
pub struct CacheFlows<F = Vec<Flow>> {
    /// The monitor's name.
    pub monitor: String,
    /// The sampler before it chooses one packet out of so many, 1 without a sampler; null where its interfaces have
    /// different samplers. Numbers are those of the sampled packets.
    #[serde(default = "unsampled")]
    pub sampling_rate: Option<u32>,
    /// The cache's counters.
    pub cache: Cache,
    /// The fields of the flows, in the order of a table's columns.
    pub fields: Vec<Field>,
    /// Flows that were looked at; in a listing without conditions, flows in the cache.
    pub total: u64,
    /// Flows for which the conditions hold; present where there are conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<u64>,
    /// Groups there are, or flows that were sorted; present in an answer that is aggregated or sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregated: Option<u64>,
    /// The number of flows in this answer.
    pub shown: u64,
    /// The flows, or groups of flows.
    pub flows: F,
    /// The `after` with which the listing goes on; null at its end.
    pub next: Option<String>,
}

/// A field of the flows of an answer, and how a table shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// The field's words in the configuration.
    pub words: String,
    /// The member of a flow that has its value.
    pub name: String,
    /// The heading of a column.
    pub column: String,
    /// The label before a single value.
    pub label: String,
    /// The width of a column in characters.
    pub width: u64,
    /// How its values are shown.
    pub kind: FieldKind,
    /// Whether it tells flows apart.
    pub key: bool,
}

/// A flow: its values by the names of IANA's information elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Flow(pub ByName<FlowValue>);

impl Flow {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&FlowValue> {
        self.0.get(name)
    }
}

/// A value of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FlowValue {
    /// A number.
    Number(u64),
    /// An address, or whatever else has a written form.
    Text(String),
    /// The flow has no value.
    #[default]
    Null,
}

impl FlowValue {
    /// The number, if it is one.
    pub fn number(&self) -> Option<u64> {
        match self {
            FlowValue::Number(number) => Some(*number),
            FlowValue::Text(_) | FlowValue::Null => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            FlowValue::Text(text) => Some(text),
            FlowValue::Number(_) | FlowValue::Null => None,
        }
    }
}

impl std::fmt::Display for FlowValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FlowValue::Number(number) => number.fmt(f),
            FlowValue::Text(text) => f.pad(text),
            FlowValue::Null => Ok(()),
        }
    }
}

impl JsonSchema for FlowValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FlowValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "null"] })
    }

    fn inline_schema() -> bool {
        true
    }
}
