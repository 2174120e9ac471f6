//! A person at a terminal: a program on a pseudo-terminal, what it shows, and keys.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use regex::Regex;

use crate::skip::command;
use crate::wait::within;

/// A program on a terminal.
pub struct Pty {
    child: Child,
    /// None once the terminal is gone.
    keys: Option<File>,
    reader: Option<std::thread::JoinHandle<()>>,
    /// What the reader does.
    reads: Arc<AtomicU8>,
    /// Where the terminal is, `/dev/pts/3`.
    path: PathBuf,
    shown: Arc<Mutex<Vec<u8>>>,
    /// Octets of the plain text that `expect` has gone past.
    read: usize,
}

/// What is shown is read.
const READS: u8 = 0;
/// It is not: the terminal is slow.
const WAITS: u8 = 1;
/// The terminal is gone.
const ENDS: u8 = 2;

impl Pty {
    /// Starts a program on a terminal of 120 columns and 40 rows.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(argv: &[&str]) -> Pty {
        Pty::spawn_sized(argv, 120, 40)
    }

    /// Starts a program on a terminal of that size.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn_sized(argv: &[&str], columns: u16, rows: u16) -> Pty {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).expect("a pseudo-terminal");
        // A program of another test that had it open would keep this terminal from being gone.
        for side in [&pty.master, &pty.slave] {
            let close = FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC);
            fcntl(side, close).expect("the terminal");
        }
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
        let reads = Arc::new(AtomicU8::new(READS));
        let todo = reads.clone();
        // Ends by itself with the last user of the other side.
        let reader = std::thread::spawn(move || {
            let mut buffer = [0u8; 4096];
            loop {
                let moment = PollTimeout::from(20u8);
                let events = match todo.load(Ordering::Relaxed) {
                    ENDS => return,
                    WAITS => PollFlags::empty(),
                    _ => PollFlags::POLLIN,
                };
                let ready = poll(&mut [PollFd::new(screen.as_fd(), events)], moment);
                if !matches!(ready, Ok(1..)) || events.is_empty() {
                    if events.is_empty() {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    continue;
                }
                let Ok(len @ 1..) = screen.read(&mut buffer) else {
                    return;
                };
                seen.lock()
                    .expect("no reader panicked")
                    .extend_from_slice(&buffer[..len]);
            }
        });
        Pty {
            child,
            keys: Some(keys),
            reader: Some(reader),
            reads,
            path,
            shown,
            read: 0,
        }
    }

    /// The terminal takes no output until it is read again.
    pub fn stall(&self, stalled: bool) {
        let reads = if stalled { WAITS } else { READS };
        self.reads.store(reads, Ordering::Relaxed);
    }

    /// The line drops: the terminal is gone.
    pub fn hang_up(&mut self) {
        self.reads.store(ENDS, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader did not panic");
        }
        self.keys = None;
    }

    /// Types text as it is.
    pub fn keys(&mut self, text: &str) {
        let keys = self.keys.as_mut().expect("the terminal is there");
        keys.write_all(text.as_bytes())
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
        self.expect_within(pattern, Duration::from_secs(20))
    }

    /// [`Pty::expect`] for what takes long.
    ///
    /// # Panics
    /// When it is not shown within `limit`, with the screen.
    #[track_caller]
    pub fn expect_within(&mut self, pattern: &str, limit: Duration) -> String {
        let regex = Regex::new(pattern).expect("a pattern");
        let found = within(limit, || {
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
