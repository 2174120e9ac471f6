//! Configuration files: reading and loading them, and errors that begin with the file's name, line and column.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use language::{LeftOut, MAX_TEXT, Mode, Select, Tree};
use service::{Kind, Settings};

use crate::commit::resolve;
use crate::locate::locate;
use crate::outcome::Refused;

/// A configuration file and the tree that it was loaded into.
pub struct Source {
    name: String,
    text: String,
    /// The tree, which is not yet checked as a whole.
    pub tree: Tree,
    /// Lines of other parts than those that were asked for.
    pub left_out: Vec<LeftOut>,
}

impl Source {
    /// Reads and loads a file in any dialect.
    ///
    /// # Errors
    /// What is wrong, a line each.
    pub fn read(path: &Path) -> Result<Source, Vec<String>> {
        Source::read_parts(path, Select::All)
    }

    /// Reads a file in any dialect, and loads the parts of it that are asked for.
    ///
    /// # Errors
    /// What is wrong, a line each.
    pub fn read_parts(path: &Path, select: Select) -> Result<Source, Vec<String>> {
        let name = path.display().to_string();
        let bytes = read(path).map_err(|why| vec![format!("{name}: {why}")])?;
        let text = match select {
            Select::All => {
                String::from_utf8(bytes).map_err(|error| vec![not_utf8(&name, &error)])?
            }
            // What is not read may be in any encoding.
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        };
        let empty = Tree::default();
        let reading = match select {
            Select::All => language::read(&empty, &[], &text, None, Mode::Override),
            select => language::read_parts(&empty, &text, None, Mode::Override, select),
        };
        if !reading.problems.is_empty() {
            // A problem writes itself as line:column: message.
            let lines = reading.problems.iter();
            let lines = lines.map(|problem| format!("{name}:{problem}"));
            let more = language::more_wrong(reading.more.into());
            let more = more.map(|more| format!("{name}: {more}"));
            return Err(lines.chain(more).collect());
        }
        let left_out = match select {
            Select::All => Vec::new(),
            _ => reading.left_out,
        };
        Ok(Source {
            name,
            text,
            tree: reading.tree,
            left_out,
        })
    }

    /// Checks the tree as a whole and resolves it for a list of services, whatever the host has.
    ///
    /// # Errors
    /// What is wrong, a line each.
    pub fn check(&self, kinds: &[Kind]) -> Result<Settings, Vec<String>> {
        resolve(kinds, &self.tree, None).map_err(|refused| self.lines(&refused))
    }

    /// Returns the lines of a refusal, each with its place in this file.
    pub fn lines(&self, refused: &Refused) -> Vec<String> {
        match refused {
            Refused::Findings(findings) => findings
                .iter()
                .map(|finding| {
                    let (line, column) = locate(&self.text, &finding.path);
                    format!("{}:{line}:{column}: {finding}", self.name)
                })
                .collect(),
            other => vec![format!("{}: {other}", self.name)],
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let limit = MAX_TEXT as u64;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("larger than {} MiB", MAX_TEXT >> 20));
    }
    Ok(bytes)
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> String {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let good = String::from_utf8_lossy(good);
    let line = good.matches('\n').count() + 1;
    let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{name}:{line}:{column}: this is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Source::read(&dir.path().join("none")).err().unwrap();
        assert!(
            missing[0].ends_with("none: No such file or directory (os error 2)"),
            "{missing:?}"
        );
        let path = dir.path().join("binary");
        std::fs::write(&path, b"system {\n  host-name \xff\n}\n").unwrap();
        let errors = Source::read(&path).err().unwrap();
        assert!(
            errors[0].ends_with("binary:2:13: this is not UTF-8 text"),
            "{errors:?}"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("many.conf");
        let wrong = |number| format!("set flow exporter E{number} ttl 999\n");
        std::fs::write(&path, (0..300).map(wrong).collect::<String>()).unwrap();
        let errors = Source::read(&path).err().unwrap();
        assert_eq!(errors.len(), 51);
        let last = errors.last().unwrap();
        assert!(
            last.ends_with("many.conf: 250 more lines are wrong"),
            "{last}"
        );
    }
}
