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

/// The fields of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fields {
    /// The fields.
    pub fields: Vec<KnownField>,
}

/// A field that a record can have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownField {
    /// The words behind `match` or `collect`.
    pub words: String,
    /// IANA's name of the information element.
    pub element: String,
    /// The element's number, which is the field type of NetFlow v9 as well.
    pub number: u16,
    /// The private enterprise number under which the element is defined; null for IANA's.
    pub enterprise: Option<u32>,
    /// Octets of the field in a template.
    pub octets: u8,
    /// Whether it can be matched.
    pub key: bool,
    /// Whether it can be collected.
    pub collect: bool,
    /// A line about it.
    pub help: String,
}
