//! How a tree is kept in the database: branches are objects, leaves arrays of strings.
//!
//! This is not the JSON dialect: it needs no schema, so a revision stays readable whatever the schema of the
//! release that reads it, and one tree has exactly one form, which the revision's hash relies on.

use grammar::Tree;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Nesting that is read back; deeper is not a configuration.
const DEPTH: usize = 64;

/// Writes a tree.
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

/// Reads a tree back; `None` when it is not one.
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

/// SHA-256 of the content, hexadecimal: of a branch its words, each with the digest of what is below it; of a leaf its
/// values. What was hashed before and has not changed is not hashed again.
pub fn hash(tree: &Tree) -> String {
    hexadecimal(&digest(tree))
}

/// The hash of revisions that hold all of a tree and were recorded before [`hash`] was: that of the written form.
pub fn written_hash(tree: &Tree) -> String {
    hexadecimal(&Sha256::digest(write(tree).to_string().as_bytes()))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn digest(tree: &Tree) -> [u8; 32] {
    let text = |sha: &mut Sha256, text: &str| {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text);
    };
    match tree {
        Tree::Branch(children) => children.digest(|children| {
            let mut sha = Sha256::new_with_prefix(b"branch");
            for (name, node) in children {
                text(&mut sha, name);
                sha.update(digest(node));
            }
            sha.finalize().into()
        }),
        Tree::Leaf(values) => {
            let mut sha = Sha256::new_with_prefix(b"leaf");
            values.iter().for_each(|value| text(&mut sha, value));
            sha.finalize().into()
        }
    }
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
    fn what_is_no_tree_is_refused() {
        for text in ["1", r#"{"a":1}"#, r#"{"a":["x",2]}"#, "null"] {
            assert_eq!(read(&serde_json::from_str(text).unwrap()), None, "{text}");
        }
        let deep = "{\"a\":".repeat(100) + "{}" + &"}".repeat(100);
        assert_eq!(read(&serde_json::from_str(&deep).unwrap()), None);
    }
}
