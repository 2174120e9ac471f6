//! Statements in words that only IOS has, read by the patterns of the schema's rows.

use super::attachment;
use super::line::Line;
use super::said::Said;
use crate::load::{Loader, no_value};
use crate::near::near;
use crate::resolve::{Cursor, Manner, Target, ios_value, resolve};
use crate::router_name::Names;
use crate::schema::{
    Family, Kind, Node, Pick, Piece, Place, Statement, list, pick, shown, suggest,
};
use crate::word::{Span, Word, vet};
use crate::{Code, Problem};

/// A statement of the schema with the node it belongs to.
pub(super) type Known = (&'static Node, &'static Statement);

/// Why the words are not a statement.
struct Mismatch {
    problem: Problem,
    /// Number of words that were right.
    depth: usize,
    /// The words that could stand there.
    possible: Vec<Possible>,
    /// The words end too early.
    ended: bool,
}

/// A word that could stand somewhere.
#[derive(Clone, Copy, PartialEq)]
struct Possible {
    word: &'static str,
    /// Whether the statement is whole without it.
    optional: bool,
}

/// Reads the words as one of the statements and puts what they say into the tree below `base`, or takes it out. `Ok(false)`: the words
/// end before any of the statements does, and may be a path of the tree.
pub(super) fn apply(
    loader: &mut Loader,
    base: &Cursor,
    statements: &[Known],
    line: &Line,
) -> Result<bool, Problem> {
    let reader = Reader {
        line,
        names: loader.names(),
    };
    let read = reader.one_of(statements);
    match read {
        Ok(said) if said.of.row.path == attachment::ROW => {
            attachment::apply(loader, base, &said, line)?;
        }
        Ok(said) if line.no => delete(loader, base, &said, line)?,
        Ok(said) => set(loader, base, &said)?,
        Err(mismatch) if mismatch.ended && as_path(loader, base, line) => return Ok(false),
        Err(mismatch) => return Err(mismatch.problem),
    }
    Ok(true)
}

fn as_path(loader: &Loader, base: &Cursor, line: &Line) -> bool {
    let manner = Manner {
        abbreviate: true,
        ios: Some((line.text, loader.names())),
    };
    resolve(base, &line.words, manner).is_ok()
}

struct Reader<'a> {
    line: &'a Line<'a>,
    names: Names<'a>,
}

