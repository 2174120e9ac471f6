//! The words of `match` and `collect`: how the registry's fields are written, abbreviated and completed.

use registry::field::{FLAGS, REFUSED, word_help};
use registry::{FIELDS, Field, Parameter};

use crate::Code;

/// Why words name no field: which of them is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoField {
    /// Index of the wrong word; the number of words when one is missing.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What kind of thing is wrong.
    pub(crate) code: Code,
    /// What would be right.
    pub(crate) hint: Option<String>,
}

/// A parameter that stands for other words at the end of a field's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blank {
    /// The words before it.
    start: &'static str,
    /// How it is shown: `<1-64>`, `{ack|cwr|…}`.
    word: &'static str,
    parameter: Parameter,
}

impl Blank {
    fn of(field: &Field) -> Option<Blank> {
        let (start, word) = field.words.rsplit_once(' ')?;
        let parameter = field.parameter()?;
        Some(Blank {
            start,
            word,
            parameter,
        })
    }

    /// The number of words before it.
    fn at(&self) -> usize {
        self.start.split(' ').count()
    }

    /// The words written for it; else the index of the wrong one and why.
    fn read(&self, written: &[&str], abbreviate: bool) -> Result<String, NoField> {
        match (self.parameter, written) {
            (parameter, []) => Err(NoField {
                at: 0,
                message: "the field is not complete".into(),
                code: Code::MissingValue,
                hint: Some(match parameter {
                    Parameter::Length { .. } => format!("possible: {}", self.word),
                    Parameter::Flags => super::list("possible", flags()),
                }),
            }),
            (Parameter::Length { most }, [number, more @ ..]) => {
                let value = number.parse::<u8>().ok();
                let Some(value) = value.filter(|value| (1..=most).contains(value)) else {
                    let word = self.word;
                    return Err(NoField {
                        at: 0,
                        message: format!("{} is not a number of {word}", super::shown(number)),
                        code: Code::InvalidValue,
                        hint: Some(format!("1 to {most} is expected")),
                    });
                };
                match more.first() {
                    None => Ok(value.to_string()),
                    Some(more) => Err(NoField {
                        at: 1,
                        message: format!("unknown word {}", super::shown(more)),
                        code: Code::UnknownWord,
                        hint: Some("the field ends before it".into()),
                    }),
                }
            }
            (Parameter::Flags, written) => {
                let mut picked = Vec::new();
                for (at, word) in written.iter().enumerate() {
                    match pick_word(word, flags(), abbreviate) {
                        Ok(word) => picked.push(word),
                        Err(no) => return Err(NoField { at, ..no }),
                    }
                }
                let words = flags().filter(|word| picked.contains(word));
                Ok(words.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// The TCP flags, in the order they are written in once they are read.
fn flags() -> impl Iterator<Item = &'static str> + Clone {
    FLAGS.iter().map(|(name, _)| *name)
}

/// A field as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its row.
    pub(crate) field: &'static Field,
    /// Its words, written out.
    pub(crate) words: String,
}

/// Finds a field by its words; `key`: it is to be matched, else collected. With `abbreviate` a unique
/// beginning of a word will do.
pub(crate) fn find(words: &[&str], key: bool, abbreviate: bool) -> Result<Found, NoField> {
    for (refused, why) in REFUSED {
        if refused.split(' ').count() <= words.len()
            && refused.split(' ').zip(words).all(|(a, b)| a == *b)
        {
            return Err(NoField {
                at: 0,
                message: format!("{refused} cannot be recorded: {why}"),
                code: Code::NotHere,
                hint: Some("leave it out".into()),
            });
        }
    }
    let found = spell(words, abbreviate)?;
    let only = |what, verb| NoField {
        at: 0,
        message: format!("{} {what}", found.words),
        code: Code::NotHere,
        hint: Some(format!("write {verb} {}", found.words)),
    };
    match (key, found.field.key, found.field.collect) {
        (true, false, _) => Err(only("can be collected, not matched", "collect")),
        (false, _, false) => Err(only("can be matched, not collected", "match")),
        _ => Ok(found),
    }
}

/// The row of a field's words as [`find`] gives them.
pub(crate) fn named(words: &str) -> Option<&'static Field> {
    let words: Vec<&str> = words.split(' ').collect();
    spell(&words, false).ok().map(|found| found.field)
}

fn spell(words: &[&str], abbreviate: bool) -> Result<Found, NoField> {
    let mut left: Vec<&'static Field> = FIELDS.iter().collect();
    let mut spelled: Vec<&str> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let options = next_words(&left, at);
        let picked = match (
            pick_word(word, options.iter().copied(), abbreviate),
            blank(&left, at),
        ) {
            (Ok(picked), _) => picked,
            (Err(_), Some((field, blank))) => {
                let read = blank.read(&words[at..], abbreviate);
                let read = read.map_err(|no| NoField {
                    at: at + no.at,
                    ..no
                })?;
                spelled.push(&read);
                let words = spelled.join(" ");
                return Ok(Found { field, words });
            }
            (Err(no), None) => return Err(NoField { at, ..no }),
        };
        spelled.push(picked);
        left.retain(|field| field.words.split(' ').nth(at) == Some(picked));
    }
    let whole = left
        .iter()
        .find(|field| field.words.split(' ').count() == words.len());
    if let Some(field) = whole {
        let words = spelled.join(" ");
        return Ok(Found { field, words });
    }
    let mut possible: Vec<&str> = next_words(&left, words.len());
    possible.extend(left.iter().filter_map(|field| {
        let blank = Blank::of(field)?;
        let number = matches!(blank.parameter, Parameter::Length { .. });
        (number && blank.at() == words.len()).then_some(blank.word)
    }));
    Err(NoField {
        at: words.len(),
        message: "the field is not complete".to_owned(),
        code: Code::MissingValue,
        hint: Some(super::list("possible", possible)),
    })
}

/// The word meant, or why there is none; the caller says where.
fn pick_word(
    word: &str,
    options: impl Iterator<Item = &'static str> + Clone,
    abbreviate: bool,
) -> Result<&'static str, NoField> {
    let (code, message, hint) = match super::pick(word, options.clone(), abbreviate) {
        super::Pick::One(picked) => return Ok(picked),
        super::Pick::None => {
            let hint = match options.clone().next() {
                None => "the field ends before it".into(),
                Some(_) => super::suggest(word, options),
            };
            let message = format!("unknown word {}", super::shown(word));
            (Code::UnknownWord, message, hint)
        }
        super::Pick::Many(many) => (
            Code::Ambiguous,
            format!("{} is ambiguous", super::shown(word)),
            super::list("possible", many),
        ),
    };
    let hint = Some(hint);
    Err(NoField {
        at: 0,
        message,
        code,
        hint,
    })
}

