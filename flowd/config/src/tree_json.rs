//! The JSON form in which the database keeps a tree (branches are objects, leaves arrays of strings), and a tree's hash.
//!
//! This is not the JSON dialect. It needs no schema, so a revision stays readable whatever the schema of the release that
//! reads it.

use language::Tree;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Deepest nesting that is read back; no configuration is deeper.
const DEPTH: usize = 64;

/// Writes a tree as JSON.
pub fn write(tree: &Tree) -> Value {
    match tree {
        Tree::Branch(children) => Value::Object(
            children
                .iter()
                .map(|(name, node)| (name.clone(), write(node)))
                .collect::<Map<_, _>>(),
        ),
        Tree::Leaf(values) => Value::Array(values.iter().cloned().map(Value::String).collect()),
    }
}

/// Reads a tree back; `None` if the JSON is not one.
pub fn read(value: &Value) -> Option<Tree> {
    read_at(value, DEPTH)
}

fn read_at(value: &Value, depth: usize) -> Option<Tree> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Object(children) => children
            .iter()
            .map(|(name, node)| Some((name.clone(), read_at(node, depth)?)))
            .collect::<Option<Tree>>(),
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Tree::Leaf),
        _ => None,
    }
}

/// Returns the SHA-256 hash of a tree in hexadecimal. Branches that have not changed since they were hashed are not hashed
/// again.
///
/// The digest of a leaf is that of its values; the digest of a branch is that of the number of its children and of the sum
/// of their digests, each of which covers the child's name and content. It is a sum so that one child among thousands
/// can change without the others being hashed. Different children have equal sums no more likely than equal digests,
/// unless somebody searches for them. The hash is there to detect damage and to tell configurations apart, not to
/// prevent forgery: whoever can write a revision can write its hash, too.
pub(crate) fn hash(tree: &Tree) -> String {
    hexadecimal(&digest(tree))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn digest(tree: &Tree) -> [u8; 32] {
    match tree {
        Tree::Branch(children) => children.digest(|children| {
            let sum = children.sum(|word, node| {
                let mut sha = Sha256::new_with_prefix(b"child");
                text(&mut sha, word);
                sha.update(digest(node));
                sha.finalize().into()
            });
            let mut sha = Sha256::new_with_prefix(b"branch");
            sha.update((children.len() as u64).to_be_bytes());
            sha.update(sum.octets());
            sha.finalize().into()
        }),
        Tree::Leaf(values) => leaf(values),
    }
}

fn leaf(values: &[String]) -> [u8; 32] {
    let mut sha = Sha256::new_with_prefix(b"leaf");
    values.iter().for_each(|value| text(&mut sha, value));
    sha.finalize().into()
}

fn text(sha: &mut Sha256, text: &str) {
    sha.update((text.len() as u64).to_be_bytes());
    sha.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn sample() -> Tree {
        let leaf =
            |values: &[&str]| Tree::Leaf(values.iter().map(|value| (*value).to_owned()).collect());
        Tree::from_iter([
            ("a".to_owned(), leaf(&["1", "2"])),
            (
                "b".to_owned(),
                Tree::from_iter([("c".to_owned(), leaf(&[]))]),
            ),
            ("d".to_owned(), Tree::default()),
        ])
    }

    #[test]
    fn a_tree_reads_back_and_its_hash_tells_trees_apart() {
        let tree = sample();
        assert_eq!(read(&write(&tree)), Some(tree.clone()));
        assert_eq!(
            write(&tree).to_string(),
            r#"{"a":["1","2"],"b":{"c":[]},"d":{}}"#
        );
        assert_eq!(hash(&tree).len(), 64);
        assert_ne!(hash(&tree), hash(&Tree::default()));
        assert_eq!(hash(&tree), hash(&sample()));
        let mut other = tree.clone();
        if let Tree::Branch(children) = &mut other {
            std::sync::Arc::make_mut(children).remove("d");
        }
        assert_ne!(hash(&tree), hash(&other));
    }

    #[test]
    fn a_hash_is_of_what_is_there_however_it_came_there() {
        let names = || (0..500).map(|at| format!("n{at}"));
        let leaf = |value: &str| Tree::Leaf(vec![value.to_owned()]);
        let all: Tree = names().map(|name| (name, leaf("1"))).collect();
        let mut grown = Tree::default();
        let Tree::Branch(children) = &mut grown else {
            panic!()
        };
        let children = std::sync::Arc::make_mut(children);
        let mut hashes = std::collections::BTreeSet::new();
        for name in names().collect::<Vec<_>>().into_iter().rev() {
            children.insert(name, leaf("1"));
            let tree = Tree::Branch(children.clone().into());
            assert!(hashes.insert(hash(&tree)), "each is another");
        }
        assert_eq!(hash(&grown), hash(&all));
        // A change and back; two leaves that change their places.
        let Tree::Branch(children) = &mut grown else {
            panic!()
        };
        let children = std::sync::Arc::make_mut(children);
        *children.get_mut("n7").unwrap() = leaf("2");
        let one = hash(&Tree::Branch(children.clone().into()));
        *children.get_mut("n7").unwrap() = leaf("1");
        *children.get_mut("n8").unwrap() = leaf("2");
        let other = hash(&Tree::Branch(children.clone().into()));
        assert!(one != other && hashes.insert(one) && hashes.insert(other));
        *children.get_mut("n8").unwrap() = leaf("1");
        assert_eq!(hash(&grown), hash(&all));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for text in ["1", r#"{"a":1}"#, r#"{"a":["x",2]}"#, "null"] {
            assert_eq!(read(&serde_json::from_str(text).unwrap()), None, "{text}");
        }
        let deep = "{\"a\":".repeat(100) + "{}" + &"}".repeat(100);
        assert_eq!(read(&serde_json::from_str(&deep).unwrap()), None);
    }
}
