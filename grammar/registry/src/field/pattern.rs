//! Fields with a parameter in their words: `ipv4 section header size 32`, `transport tcp flags ack syn`.

use parking_lot::Mutex;

use super::{FIELDS, Field, Source};

/// A parameter at the end of a field's words in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `<1-64>`: a number of octets.
    Length {
        /// The largest number.
        most: u8,
    },
    /// `{ack|cwr|…}`: one of the TCP flags or several.
    Flags,
}

/// TCP flags by name, in the order in which they are written, with their bits in octet 13 of the TCP header (RFC 9293
/// §3.1).
pub const FLAGS: [(&str, u8); 8] = [
    ("ack", 0x10),
    ("cwr", 0x80),
    ("ece", 0x40),
    ("fin", 0x01),
    ("psh", 0x08),
    ("rst", 0x04),
    ("syn", 0x02),
    ("urg", 0x20),
];

impl Parameter {
    /// The parameter in a row's words.
    pub(super) fn of(words: &str) -> Option<Parameter> {
        let (_, last) = words.rsplit_once(' ')?;
        match last.as_bytes().first()? {
            b'{' => Some(Parameter::Flags),
            b'<' => {
                let most = last.strip_suffix('>')?.rsplit('-').next()?.parse().ok()?;
                Some(Parameter::Length { most })
            }
            _ => None,
        }
    }
}

/// Fields made of rows with a parameter. They are never freed; there are less than a thousand possible ones. The lock is
/// taken when a configuration is read, never for a packet.
static MADE: Mutex<Vec<&'static Field>> = Mutex::new(Vec::new());

/// Returns the field with these words, which are those of a row with its parameter written out.
pub(super) fn find(words: &str) -> Option<&'static Field> {
    let row = |field: &&Field| {
        let (start, _) = field.words.rsplit_once(' ').unwrap_or_default();
        field.parameter().is_some()
            && words
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(' '))
    };
    let row = FIELDS.iter().find(row)?;
    let (start, _) = row.words.rsplit_once(' ')?;
    let written = words.get(start.len() + 1..)?;
    let made = match row.parameter()? {
        Parameter::Length { most } => with_length(row, start, written, most)?,
        Parameter::Flags => with_flags(row, start, written)?,
    };
    let mut known = MADE.lock();
    if let Some(known) = known.iter().find(|known| known.words == made.words) {
        return Some(known);
    }
    let made: &'static Field = Box::leak(Box::new(Field {
        words: made.words.leak(),
        ..made.field
    }));
    known.push(made);
    Some(made)
}

struct Made {
    words: String,
    field: Field,
}

fn with_length(row: &Field, start: &str, written: &str, most: u8) -> Option<Made> {
    let len = written
        .parse()
        .ok()
        .filter(|len| (1..=most).contains(len))?;
    let Source::Header(span, how) = row.source else {
        return None;
    };
    Some(Made {
        words: format!("{start} {len}"),
        field: Field {
            len,
            source: Source::Header(span.first(len), how),
            ..*row
        },
    })
}

fn with_flags(row: &Field, start: &str, written: &str) -> Option<Made> {
    let mut bits = 0;
    for word in written.split(' ') {
        let (_, bit) = FLAGS.iter().find(|(name, _)| *name == word)?;
        bits |= bit;
    }
    let names: Vec<&str> = FLAGS
        .iter()
        .filter(|(_, bit)| bits & bit != 0)
        .map(|(name, _)| *name)
        .collect();
    Some(Made {
        words: format!("{start} {}", names.join(" ")),
        field: Field { bits, ..*row },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_the_fields() {
        let field = Field::by_words("ipv4 section header size 20").unwrap();
        assert_eq!(
            (field.len, field.element),
            (20, &crate::element::IP_HEADER_PACKET_SECTION)
        );
        assert_eq!(field.span(), Some(wire::at::IP_SECTION.first(20)));
        assert!(std::ptr::eq(
            field,
            Field::by_words("ipv4 section header size 020").unwrap()
        ));
        for wrong in ["0", "65", "x", "", "-1", "20 20", "<1-64>", "300"] {
            let words = format!("ipv4 section header size {wrong}");
            assert_eq!(Field::by_words(&words), None, "{words}");
        }
        assert_eq!(Field::by_words("ipv4 section header size"), None);
    }

    #[test]
    fn flags_are_one_field_in_any_order() {
        let field = Field::by_words("transport tcp flags syn ack").unwrap();
        assert_eq!(
            (field.words, field.bits),
            ("transport tcp flags ack syn", 0x12)
        );
        assert!(std::ptr::eq(
            field,
            Field::by_words("transport tcp flags ack syn").unwrap()
        ));
        let all: Vec<&str> = FLAGS.iter().map(|(name, _)| *name).collect();
        let all = Field::by_words(&format!("transport tcp flags {}", all.join(" "))).unwrap();
        assert_eq!(all.bits, 0xff);
        assert_eq!(Field::by_words("transport tcp flags ns"), None);
        assert_eq!(Field::by_words("transport tcp flags").unwrap().bits, 0xff);
    }

    #[test]
    fn the_table_says_what_is_taken() {
        let rows: Vec<_> = FIELDS
            .iter()
            .filter(|field| field.parameter().is_some())
            .collect();
        assert_eq!(rows.len(), 5);
        for row in rows {
            match row.parameter() {
                Some(Parameter::Length { most }) => assert_eq!(most, row.len),
                _ => assert!(
                    row.words
                        .ends_with(&format!(" {{{}}}", FLAGS.map(|(name, _)| name).join("|")))
                ),
            }
        }
    }
}
