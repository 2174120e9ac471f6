//! The configuration tree.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use crate::map::Map;
use crate::schema::{Node, Place};

/// A configuration or a part of one.
///
/// A container's children are its words; a tag's children are its names, each a branch; a leaf has its
/// values in the order they were given (none for a leaf that is only there or not).
///
/// Trees share what they have in common: a copy costs nothing, a change costs the branches on its way, and of those not
/// all of their children, however many they are ([`Map`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A container, a tag or a tag's instance.
    Branch(Arc<Children>),
    /// A leaf and its values.
    Leaf(Vec<String>),
}

/// What is below a branch, by word or name. It remembers a digest of its content until it is changed.
#[derive(Clone, Default)]
pub struct Children {
    map: Map<Tree>,
    digest: OnceLock<[u8; 32]>,
}

impl Children {
    /// None.
    pub const fn new() -> Children {
        Children {
            map: Map::new(),
            digest: OnceLock::new(),
        }
    }

    /// The digest, computed now unless it is known. It must depend on the content alone, and always in the same way.
    pub fn digest(&self, compute: impl FnOnce(&Map<Tree>) -> [u8; 32]) -> [u8; 32] {
        *self.digest.get_or_init(|| compute(&self.map))
    }
}

impl Deref for Children {
    type Target = Map<Tree>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl DerefMut for Children {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.digest.take();
        &mut self.map
    }
}

impl FromIterator<(String, Tree)> for Children {
    fn from_iter<T: IntoIterator<Item = (String, Tree)>>(children: T) -> Children {
        Children {
            map: children.into_iter().collect(),
            digest: OnceLock::new(),
        }
    }
}

impl PartialEq for Children {
    fn eq(&self, other: &Children) -> bool {
        self.map == other.map
    }
}

impl Eq for Children {}

impl fmt::Debug for Children {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}

impl Default for Tree {
    fn default() -> Self {
        Tree::Branch(Arc::default())
    }
}

impl FromIterator<(String, Tree)> for Tree {
    /// A branch.
    fn from_iter<T: IntoIterator<Item = (String, Tree)>>(children: T) -> Tree {
        Tree::Branch(Arc::new(children.into_iter().collect()))
    }
}

impl Tree {
    /// The same branch, or equal leaves: what is below need not be looked at. Branches that are not the same may be
    /// equal all the same.
    pub fn is(&self, other: &Tree) -> bool {
        match (self, other) {
            (Tree::Branch(one), Tree::Branch(other)) => Arc::ptr_eq(one, other),
            (Tree::Leaf(one), Tree::Leaf(other)) => one == other,
            _ => false,
        }
    }

    /// The node at `path`.
    pub fn get(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |node, word| match node {
            Tree::Branch(children) => children.get(word),
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
            node = node.content().get_or_insert_with(word, made);
        }
        node
    }

    /// The children. A leaf becomes a branch: the schema decides what is one, so no leaf of this language does.
    fn content(&mut self) -> &mut Children {
        if let Tree::Leaf(_) = self {
            *self = Tree::default();
        }
        match self {
            Tree::Branch(children) => Arc::make_mut(children),
            Tree::Leaf(_) => unreachable!("made a branch above"),
        }
    }

    /// Takes the node at `path` out. What is above it stays.
    pub(crate) fn remove(&mut self, path: &[String]) -> Option<Tree> {
        let (last, above) = path.split_last()?;
        // What is not there is no reason to copy what is on the way.
        self.at(path)?;
        let parent = above.iter().try_fold(self, |node, word| match node {
            Tree::Branch(children) => Arc::make_mut(children).get_mut(word),
            Tree::Leaf(_) => None,
        })?;
        match parent {
            Tree::Branch(children) => Arc::make_mut(children).remove(last),
            Tree::Leaf(_) => None,
        }
    }

    /// Takes containers and tags out that hold nothing: they mean nothing. Names without content stay, and so does
    /// what is as it was in `before`.
    pub(crate) fn prune(&mut self, place: Place, before: Option<&Tree>) {
        if before.is_some_and(|before| before.is(self)) {
            return;
        }
        let Tree::Branch(children) = self else { return };
        let before = match before {
            Some(Tree::Branch(before)) => before,
            _ => &EMPTY,
        };
        Arc::make_mut(children).retain_unlike(before, |word, was, child| {
            if was.is_some_and(|was| was.is(child)) {
                return true;
            }
            let below = match place {
                Place::Words(node) => node.child(word).map(Node::place),
                Place::Name(node) => Some(Place::Words(node)),
                Place::Value(_) | Place::End(_) => None,
            };
            if let Some(below) = below {
                child.prune(below, was);
            }
            let named = matches!(place, Place::Name(_));
            named || !matches!(child, Tree::Branch(children) if children.is_empty())
        });
    }
}

static EMPTY: Children = Children::new();

/// The words of two branches whose nodes are not the [same](Tree::is), with the node of each, in the map's order.
pub fn unlike<'a>(
    one: &'a Children,
    other: &'a Children,
) -> impl Iterator<Item = (&'a String, Option<&'a Tree>, Option<&'a Tree>)> {
    one.unlike(other, Tree::is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(value: &str) -> Tree {
        Tree::Leaf(vec![value.to_owned()])
    }

    fn path(words: &str) -> Vec<String> {
        words.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_changed_copy_shares_what_did_not_change() {
        let mut one = Tree::default();
        for words in ["a b c", "a b d", "a e f", "g h"] {
            *one.make(&path(words), Tree::default) = leaf("1");
        }
        let mut other = one.clone();
        assert!(other.is(&one));
        *other.make(&path("a b d"), Tree::default) = leaf("2");
        assert!(!other.is(&one) && other != one);
        let both = |words: &str| {
            let at = path(words);
            let node = |tree: &'_ Tree| tree.at(&at).cloned().unwrap();
            node(&one).is(&node(&other))
        };
        assert!(both("a e") && both("g") && both("a b c"));
        assert!(!both("a b"));
        assert_eq!(one.value(&["a", "b", "d"]), Some("1"));
        let mut third = other.clone();
        assert_eq!(third.remove(&path("a x y")), None);
        assert!(third.is(&other), "nothing was there, nothing is copied");
        assert!(third.remove(&path("a b d")).is_some());
        assert!(other.has(&["a", "b", "d"]));
    }

    #[test]
    fn a_digest_is_of_what_is_there() {
        let count = |tree: &Tree| match tree {
            Tree::Branch(children) => children.digest(|map| [map.len() as u8; 32])[0],
            Tree::Leaf(_) => panic!(),
        };
        let mut one = Tree::default();
        one.make(&path("a b"), Tree::default);
        assert_eq!(count(&one), 1);
        let mut other = one.clone();
        other.make(&path("c"), Tree::default);
        assert_eq!((count(&one), count(&other)), (1, 2));
    }

    #[test]
    fn what_is_unlike_is_found_in_step() {
        let children = |pairs: &[(&str, &str)]| -> Children {
            let pairs = pairs.iter();
            pairs
                .map(|(word, value)| ((*word).to_owned(), leaf(value)))
                .collect()
        };
        let one = children(&[("a", "1"), ("b", "1"), ("d", "1")]);
        let other = children(&[("b", "2"), ("c", "1"), ("d", "1")]);
        let found: Vec<(&str, bool, bool)> = unlike(&one, &other)
            .map(|(word, one, other)| (word.as_str(), one.is_some(), other.is_some()))
            .collect();
        assert_eq!(
            found,
            [("a", true, false), ("b", true, true), ("c", false, true)]
        );
    }
}
