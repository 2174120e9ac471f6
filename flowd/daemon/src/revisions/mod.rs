//! Committed configurations, kept so that a commit that was answered survives the loss of power.
//!
//! sled holds them: tree `revisions`, key an id (u64, big-endian) → the revision as JSON; key `head` → the id of the
//! newest; key `confirm` → the commit that waits for confirmation. One record is one atomic batch, flushed and
//! synced before the caller goes on.

mod database;
mod mirror;
mod space;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use grammar::Tree;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tree_json;
use database::Database;

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
    /// SHA-256 of the tree, hexadecimal.
    pub hash: String,
}

/// A revision as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    summary: Summary,
    tree: Value,
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
    state: Mutex<State>,
}

struct State {
    /// None after an I/O error until it can be opened again.
    database: Option<Database>,
    /// Whether the database was read.
    loaded: bool,
    /// Oldest first.
    summaries: Vec<Summary>,
    waiting: Option<Waiting>,
    /// The newest revision by its copy, while the database could not be read.
    copy: Option<(Summary, Tree)>,
}

impl State {
    fn head(&self) -> Option<u64> {
        self.summaries.last().map(|summary| summary.id)
    }
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
        let path = dir.join("database");
        space::release(dir);
        let database = match Database::open(&path) {
            Ok(database) => Some(database),
            Err(database::Failure::InUse) => return Err(Error::InUse(dir.to_owned())),
            Err(database::Failure::Io(source)) if mirror::read(dir).is_some() => {
                tracing::error!(
                    "{}: {source}; starting from the copy of the newest revision",
                    path.display()
                );
                None
            }
            Err(database::Failure::Io(source)) => return Err(Error::Directory { path, source }),
            Err(database::Failure::Sled(why)) => {
                let aside = dir.join(format!("database.damaged-{}", now_ms / 1000));
                tracing::error!(
                    "the revision database cannot be read ({why}); it is kept as {} and a new one is started",
                    aside.display()
                );
                std::fs::rename(&path, &aside).map_err(|source| Error::Directory {
                    path: path.clone(),
                    source,
                })?;
                Some(
                    Database::open(&path)
                        .map_err(|failure| Error::Database(failure.to_string()))?,
                )
            }
        };
        let mut state = State {
            loaded: false,
            database,
            summaries: Vec::new(),
            waiting: None,
            copy: None,
        };
        match &state.database {
            Some(_) => read_back(dir, &mut state)?,
            None => state.copy = mirror::read(dir).and_then(|(id, bytes)| parse(id, &bytes)),
        }
        space::reserve(dir);
        Ok(Revisions {
            dir: dir.to_owned(),
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
        if !state.summaries.iter().any(|summary| summary.id == id) {
            return Err(Error::Unknown(id));
        }
        let database = self.opened(&mut state)?;
        let bytes = database.get(&id.to_be_bytes())?.ok_or(Error::Unknown(id))?;
        parse(id, &bytes).ok_or_else(|| Error::Database(format!("revision {id} is damaged")))
    }

    /// What is known of the revisions, newest first.
    pub fn list(&self) -> Vec<Summary> {
        self.lock().summaries.iter().rev().cloned().collect()
    }

    /// The commit that waits for confirmation.
    pub fn waiting(&self) -> Option<Waiting> {
        self.lock().waiting.clone()
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
        let summary = Summary {
            id,
            time_ms: new.time_ms,
            user: new.user.to_owned(),
            via: new.via.to_owned(),
            comment: new.comment.to_owned(),
            hash: tree_json::hash(new.tree),
        };
        let stored = Stored {
            summary: summary.clone(),
            tree: tree_json::write(new.tree),
        };
        let bytes =
            serde_json::to_vec(&stored).map_err(|error| Error::Database(error.to_string()))?;

        let pruned = prunable(&state.summaries, new.keep, new.waiting.as_ref());
        let mut batch = sled::Batch::default();
        batch.insert(&id.to_be_bytes(), bytes.as_slice());
        batch.insert(HEAD, &id.to_be_bytes());
        match &new.waiting {
            Some(waiting) => batch.insert(CONFIRM, to_json(waiting)),
            None => batch.remove(CONFIRM),
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
        state.summaries.push(summary);
        state.waiting.clone_from(&new.waiting);
        if let Err(error) = mirror::write(&self.dir, &bytes, id) {
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
        let mut batch = sled::Batch::default();
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a batch durably. After an error the database is opened anew, since sled refuses everything
    /// once it has seen an I/O error; `landed` then says whether the batch had reached the disk after all.
    fn write(
        &self,
        state: &mut State,
        batch: sled::Batch,
        octets: usize,
        landed: impl Fn(&Database) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        space::require(&self.dir, self.opened(state)?, space::needed(octets))?;
        self.write_through(state, batch, landed)
    }

    fn write_through(
        &self,
        state: &mut State,
        batch: sled::Batch,
        landed: impl Fn(&Database) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let database = self.opened(state)?;
        let Err(error) = database.apply(batch) else {
            return Ok(());
        };
        tracing::error!("{error}; opening the revision database again");
        if !state.database.take().is_none_or(Database::close) {
            return Err(Error::Database(
                "it is stuck after an I/O error; restart flowd to commit again".into(),
            ));
        }
        match Database::open(&self.dir.join("database")) {
            Ok(database) => {
                let there = landed(&database)? && database.flush().is_ok();
                state.database = Some(database);
                if there { Ok(()) } else { Err(error) }
            }
            Err(failure) => {
                tracing::error!(
                    "revision database: {failure}; the next commit tries again, until then flows go on"
                );
                Err(error)
            }
        }
    }

    /// The open database, opened again if an error closed it; then what it may hold beyond what was answered for is
    /// taken back.
    fn opened<'a>(&self, state: &'a mut State) -> Result<&'a Database, Error> {
        if state.database.is_none() {
            let database =
                Database::open(&self.dir.join("database")).map_err(|failure| match failure {
                    database::Failure::InUse => {
                        Error::Database("it is still locked after an I/O error".into())
                    }
                    other => Error::Database(other.to_string()),
                })?;
            if !state.loaded {
                state.database = Some(database);
                return self.first_read(state);
            }
            let head = state.head();
            let mut batch = sled::Batch::default();
            for id in database
                .ids()?
                .into_iter()
                .filter(|id| head.is_none_or(|head| *id > head))
            {
                batch.remove(&id.to_be_bytes());
            }
            match head {
                Some(head) => batch.insert(HEAD, &head.to_be_bytes()),
                None => batch.remove(HEAD),
            }
            match &state.waiting {
                Some(waiting) => batch.insert(CONFIRM, to_json(waiting)),
                None => batch.remove(CONFIRM),
            }
            database.apply(batch)?;
            state.database = Some(database);
        }
        state
            .database
            .as_ref()
            .ok_or_else(|| Error::Database("it is closed".into()))
    }

    /// Reads a database that could not be opened at the start.
    fn first_read<'a>(&self, state: &'a mut State) -> Result<&'a Database, Error> {
        if let Err(error) = read_back(&self.dir, state) {
            state.database = None;
            return Err(error);
        }
        state.copy = None;
        state
            .database
            .as_ref()
            .ok_or_else(|| Error::Database("it is closed".into()))
    }
}

