//! The words of `match` and `collect`. The elements behind them are the `flow` crate's; a test of the
//! whole system holds the two tables together.

mod table;

pub use table::{FIELDS, REFUSED_FIELDS};

/// One field of a flow record, as the language knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldWords {
    /// The words after `match` or `collect`, single-spaced; the last may stand for others, see [`FieldWords::example`].
    pub words: &'static str,
    /// IP version the field exists in, 4 or 6; `None` for both.
    pub family: Option<u8>,
    /// May be matched.
    pub key: bool,
    /// May be collected.
    pub collect: bool,
    /// One line of help.
    pub help: &'static str,
}

/// Why words name no field: which of them is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoField {
    /// Index of the wrong word; the number of words when one is missing.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) hint: Option<String>,
}

impl FieldWords {
    /// Its words as they may be written: with a number for `<1-64>`, and two words of `{ack|cwr|…}`.
    pub fn example(&self) -> String {
        match Blank::of(self) {
            Some((start, Blank::Number { most, .. })) => format!("{start} {}", most / 2),
            Some((start, Blank::Some(words))) => format!("{start} {} {}", words[0], words[1]),
            None => self.words.to_owned(),
        }
    }
}

/// What stands for other words at the end of a field's.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Blank {
    /// `<1-64>`.
    Number {
        word: &'static str,
        least: u64,
        most: u64,
    },
    /// `{ack|cwr|…}`: one of them or several, in this order once they are read.
    Some(Vec<&'static str>),
}

impl Blank {
    /// The words before it, and what it is.
    fn of(field: &FieldWords) -> Option<(&'static str, Blank)> {
        let (start, word) = field.words.rsplit_once(' ')?;
        if let Some(words) = word.strip_prefix('{') {
            let words = words.strip_suffix('}')?.split('|').collect();
            return Some((start, Blank::Some(words)));
        }
        let (least, most) = word.strip_prefix('<')?.strip_suffix('>')?.split_once('-')?;
        let (least, most) = (least.parse().ok()?, most.parse().ok()?);
        Some((start, Blank::Number { word, least, most }))
    }

