//! The arguments and the results of a commit.

use std::time::Duration;

use api::session::Impact;
use language::Finding;

use crate::merge::Overlap;
use crate::{revisions, sessions};

/// The [`Request::via`] of a commit that was scheduled.
pub(crate) const COMMIT_AT: &str = "commit-at";

/// The arguments of a commit beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The name of the user who commits.
    pub user: String,
    /// How that user came: `cli`, `api`, `file`, …
    pub via: String,
    /// Where the user came from, such as the address of an SSH client; empty where that is not known.
    pub from: String,
    /// The user's comment; may be empty.
    pub comment: String,
    /// The commit is rolled back unless it is confirmed within this time.
    pub confirm: Option<Duration>,
}

impl Request {
    /// Where the commit came from, as the log tells it: `from 192.0.2.7 via cli`.
    pub fn origin(&self) -> String {
        match self.from.as_str() {
            "" => format!("via {}", self.via),
            from => format!("from {from} via {}", self.via),
        }
    }
}

/// The result of `commit check`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// Parts that would have no effect on this host, a line each.
    pub warnings: Vec<String>,
    /// What would become of sockets, rings, caches, templates and memory.
    pub impact: Vec<Impact>,
}

/// The result of a commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// The new revision's id; `None` if there was nothing to commit.
    pub revision: Option<u64>,
    /// Parts that have no effect on this host, a line each.
    pub warnings: Vec<String>,
    /// What happened to sockets, rings and caches.
    pub impact: Vec<Impact>,
    /// How long the commit waits for confirmation.
    pub confirm: Option<Duration>,
}

/// Why a commit was refused. A refused commit has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The configuration as a whole is wrong, or this host cannot apply it.
    #[error("{}", lines(.0))]
    Findings(Vec<Finding>),
    /// The session and other commits have changed the same nodes.
    #[error("others changed the same nodes meanwhile")]
    Overlaps(Vec<Overlap>),
    /// An earlier commit is not yet confirmed.
    #[error(
        "revision {revision} waits for confirmation: confirm it, or wait {seconds} s for its rollback"
    )]
    Waiting {
        /// The id of the revision that waits.
        revision: u64,
        /// Seconds until it is rolled back.
        seconds: u64,
    },
    /// Another commit is scheduled.
    #[error("{user} has scheduled a commit for {at} already: `clear system commit` cancels it")]
    Scheduled {
        /// The user who scheduled it.
        user: String,
        /// When it is due, in the host's time zone.
        at: String,
    },
    /// No commit is scheduled.
    #[error("no commit is scheduled")]
    NothingScheduled,
    /// No commit waits for confirmation.
    #[error("no commit waits for confirmation")]
    NothingWaits,
    /// The revision could not be recorded or read.
    #[error(transparent)]
    Revisions(#[from] revisions::Error),
    /// The session does not exist or belongs to another user, or another one holds the lock.
    #[error(transparent)]
    Session(#[from] sessions::Error),
}

impl Refused {
    /// Returns what is wrong, a line each.
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
