//! The fields that a flow record can match and collect: one row for each, in `field/table.rs`.
//!
//! The language takes its words, completion and help from a row; the layout of a flow, templates, screens and JSON take the
//! rest. An information element that no row names is known to decoders only.

mod pattern;
mod table;

use wire::Span;

pub use wire::Family;

use crate::element::{DataType, Element, Semantics};

pub use pattern::{FLAGS, Parameter};
pub use table::{FIELDS, REFUSED, REVERSE_FIELDS, word_help};

/// One field of a flow record.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The words after `match` or `collect`, single-spaced. In [`FIELDS`] the last word may be a [`Parameter`].
    pub words: &'static str,
    /// The information element. The NetFlow v9 field type is the same, as Flexible NetFlow has it: types above 127, which
    /// v9's own list does not know, are the element's number too.
    pub element: &'static Element,
    /// Octets in a template; fewer than the element's in reduced-size encoding (RFC 7011 §6.2).
    pub len: u8,
    /// A mask over the value, if it has one octet: the bits that belong to the field.
    pub bits: u8,
    /// The kind of its values, which decides how they are shown and typed.
    pub kind: Kind,
    /// The source of its values.
    pub source: Source,
    /// The IP version it exists in; `None` for both.
    pub family: Option<Family>,
    /// Whether it may be matched.
    pub key: bool,
    /// Whether it may be collected.
    pub collect: bool,
    /// How a key field's value in packets of the reverse direction relates to it.
    pub biflow: Biflow,
    /// Its largest value, if that is less than its octets can hold and IANA gives no range.
    most: Option<u64>,
    /// Column heading on the cache screen.
    pub column: &'static str,
    /// Name in `format record` and `format csv`.
    pub label: &'static str,
    /// Column width; 0 for that of the heading.
    pub width: u8,
    /// nfdump's name of the field, as in `nfdump -o fmt:%NAME`.
    pub nfdump: Option<&'static str>,
    /// One line of help.
    pub help: &'static str,
}

/// The kind of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number written in hexadecimal on screens (`0xC0`).
    Hex,
    /// An IP protocol number; protocols have names.
    Protocol,
    /// A DSCP; the standardised ones have names.
    Dscp,
    /// An address of four octets.
    Ipv4,
    /// An address of sixteen octets.
    Ipv6,
    /// A MAC address.
    Mac,
    /// An `ifIndex`, shown as the interface's name.
    Interface,
    /// 0 input, 1 output.
    Direction,
    /// Milliseconds since the exporter started.
    Uptime,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970; in templates an NTP timestamp (RFC 7011 §6.1.9).
    Micros,
    /// Nanoseconds since 1970; in templates an NTP timestamp (RFC 7011 §6.1.10).
    Nanos,
    /// A `flowEndReason`.
    EndReason,
    /// An MPLS label stack entry without its time to live (RFC 3032 §2.1).
    Label,
    /// Octets as they were in the packet.
    Octets,
}

/// How a collected value changes when a further packet of the flow arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Keeps the first packet's value.
    First,
    /// Bitwise or.
    Or,
    /// Keeps the smallest.
    Min,
    /// Keeps the largest.
    Max,
}

/// The source of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The packet's headers.
    Header(Span, Aggregate),
    /// The cache's count of the flow's octets.
    Octets,
    /// The cache's count of the flow's packets.
    Packets,
    /// Flows in the record: 1.
    Flows,
    /// The first packet's time.
    First,
    /// The last packet's time.
    Last,
    /// Why the flow ended.
    EndReason,
    /// A counter of the reverse direction of a bidirectional flow.
    Reverse(Reverse),
}

/// The counters of a flow's reverse direction in a bidirectional cache (RFC 5103).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverse {
    /// Octets of the packets in the reverse direction.
    Octets,
    /// Packets in the reverse direction.
    Packets,
    /// TCP flags of the packets in the reverse direction.
    TcpFlags,
    /// Time of the first of them, milliseconds since 1970.
    Start,
    /// Time of the last of them, milliseconds since 1970.
    End,
    /// Which side initiated the flow (`biflowDirection`).
    Direction,
}

/// How a key field's value in packets of the reverse direction relates to the forward one, which decides whether a
/// bidirectional cache can match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Biflow {
    /// The value is the same.
    Same,
    /// The value is that of the field with these words, and the other way round.
    Swapped(&'static str),
    /// The value belongs to one direction, not to the conversation. A bidirectional cache collects it from the first packet.
    Directional,
    /// The values are unrelated, because each packet has its own.
    None,
}

impl Kind {
    /// Returns the kind of an element's values by its data type and semantics.
    pub const fn of(element: &Element) -> Kind {
        match element.data_type {
            DataType::Ipv4Address => Kind::Ipv4,
            DataType::Ipv6Address => Kind::Ipv6,
            DataType::MacAddress => Kind::Mac,
            DataType::DateTimeMilliseconds => Kind::Millis,
            DataType::DateTimeMicroseconds => Kind::Micros,
            DataType::DateTimeNanoseconds => Kind::Nanos,
            DataType::OctetArray => Kind::Octets,
            _ => match element.semantics {
                Semantics::Flags => Kind::Hex,
                _ => Kind::Number,
            },
        }
    }
}

