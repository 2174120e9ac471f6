//! Words of a text with their places, and what is refused before any dialect looks at it.

use std::borrow::Cow;

use crate::source::{Select, SourceLine};
use crate::{Code, Problem};

/// Most octets of a text.
pub const MAX_TEXT: usize = 64 << 20;
/// Most characters of a line, outside JSON.
pub const MAX_LINE: usize = 65_536;
/// Most problems that are reported of one text.
pub const MAX_PROBLEMS: usize = 50;
/// Most levels of braces.
pub const MAX_DEPTH: usize = 32;
/// Most values of one leaf.
pub const MAX_VALUES: usize = 4096;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Characters without a quote.
    Bare,
    /// `"…"`, its escapes undone, or `'…'`, which has none.
    Quoted,
    /// A quote that is not closed on its line.
    Unclosed,
    /// A quoted string with an escape there is not.
    BadEscape,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `[`
    ListOpen,
    /// `]`
    ListClose,
    /// `;`
    Semicolon,
    /// `! …` behind a statement of an IOS line, to the end of the line.
    Remark,
    /// `/*` that is not closed; its place is kept for the end of the text.
    Comment,
}

/// A token of a line.
#[derive(Clone, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) shape: Shape,
    pub(crate) text: Cow<'a, str>,
    pub(crate) place: Span,
    /// First octet in its line.
    pub(crate) start: usize,
    /// Octet after it.
    pub(crate) end: usize,
}

/// Where something stands, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) length: u32,
}

impl Span {
    /// Just behind it.
    pub(crate) fn after(self) -> Span {
        Span {
            column: self.column.saturating_add(self.length),
            length: 1,
            ..self
        }
    }

    /// From its beginning to the end of `last`, when that is on the same line.
    pub(crate) fn to(self, last: Span) -> Span {
        if last.line != self.line || last.column < self.column {
            return self;
        }
        Span {
            length: last.column - self.column + last.length,
            ..self
        }
    }

    pub(crate) fn problem(
        self,
        code: Code,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Problem {
        Problem {
            line: self.line,
            column: self.column,
            length: self.length.max(1),
            message: message.into(),
            code,
            hint,
        }
    }
}

/// Builds the words of one line, counting characters as it goes.
pub(crate) struct Line<'a> {
    text: &'a str,
    number: u32,
    words: Vec<Word<'a>>,
    counted: usize,
    column: u32,
}

