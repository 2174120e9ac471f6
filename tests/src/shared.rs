//! Test data outside the repository, in `../shared` beside the workspace. Tests use what is there and need nothing of it. The
//! *seed text* among it is a document with two configurations, one for IOS and one for VyOS.

use std::path::PathBuf;

use crate::bins::workspace;
use crate::skip;

/// Returns a file or folder of `../shared`. Where it is absent, notes that `test` goes without it.
pub fn path(test: &str, name: &str) -> Option<PathBuf> {
    let path = workspace().join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    skip::note(
        test,
        &format!("../shared/{name} is absent; the project's own data cover it"),
    );
    None
}

/// Returns the captures with a golden file in `../shared/corpora/pcaps`, in the order of their names.
pub fn captures(test: &str) -> Vec<PathBuf> {
    let Some(dir) = path(test, "corpora/pcaps") else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "pcap" || extension == "pcapng")
        })
        .collect();
    files.sort();
    files
}

/// Returns the seed text.
pub fn seed(test: &str) -> Option<String> {
    let dir = path(test, "seeds")?;
    let file = std::fs::read_dir(dir)
        .ok()?
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("001_"))?;
    std::fs::read_to_string(file.path()).ok()
}
