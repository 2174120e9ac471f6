//! The contract of a service.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use api::ledger::LossLedger;
use api::session::Impact;
use language::{Finding, Tree};

use crate::metric::Family;
use crate::named::Before;

/// A part of the daemon that applies a part of the configuration.
///
/// The methods may block for milliseconds, so they are not called on async threads.
pub trait Service: Sized + Send + Sync + 'static {
    /// The settings of this service: every reference is followed, every default filled in.
    type Settings: Clone + Default + PartialEq + Send + Sync + 'static;
    /// The changes from one configuration to another, as data. Whatever is not in it is not touched.
    type Difference: Send + 'static;
    /// A change that is ready to be applied: sockets, rings and threads are there without visible effect.
    type Staged: Send + 'static;

    /// The service's name in messages: `probe`.
    const NAME: &'static str;

    /// The schema rows that this service applies, as paths without names: `flow samplicator`. A path covers its row and all
    /// rows below it, except those that a longer path covers, whichever service's that is.
    const ROWS: &'static [&'static str];

    /// Starts the service with nothing configured.
    ///
    /// # Errors
    /// If the system refuses a thread or a descriptor.
    fn start() -> io::Result<Arc<Self>>;

    /// Resolves the settings of a tree that was checked against the schema. What it shares with `before` is taken over from
    /// there, so that a small change is resolved quickly.
    ///
    /// # Errors
    /// What that check does not find, each with the node it is about.
    fn settings(
        tree: &Tree,
        before: Option<Before<'_, Self::Settings>>,
    ) -> Result<Self::Settings, Vec<Finding>>;

    /// Returns the changes from `old` to `new`; `None` if the service has nothing to do.
    fn difference(old: &Self::Settings, new: &Self::Settings) -> Option<Self::Difference>;

    /// Opens and allocates what the difference needs and starts its threads, without any visible effect.
    ///
    /// What was committed before is never refused for what the host lacks today ([`Occasion::Restore`]): the part that lacks
    /// it says so, tries again, and is in force seconds after the host has it.
    ///
    /// # Errors
    /// What this host refuses, each with the node it is about. Nothing is left open then.
    fn prepare(
        &self,
        new: &Self::Settings,
        difference: Self::Difference,
        occasion: Occasion,
    ) -> Result<Self::Staged, Vec<Finding>>;

    /// Returns warnings about a prepared change, a line each: parts that have no effect on this host, or none yet.
    fn warnings(staged: &Self::Staged) -> Vec<String>;

    /// Returns what applying a prepared change will do to sockets, rings, caches, templates and memory.
    fn impact(&self, staged: &Self::Staged, detail: Detail) -> Vec<Impact> {
        let _ = (staged, detail);
        Vec::new()
    }

    /// Puts a prepared change into force. It cannot fail. Returns what the host refuses only now, a line each.
    fn apply(&self, staged: Self::Staged) -> Vec<String>;

    /// Returns the service's part of the loss ledger.
    fn ledger(&self) -> LossLedger {
        LossLedger::default()
    }

    /// Returns what the service counts and measures beside its part of the loss ledger.
    fn metrics(&self) -> Vec<Family> {
        Vec::new()
    }

    /// Returns names of a kind for completion: all that start with `begun`, perhaps others, too.
    fn names(settings: &Self::Settings, kind: NameKind, begun: &str) -> Vec<Name> {
        let _ = (settings, kind, begun);
        Vec::new()
    }

    /// Asks every thread that must not hang for a sign of life. Returns those that have given none `by` then, in words: `the capture
    /// thread of eth0`.
    fn hanging(&self, by: Instant) -> Vec<String> {
        let _ = by;
        Vec::new()
    }

    /// Finishes the work under way, exports or sends what is held, and ends the threads.
    fn stop(&self);
}

/// Why a configuration is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody commits it, and is told what this host refuses.
    Commit,
    /// It was committed before and is put into force again: at the start, or because another was not confirmed. The host
    /// may not have everything yet: an address, an interface, a name that resolves, a free port, a route.
    Restore,
}

/// The level of detail of an impact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What is opened, closed or replaced: for the answer to a commit.
    Changes,
    /// Also what is kept, templates and memory, for which threads must be asked: for `commit check`.
    All,
}

/// A name that completion offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name as it is typed.
    pub name: String,
    /// One line of help; may be empty.
    pub help: String,
}

/// Kinds of names that services know. Names of files and revisions are not among them.
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
