//! `copy` and `rename` send the `set` lines of a node at another path, and for `rename` its deletion, as one change.

use api::session::{Dialect, Edit, EditMode};
use commands::Word;
use language::Tree;

use super::refused::in_text;
use super::{Done, Outcome, Shell};
use crate::trouble::Failure;

impl Shell {
    pub(super) fn copy(&mut self, from: &[Word], to: &[Word], rename: bool, line: &str) -> Done {
        let under = |shell: &Shell, words: &[Word]| -> Result<Vec<String>, Failure> {
            let mut path = shell.level.clone();
            path.extend(shell.spell(&shell.level, words, line)?);
            Ok(path)
        };
        let (source, target) = (under(self, from)?, under(self, to)?);
        let place = |words: &[Word]| {
            let start = words.first().map_or(0, |word| word.start);
            (
                start,
                words
                    .last()
                    .map_or(1, |word| word.end().saturating_sub(start)),
            )
        };
        let tree = self.tree(true)?;
        let words: Vec<&str> = source.iter().map(String::as_str).collect();
        let Some(node) = tree.get(&words) else {
            let (start, length) = from.last().map_or((0, 1), |word| (word.start, word.len));
            let (last, above) = words.split_last().unwrap_or((&"", &[]));
            let names = match tree.get(above) {
                Some(Tree::Branch(names)) => names.keys().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            let message = format!(
                "{} is not in the candidate configuration; {}",
                words.join(" "),
                language::which(last, names)
            );
            return Err(Failure::at(line, start, length, message));
        };
        let (start, length) = place(to);
        if tree.has(&target.iter().map(String::as_str).collect::<Vec<_>>()) {
            return Err(Failure::at(
                line,
                start,
                length,
                "it is in the candidate configuration already",
            ));
        }
        let mut text = String::new();
        set_lines(node, &mut target.clone(), &mut text);
        comments(&tree, &source.join(" "), &target.join(" "), &mut text);
        if rename {
            text.push_str(&format!("delete {}\n", quoted(&source)));
        }
        let edit = Edit {
            text,
            dialect: Some(Dialect::Set),
            mode: Some(EditMode::Merge),
            ..Edit::default()
        };
        // A refusal's place is in lines that nobody typed: it is the new path that does not fit.
        let result = self.ask_edit(&edit);
        let result = result.map_err(|error| in_text(error, &edit.text, "", 0));
        result.map_err(|failure| match failure {
            Failure::Wrong(troubles) => {
                let why = troubles
                    .first()
                    .map_or("it does not fit there", |trouble| &trouble.message)
                    .to_owned();
                Failure::at(line, start, length, why)
            }
            other => other,
        })?;
        Ok(Outcome::default())
    }
}

/// Writes the lines that make a node at `path`.
fn set_lines(node: &Tree, path: &mut Vec<String>, text: &mut String) {
    let mut line = |path: &[String]| text.push_str(&format!("set {}\n", quoted(path)));
    match node {
        Tree::Leaf(values) if values.is_empty() => line(path),
        Tree::Leaf(values) => {
            for value in values {
                path.push(value.clone());
                line(path);
                path.pop();
            }
        }
        Tree::Branch(children) if children.is_empty() => line(path),
        Tree::Branch(children) => {
            for (word, child) in children.iter() {
                path.push(word.clone());
                set_lines(child, path, text);
                path.pop();
            }
        }
    }
}

/// Writes the lines that give `to` the comments of `from` and of what is below it.
fn comments(tree: &Tree, from: &str, to: &str, text: &mut String) {
    for (node, comment) in tree.children(&["comment"]) {
        let Some(below) = node.strip_prefix(from) else {
            continue;
        };
        if below.is_empty() || below.starts_with(' ') {
            let path = ["comment".to_owned(), format!("{to}{below}")];
            set_lines(comment, &mut path.into(), text);
        }
    }
}

fn quoted(path: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/@+%,=".contains(c);
    let words: Vec<String> = path
        .iter()
        .map(|word| match !word.is_empty() && word.chars().all(plain) {
            true => word.clone(),
            false => format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")),
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_becomes_set_lines() {
        let leaf =
            |values: &[&str]| Tree::Leaf(values.iter().map(|value| (*value).to_owned()).collect());
        let servers = Tree::from_iter([("192.0.2.1".to_owned(), Tree::default())]);
        let node = Tree::from_iter([
            ("description".to_owned(), leaf(&["a \"b\" \\"])),
            ("disable".to_owned(), leaf(&[])),
            ("match".to_owned(), leaf(&["ipv4 tos", "x"])),
            ("server".to_owned(), servers),
        ]);
        let mut text = String::new();
        set_lines(&node, &mut vec!["to".into()], &mut text);
        assert_eq!(
            text,
            "set to description \"a \\\"b\\\" \\\\\"\nset to disable\nset to match \"ipv4 tos\"\nset to match x\n\
             set to server 192.0.2.1\n"
        );
    }
}
