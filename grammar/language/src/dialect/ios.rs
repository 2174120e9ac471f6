//! IOS lines: submodes without braces, `no` to delete.
//!
//! A line is a statement of the submode it stands in, or else of the global mode. Words that IOS does not
//! have are written as paths, on one line.

mod classic;
mod interface;
mod names;
mod render;
mod submode;

use pest::Parser;

pub(crate) use names::{canonical, interface};
pub use names::{host_interface, interface_of_two_words};
pub(crate) use render::render;

use crate::load::Loader;
use crate::resolve::{Cursor, Manner, Target, resolve, resolve_noted};
use crate::schema::{Ios, Node, Pick, Place, Submode, list, lookup, pick, root, shown, suggest};
use crate::word::{Line, Shape, Word};
use crate::{Code, Problem, Tree};

#[derive(pest_derive::Parser)]
#[grammar = "dialect/ios.pest"]
struct IosParser;

/// The words of a line.
fn words(line: &str, number: u32) -> Vec<Word<'_>> {
    let mut words = Line::new(line, number);
    // The grammar takes every line; were it not so, the line would be one word and refused as unknown.
    let Ok(pairs) = IosParser::parse(Rule::line, line) else {
        words.push(Shape::Bare, 0, line.len());
        return words.finish();
    };
    for pair in pairs {
        let shape = match pair.as_rule() {
            Rule::string => Shape::Quoted,
            Rule::unclosed => Shape::Unclosed,
            Rule::bare => Shape::Bare,
            _ => continue,
        };
        let span = pair.as_span();
        words.push(shape, span.start(), span.end());
    }
    words.finish()
}

/// The path of the node that the statements of a submode describe; `line` is the statement that opened it.
pub fn submode_path(line: &str, submode: Submode, tree: &Tree) -> Option<Vec<String>> {
    let words = words(line, 1);
    let last = words.last()?;
    let tags = crate::schema::TABLE.iter();
    let mut tags = tags.filter(|row| matches!(row.ios, Ios::Opens(opens, _) if opens == submode));
    let tag = match words.get(1) {
        Some(first)
            if submode == Submode::Interface && names::loopback(&first.text, None).is_some() =>
        {
            return Some(["interfaces", "loopback", "lo"].map(str::to_owned).into());
        }
        _ => tags.next()?.path,
    };
    let name = match submode {
        Submode::Interface => {
            interface(words.get(1..).filter(|words| !words.is_empty())?, tree)
                .ok()?
                .0
        }
        _ => last.text.clone(),
    };
    Some(tag.split(' ').chain([&*name]).map(str::to_owned).collect())
}

/// Where a line stands.
pub(crate) struct Mode {
    pub(crate) cursor: Cursor,
}

/// One line being read.
pub(crate) struct Statement<'a, 'b> {
    /// The line's text.
    line: &'a str,
    /// Its words, without `no`.
    words: &'b [Word<'a>],
    /// `no` stood before them.
    no: bool,
}

/// Loads a text line by line; each line sees what those before it did.
pub(crate) fn load(loader: &mut Loader, text: &str) {
    let mut mode = Mode {
        cursor: loader.at.clone(),
    };
    let mut lost = false;
    for (line, number) in text.split('\n').zip(1..) {
        let words = words(line, number);
        let indented = words.first().is_some_and(|word| word.start > 0);
        // Lines below one that was wrong would be taken for those of another submode.
        if words.is_empty() || (lost && indented) {
            continue;
        }
        lost = false;
        if let Err(problem) = statement(loader, &mut mode, line, &words) {
            lost = !indented;
            if !loader.report(problem) {
                return;
            }
        }
    }
}

fn statement(
    loader: &mut Loader,
    mode: &mut Mode,
    line: &str,
    words: &[Word],
) -> Result<(), Problem> {
    let Some(first) = words.first() else {
        return Ok(());
    };
    if words.len() == 1 && matches!(&*first.text, "exit" | "end") {
        mode.cursor = Cursor::root();
        return Ok(());
    }
    let no = first.text == "no";
    let words = if no { &words[1..] } else { words };
    let Some(word) = words.first() else {
        return Err(first.place.after().problem(
            Code::MissingValue,
            "a word is missing",
            Some("say what to delete".into()),
        ));
    };
    let statement = Statement { line, words, no };
    let here = submode::words(&mode.cursor);
    match pick(&word.text, here.iter().copied(), true) {
        Pick::One(picked) => return submode::statement(loader, mode, picked, &statement),
        Pick::Many(many) if !global_words().contains(&&*word.text) => {
            let message = format!("{} is ambiguous", shown(&word.text));
            return Err(word
                .place
                .problem(Code::Ambiguous, message, Some(list("possible", many))));
        }
        _ => {}
    }
    match pick(&word.text, global_words().into_iter(), true) {
        Pick::One(picked) => global(loader, mode, picked, &statement),
        // `int` is `interface` and `fl` is `flow`, though `interfaces` and `flow-accounting` begin so too.
        Pick::Many(many) if many.iter().all(|other| other.starts_with(many[0])) => {
            global(loader, mode, many[0], &statement)
        }
        Pick::Many(many) => {
            let message = format!("{} is ambiguous", shown(&word.text));
            Err(word
                .place
                .problem(Code::Ambiguous, message, Some(list("possible", many))))
        }
        Pick::None => {
            if let Some(problem) = classic::global(words) {
                return Err(problem);
            }
            let possible: Vec<&str> = here.into_iter().chain(global_words()).collect();
            let message = format!("unknown word {}", shown(&word.text));
            Err(word.place.problem(
                Code::UnknownWord,
                message,
                Some(suggest(&word.text, possible.into_iter())),
            ))
        }
    }
}

