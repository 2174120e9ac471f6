//! Revisions: committed configurations on the disk. A commit that was reported as done survives a loss of power.
//!
//! They are in a sled tree named `revisions`:
//!
//! | key | value |
//! |---|---|
//! | an id (u64, big-endian) | the revision as JSON |
//! | `head` | the id of the newest revision |
//! | `listed` | the id of the oldest revision that users see |
//! | `confirm` | the deadline of the commit that waits for confirmation |
//! | `scheduled` | the commit that is scheduled for later |
//!
//! A revision is recorded by one atomic batch, which is flushed and synced before the caller goes on.

mod delta;
mod durable;
mod mirror;
mod schedule;
mod sled_store;
mod space;
mod state;
mod store;
mod stored;
use std::path::{Path, PathBuf};

use language::Tree;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

use crate::pending::Scheduled;
use crate::tree_json;
use durable::{CONFIRM, HEAD, LISTED, SCHEDULED, read_back, to_json};
use sled_store::SledStore;
use state::{Chain, State, oldest_to_list, prunable};
use store::{Batch, OpenError, OpenStore};
use stored::{as_changes, as_whole, read};

/// A revision without its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The id, which counts from 0 and never changes.
    #[serde(skip)]
    pub id: u64,
    /// When it was committed, milliseconds since 1970.
    pub time_ms: i64,
    /// The user who committed it.
    pub user: String,
    /// How that user came: `cli`, `api`, `file`, …
    pub via: String,
    /// The user's comment; may be empty.
    pub comment: String,
    /// The hash of the tree: SHA-256, hexadecimal.
    pub hash: String,
    /// The id of the revision before it, if only the changes to that one are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
}

/// A commit that is rolled back unless it is confirmed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// When the commit is rolled back, milliseconds since 1970.
    pub deadline_ms: i64,
    /// The time that was given to confirm, in milliseconds: the most there is after a boot, wherever the clock has jumped.
    pub given_ms: i64,
    /// The id of the revision to go back to; `None` for the empty configuration.
    pub previous: Option<u64>,
}

/// A revision to record.
#[derive(Debug)]
pub struct New<'a> {
    /// The configuration.
    pub tree: &'a Tree,
    /// The present time, milliseconds since 1970.
    pub time_ms: i64,
    /// The user who commits.
    pub user: &'a str,
    /// How that user came: `cli`, `api`, `file`, …
    pub via: &'a str,
    /// The user's comment; may be empty.
    pub comment: &'a str,
    /// How many revisions to keep, this one included; at least 1.
    pub keep: usize,
    /// The deadline, if the commit is to be confirmed.
    pub waiting: Option<Waiting>,
    /// Whether this is the scheduled commit, which is then removed from the schedule.
    pub scheduled: bool,
}

/// Why a revision could not be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk is full.
    #[error(
        "no space left in {}: a commit needs {} KiB, {} KiB are free; nothing is changed",
        dir.display(), needed.div_ceil(1024), free / 1024
    )]
    Full {
        /// The state directory.
        dir: PathBuf,
        /// Octets that must be free.
        needed: u64,
        /// Octets that are free.
        free: u64,
    },
    /// The state directory or the database in it cannot be used.
    #[error("{}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Another process has the database open.
    #[error("{} is in use by another flowd", .0.display())]
    InUse(PathBuf),
    /// The database refused.
    #[error("revision database: {0}")]
    Database(String),
    /// No revision has that id.
    #[error("no revision with id {0}")]
    Unknown(u64),
}

/// The revisions in a state directory. The methods block on the disk.
pub struct Revisions {
    dir: PathBuf,
    open: OpenStore,
    state: Mutex<State>,
}

impl Revisions {
    /// Opens or creates the database under `dir`.
    ///
    /// A database that cannot be read is renamed and the newest revision restored from its copy, so that a damaged disk
    /// costs the history but not the configuration. Each such step is logged.
    ///
    /// # Errors
    /// When the directory cannot be used, or another flowd uses it.
    pub fn open(dir: &Path, now_ms: i64) -> Result<Revisions, Error> {
        Revisions::open_with(SledStore::open, dir, now_ms)
    }

