//! The store of revisions in sled, with what sled 0.34 does not do by itself:
//!
//! - Its flush ends in `sync_file_range`, which does not write the file's size or flush the drive's cache. So the files are
//!   synced here.
//! - After a write has failed, it refuses everything until it is opened again, or waits for ever, or panics in a thread of
//!   its own. So space is allocated before it writes ([`Store::reserve`]), and every call runs on a thread of its own that
//!   can be abandoned.

use std::fs::{File, OpenOptions};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};

use super::Error;
use super::store::{Batch, OpenError, Store};

/// Octets of memory for pages. A hundred revisions are small.
const CACHE_OCTETS: u64 = 8 << 20;
/// How many times the lock is tried: a flowd that was killed keeps it until the kernel has cleaned up after it.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// How long a call may take before it is considered stuck.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long closing after an error may take before the database is abandoned.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// An open database of sled.
pub(super) struct SledStore(Option<Arc<Inner>>);

struct Inner {
    path: PathBuf,
    db: sled::Db,
    tree: sled::Tree,
}

impl SledStore {
    /// Opens or creates the database in the directory `path`.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(super) fn open(path: &Path) -> Result<Box<dyn Store>, OpenError> {
        std::fs::create_dir_all(path).map_err(OpenError::Io)?;
        for _ in 0..LOCK_TRIES {
            let path = path.to_owned();
            match run_with_timeout(CALL_TIMEOUT, move || Inner::open(&path)) {
                Ok(inner) => return Ok(Box::new(SledStore(Some(Arc::new(inner))))),
                Err(sled::Error::Io(error))
                    if error.to_string().contains("could not acquire lock") =>
                {
                    // No event tells when a lock of `flock` is free without waiting for it forever.
                    sleep(LOCK_PAUSE);
                }
                Err(sled::Error::Io(error)) => return Err(OpenError::Io(error)),
                Err(error) => return Err(OpenError::Damaged(error.to_string())),
            }
        }
        Err(OpenError::InUse)
    }

    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> sled::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let closed = || Error::Database("it is closed".into());
        let inner = self.0.clone().ok_or_else(closed)?;
        run_with_timeout(CALL_TIMEOUT, move || work(&inner))
            .map_err(|error| Error::Database(error.to_string()))
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let key = key.to_vec();
        self.call(move |inner| inner.tree.get(key))
            .map(|found| found.map(|bytes| bytes.to_vec()))
    }

    fn ids(&self) -> Result<Vec<u64>, Error> {
        let keys: Vec<sled::IVec> = self.call(|inner| inner.tree.iter().keys().collect())?;
        Ok(keys
            .iter()
            .filter_map(|key| Some(u64::from_be_bytes(key.as_ref().try_into().ok()?)))
            .collect())
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let mut changes = sled::Batch::default();
        for (key, value) in batch.0 {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        self.call(move |inner| {
            inner.tree.apply_batch(changes)?;
            inner.flush()
        })
    }

    fn flush(&self) -> Result<(), Error> {
        self.call(Inner::flush)
    }

    fn reserve(&self, octets: u64) -> Result<(), Errno> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let failed = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or_default());
        let file = OpenOptions::new()
            .write(true)
            .open(inner.path.join("db"))
            .map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let length = i64::try_from(size + octets).unwrap_or(i64::MAX);
        match fallocate(&file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
            Err(Errno::EOPNOTSUPP) => Ok(()),
            other => other,
        }
    }

    fn close(mut self: Box<Self>) -> bool {
        let inner = self.0.take();
        run_with_timeout(CLOSE_TIMEOUT, move || {
            drop(inner);
            Ok(())
        })
        .is_ok()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            let _ = run_with_timeout(CLOSE_TIMEOUT, move || {
                drop(inner);
                Ok(())
            });
        }
    }
}

impl Inner {
    fn open(path: &Path) -> sled::Result<Inner> {
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_OCTETS)
            .flush_every_ms(None)
            .open()?;
        let tree = db.open_tree("revisions")?;
        Ok(Inner {
            path: path.to_owned(),
            db,
            tree,
        })
    }

    fn flush(&self) -> sled::Result<()> {
        self.db.flush()?;
        sync_files(&self.path).map_err(sled::Error::Io)
    }
}

/// Syncs every file of the database and the directories that name them.
fn sync_files(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_files(&entry.path())?;
        } else {
            match File::open(entry.path()) {
                Ok(file) => file.sync_all()?,
                // sled removes old snapshots and blobs from its own threads.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    File::open(dir)?.sync_all()
}

/// Runs work on a thread of its own and abandons the thread if it takes too long.
pub(super) fn run_with_timeout<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> sled::Result<T> + Send + 'static,
) -> sled::Result<T> {
    let (done, outcome) = crossbeam_channel::bounded(1);
    thread::Builder::new()
        .name("revisions".into())
        .spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(work))
                .unwrap_or_else(|_| Err(sled::Error::ReportableBug("it panicked".into())));
            let _ = done.send(result);
        })?;
    outcome.recv_timeout(timeout).unwrap_or_else(|_| {
        let why = format!(
            "no answer for {} s; restart flowd to record commits again",
            timeout.as_secs()
        );
        Err(sled::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            why,
        )))
    })
}
