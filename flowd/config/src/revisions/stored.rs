//! How a revision is kept: whole, or as what it changes of the revision before it.

use language::Tree;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delta::{self, Step};
use super::state::{Chain, State};
use super::store::Store;
use super::{Error, Summary};
use crate::tree_json;

/// A revision as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(flatten)]
    pub(super) summary: Summary,
    /// All of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tree: Option<Value>,
    /// What it changes of [`Summary::from`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) changes: Option<Vec<Step>>,
}

/// Most revisions in a row that are kept as changes, unless the whole one is large.
pub(super) const CHAIN: usize = 64;
/// Then there is one for so many of its octets, so that writing it anew costs each of them the same,
pub(super) const SHARE: usize = 8192;
/// up to so many.
const LONGEST: usize = 1024;
/// Changes of so many octets are never worth keeping the whole.
const SMALL: usize = 4096;

/// A revision as what it changes of the newest one, when that is worth it.
pub(super) fn changes(
    state: &State,
    summary: &mut Summary,
    tree: &Tree,
) -> Option<(Vec<u8>, Chain)> {
    let (head, newest) = (state.head()?, state.newest.as_ref()?);
    if state.chain.revisions >= (state.chain.whole / SHARE).clamp(CHAIN, LONGEST) {
        return None;
    }
    summary.from = Some(head);
    let stored = Stored {
        summary: summary.clone(),
        tree: None,
        changes: Some(delta::between(newest, tree)),
    };
    let bytes = serde_json::to_vec(&stored).unwrap_or_default();
    let chain = Chain {
        revisions: state.chain.revisions + 1,
        whole: state.chain.whole,
        changes: state.chain.changes + bytes.len(),
    };
    if bytes.len() > SMALL && 2 * chain.changes > chain.whole {
        summary.from = None;
        return None;
    }
    Some((bytes, chain))
}

pub(super) fn stored_whole(summary: &Summary, tree: &Tree) -> Vec<u8> {
    let stored = Stored {
        summary: summary.clone(),
        tree: Some(tree_json::write(tree)),
        changes: None,
    };
    // Strings and numbers cannot fail to be written.
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// A revision with its tree, put together from the whole one before it; `None`: it is damaged.
pub(super) fn whole(database: &dyn Store, id: u64) -> Result<Option<(Summary, Tree)>, Error> {
    let mut chain: Vec<Stored> = Vec::new();
    let mut next = id;
    loop {
        let Some(bytes) = database.get(&next.to_be_bytes())? else {
            return Ok(None);
        };
        let Ok(stored) = serde_json::from_slice::<Stored>(&bytes) else {
            return Ok(None);
        };
        let from = stored.summary.from;
        chain.push(stored);
        match from {
            // A chain only leads back.
            Some(from) if from < next && chain.len() <= LONGEST => next = from,
            Some(_) => return Ok(None),
            None => break,
        }
    }
    chain.reverse();
    Ok(put_together(id, chain))
}

/// The newest revision of a chain that begins with a whole one, if its hash is right.
pub(super) fn put_together(id: u64, chain: Vec<Stored>) -> Option<(Summary, Tree)> {
    let mut tree = Tree::default();
    let mut last = None;
    for stored in chain {
        tree = match (stored.tree, stored.changes) {
            (Some(value), _) => tree_json::read(&value)?,
            (None, Some(steps)) => delta::apply(tree, &steps)?,
            (None, None) => return None,
        };
        last = Some(stored.summary);
    }
    let summary = Summary { id, ..last? };
    (tree_json::hash(&tree) == summary.hash).then_some((summary, tree))
}
