//! The configuration engine: candidates that sessions edit, the commit that puts one into force, and the revisions that
//! remember what was committed.
//!
//! ```text
//! session --edit--> candidate --commit--> check, settings, prepare, record, apply --> running configuration, revision
//! ```
//!
//! It knows the services only as a list ([`service::Services`]); a commit, a check, a rollback and the start of the
//! daemon are the same function over that list (`commit.rs`).

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
pub use schedule::moment;
pub use secrets::seal;
pub use sessions::{Error as SessionError, Hold, LIMIT, Session, Sessions, Start};
pub use source::{LARGEST, Source};
pub use tree_json::{read as tree_from_json, write as tree_to_json};
pub use warnings::unapplied;