    /// The words written for it; else the index of the wrong one and why.
    fn read(&self, written: &[&str], abbreviate: bool) -> Result<String, NoField> {
        match (self, written) {
            (_, []) => Err(NoField {
                at: 0,
                message: "the field is not complete".into(),
                hint: Some(match self {
                    Blank::Number { word, .. } => format!("possible: {word}"),
                    Blank::Some(words) => super::list("possible", words.iter().copied()),
                }),
            }),
            (Blank::Number { word, least, most }, [number, more @ ..]) => {
                let value = number.parse::<u64>().ok();
                let Some(value) = value.filter(|value| (least..=most).contains(&value)) else {
                    return Err(NoField {
                        at: 0,
                        message: format!("{} is not a number of {word}", super::shown(number)),
                        hint: Some(format!("{least} to {most} is wanted")),
                    });
                };
                match more.first() {
                    None => Ok(value.to_string()),
                    Some(more) => Err(NoField {
                        at: 1,
                        message: format!("unknown word {}", super::shown(more)),
                        hint: Some("the field ends before it".into()),
                    }),
                }
            }
            (Blank::Some(words), written) => {
                let mut picked = Vec::new();
                for (at, word) in written.iter().enumerate() {
                    match pick_word(word, words.iter().copied(), abbreviate) {
                        Ok(word) => picked.push(word),
                        Err(no) => return Err(NoField { at, ..no }),
                    }
                }
                let words = words.iter().filter(|word| picked.contains(*word));
                Ok(words.copied().collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// A field as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its row.
    pub(crate) field: &'static FieldWords,
    /// Its words, written out.
    pub(crate) words: String,
}

/// Finds a field by its words; `key`: it is to be matched, else collected. With `abbreviate` a unique
/// beginning of a word will do.
pub(crate) fn find(words: &[&str], key: bool, abbreviate: bool) -> Result<Found, NoField> {
    for (refused, why) in REFUSED_FIELDS {
        if refused.split(' ').count() <= words.len()
            && refused.split(' ').zip(words).all(|(a, b)| a == *b)
        {
            return Err(NoField {
                at: 0,
                message: format!("{refused} cannot be recorded: {why}"),
                hint: Some("leave it out".into()),
            });
        }
    }
    let found = spell(words, abbreviate)?;
    let only = |what, verb| NoField {
        at: 0,
        message: format!("{} {what}", found.words),
        hint: Some(format!("write {verb} {}", found.words)),
    };
    match (key, found.field.key, found.field.collect) {
        (true, false, _) => Err(only("can be collected, not matched", "collect")),
        (false, _, false) => Err(only("can be matched, not collected", "match")),
        _ => Ok(found),
    }
}

/// The row of a field's words as [`find`] gives them.
pub(crate) fn named(words: &str) -> Option<&'static FieldWords> {
    let words: Vec<&str> = words.split(' ').collect();
    spell(&words, false).ok().map(|found| found.field)
}

fn spell(words: &[&str], abbreviate: bool) -> Result<Found, NoField> {
    let mut left: Vec<&FieldWords> = FIELDS.iter().collect();
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
    possible.extend(left.iter().filter_map(|field| match Blank::of(field)? {
        (start, Blank::Number { word, .. }) if start.split(' ').count() == words.len() => {
            Some(word)
        }
        _ => None,
    }));
    Err(NoField {
        at: words.len(),
        message: "the field is not complete".to_owned(),
        hint: Some(super::list("possible", possible)),
    })
}

/// The word meant, or why there is none; the caller says where.
fn pick_word(
    word: &str,
    options: impl Iterator<Item = &'static str> + Clone,
    abbreviate: bool,
) -> Result<&'static str, NoField> {
    let (message, hint) = match super::pick(word, options.clone(), abbreviate) {
        super::Pick::One(picked) => return Ok(picked),
        super::Pick::None => {
            let hint = match options.clone().next() {
                None => "the field ends before it".into(),
                Some(_) => super::suggest(word, options),
            };
            (format!("unknown word {}", super::shown(word)), hint)
        }
        super::Pick::Many(many) => (
            format!("{} is ambiguous", super::shown(word)),
            super::list("possible", many),
        ),
    };
    let hint = Some(hint);
    Err(NoField {
        at: 0,
        message,
        hint,
    })
}

/// The words that can stand at position `at` of `fields` as they are, each once, in table order.
fn next_words(fields: &[&'static FieldWords], at: usize) -> Vec<&'static str> {
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
fn blank(fields: &[&'static FieldWords], at: usize) -> Option<(&'static FieldWords, Blank)> {
    fields.iter().find_map(|field| {
        let (start, blank) = Blank::of(field)?;
        (start.split(' ').count() == at).then_some((*field, blank))
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
    let mut left: Vec<&FieldWords> = FIELDS
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
                Some(_) => group_help(word),
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
fn follow_blank(field: &FieldWords, blank: &Blank, written: &[&str]) -> (Vec<NextWord>, bool) {
    let read = blank.read(written, true);
    if !written.is_empty() && read.is_err() {
        return (Vec::new(), false);
    }
    let help = field.help;
    let next = match blank {
        Blank::Number { word, .. } if written.is_empty() => vec![NextWord {
            word,
            help,
            literal: false,
        }],
        Blank::Number { .. } => Vec::new(),
        Blank::Some(words) => {
            let read = read.unwrap_or_default();
            let fresh = words
                .iter()
                .filter(|word| !read.split(' ').any(|known| known == **word));
            let next = |word: &&'static str| NextWord {
                word,
                help,
                literal: true,
            };
            fresh.map(next).collect()
        }
    };
    (next, !written.is_empty())
}

/// The help of a word that the names of several fields begin with: `ipv4`, `transport`.
pub fn group_help(word: &str) -> &'static str {
    table::GROUPS
        .iter()
        .find(|(group, _)| *group == word)
        .map_or("Fields of that name", |(_, help)| help)
}