/// Fills the memory side from the disk, and believes nothing whose hash is wrong.
fn read_back(dir: &Path, state: &mut State) -> Result<(), Error> {
    let Some(database) = &state.database else {
        return Ok(());
    };
    let mut summaries = Vec::new();
    for id in database.ids()? {
        let Some(bytes) = database.get(&id.to_be_bytes())? else {
            continue;
        };
        match serde_json::from_slice::<Summary>(&bytes) {
            Ok(summary) => summaries.push(Summary { id, ..summary }),
            Err(error) => {
                tracing::error!("revision {id} cannot be read and is left out: {error}")
            }
        }
    }
    while let Some(newest) = summaries.last() {
        let id = newest.id;
        let sound = database
            .get(&id.to_be_bytes())?
            .and_then(|bytes| parse(id, &bytes))
            .is_some();
        if sound {
            break;
        }
        tracing::error!("revision {id} is damaged; the one before it is taken");
        summaries.pop();
    }
    let head = database
        .get(HEAD)?
        .and_then(|bytes| Some(u64::from_be_bytes(bytes.as_slice().try_into().ok()?)));
    let newest = summaries.last().map(|summary| summary.id);
    if head != newest {
        tracing::error!(
            "the revision database says head {head:?} and holds {newest:?}; the latter is taken"
        );
    }
    let waiting = database
        .get(CONFIRM)?
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if summaries.is_empty()
        && let Some((id, bytes)) = mirror::read(dir)
        && let Some((summary, _)) = parse(id, &bytes)
    {
        tracing::error!("the revision database is empty; revision {id} is restored from its copy");
        let mut batch = sled::Batch::default();
        batch.insert(&id.to_be_bytes(), bytes);
        batch.insert(HEAD, &id.to_be_bytes());
        database.apply(batch)?;
        summaries.push(summary);
    }
    state.summaries = summaries;
    state.waiting = waiting;
    state.loaded = true;
    Ok(())
}

const HEAD: &[u8] = b"head";
const CONFIRM: &[u8] = b"confirm";

/// The revisions to drop when one more comes, so that `keep` remain; the one a rollback needs stays.
fn prunable(summaries: &[Summary], keep: usize, waiting: Option<&Waiting>) -> Vec<u64> {
    let excess = (summaries.len() + 1).saturating_sub(keep.max(1));
    let needed = waiting.and_then(|waiting| waiting.previous);
    summaries
        .iter()
        .take(excess)
        .map(|summary| summary.id)
        .filter(|id| Some(*id) != needed)
        .collect()
}

/// A stored revision whose hash is right.
fn parse(id: u64, bytes: &[u8]) -> Option<(Summary, Tree)> {
    let stored: Stored = serde_json::from_slice(bytes).ok()?;
    let tree = tree_json::read(&stored.tree)?;
    (tree_json::hash(&tree) == stored.summary.hash).then_some((
        Summary {
            id,
            ..stored.summary
        },
        tree,
    ))
}

fn to_json(waiting: &Waiting) -> Vec<u8> {
    serde_json::json!({
        "deadline_ms": waiting.deadline_ms, "given_ms": waiting.given_ms, "previous": waiting.previous,
    })
    .to_string()
    .into_bytes()
}
