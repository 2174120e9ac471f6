//! The order in which a tree is written: words as the schema has them, names naturally, so that eth2 comes
//! before eth10.

use std::cmp::Ordering;

use crate::Tree;
use crate::map::Map;
use crate::schema::{Node, Place};

/// Compares names with their numbers taken as numbers. Equal only for equal names.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(p), Some(q)) = (x.first(), y.first()) else {
            return x.len().cmp(&y.len()).then_with(|| a.cmp(b));
        };
        if p.is_ascii_digit() && q.is_ascii_digit() {
            let (m, n) = (digits(x), digits(y));
            let (u, v) = (significant(&x[..m]), significant(&y[..n]));
            let order = u.len().cmp(&v.len()).then_with(|| u.cmp(v));
            if order != Ordering::Equal {
                return order;
            }
            (x, y) = (&x[m..], &y[n..]);
        } else {
            if p != q {
                return p.cmp(q);
            }
            (x, y) = (&x[1..], &y[1..]);
        }
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|b| **b == b'0').count();
    &number[zeros..]
}

/// The names of a tag in natural order.
pub(crate) fn natural(children: &Map<Tree>) -> Vec<(&String, &Tree)> {
    let mut names: Vec<_> = children.iter().collect();
    names.sort_by(|(a, _), (b, _)| compare(a, b));
    names
}

/// The children of a container, a tag or a name: each with its word or name and what is written after it, in
/// order.
pub(crate) fn entries(place: Place, tree: &Tree) -> Vec<(&str, Place, &Tree)> {
    let Tree::Branch(children) = tree else {
        return Vec::new();
    };
    match place {
        Place::Words(node) => node
            .children()
            .iter()
            .filter_map(|child| {
                let (word, tree) = children.get_key_value(child.word())?;
                Some((word.as_str(), child.place(), tree))
            })
            .collect(),
        Place::Name(node) => natural(children)
            .into_iter()
            .map(|(name, tree)| (name.as_str(), Place::Words(node), tree))
            .collect(),
        Place::Value(_) | Place::End(_) => Vec::new(),
    }
}

/// Position of a child in its node, for sorting words of two trees together.
pub(crate) fn rank(node: &Node, word: &str) -> usize {
    node.children()
        .iter()
        .position(|child| child.word() == word)
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = [
            "eth10",
            "eth2",
            "eth02",
            "eth",
            "br0",
            "eth2.10",
            "eth2.9",
            "10.0.0.10",
            "10.0.0.9",
        ];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            [
                "10.0.0.9",
                "10.0.0.10",
                "br0",
                "eth",
                "eth02",
                "eth2",
                "eth2.9",
                "eth2.10",
                "eth10"
            ]
        );
    }
}
