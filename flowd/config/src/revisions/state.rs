//! The state of the revisions in memory, and which revisions are listed and kept.

use language::Tree;

use super::store::Store;
use super::{Summary, Waiting};
use crate::pending::Scheduled;

/// The open store, and what is in it except the trees.
pub(super) struct State {
    /// The store; `None` after an I/O error until it can be opened again.
    pub(super) database: Option<Box<dyn Store>>,
    /// Whether the database has been read.
    pub(super) loaded: bool,
    /// Every revision in the store, oldest first. Those before [`State::oldest_listed`] are kept only because later ones
    /// are stored as changes to them.
    pub(super) summaries: Vec<Summary>,
    /// The id of the oldest revision that users see.
    pub(super) oldest_listed: u64,
    /// The tree of the newest revision, once it has been read or recorded.
    pub(super) newest: Option<Tree>,
    /// Size of the chain that ends with the newest revision.
    pub(super) chain: Chain,
    /// Whether this process has written the file of [`super::mirror`], so that a change may be appended to it.
    pub(super) mirror_current: bool,
    /// The deadline of the commit that waits for confirmation.
    pub(super) waiting: Option<Waiting>,
    /// The scheduled commit.
    pub(super) scheduled: Option<Scheduled>,
    /// The newest revision as read from its copy, while the database cannot be opened.
    pub(super) copy: Option<(Summary, Tree)>,
}

/// Size of a chain: a revision that is stored whole, and later ones that are each stored as changes to the one before.
#[derive(Clone, Copy, Default)]
pub(super) struct Chain {
    /// Number of revisions that are stored as changes.
    pub(super) revisions: usize,
    /// Octets of the revision that is stored whole.
    pub(super) whole_octets: usize,
    /// Octets of all the others together.
    pub(super) changes_octets: usize,
}

impl State {
    /// Returns the revisions that users see, oldest first.
    pub(super) fn listed(&self) -> &[Summary] {
        let first = self
            .summaries
            .partition_point(|summary| summary.id < self.oldest_listed);
        self.summaries.get(first..).unwrap_or_default()
    }

    /// Returns the id of the newest revision.
    pub(super) fn head(&self) -> Option<u64> {
        self.summaries.last().map(|summary| summary.id)
    }
}

/// Returns the id of the oldest revision to list when the revision `id` is added, so that `keep` revisions are listed, and
/// the one that a rollback needs, too.
pub(super) fn oldest_to_list(
    state: &State,
    id: u64,
    keep: usize,
    waiting: Option<&Waiting>,
) -> u64 {
    let listed = state.listed();
    let excess = (listed.len() + 1).saturating_sub(keep.max(1));
    let oldest = listed.get(excess).map_or(id, |summary| summary.id);
    let needed = waiting.and_then(|waiting| waiting.previous);
    oldest.min(needed.unwrap_or(oldest))
}

/// Returns the ids of the revisions to delete: those before the whole one that begins the chain of the oldest listed one.
pub(super) fn prunable(summaries: &[Summary], new: &Summary, listed: u64) -> Vec<u64> {
    let all = || summaries.iter().chain([new]);
    let mut base = listed;
    for summary in all().rev().filter(|summary| summary.id <= listed) {
        base = summary.id;
        if summary.from.is_none() {
            break;
        }
    }
    let ids = summaries.iter().map(|summary| summary.id);
    ids.filter(|id| *id < base).collect()
}
