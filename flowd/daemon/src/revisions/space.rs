//! Whether there is room for a commit, asked before sled is: a write that fails inside sled costs it its state.

use std::fs::{self, File};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::sys::statvfs::statvfs;

use super::Error;

/// sled writes whole segments of 512 KiB; a record may touch the current one, the next one, and a snapshot.
const SEGMENTS: u64 = 3 * 512 * 1024;

/// Octets that must be free for a record of so many: sled rewrites the page it is in, the copy takes one more.
pub(super) fn needed(record: usize) -> u64 {
    SEGMENTS + 8 * record as u64
}

/// Makes sure that so many octets can be had in `dir`, by having them for a moment: quotas, reserved blocks and thin
/// volumes do not show in the number of free blocks.
pub(super) fn require(dir: &Path, needed: u64) -> Result<(), Error> {
    let full = |free| Error::Full {
        dir: dir.to_owned(),
        needed,
        free,
    };
    let free = statvfs(dir).map_or(u64::MAX, |stat| {
        stat.blocks_available() * stat.fragment_size()
    });
    if free < needed {
        return Err(full(free));
    }
    let path = dir.join("space-check");
    let result = File::create(&path)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))
        .and_then(|file| posix_fallocate(&file, 0, i64::try_from(needed).unwrap_or(i64::MAX)));
    let _ = fs::remove_file(&path);
    match result {
        Ok(()) | Err(Errno::EOPNOTSUPP | Errno::EINVAL) => Ok(()),
        Err(Errno::ENOSPC | Errno::EDQUOT) => Err(full(0)),
        Err(errno) => Err(Error::Directory {
            path,
            source: errno.into(),
        }),
    }
}
