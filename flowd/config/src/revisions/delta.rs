//! The changes from one tree to another, stored in place of the whole tree. Pure.

use std::sync::Arc;

use language::Tree;
use language::tree::unlike;
use serde_json::Value;

use crate::tree_json;

/// A changed node: its path and its new content, `None` if it was deleted.
pub(super) type Step = (Vec<String>, Option<Value>);

/// Returns the changes from `old` to `new`.
pub(super) fn between(old: &Tree, new: &Tree) -> Vec<Step> {
    let mut steps = Vec::new();
    descend(old, new, &mut Vec::new(), &mut steps);
    steps
}

fn descend(old: &Tree, new: &Tree, path: &mut Vec<String>, steps: &mut Vec<Step>) {
    let (Tree::Branch(was), Tree::Branch(is)) = (old, new) else {
        steps.push((path.clone(), Some(tree_json::write(new))));
        return;
    };
    for (word, was, is) in unlike(was, is) {
        path.push(word.clone());
        match (was, is) {
            (Some(was), Some(is)) => descend(was, is, path, steps),
            (_, is) => steps.push((path.clone(), is.map(tree_json::write))),
        }
        path.pop();
    }
}

/// Applies changes to a tree; `None` if they do not fit it.
pub(super) fn apply(mut tree: Tree, steps: &[Step]) -> Option<Tree> {
    for (path, value) in steps {
        let value = match value {
            Some(value) => Some(tree_json::read(value)?),
            None => None,
        };
        put(&mut tree, path, value)?;
    }
    Some(tree)
}

fn put(tree: &mut Tree, path: &[String], value: Option<Tree>) -> Option<()> {
    let Some((word, rest)) = path.split_first() else {
        *tree = value?;
        return Some(());
    };
    let Tree::Branch(children) = tree else {
        return None;
    };
    let children = Arc::make_mut(children);
    match (rest.is_empty(), value) {
        (false, value) => put(children.get_mut(word)?, rest, value),
        (true, Some(value)) => {
            children.insert(word.clone(), value);
            Some(())
        }
        (true, None) => children.remove(word).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Tree {
        tree_json::read(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn a_tree_and_what_changed_give_the_other() {
        let trees = [
            "{}",
            r#"{"a":{"b":["1"],"c":{}},"d":["1","2"]}"#,
            r#"{"a":{"b":["2"]},"e":{"f":{"g":[]}}}"#,
            r#"{"a":["1"],"d":{}}"#,
        ];
        for old in trees.map(tree) {
            for new in trees.map(tree) {
                let steps = between(&old, &new);
                let text = serde_json::to_string(&steps).unwrap();
                let steps: Vec<Step> = serde_json::from_str(&text).unwrap();
                assert_eq!(apply(old.clone(), &steps), Some(new.clone()), "{text}");
                assert_eq!(steps.is_empty(), old == new);
            }
        }
    }

    #[test]
    fn steps_of_another_tree_are_refused() {
        let steps = between(&tree(r#"{"a":{"b":["1"]}}"#), &tree(r#"{"a":{}}"#));
        assert_eq!(apply(tree("{}"), &steps), None);
        assert_eq!(apply(tree(r#"{"a":["1"]}"#), &steps), None);
    }
}
