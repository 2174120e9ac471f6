//! Files of the shell's host, standard input (`-`), and URLs.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use commands::Tail;

use crate::trouble::{Failure, Trouble};

/// The file that `save` writes and `compare saved` reads.
pub(crate) const SAVED: &str = "~/config.boot";
/// The longest configuration that is read, in octets.
const LONGEST: u64 = language::MAX_TEXT as u64;
/// The bounds of a transfer from or to a URL.
const LIMITS: transfer::Limits = transfer::Limits {
    octets: LONGEST,
    time: std::time::Duration::from_secs(60),
};

/// Why a file cannot be loaded.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Io(io::Error),
    Url(transfer::Error),
    TooLong,
    /// Not UTF-8: line and column, from 1, and the line as far as it can be shown.
    Encoding {
        line: usize,
        column: usize,
        text: String,
    },
}

impl Unreadable {
    /// Makes the failure for a file that the typed line does not name.
    pub(crate) fn plainly(&self, path: &Path) -> Failure {
        Failure::plain(format!("{}; `save` writes it", self.sentence(path)))
    }

    /// What is wrong with a file that the typed line does not name.
    pub(crate) fn sentence(&self, path: &Path) -> String {
        let why = match self {
            Unreadable::Io(error) => error.to_string(),
            Unreadable::Url(error) => error.to_string(),
            Unreadable::TooLong => format!("it has more than {} MiB", LONGEST >> 20),
            Unreadable::Encoding { line, column, .. } => {
                format!("line {line}, column {column}: this is not UTF-8 text")
            }
        };
        format!("cannot read {}: {why}", shown(path))
    }

    /// Makes the failure that points at the file's name in the typed line, or at the wrong place in the file.
    pub(crate) fn failure(&self, path: &Path, typed: &str, name: &Tail) -> Failure {
        let at_name = |why: String| {
            Failure::at(
                typed,
                name.start,
                name.text.chars().count(),
                format!("cannot read {}: {why}", shown(path)),
            )
        };
        match self {
            Unreadable::Io(error) => at_name(error.to_string()),
            Unreadable::Url(error) => at_name(error.to_string()),
            Unreadable::TooLong => at_name(format!("it has more than {} MiB", LONGEST >> 20)),
            Unreadable::Encoding { line, column, text } => Failure::Wrong(vec![Trouble {
                origin: Some(format!("{}:{line}:{column}", shown(path))),
                place: Some((text.clone(), column - 1, 1)),
                message: "this is not UTF-8 text".into(),
                ..Trouble::default()
            }]),
        }
    }
}

/// Returns a path as messages name it: `-` as standard input, a URL without its password.
pub(crate) fn shown(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".to_owned(),
        Some(text) => transfer::shown(text),
        None => path.display().to_string(),
    }
}

/// Reads a text file, standard input, or what is at a URL.
pub(crate) fn read(path: &Path) -> Result<String, Unreadable> {
    utf8(octets(path)?)
}

/// Reads the same in whatever encoding it is; an octet that is no UTF-8 becomes U+FFFD.
pub(crate) fn read_lossy(path: &Path) -> Result<String, Unreadable> {
    Ok(String::from_utf8_lossy(&octets(path)?).into_owned())
}

fn octets(path: &Path) -> Result<Vec<u8>, Unreadable> {
    if let Some(url) = path.to_str().filter(|text| transfer::is_url(text)) {
        return transfer::fetch(url, LIMITS).map_err(Unreadable::Url);
    }
    let from: Box<dyn io::Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(path).map_err(Unreadable::Io)?),
    };
    let mut octets = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(from, LONGEST + 1), &mut octets)
        .map_err(Unreadable::Io)?;
    match octets.len() as u64 > LONGEST {
        true => Err(Unreadable::TooLong),
        false => Ok(octets),
    }
}

/// Reads octets as UTF-8 text.
pub(crate) fn utf8(octets: Vec<u8>) -> Result<String, Unreadable> {
    String::from_utf8(octets).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let octets = error.into_bytes();
        let before = String::from_utf8_lossy(octets.get(..good).unwrap_or_default()).into_owned();
        let line = before.matches('\n').count() + 1;
        let begun = before.rsplit('\n').next().unwrap_or_default();
        let rest = octets.get(good..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(200)).unwrap_or_default();
        let rest = String::from_utf8_lossy(rest);
        let text = format!("{begun}{}", rest.split('\n').next().unwrap_or_default());
        Unreadable::Encoding {
            line,
            column: begun.chars().count() + 1,
            text,
        }
    })
}

/// Reads the octets of a script's line as text.
pub(crate) fn line(octets: Vec<u8>) -> Result<String, Failure> {
    utf8(octets).map_err(|error| match error {
        Unreadable::Encoding { column, text, .. } => {
            Failure::at(&text, column - 1, 1, "this is not UTF-8 text")
        }
        _ => Failure::plain("the line cannot be read"),
    })
}

/// Resolves a path as it is typed: `~` is the home directory.
pub(crate) fn resolved(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Writes a configuration to a URL or to a file, which is replaced as a whole or stays as it is. A configuration may
/// have secrets: only its owner can read the file.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(url) = path.to_str().filter(|text| transfer::is_url(text)) {
        return transfer::store(url, text.as_bytes(), LIMITS).map_err(io::Error::other);
    }
    let mut file = Writer::create(path)?;
    if file.staged.is_some() {
        let own = std::fs::Permissions::from_mode(0o600);
        file.file.get_ref().set_permissions(own)?;
    }
    file.add(text)?;
    file.finish()
}

/// A file that is written in parts. It replaces the file of its name when it is complete.
pub(crate) struct Writer {
    file: BufWriter<File>,
    /// The path of the unfinished file, and the path it gets at the end; `None` for what is no plain file and is
    /// written to directly.
    staged: Option<(PathBuf, PathBuf)>,
}

impl Writer {
    /// Creates the unfinished file.
    pub(crate) fn create(path: &Path) -> io::Result<Writer> {
        // What is no plain file (a terminal, a pipe) is written to, not replaced.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let file = std::fs::OpenOptions::new().write(true).open(path)?;
            return Ok(Writer {
                file: BufWriter::new(file),
                staged: None,
            });
        }
        let mut name = path
            .file_name()
            .ok_or_else(|| io::Error::other("it is not a file name"))?
            .to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let staged = path.with_file_name(name);
        Ok(Writer {
            file: BufWriter::new(File::create(&staged)?),
            staged: Some((staged, path.to_owned())),
        })
    }

    /// Adds text to the file.
    pub(crate) fn add(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())
    }

    /// Completes the file.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        if let Some((staged, path)) = &self.staged {
            self.file.get_ref().sync_all()?;
            std::fs::rename(staged, path)?;
            self.staged = None;
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some((staged, _)) = &self.staged {
            // The half-written one is of no use; the first error is the one to tell.
            let _ = std::fs::remove_file(staged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_that_are_no_text_have_their_place() {
        let Err(Unreadable::Encoding { line, column, text }) =
            utf8(b"system {\n  h\xc3\xbc\xff x\n}".to_vec())
        else {
            panic!()
        };
        assert_eq!((line, column, text.as_str()), (2, 5, "  hü\u{fffd} x"));
    }

    #[test]
    fn a_file_is_written_whole_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = resolved("~/config.boot", Some(dir.path()));
        write(&path, "one\n").unwrap();
        write(&path, "two\n").unwrap();
        assert_eq!(read(&path).unwrap(), "two\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(write(&dir.path().join("none/x"), "").is_err());
    }
}
