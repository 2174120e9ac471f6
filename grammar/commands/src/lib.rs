//! The commands of the shell: one declared table of patterns with their help, and a parser that takes
//! unique abbreviations and says what would have been right.
//!
//! ```text
//! line --split--> words --table--> matched --build--> Command (+ pipes)
//! ```
//! Configuration statements (`set` paths, IOS lines, braces) are not looked into here: the dialects read them.

mod build;
pub mod complete;
pub mod condition;
mod conditions;
mod fields;
mod ios;
mod pipe;
mod table;
mod trie;
mod words;

pub use pipe::{PIPES, Pipe};
pub use trie::nearest;
pub use words::{Word, split};

pub(crate) use conditions::{Place, place};
pub(crate) use fields::{Fields, next_words};
pub(crate) use pipe::{OTHER_PIPES, find as find_pipe};
pub(crate) use table::Arg;
pub(crate) use trie::{Next, State, Token, Trie, starts_command, tries};
pub(crate) use words::rest;

pub use language::Submode;
use language::{Code, Problem, comment_alone};

/// Where a line is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `host>`
    #[default]
    Operational,
    /// `host#`; IOS statements are taken too, those of the submode first.
    Configuration(Submode),
}

/// A parsed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What to do.
    pub command: Command,
    /// What its output goes through, in order.
    pub pipes: Vec<Pipe>,
}

/// A piece of the typed line that somebody else parses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The text as typed.
    pub text: String,
    /// Its first character in the line, from 0.
    pub start: usize,
}

/// The form a configuration is shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Braces.
    #[default]
    Curly,
    /// `set` lines.
    Commands,
    /// IOS lines.
    Ios,
    /// JSON.
    Json,
}

/// The parts of the probe that `show flow` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `flow record`
    Record,
    /// `flow monitor`
    Monitor,
    /// `flow exporter`
    Exporter,
    /// Interfaces with a monitor.
    Interface,
    /// `flow sampler`
    Sampler,
}

/// What of samplicators is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayPart {
    /// Each with its receivers.
    Samplicator,
    /// Receivers with every counter.
    Receivers,
    /// The exporters that send to it.
    Sources,
    /// The templates it keeps.
    Templates,
}

/// What of a monitor is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// The flows of its cache are discarded.
    Cache,
    /// Its counters begin at 0.
    Statistics,
    /// The flows of its cache end and are exported.
    ForceExport,
}

/// How a cache is laid out on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Columns.
    Table,
    /// Comma-separated values.
    Csv,
    /// One field a line.
    Record,
}

/// A condition on the flows of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field, its words or its IANA name.
    pub field: String,
    /// The value is a regular expression.
    pub regexp: bool,
    /// What the field has to be: see [`crate::condition`].
    pub value: Tail,
}

/// What of a cache is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheView {
    /// Flows for which all of these hold.
    pub filter: Vec<Condition>,
    /// Flows that agree in these fields are one row.
    pub aggregate: Vec<String>,
    /// Fields such a row has beside the counters.
    pub collect: Vec<String>,
    /// Field to sort by, its words or its IANA name.
    pub sort: Option<String>,
    /// Smallest first.
    pub lowest: bool,
    /// At most so many flows.
    pub top: Option<u32>,
    /// The layout asked for.
    pub layout: Option<Layout>,
}

/// What of the flow-accounting table is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountingView {
    /// This interface only.
    pub interface: Option<String>,
    /// Source or destination address.
    pub host: Option<std::net::IpAddr>,
    /// Source or destination port: `22`, `80-89`, `53,123`.
    pub port: Option<String>,
    /// So many flows, most octets first.
    pub top: Option<u32>,
    /// At most so many flows.
    pub count: Option<u32>,
}

/// What is sent to a host to see whether it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ping {
    /// Name or address.
    pub host: Tail,
    /// Requests.
    pub count: Option<u32>,
    /// Octets of data in each.
    pub size: Option<u32>,
    /// The interface they leave by.
    pub interface: Option<String>,
    /// The address they come from.
    pub source: Option<std::net::IpAddr>,
}

