//! Every command, declared: where it is typed, its words, its help, what it is.
//!
//! A pattern's words are keywords and `<arguments>`; every prefix that can be asked about with `?` has a row
//! of its own. After a row made with [`chain`], rows made with [`option`] below it follow in any order, each once.

use super::Submode;

/// What an argument is: what it accepts, and where completion finds candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arg {
    Monitor,
    Exporter,
    Record,
    Sampler,
    Interface,
    Revision,
    File,
    /// A number in a range.
    Number(u32, u32),
    Address,
    /// `22`, `80-89` or `53,123`.
    Ports,
    /// A field of a flow, several words.
    Field,
    /// Words of the configuration up to a pipe.
    Path,
    /// Words of the configuration up to `to`.
    From,
    /// Words of the configuration, to the end of the line, not looked into here.
    Statement,
    /// Any text, to the end of the line.
    Text,
    /// One word.
    Word,
    /// An operational command.
    Operational,
}

impl Arg {
    pub(crate) fn named(name: &str) -> Arg {
        match name {
            "<monitor>" => Arg::Monitor,
            "<exporter>" => Arg::Exporter,
            "<record>" => Arg::Record,
            "<sampler>" => Arg::Sampler,
            "<interface>" => Arg::Interface,
            "<revision>" => Arg::Revision,
            "<file>" => Arg::File,
            "<address>" => Arg::Address,
            "<port>" => Arg::Ports,
            "<field>" => Arg::Field,
            "<path>" => Arg::Path,
            "<from>" => Arg::From,
            "<statement>" => Arg::Statement,
            "<text>" => Arg::Text,
            "<command>" => Arg::Operational,
            range => match range
                .trim_matches(['<', '>'])
                .split_once('-')
                .map(|(a, b)| (a.parse(), b.parse()))
            {
                Some((Ok(low), Ok(high))) => Arg::Number(low, high),
                _ => Arg::Word,
            },
        }
    }
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Configure,
    ConfigureTerminal,
    Exit,
    ExitDiscard,
    End,
    Help,
    ShowConfiguration,
    ShowConfigurationCommands,
    ShowConfigurationIos,
    ShowConfigurationJson,
    ShowCommits,
    ShowCommitDiff,
    ShowInterfaces,
    ShowRecord,
    ShowMonitor,
    ShowExporter,
    ShowFlowInterface,
    ShowSampler,
    ShowCache,
    ShowMonitorStatistics,
    ShowExporterStatistics,
    ShowExporterTemplates,
    ShowAccounting,
    ShowLoss,
    ShowLog,
    ShowVersion,
    ClearCache,
    ClearStatistics,
    ForceExport,
    ClearExporter,
    ClearAccounting,
    TerminalLength,
    Set,
    Delete,
    Edit,
    Up,
    Top,
    Show,
    Compare,
    Commit,
    CommitCheck,
    CommitConfirm,
    Confirm,
    Discard,
    Rollback,
    Save,
    LoadFile,
    LoadTerminal,
    MergeFile,
    MergeTerminal,
    Copy,
    Rename,
    Run,
    /// An option of the chain it is in.
    Option,
    /// An IOS statement.
    Statement,
    /// An IOS statement that opens a submode.
    Opens(Submode),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) pattern: &'static str,
    pub(crate) help: &'static str,
    pub(crate) id: Option<Id>,
    /// Options may follow in any order.
    pub(crate) chain: bool,
}

const fn group(pattern: &'static str, help: &'static str) -> Row {
    Row {
        pattern,
        help,
        id: None,
        chain: false,
    }
}
const fn command(pattern: &'static str, help: &'static str, id: Id) -> Row {
    Row {
        pattern,
        help,
        id: Some(id),
        chain: false,
    }
}
const fn chain(pattern: &'static str, help: &'static str, id: Id) -> Row {
    Row {
        pattern,
        help,
        id: Some(id),
        chain: true,
    }
}
const fn option(pattern: &'static str, help: &'static str) -> Row {
    Row {
        pattern,
        help,
        id: Some(Id::Option),
        chain: false,
    }
}
const fn ios(pattern: &'static str, help: &'static str) -> Row {
    Row {
        pattern,
        help,
        id: Some(Id::Statement),
        chain: false,
    }
}

