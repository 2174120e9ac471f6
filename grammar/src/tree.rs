//! The configuration tree.

use std::collections::BTreeMap;

use crate::schema::{Node, Place};

/// A configuration or a part of one.
///
/// A container's children are its words; a tag's children are its names, each a branch; a leaf has its
/// values in the order they were given (none for a leaf that is only there or not).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A container, a tag or a tag's instance.
    Branch(BTreeMap<String, Tree>),
    /// A leaf and its values.
    Leaf(Vec<String>),
}

impl Default for Tree {
    fn default() -> Self {
        Tree::Branch(BTreeMap::new())
    }
}

impl Tree {
    /// The node at `path`.
    pub fn get(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |node, word| match node {
            Tree::Branch(children) => children.get(*word),
            Tree::Leaf(_) => None,
        })
    }

    /// The single value of the leaf at `path`.
    pub fn value(&self, path: &[&str]) -> Option<&str> {
        self.values(path).first().map(String::as_str)
    }

    /// The values of the leaf at `path`; none when it is not there.
    pub fn values(&self, path: &[&str]) -> &[String] {
        match self.get(path) {
            Some(Tree::Leaf(values)) => values,
            _ => &[],
        }
    }

    /// Whether there is a node at `path`.
    pub fn has(&self, path: &[&str]) -> bool {
        self.get(path).is_some()
    }

    /// The children of the branch at `path`, by word or name.
    pub fn children(&self, path: &[&str]) -> impl Iterator<Item = (&str, &Tree)> {
        match self.get(path) {
            Some(Tree::Branch(children)) => {
                Some(children.iter().map(|(name, node)| (name.as_str(), node)))
            }
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        matches!(self, Tree::Branch(children) if children.is_empty())
    }

    /// The node at `path`.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Tree> {
        path.iter().try_fold(self, |node, word| match node {
            Tree::Branch(children) => children.get(word),
            Tree::Leaf(_) => None,
        })
    }

    /// The node at `path`; branches on the way are made, and `new` when it is not there.
    pub(crate) fn make(&mut self, path: &[String], new: fn() -> Tree) -> &mut Tree {
        let mut node = self;
        for (depth, word) in path.iter().enumerate() {
            let last = depth + 1 == path.len();
            let made = || if last { new() } else { Tree::default() };
            node = node.content().entry(word.clone()).or_insert_with(made);
        }
        node
    }

    /// The children. A leaf becomes a branch: the schema decides what is one, so no leaf of this language does.
    fn content(&mut self) -> &mut BTreeMap<String, Tree> {
        if let Tree::Leaf(_) = self {
            *self = Tree::default();
        }
        match self {
            Tree::Branch(children) => children,
            Tree::Leaf(_) => unreachable!("made a branch above"),
        }
    }

    /// Takes the node at `path` out. What is above it stays.
    pub(crate) fn remove(&mut self, path: &[String]) -> Option<Tree> {
        let (last, above) = path.split_last()?;
        let parent = above.iter().try_fold(self, |node, word| match node {
            Tree::Branch(children) => children.get_mut(word),
            Tree::Leaf(_) => None,
        })?;
        match parent {
            Tree::Branch(children) => children.remove(last),
            Tree::Leaf(_) => None,
        }
    }

    /// Takes containers and tags out that hold nothing: they mean nothing. Names without content stay.
    pub(crate) fn prune(&mut self, place: Place) {
        let Tree::Branch(children) = self else { return };
        children.retain(|word, child| {
            let below = match place {
                Place::Words(node) => node.child(word).map(Node::place),
                Place::Name(node) => Some(Place::Words(node)),
                Place::Value(_) | Place::End(_) => None,
            };
            if let Some(below) = below {
                child.prune(below);
            }
            let named = matches!(place, Place::Name(_));
            named || !matches!(child, Tree::Branch(children) if children.is_empty())
        });
    }
}
