//! A running `flowd` and the shell on it.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value as Json, json};

use crate::bins;
use crate::http;
use crate::ledger::Ledger;
use crate::netns::Namespace;
use crate::process::Process;
use crate::skip::command;
use crate::wait::{SOON, until, within};

/// A daemon with a state folder and a socket of its own.
pub struct Flowd {
    process: Option<Process>,
    scratch: tempfile::TempDir,
    state: PathBuf,
    extra: Vec<String>,
    /// Words before the program: what it is started by.
    by: Vec<String>,
}

/// What a shell run gave.
#[derive(Debug)]
pub struct Said {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

impl Flowd {
    /// Starts one in a namespace and waits until it answers.
    #[track_caller]
    pub fn start(namespace: &Namespace) -> Flowd {
        let mut flowd = Flowd::prepare();
        flowd.up(namespace);
        flowd
    }

    /// One that is not started yet.
    pub fn prepare() -> Flowd {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let state = scratch.path().join("state");
        Flowd {
            process: None,
            scratch,
            state,
            extra: Vec::new(),
            by: Vec::new(),
        }
    }

    /// Keeps the state in `dir` in place of a folder of its own.
    pub fn with_state(mut self, dir: &Path) -> Flowd {
        self.state = dir.to_path_buf();
        self
    }

    /// Gives `flowd run` another argument.
    pub fn with_argument(mut self, argument: &str) -> Flowd {
        self.extra.push(argument.to_owned());
        self
    }

    /// Has it started by another program, `setpriv` say.
    pub fn by(mut self, words: &[&str]) -> Flowd {
        self.by = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Starts it, again if it ran before, and waits until it answers.
    ///
    /// # Panics
    /// When it ends or does not answer in time.
    #[track_caller]
    pub fn up(&mut self, namespace: &Namespace) {
        self.launch(namespace);
        self.ready();
    }

    /// Starts it without waiting.
    pub fn launch(&mut self, namespace: &Namespace) {
        self.process = None;
        let flowd = bins::program("flowd");
        let (state, socket) = (
            self.state.to_str().expect("UTF-8").to_owned(),
            self.socket().to_str().expect("UTF-8").to_owned(),
        );
        let mut argv: Vec<&str> = self.by.iter().map(String::as_str).collect();
        argv.extend([
            flowd.as_str(),
            "run",
            "--state",
            &state,
            "--socket",
            &socket,
        ]);
        argv.extend(self.extra.iter().map(String::as_str));
        self.process = Some(namespace.spawn(&argv));
    }

    /// Waits until it answers.
    ///
    /// # Panics
    /// When it ends or does not answer in time.
    #[track_caller]
    pub fn ready(&mut self) {
        let socket = self.socket();
        let process = self.process.as_mut().expect("it was started");
        let answered = within(SOON, || {
            if !process.running() {
                return Some(false);
            }
            http::request(&socket, "GET", "/v1/version", None)
                .is_ok_and(|(status, _)| status == 200)
                .then_some(true)
        });
        assert!(
            answered == Some(true),
            "flowd does not answer: {answered:?}\n{}",
            process.output()
        );
    }

    /// The management socket.
    pub fn socket(&self) -> PathBuf {
        self.scratch.path().join("flowd.sock")
    }

    /// The folder of its state.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Writes a file beside its state and returns the path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, content).expect("the temporary folder");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// The process, while it runs.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("flowd was started")
    }

