//! Commits that are not over: one that waits for confirmation, and one that waits for its time.

use std::time::Instant;

use language::Tree;

/// A commit that waits for confirmation.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// When it is rolled back.
    pub deadline: Instant,
    /// To what. In memory too: a rollback must not depend on the disk.
    pub previous: Tree,
    /// The revision that was.
    pub previous_id: Option<u64>,
}

/// A commit that waits for its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// When it was asked for.
    pub made_ms: i64,
    /// By whom.
    pub user: String,
    /// By which way.
    pub via: String,
    /// Why.
    pub comment: String,
    /// What ran then.
    pub base: Tree,
    /// What is to run.
    pub candidate: Tree,
    /// Why it was not carried out when its time came, a line each; empty: it waits.
    pub failed: Vec<String>,
}

impl Scheduled {
    /// It waits for its time.
    pub fn waits(&self) -> bool {
        self.failed.is_empty()
    }
}
