//! Fields of a flow, whose names are several words: `ipv4 source address`.

use super::keyword::{ambiguous, nearest};
use super::words::{Word, brief, problem};
use language::{Code, Problem};

/// The fields that can be named at a place of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    /// The fields of a record.
    Record,
    /// The fields that flows can be sorted by: those of a record, and the number of flows that were aggregated.
    Sort,
}

/// Returns name and help of every field whose name has no words that vary. The other fields go by their IANA names.
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
    /// The field's help where the name is complete with this word.
    pub(crate) help: Option<&'static str>,
}

/// Returns the fields whose names the typed words begin or abbreviate: each name cut into words, and its help.
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

/// Returns the words that can follow `typed` in a field's name, each once, in the order of the fields.
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

/// Takes a field's name from the front of `words`: its words, abbreviated or not, or an IANA name, which is not looked
/// up here. Returns the name spelled out, and the number of words it has on the line.
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
        let next: Vec<&str> = next_words(typed, which)
            .iter()
            .map(|next| next.word)
            .collect();
        let complete = i > 0
            && narrowed(typed, which)
                .iter()
                .any(|(words, _)| words.len() == i);
        let exact = next.iter().find(|next| **next == word.text);
        let hits: Vec<&str> = match exact {
            Some(next) => vec![next],
            None => {
                let next = next.iter().copied();
                next.filter(|next| next.starts_with(&word.text)).collect()
            }
        };
        match hits[..] {
            [one] if !word.quoted => spelled.push(one),
            _ if complete => return Ok((spelled.join(" "), i)),
            [_, _, ..] => return Err(ambiguous(word, &hits)),
            _ => {
                let message = format!("\"{}\" is not a word of a field", brief(&word.text));
                let hint = Some(nearest(&word.text, &next));
                return Err(word.problem(Code::UnknownWord, message, hint));
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

/// Whether a word is spelled as IANA spells the names of elements, such as `octetDeltaCount`.
pub(crate) fn is_iana_name(word: &Word) -> bool {
    word.text.chars().any(char::is_uppercase) && word.text.chars().all(char::is_alphanumeric)
}
