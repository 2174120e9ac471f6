//! Two trees: what came, what went, what changed.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::dialect::{curly, set};
use crate::order::{compare as name_order, rank};
use crate::schema::{Kind, Place, root};
use crate::tree::unlike;
use crate::word::quoted;
use crate::{Change, Tree};

/// What happened to a node of both trees, or of one.
enum Difference<'a> {
    /// The node is in the new tree only.
    Came(&'a Tree),
    /// The node is in the old tree only.
    Went(&'a Tree),
    /// A leaf's values: those that went and those that came, in order.
    Values(Vec<&'a String>, Vec<&'a String>),
}

/// One node that differs.
struct Found<'a> {
    /// Where it is.
    path: Vec<String>,
    place: Place,
    what: Difference<'a>,
}

/// The highest nodes that differ, in schema order.
fn differences<'a>(old: &'a Tree, new: &'a Tree) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    descend(Place::Words(root()), old, new, &mut Vec::new(), &mut found);
    found
}

fn descend<'a>(
    place: Place,
    old: &'a Tree,
    new: &'a Tree,
    path: &mut Vec<String>,
    found: &mut Vec<Found<'a>>,
) {
    let (a, b) = match (old, new) {
        (Tree::Branch(a), Tree::Branch(b)) => (a, b),
        (Tree::Leaf(a), Tree::Leaf(b)) => {
            let (went, came) = values(a, b);
            if !went.is_empty() || !came.is_empty() {
                found.push(Found {
                    path: path.clone(),
                    place,
                    what: Difference::Values(went, came),
                });
            }
            return;
        }
        // The schema says what a node is, so this is no pair of trees of this language.
        _ => return,
    };
    let mut words: Vec<_> = unlike(a, b).collect();
    match place {
        Place::Name(_) => words.sort_by(|(a, ..), (b, ..)| name_order(a, b)),
        place => words.sort_by_key(|(word, ..)| rank(place.node(), word)),
    }
    for (word, old, new) in words {
        let below = match place {
            Place::Words(node) => node.child(word).map(|child| child.place()),
            Place::Name(node) => Some(Place::Words(node)),
            Place::Value(_) | Place::End(_) => None,
        };
        let Some(below) = below else { continue };
        path.push(word.clone());
        match (old, new) {
            (Some(old), Some(new)) => descend(below, old, new, path, found),
            (Some(old), None) => found.push(Found {
                path: path.clone(),
                place: below,
                what: Difference::Went(old),
            }),
            (None, Some(new)) => found.push(Found {
                path: path.clone(),
                place: below,
                what: Difference::Came(new),
            }),
            (None, None) => {}
        }
        path.pop();
    }
}

/// The values to take out and then to add at the end so that `old` becomes `new`, order included.
fn values<'a>(old: &'a [String], new: &'a [String]) -> (Vec<&'a String>, Vec<&'a String>) {
    let position: HashMap<&String, usize> = old
        .iter()
        .enumerate()
        .map(|(at, value)| (value, at))
        .collect();
    let mut next = 0;
    let mut kept = 0;
    for value in new {
        match position.get(value) {
            Some(at) if *at >= next => next = at + 1,
            _ => break,
        }
        kept += 1;
    }
    let stays: std::collections::HashSet<&String> = new[..kept].iter().collect();
    (
        old.iter().filter(|value| !stays.contains(value)).collect(),
        new[kept..].iter().collect(),
    )
}

/// Whether the node is one name of a tag.
fn is_name(place: Place) -> bool {
    matches!(place, Place::Words(node) if node.kind() == Kind::Tag)
}

pub(crate) fn diff(old: &Tree, new: &Tree) -> Vec<Change> {
    let mut changes = Vec::new();
    for found in differences(old, new) {
        let mut path = found.path;
        match found.what {
            Difference::Went(tree) => all(found.place, tree, &mut path, false, &mut changes),
            Difference::Came(tree) => all(found.place, tree, &mut path, true, &mut changes),
            Difference::Values(went, came) => {
                let change = |value: &&String, added| {
                    let path = path.iter().chain([*value]).cloned().collect();
                    Change { path, added }
                };
                changes.extend(went.iter().map(|value| change(value, false)));
                changes.extend(came.iter().map(|value| change(value, true)));
            }
        }
    }
    changes
}

