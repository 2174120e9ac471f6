//! Statements of the submodes.

use super::line::Line;
use super::statement::{self, Known};
use super::{Mode, path_statement};
use crate::Problem;
use crate::load::Loader;
use crate::resolve::Cursor;
use crate::schema::{Ios, Node, Place};
use crate::word::Word;

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
    // `flow monitor NAME` is a global statement in IOS; in an interface the family comes first.
    let by_path = node.children().iter();
    let by_path = by_path.filter(|child| !matches!(child.row.ios, Ios::Instead(_)));
    let mut words: Vec<&str> = by_path.map(Node::word).collect();
    for (of, statement) in statements(node) {
        for first in statement.first_words(of) {
            if !words.contains(&first) {
                words.push(first);
            }
        }
    }
    words
}

/// The statements that only IOS has below a node.
fn statements(node: &'static Node) -> impl Iterator<Item = Known> {
    node.children().iter().flat_map(Node::statements)
}

/// Reads a statement of the submode, whose first word is `picked`.
pub(super) fn statement(
    loader: &mut Loader,
    mode: &Mode,
    picked: &'static str,
    line: &Line,
) -> Result<(), Problem> {
    let cursor = &mode.cursor;
    let Place::Words(node) = cursor.place else {
        return Ok(());
    };
    if node.row.path == "flow record" && matches!(picked, "match" | "collect") {
        return fields(loader, cursor, line);
    }
    let known: Vec<Known> = statements(node)
        .filter(|(of, statement)| statement.first_words(of).contains(&picked))
        .collect();
    if !known.is_empty() && statement::apply(loader, cursor, &known, line)? {
        return Ok(());
    }
    path_statement(loader, cursor, line, &line.words).map(|_| ())
}

/// Several `match` and `collect` statements may share a line, as pasted text has them.
fn fields(loader: &mut Loader, cursor: &Cursor, line: &Line) -> Result<(), Problem> {
    let starts = |word: &Word| matches!(&*word.text.to_ascii_lowercase(), "match" | "collect");
    let mut rest = &line.words[..];
    while !rest.is_empty() {
        let end = rest.iter().skip(1).position(starts);
        let (one, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
        path_statement(loader, cursor, &line.part(one), one)?;
        rest = after;
    }
    Ok(())
}
