//! Fields of a flow: names of several words.

use super::conditions::is_iana_name;
use super::trie::nearest;
use super::words::{Word, brief, problem};
use language::{Code, Problem};

/// Which fields are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    /// Those of a record.
    Record,
    /// Those that flows can be sorted by: aggregated ones are counted, too.
    Sort,
}

/// Words and help of every field that has no other words to be written in it. The others go by their IANA names.
pub(crate) fn fields(which: Fields) -> impl Iterator<Item = (&'static str, &'static str)> {
    let flows = ("counter flows", "Flows that were put together");
    registry::FIELDS
        .iter()
        .filter(|field| !field.words.contains(['<', '{']))
        .map(|field| (field.words, field.help))
        .chain((which == Fields::Sort).then_some(flows))
}

/// A word that can come next in a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextWord {
    /// The word.
    pub(crate) word: &'static str,
    /// The field's help when the name is whole with it.
    pub(crate) help: Option<&'static str>,
}

/// The fields that the words abbreviate so far, each cut into its words.
fn narrowed(typed: &[Word], which: Fields) -> Vec<(Vec<&'static str>, &'static str)> {
    let mut left: Vec<(Vec<&'static str>, &'static str)> = fields(which)
        .map(|(words, help)| (words.split(' ').collect(), help))
        .collect();
    for (i, word) in typed.iter().enumerate() {
        let exact = left
            .iter()
            .any(|(words, _)| words.get(i).is_some_and(|at| *at == word.text));
        left.retain(|(words, _)| {
            words.get(i).is_some_and(|at| {
                if exact {
                    *at == word.text
                } else {
                    at.starts_with(&word.text)
                }
            })
        });
    }
    left
}

/// What can follow `typed` in a field's name, each word once, in the fields' order.
pub(crate) fn next_words(typed: &[Word], which: Fields) -> Vec<NextWord> {
    let mut next: Vec<NextWord> = Vec::new();
    for (words, help) in narrowed(typed, which) {
        let Some(word) = words.get(typed.len()) else {
            continue;
        };
        let help = (words.len() == typed.len() + 1).then_some(help);
        match next.iter_mut().find(|next| next.word == *word) {
            Some(known) => known.help = known.help.or(help),
            None => next.push(NextWord { word, help }),
        }
    }
    next
}

/// Takes a field's words, abbreviated or not; or the IANA name of one, which the daemon knows.
pub(crate) fn take_field(words: &[Word], which: Fields) -> Result<(String, usize), Problem> {
    if let Some(first) = words.first()
        && next_words(&[], which)
            .iter()
            .all(|next| !next.word.starts_with(&first.text))
        && is_iana_name(first)
    {
        return Ok((first.text.clone(), 1));
    }
    let mut spelled: Vec<&str> = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let typed = words.get(..i).unwrap_or_default();
        let next = next_words(typed, which);
        let whole = i > 0
            && narrowed(typed, which)
                .iter()
                .any(|(words, _)| words.len() == i);
        let exact = next.iter().find(|next| next.word == word.text);
        let hits: Vec<&str> = match exact {
            Some(next) => vec![next.word],
            None => next
                .iter()
                .map(|next| next.word)
                .filter(|next| next.starts_with(&word.text))
                .collect(),
        };
        match hits[..] {
            [one] if !word.quoted => spelled.push(one),
            _ if whole => return Ok((spelled.join(" "), i)),
            [_, _, ..] => {
                let hint = Some(format!("one of {}", hits.join(", ")));
                return Err(word.problem(
                    Code::Ambiguous,
                    format!("\"{}\" is ambiguous", brief(&word.text)),
                    hint,
                ));
            }
            _ => {
                let possible: Vec<&str> = next.iter().map(|next| next.word).collect();
                let hint = Some(nearest(&word.text, &possible));
                return Err(word.problem(
                    Code::UnknownWord,
                    format!("\"{}\" is no word of a field", brief(&word.text)),
                    hint,
                ));
            }
        }
    }
    if narrowed(words, which)
        .iter()
        .any(|(field, _)| field.len() == words.len())
    {
        return Ok((spelled.join(" "), words.len()));
    }
    let end = words.last().map_or(0, |word| word.end() + 1);
    let possible: Vec<&str> = next_words(words, which)
        .iter()
        .map(|next| next.word)
        .collect();
    Err(problem(
        Code::MissingValue,
        end,
        1,
        "the field's name is not complete",
        Some(format!("what can follow: {}", possible.join(", "))),
    ))
}