/// `host>`
#[rustfmt::skip]
pub(crate) static OPERATIONAL: &[Row] = &[
    command("configure", "Enter configuration mode", Id::Configure),
    command("configure terminal", "Enter configuration mode with the IOS prompt", Id::ConfigureTerminal),
    group("clear", "Forget counters or end flows"),
    group("clear flow", "Of the flow probe"),
    group("clear flow monitor", "Of a flow monitor"),
    command("clear flow monitor <monitor>", "Flow monitor: end and export its flows", Id::ClearCache),
    command("clear flow monitor <monitor> cache", "End and export its flows", Id::ClearCache),
    command("clear flow monitor <monitor> statistics", "Forget its counters", Id::ClearStatistics),
    command("clear flow monitor <monitor> force-export", "Export its flows now", Id::ForceExport),
    group("clear flow exporter", "Of a flow exporter"),
    group("clear flow exporter <exporter>", "Flow exporter"),
    command("clear flow exporter <exporter> statistics", "Forget what it sent", Id::ClearExporter),
    group("clear flow-accounting", "Of flow-accounting"),
    command("clear flow-accounting counters", "End and export the flows in the table", Id::ClearAccounting),
    command("exit", "Leave the shell", Id::Exit),
    command("help", "How the shell is used", Id::Help),
    command("quit", "Leave the shell", Id::Exit),
    group("show", "Show what runs and what is configured"),
    command("show configuration", "The running configuration", Id::ShowConfiguration),
    command("show configuration <path>", "Only the part at this path", Id::ShowConfiguration),
    command("show configuration commands", "As set commands", Id::ShowConfigurationCommands),
    command("show configuration commands <path>", "Only the part at this path", Id::ShowConfigurationCommands),
    command("show configuration ios", "As IOS lines", Id::ShowConfigurationIos),
    command("show configuration ios <path>", "Only the part at this path", Id::ShowConfigurationIos),
    command("show configuration json", "As JSON", Id::ShowConfigurationJson),
    command("show configuration json <path>", "Only the part at this path", Id::ShowConfigurationJson),
    group("show flow", "The flow probe"),
    command("show flow exporter", "Flow exporters", Id::ShowExporter),
    command("show flow exporter <exporter>", "Flow exporter", Id::ShowExporter),
    command("show flow exporter <exporter> statistics", "What it sent", Id::ShowExporterStatistics),
    command("show flow exporter <exporter> templates", "The templates it sends", Id::ShowExporterTemplates),
    command("show flow exporter statistics", "What all exporters sent", Id::ShowExporterStatistics),
    command("show flow exporter templates", "The templates of all exporters", Id::ShowExporterTemplates),
    command("show flow interface", "Interfaces with a flow monitor", Id::ShowFlowInterface),
    command("show flow interface <interface>", "Interface", Id::ShowFlowInterface),
    command("show flow loss", "The loss ledger: where every packet and record went", Id::ShowLoss),
    command("show flow monitor", "Flow monitors", Id::ShowMonitor),
    command("show flow monitor <monitor>", "Flow monitor", Id::ShowMonitor),
    chain("show flow monitor <monitor> cache", "The flows in its cache", Id::ShowCache),
    group("show flow monitor <monitor> cache format", "How the flows are laid out"),
    option("show flow monitor <monitor> cache format csv", "Comma-separated values"),
    option("show flow monitor <monitor> cache format record", "One field a line"),
    option("show flow monitor <monitor> cache format table", "Columns"),
    group("show flow monitor <monitor> cache sort", "The flows with the highest or lowest values first"),
    group("show flow monitor <monitor> cache sort highest", "Highest first"),
    option("show flow monitor <monitor> cache sort highest <field>", "Field to sort by"),
    group("show flow monitor <monitor> cache sort highest <field> top", "Only the first flows"),
    option("show flow monitor <monitor> cache sort highest <field> top <1-1000000>", "Flows to show"),
    group("show flow monitor <monitor> cache sort lowest", "Lowest first"),
    option("show flow monitor <monitor> cache sort lowest <field>", "Field to sort by"),
    group("show flow monitor <monitor> cache sort lowest <field> top", "Only the first flows"),
    option("show flow monitor <monitor> cache sort lowest <field> top <1-1000000>", "Flows to show"),
    command("show flow monitor <monitor> statistics", "Its counters", Id::ShowMonitorStatistics),
    command("show flow record", "Flow records", Id::ShowRecord),
    command("show flow record <record>", "Flow record", Id::ShowRecord),
    command("show flow sampler", "Samplers", Id::ShowSampler),
    command("show flow sampler <sampler>", "Sampler", Id::ShowSampler),
    chain("show flow-accounting", "The flow-accounting table", Id::ShowAccounting),
    group("show flow-accounting count", "Stop after so many flows"),
    option("show flow-accounting count <1-1000000>", "Flows to show"),
    group("show flow-accounting host", "Only flows of a host"),
    option("show flow-accounting host <address>", "Source or destination address"),
    group("show flow-accounting interface", "Only flows of an interface"),
    option("show flow-accounting interface <interface>", "Interface"),
    group("show flow-accounting port", "Only flows of a port"),
    option("show flow-accounting port <port>", "Source or destination port: 22, 80-89 or 53,123"),
    group("show flow-accounting top", "Only the flows with most bytes"),
    option("show flow-accounting top <1-1000000>", "Flows to show"),
    command("show interfaces", "The host's interfaces", Id::ShowInterfaces),
    command("show log", "The last lines of the daemon's log", Id::ShowLog),
    command("show log <1-10000>", "Lines to show", Id::ShowLog),
    command("show running-config", "The running configuration as IOS lines", Id::ShowConfigurationIos),
    command("show running-config <path>", "Only the part at this path", Id::ShowConfigurationIos),
    command("show sampler", "Samplers", Id::ShowSampler),
    command("show sampler <sampler>", "Sampler", Id::ShowSampler),
    group("show system", "The system"),
    command("show system commit", "The revisions of the configuration", Id::ShowCommits),
    group("show system commit diff", "What a revision changed"),
    command("show system commit diff <revision>", "Revision; 0 is the newest", Id::ShowCommitDiff),
    command("show version", "The program and its host", Id::ShowVersion),
    group("terminal", "Settings of this terminal"),
    group("terminal length", "Lines a screen has"),
    command("terminal length <0-512>", "Lines; 0 never stops", Id::TerminalLength),
];

