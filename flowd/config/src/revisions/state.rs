//! The revisions in memory: what is listed, what waits, and which revisions are kept.

use language::Tree;

use super::store::Store;
use super::{Summary, Waiting};
use crate::pending::Scheduled;

/// What is known of the revisions without asking the store.
pub(super) struct State {
    /// None after an I/O error until it can be opened again.
    pub(super) database: Option<Box<dyn Store>>,
    /// Whether the database was read.
    pub(super) loaded: bool,
    /// Oldest first; those before [`State::listed`] are only kept for those that are changes of them.
    pub(super) summaries: Vec<Summary>,
    /// The oldest one that is listed.
    pub(super) listed: u64,
    /// The newest one's tree, once it is known.
    pub(super) newest: Option<Tree>,
    /// Revisions since the last whole one, that one's octets, and those of the changes since.
    pub(super) chain: Chain,
    /// The copy beside the database is of this process.
    pub(super) copied: bool,
    pub(super) waiting: Option<Waiting>,
    pub(super) scheduled: Option<Scheduled>,
    /// The newest revision by its copy, while the database could not be read.
    pub(super) copy: Option<(Summary, Tree)>,
}

/// What is kept as changes of the last whole revision.
#[derive(Clone, Copy, Default)]
pub(super) struct Chain {
    pub(super) revisions: usize,
    pub(super) whole: usize,
    pub(super) changes: usize,
}

impl State {
    /// Those that are listed, oldest first.
    pub(super) fn shown(&self) -> &[Summary] {
        let first = self
            .summaries
            .partition_point(|summary| summary.id < self.listed);
        self.summaries.get(first..).unwrap_or_default()
    }

    pub(super) fn head(&self) -> Option<u64> {
        self.summaries.last().map(|summary| summary.id)
    }
}

/// The oldest revision to list when `id` comes, so that `keep` are; the one a rollback needs is among them.
pub(super) fn listed(state: &State, id: u64, keep: usize, waiting: Option<&Waiting>) -> u64 {
    let shown = state.shown();
    let excess = (shown.len() + 1).saturating_sub(keep.max(1));
    let oldest = shown.get(excess).map_or(id, |summary| summary.id);
    let needed = waiting.and_then(|waiting| waiting.previous);
    oldest.min(needed.unwrap_or(oldest))
}

/// The revisions to drop: those before the whole one that the oldest listed one is made of.
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
