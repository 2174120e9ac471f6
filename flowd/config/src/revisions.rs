//! Committed configurations, kept so that a commit that was answered survives the loss of power.
//!
//! sled holds them: tree `revisions`, key an id (u64, big-endian) → the revision as JSON; key `head` → the id of the
//! newest; key `listed` → the id of the oldest that is listed; key `confirm` → the commit that waits for confirmation; key `scheduled` → the commit that waits for its time. One record is one atomic batch, flushed and
//! synced before the caller goes on.

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
use state::{Chain, State, listed, prunable};
use store::{Batch, OpenError, OpenStore};
use stored::{changes, stored_whole, whole};

/// What is known of a revision beside its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Counts from 0 and never changes.
    #[serde(skip)]
    pub id: u64,
    /// When it was committed, milliseconds since 1970.
    pub time_ms: i64,
    /// Who committed it.
    pub user: String,
    /// By which way: `cli`, `api`, `file`, …
    pub via: String,
    /// The committer's words.
    pub comment: String,
    /// The hash of the tree: SHA-256, hexadecimal.
    pub hash: String,
    /// The revision that it is kept as a change of; none: it is kept whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
}

/// A commit that is rolled back unless it is confirmed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// When it is rolled back, milliseconds since 1970.
    pub deadline_ms: i64,
    /// How long it was given, milliseconds; a clock that jumps at boot cannot make it longer.
    pub given_ms: i64,
    /// The revision to go back to; none: the empty configuration.
    pub previous: Option<u64>,
}

/// A revision to record.
#[derive(Debug)]
pub struct New<'a> {
    /// The configuration.
    pub tree: &'a Tree,
    /// Now, milliseconds since 1970.
    pub time_ms: i64,
    /// Who.
    pub user: &'a str,
    /// By which way.
    pub via: &'a str,
    /// Why.
    pub comment: &'a str,
    /// Revisions to keep, this one included; at least 1.
    pub keep: usize,
    /// When it waits for confirmation.
    pub waiting: Option<Waiting>,
    /// It is the commit that waited for its time, which waits no longer.
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
        /// Octets that are.
        free: u64,
    },
    /// The directory could not be used.
    #[error("{}: {source}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("{} is in use by another flowd", .0.display())]
    InUse(PathBuf),
    /// The database refused.
    #[error("revision database: {0}")]
    Database(String),
    /// There is no such revision.
    #[error("no revision with id {0}")]
    Unknown(u64),
}

/// The revisions of this appliance. Methods block on the disk.
pub struct Revisions {
    dir: PathBuf,
    open: OpenStore,
    state: Mutex<State>,
}

impl Revisions {
    /// Opens or creates the database under `dir`.
    ///
    /// A database that cannot be read is set aside and the newest revision restored from its copy, so that a
    /// damaged disk costs history but not the configuration; `log` gets a line about everything of the kind.
    ///
    /// # Errors
    /// When the directory cannot be used, or another flowd uses it.
    pub fn open(dir: &Path, now_ms: i64) -> Result<Revisions, Error> {
        Revisions::open_with(SledStore::open, dir, now_ms)
    }

    /// The same in a store of another kind.
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
            listed: 0,
            newest: None,
            chain: Chain::default(),
            copied: false,
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

    /// The newest revision, with its tree.
    ///
    /// # Errors
    /// When it cannot be read.
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

    /// One revision by its id.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn get(&self, id: u64) -> Result<(Summary, Tree), Error> {
        let mut state = self.lock();
        if !state.shown().iter().any(|summary| summary.id == id) {
            return Err(Error::Unknown(id));
        }
        let database = self.opened(&mut state)?;
        let found = whole(database, id)?;
        if state.head() == Some(id)
            && let Some((_, tree)) = &found
        {
            state.newest = Some(tree.clone());
        }
        found.ok_or_else(|| Error::Database(format!("revision {id} is damaged")))
    }

    /// What is known of the revisions, newest first.
    pub fn list(&self) -> Vec<Summary> {
        self.lock().shown().iter().rev().cloned().collect()
    }

    /// The commit that waits for confirmation.
    pub fn waiting(&self) -> Option<Waiting> {
        self.lock().waiting.clone()
    }

    /// The commit that waits for its time.
    pub fn scheduled(&self) -> Option<Scheduled> {
        self.lock().scheduled.clone()
    }

    /// Keeps a commit that waits for its time, in place of the one there was.
    ///
    /// # Errors
    /// Then it is as it was.
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

    /// Records a revision durably and returns its id. Whatever waited for confirmation waits no longer, unless
    /// `new` does.
    ///
    /// # Errors
    /// Then nothing is recorded, and the next try may succeed.
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
        let (bytes, chain) = match changes(&state, &mut summary, new.tree) {
            Some((bytes, chain)) => (bytes, chain),
            None => {
                let bytes = stored_whole(&summary, new.tree);
                let chain = Chain {
                    whole: bytes.len(),
                    ..Chain::default()
                };
                (bytes, chain)
            }
        };

        let listed = listed(&state, id, new.keep, new.waiting.as_ref());
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
        let whole_copy = summary.from.is_none() || !state.copied;
        state.summaries.push(summary.clone());
        state.listed = listed;
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
                mirror::write(&self.dir, &stored_whole(&whole, new.tree), id)
            }
        };
        state.copied = copied.is_ok();
        if let Err(error) = copied {
            tracing::warn!("the copy of revision {id} could not be written: {error}");
        }
        Ok(id)
    }

    /// What waits for confirmation stays.
    ///
    /// # Errors
    /// Then it still waits.
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

    /// Flushes and closes the database; the last call.
    pub fn close(&self) {
        let mut state = self.lock();
        if let Some(database) = state.database.take()
            && let Err(error) = database.flush()
        {
            tracing::error!("revision database: {error}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it was held leaves memory that only ever changes after the disk did.
        self.state.lock()
    }
}

#[cfg(test)]
mod tests;
