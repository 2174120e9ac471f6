//! Generates the manual pages and the completions of shells from the programs' own declarations: clap's arguments, the
//! command table and the configuration's schema. `cargo run -p manuals` writes them to where they are committed; a test
//! fails if they are out of date.

mod completions;
mod configuration;
mod mdoc;
mod pages;

// The declarations of the programs' arguments; the functions beside them are not needed here.
#[path = "../../../flowd/daemon/src/arguments.rs"]
#[allow(dead_code)]
mod flowd;
#[path = "../../../flowsh/src/arguments.rs"]
#[allow(dead_code)]
mod flowsh;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Returns every file: its path below `packaging`, and its content.
fn files() -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut files = vec![
        ("man/flowsh.1".into(), pages::flowsh()?),
        ("man/flowd.8".into(), pages::flowd()?),
        ("man/flowd.conf.5".into(), configuration::page()),
    ];
    files.extend(completions::files());
    Ok(files)
}

/// Returns the folder `packaging` of this checkout.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn main() -> anyhow::Result<()> {
    for (name, text) in files()? {
        let path = folder().join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_what_is_declared() {
        for (name, text) in files().unwrap() {
            let path = folder().join(&name);
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                there == text,
                "packaging/{} is not up to date: cargo run -p manuals",
                name.display()
            );
        }
    }
}