/// A flow that may not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPath {
    /// Source address.
    pub source: std::net::IpAddr,
    /// Destination address, of the same family.
    pub destination: std::net::IpAddr,
    /// IP protocol.
    pub protocol: u8,
    /// Source and destination port.
    pub ports: (u16, u16),
    /// Where it comes in; `None`: where the route to its source leads.
    pub interface: Option<String>,
}

/// How a loaded text meets the candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadMode {
    /// The text is the whole configuration.
    #[default]
    Override,
    /// Adds to it.
    Merge,
    /// The nodes the text names are replaced whole.
    Replace,
    /// `set` and `delete` lines, done one after the other.
    Set,
}

/// Where a loaded text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadFrom {
    /// Typed or pasted until Ctrl-D.
    Terminal,
    /// A file of the shell's host.
    File(Tail),
}

/// A configuration that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// This revision; 0 is the newest.
    Revision(u32),
    /// What runs.
    Running,
    /// The file `save` writes.
    Saved,
}

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `configure`; `terminal` starts with the IOS prompt.
    Configure {
        /// `configure terminal`.
        terminal: bool,
    },
    /// `configure exclusive`: nobody else may change anything.
    ConfigureExclusive,
    /// Leaves the mode, the edit level or the IOS submode.
    Exit {
        /// Gives uncommitted changes up.
        discard: bool,
    },
    /// Leaves configuration mode from wherever it is.
    End,
    /// How the shell is used.
    Help,
    /// The running configuration, or the part at a path.
    ShowConfiguration {
        /// The dialect.
        form: Form,
        /// From the root.
        path: Vec<String>,
    },
    /// The running configuration with what is masked otherwise.
    ShowSecrets {
        /// From the root.
        path: Vec<String>,
    },
    /// The revisions.
    ShowCommits,
    /// The commit that is scheduled.
    ShowScheduled,
    /// Cancels it.
    ClearScheduled,
    /// What a revision changed.
    ShowCommitDiff {
        /// 0 is the newest.
        revision: u32,
    },
    /// The host's interfaces.
    ShowInterfaces {
        /// Only the loopback, or all but it.
        loopback: Option<bool>,
        /// One interface.
        name: Option<String>,
    },
    /// One part of the probe, or one object of it.
    ShowFlow {
        /// Which part.
        part: Part,
        /// One object.
        name: Option<String>,
    },
    /// The flows in a cache.
    ShowCache {
        /// The monitor.
        monitor: String,
        /// What of it.
        view: CacheView,
    },
    /// A cache's counters.
    ShowMonitorStatistics {
        /// The monitor.
        monitor: String,
    },
    /// What exporters sent.
    ShowExporterStatistics {
        /// One exporter, or all.
        exporter: Option<String>,
    },
    /// The templates exporters send.
    ShowExporterTemplates {
        /// One exporter, or all.
        exporter: Option<String>,
    },
    /// The flow-accounting table.
    ShowAccounting(AccountingView),
    /// The loss ledger.
    ShowLoss,
    /// What is known of the host's routes.
    ShowRoutes,
    /// Samplicators, or a part of them.
    ShowSamplicator {
        /// What of them.
        part: RelayPart,
        /// One samplicator, or all.
        name: Option<String>,
        /// One receiver, or all.
        receiver: Option<String>,
    },
    /// A samplicator's receivers, live.
    MonitorSamplicator {
        /// The samplicator.
        name: String,
    },
    /// The flows of flow-accounting that move most, live.
    MonitorAccounting {
        /// One interface, or all.
        interface: Option<String>,
    },
    /// Forgets what a samplicator counted.
    ClearSamplicator {
        /// The samplicator.
        name: String,
    },
    /// Sends a samplicator's receivers all templates again.
    ReplaySamplicator {
        /// The samplicator.
        name: String,
        /// One receiver, or each.
        receiver: Option<String>,
    },
    /// The daemon's log.
    ShowLog {
        /// The last so many lines.
        lines: u32,
    },
    /// The program and its host.
    ShowVersion,
    /// Ends flows of a monitor or forgets its counters.
    ClearMonitor {
        /// The monitor.
        monitor: String,
        /// What of it.
        what: Cleared,
    },
    /// Forgets what an exporter sent.
    ClearExporter {
        /// One exporter, or all.
        exporter: Option<String>,
    },
    /// Empties the flow-accounting table.
    ClearAccounting,
    /// Lines a screen has; 0 never stops.
    TerminalLength(u32),
    /// Columns a screen has; 0 is what the terminal says.
    TerminalWidth(u32),
    /// Whether the daemon's log is shown on this terminal as it is written.
    TerminalMonitor(bool),
    /// IOS's privileged mode, which there is none of.
    Enable,
    /// `write memory`, `copy running-config startup-config`: commits what is not committed, and says what is kept.
    Write,
    /// Sends echo requests.
    Ping(Ping),
    /// Which monitors and exporters a flow would take.
    TestFlowPath(FlowPath),
    /// `set PATH`
    Set(Tail),
    /// `delete PATH`
    Delete(Tail),
    /// `comment PATH "TEXT"`
    Comment(Tail),
    /// Moves the edit level down.
    Edit(Tail),
    /// Moves the edit level one word up.
    Up,
    /// Moves the edit level to the root.
    Top,
    /// The candidate at the edit level, or at a path below it.
    Show {
        /// Below the edit level.
        path: Vec<String>,
    },
    /// What differs.
    Compare {
        /// From this; `None` is the running configuration.
        from: Option<Version>,
        /// To this; `None` is the candidate.
        to: Option<Version>,
        /// As `set` and `delete` lines.
        commands: bool,
    },
    /// Puts the candidate into force.
    Commit {
        /// Kept with the revision.
        comment: Option<String>,
    },
    /// Puts the candidate into force later.
    CommitAt {
        /// `HH:MM[:SS]`, after a date `YYYY-MM-DD` or not.
        time: String,
        /// Kept with the revision.
        comment: Option<String>,
    },
    /// Validates the candidate only, and says what it would do.
    CommitCheck,
    /// Who configures.
    Status,
    /// Puts the candidate into force until it is confirmed or the time is over.
    CommitConfirm {
        /// Minutes.
        minutes: u32,
        /// Kept with the revision.
        comment: Option<String>,
    },
    /// Keeps a commit that waits for it.
    Confirm,
    /// Gives uncommitted changes up.
    Discard,
    /// Makes a revision the candidate.
    Rollback {
        /// 0 is the newest.
        revision: u32,
    },
    /// Writes the running configuration to a file of the shell's host.
    Save {
        /// The file.
        file: Option<Tail>,
    },
    /// Reads a configuration.
    Load {
        /// How it meets the candidate.
        mode: LoadMode,
        /// Where it comes from.
        from: LoadFrom,
    },
    /// Reads a configuration of samplicate and adds the samplicator it describes.
    LoadSamplicate {
        /// Its file.
        file: Tail,
    },
    /// Reads a command line of samplicate, and the file it names, and adds the samplicator they describe.
    LoadSamplicateArguments(Tail),
    /// Reads a command line of softflowd and adds the monitoring it describes.
    LoadSoftflowdArguments(Tail),
    /// Reads a configuration of pmacctd and adds the monitoring it describes.
    LoadPmacct {
        /// Its file.
        file: Tail,
    },
    /// Copies or renames a node of the candidate.
    Copy {
        /// Below the edit level.
        from: Vec<Word>,
        /// Below the edit level.
        to: Vec<Word>,
        /// The old one goes.
        rename: bool,
    },
    /// An operational command in configuration mode.
    Run(Box<Line>),
    /// A configuration statement in another dialect: an IOS line, or one that opens a brace.
    Statement(Tail),
}