/// `host#`
#[rustfmt::skip]
pub(crate) static CONFIGURATION: &[Row] = &[
    command("commit", "Put the candidate configuration into force", Id::Commit),
    command("commit check", "Validate the candidate configuration only", Id::CommitCheck),
    group("commit comment", "Keep a comment with the revision"),
    command("commit comment <text>", "The comment", Id::Commit),
    command("commit-confirm", "Put the candidate into force; without `confirm` within 10 minutes it is rolled back", Id::CommitConfirm),
    command("commit-confirm <1-65535>", "Minutes to wait for `confirm` before rolling back", Id::CommitConfirm),
    group("commit-confirm <1-65535> comment", "Keep a comment with the revision"),
    command("commit-confirm <1-65535> comment <text>", "The comment", Id::CommitConfirm),
    group("commit-confirm comment", "Keep a comment with the revision"),
    command("commit-confirm comment <text>", "The comment", Id::CommitConfirm),
    command("compare", "What the candidate changes", Id::Compare),
    command("compare commands", "As set and delete commands", Id::Compare),
    command("compare <revision>", "From this revision to the candidate", Id::Compare),
    command("compare <revision> commands", "As set and delete commands", Id::Compare),
    command("compare <revision> <revision>", "To this revision", Id::Compare),
    command("compare <revision> <revision> commands", "As set and delete commands", Id::Compare),
    command("confirm", "Keep a commit that waits for confirmation", Id::Confirm),
    group("copy", "Copy a part of the configuration"),
    group("copy <from>", "What to copy"),
    group("copy <from> to", "Where to"),
    command("copy <from> to <path>", "The new path", Id::Copy),
    group("delete", "Delete a part of the configuration"),
    command("delete <statement>", "What to delete", Id::Delete),
    command("discard", "Give uncommitted changes up", Id::Discard),
    group("do", "Run an operational command"),
    command("do <command>", "The command", Id::Run),
    group("edit", "Go to a level of the configuration"),
    command("edit <statement>", "The level", Id::Edit),
    command("end", "Leave configuration mode", Id::End),
    command("exit", "Leave the level or the mode", Id::Exit),
    command("exit discard", "Leave configuration mode and give uncommitted changes up", Id::ExitDiscard),
    command("help", "How the shell is used", Id::Help),
    group("load", "Load a configuration into the candidate"),
    command("load <file>", "File; it becomes the whole configuration", Id::LoadFile),
    command("load terminal", "Type or paste it, end with Ctrl-D; it becomes the whole configuration", Id::LoadTerminal),
    group("load merge", "Add to the candidate"),
    command("load merge <file>", "File", Id::LoadFile),
    command("load merge terminal", "Type or paste it, end with Ctrl-D", Id::LoadTerminal),
    group("load override", "Make it the whole configuration"),
    command("load override <file>", "File", Id::LoadFile),
    command("load override terminal", "Type or paste it, end with Ctrl-D", Id::LoadTerminal),
    group("load replace", "Replace the nodes it names whole"),
    command("load replace <file>", "File", Id::LoadFile),
    command("load replace terminal", "Type or paste it, end with Ctrl-D", Id::LoadTerminal),
    group("load set", "Do its set and delete commands"),
    command("load set <file>", "File", Id::LoadFile),
    command("load set terminal", "Type or paste them, end with Ctrl-D", Id::LoadTerminal),
    group("merge", "Add a configuration to the candidate"),
    command("merge <file>", "File", Id::MergeFile),
    command("merge terminal", "Type or paste it, end with Ctrl-D", Id::MergeTerminal),
    command("quit", "Leave the level or the mode", Id::Exit),
    group("rename", "Rename a part of the configuration"),
    group("rename <from>", "What to rename"),
    group("rename <from> to", "Where to"),
    command("rename <from> to <path>", "The new path", Id::Rename),
    group("rollback", "Make an earlier revision the candidate"),
    command("rollback <revision>", "Revision; 0 is the newest", Id::Rollback),
    group("run", "Run an operational command"),
    command("run <command>", "The command", Id::Run),
    command("save", "Write the running configuration to config.boot", Id::Save),
    command("save <file>", "File", Id::Save),
    group("set", "Set a part of the configuration"),
    command("set <statement>", "What to set", Id::Set),
    command("show", "The candidate configuration at this level, with + - > marks where it differs", Id::Show),
    command("show <path>", "Only the part at this path", Id::Show),
    command("top", "Go to the top of the configuration", Id::Top),
    command("up", "Go one level up", Id::Up),
];

