//! Statements of classic NetFlow, which Flexible NetFlow took the place of: what to write now.

mod translation;

pub(super) use translation::Translation;

use crate::word::Word;
use crate::{Code, Problem};

/// Global statements by their first words.
const GLOBAL: &[(&[&str], &str)] = &[
    (
        &["ip", "flow-export"],
        "write flow exporter NAME, below it destination ADDRESS and transport udp PORT, and exporter NAME below a flow monitor",
    ),
    (
        &["ip", "flow-cache"],
        "write flow monitor NAME, below it cache entries N and cache timeout active|inactive SECONDS",
    ),
    (
        &["ip", "flow-top-talkers"],
        "ask show flow monitor NAME cache sort highest counter bytes top N",
    ),
    (
        &["ip", "flow-aggregation"],
        "write a flow record with the fields to tell apart, or ask show flow monitor NAME cache aggregate FIELDS",
    ),
    (
        &["ip", "flow-capture"],
        "write collect and the fields to keep below a flow record",
    ),
    (
        &["ip", "flow-egress"],
        "collect interface output below a flow record tells where flows leave",
    ),
    (
        &["feature", "netflow"],
        "leave it out: flow monitors need nothing to be switched on",
    ),
    (
        &["flow", "timeout"],
        "write cache timeout active|inactive SECONDS below flow monitor NAME",
    ),
    (
        &["flow-sampler-map"],
        "write sampler NAME, below it mode random 1 out-of N",
    ),
];

/// What stands in an interface for `ip flow monitor`.
const INTERFACE: &str = "write ip flow monitor NAME input|output";

/// What stands there for `flow-sampler`.
const SAMPLER: &str = "write ip flow monitor NAME sampler NAME input|output";

/// The problem of a global statement of classic NetFlow; `None` when it is not one.
pub(super) fn global(words: &[Word]) -> Option<Problem> {
    let (begin, hint) = GLOBAL.iter().find(|(begin, _)| starts(words, begin))?;
    Some(problem(words, begin.len(), hint))
}

/// The same in an interface: `ip flow ingress`, `ip route-cache flow`.
pub(super) fn interface(words: &[Word]) -> Option<Problem> {
    if starts(words, &["flow-sampler"]) {
        return Some(problem(words, 1, SAMPLER));
    }
    let known: [&[&str]; 3] = [
        &["ip", "flow", "ingress"],
        &["ip", "flow", "egress"],
        &["ip", "route-cache", "flow"],
    ];
    let begin = known.into_iter().find(|begin| starts(words, begin))?;
    Some(problem(words, begin.len(), INTERFACE))
}

fn starts(words: &[Word], begin: &[&str]) -> bool {
    words.len() >= begin.len()
        && words
            .iter()
            .zip(begin)
            .all(|(word, known)| word.text.eq_ignore_ascii_case(known))
}

fn problem(words: &[Word], count: usize, hint: &str) -> Problem {
    let begin: Vec<&str> = words[..count].iter().map(|word| &*word.text).collect();
    let place = words[0].place.to(words[count - 1].place);
    place.problem(
        Code::NotHere,
        format!("{} is classic NetFlow", begin.join(" ")),
        Some(hint.to_owned()),
    )
}
