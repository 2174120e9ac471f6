//! Rebasing of a candidate: a session's changes since its base are applied to what others have committed meanwhile. Pure.

use std::sync::Arc;

use language::Tree;
use language::tree::unlike;

/// A node that a session and another commit have changed in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The node's path from the root.
    pub path: Vec<String>,
    /// The value that is running now; `None` if the node was deleted.
    pub running: Option<String>,
    /// The value that the session wants; `None` if it deletes the node.
    pub wanted: Option<String>,
}

/// Merges the changes `base → candidate` into `running`.
///
/// # Errors
/// The nodes that `base → running` changed, too, in the tree's order.
pub(crate) fn rebase(base: &Tree, running: &Tree, candidate: &Tree) -> Result<Tree, Vec<Overlap>> {
    let mut overlaps = Vec::new();
    let mut path = Vec::new();
    let merged = merge(
        Some(base),
        Some(running),
        Some(candidate),
        &mut path,
        &mut overlaps,
    );
    if overlaps.is_empty() {
        Ok(merged.unwrap_or_default())
    } else {
        Err(overlaps)
    }
}

fn merge(
    base: Option<&Tree>,
    running: Option<&Tree>,
    candidate: Option<&Tree>,
    path: &mut Vec<String>,
    overlaps: &mut Vec<Overlap>,
) -> Option<Tree> {
    if same(candidate, base) || same(candidate, running) {
        return running.cloned();
    }
    if same(running, base) {
        return candidate.cloned();
    }
    let (Some(Tree::Branch(running)), Some(Tree::Branch(candidate))) = (running, candidate) else {
        overlaps.push(Overlap {
            path: path.clone(),
            running: running.map(brief),
            wanted: candidate.map(brief),
        });
        return running.cloned();
    };
    // Where the base has no branch, both sides added theirs.
    let base = match base {
        Some(Tree::Branch(children)) => Some(children),
        _ => None,
    };
    let mut merged = running.clone();
    for (name, running, candidate) in unlike(running, candidate) {
        path.push(name.clone());
        let base = base.and_then(|children| children.get(name));
        let children = Arc::make_mut(&mut merged);
        match merge(base, running, candidate, path, overlaps) {
            Some(tree) => children.insert(name.clone(), tree),
            None => children.remove(name),
        };
        path.pop();
    }
    Some(Tree::Branch(merged))
}

/// Whether two nodes are equal. Branches that they share are not compared.
fn same(one: Option<&Tree>, other: Option<&Tree>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other) || one == other,
        (None, None) => true,
        _ => false,
    }
}

/// A leaf's values, or the first names in a branch.
fn brief(tree: &Tree) -> String {
    match tree {
        Tree::Branch(children) => children
            .keys()
            .map(String::as_str)
            .take(5)
            .collect::<Vec<_>>()
            .join(" "),
        Tree::Leaf(values) => values.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Tree {
        crate::tree_json::read(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn changes_to_different_nodes_meet_in_one_tree() {
        let base = tree(r#"{"a":["1"],"b":{"c":["1"],"d":["1"]}}"#);
        let running = tree(r#"{"a":["2"],"b":{"c":["1"],"d":["1"],"e":[]}}"#);
        let candidate = tree(r#"{"a":["1"],"b":{"c":["9"]}}"#);
        let merged = rebase(&base, &running, &candidate).unwrap();
        assert_eq!(merged, tree(r#"{"a":["2"],"b":{"c":["9"],"e":[]}}"#));
    }

    #[test]
    fn the_same_change_twice_is_no_overlap() {
        let base = tree("{}");
        let both = tree(r#"{"a":{"x":["1"]}}"#);
        assert_eq!(rebase(&base, &both, &both), Ok(both.clone()));
        let more = tree(r#"{"a":{"x":["1"],"y":["2"]}}"#);
        assert_eq!(rebase(&base, &both, &more), Ok(more));
    }

    #[test]
    fn overlaps_are_named_with_both_values() {
        let base = tree(r#"{"a":{"x":["1"]},"b":{"y":["1"]}}"#);
        let running = tree(r#"{"a":{"x":["2"]},"b":{"y":["2"]}}"#);
        let candidate = tree(r#"{"a":{"x":["3"]}}"#);
        let overlaps = rebase(&base, &running, &candidate).unwrap_err();
        assert_eq!(overlaps.len(), 2);
        assert_eq!(overlaps[0].path, ["a", "x"]);
        assert_eq!(
            (
                overlaps[0].running.as_deref(),
                overlaps[0].wanted.as_deref()
            ),
            (Some("2"), Some("3"))
        );
        assert_eq!(
            (overlaps[1].path.as_slice(), overlaps[1].wanted.as_deref()),
            (&["b".to_owned()][..], None)
        );
    }
}