impl<'a> Line<'a> {
    pub(crate) fn new(text: &'a str, number: u32) -> Line<'a> {
        Line {
            text,
            number,
            words: Vec::new(),
            counted: 0,
            column: 1,
        }
    }

    /// The words of a line of which something was read over.
    pub(crate) fn of(source: &SourceLine<'a>) -> Line<'a> {
        Line {
            column: source.before + 1,
            ..Line::new(source.text, source.number)
        }
    }

    /// Adds the token at `start..end` of the line; tokens come in their order.
    pub(crate) fn push(&mut self, shape: Shape, start: usize, end: usize) {
        self.column += count(&self.text[self.counted..start]);
        let raw = &self.text[start..end];
        let length = count(raw);
        let place = Span {
            line: self.number,
            column: self.column,
            length,
        };
        self.column += length;
        self.counted = end;
        let (shape, text) = match shape {
            Shape::Quoted if raw.starts_with('\'') => {
                (shape, Cow::Borrowed(&raw[1..raw.len() - 1]))
            }
            Shape::Quoted => unquote(&raw[1..raw.len() - 1]),
            _ => (shape, Cow::Borrowed(raw)),
        };
        self.words.push(Word {
            shape,
            text,
            place,
            start,
            end,
        });
    }

    pub(crate) fn finish(self) -> Vec<Word<'a>> {
        self.words
    }
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Undoes `\"` and `\\`.
fn unquote(text: &str) -> (Shape, Cow<'_, str>) {
    if !text.contains('\\') {
        return (Shape::Quoted, Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some(escaped @ ('"' | '\\')) => plain.push(escaped),
                _ => return (Shape::BadEscape, Cow::Borrowed(text)),
            },
            (c, false) => plain.push(c),
        }
    }
    (Shape::Quoted, Cow::Owned(plain))
}

/// Writes a value so that every dialect but JSON reads it back as one word.
pub(crate) fn quoted(value: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@%+=,".contains(c);
    if !value.is_empty() && value.chars().all(plain) && !value.starts_with('/') {
        return Cow::Borrowed(value);
    }
    Cow::Owned(quoted_always(value))
}

/// Writes a value in double quotes, as every dialect reads it back.
pub fn quoted_always(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Refuses words that no statement can have.
pub(crate) fn vet(words: &[Word]) -> Result<(), Problem> {
    for (i, word) in words.iter().enumerate() {
        match word.shape {
            Shape::Unclosed => {
                return Err(word.place.problem(
                    Code::Syntax,
                    "the quoted string does not end on its line",
                    Some("close it with \"".into()),
                ));
            }
            Shape::BadEscape => {
                return Err(word.place.problem(
                    Code::Syntax,
                    "unknown escape in the quoted string",
                    Some("\\\" and \\\\ are possible".into()),
                ));
            }
            _ => {}
        }
        let texts = |word: &Word| matches!(word.shape, Shape::Bare | Shape::Quoted);
        if let Some(next) = words.get(i + 1)
            && next.place.line == word.place.line
            && next.start == word.end
            && texts(word)
            && texts(next)
        {
            return Err(next.place.problem(
                Code::Syntax,
                "a quoted string touches another word",
                Some("put a space between them, or the whole in quotes".into()),
            ));
        }
    }
    Ok(())
}

/// Refuses a line with what cannot stand in a statement. A router's text, of which parts are read, may be in another encoding elsewhere:
/// what is not UTF-8 in it has become U+FFFD.
pub(crate) fn printable(source: &SourceLine, select: Select) -> Result<(), Problem> {
    let text = source.text;
    let wrong = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\r'))
            || c == '\u{feff}'
            || (c == '\u{fffd}' && select != Select::All)
    };
    // The byte order mark that some editors put first is no error.
    let first = source.number == 1 && source.before == 0;
    let mark = usize::from(first && text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
    let Some(at) = text[mark..].find(wrong).map(|at| at + mark) else {
        return Ok(());
    };
    let c = text[at..].chars().next().unwrap_or_default();
    let place = Span {
        line: source.number,
        column: source.before + count(&text[..at]) + 1,
        length: 1,
    };
    Err(unprintable(place, c))
}

fn unprintable(place: Span, c: char) -> Problem {
    let message = match c {
        '\u{fffd}' => "this is not UTF-8 text".to_owned(),
        c => format!(
            "the character U+{:04X} cannot stand in a configuration",
            u32::from(c)
        ),
    };
    place.problem(
        Code::Syntax,
        message,
        Some("this does not look like text".into()),
    )
}

/// Refuses texts that are too long; with `lines`, also those with a line too long, and with `characters`, those with what is no text.
pub(crate) fn sane(text: &str, lines: bool, characters: bool) -> Result<(), Problem> {
    if text.len() > MAX_TEXT {
        let place = Span {
            line: 1,
            column: 1,
            length: 1,
        };
        return Err(place.problem(
            Code::OutOfRange,
            format!("the text has {} octets", text.len()),
            Some(format!("{MAX_TEXT} are possible")),
        ));
    }
    for (line, number) in text.split('\n').zip(1..) {
        // A line of so many octets may have fewer characters; count them only then.
        if lines && line.len() > MAX_LINE && line.chars().nth(MAX_LINE).is_some() {
            let place = Span {
                line: number,
                column: MAX_LINE as u32 + 1,
                length: 1,
            };
            return Err(place.problem(
                Code::OutOfRange,
                "the line is too long",
                Some(format!("{MAX_LINE} characters are possible")),
            ));
        }
        let wrong = |c: char| (c.is_control() && !matches!(c, '\t' | '\r')) || c == '\u{feff}';
        if !characters {
            continue;
        }
        if let Some(at) = line.find(wrong) {
            // The byte order mark that some editors put first is no error.
            if at == 0 && number == 1 && line.starts_with('\u{feff}') && !line[3..].contains(wrong)
            {
                continue;
            }
            let c = line[at..].chars().next().unwrap_or_default();
            let place = Span {
                line: number,
                column: count(&line[..at]) + 1,
                length: 1,
            };
            return Err(unprintable(place, c));
        }
    }
    Ok(())
}
