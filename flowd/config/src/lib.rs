//! The configuration engine: sessions edit candidates, a commit puts a candidate into force, and each committed
//! configuration is kept on the disk as a revision.
//!
//! ```text
//! session --edit--> candidate --commit--> check, settings, prepare, record, apply --> running configuration, revision
//! ```
//!
//! The engine knows the services only as a list ([`service::Services`]). A commit, `commit check`, a rollback and the
//! start of the daemon all go through the same function over that list (`commit.rs`).

pub mod access;
mod archive;
mod boot;
mod commit;
mod confirm;
mod engine;
mod locate;
mod merge;
mod outcome;
mod pending;
pub mod revisions;
mod schedule;
mod secrets;
mod sessions;
mod settings;
mod source;
mod tree_json;
mod warnings;

pub use archive::Archive;
pub use commit::resolve;
pub use engine::{Engine, ROWS, Running, StartError};
pub use merge::Overlap;
pub use outcome::{Checked, Committed, Refused, Request};
pub use pending::Scheduled;
pub use revisions::Revisions;
pub use schedule::parse_commit_time;
pub use secrets::encrypt_passwords;
pub use sessions::{Error as SessionError, ExclusiveLock, LIMIT, Session, Sessions, Start};
pub use source::Source;
pub use tree_json::{read as tree_from_json, write as tree_to_json};
pub use warnings::unapplied;
