//! sled, held to what a commit promises.
//!
//! Three things sled 0.34 does not do by itself: its flush ends in `sync_file_range`, which loses the file's size and
//! what the drive caches when power fails, so the files are synced here; one I/O error makes it refuse everything
//! until it is opened anew; and a writer thread that panics shows as a panic here, which is caught and made an error.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::Error;

/// Memory for pages, octets. A hundred revisions are small.
const CACHE: u64 = 8 << 20;
/// A predecessor that was killed keeps its lock until the kernel has taken it apart.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// An open database.
pub(super) struct Database {
    path: PathBuf,
    db: sled::Db,
    tree: sled::Tree,
}

/// Why it could not be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("it is locked by another process")]
    InUse,
    #[error("{0}")]
    Io(io::Error),
    #[error("{0}")]
    Sled(String),
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Database, Failure> {
        std::fs::create_dir_all(path).map_err(Failure::Io)?;
        for _ in 0..LOCK_TRIES {
            match guarded(|| Database::try_open(path)) {
                Ok(database) => return Ok(database),
                Err(sled::Error::Io(error))
                    if error.to_string().contains("could not acquire lock") =>
                {
                    // No event tells when a lock of `flock` is free without waiting for it forever.
                    sleep(LOCK_PAUSE);
                }
                Err(sled::Error::Io(error)) => return Err(Failure::Io(error)),
                Err(error) => return Err(Failure::Sled(error.to_string())),
            }
        }
        Err(Failure::InUse)
    }

    fn try_open(path: &Path) -> sled::Result<Database> {
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE)
            .flush_every_ms(None)
            .open()?;
        let tree = db.open_tree("revisions")?;
        Ok(Database {
            path: path.to_owned(),
            db,
            tree,
        })
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        guarded(|| self.tree.get(key))
            .map(|found| found.map(|bytes| bytes.to_vec()))
            .map_err(refused)
    }

    /// The ids of all revisions, ascending.
    pub(super) fn ids(&self) -> Result<Vec<u64>, Error> {
        let keys: sled::Result<Vec<sled::IVec>> = guarded(|| self.tree.iter().keys().collect());
        let keys = keys.map_err(refused)?;
        Ok(keys
            .iter()
            .filter_map(|key| Some(u64::from_be_bytes(key.as_ref().try_into().ok()?)))
            .collect())
    }

    /// Applies a batch, all of it or nothing, and returns when it is on the disk.
    pub(super) fn apply(&self, batch: sled::Batch) -> Result<(), Error> {
        guarded(|| self.tree.apply_batch(batch)).map_err(refused)?;
        self.flush()
    }

    /// Returns when everything written is on the disk.
    pub(super) fn flush(&self) -> Result<(), Error> {
        guarded(|| self.db.flush()).map_err(refused)?;
        sync_files(&self.path).map_err(|error| Error::Database(error.to_string()))
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

fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> sled::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(sled::Error::ReportableBug("it panicked".into())))
}

fn refused(error: sled::Error) -> Error {
    Error::Database(error.to_string())
}
