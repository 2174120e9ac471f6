//! The report of an import, and parsing of command lines.

use super::{Origin, Remark};

/// Most remarks of a report.
const MAX_REMARKS: usize = 1000;

/// Most words of a command line.
pub(super) const MAX_WORDS: usize = 4096;

/// The place of a part of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) origin: Origin,
    pub(super) line: u32,
}

/// The place of remarks about a command line.
pub(super) const HERE: Place = Place {
    origin: Origin::Arguments,
    line: 1,
};

/// A report in the making.
#[derive(Debug, Default)]
pub(super) struct Remarks(pub(super) Vec<Remark>);

impl Remarks {
    pub(super) fn lost(&mut self, place: Place, text: &str, why: impl Into<String>) {
        self.add(place, text, why.into(), true);
    }

    pub(super) fn differs(&mut self, place: Place, text: &str, why: impl Into<String>) {
        self.add(place, text, why.into(), false);
    }

    fn add(&mut self, place: Place, text: &str, why: String, lost: bool) {
        let why = match self.0.len() {
            ..MAX_REMARKS => why,
            MAX_REMARKS => "further remarks are left out".to_owned(),
            _ => return,
        };
        self.0.push(Remark {
            origin: place.origin,
            line: place.line,
            text: text.to_owned(),
            why,
            lost,
        });
    }
}

/// Returns the words of a command line after the program's name (and `sudo`), if it begins with that.
pub(super) fn behind(program: &str, line: &str, remarks: &mut Remarks) -> Vec<String> {
    let mut words = words(line);
    if words.len() > MAX_WORDS {
        words.truncate(MAX_WORDS);
        remarks.lost(HERE, "…", format!("{MAX_WORDS} words are read"));
    }
    let named = |word: &String| word.rsplit('/').next() == Some(program);
    let at = words.iter().take(4).position(named);
    words.split_off(at.map_or(0, |at| at + 1))
}

/// A program with options of one letter, which are parsed like getopt(3) does.
pub(super) trait Options {
    /// The letters of options with a value.
    const WITH_VALUE: &'static str;

    /// Handles an option without a value.
    fn flag(&mut self, option: char, remarks: &mut Remarks);

    /// Handles an option with a value.
    fn value(&mut self, option: char, value: String, remarks: &mut Remarks);

    /// Parses the options in a word such as `Sf` or `p2055`. The value of the last option may be the next word.
    fn options(
        &mut self,
        word: &str,
        words: &mut impl Iterator<Item = String>,
        remarks: &mut Remarks,
    ) {
        let mut rest = word;
        while let Some(option) = rest.chars().next() {
            rest = &rest[option.len_utf8()..];
            if !Self::WITH_VALUE.contains(option) {
                self.flag(option, remarks);
                continue;
            }
            let value = match std::mem::take(&mut rest) {
                "" => words.next(),
                value => Some(value.to_owned()),
            };
            match value {
                Some(value) => self.value(option, value, remarks),
                None => remarks.lost(HERE, &format!("-{option}"), "its value is missing"),
            }
        }
    }
}

/// Returns the name and the value, without quotes, of an assignment of a shell, with or without `export`.
pub(super) fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(letter) {
        return None;
    }
    let mut words = words(value).into_iter();
    // What is not quoted reaches to the end of the line (systemd.exec(5)), or to a comment.
    let value = match value.trim_start().starts_with(['"', '\'']) {
        true => words.next().unwrap_or_default(),
        false => {
            let kept = words.take_while(|word| !word.starts_with('#'));
            kept.collect::<Vec<_>>().join(" ")
        }
    };
    Some((name, value))
}

/// Splits a line into words like a shell does, with quotes of both kinds and backslashes.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => {
                let next = chars.next();
                // A backslash at the end of a line continues it.
                word.get_or_insert_default()
                    .extend(next.filter(|next| *next != '\n'));
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words.retain(|word| !word.is_empty());
    words
}
