//! Checks for disk space before each commit, because sled does not survive a write that fails.

use std::fs::{self, File};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::sys::statvfs::statvfs;

use super::Error;
use super::store::Store;

/// Octets of the segments that a record may touch, the current one and the next; sled's segments have 512 KiB.
const SEGMENTS: u64 = 2 * 512 * 1024;
/// Octets that opening the database may write (a snapshot).
const RESERVE: i64 = 512 * 1024;
const RESERVE_FILE: &str = "reserve";

/// Returns the octets that must be free for a record of `record` octets: sled rewrites the record's page, and the copy takes
/// as much again.
pub(super) fn needed(record: usize) -> u64 {
    SEGMENTS + 8 * record as u64
}

/// Checks that `needed` octets can be allocated, by allocating them: quotas, reserved blocks and thin volumes do not show
/// in the number of free blocks.
pub(super) fn require(dir: &Path, database: &dyn Store, needed: u64) -> Result<(), Error> {
    // Once in sled's log, where they stay allocated, and once beside it for a moment, for the files that sled adds.
    let refused = database
        .reserve(needed)
        .and_then(|()| allocate(&dir.join("space-check"), needed))
        .err();
    let _ = fs::remove_file(dir.join("space-check"));
    match refused {
        None => Ok(()),
        Some(Errno::ENOSPC | Errno::EDQUOT) => {
            let free =
                statvfs(dir).map_or(0, |stat| stat.blocks_available() * stat.fragment_size());
            Err(Error::Full {
                dir: dir.to_owned(),
                needed,
                free,
            })
        }
        Some(errno) => Err(Error::Directory {
            path: dir.to_owned(),
            source: errno.into(),
        }),
    }
}

/// Frees the reserved space, so that the database can be opened on a full disk.
pub(super) fn release(dir: &Path) {
    let _ = fs::remove_file(dir.join(RESERVE_FILE));
}

/// Reserves the space that the next start needs.
pub(super) fn reserve(dir: &Path) {
    let path = dir.join(RESERVE_FILE);
    if let Err(errno) = allocate(&path, RESERVE as u64) {
        let _ = fs::remove_file(&path);
        tracing::warn!("{}: {}", path.display(), errno.desc());
    }
}

fn allocate(path: &Path, octets: u64) -> Result<(), Errno> {
    let file = File::create(path)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))?;
    match posix_fallocate(&file, 0, i64::try_from(octets).unwrap_or(i64::MAX)) {
        Err(Errno::EOPNOTSUPP | Errno::EINVAL) => Ok(()),
        other => other,
    }
}
