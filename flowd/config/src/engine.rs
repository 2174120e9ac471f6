//! The configuration engine: the running configuration, the revisions, the sessions, and the services that carry a
//! configuration out. Its methods block; async callers use the blocking pool.

use std::path::Path;
use std::sync::Arc;

use api::host::Role;
use language::Tree;
use parking_lot::{Mutex, MutexGuard, RwLock};
use service::{Before, Kind, Services, Settings};

use crate::archive::Archive;
use crate::pending::Pending;
use crate::revisions::{self, Revisions};
use crate::sessions::Sessions;
use crate::warnings::Line;

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Running {
    /// As it was committed.
    pub tree: Tree,
    /// Its revision; none before the first commit.
    pub id: Option<u64>,
    /// What is in force of it. At boot that may be less than the tree says, when the host has changed meanwhile.
    pub settings: Settings,
    /// Whether all of the tree is in force.
    pub whole: bool,
    /// What this host does not apply of it.
    pub unapplied: Vec<Line>,
}

impl Running {
    /// The tree and its settings, when all of it is in force.
    pub fn sound(&self) -> Option<Before<'_, Settings>> {
        let Running { tree, settings, .. } = self;
        self.whole.then_some(Before { tree, settings })
    }
}

/// The configuration engine.
pub struct Engine {
    /// The services that carry a configuration out.
    pub services: Services,
    /// Committed configurations.
    pub revisions: Revisions,
    /// Copies of committed configurations.
    pub archive: Archive,
    pub(crate) alarm: tokio::sync::Notify,
    pub(crate) schedule_alarm: tokio::sync::Notify,
    pending: Mutex<Option<Pending>>,
    sessions: Mutex<Sessions>,
    running: RwLock<Arc<Running>>,
    turn: Mutex<()>,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The schema's rows and the services do not fit together.
    #[error(transparent)]
    Rows(#[from] service::Unowned),
    /// A service does not start.
    #[error("a service does not start: {0}")]
    Service(#[from] std::io::Error),
    /// The revisions cannot be opened.
    #[error(transparent)]
    Revisions(#[from] revisions::Error),
}

/// The schema rows that the engine applies itself.
pub const ROWS: &[&str] = &["comment", "system config-management", "system login"];

impl Engine {
    /// Opens the revisions under `state` and starts the services of a list with nothing configured. `started_ms` is the
    /// time, milliseconds since 1970.
    ///
    /// # Errors
    /// When a schema row has no service or a service names a row that is not there, when a service does not start, or
    /// when the revisions cannot be opened.
    pub fn open(
        state: &Path,
        kinds: &'static [Kind],
        started_ms: i64,
    ) -> Result<Engine, StartError> {
        service::check_rows(kinds, &[("config", ROWS)])?;
        let running = Running {
            tree: Tree::default(),
            id: None,
            settings: Settings::empty(kinds),
            whole: true,
            unapplied: Vec::new(),
        };
        Ok(Engine {
            revisions: Revisions::open(state, started_ms)?,
            services: Services::start(kinds)?,
            archive: Archive::default(),
            alarm: tokio::sync::Notify::new(),
            schedule_alarm: tokio::sync::Notify::new(),
            pending: Mutex::default(),
            sessions: Mutex::default(),
            running: RwLock::new(Arc::new(running)),
            turn: Mutex::default(),
        })
    }

    /// The configuration in force now.
    pub fn running(&self) -> Arc<Running> {
        self.running.read().clone()
    }

    pub(crate) fn set_running(&self, running: Running) {
        *self.running.write() = Arc::new(running);
    }

    /// The sessions. The guard is to be held for moments only.
    pub fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock()
    }

    /// The right to commit; whoever wants it while another has it waits.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock()
    }

    pub(crate) fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock()
    }

    /// The id of the revision that has a number; 0 is the newest.
    pub fn revision_id(&self, number: usize) -> Option<u64> {
        self.revisions.list().get(number).map(|summary| summary.id)
    }

    /// The role that `system login user NAME level` gives a user; `None` when it says nothing of that user.
    pub fn level(&self, user: &str) -> Option<Role> {
        let running = self.running();
        let level = running
            .tree
            .value(&["system", "login", "user", user, "level"])?;
        level.parse().ok()
    }

    /// Stops the services and closes the revisions, after the commit that may be under way.
    pub fn stop(&self) {
        let _turn = self.turn();
        self.services.stop();
        self.archive.stop();
        self.revisions.close();
    }
}
