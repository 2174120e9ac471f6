//! The log service, which applies `system syslog`: every `tracing` event becomes one line, kept in a ring for `show log` and handed to the outputs
//! the configuration names. Whoever logs never waits: an output that is behind loses lines, and counts them.

mod output;
mod ring;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use language::{Finding, Tree};
use parking_lot::RwLock;
use service::{Before, Service, clock};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use output::{Output, Target};
pub use ring::Part;
use ring::Ring;
pub use settings::{Remote, Settings};

/// Syslog severity (RFC 5424 §6.2.1); the smaller, the graver.
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

    /// By its word; `all` is everything.
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

    /// Its word.
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
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// How grave.
    pub level: Level,
    /// The module that says it.
    pub target: String,
    /// What it says; one line of printable characters.
    pub message: String,
}

/// The log of this process.
pub struct Log {
    ring: Ring,
    outputs: RwLock<Vec<Output>>,
    /// The finest level anyone wants.
    finest: AtomicU8,
    /// Whether standard error gets lines.
    stderr: bool,
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
    // The first start in a process finds no subscriber there.
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

    fn prepare(&self, new: &Settings, (): ()) -> Result<Settings, Vec<Finding>> {
        Ok(new.clone())
    }

    fn warnings(staged: &Settings) -> Vec<String> {
        staged.warnings()
    }

    fn apply(&self, staged: Settings) -> Vec<String> {
        self.configure(&staged);
        Vec::new()
    }

    /// Nothing: what stops after it still logs. [`Log::finish`] ends it.
    fn stop(&self) {}
}

impl Log {
    fn new(base: Level, stderr: bool) -> Log {
        Log {
            ring: Ring::default(),
            outputs: RwLock::default(),
            finest: AtomicU8::new(base.0),
            stderr,
            base,
        }
    }

    /// Puts the outputs of a configuration into force; the old ones write what they still hold and end.
    pub fn configure(&self, settings: &Settings) {
        let (local, unavailable) = match settings.local_level() {
            Some(level) => match output::local(settings.facility) {
                Ok(target) => (Some(Output::start(level, target)), None),
                Err(error) => (None, Some(error)),
            },
            None => (None, None),
        };
        let mut outputs = Vec::new();
        // Where there is no syslog, as in a container, standard error is the only place left.
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

    /// The last `count` lines.
    pub fn last(&self, count: usize) -> Part {
        self.ring.last(count)
    }

    /// The lines after the one of that number, for a reader that goes on.
    pub fn after(&self, number: u64) -> Part {
        self.ring.after(number)
    }

    /// Writes out what is queued, for at most a second an output, and stops.
    pub fn finish(&self) {
        let outputs = std::mem::take(&mut *self.outputs.write());
        outputs.into_iter().for_each(Output::finish);
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = Level::of(metadata);
        // What libraries chatter is nobody's business here; what they warn of is.
        let finest = if ours(metadata.target()) {
            self.finest.load(Ordering::Relaxed)
        } else {
            4
        };
        level.0 <= finest
    }

    fn line(&self, line: Line) {
        let line = Arc::new(line);
        if line.level <= self.base {
            self.ring.push(line.clone());
        }
        let outputs = self.outputs.read();
        outputs.iter().for_each(|output| output.offer(&line));
    }
}

/// Whether a message is of a crate of this workspace.
fn ours(target: &str) -> bool {
    let krate = target.split("::").next().unwrap_or_default();
    CRATES.contains(&krate)
}

/// The crates of this workspace that log, in the order of the alphabet.
const CRATES: &[&str] = &[
    "config",
    "daemon",
    "export",
    "flowd_log",
    "probe",
    "relay",
    "system",
];

/// The `tracing` side of the log.
struct Tap(Arc<Log>);

impl<S: Subscriber> Layer<S> for Tap {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.wants(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        self.0.line(Line {
            time_ms: clock::unix_ms(),
            level: Level::of(event.metadata()),
            target: event.metadata().target().to_owned(),
            message: words.finish(),
        });
    }
}

/// Message first, then the fields as `name=value`.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Words {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        // Words of a peer must not forge lines or move a terminal's cursor.
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
            name if name.starts_with("log.") => Ok(()),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}
