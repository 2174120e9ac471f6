//! What the management side shares: the running configuration, the revisions, the sessions, and those who carry a
//! configuration out. Its methods block; async callers use the blocking pool.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use language::Tree;

use crate::archive::Archive;
use crate::confirm::Pending;
use crate::log::Log;
use crate::named::Before;
use crate::peer::Role;
use crate::probe::Probe;
use crate::relay::Relay;
use crate::revisions::{self, Revisions};
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::warnings::Line;

/// The configuration in force.
#[derive(Debug, Default)]
pub struct Running {
    /// As it was committed.
    pub tree: Tree,
    /// Its revision; none before the first commit.
    pub id: Option<u64>,
    /// What is in force of it. At boot that may be less than the tree says, when the host has changed meanwhile.
    pub settings: Settings,
    /// All of the tree is in force.
    pub whole: bool,
    /// What this host does not apply of it.
    pub unapplied: Vec<Line>,
}

impl Running {
    /// The tree and its settings, when nothing is wrong with it.
    pub fn sound(&self) -> Option<Before<'_, Settings>> {
        let Running { tree, settings, .. } = self;
        self.whole.then_some(Before { tree, settings })
    }
}

/// The management side of the daemon.
pub struct Control {
    /// Metering and export.
    pub probe: Probe,
    /// Samplicators.
    pub relay: Relay,
    /// flowd's own log.
    pub log: Arc<Log>,
    /// Committed configurations.
    pub revisions: Revisions,
    /// Copies of committed configurations.
    pub archive: Archive,
    /// When the daemon started, for `uptime`.
    pub started: Instant,
    /// When the daemon started, milliseconds since 1970.
    pub started_ms: i64,
    pub(crate) host: system::Host,
    /// Wakes the task that watches for a confirmation that does not come.
    pub(crate) alarm: tokio::sync::Notify,
    /// Wakes the task that waits for the time of a scheduled commit.
    pub(crate) schedule_alarm: tokio::sync::Notify,
    pub(crate) pending: Mutex<Option<Pending>>,
    sessions: Mutex<Sessions>,
    running: RwLock<Arc<Running>>,
    turn: Mutex<()>,
}

impl Control {
    /// Opens the revisions under `state` and starts a probe and samplicators that do nothing yet.
    ///
    /// # Errors
    /// When the revisions cannot be opened.
    pub fn open(
        state: &Path,
        log: Arc<Log>,
        started: Instant,
        started_ms: i64,
    ) -> Result<Control, revisions::Error> {
        Ok(Control {
            revisions: Revisions::open(state, started_ms)?,
            probe: Probe::start(),
            relay: Relay::start(),
            archive: Archive::new(),
            log,
            started,
            started_ms,
            host: system::Host::default(),
            alarm: tokio::sync::Notify::new(),
            schedule_alarm: tokio::sync::Notify::new(),
            pending: Mutex::default(),
            sessions: Mutex::default(),
            running: RwLock::default(),
            turn: Mutex::default(),
        })
    }

    /// What runs now.
    pub fn running(&self) -> Arc<Running> {
        self.running
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_running(&self, running: Running) {
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(running);
    }

    /// The sessions. Held for moments only.
    pub fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever holds it commits; the others wait for their turn.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id behind a revision's number; 0 is the newest.
    pub fn revision_id(&self, number: usize) -> Option<u64> {
        self.revisions.list().get(number).map(|summary| summary.id)
    }

    /// What the configuration lets a user do; none: it does not speak of the user, or not of that.
    pub fn level(&self, user: &str) -> Option<Role> {
        let running = self.running();
        let level = running
            .tree
            .value(&["system", "login", "user", user, "level"])?;
        [Role::Admin, Role::Operator]
            .into_iter()
            .find(|role| role.word() == level)
    }

    /// Ends metering, exports what is left and closes the revisions, after the commit that may be under way.
    pub fn stop(&self) {
        let _turn = self.turn();
        self.relay.stop();
        self.probe.stop();
        self.archive.stop();
        self.revisions.close();
    }
}