/// IOS statements of global configuration.
#[rustfmt::skip]
pub(crate) static IOS_GLOBAL: &[Row] = &[
    group("flow", "Flexible NetFlow"),
    group("flow exporter", "Where flow records go"),
    command("flow exporter <exporter>", "Flow exporter", Id::Opens(Submode::Exporter)),
    group("flow monitor", "What is metered and where it is cached"),
    command("flow monitor <monitor>", "Flow monitor", Id::Opens(Submode::Monitor)),
    group("flow record", "What makes a flow and what is kept of it"),
    command("flow record <record>", "Flow record", Id::Opens(Submode::Record)),
    group("hostname", "Name of this host"),
    ios("hostname <name>", "Host name"),
    group("interface", "An interface of this host"),
    command("interface <interface>", "Interface, GigabitEthernet0/N stands for the one with that alias or ethN", Id::Opens(Submode::Interface)),
    group("sampler", "Which packets are metered"),
    command("sampler <sampler>", "Sampler", Id::Opens(Submode::Sampler)),
];

/// IOS statements after `flow record NAME`.
#[rustfmt::skip]
pub(crate) static IOS_RECORD: &[Row] = &[
    group("collect", "A field that is kept of a flow"),
    ios("collect <field>", "Field"),
    group("description", "Text about this record"),
    ios("description <text>", "Text"),
    group("match", "A field whose value tells flows apart"),
    ios("match <field>", "Field"),
];

