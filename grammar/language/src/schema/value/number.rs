//! Numbers, words of a few, and engine ids.

use crate::Code;
use crate::near::near;
use crate::schema::pick::{Pick, list, pick, suggest};
use crate::schema::refusal::{Refusal, refuse, refuse_as, shown};
use crate::schema::value::Choices;

pub(super) fn number(value: &str, min: u64, max: u64, unit: Option<&str>) -> Result<u64, Refusal> {
    let unit = unit.map(|unit| format!(" of {unit}")).unwrap_or_default();
    let wanted = format!("a number{unit} from {min} to {max} is expected");
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return refuse(format!("{} is not a number", shown(value)), wanted);
    }
    match value.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => refuse_as(
            Code::OutOfRange,
            format!("{} is out of range", shown(value)),
            wanted,
        ),
    }
}

pub(super) fn choice(value: &str, choices: Choices, abbreviate: bool) -> Result<String, Refusal> {
    // The beginning of a number is another number.
    let abbreviate = abbreviate && !value.bytes().all(|b| b.is_ascii_digit());
    let words = choices.iter().map(|(word, _)| *word);
    match pick(value, words.clone(), abbreviate) {
        Pick::One(word) => Ok(word.to_owned()),
        Pick::Many(many) => refuse_as(
            Code::Ambiguous,
            format!("{} is ambiguous", shown(value)),
            list("possible", many),
        ),
        // Among a few words all are told; the near one may be the wrong guess.
        Pick::None if choices.len() <= 10 => {
            let meant = near(value, words.clone());
            let meant = meant.map(|meant| format!("did you mean {meant}? "));
            refuse(
                format!("{} is not possible here", shown(value)),
                meant.unwrap_or_default() + &list("possible", words),
            )
        }
        Pick::None => refuse(
            format!("{} is not possible here", shown(value)),
            suggest(value, words),
        ),
    }
}

pub(super) fn engine_id(value: &str) -> Result<String, Refusal> {
    let octet = |text: &str| number(text, 0, 255, None).ok();
    match value.split_once(':') {
        Some((kind, id)) => match (octet(kind), octet(id)) {
            (Some(kind), Some(id)) => Ok(format!("{kind}:{id}")),
            _ => refuse(
                format!("{} is not an engine id", shown(value)),
                "TYPE:ID is expected, each from 0 to 255",
            ),
        },
        None => number(value, 0, u32::MAX.into(), None).map(|id| id.to_string()),
    }
}
