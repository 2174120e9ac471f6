//! The API's answers as text, in the layouts that engineers know: VyOS's for flow-accounting and commits, Cisco's for
//! Flexible NetFlow. A value that an answer does not have shows as `-`.

mod accounting;
mod cache;
mod change;
mod exporter;
mod flow;
mod host;
mod interfaces;
mod loss;
mod metrics;
mod path;
mod route;
mod samplicator;
mod statistics;
mod system;
mod talkers;
#[cfg(test)]
mod tests;
mod top;

pub(crate) use accounting::accounting;
#[cfg(test)]
use cache::cache;
pub(crate) use cache::{Pages, monitor_statistics};
pub(crate) use change::{impact, others, rebuilt, scheduled, status, when};
pub(crate) use exporter::{exporter_statistics, exporter_templates, exporters};
pub(crate) use flow::{flow_interfaces, monitors, records, samplers};
pub(crate) use interfaces::{counters, interface, interfaces, rates};
pub(crate) use path::path;
pub(crate) use samplicator::{
    samplicator_frame, samplicator_receivers, samplicator_sources, samplicator_templates,
    samplicators,
};
pub(crate) use system::{log, rolled_back, startup, version};
pub(crate) use talkers::talkers;
pub(crate) use top::top;

use std::fmt::Write as _;

use api::Time;
use api::flow::{Field, FieldKind, Flow, FlowValue};
use api::routes::{self, Get};
use commands::Ask;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

use crate::client::Error;
use crate::json::JsonText;

/// The screens of commands that only show what a route answers.
fn screens() -> Vec<Screen> {
    vec![
        Screen::new(routes::ALARMS, system::alarms),
        Screen::new(routes::CLOCK, host::clock),
        Screen::new(routes::FIELDS, host::export_ids),
        Screen::new(routes::INTERFACES, |answer, _| {
            host::interfaces_brief(answer)
        })
        .view("brief"),
        Screen::new(routes::LOG, log),
        Screen::new(routes::LOSS, |answer, _| loss::loss(answer)),
        Screen::new(routes::METRICS, |answer, _| metrics::metrics(answer)),
        Screen::new(routes::MONITOR_TOP, |answer, view| {
            talkers(answer, false, view)
        }),
        Screen::new(routes::MEMORY, host::memory),
        Screen::new(routes::PROCESSES, host::processes),
        Screen::new(routes::REVISIONS, system::commits),
        Screen::new(routes::ROUTES, |answer, _| route::routes(answer)),
        Screen::new(routes::USERS, host::users),
    ]
}

/// Makes a text of an answer.
type Show = dyn Fn(&JsonText, &View) -> Result<String, Error>;

/// A screen, by the route whose answers it shows.
struct Screen {
    route: &'static str,
    /// The name that a row has for the screen; empty for the route's first one.
    view: &'static str,
    text: Box<Show>,
}

impl Screen {
    fn new<Q, A: DeserializeOwned>(
        route: Get<Q, A>,
        show: impl Fn(&A, &View) -> String + 'static,
    ) -> Screen {
        let text = move |answer: &JsonText, view: &View| {
            let answer = serde_json::from_str(answer.line())
                .map_err(|error| Error::Answer(error.to_string()))?;
            Ok(show(&answer, view))
        };
        Screen {
            route: route.name,
            view: "",
            text: Box::new(text),
        }
    }

    /// Names another screen of the same route.
    fn view(self, view: &'static str) -> Screen {
        Screen { view, ..self }
    }
}

/// Returns the text of what a route answered: its screen, or the JSON of a route that has none.
///
/// # Errors
/// When the answer is not what this shell takes the route's answers for.
pub(crate) fn of(ask: &Ask, answer: &JsonText, view: &View) -> Result<String, Error> {
    let is_it = |screen: &Screen| (screen.route, screen.view) == (ask.route, ask.view);
    match screens().into_iter().find(is_it) {
        Some(screen) => (screen.text)(answer, view),
        None => Ok(answer.pretty() + "\n"),
    }
}

/// The number of columns that every screen fits into.
const WIDTH: usize = 80;

/// What the text of an answer depends on beside the answer.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The time zone that times are shown in.
    pub(crate) zone: TimeZone,
    /// The number of columns of the terminal; `None` where the output is no terminal.
    pub(crate) columns: Option<usize>,
}

/// The columns of a line of a ledger, without its indentation.
const LEDGER: usize = 77;

