//! The contract of one service.

use std::io;
use std::sync::Arc;

use api::ledger::LossLedger;
use api::session::Impact;
use language::{Finding, Tree};

use crate::named::Before;

/// A part of the appliance that applies a part of the configuration.
///
/// Its methods may block for milliseconds; they are called on threads that may.
pub trait Service: Sized + Send + Sync + 'static {
    /// The configuration's meaning for this service, resolved: every reference followed, every default filled in.
    type Settings: Clone + Default + PartialEq + Send + Sync + 'static;
    /// What leads from one configuration to another, as data. What is not in it is not touched.
    type Difference: Send + 'static;
    /// A change that is ready to be applied: sockets, rings and threads are there, nothing of it shows yet.
    type Staged: Send + 'static;

    /// The service's name in messages: `probe`.
    const NAME: &'static str;

    /// The schema rows that this service applies, as paths without names: `flow samplicator`. A path stands for its row
    /// and for every row below that no longer path, of this service or another, stands for.
    const ROWS: &'static [&'static str];

    /// Starts the service with nothing configured.
    ///
    /// # Errors
    /// When the system refuses it a thread or a descriptor.
    fn start() -> io::Result<Arc<Self>>;

    /// Resolves a tree in which every word, value and reference is right. What it shares with `before` is taken over
    /// from there, so that a change costs what it changes.
    ///
    /// # Errors
    /// What a check against the schema cannot see, each with the node it is about.
    fn settings(
        tree: &Tree,
        before: Option<Before<'_, Self::Settings>>,
    ) -> Result<Self::Settings, Vec<Finding>>;

    /// What leads from `old` to `new`; `None` when the service has nothing to do.
    fn difference(old: &Self::Settings, new: &Self::Settings) -> Option<Self::Difference>;

    /// Opens and allocates what the difference needs and starts its threads, without any visible effect.
    ///
    /// # Errors
    /// What this host refuses, each with the node it is about. Then nothing is left open.
    fn prepare(
        &self,
        new: &Self::Settings,
        difference: Self::Difference,
    ) -> Result<Self::Staged, Vec<Finding>>;

    /// What the operator should know of a prepared change, a line each: parts that have no effect on this host, or none
    /// yet.
    fn warnings(staged: &Self::Staged) -> Vec<String>;

    /// What applying a prepared change will do to sockets, rings, caches, templates and memory.
    fn impact(&self, staged: &Self::Staged, detail: Detail) -> Vec<Impact> {
        let _ = (staged, detail);
        Vec::new()
    }

    /// Puts a prepared change into force. It cannot fail; what the host refuses only now is returned, a line each.
    fn apply(&self, staged: Self::Staged) -> Vec<String>;

    /// The service's part of the loss ledger.
    fn ledger(&self) -> LossLedger {
        LossLedger::default()
    }

    /// Names of a kind for completion, of those that start with `begun`; others may be among them.
    fn names(settings: &Self::Settings, kind: NameKind, begun: &str) -> Vec<Name> {
        let _ = (settings, kind, begun);
        Vec::new()
    }

    /// Finishes what is under way, hands on what is held, and ends the threads.
    fn stop(&self);
}

/// How much an impact tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What ends, begins or begins anew: for the answer to a commit.
    Changes,
    /// Also what stays, the templates and the memory, which takes asking the threads: for `commit check`.
    All,
}

/// A name that completion offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name as it is typed.
    pub name: String,
    /// One line about the thing it names; may be empty.
    pub help: String,
}

/// Kinds of names that services know. Names of files and revisions are others' to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// Interfaces of the host.
    Interface,
    /// Flow monitors in force, those of `system flow-accounting` included.
    Monitor,
    /// Flow exporters in force.
    Exporter,
    /// Flow records in force, and those that are predefined.
    Record,
    /// Samplers in force.
    Sampler,
    /// Samplicators in force.
    Samplicator,
    /// Receivers of the samplicators in force.
    Receiver,
}
