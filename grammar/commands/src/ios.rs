//! IOS statements as rows of a command table, made of the schema: what can follow, its help, ranges and defaults are those of its rows.

use std::collections::HashSet;

use language::Submode;
use language::schema::{IOS_WORDS, Ios, Kind, Node, Piece, Row as Leaf, Statement, Type, root};
use registry::{PREDEFINED, Predefined};

use super::table::{Id, Row};

/// The statements of a submode, or of global configuration.
pub(crate) fn rows(submode: Submode) -> Vec<Row> {
    let mut rows = Rows::default();
    match submode {
        Submode::Global => rows.global(root()),
        _ => {
            if let Some(node) = opened(root(), submode) {
                node.children()
                    .iter()
                    .for_each(|child| rows.node("", child));
            }
        }
    }
    rows.rows
}

/// The statement that opens a submode, as it is written: `flow record NAME`.
pub(crate) fn opener(submode: Submode) -> Option<String> {
    let statement = match opened(root(), submode)?.row.ios {
        Ios::Opens(_, statement) => statement,
        _ => return None,
    };
    Some(statement.pattern.replace("<>", "NAME"))
}

/// The first tag whose names have the submode.
fn opened(node: &'static Node, submode: Submode) -> Option<&'static Node> {
    let opens = |node: &Node| matches!(node.row.ios, Ios::Opens(to, _) if to == submode);
    let mut children = node.children().iter();
    children.find_map(|child| match opens(child) {
        true => Some(child),
        false => opened(child, submode),
    })
}

/// Rows as they are made.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    known: HashSet<String>,
}

impl Rows {
    /// The statements of global configuration for a node and what is below it: those that open a submode, and those in words of IOS.
    fn global(&mut self, node: &'static Node) {
        for child in node.children() {
            match &child.row.ios {
                // A second tag of the submode has the same statement.
                Ios::Opens(submode, statement) => {
                    if opened(root(), *submode).is_some_and(|first| std::ptr::eq(first, child)) {
                        self.statement(child, statement, Id::Opens(*submode));
                    }
                }
                Ios::Also(statements) => {
                    for statement in statements.iter().filter(|one| !one.understood) {
                        self.statement(child, statement, Id::Statement);
                    }
                    self.global(child);
                }
                Ios::Path | Ios::Instead(_) => self.global(child),
            }
        }
    }

    /// The statements of a submode for a node below the one whose submode it is.
    fn node(&mut self, before: &str, node: &'static Node) {
        let row = node.row;
        if let Ios::Also(statements) | Ios::Instead(statements) = row.ios {
            for statement in statements.iter().filter(|one| !one.understood) {
                self.statement(node, statement, Id::Statement);
            }
            node.children()
                .iter()
                .for_each(|child| self.node(before, child));
            return;
        }
        let path = joined(before, node.word());
        match node.kind() {
            Kind::Flag => self.add(path, row.help_line(), Some(Id::Statement)),
            Kind::Container => {
                self.add(path.clone(), row.help.to_owned(), None);
                node.children()
                    .iter()
                    .for_each(|child| self.node(&path, child));
            }
            Kind::Leaf | Kind::Multi => {
                self.add(path.clone(), row.help.to_owned(), None);
                self.values(&path, row, Some(Id::Statement));
            }
            Kind::Tag => {
                self.add(path.clone(), row.help.to_owned(), None);
                for name in self.values(&path, row, Some(Id::Statement)) {
                    node.children()
                        .iter()
                        .for_each(|child| self.node(&name, child));
                }
            }
        }
    }

    /// What can be written for a value or a name; returns the paths that end with one.
    fn values(&mut self, before: &str, row: &'static Leaf, id: Option<Id>) -> Vec<String> {
        let mut paths = Vec::new();
        for (word, help) in values(row) {
            let path = joined(before, &word);
            self.add(path.clone(), help, id);
            paths.push(path);
        }
        if row.value == Type::Record {
            self.predefined(before, id);
        }
        paths
    }

