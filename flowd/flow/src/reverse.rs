//! Octets of the biflow counters of a flow.
//!
//! A flow's totals count both directions, so every sum over flows is right, whether they are bidirectional or not.
//! The share of the reverse direction lies behind the flow's other octets in network byte order, mostly in the form
//! in which it is exported.

use registry::element::TCP_CONTROL_BITS;
use registry::field::REVERSE_FIELDS;
use registry::{Biflow, Field, Reverse, Source};

use crate::batch::{Flow, Totals};
use crate::record::Record;

/// Octets that a flow has for its reverse direction, and for its forward one apart from it.
pub const LEN: usize = 52;

/// Offset of a reverse field in the last [`LEN`] octets of a flow, where it lies in network byte order.
pub(crate) const fn offset(what: Reverse) -> usize {
    match what {
        Reverse::Packets => 0,
        Reverse::Octets => 8,
        Reverse::Start => 16,
        Reverse::End => 24,
        Reverse::TcpFlags => 32,
        Reverse::Direction => 33,
    }
}

/// Why a record cannot be used for bidirectional flows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReversible {
    /// The value of a key field is unrelated in the packets of the reverse direction.
    #[error(
        "packets that come back have a {0} of their own, so that it cannot be matched in a bidirectional cache"
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

/// What lies in a flow's last [`LEN`] octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BiflowCounters {
    /// Packets in the reverse direction.
    pub packets: u64,
    /// Their IP octets.
    pub octets: u64,
    /// Time of the first of them, milliseconds since 1970; the flow's start while there is none.
    pub start_ms: u64,
    /// Time of the last of them.
    pub end_ms: u64,
    /// Their TCP flags.
    pub flags: u8,
    /// `biflowDirection` (element 239).
    pub direction: u8,
    /// TCP flags of the packets in the forward direction.
    pub forward_flags: u16,
    /// Time of the first packet in the forward direction, nanoseconds since 1970.
    pub first_ns: u64,
    /// Time of the last packet in the forward direction.
    pub last_ns: u64,
}

impl BiflowCounters {
    /// Decodes the counters from [`LEN`] octets.
    pub fn read(octets: &[u8]) -> BiflowCounters {
        let number = |at: usize| {
            let octets = octets
                .get(at..at + 8)
                .and_then(|octets| octets.try_into().ok());
            u64::from_be_bytes(octets.unwrap_or_default())
        };
        let octet = |at: usize| octets.get(at).copied().unwrap_or_default();
        BiflowCounters {
            packets: number(offset(Reverse::Packets)),
            octets: number(offset(Reverse::Octets)),
            start_ms: number(offset(Reverse::Start)),
            end_ms: number(offset(Reverse::End)),
            flags: octet(offset(Reverse::TcpFlags)),
            direction: octet(offset(Reverse::Direction)),
            forward_flags: u16::from_be_bytes([octet(34), octet(35)]),
            first_ns: number(36),
            last_ns: number(44),
        }
    }

    /// Encodes the counters into the [`LEN`] octets of `out`.
    pub fn write(&self, out: &mut [u8]) {
        let mut octets = [0; LEN];
        let mut put = |at: usize, number: u64| {
            octets[at..at + 8].copy_from_slice(&number.to_be_bytes());
        };
        put(offset(Reverse::Packets), self.packets);
        put(offset(Reverse::Octets), self.octets);
        put(offset(Reverse::Start), self.start_ms);
        put(offset(Reverse::End), self.end_ms);
        put(36, self.first_ns);
        put(44, self.last_ns);
        octets[offset(Reverse::TcpFlags)] = self.flags;
        octets[offset(Reverse::Direction)] = self.direction;
        octets[34..36].copy_from_slice(&self.forward_flags.to_be_bytes());
        out.copy_from_slice(&octets);
    }
}

impl Flow<'_> {
    /// The totals of the forward direction only; of a unidirectional flow, those of all its packets.
    #[inline]
    pub fn forward(&self) -> Totals {
        match self.layout.biflow_range() {
            None => *self.totals,
            Some(range) => forward(self.totals, &self.octets[range]),
        }
    }
}

fn forward(totals: &Totals, octets: &[u8]) -> Totals {
    let biflow = BiflowCounters::read(octets);
    let packets = totals.packets.saturating_sub(biflow.packets);
    let (first_ns, last_ns) = match packets {
        0 => (totals.first_ns, totals.last_ns),
        _ => (biflow.first_ns, biflow.last_ns),
    };
    Totals {
        first_ns,
        last_ns,
        packets,
        octets: totals.octets.saturating_sub(biflow.octets),
        tcp_flags: biflow.forward_flags,
        end: totals.end,
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

    #[test]
    fn biflow_counters_are_read_as_written() {
        let biflow = BiflowCounters {
            packets: 1,
            octets: 2,
            start_ms: 3,
            end_ms: 4,
            flags: 5,
            direction: 6,
            forward_flags: 0x0708,
            first_ns: 9,
            last_ns: 1 << 60,
        };
        let mut octets = [0xee; LEN];
        biflow.write(&mut octets);
        assert_eq!(BiflowCounters::read(&octets), biflow);
        for (field, value) in REVERSE_FIELDS.iter().zip([2, 1, 5, 3, 4, 6]) {
            let Source::Reverse(what) = field.source else {
                panic!("{field:?}")
            };
            let read = octets[offset(what)..][..usize::from(field.len)]
                .iter()
                .fold(0, |sum, octet| sum << 8 | u64::from(*octet));
            assert_eq!(read, value, "{}", field.words);
        }
    }
}
