//! Visits of the nodes of a tree that stand at a path of the schema.

use crate::Tree;
use crate::order::{compare, natural};
use crate::tree::unlike;

/// Calls `visit` for every node of the tree at `path`, where `*` is any name, in natural order.
pub(crate) fn walk(
    tree: &Tree,
    path: &[&str],
    at: &mut Vec<String>,
    visit: &mut impl FnMut(&[String], &Tree),
) {
    walk_new(tree, None, path, 0, at, visit);
}

/// The same, leaving out what is the same in another tree, down to `depth` words.
pub(crate) fn walk_new(
    tree: &Tree,
    other: Option<&Tree>,
    path: &[&str],
    depth: usize,
    at: &mut Vec<String>,
    visit: &mut impl FnMut(&[String], &Tree),
) {
    if at.len() <= depth && other.is_some_and(|other| other.is(tree)) {
        return;
    }
    let Some((word, rest)) = path.split_first() else {
        visit(at, tree);
        return;
    };
    let Tree::Branch(children) = tree else { return };
    let others = match other {
        Some(Tree::Branch(others)) if at.len() < depth => Some(others),
        _ => None,
    };
    let mut down = |name: &String, node: &Tree, other: Option<&Tree>| {
        at.push(name.clone());
        walk_new(node, other, rest, depth, at, visit);
        at.pop();
    };
    match (*word, others) {
        ("*", Some(others)) => {
            let mut new: Vec<_> = unlike(others, children).collect();
            new.sort_by(|(a, ..), (b, ..)| compare(a, b));
            for (name, other, node) in new {
                if let Some(node) = node {
                    down(name, node, other);
                }
            }
        }
        ("*", None) => {
            for (name, node) in natural(children) {
                down(name, node, None);
            }
        }
        (word, others) => {
            if let Some((name, node)) = children.get_key_value(word) {
                down(name, node, others.and_then(|others| others.get(word)));
            }
        }
    }
}
