//! Committed configurations, kept so that a commit that was answered survives the loss of power.
//!
//! sled holds them: tree `revisions`, key an id (u64, big-endian) → the revision as JSON; key `head` → the id of the
//! newest; key `listed` → the id of the oldest that is listed; key `confirm` → the commit that waits for confirmation; key `scheduled` → the commit that waits for its time. One record is one atomic batch, flushed and
//! synced before the caller goes on.

mod database;
mod delta;
mod mirror;
mod schedule;
mod space;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use language::Tree;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schedule::Scheduled;
use crate::tree_json;
use database::Database;
use delta::Step;

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
    /// [`tree_json::hash`] of the tree: SHA-256, hexadecimal.
    pub hash: String,
    /// The revision that it is kept as a change of; none: it is kept whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
}

/// A revision as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    summary: Summary,
    /// All of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tree: Option<Value>,
    /// What it changes of [`Summary::from`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Step>>,
}

/// Most revisions in a row that are kept as changes, unless the whole one is large.
const CHAIN: usize = 64;
/// Then there is one for so many of its octets, so that writing it anew costs each of them the same,
const SHARE: usize = 8192;
/// up to so many.
const LONGEST: usize = 1024;
/// Changes of so many octets are never worth keeping the whole.
const SMALL: usize = 4096;

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
    state: Mutex<State>,
}

struct State {
    /// None after an I/O error until it can be opened again.
    database: Option<Database>,
    /// Whether the database was read.
    loaded: bool,
    /// Oldest first; those before [`State::listed`] are only kept for those that are changes of them.
    summaries: Vec<Summary>,
    /// The oldest one that is listed.
    listed: u64,
    /// The newest one's tree, once it is known.
    newest: Option<Tree>,
    /// Revisions since the last whole one, that one's octets, and those of the changes since.
    chain: Chain,
    /// The copy beside the database is of this process.
    copied: bool,
    waiting: Option<Waiting>,
    scheduled: Option<Scheduled>,
    /// The newest revision by its copy, while the database could not be read.
    copy: Option<(Summary, Tree)>,
}

/// What is kept as changes of the last whole revision.
#[derive(Clone, Copy, Default)]
struct Chain {
    revisions: usize,
    whole: usize,
    changes: usize,
}