/// The commands of operational mode as they are declared: words and `<arguments>`, and what they are for.
pub fn operational() -> Vec<(&'static str, &'static str)> {
    declared(table::OPERATIONAL)
}

/// The commands of configuration mode.
pub fn configuration() -> Vec<(&'static str, &'static str)> {
    declared(table::CONFIGURATION)
}

fn declared(rows: &[table::Row]) -> Vec<(&'static str, &'static str)> {
    let whole = rows.iter().filter(|row| row.id.is_some());
    whole.map(|row| (row.pattern, row.help)).collect()
}

/// Parses one line. `None`: an empty line or a comment (`!` or `#` first, or all of it in `/* */`).
///
/// # Errors
/// The first word that is wrong, with its place in characters and what would have been right.
pub fn parse(line: &str, mode: Mode) -> Result<Option<Line>, Problem> {
    let words = split(line);
    let Some(first) = words.first() else {
        return Ok(None);
    };
    let commented = first.text.starts_with(['!', '#']) || comment_alone(line).is_some();
    if !first.quoted && commented {
        return Ok(None);
    }
    if let Mode::Configuration(submode) = mode
        && is_statement(line, first, submode)?
    {
        let text = rest(line, first.start).to_owned();
        let command = Command::Statement(Tail {
            text,
            start: first.start,
        });
        return Ok(Some(Line {
            command,
            pipes: Vec::new(),
        }));
    }
    if mode == Mode::Operational
        && !first.quoted
        && matches!(first.text.as_str(), "run" | "do")
        && words.len() > 1
    {
        // Where it is typed from habit it does no harm.
        return build::line(line, &words[1..], mode).map(Some);
    }
    build::line(line, &words, mode)
        .map(Some)
        .map_err(|mut problem| {
            let misplaced = mode == Mode::Operational && trie::is_command(&first.text);
            let here = problem.column as usize == first.start + 1;
            if misplaced && here && problem.code == Code::UnknownWord {
                problem.code = Code::NotHere;
                problem.message = format!("\"{}\" belongs to configuration mode", first.text);
                problem.hint = Some("type configure first".into());
            }
            problem
        })
}