impl Field {
    /// Finds a field by its words, single-spaced, with a parameter written out.
    pub fn by_words(words: &str) -> Option<&'static Field> {
        let plain = |field: &&Field| field.words == words && field.parameter().is_none();
        FIELDS.iter().find(plain).or_else(|| pattern::find(words))
    }

    /// Returns IANA's name of its element.
    pub const fn name(&self) -> &'static str {
        self.element.name
    }

    /// Returns the parameter in its words.
    pub fn parameter(&self) -> Option<Parameter> {
        Parameter::of(self.words)
    }

    /// Returns its words as they may be written: with a number for `<1-64>`, and two words of `{ack|cwr|…}`.
    pub fn example(&self) -> String {
        let start = self.words.rsplit_once(' ').map_or("", |(start, _)| start);
        match self.parameter() {
            Some(Parameter::Length { most }) => format!("{start} {}", most / 2),
            Some(Parameter::Flags) => format!("{start} {} {}", FLAGS[0].0, FLAGS[1].0),
            None => self.words.to_owned(),
        }
    }

    /// Where the value lies in the packet's headers, if it does.
    pub fn span(&self) -> Option<Span> {
        match self.source {
            Source::Header(span, _) => Some(span),
            _ => None,
        }
    }

    /// The largest number that a value can be.
    pub fn largest(&self) -> u64 {
        let range = self.element.range.map(|(_, high)| high);
        let largest = self.most.or(range).or(self.element.data_type.max());
        // Of a header's value there is no more than its octets hold; counters are narrowed only when they are exported.
        let room = self
            .span()
            .and_then(|span| 1_u64.checked_shl(8 * u32::from(span.len)));
        let largest = largest.unwrap_or(u64::MAX);
        room.map_or(largest, |room| largest.min(room - 1))
    }

    const fn kind(mut self, kind: Kind) -> Field {
        self.kind = kind;
        self
    }

    const fn len(mut self, len: u8) -> Field {
        self.len = len;
        self
    }

    const fn most(mut self, most: u64) -> Field {
        self.most = Some(most);
        self
    }

    const fn biflow(mut self, biflow: Biflow) -> Field {
        self.biflow = biflow;
        self
    }

    const fn nfdump(mut self, name: &'static str) -> Field {
        self.nfdump = Some(name);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        for (i, field) in FIELDS.iter().enumerate() {
            let words = field.words;
            assert!(field.key || field.collect, "{words}");
            assert!(!field.help.is_empty() && !field.column.is_empty() && !field.label.is_empty());
            let others = &FIELDS[i + 1..];
            assert!(
                others.iter().all(|other| other.words != words),
                "{words} twice"
            );
            let full = field.element.data_type.octets();
            match full {
                Some(full) if full != field.len => {
                    assert!(
                        field.len < full && field.element.data_type.is_reducible(),
                        "{words}"
                    );
                }
                _ => {}
            }
            if let Some(span) = field.span() {
                assert_eq!(span.len, field.len, "{words}");
                assert!(span.range().end <= wire::Header::LEN);
                assert!(field.len == 1 || field.bits == 0xff, "{words}");
            }
            let example = Field::by_words(&field.example()).unwrap_or_else(|| panic!("{words}"));
            assert_eq!(example.element, field.element);
        }
    }

    #[test]
    fn values_are_what_their_elements_say() {
        for field in FIELDS.iter().chain(REVERSE_FIELDS) {
            let plain = Kind::of(field.element);
            let fits = match field.kind {
                // Numbers with names, or written in another way.
                Kind::Number | Kind::Hex => matches!(plain, Kind::Number | Kind::Hex),
                Kind::Protocol
                | Kind::Dscp
                | Kind::Interface
                | Kind::Direction
                | Kind::Uptime
                | Kind::EndReason => plain == Kind::Number,
                Kind::Label => plain == Kind::Octets,
                kind => plain == kind,
            };
            assert!(
                fits,
                "{}: {:?} of {:?}",
                field.words, field.kind, field.element
            );
            let room = 1_u64.checked_shl(8 * u32::from(field.len));
            let headers = field.span().is_some();
            assert!(
                !headers || room.is_none_or(|room| field.largest() < room),
                "{}",
                field.words
            );
            if let Some(most) = field.most {
                assert!(
                    field.element.range.is_none(),
                    "{}: IANA gives a range",
                    field.words
                );
                assert_eq!(most, field.largest(), "{}", field.words);
            }
        }
    }

    #[test]
    fn fields_that_change_places_do_so_both_ways() {
        for field in FIELDS {
            if let Biflow::Swapped(other) = field.biflow {
                let other = Field::by_words(other).unwrap();
                assert_eq!(other.biflow, Biflow::Swapped(field.words));
            }
        }
        for field in REVERSE_FIELDS {
            let reverse = field.element.enterprise == crate::element::REVERSE_ENTERPRISE;
            assert!(reverse || field.element == &crate::element::BIFLOW_DIRECTION);
            assert!(FIELDS.iter().all(|other| other.words != field.words));
        }
    }

    #[test]
    fn refused_fields_are_not_also_accepted() {
        for (words, why) in REFUSED {
            assert!(
                Field::by_words(words).is_none() && !why.is_empty(),
                "{words}"
            );
        }
    }

    #[test]
    fn every_word_that_fields_share_has_help() {
        for field in FIELDS {
            let words: Vec<&str> = field.words.split(' ').collect();
            for at in 0..words.len() {
                let mut under = FIELDS.iter().filter(|other| {
                    let other: Vec<&str> = other.words.split(' ').collect();
                    other.get(..=at) == Some(&words[..=at])
                });
                if under.nth(1).is_some() && !words[at].starts_with(['<', '{']) {
                    assert!(word_help(words[at]).is_some(), "{}", words[..=at].join(" "));
                }
            }
        }
    }
}
