//! From matched words to a [`Command`].

use super::conditions::{take_conditions, take_fields};
use super::pipe::{Pipe, pipes};
use super::table::{Arg, Id};
use super::trie::{State, Token, Trie, tries};
use super::words::{Word, problem, rest};
use super::{
    AccountingView, CacheView, Cleared, Command, FlowPath, Form, Layout, Line, LoadFrom, LoadMode,
    Mode, Part, Ping, RelayPart, Tail, Version,
};
use language::{Code, Problem};

/// Rows of `top` without a number, Cisco's.
const TOP: u32 = 20;

/// Flows of `show ip flow top-talkers`.
const TOP_TALKERS: u32 = 10;

/// The words of a command that were matched.
struct Matched<'a> {
    line: &'a str,
    id: Id,
    parts: Vec<Piece<'a>>,
}

/// One keyword or argument with the typed words it was made from.
struct Piece<'a> {
    token: Token,
    text: String,
    words: &'a [Word],
}

/// Parses the words of a line as a command.
pub(super) fn line(line: &str, words: &[Word], mode: Mode) -> Result<Line, Problem> {
    let trie = match mode {
        Mode::Operational => &tries().operational,
        Mode::Configuration(_) => &tries().configuration,
    };
    let (matched, taken) = matched(trie, line, words)?;
    let mut pipes = pipes(line, words.get(taken..).unwrap_or_default())?;
    if matched.id == Id::ShowRunningSection {
        pipes.insert(
            0,
            Pipe::Section(matched.word_tail(Arg::Expression).unwrap_or_default()),
        );
    }
    Ok(Line {
        command: matched.command()?,
        pipes,
    })
}

fn matched<'a>(
    trie: &Trie,
    line: &'a str,
    words: &'a [Word],
) -> Result<(Matched<'a>, usize), Problem> {
    let mut state = State::default();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(left) = words
        .get(at..)
        .filter(|left| left.first().is_some_and(|word| !word.is_pipe()))
    {
        let step = trie.step(&state, left)?;
        let words = left.get(..step.taken).unwrap_or_default();
        parts.push(Piece {
            token: step.token,
            text: step.text,
            words,
        });
        state = step.state;
        at += step.taken.max(1);
    }
    let end = words
        .get(..at)
        .and_then(<[Word]>::last)
        .map_or(0, |word| word.end() + 1);
    let id = trie
        .end(&state)
        .ok_or_else(|| trie.incomplete(&state, end))?;
    Ok((Matched { line, id, parts }, at))
}

