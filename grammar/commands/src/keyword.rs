//! Keywords: found by their names or by unique abbreviations, and suggested for a word that is none.

use language::{Code, Problem, near};

use super::words::{Word, brief};

/// The keywords that a word can be.
pub(crate) enum Found {
    One(&'static str),
    Many(Vec<&'static str>),
    None,
}

/// Finds a keyword by its name, or by an abbreviation of at least `letters` letters that only one keyword has.
pub(crate) fn find(word: &Word, keywords: &[&'static str], letters: usize) -> Found {
    if word.quoted || word.text.is_empty() {
        return Found::None;
    }
    if let Some(exact) = keywords.iter().find(|keyword| **keyword == word.text) {
        return Found::One(exact);
    }
    let hits = match word.text.chars().count() >= letters {
        true => beginning_with(&word.text, keywords),
        false => Vec::new(),
    };
    match (&hits[..], shortest(&hits)) {
        ([], _) => Found::None,
        ([one], _) | (_, Some(one)) => Found::One(one),
        _ => Found::Many(hits),
    }
}

/// Returns the keywords that a text abbreviates.
pub(crate) fn beginning_with(text: &str, keywords: &[&'static str]) -> Vec<&'static str> {
    let keywords = keywords.iter().copied();
    keywords.filter(|word| word.starts_with(text)).collect()
}

/// Returns the keyword of which all others are longer forms: of `flow` and `flow-accounting` it is `flow`, so that `fl`
/// is no ambiguous abbreviation.
pub(crate) fn shortest<'a>(keywords: &'a [&'static str]) -> Option<&'a &'static str> {
    let short = keywords.iter().min_by_key(|word| word.len())?;
    let longer = |word: &str| {
        word.strip_prefix(short)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    keywords.iter().all(|word| longer(word)).then_some(short)
}

/// Returns a hint for a mistyped word: the one of `possible` that is spelled much like it (`did you mean …?`), or all
/// of them.
pub fn nearest(typed: &str, possible: &[&str]) -> String {
    match near(typed, possible.iter().copied()) {
        Some(word) => format!("did you mean {word}?"),
        None => one_of(possible),
    }
}

/// Returns the hint that lists what is possible.
pub(crate) fn one_of(possible: &[&str]) -> String {
    format!("one of {}", possible.join(", "))
}

/// Returns the problem of a word that is none of those possible.
pub(crate) fn unknown(word: &Word, possible: &[&str]) -> Problem {
    let message = format!("unknown word \"{}\"", brief(&word.text));
    let hint = Some(nearest(&word.text, possible));
    word.problem(Code::UnknownWord, message, hint)
}

/// Returns the problem of a word that abbreviates several keywords.
pub(crate) fn ambiguous(word: &Word, hits: &[&str]) -> Problem {
    let message = format!("\"{}\" is ambiguous", brief(&word.text));
    word.problem(Code::Ambiguous, message, Some(one_of(hits)))
}