impl Reader<'_> {
    /// Reads the words as the statement that they fit, or says what is wrong where they come furthest.
    fn one_of(&self, statements: &[Known]) -> Result<Said, Mismatch> {
        let mut furthest: Option<Mismatch> = None;
        for (of, statement) in statements {
            let mut mismatch = match self.read(of, statement) {
                Ok(said) => return Ok(said),
                Err(mismatch) => mismatch,
            };
            if let Some(other) = &mut furthest {
                match mismatch.depth.cmp(&other.depth) {
                    std::cmp::Ordering::Less => continue,
                    std::cmp::Ordering::Equal => {
                        other.possible.append(&mut mismatch.possible);
                        continue;
                    }
                    std::cmp::Ordering::Greater => {}
                }
            }
            furthest = Some(mismatch);
        }
        Err(furthest.map_or_else(|| self.none(), |mismatch| self.possible(mismatch)))
    }

    fn none(&self) -> Mismatch {
        let place = self.line.last().place;
        Mismatch {
            problem: place.problem(Code::UnknownWord, "no such statement", None),
            depth: 0,
            possible: Vec::new(),
            ended: false,
        }
    }

    /// Where statements part at their second word, every one of their words is possible. Further on, the word that was
    /// meant is told of one that is spelled nearly so.
    fn possible(&self, mut mismatch: Mismatch) -> Mismatch {
        mismatch.possible.dedup();
        let all = mismatch.possible.iter().map(|one| one.word);
        let needed = mismatch.possible.iter().filter(|one| !one.optional);
        let possible = needed.map(|one| one.word);
        let parts = mismatch.depth == 1 && possible.clone().next().is_some();
        let slip = |word: &Word| {
            near(&word.text, all.clone())
                .is_some_and(|meant| !meant.eq_ignore_ascii_case(&word.text))
        };
        match self.line.spoken().get(mismatch.depth) {
            Some(word) if slip(word) => mismatch.problem = unknown(word, all),
            Some(word) if parts => mismatch.problem = unknown(word, possible),
            None if parts => {
                mismatch.problem = missing(self.line.last(), "a word", list("possible", possible));
            }
            _ => {}
        }
        mismatch
    }

    fn read(&self, of: &'static Node, statement: &'static Statement) -> Result<Said, Mismatch> {
        let mut said = Said {
            of,
            family: statement.family,
            values: Vec::new(),
            used: 0,
        };
        let usage = || statement.usage(of);
        let pieces = statement.pieces(of);
        self.pieces(&pieces, &mut said, &usage)?;
        let extra = self.line.spoken().get(said.used);
        let extra = extra.map(|extra| match statement.pattern.contains(['<', '{']) {
            true => unexpected(extra, &usage()),
            false => unexpected(extra, "the statement ends before it"),
        });
        let fault = match extra {
            Some(problem) => Err(problem),
            None => vet(&self.line.words).and_then(|()| self.of_family(&said)),
        };
        fault.map_err(|problem| Mismatch {
            problem,
            depth: said.used,
            possible: trailing(&pieces),
            ended: false,
        })?;
        Ok(said)
    }

    fn pieces(
        &self,
        pieces: &[Piece],
        said: &mut Said,
        usage: &impl Fn() -> String,
    ) -> Result<(), Mismatch> {
        let mut left_out: Vec<Possible> = Vec::new();
        for piece in pieces {
            let next = self.line.spoken().get(said.used);
            if let Piece::Optional(inner) = piece {
                let begins = |word: &Word| matches!(inner.first(), Some(Piece::Word(first)) if fits(word, first));
                match next.is_some_and(begins) {
                    true => self.pieces(inner, said, usage)?,
                    false => left_out.extend(first_word(piece)),
                }
                continue;
            }
            let Some(word) = next else {
                // What is deleted need not be said to its end.
                let value = matches!(piece, Piece::Value(_));
                if self.line.no && (said.used > 1 || value) {
                    return Ok(());
                }
                return Err(self.ends(piece, said.used, usage));
            };
            self.piece(piece, word, said, usage)
                .map_err(|mut mismatch| {
                    mismatch.possible.append(&mut left_out);
                    mismatch
                })?;
            left_out.clear();
        }
        Ok(())
    }

    fn piece(
        &self,
        piece: &Piece,
        word: &Word,
        said: &mut Said,
        usage: &impl Fn() -> String,
    ) -> Result<(), Mismatch> {
        let fail = |problem, possible| Mismatch {
            problem,
            depth: said.used,
            possible,
            ended: false,
        };
        match piece {
            Piece::Word(wanted) if fits(word, wanted) => said.used += 1,
            Piece::Word(wanted) => {
                return Err(fail(unexpected(word, &usage()), vec![needed(wanted)]));
            }
            Piece::Choice(node) => {
                let choices = node.row.choices();
                let lower = word.text.to_ascii_lowercase();
                let Pick::One(picked) = pick(&lower, choices.iter().copied(), true) else {
                    let refused = node.accept(&lower, true).err();
                    let problem = refused
                        .filter(|_| node.row.all.is_empty())
                        .map(|no| word.place.problem(no.code, no.message, no.hint));
                    let problem = problem.unwrap_or_else(|| unknown(word, choices.iter().copied()));
                    return Err(fail(problem, Vec::new()));
                };
                said.values.push((node, picked.to_owned(), word.place));
                said.used += 1;
            }
            Piece::Value(node) => {
                let rest = &self.line.spoken()[said.used..];
                let read = ios_value(node.row.value, rest, self.names).and_then(|(text, used)| {
                    let place = word.place.to(rest[used - 1].place);
                    let value = node.accept(&text, true);
                    let value = value.map_err(|no| place.problem(no.code, no.message, no.hint))?;
                    Ok((value, place, used))
                });
                let (value, place, used) = read.map_err(|problem| fail(problem, Vec::new()))?;
                said.values.push((node, value, place));
                said.used += used;
            }
            Piece::Optional(_) => {}
        }
        Ok(())
    }

    /// The words end before a piece.
    fn ends(&self, piece: &Piece, depth: usize, usage: &impl Fn() -> String) -> Mismatch {
        let last = self.line.last();
        let mut possible = Vec::new();
        let problem = match piece {
            Piece::Word(word) => {
                possible.push(needed(word));
                missing(last, word, usage())
            }
            Piece::Choice(node) => {
                let what = format!("a {}", node.word());
                missing(last, &what, list("possible", node.row.choices()))
            }
            Piece::Value(node) => match node.row.value.missing() {
                Some((what, "")) => missing(last, what, usage()),
                Some((what, hint)) => missing(last, what, hint),
                None => no_value(node, last.place),
            },
            Piece::Optional(_) => missing(last, "a word", usage()),
        };
        Mismatch {
            problem,
            depth,
            possible,
            ended: true,
        }
    }

    /// Refuses a value of another address family than the statement's.
    fn of_family(&self, said: &Said) -> Result<(), Problem> {
        let (Some(family), Some((value, place))) = (said.family, said.own()) else {
            return Ok(());
        };
        if family.has(value) {
            return Ok(());
        }
        let other = match family {
            Family::V4 => "write ipv6 address",
            Family::V6 => "write ip address",
        };
        Err(place.problem(
            Code::InvalidValue,
            format!("{} is of the other family", shown(value)),
            Some(other.into()),
        ))
    }
}

/// Whether a word is a keyword or the beginning of it, in letters of any case. `host` has no beginnings: they may be names of hosts.
fn fits(word: &Word, keyword: &str) -> bool {
    let lower = word.text.to_ascii_lowercase();
    match keyword {
        "host" => lower == keyword,
        _ => !lower.is_empty() && keyword.starts_with(&lower),
    }
}

