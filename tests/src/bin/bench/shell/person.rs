//! Somebody at a terminal who measures with a stopwatch: the time from a key to what it shows.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flow_tests::clock;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};

/// Longer than anything takes that is worth a measurement.
const PATIENCE: Duration = Duration::from_secs(120);
/// The terminal's width; no line of the session is wider.
const COLUMNS: u16 = 200;

/// A shell on a terminal.
pub(crate) struct Person {
    shell: Child,
    terminal: File,
    shown: Vec<u8>,
}

impl Person {
    /// Starts a shell and waits for its prompt.
    ///
    /// # Errors
    /// When it does not come.
    pub(crate) fn sit_down(flowsh: &Path, socket: &Path) -> io::Result<Person> {
        let size = Winsize {
            ws_row: 50,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None)?;
        let side = || Ok::<_, io::Error>(Stdio::from(pty.slave.try_clone()?));
        // The terminal is the controlling one, as after a login.
        let shell = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(flowsh)
            .arg("--socket")
            .arg(socket)
            .env("TERM", "xterm")
            .env("HOME", "/nonexistent")
            .stdin(side()?)
            .stdout(side()?)
            .stderr(side()?)
            .spawn()?;
        let mut person = Person {
            shell,
            terminal: File::from(pty.master),
            shown: Vec::new(),
        };
        person.until(&["> "])?;
        Ok(person)
    }

    /// Types a line and returns how long it took until the next prompt, of configuration mode, and what was shown.
    ///
    /// # Errors
    /// When it does not come.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<(Duration, String)> {
        self.keys(text)?;
        self.time("\r", &["[edit]", "# "])
    }

    /// Types without a stopwatch, and waits for the echo.
    ///
    /// # Errors
    /// When it does not come.
    pub(crate) fn keys(&mut self, text: &str) -> io::Result<()> {
        self.shown.clear();
        self.terminal.write_all(text.as_bytes())?;
        self.until(&[text.trim_end()])?;
        Ok(())
    }

    /// Presses a key and returns how long it took until these texts were shown, one after the other.
    ///
    /// # Errors
    /// When they do not come.
    pub(crate) fn time(&mut self, key: &str, wanted: &[&str]) -> io::Result<(Duration, String)> {
        self.shown.clear();
        let start = clock::now();
        self.terminal.write_all(key.as_bytes())?;
        self.until(wanted)?;
        let took = clock::now() - start;
        Ok((took, String::from_utf8_lossy(&self.shown).into_owned()))
    }

    fn until(&mut self, wanted: &[&str]) -> io::Result<()> {
        let deadline = clock::now() + PATIENCE;
        let (mut from, mut left) = (0, wanted);
        let mut buffer = vec![0; 1 << 16];
        loop {
            while let Some((first, rest)) = left.split_first() {
                // What was searched before is not searched again.
                let Some(at) = find(&self.shown, first.as_bytes(), from) else {
                    from = from.max(self.shown.len().saturating_sub(first.len()));
                    break;
                };
                from = at + first.len();
                left = rest;
            }
            if left.is_empty() {
                return Ok(());
            }
            let time = deadline.saturating_duration_since(clock::now());
            let mut asked = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            let timeout = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
            if poll(&mut asked, timeout)? == 0 {
                let tail = self.shown.len().saturating_sub(2000);
                let shown = String::from_utf8_lossy(&self.shown[tail..]);
                return Err(io::Error::other(format!(
                    "the terminal does not show {left:?} but\n{shown}"
                )));
            }
            let count = self.terminal.read(&mut buffer)?;
            self.shown.extend_from_slice(&buffer[..count]);
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn find(text: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let at = rest.windows(what.len()).position(|part| part == what)?;
    Some(from + at)
}
