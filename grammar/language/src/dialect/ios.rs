//! IOS lines: submodes without braces, `no` to delete.
//!
//! A line is a statement of the submode it stands in, or else of the global mode. Words that IOS does not
//! have are written as paths, on one line.

mod attachment;
mod classic;
mod foreign;
mod forms;
mod line;
mod reader;
mod render;
mod said;
mod statement;
mod submode;

use std::cell::RefCell;

use pest::Parser;

pub use foreign::{TextEnd, begins_text};
pub use reader::begins_statement;
pub(crate) use reader::load;
pub(crate) use render::render;

use self::line::Line;
use self::statement::Known;
use crate::load::{Loader, no_value};
use crate::resolve::{Cursor, Manner, Target, resolve_noted};
use crate::router_name::{Names, interface, loopback};
use crate::schema::{Ios, Kind, Node, Pick, Submode, list, lookup, pick, root, shown};
use crate::source::{SourceLine, source_line};
use crate::word::{Line as Words, Shape, Word};
use crate::{Code, Problem, Tree};

#[derive(pest_derive::Parser)]
#[grammar = "dialect/ios.pest"]
struct IosParser;

/// The words of a line.
fn words<'a>(source: &SourceLine<'a>) -> Vec<Word<'a>> {
    let line = source.text;
    let mut words = Words::of(source);
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
            Rule::remark => Shape::Remark,
            _ => continue,
        };
        let span = pair.as_span();
        words.push(shape, span.start(), span.end());
    }
    words.finish()
}

/// The path of the node that the statements of a submode describe; `line` is the statement that opened it.
pub fn submode_path(line: &str, submode: Submode, tree: &Tree) -> Option<Vec<String>> {
    let source = source_line(line, 1)?;
    let words = words(&source);
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
            let guesses = RefCell::default();
            let names = Names {
                tree,
                before: tree,
                guesses: &guesses,
            };
            let words = words.get(1..).filter(|words| !words.is_empty())?;
            interface(words, names).ok()?.0.into_owned()
        }
        _ => last.text.to_string(),
    };
    Some(
        tag.split(' ')
            .chain([name.as_str()])
            .map(str::to_owned)
            .collect(),
    )
}

/// Where a line stands.
pub(crate) struct Mode {
    pub(crate) cursor: Cursor,
}

/// Where a statement belongs, by its first word.
enum Found {
    /// To the submode that it stands in; the word written out.
    Here(&'static str),
    /// To the global mode; the word written out.
    Global(&'static str),
    /// Nowhere: the word is the beginning of several.
    Ambiguous(Problem),
    /// Nowhere.
    Unknown(Problem),
}

/// Finds where a statement belongs: to the submode it stands in, or else to the global mode.
fn find(cursor: &Cursor, line: &Line) -> Found {
    let word = &line.words[0];
    let spelled = word.text.to_ascii_lowercase();
    let here = submode::words(cursor);
    let globals = global_words();
    match pick(&spelled, here.iter().copied(), true) {
        Pick::One(picked) => return Found::Here(picked),
        Pick::Many(many) if !globals.contains(&&*spelled) => {
            return Found::Ambiguous(ambiguous(word, many));
        }
        _ => {}
    }
    match pick(&spelled, globals.iter().copied(), true) {
        Pick::One(picked) => Found::Global(picked),
        // `int` is `interface` and `fl` is `flow`, though `interfaces` and `flow-accounting` begin so too.
        Pick::Many(many) if many.iter().all(|other| other.starts_with(many[0])) => {
            Found::Global(many[0])
        }
        Pick::Many(many) => Found::Ambiguous(ambiguous(word, many)),
        Pick::None => {
            let possible: Vec<&str> = here.into_iter().chain(globals).collect();
            Found::Unknown(statement::unknown(word, possible.into_iter()))
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
    if let Some(range) = rest.first().filter(|_| rest.len() > 1)
        && range.text.eq_ignore_ascii_case("range")
    {
        return Err(range.place.problem(
            Code::NotHere,
            "interfaces are configured one by one here, not as a range",
            Some("write interface NAME for each".into()),
        ));
    }
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
    let mut notes = Vec::new();
    let target = resolve_noted(
        from,
        words,
        Manner {
            abbreviate: true,
            ios: Some((line.text, loader.names())),
        },
        &mut notes,
    )?;
    notes.into_iter().for_each(|note| loader.note(note));
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
