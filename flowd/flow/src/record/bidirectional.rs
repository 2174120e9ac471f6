//! Records of bidirectional flows (RFC 5103), made of records of unidirectional ones.

use registry::element::TCP_CONTROL_BITS;
use registry::field::REVERSE_FIELDS;
use registry::{Biflow, Field, Reverse, Source};

use super::Record;

/// Why a record cannot be used for bidirectional flows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReversible {
    /// The value of a key field is unrelated in the packets of the reverse direction.
    #[error(
        "packets of the reverse direction have a {0} of their own, so it cannot be matched in a bidirectional cache"
    )]
    Field(&'static str),
    /// The counterpart of a key field is not a key field.
    #[error("a bidirectional cache needs its counterpart to be matched, too: match {0}")]
    Alone(&'static str),
}

impl Record {
    /// Whether its flows are bidirectional.
    pub fn is_bidirectional(&self) -> bool {
        let mut collects = self.collects.iter();
        collects.any(|field| matches!(field.source, Source::Reverse(_)))
    }

    /// Returns the record of bidirectional flows for this unidirectional one. Key fields that belong to one
    /// direction of a conversation (interfaces, flow direction, type of service) cannot identify a conversation, so
    /// they are collected from the first packet instead.
    ///
    /// # Errors
    /// Every key field that has no meaning in the reverse direction, and why.
    pub fn bidirectional(&self) -> Result<Record, Vec<(&'static str, NotReversible)>> {
        let mut wrong = Vec::new();
        let (mut keys, mut collects) = (Vec::new(), Vec::new());
        for key in &self.keys {
            match key.biflow {
                Biflow::Same => keys.push(*key),
                Biflow::Directional => collects.push(*key),
                Biflow::None => wrong.push((key.words, NotReversible::Field(key.words))),
                Biflow::Swapped(other) => {
                    keys.push(*key);
                    if !self.keys.iter().any(|key| key.words == other) {
                        wrong.push((key.words, NotReversible::Alone(other)));
                    }
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        collects.extend(&self.collects);
        let has = |wanted: fn(&Field) -> bool| collects.iter().any(|field| wanted(field));
        let reverse: Vec<_> = REVERSE_FIELDS
            .iter()
            .filter(|field| match field.source {
                Source::Reverse(Reverse::Octets) => has(|field| field.source == Source::Octets),
                Source::Reverse(Reverse::Packets) => has(|field| field.source == Source::Packets),
                Source::Reverse(Reverse::TcpFlags) => {
                    has(|field| *field.element == TCP_CONTROL_BITS)
                }
                Source::Reverse(Reverse::Start) => has(|field| field.source == Source::First),
                Source::Reverse(Reverse::End) => has(|field| field.source == Source::Last),
                _ => true,
            })
            .collect();
        collects.extend(reverse);
        Ok(Record {
            name: self.name.clone(),
            keys,
            collects,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(keys: &[&str], collects: &[&str]) -> Record {
        Record {
            name: "R".into(),
            keys: keys
                .iter()
                .map(|words| Record::key_field(words).unwrap())
                .collect(),
            collects: collects
                .iter()
                .map(|words| Record::collect_field(words).unwrap())
                .collect(),
        }
    }

    fn words(fields: &[&'static Field]) -> Vec<&'static str> {
        fields.iter().map(|field| field.words).collect()
    }

    #[test]
    fn a_bidirectional_record_collects_what_is_of_a_direction_and_the_counters_twice() {
        let one = record(
            &[
                "ipv4 source address",
                "ipv4 destination address",
                "ipv4 tos",
                "interface input",
            ],
            &["counter bytes", "timestamp sys-uptime last"],
        );
        let both = one.bidirectional().unwrap();
        assert_eq!(
            words(&both.keys),
            ["ipv4 source address", "ipv4 destination address"]
        );
        let expected = [
            "ipv4 tos",
            "interface input",
            "counter bytes",
            "timestamp sys-uptime last",
            "counter bytes reverse",
            "timestamp absolute last reverse",
            "flow biflow-direction",
        ];
        assert_eq!(words(&both.collects), expected);
        assert!(Record::netflow_original().bidirectional().is_ok());
        assert!(Record::flow_accounting().bidirectional().is_ok());
    }

    #[test]
    fn keys_without_a_reverse_are_named() {
        let wrong = record(&["ipv4 source address", "ipv4 ttl"], &[]).bidirectional();
        assert_eq!(
            wrong.unwrap_err(),
            [
                (
                    "ipv4 source address",
                    NotReversible::Alone("ipv4 destination address")
                ),
                ("ipv4 ttl", NotReversible::Field("ipv4 ttl"))
            ]
        );
    }
}
