//! What is asked of a commit, and what becomes of it.

use std::time::Duration;

use api::session::Impact;
use language::Finding;

use crate::merge::Overlap;
use crate::{revisions, sessions};

/// The way of a commit that waited for its time.
pub(crate) const COMMIT_AT: &str = "commit-at";

/// Who commits, and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// User name.
    pub user: String,
    /// By which way: `cli`, `api`, `file`, …
    pub via: String,
    /// Why.
    pub comment: String,
    /// Roll back unless confirmed within this time.
    pub confirm: Option<Duration>,
}

impl Request {
    /// Who commits, and why, as the log tells it.
    pub fn origin(&self) -> String {
        let comment = match self.comment.as_str() {
            "" => String::new(),
            comment => format!(": {comment}"),
        };
        format!("{} via {}{comment}", self.user, self.via)
    }
}

/// What a commit would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// What this host does not apply, a line each.
    pub warnings: Vec<String>,
    /// What becomes of sockets, rings, caches, templates and memory.
    pub impact: Vec<Impact>,
}

/// What became of a commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// The new revision's id; none: there was nothing to commit.
    pub revision: Option<u64>,
    /// What this host does not apply, a line each.
    pub warnings: Vec<String>,
    /// What it did to sockets, rings and caches.
    pub impact: Vec<Impact>,
    /// How long it waits for confirmation.
    pub confirm: Option<Duration>,
}

/// Why a commit was refused. Then nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The configuration as a whole is wrong, or cannot be carried out here.
    #[error("{}", lines(.0))]
    Findings(Vec<Finding>),
    /// It changes what others changed meanwhile.
    #[error("others changed the same nodes meanwhile")]
    Overlaps(Vec<Overlap>),
    /// An earlier commit is not yet confirmed.
    #[error(
        "revision {revision} waits for confirmation: confirm it, or wait {seconds} s for its rollback"
    )]
    Waiting {
        /// The revision that waits.
        revision: u64,
        /// Seconds until it is rolled back.
        seconds: u64,
    },
    /// Another commit waits for its time.
    #[error("{user} has scheduled a commit for {at} already: `clear system commit` cancels it")]
    Scheduled {
        /// Who.
        user: String,
        /// When, the host's time.
        at: String,
    },
    /// No commit waits for its time.
    #[error("no commit is scheduled")]
    NothingScheduled,
    /// Nothing waits to be confirmed.
    #[error("no commit waits for confirmation")]
    NothingWaits,
    /// It could not be recorded or read.
    #[error(transparent)]
    Revisions(#[from] revisions::Error),
    /// The session is not there or not the caller's.
    #[error(transparent)]
    Session(#[from] sessions::Error),
}

impl Refused {
    /// What is wrong, a line each.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Refused::Findings(findings) => findings.iter().map(ToString::to_string).collect(),
            Refused::Overlaps(overlaps) => overlaps
                .iter()
                .map(|overlap| format!("{}: changed by another commit", overlap.path.join(" ")))
                .collect(),
            other => vec![other.to_string()],
        }
    }
}

fn lines(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
