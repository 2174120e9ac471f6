//! Lists of fields and of conditions: `ipv4 source address 10.0.0.0/8 transport destination-port regexp ^80`.
//!
//! A list has no end of its own: it is over where a keyword stands that can follow it. The functions take those
//! keywords as `after`.

use super::condition::{Condition, ValueKind};
use super::fields::{Fields, is_iana_name, next_words, take_field};
use super::keyword::{ambiguous, beginning_with, unknown};
use super::words::{Tail, Word, not_closed, problem};
use language::{Code, Problem};

/// What comes next in a list whose first words are typed.
pub(crate) enum Place<'a> {
    /// A field's name, of which the words `typed` stand already.
    Field {
        typed: &'a [Word],
        /// Whether the list may end instead.
        ended: bool,
    },
    /// The value of a field, whose name has the words `typed`.
    Value {
        typed: &'a [Word],
        field: String,
        /// Whether the word `regexp` stands before the value.
        expression: bool,
    },
    /// A word that does not belong to the list.
    Over,
}

/// Takes a list of conditions from the front of `words`, and returns how many words it has.
///
/// # Errors
/// The first word that is wrong.
pub(crate) fn take_conditions(
    words: &[Word],
    after: &[&'static str],
) -> Result<(Vec<Condition>, usize), Problem> {
    let mut conditions = Vec::new();
    let mut at = 0;
    while let Some(left) = next_member(words, at, after)? {
        let (field, taken) = take_field(left, Fields::Record)?;
        let name = left.get(..taken).unwrap_or_default();
        let mut value = left.get(taken).filter(|word| !word.is_pipe());
        let regexp = value.is_some_and(is_regexp);
        if regexp {
            value = left.get(taken + 1).filter(|word| !word.is_pipe());
        }
        let Some(value) = value else {
            let end = left.get(taken).filter(|_| regexp).or(name.last());
            let hint = match regexp {
                true => "a regular expression".to_owned(),
                false => ValueKind::of_name(&field).expected(),
            };
            let message = format!("the value of {field} is missing");
            return Err(problem(
                Code::MissingValue,
                end.map_or(0, |word| word.end() + 1),
                1,
                message,
                Some(hint),
            ));
        };
        if value.open {
            return Err(not_closed(value));
        }
        // The daemon knows the values of fields that go by their IANA names.
        if !regexp
            && field.contains(' ')
            && let Err(wrong) = ValueKind::of_name(&field).read(&value.text)
        {
            return Err(value.problem(wrong.code, wrong.message, Some(wrong.hint)));
        }
        at += taken + 1 + usize::from(regexp);
        conditions.push(Condition {
            field,
            regexp,
            value: Tail {
                text: value.text.clone(),
                start: value.start,
            },
        });
    }
    Ok((conditions, at))
}

/// Takes a list of fields from the front of `words`, and returns how many words it has.
///
/// # Errors
/// The first word that is wrong.
pub(crate) fn take_fields(
    words: &[Word],
    after: &[&'static str],
) -> Result<(Vec<String>, usize), Problem> {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(left) = next_member(words, at, after)? {
        let (field, taken) = take_field(left, Fields::Record)?;
        if fields.contains(&field) {
            let word = &left[0];
            return Err(word.problem(
                Code::NotHere,
                format!("{field} is given already"),
                Some("each field once".into()),
            ));
        }
        fields.push(field);
        at += taken;
    }
    Ok((fields, at))
}

/// Returns the words from the list's next member on; `None` at the end of the list, which has one member at least.
fn next_member<'a>(
    words: &'a [Word],
    at: usize,
    after: &[&'static str],
) -> Result<Option<&'a [Word]>, Problem> {
    let Some(left) = words
        .get(at..)
        .filter(|left| !left.is_empty() && !left[0].is_pipe())
    else {
        return match words.first() {
            Some(word) if at == 0 => Err(word.problem(
                Code::MissingValue,
                "a field is missing before the pipe",
                Some("such as ipv4 source address".into()),
            )),
            _ => Ok(None),
        };
    };
    let word = &left[0];
    if at == 0 {
        return Ok(Some(left));
    }
    let fields: Vec<&'static str> = next_words(&[], Fields::Record)
        .iter()
        .map(|next| next.word)
        .collect();
    if fields.contains(&word.text.as_str()) || is_iana_name(word) {
        return Ok(Some(left));
    }
    if after.contains(&word.text.as_str()) {
        return Ok(None);
    }
    let begun = beginning_with(&word.text, &fields);
    let begun_after = beginning_with(&word.text, after);
    match (begun.len(), begun_after.len()) {
        (1.., 0) => Ok(Some(left)),
        (0, 1..) => Ok(None),
        (0, 0) => Err(unknown(word, &[&fields[..], after].concat())),
        _ => Err(ambiguous(word, &[begun, begun_after].concat())),
    }
}

/// Returns what comes next in a list of conditions, or of fields (without `values`), that consists of `words` so far.
pub(crate) fn place<'a>(words: &'a [Word], values: bool, after: &[&'static str]) -> Place<'a> {
    let mut at = 0;
    loop {
        let left = words.get(at..).unwrap_or_default();
        if left.is_empty() {
            return Place::Field {
                typed: left,
                ended: at > 0,
            };
        }
        if !matches!(next_member(words, at, after), Ok(Some(_))) {
            return Place::Over;
        }
        let Ok((field, taken)) = take_field(left, Fields::Record) else {
            return Place::Field {
                typed: left,
                ended: false,
            };
        };
        let (typed, rest) = left.split_at(taken.min(left.len()));
        if !values {
            if rest.is_empty() {
                return Place::Field { typed, ended: true };
            }
            at += taken;
            continue;
        }
        let expression = match rest {
            [] => false,
            [word] if is_regexp(word) => true,
            [word, ..] => {
                at += taken + 1 + usize::from(is_regexp(word));
                continue;
            }
        };
        return Place::Value {
            typed,
            field,
            expression,
        };
    }
}

fn is_regexp(word: &Word) -> bool {
    !word.quoted && word.text == "regexp"
}