    /// The predefined records, whose names are several words.
    fn predefined(&mut self, before: &str, id: Option<Id>) {
        for Predefined { name, help, .. } in PREDEFINED {
            let mut path = before.to_owned();
            let words: Vec<&str> = name.split(' ').collect();
            for (at, word) in words.iter().enumerate() {
                path = joined(&path, word);
                match at + 1 == words.len() {
                    true => self.add(path.clone(), (*help).to_owned(), id),
                    false => {
                        let help = word_help(word, word).unwrap_or("Predefined records");
                        self.add(path.clone(), help.to_owned(), None);
                    }
                }
            }
        }
    }

    /// A statement in words of IOS, once for each way to write it and each choice it stands for.
    fn statement(&mut self, node: &'static Node, statement: &Statement, id: Id) {
        for pieces in statement.variants(node) {
            self.variant(node, statement, &pieces, id);
        }
    }

    fn variant(&mut self, node: &'static Node, statement: &Statement, pieces: &[Piece], id: Id) {
        let mut begun = vec![String::new()];
        for (at, piece) in pieces.iter().enumerate() {
            let id = (at + 1 == pieces.len()).then_some(id);
            let mut next = Vec::new();
            for before in begun {
                match piece {
                    Piece::Word(word) => {
                        let path = joined(&before, word);
                        let help =
                            word_help(word, &path).unwrap_or_else(|| match pieces.get(at + 1) {
                                Some(Piece::Value(of) | Piece::Choice(of)) => of.row.help,
                                _ => node.row.help,
                            });
                        self.add(path.clone(), help.to_owned(), id);
                        next.push(path);
                    }
                    Piece::Value(of) if !statement.help.is_empty() => {
                        let word = values(of.row).into_iter().map(|(word, _)| word);
                        let word = word.into_iter().next().unwrap_or_default();
                        let path = joined(&before, &word);
                        self.add(path.clone(), statement.help.to_owned(), id);
                        next.push(path);
                    }
                    Piece::Value(of) => next.extend(self.values(&before, of.row, id)),
                    Piece::Choice(of) => {
                        for (word, help) in values(of.row) {
                            if word == of.row.all {
                                continue;
                            }
                            let path = joined(&before, &word);
                            self.add(path.clone(), help, id);
                            next.push(path);
                        }
                    }
                    Piece::Optional(_) => {}
                }
            }
            begun = next;
        }
    }

    /// Adds a row, or completes the one of that pattern.
    fn add(&mut self, pattern: String, help: String, id: Option<Id>) {
        if !self.known.insert(pattern.clone()) {
            if let Some(row) = self.rows.iter_mut().find(|row| row.pattern == pattern) {
                row.id = row.id.or(id);
            }
            return;
        }
        // The tables are made once and last as long as the program.
        self.rows.push(Row {
            pattern: pattern.leak(),
            help: help.leak(),
            id,
            chain: false,
        });
    }
}

/// The words and placeholders of a row's values or names, with their help.
fn values(row: &'static Leaf) -> Vec<(String, String)> {
    let tag = match (row.refers, row.kind) {
        ([tag, ..], _) => tag.split_once(' '),
        ([], Kind::Tag) => row.path.split_once(' '),
        _ => None,
    };
    let argument = match (tag, row.value) {
        (Some(("flow", tag)), Type::Name | Type::Record) if !tag.contains(' ') => {
            Some(format!("<{tag}>"))
        }
        (_, Type::Match | Type::Collect) => Some("<field>".to_owned()),
        (_, Type::Interface | Type::InterfaceOrAddress) => Some("<interface>".to_owned()),
        _ => None,
    };
    if let Some(argument) = argument {
        return vec![(argument, row.help_line())];
    }
    let hints = row.hints().into_iter();
    hints.map(|hint| (hint.text, hint.help)).collect()
}

/// Help of a word: a path of the tree may be a statement, too.
fn word_help(word: &str, path: &str) -> Option<&'static str> {
    let row = language::schema::TABLE.iter().find(|row| row.path == path);
    let known = || IOS_WORDS.iter().find(|(known, _)| *known == word);
    row.map(|row| row.help)
        .or_else(|| known().map(|(_, help)| *help))
}

fn joined(before: &str, word: &str) -> String {
    match before {
        "" => word.to_owned(),
        before => format!("{before} {word}"),
    }
}