    /// Does the work of [`Revisions::open`] for any store; tests have their own.
    fn open_with(open: OpenStore, dir: &Path, now_ms: i64) -> Result<Revisions, Error> {
        let path = dir.join("database");
        space::release(dir);
        let database = match open(&path) {
            Ok(database) => Some(database),
            Err(OpenError::InUse) => return Err(Error::InUse(dir.to_owned())),
            Err(OpenError::Io(source)) if mirror::read(dir).is_some() => {
                tracing::error!(
                    "{}: {source}; starting from the copy of the newest revision",
                    path.display()
                );
                None
            }
            Err(OpenError::Io(source)) => return Err(Error::Directory { path, source }),
            Err(OpenError::Damaged(why)) => {
                let aside = dir.join(format!("database.damaged-{}", now_ms / 1000));
                tracing::error!(
                    "the revision database cannot be read ({why}); it is kept as {} and a new one is started",
                    aside.display()
                );
                std::fs::rename(&path, &aside).map_err(|source| Error::Directory {
                    path: path.clone(),
                    source,
                })?;
                Some(open(&path).map_err(|failure| Error::Database(failure.to_string()))?)
            }
        };
        let mut state = State {
            loaded: false,
            database,
            summaries: Vec::new(),
            oldest_listed: 0,
            newest: None,
            chain: Chain::default(),
            mirror_current: false,
            waiting: None,
            scheduled: None,
            copy: None,
        };
        match &state.database {
            Some(_) => read_back(dir, &mut state)?,
            None => state.copy = mirror::read(dir),
        }
        space::reserve(dir);
        Ok(Revisions {
            dir: dir.to_owned(),
            open,
            state: Mutex::new(state),
        })
    }

