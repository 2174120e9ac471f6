//! Statements of Flexible NetFlow as other routers than IOS write them, and what they are here.

use super::line::Line;
use crate::word::Word;

/// A statement of another router.
struct Form {
    /// The row of the tag in whose submode it stands.
    submode: &'static str,
    /// Its words. `a|b` is one of these words, `*` any; both are numbered from 1.
    there: &'static str,
    /// The statements it is here; `$1` is the first of those words.
    here: &'static [&'static str],
}

const fn form(submode: &'static str, there: &'static str, here: &'static [&'static str]) -> Form {
    Form {
        submode,
        there,
        here,
    }
}

#[rustfmt::skip]
const FORMS: &[Form] = &[
    // NX-OS.
    form("flow exporter", "version 9", &["export-protocol netflow-v9"]),
    form("flow exporter", "version 5", &["export-protocol netflow-v5"]),
    form("flow exporter", "destination * use-vrf *", &["destination $1 vrf $2"]),
    form("flow record", "match|collect ip protocol", &["$1 ipv4 protocol", "$1 ipv6 protocol"]),
    form("flow record", "match|collect ip tos", &["$1 ipv4 tos", "$1 ipv6 traffic-class"]),
    form("flow record", "match|collect ip version", &["$1 ipv4 version", "$1 ipv6 version"]),
    form("flow sampler", "mode 1 out-of *", &["mode random 1 out-of $1"]),
    form("interfaces ethernet", "ip|ipv6|datalink flow monitor * input|output sampler *", &["$1 flow monitor $2 sampler $4 $3"]),
    form("interfaces ethernet", "layer2-switched flow monitor * input|output", &["datalink flow monitor $1 $2"]),
    form("interfaces ethernet", "layer2-switched flow monitor * input|output sampler *", &["datalink flow monitor $1 sampler $3 $2"]),
    // A sampler of classic NetFlow.
    form("flow sampler", "mode random one-out-of *", &["mode random 1 out-of $1"]),
];

/// What a statement of another router in the submode of a row is here, a line each.
pub(super) fn here(submode: &str, line: &Line) -> Option<Vec<String>> {
    let words = line.spoken();
    FORMS
        .iter()
        .filter(|form| form.submode == submode)
        .find_map(|form| {
            let taken = form.taken(words)?;
            let lines = form.here.iter().map(|line| filled(line, &taken));
            Some(lines.collect())
        })
}

impl Form {
    /// The words that stand for `*` and for alternatives, when the words are this statement.
    fn taken<'a>(&self, words: &'a [Word]) -> Option<Vec<&'a str>> {
        let pattern: Vec<&str> = self.there.split(' ').collect();
        if pattern.len() != words.len() {
            return None;
        }
        let mut taken = Vec::new();
        for (wanted, word) in pattern.iter().zip(words) {
            let text = &*word.text;
            let is = |one: &str| one.eq_ignore_ascii_case(text);
            match *wanted {
                "*" => taken.push(text),
                wanted if wanted.contains('|') => {
                    wanted.split('|').any(is).then(|| taken.push(text))?;
                }
                wanted => is(wanted).then_some(())?,
            }
        }
        Some(taken)
    }
}

fn filled(line: &str, taken: &[&str]) -> String {
    let words = line.split(' ').map(|word| {
        let number = word.strip_prefix('$').and_then(|n| n.parse::<usize>().ok());
        number.map_or(word, |number| taken[number - 1])
    });
    words.collect::<Vec<_>>().join(" ")
}
