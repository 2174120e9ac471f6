//! A copy of the newest revision in a plain file, for the day the database cannot be read. It is never read while
//! the database holds anything.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

const NAME: &str = "newest-revision.json";

/// Replaces the copy, all of it or nothing.
pub(super) fn write(dir: &Path, revision: &[u8], id: u64) -> io::Result<()> {
    let new = dir.join("newest-revision.json.new");
    let result = (|| {
        let mut file = File::create(&new)?;
        write!(file, "{id} ")?;
        file.write_all(revision)?;
        file.sync_all()?;
        fs::rename(&new, dir.join(NAME))?;
        File::open(dir)?.sync_all()
    })();
    if result.is_err() {
        let _ = fs::remove_file(&new);
    }
    result
}

/// The id and the revision of the copy.
pub(super) fn read(dir: &Path) -> Option<(u64, Vec<u8>)> {
    let bytes = fs::read(dir.join(NAME)).ok()?;
    let space = bytes.iter().position(|octet| *octet == b' ')?;
    let id = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    Some((id, bytes[space + 1..].to_vec()))
}