    /// Whether it runs.
    pub fn running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::running)
    }

    /// Runs shell commands in one session.
    pub fn sh(&self, commands: &[&str]) -> Said {
        let mut shell = command(&bins::program("flowsh"));
        shell
            .arg("--socket")
            .arg(self.socket())
            .stdin(Stdio::null());
        for line in commands {
            shell.args(["-c", line]);
        }
        shell.output().expect("flowsh runs").into()
    }

    /// Runs shell commands that must succeed and returns what they printed.
    ///
    /// # Panics
    /// When one fails.
    #[track_caller]
    pub fn ok(&self, commands: &[&str]) -> String {
        let said = self.sh(commands);
        assert!(
            said.code == 0,
            "flowsh {commands:?}: exit {}\n{}{}",
            said.code,
            said.out,
            said.err
        );
        said.out
    }

    /// Runs one shell command with `| json`.
    ///
    /// # Panics
    /// When it fails or does not print JSON.
    #[track_caller]
    pub fn json(&self, line: &str) -> Json {
        let text = self.ok(&[&format!("{line} | json")]);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error}\n{text}"))
    }

    /// Adds a configuration in any dialect to what is there and commits it, over the management API: tests whose
    /// matter is the shell use [`Flowd::ok`].
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn configure(&self, text: &str) -> Json {
        let opened = self.post("/v1/sessions", &json!({"via": "test"}));
        let session = opened["session"].to_string();
        let session = format!("/v1/sessions/{}", session.trim_matches('"'));
        self.post(
            &format!("{session}/edit"),
            &json!({"text": text, "mode": "merge"}),
        );
        let committed = self.post(&format!("{session}/commit"), &json!({}));
        assert!(
            committed["revision"].is_u64(),
            "nothing to commit: {committed}"
        );
        let _ = http::request(&self.socket(), "DELETE", &session, None);
        committed
    }

    /// `POST` to the management API.
    ///
    /// # Panics
    /// When it does not answer 200.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Json) -> Json {
        let (status, answer) = http::request(&self.socket(), "POST", path, Some(body))
            .unwrap_or_else(|error| panic!("POST {path}: {error}"));
        assert!(status == 200, "POST {path}: {status} {answer}");
        answer
    }

    /// `GET` of the management API.
    ///
    /// # Panics
    /// When it does not answer 200.
    #[track_caller]
    pub fn get(&self, path: &str) -> Json {
        let (status, body) = http::request(&self.socket(), "GET", path, None)
            .unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert!(status == 200, "GET {path}: {status} {body}");
        body
    }

    /// The running configuration in a form of `show configuration` (`commands`, `ios`, `json`, or nothing for braces).
    #[track_caller]
    pub fn shown(&self, form: &str) -> String {
        self.ok(&[format!("show configuration {form}").trim_end()])
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.end(Signal::SIGKILL);
        }
        self.process = None;
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        let status = self.process().end(Signal::SIGTERM);
        self.process = None;
        status
    }

    /// Sends every flow in the cache of a monitor to its exporters, now.
    #[track_caller]
    pub fn force_export(&self, monitor: &str) {
        self.post(
            &format!("/v1/clear/monitor/{monitor}"),
            &json!({"what": "force-export"}),
        );
    }

    /// The loss ledger, by way of the shell.
    #[track_caller]
    pub fn ledger(&self) -> Ledger {
        Ledger::read(self.json("show flow loss"))
    }

    /// Waits until the monitor has counted `packets` packets into flows or left them out by sampling.
    ///
    /// # Panics
    /// When it has not in time, with the ledger.
    #[track_caller]
    pub fn metered(&self, monitor: &str, packets: u64) -> Ledger {
        let mut last = Json::Null;
        let found = within(SOON, || {
            last = self.get("/v1/flow/loss");
            let ledger = Ledger::read(last.clone());
            let seen = ledger.monitors.get(monitor)?;
            (seen.metered.packets + seen.unsampled.packets >= packets).then_some(ledger)
        });
        found.unwrap_or_else(|| panic!("{monitor} has not metered {packets} packets: {last:#}"))
    }

    /// Waits until nothing is on its way between the meter and the exporters' sockets.
    ///
    /// # Panics
    /// When that does not come, with the ledger.
    #[track_caller]
    pub fn settled(&self) -> Ledger {
        let mut last = Json::Null;
        let found = within(SOON, || {
            last = self.get("/v1/flow/loss");
            let ledger = Ledger::read(last.clone());
            ledger.settled().then_some(ledger)
        });
        found.unwrap_or_else(|| panic!("flows stay between meter and exporter: {last:#}"))
    }

    /// Waits until `probe` gives an answer, with the daemon at hand.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut probe: impl FnMut(&Flowd) -> Option<T>) -> T {
        until(what, Duration::from_secs(30), || probe(self))
    }
}
