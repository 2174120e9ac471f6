//! Every command that a line can be, with what it carries.

use super::parameters::{
    AccountingView, Ask, CacheView, Cleared, FlowPath, Form, LoadFrom, LoadMode, Part, Ping,
    RelayPart, Trace, Version,
};
use super::pipe::Pipe;
use super::words::{Tail, Word};

/// A parsed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The command.
    pub command: Command,
    /// The pipes that its output goes through, in order.
    pub pipes: Vec<Pipe>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Enters configuration mode.
    Configure {
        /// Whether the prompt is that of IOS (`configure terminal`).
        terminal: bool,
    },
    /// Enters configuration mode; nobody else may change anything meanwhile.
    ConfigureExclusive,
    /// Leaves the IOS submode, the edit level, the mode or the shell.
    Exit {
        /// Whether uncommitted changes are given up.
        discard: bool,
    },
    /// Leaves configuration mode from any level.
    End,
    /// Tells how the shell is used.
    Help,
    /// Shows the lines that were typed.
    ShowHistory,
    /// Shows everything that helps somebody who is asked for help.
    ShowTech,
    /// Shows the running configuration, or the part at a path.
    ShowConfiguration {
        /// The dialect.
        form: Form,
        /// The path from the root.
        path: Vec<String>,
    },
    /// Shows an interface's part of the running configuration.
    ShowRunningInterface {
        /// The dialect.
        form: Form,
        /// The interface's name, or a router's name for it.
        name: String,
    },
    /// Shows the running configuration with its secrets.
    ShowSecrets {
        /// The path from the root.
        path: Vec<String>,
    },
    /// Shows what a route of the management API answers.
    Ask(Ask),
    /// Shows the commit that is scheduled.
    ShowScheduled,
    /// Cancels the commit that is scheduled.
    ClearScheduled,
    /// Shows what a revision changed.
    ShowCommitDiff {
        /// The revision's identifier, as `show system commit` lists it.
        revision: u32,
    },
    /// Shows the host's interfaces.
    ShowInterfaces {
        /// Only loopback interfaces, or only others.
        loopback: Option<bool>,
        /// Only the interface of this name.
        name: Option<String>,
    },
    /// Shows what interfaces have received and sent, or how fast they do.
    ShowTraffic {
        /// How fast, over one minute and five.
        rates: bool,
    },
    /// Shows one part of the probe, or one object of it.
    ShowFlow {
        /// The part.
        part: Part,
        /// Only the object of this name.
        name: Option<String>,
    },
    /// Shows the flows in a cache.
    ShowCache {
        /// The flow monitor.
        monitor: String,
        /// Which flows, and how.
        view: CacheView,
    },
    /// Shows the counters of a flow monitor.
    ShowMonitorStatistics {
        /// The flow monitor.
        monitor: String,
    },
    /// Shows what exporters sent.
    ShowExporterStatistics {
        /// Only this exporter.
        exporter: Option<String>,
    },
    /// Shows the templates that exporters send.
    ShowExporterTemplates {
        /// Only those of this exporter.
        exporter: Option<String>,
    },
    /// Shows the flow-accounting table.
    ShowAccounting(AccountingView),
    /// Shows samplicators or a part of them.
    ShowSamplicator {
        /// The part.
        part: RelayPart,
        /// Only this samplicator.
        name: Option<String>,
        /// Only this receiver.
        receiver: Option<String>,
    },
    /// Shows a samplicator's receivers, live.
    MonitorSamplicator {
        /// The samplicator.
        name: String,
    },
    /// Shows the largest flows of a monitor, live.
    MonitorTop {
        /// The monitor.
        monitor: String,
    },
    /// Shows the flows of flow-accounting that move most, live.
    MonitorAccounting {
        /// Only flows of this interface.
        interface: Option<String>,
    },
    /// Clears the counters of a samplicator.
    ClearSamplicator {
        /// The samplicator.
        name: String,
    },
    /// Sends all templates to a samplicator's receivers again.
    ReplaySamplicator {
        /// The samplicator.
        name: String,
        /// Only to this receiver.
        receiver: Option<String>,
    },
    /// Sends an exporter's templates and options again.
    ReplayExporter {
        /// The exporter.
        exporter: String,
    },
    /// Shows the program's version and its host.
    ShowVersion,
    /// Discards or exports the flows of a flow monitor, or clears its counters.
    ClearMonitor {
        /// The flow monitor.
        monitor: String,
        /// Which of these.
        what: Cleared,
    },
    /// Clears the counters of exporters.
    ClearExporter {
        /// Only those of this exporter.
        exporter: Option<String>,
    },
    /// Ends and exports the flows of the flow-accounting table.
    ClearAccounting,
    /// Clears the counters of all flow monitors, exporters and samplicators.
    ClearCounters,
    /// Sets the number of lines that a screen has; 0: output never stops.
    TerminalLength(u32),
    /// Sets the number of columns that a screen has; 0: as many as the terminal says.
    TerminalWidth(u32),
    /// Begins or ends showing the daemon's log on this terminal as it is written.
    TerminalMonitor(bool),
    /// Would enter the privileged mode of IOS, which does not exist here.
    Enable,
    /// Commits what is not committed, and says which revision flowd starts with: `write memory`, `copy running-config
    /// startup-config`.
    Write,
    /// Sends echo requests to a host.
    Ping(Ping),
    /// Shows the routers on the way to a host.
    Traceroute(Trace),
    /// Shows which monitors and exporters a flow would take.
    TestFlowPath(FlowPath),
    /// `set PATH`
    Set(Tail),
    /// `delete PATH`
    Delete(Tail),
    /// `comment PATH "TEXT"`
    Comment(Tail),
    /// Moves the edit level down a path.
    Edit(Tail),
    /// Moves the edit level one node up.
    Up,
    /// Moves the edit level to the root.
    Top,
    /// Shows the candidate at the edit level, or at a path below it.
    Show {
        /// The path from the edit level.
        path: Vec<String>,
        /// The form, without marks of what differs; `None`: with braces and marks.
        form: Option<Form>,
    },
    /// Shows what differs between two configurations.
    Compare {
        /// The older one; `None` is the running configuration.
        from: Option<Version>,
        /// The newer one; `None` is the candidate.
        to: Option<Version>,
        /// Whether differences are shown as `set` and `delete` lines.
        commands: bool,
    },
    /// Puts the candidate into force.
    Commit {
        /// The comment that is kept with the revision.
        comment: Option<String>,
    },
    /// Puts the candidate into force, and leaves configuration mode.
    CommitAndQuit {
        /// The comment that is kept with the revision.
        comment: Option<String>,
    },
    /// Puts the candidate into force later.
    CommitAt {
        /// `HH:MM[:SS]`, with or without a date `YYYY-MM-DD` before it.
        time: String,
        /// The comment that is kept with the revision.
        comment: Option<String>,
    },
    /// Checks the candidate, and says what a commit would do.
    CommitCheck,
    /// Shows who configures.
    Status,
    /// Puts the candidate into force, and rolls back unless it is confirmed in time.
    CommitConfirm {
        /// The time to confirm, in minutes.
        minutes: u32,
        /// The comment that is kept with the revision.
        comment: Option<String>,
    },
    /// Keeps the commit that waits to be confirmed.
    Confirm,
    /// Gives up the uncommitted changes.
    Discard,
    /// Makes a revision the candidate.
    Rollback {
        /// The revision's identifier, as `show system commit` lists it.
        revision: u32,
    },
    /// Writes the running configuration to a file of the shell's host.
    Save {
        /// The file; `None` is config.boot.
        file: Option<Tail>,
    },
    /// Reads a configuration into the candidate.
    Load {
        /// What becomes of the candidate.
        mode: LoadMode,
        /// Where the configuration comes from.
        from: LoadFrom,
    },
    /// Takes the flow parts of a router's configuration into the candidate.
    LoadFlow {
        /// Whether they are added to what is there of the same name, rather than to replace it.
        merge: bool,
        /// Where the configuration comes from.
        from: LoadFrom,
        /// Whether the host's name, users and addresses are taken, too.
        host: bool,
        /// Whether the parts that are left out are listed.
        detail: bool,
    },
    /// Adds the samplicator that a configuration file of samplicate describes.
    LoadSamplicate {
        /// The file.
        file: Tail,
    },
    /// Adds the samplicator that a command line of samplicate, with the file it names, describes.
    LoadSamplicateArguments(Tail),
    /// Adds the flow monitoring that a file that starts softflowd describes.
    LoadSoftflowd {
        /// The file.
        file: Tail,
    },
    /// Adds the flow monitoring that a command line of softflowd describes.
    LoadSoftflowdArguments(Tail),
    /// Adds the flow monitoring or the samplicator that a configuration file of pmacct describes.
    LoadPmacct {
        /// The file.
        file: Tail,
    },
    /// Copies or renames a node of the candidate.
    Copy {
        /// The old path from the edit level.
        from: Vec<Word>,
        /// The new path from the edit level.
        to: Vec<Word>,
        /// Whether the old node is removed.
        rename: bool,
    },
    /// Runs an operational command in configuration mode.
    Run(Box<Line>),
    /// A configuration statement in another dialect: an IOS line, or a line that opens a brace.
    Statement(Tail),
}
