//! Commits that are not finished: one that waits for confirmation, and one that is scheduled for later.

use std::time::Instant;

use language::Tree;

/// A commit that waits for confirmation.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// When the commit is rolled back.
    pub deadline: Instant,
    /// The tree to roll back to. It is kept in memory, so that a rollback does not depend on the disk.
    pub previous: Tree,
    /// The id of that tree's revision; `None` before the first commit.
    pub previous_id: Option<u64>,
}

/// A commit that is scheduled for later.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    /// When to commit, milliseconds since 1970.
    pub at_ms: i64,
    /// When the commit was scheduled, milliseconds since 1970.
    pub made_ms: i64,
    /// The user who scheduled it.
    pub user: String,
    /// How that user came: `cli`, `api`, …
    pub via: String,
    /// The comment given with the commit; may be empty.
    pub comment: String,
    /// The running configuration when the commit was scheduled.
    pub base: Tree,
    /// The configuration to put into force.
    pub candidate: Tree,
    /// Why the commit failed at its time, a line each; empty while it waits.
    pub failed: Vec<String>,
}

impl Scheduled {
    /// Whether the commit still waits for its time.
    pub fn waits(&self) -> bool {
        self.failed.is_empty()
    }
}