/// IOS statements after `flow exporter NAME`.
#[rustfmt::skip]
pub(crate) static IOS_EXPORTER: &[Row] = &[
    group("description", "Text about this exporter"),
    ios("description <text>", "Text"),
    group("destination", "The collector"),
    ios("destination <host>", "Address or name"),
    group("dscp", "DSCP of its datagrams"),
    ios("dscp <0-63>", "DSCP (default 0)"),
    group("export-protocol", "Protocol it speaks"),
    ios("export-protocol ipfix", "IPFIX (version 10)"),
    ios("export-protocol netflow-v5", "NetFlow version 5, IPv4 only"),
    ios("export-protocol netflow-v9", "NetFlow version 9 (default)"),
    group("option", "A table that is exported beside the flows"),
    ios("option exporter-stats", "What the exporter sent"),
    group("option exporter-stats timeout", "How often"),
    ios("option exporter-stats timeout <1-86400>", "Seconds (default 600)"),
    ios("option interface-table", "Names of the interfaces"),
    group("option interface-table timeout", "How often"),
    ios("option interface-table timeout <1-86400>", "Seconds (default 600)"),
    ios("option sampler-table", "Samplers and their rates"),
    group("option sampler-table timeout", "How often"),
    ios("option sampler-table timeout <1-86400>", "Seconds (default 600)"),
    group("source", "Source address of its datagrams"),
    ios("source <interface>", "Interface or address"),
    group("template", "Templates"),
    group("template data", "Of data records"),
    group("template data timeout", "How often they are sent again"),
    ios("template data timeout <1-86400>", "Seconds (default 600)"),
    group("transport", "Transport protocol"),
    group("transport udp", "UDP"),
    ios("transport udp <1-65535>", "Port of the collector (default 9995)"),
    group("ttl", "Time to live of its datagrams"),
    ios("ttl <1-255>", "Time to live (default 255)"),
];

/// IOS statements after `flow monitor NAME`.
#[rustfmt::skip]
pub(crate) static IOS_MONITOR: &[Row] = &[
    group("cache", "The flow cache"),
    group("cache entries", "Size of the cache"),
    ios("cache entries <16-16777216>", "Flows (default 4096)"),
    group("cache timeout", "When flows end"),
    group("cache timeout active", "Flows that go on are exported after"),
    ios("cache timeout active <1-604800>", "Seconds (default 1800)"),
    group("cache timeout event", "End flows on an event"),
    ios("cache timeout event transaction-end", "The end of a transaction"),
    group("cache timeout inactive", "Flows without packets end after"),
    ios("cache timeout inactive <1-604800>", "Seconds (default 15)"),
    group("cache timeout update", "Flows of a permanent cache are exported every"),
    ios("cache timeout update <1-604800>", "Seconds (default 1800)"),
    group("cache type", "How flows end"),
    ios("cache type immediate", "Every packet is a flow"),
    ios("cache type normal", "By timeouts (default)"),
    ios("cache type permanent", "Flows stay, updates are exported"),
    group("description", "Text about this monitor"),
    ios("description <text>", "Text"),
    group("exporter", "An exporter that gets the records"),
    ios("exporter <exporter>", "Flow exporter"),
    group("record", "The flow record"),
    ios("record <record>", "Flow record"),
    ios("record netflow-original", "The fields of NetFlow version 5"),
    group("record netflow", "Predefined records"),
    group("record netflow ipv4", "IPv4"),
    ios("record netflow ipv4 original-input", "The fields of NetFlow version 5"),
    group("record netflow ipv6", "IPv6"),
    ios("record netflow ipv6 original-input", "The same for IPv6"),
];

