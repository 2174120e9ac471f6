//! IOS statements as rows like those of the table of commands. They are made of the schema: words, help, ranges and
//! defaults are those of its rows.

use std::collections::HashSet;

use language::Submode;
use language::schema::{IOS_WORDS, Ios, Kind, Node, Piece, Row as Leaf, Statement, Type, root};
use registry::{PREDEFINED, Predefined};

use super::row::{End, Row};

/// Returns the statements of a submode, or of global configuration.
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

/// Returns the statement that opens a submode, such as `flow record NAME`.
pub(crate) fn opener(submode: Submode) -> Option<String> {
    let statement = match opened(root(), submode)?.row.ios {
        Ios::Opens(_, statement) => statement,
        _ => return None,
    };
    Some(statement.pattern.replace("<>", "NAME"))
}

/// Returns the first node whose names have the submode.
fn opened(node: &'static Node, submode: Submode) -> Option<&'static Node> {
    let opens = |node: &Node| matches!(node.row.ios, Ios::Opens(to, _) if to == submode);
    let mut children = node.children().iter();
    children.find_map(|child| match opens(child) {
        true => Some(child),
        false => opened(child, submode),
    })
}

/// The rows that have been made.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    /// Their patterns.
    known: HashSet<String>,
}

impl Rows {
    /// Adds the statements of global configuration for a node and what is below it: those that open a submode, and those
    /// in words of IOS.
    fn global(&mut self, node: &'static Node) {
        for child in node.children() {
            match &child.row.ios {
                // Another node with the same submode has the same statement.
                Ios::Opens(submode, statement) => {
                    if opened(root(), *submode).is_some_and(|first| std::ptr::eq(first, child)) {
                        self.statement(child, statement, End::Opens(*submode));
                    }
                }
                Ios::Also(statements) => {
                    for statement in statements.iter().filter(|one| !one.understood) {
                        self.statement(child, statement, End::Statement);
                    }
                    self.global(child);
                }
                Ios::Path | Ios::Instead(_) => self.global(child),
            }
        }
    }

    /// Adds the statements of a submode for a node below the one that has the submode; `before` is the path between them.
    fn node(&mut self, before: &str, node: &'static Node) {
        let row = node.row;
        if let Ios::Also(statements) | Ios::Instead(statements) = row.ios {
            for statement in statements.iter().filter(|one| !one.understood) {
                self.statement(node, statement, End::Statement);
            }
            node.children()
                .iter()
                .for_each(|child| self.node(before, child));
            return;
        }
        let path = joined(before, node.word());
        match node.kind() {
            Kind::Flag => self.add(path, row.help_line(), Some(End::Statement)),
            Kind::Container => {
                self.add(path.clone(), row.help.to_owned(), None);
                node.children()
                    .iter()
                    .for_each(|child| self.node(&path, child));
            }
            Kind::Leaf | Kind::Multi => {
                self.add(path.clone(), row.help.to_owned(), None);
                self.values(&path, row, Some(End::Statement));
            }
            Kind::Tag => {
                self.add(path.clone(), row.help.to_owned(), None);
                for name in self.values(&path, row, Some(End::Statement)) {
                    node.children()
                        .iter()
                        .for_each(|child| self.node(&name, child));
                }
            }
        }
    }

    /// Adds what can be written for a value or a name, and returns the patterns that end with it.
    fn values(&mut self, before: &str, row: &'static Leaf, end: Option<End>) -> Vec<String> {
        let mut paths = Vec::new();
        for (word, help) in values(row) {
            let path = joined(before, &word);
            self.add(path.clone(), help, end);
            paths.push(path);
        }
        if row.value == Type::Record {
            self.predefined(before, end);
        }
        paths
    }

    /// Adds the predefined records, whose names are several words.
    fn predefined(&mut self, before: &str, end: Option<End>) {
        for Predefined { name, help, .. } in PREDEFINED {
            let mut path = before.to_owned();
            let words: Vec<&str> = name.split(' ').collect();
            for (at, word) in words.iter().enumerate() {
                path = joined(&path, word);
                match at + 1 == words.len() {
                    true => self.add(path.clone(), (*help).to_owned(), end),
                    false => {
                        let help = word_help(word, word).unwrap_or("Predefined records");
                        self.add(path.clone(), help.to_owned(), None);
                    }
                }
            }
        }
    }

    /// Adds a statement in words of IOS, once for each way to write it and each of the choices that stand in it.
    fn statement(&mut self, node: &'static Node, statement: &Statement, end: End) {
        for pieces in statement.variants(node) {
            self.variant(node, statement, &pieces, end);
        }
    }

    fn variant(&mut self, node: &'static Node, statement: &Statement, pieces: &[Piece], end: End) {
        let mut begun = vec![String::new()];
        for (at, piece) in pieces.iter().enumerate() {
            let end = (at + 1 == pieces.len()).then_some(end);
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
                        self.add(path.clone(), help.to_owned(), end);
                        next.push(path);
                    }
                    Piece::Value(of) if !statement.help.is_empty() => {
                        let word = values(of.row).into_iter().map(|(word, _)| word);
                        let word = word.into_iter().next().unwrap_or_default();
                        let path = joined(&before, &word);
                        self.add(path.clone(), statement.help.to_owned(), end);
                        next.push(path);
                    }
                    Piece::Value(of) => next.extend(self.values(&before, of.row, end)),
                    Piece::Choice(of) => {
                        for (word, help) in values(of.row) {
                            if word == of.row.all {
                                continue;
                            }
                            let path = joined(&before, &word);
                            self.add(path.clone(), help, end);
                            next.push(path);
                        }
                    }
                    Piece::Optional(_) => {}
                }
            }
            begun = next;
        }
    }

    /// Adds a row, or lets the row of that pattern end a line.
    fn add(&mut self, pattern: String, help: String, end: Option<End>) {
        if !self.known.insert(pattern.clone()) {
            if let Some(row) = self.rows.iter_mut().find(|row| row.pattern == pattern) {
                row.end = row.end.or(end);
            }
            return;
        }
        // Rows are made once and live as long as the program.
        self.rows.push(Row {
            pattern: pattern.leak(),
            help: help.leak(),
            end,
            chain: false,
            question: "",
        });
    }
}

/// Returns words and placeholders for the values or names of a row, with their help.
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

/// Returns the help of a word of a statement: that of the configuration path with the same words, or of the word in IOS.
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