impl State {
    /// Those that are listed, oldest first.
    fn shown(&self) -> &[Summary] {
        let first = self
            .summaries
            .partition_point(|summary| summary.id < self.listed);
        self.summaries.get(first..).unwrap_or_default()
    }

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
        let mut batch = sled::Batch::default();
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
        let mut batch = sled::Batch::default();
        batch.insert(&id.to_be_bytes(), bytes.as_slice());
        batch.insert(HEAD, &id.to_be_bytes());
        batch.insert(LISTED, &listed.to_be_bytes());
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
            batch.insert(LISTED, &state.listed.to_be_bytes());
            match &state.waiting {
                Some(waiting) => batch.insert(CONFIRM, to_json(waiting)),
                None => batch.remove(CONFIRM),
            }
            match &state.scheduled {
                Some(scheduled) => batch.insert(SCHEDULED, schedule::write(scheduled)),
                None => batch.remove(SCHEDULED),
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
    let copy = mirror::read(dir);
    let mut newest_tree = None;
    while let Some(newest) = summaries.last() {
        let id = newest.id;
        if let Some((_, tree)) = whole(database, id)? {
            newest_tree = Some(tree);
            break;
        }
        if let Some((summary, tree)) = copy.as_ref().filter(|(summary, _)| summary.id == id) {
            tracing::error!("revision {id} is damaged; it is restored from its copy");
            let mut batch = sled::Batch::default();
            batch.insert(&id.to_be_bytes(), stored_whole(summary, tree));
            database.apply(batch)?;
            newest_tree = Some(tree.clone());
            summaries.pop();
            summaries.push(summary.clone());
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
        && let Some((summary, tree)) = copy
    {
        let id = summary.id;
        tracing::error!("the revision database is empty; revision {id} is restored from its copy");
        let mut batch = sled::Batch::default();
        batch.insert(&id.to_be_bytes(), stored_whole(&summary, &tree));
        batch.insert(HEAD, &id.to_be_bytes());
        database.apply(batch)?;
        summaries.push(summary);
        newest_tree = Some(tree);
    }
    let listed = database
        .get(LISTED)?
        .and_then(|bytes| Some(u64::from_be_bytes(bytes.as_slice().try_into().ok()?)));
    state.listed = listed.unwrap_or_default();
    state.newest = newest_tree;
    state.chain = Chain {
        revisions: summaries
            .iter()
            .rev()
            .take_while(|summary| summary.from.is_some())
            .count(),
        ..Chain::default()
    };
    state.scheduled = database.get(SCHEDULED)?.and_then(|bytes| {
        let scheduled = schedule::read(&bytes);
        if scheduled.is_none() {
            tracing::error!("the commit that was scheduled cannot be read and is left out");
        }
        scheduled
    });
    state.summaries = summaries;
    state.waiting = waiting;
    state.loaded = true;
    Ok(())
}

const HEAD: &[u8] = b"head";
const LISTED: &[u8] = b"listed";
const CONFIRM: &[u8] = b"confirm";
const SCHEDULED: &[u8] = b"scheduled";

/// A revision as what it changes of the newest one, when that is worth it.
fn changes(state: &State, summary: &mut Summary, tree: &Tree) -> Option<(Vec<u8>, Chain)> {
    let (head, newest) = (state.head()?, state.newest.as_ref()?);
    if state.chain.revisions >= (state.chain.whole / SHARE).clamp(CHAIN, LONGEST) {
        return None;
    }
    summary.from = Some(head);
    let stored = Stored {
        summary: summary.clone(),
        tree: None,
        changes: Some(delta::between(newest, tree)),
    };
    let bytes = serde_json::to_vec(&stored).unwrap_or_default();
    let chain = Chain {
        revisions: state.chain.revisions + 1,
        whole: state.chain.whole,
        changes: state.chain.changes + bytes.len(),
    };
    if bytes.len() > SMALL && 2 * chain.changes > chain.whole {
        summary.from = None;
        return None;
    }
    Some((bytes, chain))
}

fn stored_whole(summary: &Summary, tree: &Tree) -> Vec<u8> {
    let stored = Stored {
        summary: summary.clone(),
        tree: Some(tree_json::write(tree)),
        changes: None,
    };
    // Strings and numbers cannot fail to be written.
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// The oldest revision to list when `id` comes, so that `keep` are; the one a rollback needs is among them.
fn listed(state: &State, id: u64, keep: usize, waiting: Option<&Waiting>) -> u64 {
    let shown = state.shown();
    let excess = (shown.len() + 1).saturating_sub(keep.max(1));
    let oldest = shown.get(excess).map_or(id, |summary| summary.id);
    let needed = waiting.and_then(|waiting| waiting.previous);
    oldest.min(needed.unwrap_or(oldest))
}

/// The revisions to drop: those before the whole one that the oldest listed one is made of.
fn prunable(summaries: &[Summary], new: &Summary, listed: u64) -> Vec<u64> {
    let all = || summaries.iter().chain([new]);
    let mut base = listed;
    for summary in all().rev().filter(|summary| summary.id <= listed) {
        base = summary.id;
        if summary.from.is_none() {
            break;
        }
    }
    let ids = summaries.iter().map(|summary| summary.id);
    ids.filter(|id| *id < base).collect()
}

/// A revision with its tree, put together from the whole one before it; `None`: it is damaged.
fn whole(database: &Database, id: u64) -> Result<Option<(Summary, Tree)>, Error> {
    let mut chain: Vec<Stored> = Vec::new();
    let mut next = id;
    loop {
        let Some(bytes) = database.get(&next.to_be_bytes())? else {
            return Ok(None);
        };
        let Ok(stored) = serde_json::from_slice::<Stored>(&bytes) else {
            return Ok(None);
        };
        let from = stored.summary.from;
        chain.push(stored);
        match from {
            // A chain only leads back.
            Some(from) if from < next && chain.len() <= LONGEST => next = from,
            Some(_) => return Ok(None),
            None => break,
        }
    }
    chain.reverse();
    Ok(put_together(id, chain))
}

/// The newest revision of a chain that begins with a whole one, if its hash is right.
fn put_together(id: u64, chain: Vec<Stored>) -> Option<(Summary, Tree)> {
    let mut tree = Tree::default();
    let mut last = None;
    for stored in chain {
        tree = match (stored.tree, stored.changes) {
            (Some(value), _) => tree_json::read(&value)?,
            (None, Some(steps)) => delta::apply(tree, &steps)?,
            (None, None) => return None,
        };
        last = Some(stored.summary);
    }
    let summary = Summary { id, ..last? };
    let right = tree_json::hash(&tree) == summary.hash
        || tree_json::ordered_hash(&tree) == summary.hash
        || summary.from.is_none() && tree_json::written_hash(&tree) == summary.hash;
    right.then_some((summary, tree))
}

fn to_json(waiting: &Waiting) -> Vec<u8> {
    serde_json::json!({
        "deadline_ms": waiting.deadline_ms, "given_ms": waiting.given_ms, "previous": waiting.previous,
    })
    .to_string()
    .into_bytes()
}
