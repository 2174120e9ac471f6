//! Flow records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Flow records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Records {
    /// The records.
    pub records: Vec<Record>,
}

/// A flow record: what tells flows apart and what is collected of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The record's name.
    pub name: String,
    /// The configured description, or that it is predefined.
    pub description: String,
    /// The number of monitors that use it.
    pub users: u64,
    /// The octets of all its fields.
    pub total_field_space: u64,
    /// The fields, keys first.
    pub fields: Vec<RecordField>,
}

/// A field of a flow record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordField {
    /// Whether it is a key field (`match`); otherwise it is collected.
    #[serde(rename = "match")]
    pub is_key: bool,
    /// The field's words in the configuration.
    pub words: String,
    /// The information element's name in IANA's registry.
    pub name: String,
}