/// The words that a statement of the global mode can begin with: those that only IOS has, then the tree's.
fn global_words() -> Vec<&'static str> {
    let tree = root().children().iter();
    let mut statements = Vec::new();
    global_statements(root(), &mut statements);
    // Short statements first.
    statements.sort_by_key(|statement| statement.split(' ').count());
    let own = statements
        .iter()
        .filter_map(|statement| statement.split(' ').next());
    let mut words: Vec<&str> = own
        .filter(|word| tree.clone().all(|node| node.word() != *word))
        .collect();
    words.dedup();
    words.extend(tree.map(|node| node.word()));
    words.push("flow-accounting");
    words
}

/// The statements of the global mode that only IOS has, for a node and what is below it outside submodes.
fn global_statements(node: &Node, found: &mut Vec<&'static str>) {
    for child in node.children() {
        match child.row.ios {
            Ios::Opens(_, statement) => {
                found.push(statement.pattern);
                continue;
            }
            Ios::Also(statements) => {
                found.extend(statements.iter().map(|statement| statement.pattern))
            }
            Ios::Path | Ios::Instead(_) => {}
        }
        global_statements(child, found);
    }
}

/// A statement of the global mode, whose first word is `picked`.
fn global(
    loader: &mut Loader,
    mode: &mut Mode,
    picked: &str,
    statement: &Statement,
) -> Result<(), Problem> {
    let rest = &statement.words[1..];
    match picked {
        "hostname" => statement.with(loader, "system host-name", rest).map(|_| ()),
        "logging" => submode::logging(loader, statement),
        "sampler" => {
            let entered = statement.with(loader, "flow sampler", rest)?;
            enter(mode, entered);
            Ok(())
        }
        "interface" => {
            let second = rest.get(1).map(|word| &*word.text);
            let used = rest
                .first()
                .and_then(|word| names::loopback(&word.text, second));
            let entered = match used {
                Some(used) => {
                    let lo = Word {
                        text: "lo".into(),
                        ..rest[0].clone()
                    };
                    let words: Vec<Word> =
                        [&lo].into_iter().chain(&rest[used..]).cloned().collect();
                    statement.with(loader, "interfaces loopback", &words)?
                }
                None => statement.with(loader, "interfaces ethernet", rest)?,
            };
            enter(mode, entered);
            Ok(())
        }
        _ => {
            let entered = statement.apply(loader, &Cursor::root(), statement.words)?;
            enter(mode, entered);
            Ok(())
        }
    }
}

/// A statement that ended at a name with a submode of its own opens it.
fn enter(mode: &mut Mode, entered: Option<Cursor>) {
    if let Some(cursor) = entered.filter(submode::is_submode) {
        mode.cursor = cursor;
    }
}

impl Statement<'_, '_> {
    /// Sets or deletes `words` below the absolute path `prefix`.
    fn with(
        &self,
        loader: &mut Loader,
        prefix: &'static str,
        words: &[Word],
    ) -> Result<Option<Cursor>, Problem> {
        let Some(place) = lookup(prefix.split(' ')) else {
            return Ok(None);
        };
        let from = Cursor {
            place,
            path: prefix.split(' ').map(str::to_owned).collect(),
        };
        if words.is_empty() && !matches!(place, Place::End(_)) && !self.no {
            let last = &self.words[self.words.len() - 1];
            let target = resolve(
                &from,
                &[],
                Manner {
                    abbreviate: true,
                    ios: None,
                },
            )?;
            return loader.set(target, last.place).map(|()| None);
        }
        self.apply(loader, &from, words)
    }

    /// Sets or deletes `words` below `from`; returns the branch they name.
    fn apply(
        &self,
        loader: &mut Loader,
        from: &Cursor,
        words: &[Word],
    ) -> Result<Option<Cursor>, Problem> {
        let target = resolve_noted(
            from,
            words,
            Manner {
                abbreviate: true,
                ios: Some((self.line, &loader.tree)),
            },
            &mut loader.notes,
        )?;
        let last = self.words[self.words.len() - 1].place;
        if self.no {
            let words = if words.is_empty() { self.words } else { words };
            return loader.delete(target, from, words).map(|()| None);
        }
        let entered = match &target {
            Target::Branch(cursor) => Some(cursor.clone()),
            _ => None,
        };
        loader.set_line(target, last)?;
        Ok(entered)
    }
}
