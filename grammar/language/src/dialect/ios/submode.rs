//! Statements of the submodes, and those whose IOS words are not the tree's.

use super::interface::{family, shutdown};
use super::{Mode, Statement};
use crate::load::Loader;
use crate::resolve::{Cursor, Manner, Target, resolve};
use crate::schema::{Ios, Node, Place, shown};
use crate::word::{Word, vet};
use crate::{Code, Problem};

/// Whether lines can stand below the cursor.
pub(super) fn is_submode(cursor: &Cursor) -> bool {
    let Place::Words(node) = cursor.place else {
        return false;
    };
    matches!(node.row.ios, Ios::Opens(..))
        && cursor.path.len() == node.row.path.split(' ').count() + 1
}

/// The words that a statement at the cursor can begin with.
pub(super) fn words(cursor: &Cursor) -> Vec<&'static str> {
    let Place::Words(node) = cursor.place else {
        return Vec::new();
    };
    if cursor.path.is_empty() {
        return Vec::new();
    }
    let children = || node.children().iter();
    // `flow monitor NAME` is a global statement in IOS; in an interface the family comes first.
    let by_path = children().filter(|child| !matches!(child.row.ios, Ios::Instead(_)));
    let mut words: Vec<&str> = by_path.map(|child| child.word()).collect();
    let statements = children().flat_map(Node::statements);
    for first in statements.flat_map(|(of, statement)| statement.first_words(of)) {
        if !words.contains(&first) {
            words.push(first);
        }
    }
    words
}

/// A statement of the submode, whose first word is `picked`.
pub(super) fn statement(
    loader: &mut Loader,
    mode: &Mode,
    picked: &'static str,
    statement: &Statement,
) -> Result<(), Problem> {
    let cursor = &mode.cursor;
    let path: Vec<&str> = cursor.path.iter().map(String::as_str).collect();
    match (&path[..], picked) {
        (["interfaces", ..], "shutdown") => shutdown(loader, cursor, statement),
        (["interfaces", ..], "ip" | "ipv6" | "datalink") => {
            family(loader, cursor, picked, statement)
        }
        (["flow", "sampler", _], "mode") if statement.words.len() > 2 => {
            mode_rate(loader, cursor, statement)
        }
        (["flow", "exporter", _], "destination") if statement.words.len() > 2 => {
            destination(loader, cursor, statement)
        }
        (["flow", "record", _], "match" | "collect") => fields(loader, cursor, statement),
        _ => statement.apply(loader, cursor, statement.words).map(|_| ()),
    }
}

/// Several `match` and `collect` statements may share a line, as pasted text has them.
fn fields(loader: &mut Loader, cursor: &Cursor, statement: &Statement) -> Result<(), Problem> {
    let starts = |word: &Word| matches!(&*word.text, "match" | "collect");
    let mut rest = statement.words;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .skip(1)
            .position(starts)
            .map_or(rest.len(), |at| at + 1);
        let (one, after) = rest.split_at(end);
        let one = Statement {
            words: one,
            ..*statement
        };
        one.apply(loader, cursor, one.words)?;
        rest = after;
    }
    Ok(())
}

/// The cursor's path with a leaf below it.
pub(super) fn below(cursor: &Cursor, words: &[&str]) -> Vec<String> {
    cursor
        .path
        .iter()
        .map(String::as_str)
        .chain(words.iter().copied())
        .map(str::to_owned)
        .collect()
}

pub(super) fn unexpected(word: &Word, hint: &str) -> Problem {
    word.place.problem(
        Code::Syntax,
        format!("unexpected {}", shown(&word.text)),
        Some(hint.to_owned()),
    )
}

pub(super) fn end(words: &[Word], used: usize) -> Result<(), Problem> {
    words.get(used).map_or(Ok(()), |extra| {
        Err(unexpected(extra, "the statement ends before it"))
    })
}

pub(super) fn missing(last: &Word, what: &str, hint: impl Into<String>) -> Problem {
    last.place.after().problem(
        Code::MissingValue,
        format!("{what} is missing"),
        Some(hint.into()),
    )
}

/// `mode random 1 out-of N` is a mode and a rate.
fn mode_rate(loader: &mut Loader, cursor: &Cursor, statement: &Statement) -> Result<(), Problem> {
    vet(statement.words)?;
    let words = statement.words;
    let form = "mode random|deterministic 1 out-of N";
    if words[2].text != "1" {
        return Err(unexpected(&words[2], form));
    }
    let out_of = words
        .get(3)
        .ok_or_else(|| missing(&words[2], "out-of", form))?;
    if !"out-of".starts_with(&*out_of.text) {
        return Err(unexpected(out_of, form));
    }
    let number = words
        .get(4)
        .ok_or_else(|| missing(out_of, "a number", form))?;
    end(words, 5)?;
    statement.apply(loader, cursor, &words[..2])?;
    let rate = [
        Word {
            text: "rate".into(),
            ..out_of.clone()
        },
        number.clone(),
    ];
    statement.apply(loader, cursor, &rate).map(|_| ())
}

/// `destination HOST vrf NAME`.
fn destination(loader: &mut Loader, cursor: &Cursor, statement: &Statement) -> Result<(), Problem> {
    let words = statement.words;
    if !"vrf".starts_with(&*words[2].text) {
        return Err(unexpected(&words[2], "destination HOST [vrf NAME]"));
    }
    if words.len() < 4 {
        return Err(missing(
            &words[2],
            "a VRF's name",
            "destination HOST vrf NAME",
        ));
    }
    statement.apply(loader, cursor, &words[..2])?;
    statement.apply(loader, cursor, &words[2..]).map(|_| ())
}

/// `logging host A [transport udp|tcp [port N]]`, or `logging A`.
pub(super) fn logging(loader: &mut Loader, statement: &Statement) -> Result<(), Problem> {
    vet(statement.words)?;
    let form = "logging host ADDRESS [transport udp|tcp [port N]]";
    let words = statement.words;
    let mut at = 1;
    if words.get(1).is_some_and(|word| word.text == "host") {
        at = 2;
    }
    let host = words
        .get(at)
        .ok_or_else(|| missing(&words[at - 1], "a host", form))?;
    let Some(hosts) = Cursor::at(&["system", "syslog", "host"].map(str::to_owned)) else {
        return Ok(());
    };
    let Some(transport) = words.get(at + 1) else {
        return statement
            .apply(loader, &hosts, std::slice::from_ref(host))
            .map(|_| ());
    };
    if !"transport".starts_with(&*transport.text) {
        return Err(unexpected(transport, form));
    }
    let protocol = words
        .get(at + 2)
        .ok_or_else(|| missing(transport, "udp or tcp", form))?;
    let target = resolve(
        &hosts,
        std::slice::from_ref(host),
        Manner {
            abbreviate: true,
            ios: None,
        },
    )?;
    let Target::Branch(from) = target else {
        return Ok(());
    };
    let word = |text: &'static str, place: &Word<'_>| Word {
        text: text.into(),
        ..place.clone()
    };
    if let Some(port) = words.get(at + 3) {
        if !"port".starts_with(&*port.text) {
            return Err(unexpected(port, form));
        }
        let number = words
            .get(at + 4)
            .ok_or_else(|| missing(port, "a number", form))?;
        end(words, at + 5)?;
        statement.apply(loader, &from, &[word("port", port), number.clone()])?;
    }
    statement
        .apply(
            loader,
            &from,
            &[word("protocol", protocol), protocol.clone()],
        )
        .map(|_| ())
}