/// A text that grows line by line.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref().trim_end());
        self.0.push('\n');
    }

    /// Adds a line of a ledger. Its numbers end in the same column, and take room of the label where they are large.
    fn entry(&mut self, label: &str, numbers: &str) {
        let width = LEDGER.saturating_sub(numbers.chars().count());
        self.line(format!("  {label:<width$}{numbers}"));
    }

    /// Adds a line with `indent` spaces, the label, and the value from column `at` (from 0) on, one space at least
    /// between them.
    fn pair(&mut self, indent: usize, label: &str, at: usize, value: impl AsRef<str>) {
        let width = at.saturating_sub(indent + 1);
        self.line(format!("{:indent$}{label:width$} {}", "", value.as_ref()));
    }
}

/// Writes a text without control characters; `-` where it is empty.
fn plain(text: &str) -> String {
    match text.is_empty() {
        true => "-".into(),
        false => printable(text),
    }
}

/// Writes a value; `-` where it is missing.
fn given(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".into(), |value| plain(&value.to_string()))
}

/// Writes a value of a flow; `-` where the flow has none.
fn shown(value: Option<&FlowValue>) -> String {
    given(value)
}

/// Returns the flow's value of that name, if it has one.
fn known<'a>(flow: &'a Flow, name: &str) -> Option<&'a FlowValue> {
    flow.get(name).filter(|value| match value {
        FlowValue::Number(_) => true,
        FlowValue::Text(text) => !text.is_empty(),
        FlowValue::Null => false,
    })
}

/// Replaces control characters: names and lines of the log must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Says that numbers are those of a sampler, and whether they were multiplied by its rate; `None` without a sampler.
fn sampled(rate: Option<u32>, scaled: bool) -> Option<String> {
    let Some(rate) = rate else {
        let line = "Sampled at different rates: packets and bytes are those of sampled packets.";
        return Some(line.to_owned());
    };
    Some(match (rate, scaled) {
        (1, _) => return None,
        (rate, true) => {
            format!("Sampled 1 in {rate}; rates are estimates (`unscaled` shows what was counted).")
        }
        (rate, false) => {
            format!("Sampled 1 in {rate}: packets and bytes are those of sampled packets.")
        }
    })
}

