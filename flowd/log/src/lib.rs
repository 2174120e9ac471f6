//! The log service, which applies `system syslog`: every `tracing` event becomes one line, which is kept in memory for
//! `show log`, written to a file that survives the process, and handed to the outputs that the configuration names.
//! Nobody waits for an output to log: one that is behind loses lines, and counts them.

mod output;
mod ring;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use language::{Finding, Tree};
use parking_lot::RwLock;
use service::{Before, Occasion, Service, clock};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use output::{Output, Target};
pub use ring::Part;
use ring::Ring;
pub use settings::{Remote, Settings};
use store::Store;

/// The message id of the line by which a process begins.
pub const STARTED: &str = "STARTED";
/// The message id of the last line of a process that was told to stop.
pub const STOPPED: &str = "STOPPED";

/// A syslog severity (RFC 5424 §6.2.1). Smaller numbers are more severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub u8);

impl Level {
    /// `info`.
    pub const INFO: Level = Level(6);
    /// `debug`.
    pub const DEBUG: Level = Level(7);
    const WORDS: [&'static str; 8] = [
        "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
    ];

    /// Returns the level with that word; `all` is the least severe.
    pub fn from_word(word: &str) -> Option<Level> {
        let position = match word {
            "all" => Some(7),
            "error" => Some(3),
            "warn" => Some(4),
            _ => Level::WORDS.iter().position(|name| *name == word),
        };
        position
            .and_then(|position| u8::try_from(position).ok())
            .map(Level)
    }

    /// Returns the level's word.
    pub fn word(self) -> &'static str {
        Level::WORDS
            .get(usize::from(self.0))
            .copied()
            .unwrap_or("debug")
    }

    fn of(metadata: &Metadata<'_>) -> Level {
        match *metadata.level() {
            tracing::Level::ERROR => Level(3),
            tracing::Level::WARN => Level(4),
            tracing::Level::INFO => Level::INFO,
            _ => Level::DEBUG,
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line's number, which goes on after a restart; 0 for one that is not kept.
    pub number: u64,
    /// When it was written, milliseconds since 1970.
    pub time_ms: i64,
    /// How severe it is.
    pub level: Level,
    /// What kind of event it tells (MSGID, RFC 5424 §6.2.7).
    pub id: Cow<'static, str>,
    /// The module that wrote it.
    pub target: String,
    /// The message: one line of printable characters.
    pub message: String,
}

/// The log of this process.
pub struct Log {
    ring: Ring,
    outputs: RwLock<Vec<Output>>,
    /// The output to the file, once there is one.
    file: RwLock<Option<Output>>,
    /// The least severe level that the ring or an output wants.
    finest: AtomicU8,
    /// Whether lines go to standard error.
    stderr: bool,
    /// The least severe level for the ring and standard error.
    base: Level,
}

static LOG: OnceLock<Arc<Log>> = OnceLock::new();

/// Starts the log of this process: standard error when it is a terminal, and the local syslog.
///
/// Called again, it returns the same log.
///
/// `FLOWD_LOG` sets the level of the ring and standard error (`debug`, `info`, …; default `info`).
pub fn start() -> Arc<Log> {
    let base = std::env::var("FLOWD_LOG")
        .ok()
        .and_then(|word| Level::from_word(&word))
        .unwrap_or(Level::INFO);
    let log = LOG.get_or_init(|| Arc::new(Log::new(base, std::io::stderr().is_terminal())));
    // Only the first start in a process can subscribe.
    let subscribed = tracing_subscriber::registry()
        .with(Tap(log.clone()))
        .try_init();
    if subscribed.is_ok() {
        log.configure(&Settings::default());
    }
    log.clone()
}

impl Service for Log {
    type Settings = Settings;
    type Difference = ();
    type Staged = Settings;

    const NAME: &'static str = "log";
    const ROWS: &'static [&'static str] =
        &["system syslog", "system flow-accounting syslog-facility"];

    /// The log of this process, which has run since [`start`].
    fn start() -> std::io::Result<Arc<Log>> {
        Ok(start())
    }

    fn settings(tree: &Tree, _: Option<Before<'_, Settings>>) -> Result<Settings, Vec<Finding>> {
        Ok(Settings::from_tree(tree))
    }

    fn difference(old: &Settings, new: &Settings) -> Option<()> {
        (old != new).then_some(())
    }

    fn prepare(&self, new: &Settings, (): (), _: Occasion) -> Result<Settings, Vec<Finding>> {
        Ok(new.clone())
    }

    fn warnings(staged: &Settings) -> Vec<String> {
        staged.warnings()
    }

    fn apply(&self, staged: Settings) -> Vec<String> {
        self.configure(&staged);
        Vec::new()
    }

    /// Does nothing, because services that stop later still log. [`Log::finish`] ends the log.
    fn stop(&self) {}
}

impl Log {
    fn new(base: Level, stderr: bool) -> Log {
        Log {
            ring: Ring::default(),
            outputs: RwLock::default(),
            file: RwLock::default(),
            finest: AtomicU8::new(base.0),
            stderr,
            base,
        }
    }