/// IOS statements after `sampler NAME`.
#[rustfmt::skip]
pub(crate) static IOS_SAMPLER: &[Row] = &[
    group("mode", "Which packets are taken"),
    group("mode deterministic", "Every Nth packet"),
    group("mode deterministic 1", "One"),
    group("mode deterministic 1 out-of", "Of"),
    ios("mode deterministic 1 out-of <2-32768>", "Packets"),
    group("mode random", "One of N at random"),
    group("mode random 1", "One"),
    group("mode random 1 out-of", "Of"),
    ios("mode random 1 out-of <2-32768>", "Packets"),
];

/// IOS statements after `interface NAME`.
#[rustfmt::skip]
pub(crate) static IOS_INTERFACE: &[Row] = &[
    group("datalink", "Link-layer traffic"),
    group("datalink flow", "Flexible NetFlow"),
    group("datalink flow monitor", "Attach a flow monitor"),
    group("datalink flow monitor <monitor>", "Flow monitor"),
    ios("datalink flow monitor <monitor> input", "Packets that arrive"),
    ios("datalink flow monitor <monitor> output", "Packets that leave"),
    group("datalink flow monitor <monitor> sampler", "Meter a sample only"),
    group("datalink flow monitor <monitor> sampler <sampler>", "Sampler"),
    ios("datalink flow monitor <monitor> sampler <sampler> input", "Packets that arrive"),
    ios("datalink flow monitor <monitor> sampler <sampler> output", "Packets that leave"),
    group("description", "Text about this interface"),
    ios("description <text>", "Text"),
    group("ip", "IPv4"),
    group("ip address", "Address of the interface"),
    ios("ip address <text>", "A.B.C.D/LENGTH or A.B.C.D MASK"),
    group("ip flow", "Flexible NetFlow"),
    group("ip flow monitor", "Attach a flow monitor"),
    group("ip flow monitor <monitor>", "Flow monitor"),
    ios("ip flow monitor <monitor> input", "Packets that arrive"),
    ios("ip flow monitor <monitor> output", "Packets that leave"),
    group("ip flow monitor <monitor> sampler", "Meter a sample only"),
    group("ip flow monitor <monitor> sampler <sampler>", "Sampler"),
    ios("ip flow monitor <monitor> sampler <sampler> input", "Packets that arrive"),
    ios("ip flow monitor <monitor> sampler <sampler> output", "Packets that leave"),
    group("ipv6", "IPv6"),
    group("ipv6 address", "Address of the interface"),
    ios("ipv6 address <text>", "X:X::X/LENGTH"),
    group("ipv6 flow", "Flexible NetFlow"),
    group("ipv6 flow monitor", "Attach a flow monitor"),
    group("ipv6 flow monitor <monitor>", "Flow monitor"),
    ios("ipv6 flow monitor <monitor> input", "Packets that arrive"),
    ios("ipv6 flow monitor <monitor> output", "Packets that leave"),
    group("ipv6 flow monitor <monitor> sampler", "Meter a sample only"),
    group("ipv6 flow monitor <monitor> sampler <sampler>", "Sampler"),
    ios("ipv6 flow monitor <monitor> sampler <sampler> input", "Packets that arrive"),
    ios("ipv6 flow monitor <monitor> sampler <sampler> output", "Packets that leave"),
    group("mtu", "Largest packet"),
    ios("mtu <68-65535>", "Octets"),
    ios("shutdown", "Take the interface down"),
];