/// The path of a node below the cursor of its submode, or from the root.
fn path(base: &Cursor, of: &Node) -> Vec<String> {
    let words = of.row.path.split(' ').skip(base.path.len());
    let below = words.map(str::to_owned);
    base.path.iter().cloned().chain(below).collect()
}

/// The paths and nodes that the values of a statement belong to, in the order of its words.
fn targets(base: &Cursor, said: &Said) -> Vec<(Target, Span)> {
    let of = said.of;
    let mut own = path(base, of);
    let mut targets = Vec::new();
    if of.kind() == Kind::Flag {
        return vec![(Target::Flag(own), Span::default())];
    }
    let beside = match of.kind() {
        Kind::Tag => {
            let Some((name, place)) = said.own() else {
                return targets;
            };
            own.push(name.to_owned());
            let cursor = Cursor {
                place: Place::Words(of),
                path: own.clone(),
            };
            targets.push((Target::Branch(cursor), place));
            own
        }
        _ => own[..own.len() - 1].to_vec(),
    };
    for (node, value, place) in &said.values {
        if of.kind() == Kind::Tag && std::ptr::eq(*node, of) {
            continue;
        }
        let mut path = beside.clone();
        path.push(node.word().to_owned());
        targets.push((Target::Values(path, node, vec![value.clone()]), *place));
    }
    targets
}

fn set(loader: &mut Loader, base: &Cursor, said: &Said) -> Result<(), Problem> {
    for (target, place) in targets(base, said) {
        loader.set(target, place)?;
    }
    Ok(())
}

/// Takes out what the words name: the values they say, or else all that the statement could set.
fn delete(loader: &mut Loader, base: &Cursor, said: &Said, line: &Line) -> Result<(), Problem> {
    let own = path(base, said.of);
    if said.of.kind() == Kind::Flag {
        // It is right whether or not it was there, as on a router.
        loader.tree.remove(&own);
        return Ok(());
    }
    if said.of.kind() == Kind::Tag && said.own().is_none() {
        return Err(missing(line.last(), "a word", "say what to delete"));
    }
    let targets = targets(base, said);
    // With values beside it, a name itself stays.
    let values = targets.len() - targets.len().min(1);
    for (target, _) in targets {
        match &target {
            Target::Branch(_) if values > 0 => {}
            _ => loader.delete(target, &Cursor::root(), &line.words)?,
        }
    }
    if said.values.is_empty() && said.of.kind() != Kind::Tag {
        delete_all(loader, own, said, line)?;
    }
    Ok(())
}

/// Takes out a leaf, or the values of it that the statement can speak of.
fn delete_all(
    loader: &mut Loader,
    path: Vec<String>,
    said: &Said,
    line: &Line,
) -> Result<(), Problem> {
    let Some(family) = said.family else {
        return loader.delete(Target::Whole(path, said.of), &Cursor::root(), &line.words);
    };
    let values = loader.tree.at(&path).map(|leaf| leaf.values(&[]));
    let gone: Vec<String> = values
        .unwrap_or_default()
        .iter()
        .filter(|value| family.has(value))
        .cloned()
        .collect();
    if gone.is_empty() {
        loader.absent(line.last().place.problem(
            Code::NotFound,
            "the interface has no such address",
            Some("nothing to delete".into()),
        ));
        return Ok(());
    }
    loader.delete(
        Target::Values(path, said.of, gone),
        &Cursor::root(),
        &line.words,
    )
}

/// A word without which the statement is not whole.
fn needed(word: &'static str) -> Possible {
    Possible {
        word,
        optional: false,
    }
}

/// The word with which an optional part begins.
fn first_word(piece: &Piece) -> Option<Possible> {
    match piece {
        Piece::Optional(inner) => match inner.first() {
            Some(Piece::Word(word)) => Some(Possible {
                word,
                optional: true,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// The words with which the optional parts at the end of a statement begin.
fn trailing(pieces: &[Piece]) -> Vec<Possible> {
    let optional = |piece: &&Piece| matches!(piece, Piece::Optional(_));
    let last = pieces.iter().rev().take_while(optional);
    last.filter_map(first_word).collect()
}

pub(super) fn unknown(
    word: &Word,
    possible: impl Iterator<Item = &'static str> + Clone,
) -> Problem {
    let message = format!("unknown word {}", shown(&word.text));
    let hint = suggest(&word.text, possible);
    word.place.problem(Code::UnknownWord, message, Some(hint))
}

fn unexpected(word: &Word, hint: &str) -> Problem {
    word.place.problem(
        Code::Syntax,
        format!("unexpected {}", shown(&word.text)),
        Some(hint.to_owned()),
    )
}

pub(super) fn missing(last: &Word, what: &str, hint: impl Into<String>) -> Problem {
    last.place.after().problem(
        Code::MissingValue,
        format!("{what} is missing"),
        Some(hint.into()),
    )
}
