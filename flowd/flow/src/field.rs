//! The registry: one row for every field a record can match or collect. Key building, cache layout,
//! templates, screens, JSON names and completion all read the table in `field/table.rs`.

mod pattern;
mod table;

use wire::{Family, Span};

pub use pattern::Parameter;
pub use table::{FIELDS, REFUSED};

/// How a value is shown and typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number written in hexadecimal on screens (`0xC0`).
    Hex,
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

/// What a collected value does when a further packet of the flow arrives.
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

/// Where a field's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The packet's headers.
    Header(Span, Aggregate),
    /// Octets of the flow's packets.
    Octets,
    /// Packets of the flow.
    Packets,
    /// Flows in the record: 1.
    Flows,
    /// The first packet's time.
    First,
    /// The last packet's time.
    Last,
    /// Why the flow ended.
    EndReason,
    /// What came back, of a bidirectional flow; where it lies in the last [`crate::reverse::LEN`] octets.
    Reverse(Span),
}

/// One row of the registry.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The words after `match` or `collect`; in [`FIELDS`] a parameter stands for itself, see [`Parameter`].
    pub words: &'static str,
    /// IANA information element number. The NetFlow v9 field type is the same, as Flexible NetFlow has it: types above
    /// 127, which v9's own list does not know, are the element's number too.
    pub element: u16,
    /// IANA information element name.
    pub name: &'static str,
    /// Octets in a template.
    pub len: u8,
    /// The bits of a value of one octet that are wanted; all of any other.
    pub bits: u8,
    /// How it is shown.
    pub kind: Kind,
    /// Where it comes from.
    pub source: Source,
    /// The family it exists in; `None` for both.
    pub family: Option<Family>,
    /// May be matched.
    pub key: bool,
    /// May be collected.
    pub collect: bool,
    /// Column heading on the cache screen.
    pub column: &'static str,
    /// Name in `format record` and `format csv`.
    pub label: &'static str,
    /// Column width; 0: the heading's.
    pub width: u8,
    /// One line of help.
    pub help: &'static str,
}

impl Field {
    /// Finds a field by its words, single-spaced, a parameter written out.
    pub fn by_words(words: &str) -> Option<&'static Field> {
        let plain = |field: &&Field| field.words == words && field.parameter().is_none();
        FIELDS.iter().find(plain).or_else(|| pattern::find(words))
    }

    /// What is to be written out in its words.
    pub fn parameter(&self) -> Option<Parameter> {
        Parameter::of(self.words)
    }

    /// Where the value lies in the packet's headers, if it does.
    pub fn span(&self) -> Option<Span> {
        match self.source {
            Source::Header(span, _) => Some(span),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole() {
        for (i, field) in FIELDS.iter().enumerate() {
            assert!(field.key || field.collect, "{}", field.words);
            assert!(
                !field.help.is_empty() && !field.name.is_empty() && !field.label.is_empty(),
                "{}",
                field.words
            );
            assert!(
                FIELDS
                    .iter()
                    .skip(i + 1)
                    .all(|other| other.words != field.words),
                "{} twice",
                field.words
            );
            if let Some(span) = field.span() {
                assert_eq!(span.len, field.len, "{}", field.words);
                assert!(span.range().end <= wire::Header::LEN);
                assert!(field.len == 1 || field.bits == 0xff, "{}", field.words);
            }
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
}