    /// Returns the newest revision with its tree; `None` before the first commit.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn head(&self) -> Result<Option<(Summary, Tree)>, Error> {
        let head = {
            let state = self.lock();
            if let Some(copy) = &state.copy {
                return Ok(Some(copy.clone()));
            }
            state.head()
        };
        head.map(|id| self.get(id)).transpose()
    }

    /// Returns a revision with its tree.
    ///
    /// # Errors
    /// If there is no such revision, or it cannot be read.
    pub fn get(&self, id: u64) -> Result<(Summary, Tree), Error> {
        let mut state = self.lock();
        if !state.listed().iter().any(|summary| summary.id == id) {
            return Err(Error::Unknown(id));
        }
        let database = self.opened(&mut state)?;
        let found = read(database, id)?;
        if state.head() == Some(id)
            && let Some((_, tree)) = &found
        {
            state.newest = Some(tree.clone());
        }
        found.ok_or_else(|| Error::Database(format!("revision {id} is damaged")))
    }

    /// Returns the revisions that users see, newest first.
    pub fn list(&self) -> Vec<Summary> {
        self.lock().listed().iter().rev().cloned().collect()
    }

    /// Returns the deadline of the commit that waits for confirmation.
    pub fn waiting(&self) -> Option<Waiting> {
        self.lock().waiting.clone()
    }

    /// Returns the scheduled commit.
    pub fn scheduled(&self) -> Option<Scheduled> {
        self.lock().scheduled.clone()
    }

    /// Stores the scheduled commit in place of the one before; `None` removes it.
    ///
    /// # Errors
    /// If it cannot be stored. Then nothing has changed.
    pub fn schedule(&self, scheduled: Option<&Scheduled>) -> Result<(), Error> {
        let mut state = self.lock();
        let mut batch = Batch::default();
        let bytes = scheduled.map(schedule::write);
        match &bytes {
            Some(bytes) => batch.insert(SCHEDULED, bytes.as_slice()),
            None => batch.remove(SCHEDULED),
        }
        let octets = bytes.as_ref().map_or(0, Vec::len);
        self.write(&mut state, batch, octets, |database| {
            Ok(database.get(SCHEDULED)? == bytes)
        })?;
        state.scheduled = scheduled.cloned();
        Ok(())
    }

    /// Records a revision durably and returns its id. A commit that waited for confirmation no longer does.
    ///
    /// # Errors
    /// If it cannot be recorded. Then nothing has changed, and the next try may succeed.
    pub fn record(&self, new: &New<'_>) -> Result<u64, Error> {
        let mut state = self.lock();
        self.opened(&mut state)?;
        let id = state.head().map_or(0, |head| head + 1);
        let mut summary = Summary {
            id,
            time_ms: new.time_ms,
            user: new.user.to_owned(),
            via: new.via.to_owned(),
            comment: new.comment.to_owned(),
            hash: tree_json::hash(new.tree),
            from: None,
        };
        let (bytes, chain) = match as_changes(&state, &mut summary, new.tree) {
            Some((bytes, chain)) => (bytes, chain),
            None => {
                let bytes = as_whole(&summary, new.tree);
                let chain = Chain {
                    whole_octets: bytes.len(),
                    ..Chain::default()
                };
                (bytes, chain)
            }
        };

        let listed = oldest_to_list(&state, id, new.keep, new.waiting.as_ref());
        let pruned = prunable(&state.summaries, &summary, listed);
        let mut batch = Batch::default();
        batch.insert(&id.to_be_bytes(), bytes.as_slice());
        batch.insert(HEAD, id.to_be_bytes());
        batch.insert(LISTED, listed.to_be_bytes());
        match &new.waiting {
            Some(waiting) => batch.insert(CONFIRM, to_json(waiting)),
            None => batch.remove(CONFIRM),
        }
        if new.scheduled {
            batch.remove(SCHEDULED);
        }
        for id in &pruned {
            batch.remove(&id.to_be_bytes());
        }
        self.write(&mut state, batch, bytes.len(), |database| {
            Ok(database.get(&id.to_be_bytes())?.as_deref() == Some(bytes.as_slice()))
        })?;

        state
            .summaries
            .retain(|summary| !pruned.contains(&summary.id));
        let whole_copy = summary.from.is_none() || !state.mirror_current;
        state.summaries.push(summary.clone());
        state.oldest_listed = listed;
        state.newest = Some(new.tree.clone());
        state.chain = chain;
        state.waiting.clone_from(&new.waiting);
        if new.scheduled {
            state.scheduled = None;
        }
        let copied = match (whole_copy, summary.from) {
            (false, _) => mirror::append(&self.dir, &bytes, id),
            (true, None) => mirror::write(&self.dir, &bytes, id),
            (true, Some(_)) => {
                let whole = Summary {
                    from: None,
                    ..summary
                };
                mirror::write(&self.dir, &as_whole(&whole, new.tree), id)
            }
        };
        state.mirror_current = copied.is_ok();
        if let Err(error) = copied {
            tracing::warn!("the copy of revision {id} could not be written: {error}");
        }
        Ok(id)
    }

    /// Makes the commit that waits for confirmation permanent.
    ///
    /// # Errors
    /// If that cannot be recorded. Then the commit still waits.
    pub fn confirm(&self) -> Result<(), Error> {
        let mut state = self.lock();
        let mut batch = Batch::default();
        batch.remove(CONFIRM);
        self.write(&mut state, batch, 0, |database| {
            Ok(database.get(CONFIRM)?.is_none())
        })?;
        state.waiting = None;
        Ok(())
    }

    /// Flushes and closes the database. No other method may be called after it.
    pub fn close(&self) {
        let mut state = self.lock();
        if let Some(database) = state.database.take()
            && let Err(error) = database.flush()
        {
            tracing::error!("revision database: {error}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock is harmless: the state changes only after the disk has.
        self.state.lock()
    }
}

#[cfg(test)]
mod tests;