/// Every name, flag and value of a node that is in one tree only.
fn all(place: Place, tree: &Tree, path: &mut Vec<String>, added: bool, changes: &mut Vec<Change>) {
    match tree {
        Tree::Leaf(values) if values.is_empty() => changes.push(Change {
            path: path.clone(),
            added,
        }),
        Tree::Leaf(values) => changes.extend(values.iter().map(|value| {
            let path = path.iter().chain([value]).cloned().collect();
            Change { path, added }
        })),
        Tree::Branch(_) => {
            if is_name(place) {
                changes.push(Change {
                    path: path.clone(),
                    added,
                });
            }
            for (word, place, tree) in crate::order::entries(place, tree) {
                path.push(word.to_owned());
                all(place, tree, path, added, changes);
                path.pop();
            }
        }
    }
}

pub(crate) fn commands(old: &Tree, new: &Tree) -> String {
    // A node that is deleted takes its comments along, so those that go do so first.
    let (mut unsaid, mut deletes, mut sets) = (String::new(), String::new(), String::new());
    for found in differences(old, new) {
        let words: Vec<_> = found.path.iter().map(|word| quoted(word)).collect();
        let path = words.join(" ");
        match found.what {
            Difference::Went(_) => match found.path[0].as_str() {
                "comment" => unsaid.push_str(&format!("delete {path}\n")),
                _ => deletes.push_str(&format!("delete {path}\n")),
            },
            Difference::Came(tree) => {
                set::lines(found.place, tree, &mut format!("set {path}"), &mut sets)
            }
            Difference::Values(went, came) => {
                let node = found.place.node();
                let line =
                    |value: &String| format!("{path} {}\n", set::written(node.row.value, value));
                // A single value is replaced by setting the new one.
                if node.kind() == Kind::Multi {
                    went.iter()
                        .for_each(|value| deletes.push_str(&format!("delete {}", line(value))));
                }
                came.iter()
                    .for_each(|value| sets.push_str(&format!("set {}", line(value))));
            }
        }
    }
    unsaid + &deletes + &sets
}

pub(crate) fn compare(old: &Tree, new: &Tree) -> String {
    let mut out = String::new();
    let mut heading: Option<Vec<String>> = None;
    for found in differences(old, new) {
        let (level, tag) = level(&found);
        if heading.as_deref() != Some(level) {
            let words: Vec<&str> = level.iter().map(String::as_str).collect();
            out.push_str(&format!(
                "[{}]\n",
                ["edit"]
                    .iter()
                    .chain(&words)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" ")
            ));
            heading = Some(level.to_vec());
        }
        let word = found.path.last().map(String::as_str).unwrap_or_default();
        let mut mark = |mark: char, place: Place, tree: &Tree| {
            let mut text = String::new();
            curly::entry(place, tree, &tag, word, &mut text);
            for line in text.lines() {
                out.push_str(&format!("{mark} {line}\n"));
            }
        };
        match found.what {
            Difference::Went(tree) => mark('-', found.place, tree),
            Difference::Came(tree) => mark('+', found.place, tree),
            Difference::Values(went, came) => {
                let leaf = |values: Vec<&String>| Tree::Leaf(values.into_iter().cloned().collect());
                mark('-', found.place, &leaf(went));
                mark('+', found.place, &leaf(came));
            }
        }
    }
    out
}

/// The edit level a difference is shown at, and the tag it is a name of.
fn level<'a>(found: &'a Found) -> (&'a [String], String) {
    let above = &found.path[..found.path.len() - 1];
    match above.split_last() {
        Some((tag, level)) if is_name(found.place) => (level, tag.clone()),
        _ => (above, String::new()),
    }
}
