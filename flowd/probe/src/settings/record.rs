//! Settings of `flow record`: its fields, looked up in the registry.

use flow::{Record, RecordError};
use language::{Finding, Tree};

use super::{finding, text};

/// The settings of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedRecord {
    /// The record: key fields and collected fields.
    pub record: Record,
    /// The configured description.
    pub description: Option<String>,
}

impl NamedRecord {
    /// Reads the subtree of `flow record NAME`.
    pub(super) fn from_node(name: &str, node: &Tree, findings: &mut Vec<Finding>) -> NamedRecord {
        NamedRecord {
            record: record(name, node, findings),
            description: text(node, &["description"]),
        }
    }
}

fn record(name: &str, node: &Tree, findings: &mut Vec<Finding>) -> Record {
    let mut record = Record {
        name: name.into(),
        keys: Vec::new(),
        collects: Vec::new(),
    };
    let mut look_up =
        |leaf: &str, find: fn(&str) -> Result<&'static registry::Field, RecordError>| {
            let mut fields = Vec::new();
            for words in node.values(&[leaf]) {
                match find(words) {
                    Ok(field) => fields.push(field),
                    Err(error) => findings.push(finding(
                        &["flow", "record", name, leaf, words],
                        error.to_string(),
                    )),
                }
            }
            fields
        };
    record.keys = look_up("match", Record::key_field);
    record.collects = look_up("collect", Record::collect_field);
    record
}
