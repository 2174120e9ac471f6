//! Importer for samplicate's command line and configuration file (its README and `-h`, release 1.3.8), which become a
//! `flow samplicator`.
//!
//! samplicate sends a datagram to the receivers of every line whose prefix contains its source. Here only the longest
//! prefix counts, so each prefix gets the receivers of the prefixes that contain it, too. samplicate drops datagrams of
//! sources that no line contains, so they are denied here.

mod arguments;
mod receiver;
mod rules;
#[cfg(test)]
mod tests;
mod write;

pub use arguments::{Arguments, Given};

use super::report::{HERE, Place, Remarks};
use super::{ImportKind, Imported, Origin};
use receiver::Receivers;
use rules::{Rule, Scope};

/// The name of the imported samplicator.
pub const NAME: &str = "samplicate";

/// Most sources in all files together.
const MAX_RULES: usize = 10_000;

/// Imports a configuration file, as `samplicate -c FILE` reads it.
pub fn file(text: &str) -> Imported {
    let given = [Given {
        path: String::new(),
        spoof: false,
        no_checksum: false,
    }];
    let arguments = Arguments {
        files: given.into(),
        ..Arguments::default()
    };
    import(&arguments, &[text])
}

/// Imports a command line with the texts of the files it names, in this order.
pub fn import(arguments: &Arguments, files: &[&str]) -> Imported {
    let mut remarks = Remarks(arguments.remarks.clone());
    let mut receivers = Receivers::default();
    let mut rules = Vec::new();
    for (index, (given, text)) in arguments.files.iter().zip(files).enumerate() {
        read(text, index, given, &mut rules, &mut receivers, &mut remarks);
    }
    let words = arguments.receivers.iter().map(String::as_str);
    let how = (arguments.spoof, arguments.no_checksum, arguments.delay_us);
    let own = receivers.read(words, how, HERE, &mut remarks);
    if !own.is_empty() {
        rules.push(Rule {
            scope: Scope::All,
            receivers: own,
        });
    }
    let text = write::statements(arguments, &receivers, &rules, &mut remarks);
    Imported {
        text,
        remarks: remarks.0,
        kind: ImportKind::Samplicator,
    }
}

/// Reads lines of the form `PREFIX: RECEIVER …`; `#` begins a comment.
fn read(
    text: &str,
    index: usize,
    given: &Given,
    rules: &mut Vec<Rule>,
    receivers: &mut Receivers,
    remarks: &mut Remarks,
) {
    for (number, whole) in text.lines().enumerate() {
        let place = Place {
            origin: Origin::File(index),
            line: u32::try_from(number + 1).unwrap_or(u32::MAX),
        };
        let line = whole.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if rules.len() == MAX_RULES {
            return remarks.lost(
                place,
                line,
                format!("{MAX_RULES} lines with sources are read"),
            );
        }
        let Some((source, list)) = rules::parts(line) else {
            remarks.lost(
                place,
                line,
                "there is no colon after a source; `PREFIX: RECEIVER …` is expected",
            );
            continue;
        };
        let scope = match rules::scope(source) {
            Ok(scope) => scope,
            Err(why) => {
                remarks.lost(place, line, why);
                continue;
            }
        };
        let how = (given.spoof, given.no_checksum, None);
        let own = receivers.read(list.split_whitespace(), how, place, remarks);
        if own.is_empty() {
            remarks.lost(place, line, "no receiver is left of the line");
            continue;
        }
        rules.push(Rule {
            scope,
            receivers: own,
        });
    }
}
