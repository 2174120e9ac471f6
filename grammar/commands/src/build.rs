//! Functions of rows: each makes a command of a line that matched.

use api::Nothing;
use api::flow::TopMeasure;
use api::host::LogQuery;
use api::query::{FieldsQuery, InterfacesQuery, TopQuery};
use api::routes::{self, Get};
use language::{Code, Problem};
use serde::Serialize;

use super::argument::{Arg, Token};
use super::command::Command;
use super::conditions::{take_conditions, take_fields};
use super::matched::Matched;
use super::parameters::{
    AccountingView, Ask, CacheView, Cleared, FlowPath, Form, Layout, LoadFrom, LoadMode, Part,
    Ping, RelayPart, Trace, Version,
};
use super::words::{Tail, Word, problem};

/// The result of a row's function.
type Built = Result<Command, Problem>;

/// Makes the command that asks a route, with a query.
fn ask_with<Q: Serialize, A>(route: Get<Q, A>, query: &Q) -> Built {
    ask_view(route, query, "")
}

/// Makes the command that asks a route, with a query, and shows another screen of it.
fn ask_view<Q: Serialize, A>(route: Get<Q, A>, query: &Q, view: &'static str) -> Built {
    Ok(Command::Ask(Ask {
        route: route.name,
        target: route.target(&[], query).into_owned(),
        view,
    }))
}

/// Makes the command that asks a route that takes no query.
pub(crate) fn ask<A>(route: Get<Nothing, A>) -> Built {
    ask_with(route, &Nothing {})
}

/// The number of flows that `top` without a number shows, as on Cisco's.
const TOP: u32 = 20;

/// The number of flows that `show ip flow top-talkers` shows.
const TOP_TALKERS: u32 = 10;

/// The number of lines that `show log` without a number shows.
const LOG_LINES: u32 = 100;

/// The minutes that `commit-confirm` without a number waits.
const CONFIRM_MINUTES: u32 = 10;

pub(crate) fn show_configuration(matched: &Matched<'_>) -> Built {
    configuration_in(Form::Curly, matched)
}

pub(crate) fn show_commands(matched: &Matched<'_>) -> Built {
    configuration_in(Form::Commands, matched)
}

pub(crate) fn show_ios(matched: &Matched<'_>) -> Built {
    configuration_in(Form::Ios, matched)
}

pub(crate) fn show_json(matched: &Matched<'_>) -> Built {
    configuration_in(Form::Json, matched)
}

fn configuration_in(form: Form, matched: &Matched<'_>) -> Built {
    let path = matched.path();
    Ok(Command::ShowConfiguration { form, path })
}

pub(crate) fn show_running_interface(matched: &Matched<'_>) -> Built {
    let name = matched.required(Arg::Interface);
    Ok(Command::ShowRunningInterface {
        form: Form::Ios,
        name,
    })
}

pub(crate) fn show_secrets(matched: &Matched<'_>) -> Built {
    let path = matched.path();
    Ok(Command::ShowSecrets { path })
}

pub(crate) fn show_commit_diff(matched: &Matched<'_>) -> Built {
    let revision = matched.number().unwrap_or_default();
    Ok(Command::ShowCommitDiff { revision })
}

pub(crate) fn show_interfaces(matched: &Matched<'_>) -> Built {
    let loopback = match () {
        () if matched.has("loopback") => Some(true),
        () if matched.has("ethernet") => Some(false),
        () => None,
    };
    let name = matched.optional(Arg::Interface);
    Ok(Command::ShowInterfaces { loopback, name })
}

pub(crate) fn show_interfaces_brief(_: &Matched<'_>) -> Built {
    ask_view(routes::INTERFACES, &InterfacesQuery::default(), "brief")
}

pub(crate) fn show_export_ids(matched: &Matched<'_>) -> Built {
    let enterprise = matched.has("netflow-v9").then_some(false);
    ask_with(routes::FIELDS, &FieldsQuery { enterprise })
}

pub(crate) fn show_record(matched: &Matched<'_>) -> Built {
    show_flow(Part::Record, matched.optional(Arg::Record))
}

pub(crate) fn show_monitor(matched: &Matched<'_>) -> Built {
    show_flow(Part::Monitor, matched.optional(Arg::Monitor))
}

pub(crate) fn show_exporter(matched: &Matched<'_>) -> Built {
    show_flow(Part::Exporter, matched.optional(Arg::Exporter))
}

