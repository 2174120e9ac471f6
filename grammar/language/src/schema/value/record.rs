//! Names of records: an operator's, and those of the registry's predefined ones.

use registry::record::{PEER, PREDEFINED, Predefined, REFUSED};

use super::name::{NAME_HINT, name};
use crate::near::near;
use crate::schema::refusal::{Refusal, refuse, shown};

/// The same in few words.
const KNOWN: &str = "netflow-original, netflow ipv4|ipv6 \
    original-input|original-output|protocol-port|source-prefix|destination-prefix|prefix";

/// Whether the name is a predefined record's.
pub(crate) fn is_predefined(name: &str) -> bool {
    Predefined::by_name(name).is_some()
}

/// A record's name: an operator's, or a predefined one's.
pub(super) fn record(value: &str) -> Result<String, Refusal> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let joined = words.join(" ");
    if is_predefined(&joined) {
        return Ok(joined);
    }
    match words[..] {
        [one] if one != "netflow" && name(one) => Ok(joined),
        ["netflow", "ipv4" | "ipv6", scheme, ..]
            if let Some(why) = refused(scheme, words.last().copied()) =>
        {
            refuse(
                format!("{joined} cannot be recorded: {why}"),
                format!("possible: {KNOWN}"),
            )
        }
        ["netflow", ..] => {
            let meant = near(&joined, PREDEFINED.iter().map(|known| known.name));
            refuse(
                format!("{} is not a predefined record", shown(&joined)),
                match meant {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => format!("possible: {KNOWN}"),
                },
            )
        }
        [_] => refuse(format!("{} is not a name", shown(value)), NAME_HINT),
        [] => refuse("the name is empty".into(), NAME_HINT),
        _ => refuse(
            format!("{} is not a record", shown(value)),
            format!("one name, or predefined: {KNOWN}"),
        ),
    }
}

fn refused(scheme: &str, last: Option<&str>) -> Option<&'static str> {
    let known = REFUSED.iter().find(|(refused, _)| *refused == scheme);
    let (peer, why) = PEER;
    known
        .map(|(_, why)| *why)
        .or((last == Some(peer)).then_some(why))
}
