//! The interface to the database of revisions. The daemon uses [`super::sled_store`]; tests have stores that fail.

use std::io;
use std::path::Path;

use nix::errno::Errno;

use super::Error;

/// Opens or creates a store in a directory.
pub(super) type OpenStore = fn(&Path) -> Result<Box<dyn Store>, OpenError>;

/// A durable map from keys to values. Revisions have keys of eight octets, their ids in network byte order.
pub(super) trait Store: Send {
    /// Returns the value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Returns the ids of all revisions, ascending.
    fn ids(&self) -> Result<Vec<u64>, Error>;

    /// Applies a batch, all of it or nothing, and returns when it is on the disk.
    fn apply(&self, batch: Batch) -> Result<(), Error>;

    /// Returns when everything written is on the disk.
    fn flush(&self) -> Result<(), Error>;

    /// Allocates disk space so that the store can grow by `octets`, whatever else fills the disk.
    ///
    /// # Errors
    /// `ENOSPC` or `EDQUOT` if it cannot grow. A file system that cannot allocate in advance is no error.
    fn reserve(&self, octets: u64) -> Result<(), Errno>;

    /// Closes the store after an error. Returns false if it does not answer; then it keeps its lock.
    fn close(self: Box<Self>) -> bool;
}

/// Changes that are applied together: keys with their new values, `None` for a key to be removed.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch(pub(super) Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Batch {
    /// Sets the value of a key.
    pub(super) fn insert(&mut self, key: &[u8], value: impl Into<Vec<u8>>) {
        self.0.push((key.to_vec(), Some(value.into())));
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        self.0.push((key.to_vec(), None));
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// Another process has it open.
    #[error("it is locked by another process")]
    InUse,
    /// The file system has refused.
    #[error("{0}")]
    Io(io::Error),
    /// The store exists but cannot be read.
    #[error("{0}")]
    Damaged(String),
}
