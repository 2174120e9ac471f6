//! A flow record: what to match and what to collect.

use std::sync::Arc;

use wire::Family;

use crate::field::{Field, REFUSED};
use crate::layout::Layout;

/// Most fields one record may have.
pub const MAX_FIELDS: usize = 64;

/// A flow record, `flow record NAME` or a predefined one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Key fields in the order they were written.
    pub keys: Vec<&'static Field>,
    /// Collected fields in the order they were written.
    pub collects: Vec<&'static Field>,
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// No such field.
    #[error("no such field")]
    Unknown,
    /// A field of Flexible NetFlow that this host cannot fill.
    #[error("cannot be known here: {0}")]
    Refused(&'static str),
    /// The field cannot be matched.
    #[error("can be collected, not matched")]
    NotKey,
    /// The field cannot be collected.
    #[error("can be matched, not collected")]
    NotCollect,
}

impl Record {
    /// Looks a `match` field up by its words.
    ///
    /// # Errors
    /// When there is no such field, it cannot be known here, or it cannot be matched.
    pub fn key_field(words: &str) -> Result<&'static Field, RecordError> {
        let field = lookup(words)?;
        if field.key {
            Ok(field)
        } else {
            Err(RecordError::NotKey)
        }
    }

    /// Looks a `collect` field up by its words.
    ///
    /// # Errors
    /// When there is no such field, it cannot be known here, or it cannot be collected.
    pub fn collect_field(words: &str) -> Result<&'static Field, RecordError> {
        let field = lookup(words)?;
        if field.collect {
            Ok(field)
        } else {
            Err(RecordError::NotCollect)
        }
    }

    /// The predefined record `netflow-original`, for IPv4 and IPv6.
    ///
    /// Times are boot-relative for NetFlow v9 and absolute for IPFIX; the exporter picks the
    /// element (22/21 or 152/153) that its protocol has.
    pub fn netflow_original() -> Record {
        Record::predefined(
            "netflow-original",
            &[
                "ipv4 source address",
                "ipv4 destination address",
                "ipv6 source address",
                "ipv6 destination address",
                "ipv4 protocol",
                "ipv6 protocol",
                "transport source-port",
                "transport destination-port",
                "ipv4 tos",
                "ipv6 traffic-class",
                "interface input",
            ],
            &[
                "interface output",
                "transport tcp flags",
                "counter bytes",
                "counter packets",
                "timestamp sys-uptime first",
                "timestamp sys-uptime last",
            ],
        )
    }

    /// The record behind `system flow-accounting`: `netflow-original` and the direction.
    pub fn flow_accounting() -> Record {
        let mut record = Record::netflow_original();
        record.name = "flow-accounting".into();
        record.keys.extend(Field::by_words("flow direction"));
        record
    }

    /// The predefined record of that name: `netflow-original`, or one family of it.
    pub fn by_name(name: &str) -> Option<Record> {
        let family = match name {
            "netflow-original" => return Some(Record::netflow_original()),
            "netflow ipv4 original-input" => Family::V4,
            "netflow ipv6 original-input" => Family::V6,
            _ => return None,
        };
        let mut record = Record::netflow_original();
        record.name = name.into();
        let applies = |field: &&Field| field.family.is_none_or(|only| only == family);
        record.keys.retain(applies);
        record.collects.retain(applies);
        Some(record)
    }

    fn predefined(name: &str, keys: &[&str], collects: &[&str]) -> Record {
        let fields = |words: &[&str]| {
            words
                .iter()
                .filter_map(|words| Field::by_words(words))
                .collect()
        };
        Record {
            name: name.into(),
            keys: fields(keys),
            collects: fields(collects),
        }
    }

    /// How flows of `family` lie in memory; `None` when the record only speaks of the other family.
    ///
    /// A record that names fields of one family meters that family; one that names none meters both; one
    /// that names both has a layout for each.
    pub fn layout(&self, family: Family) -> Option<Arc<Layout>> {
        let named = |family| {
            self.keys
                .iter()
                .chain(&self.collects)
                .any(|field| field.family == Some(family))
        };
        let other = if family == Family::V4 {
            Family::V6
        } else {
            Family::V4
        };
        if named(other) && !named(family) {
            return None;
        }
        Some(Arc::new(Layout::new(self, family)))
    }
}

fn lookup(words: &str) -> Result<&'static Field, RecordError> {
    if let Some(field) = Field::by_words(words) {
        return Ok(field);
    }
    match REFUSED
        .iter()
        .find(|(refused, _)| words.starts_with(refused))
    {
        Some((_, why)) => Err(RecordError::Refused(why)),
        None => Err(RecordError::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predefined_records_find_all_their_fields() {
        let record = Record::netflow_original();
        assert_eq!((record.keys.len(), record.collects.len()), (11, 6));
        assert!(
            Record::flow_accounting()
                .keys
                .iter()
                .any(|field| field.element == 61)
        );
    }

    #[test]
    fn a_record_meters_the_families_it_names() {
        let record = |words: &[&str]| Record {
            name: "R".into(),
            keys: words
                .iter()
                .map(|words| Record::key_field(words).unwrap())
                .collect(),
            collects: vec![],
        };
        let v4 = record(&["ipv4 source address", "transport source-port"]);
        assert!(v4.layout(Family::V4).is_some() && v4.layout(Family::V6).is_none());
        let neither = record(&["interface input"]);
        assert!(neither.layout(Family::V4).is_some() && neither.layout(Family::V6).is_some());
        let original = Record::by_name("netflow ipv6 original-input").unwrap();
        assert!(original.layout(Family::V4).is_none() && original.layout(Family::V6).is_some());
        let both = Record::netflow_original();
        assert!(both.layout(Family::V4).is_some() && both.layout(Family::V6).is_some());
    }

    #[test]
    fn what_cannot_be_known_is_refused_with_a_reason() {
        assert!(matches!(
            Record::key_field("application name"),
            Err(RecordError::Refused(_))
        ));
        assert_eq!(Record::key_field("counter bytes"), Err(RecordError::NotKey));
        assert_eq!(Record::key_field("ipv4 colour"), Err(RecordError::Unknown));
    }
}