pub(crate) fn show_flow_interface(matched: &Matched<'_>) -> Built {
    show_flow(Part::Interface, matched.optional(Arg::Interface))
}

pub(crate) fn show_sampler(matched: &Matched<'_>) -> Built {
    show_flow(Part::Sampler, matched.optional(Arg::Sampler))
}

fn show_flow(part: Part, name: Option<String>) -> Built {
    Ok(Command::ShowFlow { part, name })
}

pub(crate) fn show_cache(matched: &Matched<'_>) -> Built {
    // The words of a list were told apart from those that follow it.
    let fields = |keyword| match matched.words_after(keyword) {
        [] => Ok(Vec::new()),
        words => take_fields(words, &[]).map(|(fields, _)| fields),
    };
    let filter = match matched.words(Arg::Conditions) {
        [] => Vec::new(),
        words => take_conditions(words, &[])?.0,
    };
    let top = matched.has("top");
    let view = CacheView {
        filter,
        aggregate: fields("aggregate")?,
        collect: fields("collect")?,
        sort: matched.optional(Arg::SortField),
        lowest: matched.has("lowest"),
        top: top.then(|| matched.number_after("top").unwrap_or(TOP)),
        layout: match () {
            () if matched.has("csv") => Some(Layout::Csv),
            () if matched.has("record") => Some(Layout::Record),
            () if matched.has("table") => Some(Layout::Table),
            () => None,
        },
    };
    let monitor = matched.required(Arg::Monitor);
    Ok(Command::ShowCache { monitor, view })
}

pub(crate) fn show_monitor_statistics(matched: &Matched<'_>) -> Built {
    let monitor = matched.required(Arg::Monitor);
    Ok(Command::ShowMonitorStatistics { monitor })
}

pub(crate) fn show_exporter_statistics(matched: &Matched<'_>) -> Built {
    let exporter = matched.optional(Arg::Exporter);
    Ok(Command::ShowExporterStatistics { exporter })
}

pub(crate) fn show_exporter_templates(matched: &Matched<'_>) -> Built {
    let exporter = matched.optional(Arg::Exporter);
    Ok(Command::ShowExporterTemplates { exporter })
}

pub(crate) fn show_accounting(matched: &Matched<'_>) -> Built {
    Ok(Command::ShowAccounting(AccountingView {
        interface: matched.optional(Arg::Interface),
        host: matched.addresses().next(),
        port: matched.optional(Arg::Ports),
        top: matched.number_after("top"),
        count: matched.number_after("count"),
        unscaled: matched.has("unscaled"),
    }))
}

pub(crate) fn show_top_talkers(_: &Matched<'_>) -> Built {
    Ok(Command::ShowAccounting(AccountingView {
        top: Some(TOP_TALKERS),
        ..AccountingView::default()
    }))
}

pub(crate) fn show_samplicator(matched: &Matched<'_>) -> Built {
    let part = match () {
        () if matched.has("receiver") => RelayPart::Receivers,
        () if matched.has("source") => RelayPart::Sources,
        () if matched.has("templates") => RelayPart::Templates,
        () => RelayPart::Samplicator,
    };
    Ok(Command::ShowSamplicator {
        part,
        name: matched.optional(Arg::Samplicator),
        receiver: matched.optional(Arg::Receiver),
    })
}

pub(crate) fn monitor_samplicator(matched: &Matched<'_>) -> Built {
    let name = matched.required(Arg::Samplicator);
    Ok(Command::MonitorSamplicator { name })
}

pub(crate) fn show_top(matched: &Matched<'_>) -> Built {
    let query = TopQuery {
        by: match () {
            () if matched.has("packets") => Some(TopMeasure::Packets),
            () if matched.has("flows") => Some(TopMeasure::Flows),
            () => None,
        },
        top: matched.number().map(u64::from),
        scaled: Some(!matched.has("unscaled")),
        after: None,
    };
    let monitor = matched.required(Arg::Monitor);
    let route = routes::MONITOR_TOP;
    Ok(Command::Ask(Ask {
        route: route.name,
        target: route.target(&[&monitor], &query).into_owned(),
        view: "",
    }))
}

pub(crate) fn monitor_top(matched: &Matched<'_>) -> Built {
    let monitor = matched.required(Arg::Monitor);
    Ok(Command::MonitorTop { monitor })
}

pub(crate) fn monitor_accounting(matched: &Matched<'_>) -> Built {
    let interface = matched.optional(Arg::Interface);
    Ok(Command::MonitorAccounting { interface })
}

