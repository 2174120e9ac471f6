//! A person at a terminal: a program on a pseudo-terminal, what it shows, and keys.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::pty::{Winsize, openpty};
use regex::Regex;

use crate::skip::command;
use crate::wait::within;

/// A program on a terminal of 120 columns and 40 rows.
pub struct Pty {
    child: Child,
    keys: File,
    /// Where the terminal is, `/dev/pts/3`.
    path: PathBuf,
    shown: Arc<Mutex<Vec<u8>>>,
    /// Octets of the plain text that `expect` has gone past.
    read: usize,
}

impl Pty {
    /// Starts a program.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(argv: &[&str]) -> Pty {
        let size = Winsize {
            ws_row: 40,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).expect("a pseudo-terminal");
        let path = nix::unistd::ttyname(&pty.slave).expect("the terminal's name");
        let side = || Stdio::from(pty.slave.try_clone().expect("the terminal"));
        // setsid makes the terminal the controlling one, so that Ctrl-C is a signal.
        let mut start = command("setpriv");
        start
            .args(["--pdeathsig", "KILL", "setsid", "--ctty", "--wait"])
            // As after a login, also where the tests themselves run in the background.
            .args(["env", "--default-signal=INT,QUIT"])
            .args(argv);
        start
            .env("TERM", "xterm")
            .stdin(side())
            .stdout(side())
            .stderr(side());
        let child = start
            .spawn()
            .unwrap_or_else(|error| panic!("{argv:?}: {error}"));
        let keys = File::from(pty.master);
        let mut screen = keys.try_clone().expect("the terminal");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = shown.clone();
        // Ends by itself with the last user of the other side.
        std::thread::spawn(move || {
            let mut buffer = [0u8; 4096];
            while let Ok(len @ 1..) = screen.read(&mut buffer) {
                seen.lock()
                    .expect("no reader panicked")
                    .extend_from_slice(&buffer[..len]);
            }
        });
        Pty {
            child,
            keys,
            path,
            shown,
            read: 0,
        }
    }

    /// Types text as it is.
    pub fn keys(&mut self, text: &str) {
        self.keys
            .write_all(text.as_bytes())
            .expect("the terminal takes keys");
    }

    /// Types a line and Return.
    pub fn line(&mut self, text: &str) {
        self.keys(&format!("{text}\r"));
    }

    /// Pastes text as a terminal does whose program asked for bracketed paste.
    pub fn paste(&mut self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Gives the terminal another size, as a window does that is dragged.
    ///
    /// # Panics
    /// When stty fails.
    #[track_caller]
    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let resized = command("stty")
            .arg("-F")
            .arg(&self.path)
            .args(["cols", &columns, "rows", &rows])
            .status();
        assert!(resized.is_ok_and(|status| status.success()), "stty");
    }

    /// Everything shown since the last [`Pty::expect`] matched, without control sequences.
    pub fn screen(&self) -> String {
        plain(&self.raw())
            .get(self.read..)
            .unwrap_or_default()
            .to_owned()
    }

    /// Everything shown so far, control sequences and all.
    pub fn raw(&self) -> Vec<u8> {
        self.shown.lock().expect("the reader did not panic").clone()
    }

    /// Waits until what is shown matches, and returns what was shown up to then.
    ///
    /// # Panics
    /// When it does not in time, with the screen.
    #[track_caller]
    pub fn expect(&mut self, pattern: &str) -> String {
        let regex = Regex::new(pattern).expect("a pattern");
        let found = within(Duration::from_secs(20), || {
            let text = self.screen();
            regex
                .find(&text)
                .map(|found| text[..found.end()].to_owned())
        });
        match found {
            Some(text) => {
                self.read += text.len();
                text
            }
            None => panic!(
                "the terminal does not show /{pattern}/ but:\n{}",
                self.screen()
            ),
        }
    }

    /// Waits for the end and returns the exit code.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn wait(&mut self) -> i32 {
        let ended = within(Duration::from_secs(20), || {
            self.child.try_wait().ok().flatten()
        });
        match ended {
            Some(status) => status.code().unwrap_or(-1),
            None => panic!("still running; the terminal shows:\n{}", self.screen()),
        }
    }

    /// The process id of the outermost program.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Text without escape sequences (ECMA-48 CSI and OSC) and carriage returns.
pub fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let sequences = Regex::new(
        r"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-Z\\-_]|[\r\x07\x08]",
    )
    .expect("a pattern");
    sequences.replace_all(&text, "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_driven() {
        let mut cat = Pty::spawn(&["sh", "-c", "read x; echo got:$x; tty; exit 7"]);
        cat.line("hello");
        cat.expect("got:hello");
        cat.expect("/dev/pts/");
        assert_eq!(cat.wait(), 7);
    }

    #[test]
    fn control_c_reaches_the_program() {
        let mut sleeper = Pty::spawn(&[
            "sh",
            "-c",
            "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.1; done",
        ]);
        sleeper.expect("ready");
        sleeper.keys("\x03");
        sleeper.expect("caught");
        assert_eq!(sleeper.wait(), 3);
    }

    #[test]
    fn escape_sequences_go() {
        assert_eq!(
            plain(b"\x1b[1;31mred\x1b[0m \x1b[?2004hplain\r\n"),
            "red plain\n"
        );
    }
}
