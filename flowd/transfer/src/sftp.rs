//! Runs the host's `sftp` program with a batch of commands on its standard input.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Error, Limits, Parts};

/// Interval at which to check whether the program has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Octets of the program's error messages that are kept.
const MAX_MESSAGES: u64 = 4096;

pub(super) fn fetch(parts: &Parts<'_>, limits: Limits) -> Result<Vec<u8>, Error> {
    let dir = tempfile::tempdir().map_err(io)?;
    let file = dir.path().join("fetched");
    let batch = format!("get {} {}\n", quoted(remote(parts)?), quoted(local(&file)?));
    run(parts, &batch, Some(&file), limits)?;
    let content = fs::read(&file).map_err(io)?;
    match content.len() as u64 <= limits.octets {
        true => Ok(content),
        false => Err(Error::TooLong(limits.octets)),
    }
}

pub(super) fn store(parts: &Parts<'_>, content: &[u8], limits: Limits) -> Result<(), Error> {
    let dir = tempfile::tempdir().map_err(io)?;
    let file = dir.path().join("stored");
    fs::write(&file, content).map_err(io)?;
    let batch = format!("put {} {}\n", quoted(local(&file)?), quoted(remote(parts)?));
    run(parts, &batch, None, limits)
}

/// The absolute path on the server; `/~/` is the user's home.
fn remote<'a>(parts: &Parts<'a>) -> Result<&'a str, Error> {
    match parts.path {
        "" | "/" | "/~/" => Err(Error::Url("the path is missing".into())),
        path => Ok(path.strip_prefix("/~/").unwrap_or(path)),
    }
}

fn local(path: &Path) -> Result<&str, Error> {
    path.to_str()
        .ok_or_else(|| Error::Failed("the temporary directory has a name that is no text".into()))
}

/// Quotes a word for sftp, which expands patterns.
fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        if "\"\\*?[".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Runs `sftp` with a batch of commands. `grows` is the file that must not exceed the size limit.
fn run(parts: &Parts<'_>, batch: &str, grows: Option<&Path>, limits: Limits) -> Result<(), Error> {
    if parts.user().is_some_and(|user| user.contains(':')) {
        let why = "sftp takes a key, not a password: sftp://USER@HOST/PATH";
        return Err(Error::Url(why.into()));
    }
    let (host, port) = match parts.host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (parts.host, None),
    };
    let mut sftp = Command::new("sftp");
    sftp.args([
        "-q",
        "-b",
        "-",
        "-o",
        "BatchMode=yes",
        "-o",
        "ConnectTimeout=10",
    ]);
    if let Some(port) = port {
        sftp.args(["-P", port]);
    }
    let target = match parts.user() {
        Some(user) => format!("{user}@{host}"),
        None => host.to_owned(),
    };
    if target.starts_with('-') {
        return Err(Error::Url("the host is missing".into()));
    }
    let child = sftp
        .arg("--")
        .arg(target)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = KillOnDrop(child.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::Failed("the program sftp is not installed (Debian: openssh-client)".into())
        }
        _ => Error::Failed(format!("sftp: {error}")),
    })?);
    if let Some(mut input) = child.0.stdin.take() {
        // If the program has ended already, its exit status tells why.
        let _ = input.write_all(batch.as_bytes());
    }
    let stderr = child.0.stderr.take();
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        if let Some(stderr) = stderr {
            let _ = stderr.take(MAX_MESSAGES).read_to_string(&mut said);
        }
        said
    });
    let looks = (limits.time.as_millis() / POLL_INTERVAL.as_millis()).max(1);
    for _ in 0..looks {
        if let Some(status) = child.0.try_wait().map_err(io)? {
            if status.success() {
                return Ok(());
            }
            let said = said.join().unwrap_or_default();
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            let last = last.unwrap_or("it failed without a word").trim();
            return Err(Error::Failed(format!("sftp: {last}")));
        }
        let length = grows.and_then(|file| fs::metadata(file).ok());
        if length.is_some_and(|file| file.len() > limits.octets) {
            return Err(Error::TooLong(limits.octets));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Err(Error::TooSlow(limits.time))
}

/// A child process that is killed when dropped.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn io(error: std::io::Error) -> Error {
    Error::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_sftp_are_taken_as_they_are() {
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\"*\\"), "\"a\\\"\\*\\\\\"");
    }
}
