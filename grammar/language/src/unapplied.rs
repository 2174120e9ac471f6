//! What a tree has that this release keeps and does not apply.

use crate::schema::UNAPPLIED;
use crate::walk::walk_new;
use crate::{Code, Finding, Tree};

/// Finds what a tree has that this release keeps and does not apply, each with the reason.
pub fn unapplied(tree: &Tree) -> Vec<Finding> {
    unapplied_from(None, tree, 0)
}

/// As [`unapplied`], without what is the same in another tree, itself or above it down to `depth` words.
pub fn unapplied_from(other: Option<&Tree>, tree: &Tree, depth: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, value, why) in UNAPPLIED {
        let words: Vec<&str> = path.split(' ').collect();
        walk_new(
            tree,
            other,
            &words,
            depth,
            &mut Vec::new(),
            &mut |path, node| {
                let there = match node {
                    Tree::Leaf(values) => value.is_empty() || values.iter().any(|one| one == value),
                    Tree::Branch(children) => value.is_empty() || children.contains_key(value),
                };
                if there {
                    let mut path = path.to_vec();
                    path.extend(
                        Some(*value)
                            .filter(|value| !value.is_empty())
                            .map(str::to_owned),
                    );
                    found.push(Finding {
                        path,
                        message: (*why).to_owned(),
                        code: Code::NotApplied,
                    });
                }
            },
        );
    }
    found
}
