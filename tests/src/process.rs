//! A program that runs beside the test, with its output in a file, killed on drop.

use std::fs::{self, File};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::netns::Namespace;
use crate::skip::command;
use crate::wait::{SOON, until, within};

/// A running program.
pub struct Process {
    name: String,
    child: Child,
    log: tempfile::NamedTempFile,
}

impl Process {
    /// Starts `argv`, in a namespace if one is given. If the test process is killed, the program is killed, too.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(namespace: Option<&Namespace>, argv: &[&str]) -> Process {
        let log = tempfile::NamedTempFile::new().expect("a temporary file");
        // setpriv, unshare and ip exec what follows, so the child's id is the program's.
        let mut start = command("setpriv");
        start.args(["--pdeathsig", "KILL"]);
        if let Some(namespace) = namespace {
            // flowd sets the host name, so the program gets one of its own.
            start.args(["unshare", "--uts"]);
            start.args(["ip", "netns", "exec", namespace.name()]);
        }
        start
            .args(argv)
            .stdin(Stdio::null())
            .stdout(append(&log))
            .stderr(append(&log));
        let child = start
            .spawn()
            .unwrap_or_else(|error| panic!("{argv:?}: {error}"));
        Process {
            name: argv.first().copied().unwrap_or_default().to_owned(),
            child,
            log,
        }
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns what the program has printed so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log.path()).unwrap_or_default()).into_owned()
    }

    /// Waits until the program has printed `text`.
    ///
    /// # Panics
    /// When the program ends first, or the time is over.
    #[track_caller]
    pub fn printed(&mut self, text: &str) {
        let found = within(SOON, || {
            (self.output().contains(text) || !self.running()).then_some(())
        });
        let output = self.output();
        assert!(
            found.is_some() && output.contains(text),
            "{} did not print {text:?} but\n{output}",
            self.name
        );
    }

    /// Whether the program is still running.
    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id().cast_signed()), signal);
    }

    /// Sends a signal and waits until the program has ended.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait(SOON)
    }

    /// Waits until the program has ended.
    ///
    /// # Panics
    /// When it does not end within `limit`.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let name = self.name.clone();
        until(&format!("the end of {name}"), limit, || {
            self.child.try_wait().ok().flatten()
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let output = self.output();
            let tail: Vec<&str> = output.lines().rev().take(40).collect();
            eprintln!("--- {} printed:", self.name);
            for line in tail.iter().rev() {
                eprintln!("    {line}");
            }
        }
    }
}

fn append(log: &tempfile::NamedTempFile) -> File {
    File::options()
        .append(true)
        .open(log.path())
        .expect("the log")
}