/// The words that can stand at position `at` of `fields` as they are, each once, in table order.
fn next_words(fields: &[&'static Field], at: usize) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    for field in fields {
        if let Some(word) = field.words.split(' ').nth(at)
            && !word.starts_with(['<', '{'])
            && !words.contains(&word)
        {
            words.push(word);
        }
    }
    words
}

/// The field whose last word stands for others at position `at`.
fn blank(fields: &[&'static Field], at: usize) -> Option<(&'static Field, Blank)> {
    fields.iter().find_map(|field| {
        let blank = Blank::of(field)?;
        (blank.at() == at).then_some((*field, blank))
    })
}

/// What can be written next in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextWord {
    /// The word, or a placeholder.
    pub(crate) word: &'static str,
    /// One line of help.
    pub(crate) help: &'static str,
    /// It is a word to be written as it stands.
    pub(crate) literal: bool,
}

/// What can follow `words` in a field: each next word with its help, and whether the field may end here.
pub(crate) fn follow(words: &[&str], key: bool) -> (Vec<NextWord>, bool) {
    let mut left: Vec<&'static Field> = FIELDS
        .iter()
        .filter(|field| if key { field.key } else { field.collect })
        .collect();
    for (at, word) in words.iter().enumerate() {
        let options = next_words(&left, at);
        match (
            super::pick(word, options.iter().copied(), true),
            blank(&left, at),
        ) {
            (super::Pick::One(picked), _) => {
                left.retain(|field| field.words.split(' ').nth(at) == Some(picked));
            }
            (_, Some((field, blank))) => return follow_blank(field, &blank, &words[at..]),
            _ => return (Vec::new(), false),
        }
    }
    let at = words.len();
    let whole = left
        .iter()
        .any(|field| field.words.split(' ').count() == at);
    let mut next: Vec<NextWord> = next_words(&left, at)
        .into_iter()
        .map(|word| {
            let mut under = left
                .iter()
                .filter(|field| field.words.split(' ').nth(at) == Some(word));
            let first = under.next().map_or("", |field| field.help);
            let help = match under.next() {
                None => first,
                Some(_) => word_help(word).unwrap_or(first),
            };
            NextWord {
                word,
                help,
                literal: true,
            }
        })
        .collect();
    if let Some((field, blank)) = blank(&left, at) {
        next.extend(follow_blank(field, &blank, &[]).0);
    }
    (next, whole)
}

/// The same inside what stands for other words.
fn follow_blank(field: &Field, blank: &Blank, written: &[&str]) -> (Vec<NextWord>, bool) {
    let read = blank.read(written, true);
    if !written.is_empty() && read.is_err() {
        return (Vec::new(), false);
    }
    let help = field.help;
    let next = match blank.parameter {
        Parameter::Length { .. } if written.is_empty() => vec![NextWord {
            word: blank.word,
            help,
            literal: false,
        }],
        Parameter::Length { .. } => Vec::new(),
        Parameter::Flags => {
            let read = read.unwrap_or_default();
            let fresh = flags().filter(|word| !read.split(' ').any(|known| known == *word));
            let next = |word| NextWord {
                word,
                help,
                literal: true,
            };
            fresh.map(next).collect()
        }
    };
    (next, !written.is_empty())
}
