//! What a statement of IOS says.

use crate::schema::{Family, Node};
use crate::word::Span;

/// What the words of a statement say.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// The node whose statement it is.
    pub(super) of: &'static Node,
    pub(super) family: Option<Family>,
    /// Each node that is given a value, with the value and its place.
    pub(super) values: Vec<(&'static Node, String, Span)>,
    /// Number of words read.
    pub(super) used: usize,
}

impl Said {
    /// The value that the words give a node, with its place.
    pub(super) fn value(&self, word: &str) -> Option<(&str, Span)> {
        let found = self.values.iter().find(|(node, ..)| node.word() == word);
        found.map(|(_, value, place)| (value.as_str(), *place))
    }

    /// The value of the node itself.
    pub(super) fn own(&self) -> Option<(&str, Span)> {
        self.value(self.of.word())
    }
}
