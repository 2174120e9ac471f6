//! Lists of fields and of conditions: `ipv4 source address 10.0.0.0/8 transport destination-port regexp ^80`.

use super::fields::{Fields, next_words, take_field};
use super::trie::nearest;
use super::words::{self, Word, brief, problem};
use super::{Condition, Tail};
use crate::condition::ValueKind;
use language::{Code, Problem};

/// Words that end a list: what can follow it.
const AFTER: &[&str] = &["aggregate", "collect", "filter", "format", "sort"];

/// Where a list stands after its words.
pub(crate) enum Place<'a> {
    /// In the name of a field, of which these words are typed; the list may end before it when `ended`.
    Field { typed: &'a [Word], ended: bool },
    /// A value of the field is next, of whose name these words are typed; `expression`: `regexp` is typed, too.
    Value {
        typed: &'a [Word],
        field: String,
        expression: bool,
    },
    /// Another word than one of a list comes next.
    Over,
}

/// Takes a list of conditions.
///
/// # Errors
/// The first word that is wrong.
pub(super) fn take_conditions(words: &[Word]) -> Result<(Vec<Condition>, usize), Problem> {
    let mut conditions = Vec::new();
    let mut at = 0;
    while let Some(left) = going_on(words, at)? {
        let (field, taken) = take_field(left, Fields::Record)?;
        let named = left.get(..taken).unwrap_or_default();
        let mut value = left.get(taken).filter(|word| !word.is_pipe());
        let regexp = value.is_some_and(is_regexp);
        if regexp {
            value = left.get(taken + 1).filter(|word| !word.is_pipe());
        }
        let Some(value) = value else {
            let end = left.get(taken).filter(|_| regexp).or(named.last());
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
            return Err(value.problem(
                Code::Syntax,
                "the quote is not closed",
                Some(words::CLOSE.into()),
            ));
        }
        // Of a field by its IANA name the daemon knows what its values are.
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

/// Takes a list of fields.
///
/// # Errors
/// The first word that is wrong.
pub(super) fn take_fields(words: &[Word]) -> Result<(Vec<String>, usize), Problem> {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(left) = going_on(words, at)? {
        let (field, taken) = take_field(left, Fields::Record)?;
        if fields.contains(&field) {
            let word = &left[0];
            return Err(word.problem(
                Code::NotHere,
                format!("{field} stands there already"),
                Some("each field once".into()),
            ));
        }
        fields.push(field);
        at += taken;
    }
    Ok((fields, at))
}

/// The words of the next member of a list; `None` at the list's end. The first one must be there.
fn going_on(words: &[Word], at: usize) -> Result<Option<&[Word]>, Problem> {
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
    let fields: Vec<&str> = next_words(&[], Fields::Record)
        .iter()
        .map(|next| next.word)
        .collect();
    let begun = |possible: &[&'static str]| -> Vec<&'static str> {
        let starts = possible
            .iter()
            .filter(|known| known.starts_with(&word.text));
        starts.copied().collect()
    };
    if fields.contains(&word.text.as_str()) || is_iana_name(word) {
        return Ok(Some(left));
    }
    let after = begun(AFTER);
    match (begun(&fields).len(), after.len()) {
        _ if AFTER.contains(&word.text.as_str()) => Ok(None),
        (1.., 0) => Ok(Some(left)),
        (0, 1..) => Ok(None),
        (0, 0) => {
            let possible: Vec<&str> = fields.iter().chain(AFTER).copied().collect();
            let message = format!("unknown word \"{}\"", brief(&word.text));
            Err(word.problem(
                Code::UnknownWord,
                message,
                Some(nearest(&word.text, &possible)),
            ))
        }
        _ => {
            let both: Vec<&str> = begun(&fields).into_iter().chain(after).collect();
            let message = format!("\"{}\" is ambiguous", brief(&word.text));
            Err(word.problem(
                Code::Ambiguous,
                message,
                Some(format!("one of {}", both.join(", "))),
            ))
        }
    }
}

/// Where a list of conditions (or of fields, without `values`) stands.
pub(crate) fn place(words: &[Word], values: bool) -> Place<'_> {
    let mut at = 0;
    loop {
        let left = words.get(at..).unwrap_or_default();
        if left.is_empty() {
            return Place::Field {
                typed: left,
                ended: at > 0,
            };
        }
        if !matches!(going_on(words, at), Ok(Some(_))) {
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
        match rest {
            [] => {
                return Place::Value {
                    typed,
                    field,
                    expression: false,
                };
            }
            [word] if is_regexp(word) => {
                return Place::Value {
                    typed,
                    field,
                    expression: true,
                };
            }
            [word, ..] => at += taken + 1 + usize::from(is_regexp(word)),
        }
    }
}

fn is_regexp(word: &Word) -> bool {
    !word.quoted && word.text == "regexp"
}

/// `octetDeltaCount`: the elements' names have capitals in them.
pub(super) fn is_iana_name(word: &Word) -> bool {
    word.text.chars().any(char::is_uppercase) && word.text.chars().all(char::is_alphanumeric)
}
