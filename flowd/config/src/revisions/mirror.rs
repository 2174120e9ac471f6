//! A copy of the newest revision in a plain file, in case the database cannot be read. The first line is a whole revision,
//! each further one the changes to the one before: an id and the revision in its stored form.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use language::Tree;

use super::Summary;
use super::stored::{Stored, put_together};

const NAME: &str = "newest-revision.json";

/// Replaces the copy by a whole revision, all of it or nothing.
pub(super) fn write(dir: &Path, revision: &[u8], id: u64) -> io::Result<()> {
    let new = dir.join("newest-revision.json.new");
    let result = (|| {
        let mut file = File::create(&new)?;
        file.write_all(&line(revision, id))?;
        file.sync_all()?;
        fs::rename(&new, dir.join(NAME))?;
        File::open(dir)?.sync_all()
    })();
    if result.is_err() {
        let _ = fs::remove_file(&new);
    }
    result
}

/// Appends the changes of a revision to the copy. A line that was cut by a loss of power is ignored when the copy is read.
pub(super) fn append(dir: &Path, revision: &[u8], id: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(dir.join(NAME))?;
    file.write_all(&line(revision, id))?;
    file.sync_data()
}

fn line(revision: &[u8], id: u64) -> Vec<u8> {
    let mut line = format!("{id} ").into_bytes();
    line.extend_from_slice(revision);
    line.push(b'\n');
    line
}

/// Returns the revision in the copy.
pub(super) fn read(dir: &Path) -> Option<(Summary, Tree)> {
    let bytes = fs::read(dir.join(NAME)).ok()?;
    let mut chain: Vec<(u64, Stored)> = Vec::new();
    for line in bytes.split(|octet| *octet == b'\n') {
        let Some((id, stored)) = parsed(line) else {
            break;
        };
        let follows = match (&stored.summary.from, chain.last()) {
            (None, None) => true,
            (Some(from), Some((last, _))) => from == last,
            _ => false,
        };
        if !follows {
            break;
        }
        chain.push((id, stored));
    }
    let id = chain.last()?.0;
    let (summary, tree) = put_together(id, chain.into_iter().map(|(_, stored)| stored).collect())?;
    // It depends on no other revision now.
    Some((
        Summary {
            from: None,
            ..summary
        },
        tree,
    ))
}

fn parsed(line: &[u8]) -> Option<(u64, Stored)> {
    let space = line.iter().position(|octet| *octet == b' ')?;
    let id = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
    let stored = serde_json::from_slice(&line[space + 1..]).ok()?;
    Some((id, stored))
}