pub(crate) fn clear_samplicator(matched: &Matched<'_>) -> Built {
    let name = matched.required(Arg::Samplicator);
    Ok(Command::ClearSamplicator { name })
}

pub(crate) fn replay_samplicator(matched: &Matched<'_>) -> Built {
    Ok(Command::ReplaySamplicator {
        name: matched.required(Arg::Samplicator),
        receiver: matched.optional(Arg::Receiver),
    })
}

pub(crate) fn show_log(matched: &Matched<'_>) -> Built {
    let lines = matched.number().unwrap_or(LOG_LINES);
    let query = LogQuery {
        lines: Some(lines.into()),
        after: None,
    };
    ask_with(routes::LOG, &query)
}

pub(crate) fn clear_monitor(matched: &Matched<'_>) -> Built {
    let what = match () {
        () if matched.has("force-export") => Cleared::ForceExport,
        () if matched.has("statistics") => Cleared::Statistics,
        () => Cleared::Cache,
    };
    let monitor = matched.required(Arg::Monitor);
    Ok(Command::ClearMonitor { monitor, what })
}

pub(crate) fn replay_exporter(matched: &Matched<'_>) -> Built {
    let exporter = matched.required(Arg::Exporter);
    Ok(Command::ReplayExporter { exporter })
}

pub(crate) fn clear_exporter(matched: &Matched<'_>) -> Built {
    let exporter = matched.optional(Arg::Exporter);
    Ok(Command::ClearExporter { exporter })
}

pub(crate) fn terminal_length(matched: &Matched<'_>) -> Built {
    Ok(Command::TerminalLength(
        matched.number().unwrap_or_default(),
    ))
}

pub(crate) fn terminal_width(matched: &Matched<'_>) -> Built {
    Ok(Command::TerminalWidth(matched.number().unwrap_or_default()))
}

/// Returns the host that a program of the system is started with.
fn host(matched: &Matched<'_>) -> Result<Tail, Problem> {
    let host = matched.placed(Arg::Word).unwrap_or_default();
    // The program would take it for an option.
    if host.text.starts_with('-') || host.text.is_empty() {
        let message = format!("\"{}\" is neither a name nor an address", host.text);
        let length = host.text.chars().count();
        return Err(problem(
            Code::InvalidValue,
            host.start,
            length,
            message,
            None,
        ));
    }
    Ok(host)
}

pub(crate) fn traceroute(matched: &Matched<'_>) -> Built {
    Ok(Command::Traceroute(Trace {
        host: host(matched)?,
        interface: matched.optional(Arg::Interface),
        source: matched.addresses().next(),
    }))
}

pub(crate) fn ping(matched: &Matched<'_>) -> Built {
    Ok(Command::Ping(Ping {
        host: host(matched)?,
        count: matched.number_after("count"),
        size: matched.number_after("size"),
        interface: matched.optional(Arg::Interface),
        source: matched.addresses().next(),
    }))
}

pub(crate) fn test_flow_path(matched: &Matched<'_>) -> Built {
    let mut addresses = matched.addresses();
    let (Some(source), Some(destination)) = (addresses.next(), addresses.next()) else {
        let message = "two addresses are expected";
        return Err(problem(Code::MissingValue, 0, 1, message, None));
    };
    if source.is_ipv4() != destination.is_ipv4() {
        let mut words = matched.parts.iter().rev().flat_map(|part| part.words);
        let word = words.find(|word| word.text.parse() == Ok(destination));
        let (start, length) = word.map_or((0, 1), |word| (word.start, word.len));
        let message = "both addresses must be of one family";
        return Err(problem(Code::InvalidValue, start, length, message, None));
    }
    let port = |keyword| {
        let number = matched.number_after(keyword);
        let port = number.and_then(|number| u16::try_from(number).ok());
        port.unwrap_or_default()
    };
    const UDP: u8 = 17;
    let protocol = match () {
        () if matched.has("tcp") => 6,
        () if matched.has("icmp") && source.is_ipv6() => 58,
        () if matched.has("icmp") => 1,
        () if matched.has("udp") => UDP,
        () => matched
            .number_after("protocol")
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or(UDP),
    };
    Ok(Command::TestFlowPath(FlowPath {
        source,
        destination,
        protocol,
        ports: (port("source-port"), port("destination-port")),
        interface: matched.optional(Arg::Interface),
    }))
}

pub(crate) fn set(matched: &Matched<'_>) -> Built {
    Ok(Command::Set(matched.tail(Arg::Statement)))
}

