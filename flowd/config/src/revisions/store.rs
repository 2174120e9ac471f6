//! What the revisions need of a database. [`super::sled_store`] is the one that ships.

use std::io;
use std::path::Path;

use nix::errno::Errno;

use super::Error;

/// Opens or creates a store in a directory.
pub(super) type OpenStore = fn(&Path) -> Result<Box<dyn Store>, OpenError>;

/// A durable map from keys to values. Revisions have keys of eight octets, their ids in network byte order.
pub(super) trait Store: Send {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// The ids of all revisions, ascending.
    fn ids(&self) -> Result<Vec<u64>, Error>;

    /// Applies a batch, all of it or nothing, and returns when it is on the disk.
    fn apply(&self, batch: Batch) -> Result<(), Error>;

    /// Returns when everything written is on the disk.
    fn flush(&self) -> Result<(), Error>;

    /// Makes sure that the store can grow by so many octets, whatever else fills the disk.
    ///
    /// # Errors
    /// `ENOSPC` and `EDQUOT` when it cannot; file systems that cannot promise do not count.
    fn reserve(&self, octets: u64) -> Result<(), Errno>;

    /// Closes the store after an error. Returns false when it does not answer; it then keeps its lock.
    fn close(self: Box<Self>) -> bool;
}

/// Changes that are applied together: a key with its new value, or with none when it goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch(pub(super) Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Batch {
    /// Gives a key a value.
    pub(super) fn insert(&mut self, key: &[u8], value: impl Into<Vec<u8>>) {
        self.0.push((key.to_vec(), Some(value.into())));
    }

    /// Takes a key out.
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
    /// The file system refuses.
    #[error("{0}")]
    Io(io::Error),
    /// The store is there and cannot be understood.
    #[error("{0}")]
    Damaged(String),
}
