//! Flow records: the key fields to match and the fields to collect.

mod bidirectional;
mod predefined;

use registry::Field;
use registry::field::REFUSED;

pub use bidirectional::NotReversible;

/// A flow record, configured by `flow record NAME` or predefined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The record's name.
    pub name: String,
    /// Key fields in the order they were configured.
    pub keys: Vec<&'static Field>,
    /// Collected fields in the order they were configured.
    pub collects: Vec<&'static Field>,
}

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// There is no such field.
    #[error("no such field")]
    Unknown,
    /// The field exists in Flexible NetFlow, but this host cannot fill it.
    #[error("cannot be known here: {0}")]
    Refused(&'static str),
    /// The field cannot be a key field.
    #[error("can be collected, not matched")]
    NotKey,
    /// The field cannot be collected.
    #[error("can be matched, not collected")]
    NotCollect,
}

impl Record {
    /// Finds a key field by the words behind `match`.
    ///
    /// # Errors
    /// The field does not exist, cannot be filled by this host, or cannot be a key field.
    pub fn key_field(words: &str) -> Result<&'static Field, RecordError> {
        let field = lookup(words)?;
        if field.key {
            Ok(field)
        } else {
            Err(RecordError::NotKey)
        }
    }

    /// Finds a collected field by the words behind `collect`.
    ///
    /// # Errors
    /// The field does not exist, cannot be filled by this host, or cannot be collected.
    pub fn collect_field(words: &str) -> Result<&'static Field, RecordError> {
        let field = lookup(words)?;
        if field.collect {
            Ok(field)
        } else {
            Err(RecordError::NotCollect)
        }
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
    use wire::Family;

    use super::*;

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
    fn every_field_is_found_by_its_words_with_a_parameter_written_out() {
        for field in registry::FIELDS {
            let words = field.example();
            let found = if field.collect {
                Record::collect_field(&words)
            } else {
                Record::key_field(&words)
            };
            let found = found.unwrap_or_else(|error| panic!("{words}: {error}"));
            assert_eq!(found.words, words);
            assert_eq!(
                (found.family, found.help),
                (field.family, field.help),
                "{words}"
            );
        }
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