pub(crate) fn delete(matched: &Matched<'_>) -> Built {
    Ok(Command::Delete(matched.tail(Arg::Statement)))
}

pub(crate) fn comment(matched: &Matched<'_>) -> Built {
    Ok(Command::Comment(matched.tail(Arg::Statement)))
}

pub(crate) fn edit(matched: &Matched<'_>) -> Built {
    Ok(Command::Edit(matched.tail(Arg::Statement)))
}

pub(crate) fn show(matched: &Matched<'_>) -> Built {
    let path = matched.path();
    Ok(Command::Show { path, form: None })
}

pub(crate) fn compare(matched: &Matched<'_>) -> Built {
    let mut versions = matched.parts.iter().filter_map(|part| match part.token {
        Token::Argument(_, Arg::Revision) => part.text.parse().ok().map(Version::Revision),
        Token::Keyword("running") => Some(Version::Running),
        Token::Keyword("saved") => Some(Version::Saved),
        _ => None,
    });
    Ok(Command::Compare {
        from: versions.next(),
        to: versions.next(),
        commands: matched.has("commands"),
    })
}

pub(crate) fn commit(matched: &Matched<'_>) -> Built {
    let comment = matched.comment();
    Ok(Command::Commit { comment })
}

pub(crate) fn commit_and_quit(matched: &Matched<'_>) -> Built {
    let comment = matched.comment();
    Ok(Command::CommitAndQuit { comment })
}

pub(crate) fn commit_at(matched: &Matched<'_>) -> Built {
    Ok(Command::CommitAt {
        time: matched.required(Arg::Time),
        comment: matched.comment(),
    })
}

pub(crate) fn commit_confirm(matched: &Matched<'_>) -> Built {
    Ok(Command::CommitConfirm {
        minutes: matched.number().unwrap_or(CONFIRM_MINUTES),
        comment: matched.comment(),
    })
}

pub(crate) fn rollback(matched: &Matched<'_>) -> Built {
    let revision = matched.number().unwrap_or_default();
    Ok(Command::Rollback { revision })
}

pub(crate) fn save(matched: &Matched<'_>) -> Built {
    let file = matched.placed(Arg::File);
    Ok(Command::Save { file })
}

pub(crate) fn load(matched: &Matched<'_>) -> Built {
    let mode = match () {
        () if matched.has("merge") => LoadMode::Merge,
        () if matched.has("replace") => LoadMode::Replace,
        () if matched.has("set") => LoadMode::Set,
        () => LoadMode::Override,
    };
    let file = matched.placed(Arg::File);
    let from = file.map_or(LoadFrom::Terminal, LoadFrom::File);
    Ok(Command::Load { mode, from })
}

pub(crate) fn load_flow(matched: &Matched<'_>) -> Built {
    let file = matched.placed(Arg::File);
    Ok(Command::LoadFlow {
        merge: matched.has("merge"),
        from: file.map_or(LoadFrom::Terminal, LoadFrom::File),
        host: matched.has("with"),
        detail: matched.has("detail"),
    })
}

pub(crate) fn load_samplicate(matched: &Matched<'_>) -> Built {
    let file = required_file(matched);
    Ok(Command::LoadSamplicate { file })
}

pub(crate) fn load_samplicate_arguments(matched: &Matched<'_>) -> Built {
    Ok(Command::LoadSamplicateArguments(matched.text()))
}

pub(crate) fn load_softflowd(matched: &Matched<'_>) -> Built {
    let file = required_file(matched);
    Ok(Command::LoadSoftflowd { file })
}

pub(crate) fn load_softflowd_arguments(matched: &Matched<'_>) -> Built {
    Ok(Command::LoadSoftflowdArguments(matched.text()))
}

pub(crate) fn load_pmacct(matched: &Matched<'_>) -> Built {
    let file = required_file(matched);
    Ok(Command::LoadPmacct { file })
}

fn required_file(matched: &Matched<'_>) -> Tail {
    matched.placed(Arg::File).unwrap_or_default()
}

pub(crate) fn copy(matched: &Matched<'_>) -> Built {
    copy_or_rename(matched, false)
}

pub(crate) fn rename(matched: &Matched<'_>) -> Built {
    copy_or_rename(matched, true)
}

fn copy_or_rename(matched: &Matched<'_>, rename: bool) -> Built {
    let words = |argument| -> Vec<Word> { matched.words(argument).to_vec() };
    Ok(Command::Copy {
        from: words(Arg::From),
        to: words(Arg::Path),
        rename,
    })
}
