//! The log's file, by which it survives the process: two files of bounded size, of which the older one gives way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{Level, Line};

/// The octets after which the file becomes the older one.
const LARGEST: u64 = 2 << 20;
/// The name of the file.
const NAME: &str = "log";
/// The name of the older file.
const OLDER: &str = "log.1";

/// The file that lines are added to.
pub(super) struct Store {
    dir: PathBuf,
    file: File,
    octets: u64,
}

impl Store {
    /// Opens the file in this directory. Returns it with the lines that it and the older one hold, oldest first.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn open(dir: &Path) -> io::Result<(Store, Vec<Line>)> {
        let mut lines = Vec::new();
        for name in [OLDER, NAME] {
            let text = fs::read(dir.join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            lines.extend(text.lines().filter_map(read));
        }
        let mut store = Store {
            dir: dir.to_owned(),
            file: append(dir)?,
            octets: 0,
        };
        store.octets = store.file.metadata()?.len();
        // A line that was cut off by the end of the host must not run into the next one.
        store.add("\n")?;
        Ok((store, lines))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When it cannot be written; what is there stays.
    pub(super) fn write(&mut self, line: &Line) -> io::Result<()> {
        if self.octets > LARGEST {
            fs::rename(self.dir.join(NAME), self.dir.join(OLDER))?;
            self.file = append(&self.dir)?;
            self.octets = 0;
        }
        self.add(&format!(
            "{}\t{}\t{}\t{}\t{}\t{}\n",
            line.number, line.time_ms, line.level.0, line.id, line.target, line.message
        ))
    }

    fn add(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.octets += text.len() as u64;
        Ok(())
    }
}

fn append(dir: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(dir.join(NAME))
}

/// Reads a line as [`Store::write`] writes it; `None` where it is none.
fn read(text: &str) -> Option<Line> {
    let mut parts = text.splitn(6, '\t');
    Some(Line {
        number: parts.next()?.parse().ok()?,
        time_ms: parts.next()?.parse().ok()?,
        level: Level(parts.next()?.parse().ok().filter(|level| *level < 8)?),
        id: parts.next()?.to_owned().into(),
        target: parts.next()?.to_owned(),
        message: parts.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64) -> Line {
        Line {
            number,
            time_ms: 1_767_225_600_000,
            level: Level(4),
            id: "COMMIT".into(),
            target: "daemon::api".into(),
            message: format!("root committed revision {number}\u{fffd}: a\tb"),
        }
    }

    #[test]
    fn lines_are_read_as_they_were_written_and_damage_costs_the_damaged_line() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, lines) = Store::open(dir.path()).unwrap();
        assert!(lines.is_empty());
        store.write(&line(1)).unwrap();
        store.write(&line(2)).unwrap();
        store.add("3\t17").unwrap();
        store.file.write_all(&[0xff, b'\n', 0]).unwrap();
        drop(store);
        let (mut store, lines) = Store::open(dir.path()).unwrap();
        assert_eq!(lines, [line(1), line(2)]);
        store.write(&line(4)).unwrap();
        let (_, lines) = Store::open(dir.path()).unwrap();
        assert_eq!(lines, [line(1), line(2), line(4)]);
    }

    #[test]
    fn the_files_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(dir.path()).unwrap();
        let long = Line {
            message: "x".repeat(1 << 20),
            ..line(0)
        };
        for number in 0..10 {
            store
                .write(&Line {
                    number,
                    ..long.clone()
                })
                .unwrap();
        }
        let octets: u64 = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(octets < 2 * (LARGEST + (2 << 20)), "{octets}");
        let (_, lines) = Store::open(dir.path()).unwrap();
        let last = lines.last().map(|line| line.number);
        assert_eq!(last, Some(9));
        assert!(lines.len() > 2 && lines.is_sorted_by_key(|line| line.number));
    }
}
