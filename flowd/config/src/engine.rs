//! The configuration engine: the running configuration, the revisions, the sessions, and the services that carry a
//! configuration out. Its methods block; async callers use the blocking pool.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use api::host::Role;
use language::Tree;
use parking_lot::{Mutex, MutexGuard, RwLock};
use service::{Before, Kind, Services, Settings};

use crate::archive::Archive;
use crate::pending::Pending;
use crate::revisions::{self, Revisions};
use crate::sessions::Sessions;
use crate::warnings::Unapplied;

/// The running configuration: what was committed, and the settings that are in force of it.
#[derive(Clone, Debug)]
pub struct Running {
    /// The tree as it was committed.
    pub tree: Tree,
    /// The id of its revision; `None` before the first commit.
    pub id: Option<u64>,
    /// The services' settings in force. After boot they may be of a part of the tree, where the host has changed since.
    pub settings: Settings,
    /// Whether the settings are those of the whole tree.
    pub complete: bool,
    /// The nodes of the tree that are accepted but have no effect on this host.
    pub unapplied: Vec<Unapplied>,
}

impl Running {
    /// The tree and its settings, for a new configuration to take over what is unchanged; `None` when the settings are
    /// not those of the whole tree.
    pub fn as_base(&self) -> Option<Before<'_, Settings>> {
        let Running { tree, settings, .. } = self;
        self.complete.then_some(Before { tree, settings })
    }
}

/// The configuration engine, one per daemon.
pub struct Engine {
    /// The services that carry a configuration out.
    pub services: Services,
    /// The committed configurations on the disk.
    pub revisions: Revisions,
    /// The copies of committed configurations elsewhere (`commit-archive`).
    pub archive: Archive,
    /// Notified when a commit begins or ends to wait for confirmation.
    pub(crate) confirmation_changed: tokio::sync::Notify,
    /// Notified when a commit is scheduled or cancelled.
    pub(crate) schedule_changed: tokio::sync::Notify,
    pending: Mutex<Option<Pending>>,
    sessions: Mutex<Sessions>,
    running: RwLock<Arc<Running>>,
    commit_lock: Mutex<()>,
    /// What the log was told of the running configuration: it stays so, and is not told again by each commit.
    remarks: Mutex<BTreeSet<String>>,
}

/// Why the engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A schema row has no service or several, or a service claims a row that does not exist.
    #[error(transparent)]
    Rows(#[from] service::Unowned),
    /// A service cannot start.
    #[error("a service does not start: {0}")]
    Service(#[from] std::io::Error),
    /// The revisions cannot be opened.
    #[error(transparent)]
    Revisions(#[from] revisions::Error),
}

/// The schema rows that the engine applies itself.
pub const ROWS: &[&str] = &["comment", "system config-management", "system login"];

impl Engine {
    /// Opens the revisions in the directory `state` and starts the services of a list with nothing configured.
    /// `started_ms` is the present time in milliseconds since 1970.
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
            complete: true,
            unapplied: Vec::new(),
        };
        Ok(Engine {
            revisions: Revisions::open(state, started_ms)?,
            services: Services::start(kinds)?,
            archive: Archive::default(),
            confirmation_changed: tokio::sync::Notify::new(),
            schedule_changed: tokio::sync::Notify::new(),
            pending: Mutex::default(),
            sessions: Mutex::default(),
            running: RwLock::new(Arc::new(running)),
            commit_lock: Mutex::default(),
            remarks: Mutex::default(),
        })
    }

    /// Returns the configuration that is running now.
    pub fn running(&self) -> Arc<Running> {
        self.running.read().clone()
    }

    pub(crate) fn set_running(&self, running: Running) {
        *self.running.write() = Arc::new(running);
    }

    /// Locks the table of sessions. The guard must not be held while anything blocks.
    pub fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock()
    }

    /// Waits for commits under way; no other commit begins while the guard lives.
    pub(crate) fn lock_commits(&self) -> MutexGuard<'_, ()> {
        self.commit_lock.lock()
    }

    /// Returns what has given no sign of life `by` then: threads of the services, and the commit under way if it does not end.
    pub fn hanging(&self, by: Instant) -> Vec<String> {
        let mut hanging = self.services.hanging(by);
        if self.commit_lock.try_lock_until(by).is_none() {
            hanging.push("the commit under way".to_owned());
        }
        hanging
    }

    pub(crate) fn remarks(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.remarks.lock()
    }

    pub(crate) fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock()
    }

    /// Returns the id of a revision by how many are newer: 0 is the newest.
    pub fn revision_id(&self, number: usize) -> Option<u64> {
        self.revisions.list().get(number).map(|summary| summary.id)
    }

    /// Returns the role that `system login user NAME level` gives a user; `None` for a user who is not configured.
    pub fn configured_role(&self, user: &str) -> Option<Role> {
        let running = self.running();
        let level = running
            .tree
            .value(&["system", "login", "user", user, "level"])?;
        level.parse().ok()
    }

    /// Waits for a commit under way, stops the services and closes the revisions.
    pub fn stop(&self) {
        let _lock = self.lock_commits();
        self.services.stop();
        self.archive.stop();
        self.revisions.close();
    }
}