impl Matched<'_> {
    fn find(&self, wanted: impl Fn(Arg) -> bool) -> Option<&Piece<'_>> {
        self.parts
            .iter()
            .find(|part| matches!(part.token, Token::Argument(_, arg) if wanted(arg)))
    }

    fn text(&self, wanted: Arg) -> Option<String> {
        self.find(|arg| arg == wanted).map(|part| part.text.clone())
    }

    fn required(&self, wanted: Arg) -> String {
        self.text(wanted).unwrap_or_default()
    }

    /// The number of the kind `wanted` that follows the keyword, or the first one.
    fn number(&self, after: Option<&str>) -> Option<u32> {
        let from = match after {
            Some(keyword) => self
                .parts
                .iter()
                .position(|part| part.token.shown() == keyword)?,
            None => 0,
        };
        let number = |part: &Piece<'_>| {
            matches!(
                part.token,
                Token::Argument(_, Arg::Number(..) | Arg::Revision)
            )
        };
        self.parts
            .get(from..)?
            .iter()
            .find(|part| number(part))?
            .text
            .parse()
            .ok()
    }

    fn has(&self, keyword: &str) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part.token, Token::Keyword(word) if word == keyword))
    }

    /// The typed words of what follows a keyword.
    fn after(&self, keyword: &str) -> &[Word] {
        let keyword =
            |part: &Piece<'_>| matches!(part.token, Token::Keyword(word) if word == keyword);
        let at = self.parts.iter().position(keyword);
        at.and_then(|at| self.parts.get(at + 1))
            .map_or(&[], |part| part.words)
    }

    fn path(&self) -> Vec<String> {
        self.words(Arg::Path)
            .iter()
            .map(|word| word.text.clone())
            .collect()
    }

    fn words(&self, wanted: Arg) -> Vec<Word> {
        self.find(|arg| arg == wanted)
            .map(|part| part.words.to_vec())
            .unwrap_or_default()
    }

    fn tail(&self, wanted: Arg) -> Tail {
        let start = self
            .find(|arg| arg == wanted)
            .and_then(|part| part.words.first())
            .map_or(0, |word| word.start);
        Tail {
            text: rest(self.line, start).trim_end().to_owned(),
            start,
        }
    }

    /// A comment: as typed, or what is in its quotes.
    fn comment(&self) -> Option<String> {
        let part = self.find(|arg| arg == Arg::Text)?;
        match part.words {
            [only] => Some(only.text.clone()),
            _ => Some(self.tail(Arg::Text).text),
        }
    }

    fn file(&self) -> Option<Tail> {
        self.word_tail(Arg::File)
    }

    /// An argument with its place.
    fn word_tail(&self, wanted: Arg) -> Option<Tail> {
        let part = self.find(|arg| arg == wanted)?;
        Some(Tail {
            text: part.text.clone(),
            start: part.words.first().map_or(0, |word| word.start),
        })
    }

    /// A text to the end of the line; quotes around all of it are taken off.
    fn quoted_text(&self) -> Tail {
        let tail = self.tail(Arg::Text);
        match self.words(Arg::Text).as_slice() {
            [only] if only.quoted => Tail {
                text: only.text.clone(),
                start: only.start + 1,
            },
            _ => tail,
        }
    }

    fn show_interfaces(&self, loopback: Option<bool>) -> Command {
        Command::ShowInterfaces {
            loopback,
            name: self.text(Arg::Interface),
        }
    }

    fn show_relay(&self, part: RelayPart) -> Command {
        Command::ShowSamplicator {
            part,
            name: self.text(Arg::Samplicator),
            receiver: self.text(Arg::Receiver),
        }
    }

    fn load(&self, default: LoadMode) -> Command {
        let mode = match () {
            () if self.has("merge") => LoadMode::Merge,
            () if self.has("override") => LoadMode::Override,
            () if self.has("replace") => LoadMode::Replace,
            () if self.has("set") => LoadMode::Set,
            () => default,
        };
        Command::Load {
            mode,
            from: self.file().map_or(LoadFrom::Terminal, LoadFrom::File),
        }
    }

    fn show_flow(&self, part: Part, name: Arg) -> Command {
        Command::ShowFlow {
            part,
            name: self.text(name),
        }
    }

    fn ping(&self) -> Result<Ping, Problem> {
        let host = self.word_tail(Arg::Word).unwrap_or_default();
        // It would be an option of the program that asks.
        if host.text.starts_with('-') || host.text.is_empty() {
            let message = format!("\"{}\" is neither a name nor an address", host.text);
            return Err(problem(
                Code::InvalidValue,
                host.start,
                host.text.chars().count(),
                message,
                None,
            ));
        }
        Ok(Ping {
            host,
            count: self.number(Some("count")),
            size: self.number(Some("size")),
            interface: self.text(Arg::Interface),
            source: self.addresses().next(),
        })
    }

    fn flow_path(&self) -> Result<FlowPath, Problem> {
        let mut addresses = self.addresses();
        let (source, destination) = match (addresses.next(), addresses.next()) {
            (Some(source), Some(destination)) => (source, destination),
            _ => {
                return Err(problem(
                    Code::MissingValue,
                    0,
                    1,
                    "two addresses are wanted",
                    None,
                ));
            }
        };
        if source.is_ipv4() != destination.is_ipv4() {
            let mut words = self.parts.iter().rev().flat_map(|part| part.words);
            let word = words.find(|word| word.text.parse() == Ok(destination));
            let wrong = |word: &Word| {
                word.problem(Code::InvalidValue, "both addresses are of one family", None)
            };
            return Err(word.map_or_else(|| problem(Code::InvalidValue, 0, 1, "", None), wrong));
        }
        let port = |which| {
            let number = self.has(which).then(|| self.number(Some(which))).flatten();
            number
                .and_then(|number| u16::try_from(number).ok())
                .unwrap_or_default()
        };
        let protocol = match () {
            () if self.has("tcp") => 6,
            () if self.has("icmp") && source.is_ipv6() => 58,
            () if self.has("icmp") => 1,
            () if self.has("udp") || !self.has("protocol") => 17,
            () => self
                .number(Some("protocol"))
                .and_then(|number| u8::try_from(number).ok())
                .unwrap_or(17),
        };
        Ok(FlowPath {
            source,
            destination,
            protocol,
            ports: (port("source-port"), port("destination-port")),
            interface: self.text(Arg::Interface),
        })
    }

    fn addresses(&self) -> impl Iterator<Item = std::net::IpAddr> {
        let address = |part: &Piece<'_>| matches!(part.token, Token::Argument(_, Arg::Address));
        let parts = self.parts.iter().filter(move |part| address(part));
        parts.filter_map(|part| part.text.parse().ok())
    }

    fn command(&self) -> Result<Command, Problem> {
        Ok(match self.id {
            Id::Configure => Command::Configure { terminal: false },
            Id::ConfigureTerminal => Command::Configure { terminal: true },
            Id::Exit => Command::Exit { discard: false },
            Id::ExitDiscard => Command::Exit { discard: true },
            Id::End => Command::End,
            Id::Help => Command::Help,
            Id::ShowConfiguration => Command::ShowConfiguration {
                form: Form::Curly,
                path: self.path(),
            },
            Id::ShowConfigurationCommands => Command::ShowConfiguration {
                form: Form::Commands,
                path: self.path(),
            },
            Id::ShowConfigurationIos => Command::ShowConfiguration {
                form: Form::Ios,
                path: self.path(),
            },
            Id::ShowConfigurationJson => Command::ShowConfiguration {
                form: Form::Json,
                path: self.path(),
            },
            Id::ShowSecrets => Command::ShowSecrets { path: self.path() },
            Id::ShowCommits => Command::ShowCommits,
            Id::ShowCommitDiff => Command::ShowCommitDiff {
                revision: self.number(None).unwrap_or_default(),
            },
            Id::ShowInterfaces => self.show_interfaces(None),
            Id::ShowEthernet => self.show_interfaces(Some(false)),
            Id::ShowLoopback => self.show_interfaces(Some(true)),
            Id::ShowRecord => self.show_flow(Part::Record, Arg::Record),
            Id::ShowMonitor => self.show_flow(Part::Monitor, Arg::Monitor),
            Id::ShowExporter => self.show_flow(Part::Exporter, Arg::Exporter),
            Id::ShowFlowInterface => self.show_flow(Part::Interface, Arg::Interface),
            Id::ShowSampler => self.show_flow(Part::Sampler, Arg::Sampler),
            Id::ShowCache => Command::ShowCache {
                monitor: self.required(Arg::Monitor),
                view: CacheView {
                    filter: take_conditions(&self.words(Arg::Conditions))?.0,
                    aggregate: take_fields(self.after("aggregate"))?.0,
                    collect: take_fields(self.after("collect"))?.0,
                    sort: self.text(Arg::SortField),
                    lowest: self.has("lowest"),
                    top: self
                        .has("top")
                        .then(|| self.number(Some("top")).unwrap_or(TOP)),
                    layout: match () {
                        () if self.has("csv") => Some(Layout::Csv),
                        () if self.has("record") => Some(Layout::Record),
                        () if self.has("table") => Some(Layout::Table),
                        () => None,
                    },
                },
            },
            Id::ShowMonitorStatistics => Command::ShowMonitorStatistics {
                monitor: self.required(Arg::Monitor),
            },
            Id::ShowExporterStatistics => Command::ShowExporterStatistics {
                exporter: self.text(Arg::Exporter),
            },
            Id::ShowExporterTemplates => Command::ShowExporterTemplates {
                exporter: self.text(Arg::Exporter),
            },
            Id::ShowAccounting => Command::ShowAccounting(AccountingView {
                interface: self.text(Arg::Interface),
                host: self
                    .text(Arg::Address)
                    .and_then(|address| address.parse().ok()),
                port: self.text(Arg::Ports),
                top: self.number(Some("top")),
                count: self.number(Some("count")),
            }),
            Id::ShowTopTalkers => Command::ShowAccounting(AccountingView {
                top: Some(TOP_TALKERS),
                ..AccountingView::default()
            }),
            Id::ShowLoss => Command::ShowLoss,
            Id::ShowRoutes => Command::ShowRoutes,
            Id::ShowSamplicator => self.show_relay(RelayPart::Samplicator),
            Id::ShowReceivers => self.show_relay(RelayPart::Receivers),
            Id::ShowSources => self.show_relay(RelayPart::Sources),
            Id::ShowRelayTemplates => self.show_relay(RelayPart::Templates),
            Id::MonitorSamplicator => Command::MonitorSamplicator {
                name: self.required(Arg::Samplicator),
            },
            Id::MonitorAccounting => Command::MonitorAccounting {
                interface: self.text(Arg::Interface),
            },
            Id::ClearSamplicator => Command::ClearSamplicator {
                name: self.required(Arg::Samplicator),
            },
            Id::ReplaySamplicator => Command::ReplaySamplicator {
                name: self.required(Arg::Samplicator),
                receiver: self.text(Arg::Receiver),
            },
            Id::LoadSamplicate => Command::LoadSamplicate {
                file: self.file().unwrap_or_else(|| self.tail(Arg::File)),
            },
            Id::LoadPmacct => Command::LoadPmacct {
                file: self.file().unwrap_or_else(|| self.tail(Arg::File)),
            },
            Id::LoadSoftflowdArgs => Command::LoadSoftflowdArguments(self.quoted_text()),
            Id::LoadSamplicateArgs => Command::LoadSamplicateArguments(self.quoted_text()),
            Id::ShowLog => Command::ShowLog {
                lines: self.number(None).unwrap_or(100),
            },
            Id::ShowVersion => Command::ShowVersion,
            Id::ClearCache => self.clear(Cleared::Cache),
            Id::ClearStatistics => self.clear(Cleared::Statistics),
            Id::ForceExport => self.clear(Cleared::ForceExport),
            Id::ClearExporter | Id::ClearExporters => Command::ClearExporter {
                exporter: self.text(Arg::Exporter),
            },
            Id::ClearAccounting => Command::ClearAccounting,
            Id::TerminalLength => Command::TerminalLength(self.number(None).unwrap_or_default()),
            Id::TerminalWidth => Command::TerminalWidth(self.number(None).unwrap_or_default()),
            Id::TerminalMonitor => Command::TerminalMonitor(true),
            Id::TerminalNoMonitor => Command::TerminalMonitor(false),
            Id::Enable => Command::Enable,
            Id::Write => Command::Write,
            Id::ShowRunningSection => Command::ShowConfiguration {
                form: Form::Ios,
                path: Vec::new(),
            },
            Id::Ping => Command::Ping(self.ping()?),
            Id::TestFlowPath => Command::TestFlowPath(self.flow_path()?),
            Id::Set => Command::Set(self.tail(Arg::Statement)),
            Id::Delete => Command::Delete(self.tail(Arg::Statement)),
            Id::Comment => Command::Comment(self.tail(Arg::Statement)),
            Id::Edit => Command::Edit(self.tail(Arg::Statement)),
            Id::Up => Command::Up,
            Id::Top => Command::Top,
            Id::Show => Command::Show { path: self.path() },
            Id::Compare => {
                let mut versions = self.parts.iter().filter_map(|part| match part.token {
                    Token::Argument(_, Arg::Revision) => {
                        part.text.parse().ok().map(Version::Revision)
                    }
                    Token::Keyword("running") => Some(Version::Running),
                    Token::Keyword("saved") => Some(Version::Saved),
                    _ => None,
                });
                Command::Compare {
                    from: versions.next(),
                    to: versions.next(),
                    commands: self.has("commands"),
                }
            }
            Id::CommitAt => Command::CommitAt {
                time: self.required(Arg::Time),
                comment: self.comment(),
            },
            Id::Status => Command::Status,
            Id::ShowScheduled => Command::ShowScheduled,
            Id::ClearScheduled => Command::ClearScheduled,
            Id::ConfigureExclusive => Command::ConfigureExclusive,
            Id::Commit => Command::Commit {
                comment: self.comment(),
            },
            Id::CommitCheck => Command::CommitCheck,
            Id::CommitConfirm => Command::CommitConfirm {
                minutes: self.number(None).unwrap_or(10),
                comment: self.comment(),
            },
            Id::Confirm => Command::Confirm,
            Id::Discard => Command::Discard,
            Id::Rollback => Command::Rollback {
                revision: self.number(None).unwrap_or_default(),
            },
            Id::Save => Command::Save { file: self.file() },
            Id::LoadFile | Id::LoadTerminal => self.load(LoadMode::Override),
            Id::MergeFile | Id::MergeTerminal => self.load(LoadMode::Merge),
            Id::Copy | Id::Rename => Command::Copy {
                from: self.words(Arg::From),
                to: self.words(Arg::Path),
                rename: self.id == Id::Rename,
            },
            Id::Run => {
                let words = self.words(Arg::Operational);
                Command::Run(Box::new(line(self.line, &words, Mode::Operational)?))
            }
            Id::Option | Id::Statement | Id::Opens(_) => Command::Statement(Tail {
                text: self.line.into(),
                start: 0,
            }),
        })
    }

    fn clear(&self, what: Cleared) -> Command {
        Command::ClearMonitor {
            monitor: self.required(Arg::Monitor),
            what,
        }
    }
}