    /// Starts the outputs of a configuration. The old ones write the lines they still have and end.
    pub fn configure(&self, settings: &Settings) {
        let (local, unavailable) = match settings.local_level() {
            Some(level) => match output::local(settings.facility) {
                Ok(target) => (Some(Output::start(level, target)), None),
                Err(error) => (None, Some(error)),
            },
            None => (None, None),
        };
        let mut outputs = Vec::new();
        // Without a local syslog, as in a container, standard error is the only output left.
        if self.stderr || unavailable.is_some() {
            outputs.push(Output::start(self.base, Target::Stderr));
        }
        outputs.extend(local);
        outputs.extend(settings.remotes.iter().filter_map(|remote| {
            let level = settings.level_for(remote)?;
            Some(Output::start(
                level,
                Target::remote(remote.clone(), settings.facility),
            ))
        }));
        let finest = outputs
            .iter()
            .map(|output| output.level())
            .chain([self.base])
            .max()
            .unwrap_or(self.base);
        self.finest.store(finest.0, Ordering::Relaxed);
        let first = {
            let mut current = self.outputs.write();
            let first = current.is_empty();
            *current = outputs;
            first
        };
        tracing::callsite::rebuild_interest_cache();
        if let (true, Some(error)) = (first, unavailable) {
            tracing::info!("no local syslog ({error}); logging to standard error");
        }
    }

    /// Keeps lines in files of this directory, after those of earlier processes. Logs how the process before ended, unless
    /// that was told to stop.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn keep_in(&self, dir: &Path) -> std::io::Result<()> {
        let (store, earlier) = Store::open(dir)?;
        let last = earlier.last().cloned();
        let started = earlier.iter().rfind(|line| line.id == STARTED).cloned();
        {
            let mut file = self.file.write();
            let output = Output::start(self.base, Target::File(store));
            for line in self.ring.restore(earlier) {
                output.offer(&line);
            }
            *file = Some(output);
        }
        if let Some(last) = last.filter(|line| line.id != STOPPED) {
            let since = started.map_or_else(String::new, |line| {
                format!(", which began at {},", clock::local(line.time_ms))
            });
            tracing::warn!(
                msgid = "CRASHED",
                "the run before{since} was not stopped: it was killed or crashed, or the host lost power; its last message \
                 is of {}",
                clock::local(last.time_ms)
            );
        }
        Ok(())
    }

    /// Returns the last `count` lines.
    pub fn last(&self, count: usize) -> Part {
        self.ring.last(count)
    }

    /// Returns the lines after the one with that number, for a reader that continues.
    pub fn after(&self, number: u64) -> Part {
        self.ring.after(number)
    }

    /// Writes the queued lines, for at most a second per output, and ends the outputs.
    pub fn finish(&self) {
        let outputs = std::mem::take(&mut *self.outputs.write());
        outputs.into_iter().for_each(Output::finish);
        if let Some(file) = self.file.write().take() {
            file.finish();
        }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = Level::of(metadata);
        // Of libraries, only warnings and errors are of interest.
        let finest = if is_of_workspace(metadata.target()) {
            self.finest.load(Ordering::Relaxed)
        } else {
            4
        };
        level.0 <= finest
    }

    fn line(&self, line: Line) {
        // Held meanwhile, so that the file has lines in their order.
        let file = self.file.read();
        let line = match line.level <= self.base {
            true => self.ring.push(line),
            false => Arc::new(line),
        };
        if let Some(file) = file.as_ref().filter(|_| line.number > 0) {
            file.offer(&line);
        }
        drop(file);
        let outputs = self.outputs.read();
        outputs.iter().for_each(|output| output.offer(&line));
    }
}

/// Whether a message is of a crate of this workspace.
fn is_of_workspace(target: &str) -> bool {
    let krate = target.split("::").next().unwrap_or_default();
    CRATES.contains(&krate)
}

/// The crates of this workspace that log, in alphabetical order.
const CRATES: &[&str] = &[
    "config",
    "daemon",
    "export",
    "flowd_log",
    "metrics",
    "probe",
    "relay",
    "supervisor",
    "system",
];

/// The `tracing` layer that turns events into lines.
struct Tap(Arc<Log>);

impl<S: Subscriber> Layer<S> for Tap {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.wants(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let target = event.metadata().target();
        let id = std::mem::take(&mut words.id);
        self.0.line(Line {
            number: 0,
            time_ms: clock::unix_ms(),
            level: Level::of(event.metadata()),
            id: match id.is_empty() {
                true => crate_id(target).into(),
                false => id.into(),
            },
            target: target.to_owned(),
            message: words.finish(),
        });
    }
}

/// The message id of an event that names none: the crate that logs, in capitals.
fn crate_id(target: &str) -> String {
    let krate = target.split("::").next().unwrap_or_default();
    match krate {
        "daemon" => "FLOWD".to_owned(),
        "flowd_log" => "LOG".to_owned(),
        krate => krate.to_uppercase(),
    }
}

/// Collects an event's text: the message, then the fields as `name=value`. The field `msgid` is the message id.
#[derive(Default)]
struct Words {
    id: String,
    message: String,
    fields: String,
}

impl Words {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        api::without_error_numbers(&mut self.message);
        // Text that a peer has sent must not forge lines or move a terminal's cursor.
        if self.message.chars().any(char::is_control) {
            self.message = self
                .message
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
        }
        self.message
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            // The `log` crate's records carry their origin as fields.
            name if name.starts_with("log.") => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            "msgid" => write!(self.id, "{value}"),
            name if name.starts_with("log.") => Ok(()),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}
