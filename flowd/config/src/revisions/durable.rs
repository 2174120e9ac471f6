//! Durable writes to the store, and reading it after a start or an I/O error.

use std::path::Path;

use super::state::{Chain, State};
use super::store::{Batch, OpenError, Store};
use super::stored::{as_whole, read};
use super::{Error, Revisions, Summary, Waiting, mirror, schedule, space};

pub(super) const HEAD: &[u8] = b"head";
pub(super) const LISTED: &[u8] = b"listed";
pub(super) const CONFIRM: &[u8] = b"confirm";
pub(super) const SCHEDULED: &[u8] = b"scheduled";

impl Revisions {
    /// Writes a batch durably, in which the largest value has `octets` octets. After an error the database is opened
    /// again, since sled refuses everything once it has seen an I/O error; `written` then tells whether the batch is on
    /// the disk nevertheless.
    pub(super) fn write(
        &self,
        state: &mut State,
        batch: Batch,
        octets: usize,
        written: impl Fn(&dyn Store) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        space::require(&self.dir, self.opened(state)?, space::needed(octets))?;
        self.write_through(state, batch, written)
    }

    /// Does the work of [`Revisions::write`] without checking for space.
    pub(super) fn write_through(
        &self,
        state: &mut State,
        batch: Batch,
        written: impl Fn(&dyn Store) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let database = self.opened(state)?;
        let Err(error) = database.apply(batch) else {
            return Ok(());
        };
        tracing::error!("{error}; opening the revision database again");
        if !state.database.take().is_none_or(|store| store.close()) {
            return Err(Error::Database(
                "it is stuck after an I/O error; restart flowd to commit again".into(),
            ));
        }
        match (self.open)(&self.dir.join("database")) {
            Ok(database) => {
                let there = written(database.as_ref())? && database.flush().is_ok();
                state.database = Some(database);
                if there { Ok(()) } else { Err(error) }
            }
            Err(failure) => {
                tracing::error!(
                    "revision database: {failure}; the next commit tries again; metering goes on"
                );
                Err(error)
            }
        }
    }

    /// Returns the open database. If an error has closed it, it is opened again, and whatever it has of commits that were
    /// reported as failed is removed.
    pub(super) fn opened<'a>(&self, state: &'a mut State) -> Result<&'a dyn Store, Error> {
        if state.database.is_none() {
            let database =
                (self.open)(&self.dir.join("database")).map_err(|failure| match failure {
                    OpenError::InUse => {
                        Error::Database("it is still locked after an I/O error".into())
                    }
                    other => Error::Database(other.to_string()),
                })?;
            if !state.loaded {
                state.database = Some(database);
                return self.read_first_time(state);
            }
            let head = state.head();
            let mut batch = Batch::default();
            for id in database
                .ids()?
                .into_iter()
                .filter(|id| head.is_none_or(|head| *id > head))
            {
                batch.remove(&id.to_be_bytes());
            }
            match head {
                Some(head) => batch.insert(HEAD, head.to_be_bytes()),
                None => batch.remove(HEAD),
            }
            batch.insert(LISTED, state.oldest_listed.to_be_bytes());
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
            .as_deref()
            .ok_or_else(|| Error::Database("it is closed".into()))
    }

    /// Reads a database that could not be opened when flowd started.
    fn read_first_time<'a>(&self, state: &'a mut State) -> Result<&'a dyn Store, Error> {
        if let Err(error) = read_back(&self.dir, state) {
            state.database = None;
            return Err(error);
        }
        state.copy = None;
        state
            .database
            .as_deref()
            .ok_or_else(|| Error::Database("it is closed".into()))
    }
}

/// Fills the state from the store. A newest revision with a wrong hash is restored from its copy or dropped.
pub(super) fn read_back(dir: &Path, state: &mut State) -> Result<(), Error> {
    let Some(database) = state.database.as_deref() else {
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
        if let Some((_, tree)) = read(database, id)? {
            newest_tree = Some(tree);
            break;
        }
        if let Some((summary, tree)) = copy.as_ref().filter(|(summary, _)| summary.id == id) {
            tracing::error!("revision {id} is damaged; it is restored from its copy");
            let mut batch = Batch::default();
            batch.insert(&id.to_be_bytes(), as_whole(summary, tree));
            database.apply(batch)?;
            newest_tree = Some(tree.clone());
            summaries.pop();
            summaries.push(summary.clone());
            break;
        }
        tracing::error!("revision {id} is damaged; the one before it is used");
        summaries.pop();
    }
    let head = stored_id(database, HEAD)?;
    let newest = summaries.last().map(|summary| summary.id);
    if head != newest {
        tracing::error!(
            "the revision database has {head:?} as its newest revision but holds {newest:?}; the latter is used"
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
        let mut batch = Batch::default();
        batch.insert(&id.to_be_bytes(), as_whole(&summary, &tree));
        batch.insert(HEAD, id.to_be_bytes());
        database.apply(batch)?;
        summaries.push(summary);
        newest_tree = Some(tree);
    }
    state.oldest_listed = stored_id(database, LISTED)?.unwrap_or_default();
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

/// Returns the stored form of a deadline for confirmation.
pub(super) fn to_json(waiting: &Waiting) -> Vec<u8> {
    // Numbers cannot fail to be written.
    serde_json::to_vec(waiting).unwrap_or_default()
}

/// Returns the id that is stored under a key.
fn stored_id(database: &dyn Store, key: &[u8]) -> Result<Option<u64>, Error> {
    let bytes = database.get(key)?;
    Ok(bytes.and_then(|bytes| Some(u64::from_be_bytes(bytes.as_slice().try_into().ok()?))))
}