/// Writes a number with commas between the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `HH:MM:SS`, with days before when there are any.
fn span(seconds: u64) -> String {
    let (days, hours, minutes, seconds) = (
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    );
    match days {
        0 => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        1 => format!("1 day, {hours:02}:{minutes:02}:{seconds:02}"),
        _ => format!("{days} days, {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// Writes a moment in a format of `strftime`.
fn time(moment: &Time, zone: &TimeZone, format: &str) -> String {
    match moment.as_str().parse::<Timestamp>() {
        Ok(timestamp) => zoned(timestamp, zone, format),
        Err(_) => plain(moment.as_str()),
    }
}

fn zoned(timestamp: Timestamp, zone: &TimeZone, format: &str) -> String {
    let zoned = timestamp.to_zoned(zone.clone());
    zoned.strftime(format).to_string()
}

/// Writes a time since 1970, in units of so many nanoseconds, as a time of day.
fn time_of_day(value: Option<&FlowValue>, unit_ns: i128, zone: &TimeZone, format: &str) -> String {
    let units = value.and_then(FlowValue::number);
    let timestamp =
        units.and_then(|units| Timestamp::from_nanosecond(i128::from(units) * unit_ns).ok());
    timestamp.map_or_else(|| shown(value), |timestamp| zoned(timestamp, zone, format))
}

/// Returns the usual name of an IP protocol, as `/etc/protocols` has it; the number where it has none.
fn protocol_name(number: u64) -> String {
    let mut protocols = registry::names::PROTOCOLS.iter();
    let named = protocols.find(|(_, protocol)| u64::from(*protocol) == number);
    named.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// Writes a flow's IP protocol.
fn protocol(value: Option<&FlowValue>) -> String {
    let number = value.and_then(FlowValue::number);
    number.map_or_else(|| shown(value), protocol_name)
}

/// Writes the value that a flow has of a field.
fn value(flow: &Flow, field: &Field, zone: &TimeZone) -> String {
    let value = flow.get(&field.name);
    let number = value.and_then(FlowValue::number);
    match (field.kind, number) {
        (FieldKind::Hex, Some(number)) => format!("0x{number:02X}"),
        (FieldKind::Interface, _) => match (known(flow, &format!("{}Name", field.name)), number) {
            (Some(interface), _) => shown(Some(interface)),
            (None, Some(0)) => "Null".into(),
            (None, _) => shown(value),
        },
        (FieldKind::Direction, Some(0)) => "Input".into(),
        (FieldKind::Direction, Some(1)) => "Output".into(),
        (FieldKind::Millis, _) => time_of_day(value, 1_000_000, zone, "%H:%M:%S.%3f"),
        (FieldKind::Micros, _) => time_of_day(value, 1_000, zone, "%H:%M:%S.%6f"),
        (FieldKind::Nanos, _) => time_of_day(value, 1, zone, "%H:%M:%S.%9f"),
        (FieldKind::EndReason, Some(0)) => "-".into(),
        (FieldKind::EndReason, Some(1)) => "inactive".into(),
        (FieldKind::EndReason, Some(2)) => "active".into(),
        (FieldKind::EndReason, Some(3)) => "end of flow".into(),
        (FieldKind::EndReason, Some(4)) => "forced".into(),
        (FieldKind::EndReason, Some(5)) => "lack of room".into(),
        _ => shown(value),
    }
}

/// A column of a table that [`table`] writes.
struct Column {
    heading: String,
    width: usize,
    right: bool,
}

impl Column {
    fn left(heading: impl Into<String>, width: usize) -> Column {
        Column {
            heading: heading.into(),
            width,
            right: false,
        }
    }

    fn right(heading: impl Into<String>, width: usize) -> Column {
        Column {
            heading: heading.into(),
            width,
            right: true,
        }
    }
}

/// Writes rows under headings. A column is as wide as its longest cell, `width` at least. Where the columns do not fit the
/// terminal, those that do not go to a second line.
fn table(
    page: &mut Page,
    columns: Vec<Column>,
    gap: usize,
    rule: Option<char>,
    rows: &[Vec<String>],
    view: &View,
) {
    let mut grid = Grid::new(columns, gap, rows);
    grid.fold(view.columns);
    grid.head(page, rule);
    grid.rows(page, rows);
}

/// The columns of a table whose rows come in parts. The rows of the first part decide how wide they are.
struct Grid {
    columns: Vec<Column>,
    gap: usize,
    /// The columns that begin a line of their own.
    breaks: Vec<usize>,
}

/// The columns by which the further lines of a row are indented.
const FOLDED: usize = 4;

impl Grid {
    fn new(mut columns: Vec<Column>, gap: usize, rows: &[Vec<String>]) -> Grid {
        for (i, column) in columns.iter_mut().enumerate() {
            let longest = rows
                .iter()
                .filter_map(|row| row.get(i))
                .map(|cell| cell.chars().count())
                .max();
            column.width = column
                .width
                .max(column.heading.chars().count())
                .max(longest.unwrap_or(0));
        }
        Grid {
            columns,
            gap,
            breaks: Vec::new(),
        }
    }

    /// Lets columns that do not fit begin a new line.
    fn fold(&mut self, terminal: Option<usize>) {
        let Some(terminal) = terminal else {
            return;
        };
        let mut width = 0;
        for (i, column) in self.columns.iter().enumerate() {
            let gap = if i == 0 { 0 } else { self.gap };
            width += gap + column.width;
            if i > 0 && width > terminal {
                self.breaks.push(i);
                width = FOLDED + column.width;
            }
        }
    }

    fn head(&self, page: &mut Page, rule: Option<char>) {
        let headings = self.columns.iter().map(|column| column.heading.as_str());
        page.line(self.row(headings));
        if let Some(rule) = rule {
            let rules: Vec<String> = self
                .columns
                .iter()
                .map(|column| rule.to_string().repeat(column.width))
                .collect();
            page.line(self.row(rules.iter().map(String::as_str)));
        }
    }

    fn rows(&self, page: &mut Page, rows: &[Vec<String>]) {
        for row in rows {
            let line = self.row(row.iter().map(String::as_str));
            // A row of few cells has nothing on its further lines.
            let lines = line.lines().filter(|line| !line.trim().is_empty());
            lines.for_each(|line| page.line(line));
        }
    }

    fn row<'a>(&self, cells: impl Iterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for (i, (cell, column)) in cells.zip(&self.columns).enumerate() {
            let folded = self.breaks.contains(&i);
            if folded {
                line.truncate(line.trim_end().len());
                line.push('\n');
            }
            let between = match i {
                0 => 0,
                _ if folded => FOLDED,
                _ => self.gap,
            };
            let width = column.width;
            // Writing to a string cannot fail.
            let _ = match column.right {
                true => write!(line, "{:between$}{cell:>width$}", ""),
                false => write!(line, "{:between$}{cell:<width$}", ""),
            };
        }
        line
    }
}
