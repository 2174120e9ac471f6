//! The configuration tree.

use std::collections::BTreeMap;

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
            Some(Tree::Branch(children)) => Some(children.iter().map(|(name, node)| (name.as_str(), node))),
            _ => None,
        }
        .into_iter()
        .flatten()
    }
}