/// Whether a line of configuration mode is no command of the shell: it opens a brace, or its first word
/// belongs to another dialect.
fn is_statement(line: &str, first: &Word, submode: Submode) -> Result<bool, Problem> {
    if trie::is_command(&first.text) {
        return Ok(false);
    }
    Ok(opens_brace(line) || !trie::starts_command(first, submode)?)
}

/// Whether the line has a brace outside quotes: pasted curly text or JSON, not a statement of one line.
pub fn opens_brace(line: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '{' if !quoted => return true,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    false
}

/// The IOS submode a statement leads to, with the line that opens it: itself when it opens one, `None` in
/// the second place when it goes back to global configuration. Statements that stay return `None`.
pub fn submode_after(statement: &str, submode: Submode) -> Option<(Submode, Option<String>)> {
    trie::submode_after(statement, submode)
}

/// What would have been right instead of the unknown first word of a line in configuration mode.
pub fn first_word_hint(typed: &str, submode: Submode) -> String {
    trie::first_word_hint(typed, submode)
}

/// What to type instead, where a line that configuration mode does not understand is a command of operational mode.
pub fn operational_hint(line: &str) -> Option<String> {
    let words = split(line);
    let first = words.first().filter(|first| !first.quoted)?;
    let command = match parse(line, Mode::Operational) {
        Ok(Some(line)) => Some(line.command),
        // What is wrong behind its first word is told where it can be typed.
        _ => None,
    };
    let begun = trie::operational_only(&first.text);
    match (command, begun) {
        (Some(Command::Configure { .. } | Command::ConfigureExclusive), _)
        | (_, Some("configure")) => Some("you are in configuration mode already".into()),
        (None, None) => None,
        _ => Some(format!("type `run {}`", line.trim())),
    }
}

#[cfg(test)]
mod tests;
