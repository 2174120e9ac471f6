//! IOS lines: submodes without braces, `no` to delete.
//!
//! A line is a statement of the submode it stands in, or else of the global mode. Words that IOS does not
//! have are written as paths, on one line.

mod attachment;
mod classic;
mod line;
mod render;
mod statement;
mod submode;

use pest::Parser;

pub(crate) use render::render;

use self::line::Line;
use self::statement::Known;
use crate::load::{Loader, no_value};
use crate::resolve::{Cursor, Manner, Target, resolve_noted};
use crate::router_name::{interface, loopback};
use crate::schema::{Ios, Kind, Node, Pick, Submode, list, lookup, pick, root, shown};
use crate::word::{Line as Words, Shape, Word};
use crate::{Code, Problem, Tree};

#[derive(pest_derive::Parser)]
#[grammar = "dialect/ios.pest"]
struct IosParser;

/// The words of a line.
fn words(line: &str, number: u32) -> Vec<Word<'_>> {
    let mut words = Words::new(line, number);
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
        Some(first) if submode == Submode::Interface && loopback(&first.text, None).is_some() => {
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
    let line = Line {
        text: line,
        words: words.to_vec(),
        no,
    };
    let here = submode::words(&mode.cursor);
    match pick(&word.text, here.iter().copied(), true) {
        Pick::One(picked) => {
            if let Some(problem) = classic::interface(&line.words) {
                return Err(problem);
            }
            return submode::statement(loader, mode, picked, &line);
        }
        Pick::Many(many) if !global_words().contains(&&*word.text) => {
            return Err(ambiguous(word, many));
        }
        _ => {}
    }
    match pick(&word.text, global_words().into_iter(), true) {
        Pick::One(picked) => global(loader, mode, picked, &line),
        // `int` is `interface` and `fl` is `flow`, though `interfaces` and `flow-accounting` begin so too.
        Pick::Many(many) if many.iter().all(|other| other.starts_with(many[0])) => {
            global(loader, mode, many[0], &line)
        }
        Pick::Many(many) => Err(ambiguous(word, many)),
        Pick::None => {
            if let Some(problem) = classic::global(&line.words) {
                return Err(problem);
            }
            let possible: Vec<&str> = here.into_iter().chain(global_words()).collect();
            Err(statement::unknown(word, possible.into_iter()))
        }
    }
}

fn ambiguous(word: &Word, many: Vec<&'static str>) -> Problem {
    let message = format!("{} is ambiguous", shown(&word.text));
    let hint = list("possible", many);
    word.place.problem(Code::Ambiguous, message, Some(hint))
}

/// The words that a statement of the global mode can begin with: those that only IOS has, then the tree's.
fn global_words() -> Vec<&'static str> {
    let tree = root().children().iter();
    let mut statements = Vec::new();
    global_statements(root(), &mut statements);
    let mut patterns: Vec<&str> = statements
        .iter()
        .map(|(_, statement)| statement.pattern)
        .collect();
    // Short statements first.
    patterns.sort_by_key(|pattern| pattern.split(' ').count());
    let own = patterns
        .iter()
        .filter_map(|pattern| pattern.split(' ').next());
    let mut words: Vec<&str> = own
        .filter(|word| tree.clone().all(|node| node.word() != *word))
        .collect();
    words.dedup();
    words.extend(tree.map(Node::word));
    words.push("flow-accounting");
    words
}

/// The statements of the global mode that only IOS has, for a node and what is below it outside submodes.
fn global_statements(node: &'static Node, found: &mut Vec<Known>) {
    for child in node.children() {
        match &child.row.ios {
            Ios::Opens(_, statement) => {
                found.push((child, statement));
                continue;
            }
            Ios::Also(statements) => {
                found.extend(statements.iter().map(|statement| (child, statement)));
            }
            Ios::Path | Ios::Instead(_) => {}
        }
        global_statements(child, found);
    }
}

/// A statement of the global mode, whose first word is `picked`.
fn global(loader: &mut Loader, mode: &mut Mode, picked: &str, line: &Line) -> Result<(), Problem> {
    let mut statements = Vec::new();
    global_statements(root(), &mut statements);
    statements.retain(|(_, statement)| statement.pattern.split(' ').next() == Some(picked));
    let opens = |(of, _): &Known| matches!(of.row.ios, Ios::Opens(..));
    // Words before a name, in place of its path; what is behind the name is below it.
    let named = |(of, _): &Known| of.row.path.split(' ').next() == Some(picked);
    let prefix = statements
        .iter()
        .find(|known| opens(known) && !named(known));
    if let Some((of, _)) = prefix {
        let entered = match of.row.path {
            INTERFACES => opened_interface(loader, line)?,
            tag => below(loader, tag, line, &line.words[1..])?,
        };
        enter(mode, entered);
        return Ok(());
    }
    statements.retain(|known| !opens(known));
    if !statements.is_empty() && statement::apply(loader, &Cursor::root(), &statements, line)? {
        return Ok(());
    }
    let entered = path_statement(loader, &Cursor::root(), line, &line.words)?;
    enter(mode, entered);
    Ok(())
}

/// The tag of interfaces that are not loopbacks.
const INTERFACES: &str = "interfaces ethernet";

/// `interface NAME`: a loopback is among those of its own.
fn opened_interface(loader: &mut Loader, line: &Line) -> Result<Option<Cursor>, Problem> {
    let rest = &line.words[1..];
    let second = rest.get(1).map(|word| &*word.text);
    let used = rest.first().and_then(|word| loopback(&word.text, second));
    let Some(used) = used else {
        return below(loader, INTERFACES, line, rest);
    };
    let lo = Word {
        text: "lo".into(),
        ..rest[0].clone()
    };
    let words: Vec<Word> = [&lo].into_iter().chain(&rest[used..]).cloned().collect();
    below(loader, "interfaces loopback", line, &words)
}

/// A statement that ended at a name with a submode of its own opens it.
fn enter(mode: &mut Mode, entered: Option<Cursor>) {
    if let Some(cursor) = entered.filter(submode::is_submode) {
        mode.cursor = cursor;
    }
}

/// Sets or deletes words below a tag, the name first.
fn below(
    loader: &mut Loader,
    tag: &'static str,
    line: &Line,
    words: &[Word],
) -> Result<Option<Cursor>, Problem> {
    let Some(place) = lookup(tag.split(' ')) else {
        return Ok(None);
    };
    debug_assert_eq!(place.node().kind(), Kind::Tag);
    let from = Cursor {
        place,
        path: tag.split(' ').map(str::to_owned).collect(),
    };
    if words.is_empty() && !line.no {
        return Err(no_value(place.node(), line.last().place));
    }
    path_statement(loader, &from, line, words)
}

/// Sets or deletes `words` of a line as a path below `from`; returns the branch they name.
fn path_statement(
    loader: &mut Loader,
    from: &Cursor,
    line: &Line,
    words: &[Word],
) -> Result<Option<Cursor>, Problem> {
    let target = resolve_noted(
        from,
        words,
        Manner {
            abbreviate: true,
            ios: Some((line.text, &loader.tree)),
        },
        &mut loader.notes,
    )?;
    if line.no {
        let words = if words.is_empty() { &line.words } else { words };
        return loader.delete(target, from, words).map(|()| None);
    }
    let entered = match &target {
        Target::Branch(cursor) => Some(cursor.clone()),
        _ => None,
    };
    loader.set_line(target, line.last().place)?;
    Ok(entered)
}
