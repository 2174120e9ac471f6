//! Settings by name, resolved so that a change of the configuration costs what it changes. Pure.

use std::sync::Arc;

use language::Tree;
use language::map::Map;
use language::tree::{Children, unlike};

/// Settings by the name they have in the configuration. Copying it is cheap, and copies share entries.
pub type Named<T> = Arc<Map<Arc<T>>>;

/// An earlier configuration with its settings, from which unchanged settings are taken over.
pub struct Before<'a, S> {
    /// The tree.
    pub tree: &'a Tree,
    /// Its settings.
    pub settings: &'a S,
}

// Deriving would require `S: Clone`.
impl<S> Clone for Before<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Before<'_, S> {}

impl<'a, S> Before<'a, S> {
    /// Returns the same tree with a part of its settings.
    pub fn part<P>(self, part: impl FnOnce(&'a S) -> &'a P) -> Before<'a, P> {
        Before {
            tree: self.tree,
            settings: part(self.settings),
        }
    }
}

/// Resolves the settings of every name below the node `tag` by `one`, which returns `None` for a name without settings.
/// Names whose nodes are shared with the tree in `before` keep the settings they have there.
pub fn resolve<T>(
    tree: &Tree,
    tag: &[&str],
    before: Option<Before<'_, Named<T>>>,
    mut one: impl FnMut(&str, &Tree) -> Option<T>,
) -> Named<T> {
    let (mut named, was) = match before {
        Some(before) => (before.settings.clone(), before.tree.get(tag)),
        None => (Named::default(), None),
    };
    let is = tree.get(tag);
    if let (Some(was), Some(is)) = (was, is)
        && was.is(is)
    {
        return named;
    }
    for (name, _, node) in unlike(children(was), children(is)) {
        let things = Arc::make_mut(&mut named);
        match node.and_then(|node| one(name, node)) {
            Some(thing) => things.insert(name.clone(), Arc::new(thing)),
            None => things.remove(name),
        };
    }
    named
}

fn children(node: Option<&Tree>) -> &Children {
    static NONE: Children = Children::new();
    match node {
        Some(Tree::Branch(children)) => children,
        _ => &NONE,
    }
}

/// Returns the names whose settings differ between `old` and `new`, in order, with the settings that each has in either.
pub fn changed<'a, T: PartialEq>(
    old: &'a Named<T>,
    new: &'a Named<T>,
) -> impl Iterator<Item = (&'a String, Option<&'a Arc<T>>, Option<&'a Arc<T>>)> {
    old.unlike(new, |a, b| Arc::ptr_eq(a, b) || a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of branches and of leaves with values.
    fn tree(json: &str) -> Tree {
        fn read(json: &serde_json::Value) -> Tree {
            match json {
                serde_json::Value::Object(members) => members
                    .iter()
                    .map(|(name, member)| (name.clone(), read(member)))
                    .collect(),
                values => Tree::Leaf(serde_json::from_value(values.clone()).unwrap()),
            }
        }
        read(&serde_json::from_str(json).unwrap())
    }

    fn resolved(tree: &Tree, before: Option<Before<'_, Named<String>>>) -> (Named<String>, usize) {
        let mut asked = 0;
        let named = resolve(tree, &["t"], before, |name, node| {
            asked += 1;
            Some(format!("{name}={}", node.value(&["v"])?))
        });
        (named, asked)
    }

    #[test]
    fn only_what_is_new_is_resolved() {
        let old = tree(r#"{"t":{"a":{"v":["1"]},"b":{"v":["1"]},"c":{"v":["1"]}}}"#);
        let (first, asked) = resolved(&old, None);
        assert_eq!((asked, first["b"].as_str()), (3, "b=1"));
        // `b` is shared, `a` goes, `c` changes, `d` comes.
        let Some(Tree::Branch(children)) = old.get(&["t"]) else {
            panic!()
        };
        let mut children = children.clone();
        let map = Arc::make_mut(&mut children);
        map.remove("a");
        map.insert("c".into(), tree(r#"{"v":["2"]}"#));
        map.insert("d".into(), tree(r#"{"v":["3"]}"#));
        let new = Tree::from_iter([("t".to_owned(), Tree::Branch(children))]);
        let before = Before {
            tree: &old,
            settings: &first,
        };
        let (second, asked) = resolved(&new, Some(before));
        assert_eq!(asked, 2);
        assert_eq!(second, resolved(&new, None).0);
        assert!(Arc::ptr_eq(&first["b"], &second["b"]));
        let names: Vec<_> = changed(&first, &second)
            .map(|(name, old, new)| (name.as_str(), old.is_some(), new.is_some()))
            .collect();
        assert_eq!(
            names,
            [("a", true, false), ("c", true, true), ("d", false, true)]
        );
        let before = Before {
            tree: &new,
            settings: &second,
        };
        let (third, asked) = resolved(&new, Some(before));
        assert!(asked == 0 && Arc::ptr_eq(&second, &third));
    }
}
