//! The stored form of a revision: whole, or as the changes to the revision before it.

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
    /// The whole tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tree: Option<Value>,
    /// The changes to the tree of [`Summary::from`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) changes: Option<Vec<Step>>,
}

/// Most revisions in a row that are stored as changes, unless the whole one before them is large.
pub(super) const CHAIN_LENGTH: usize = 64;
/// After a large whole revision the chain may be longer: one revision for each so many of its octets, so that writing the
/// whole anew costs each of them little.
pub(super) const OCTETS_PER_CHANGE: usize = 8192;
/// Most revisions in a row that are stored as changes, however large the whole one is.
const MAX_CHAIN_LENGTH: usize = 1024;
/// Changes up to so many octets are always stored as changes, as long as the chain may grow.
const ALWAYS_CHANGES_OCTETS: usize = 4096;

/// Returns a revision in the form of changes to the newest one, with the size of the chain it makes; `None` if it is better
/// stored whole. Sets [`Summary::from`].
pub(super) fn as_changes(
    state: &State,
    summary: &mut Summary,
    tree: &Tree,
) -> Option<(Vec<u8>, Chain)> {
    let (head, newest) = (state.head()?, state.newest.as_ref()?);
    if state.chain.revisions
        >= (state.chain.whole_octets / OCTETS_PER_CHANGE).clamp(CHAIN_LENGTH, MAX_CHAIN_LENGTH)
    {
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
        whole_octets: state.chain.whole_octets,
        changes_octets: state.chain.changes_octets + bytes.len(),
    };
    if bytes.len() > ALWAYS_CHANGES_OCTETS && 2 * chain.changes_octets > chain.whole_octets {
        summary.from = None;
        return None;
    }
    Some((bytes, chain))
}

/// Returns a revision in its whole form.
pub(super) fn as_whole(summary: &Summary, tree: &Tree) -> Vec<u8> {
    let stored = Stored {
        summary: summary.clone(),
        tree: Some(tree_json::write(tree)),
        changes: None,
    };
    // Strings and numbers cannot fail to be written.
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// Reads a revision and its chain and puts its tree together; `None` if any of it is damaged.
pub(super) fn read(database: &dyn Store, id: u64) -> Result<Option<(Summary, Tree)>, Error> {
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
            // A chain leads to smaller ids only, or it would have no end.
            Some(from) if from < next && chain.len() <= MAX_CHAIN_LENGTH => next = from,
            Some(_) => return Ok(None),
            None => break,
        }
    }
    chain.reverse();
    Ok(put_together(id, chain))
}

/// Returns the last revision of a chain that begins with a whole one; `None` if its hash is wrong.
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
