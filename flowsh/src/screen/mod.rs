//! The API's JSON as text, in the layouts engineers know: VyOS's for flow-accounting and commits, Cisco's
//! for Flexible NetFlow. Pure; a member that is missing shows as `-`.

mod accounting;
mod cache;
mod change;
mod exporter;
mod flow;
mod loss;
mod path;
mod routes;
mod samplicator;
mod statistics;
mod system;
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
pub(crate) use loss::loss;
pub(crate) use path::path;
pub(crate) use routes::routes;
pub(crate) use samplicator::{
    samplicator_frame, samplicator_receivers, samplicator_sources, samplicator_templates,
    samplicators,
};
pub(crate) use system::{commits, interfaces, log, startup, version};
pub(crate) use top::{Moved, TopFrame, TopOrder, top};

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// What a screen depends on beside the answer.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Zone that times are shown in.
    pub(crate) zone: TimeZone,
    /// Columns of the terminal; `None` when it is not one.
    pub(crate) columns: Option<usize>,
}

/// A text that grows line by line.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref().trim_end());
        self.0.push('\n');
    }

    /// `indent` spaces, the label, and the value from column `at` (from 0) on; one space at least.
    fn pair(&mut self, indent: usize, label: &str, at: usize, value: impl AsRef<str>) {
        let width = at.saturating_sub(indent + 1);
        self.line(format!("{:indent$}{label:width$} {}", "", value.as_ref()));
    }
}

/// The array at `key`; empty when there is none.
fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

/// A value as it is; `-` for null.
fn plain(json: &Json) -> String {
    match json {
        Json::Null => "-".into(),
        Json::String(text) if text.is_empty() => "-".into(),
        Json::String(text) => printable(text),
        other => other.to_string(),
    }
}

/// Without control characters: names and log lines of others must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Whether the member has something to show.
fn some<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    Some(&json[key]).filter(|value| !matches!(value, Json::Null) && value.as_str() != Some(""))
}

/// A number with commas between the thousands; `-` when it is none.
fn thousands(json: &Json) -> String {
    let Some(number) = json.as_u64() else {
        return plain(json);
    };
    grouped(number)
}

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

/// A time as the API has it (seconds since 1970, or RFC 3339) in a format of `strftime`.
fn time(json: &Json, zone: &TimeZone, format: &str) -> String {
    let timestamp = match json {
        Json::Number(number) => number.as_f64().and_then(|seconds| {
            let millis = (seconds * 1000.0).round();
            (millis.abs() < 1e15)
                .then_some(millis as i64)
                .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        }),
        Json::String(text) => text.parse::<Timestamp>().ok(),
        _ => None,
    };
    match timestamp {
        Some(timestamp) => timestamp
            .to_zoned(zone.clone())
            .strftime(format)
            .to_string(),
        None => plain(json),
    }
}

/// Milliseconds since 1970 as a time of day.
fn clock(json: &Json, zone: &TimeZone) -> String {
    time_of_day(json, 1_000_000, zone, "%H:%M:%S.%3f")
}

/// A time since 1970, in units of so many nanoseconds, as a time of day.
fn time_of_day(json: &Json, unit_ns: i128, zone: &TimeZone, format: &str) -> String {
    let timestamp = json
        .as_i64()
        .and_then(|units| Timestamp::from_nanosecond(i128::from(units) * unit_ns).ok());
    match timestamp {
        Some(timestamp) => timestamp
            .to_zoned(zone.clone())
            .strftime(format)
            .to_string(),
        None => plain(json),
    }
}

/// An IP protocol number's usual name, as `/etc/protocols` has it; the number when it has none.
fn protocol(json: &Json) -> String {
    let number = json.as_u64();
    let named = registry::names::PROTOCOLS
        .iter()
        .find(|(_, protocol)| Some(u64::from(*protocol)) == number);
    named.map_or_else(|| plain(json), |(name, _)| (*name).to_owned())
}

/// A field's value by the API's `kind` of it.
fn value(flow: &Json, name: &str, kind: &str, zone: &TimeZone) -> String {
    let json = &flow[name];
    match kind {
        "hex" => json
            .as_u64()
            .map_or_else(|| plain(json), |number| format!("0x{number:02X}")),
        "interface" => match (some(flow, &format!("{name}Name")), json.as_u64()) {
            (Some(interface), _) => plain(interface),
            (None, Some(0)) => "Null".into(),
            _ => plain(json),
        },
        "direction" => match json.as_u64() {
            Some(0) => "Input".into(),
            Some(1) => "Output".into(),
            _ => plain(json),
        },
        "millis" | "uptime" => clock(json, zone),
        "micros" => time_of_day(json, 1_000, zone, "%H:%M:%S.%6f"),
        "nanos" => time_of_day(json, 1, zone, "%H:%M:%S.%9f"),
        "end-reason" => match json.as_u64() {
            Some(0) => "-".into(),
            Some(1) => "inactive".into(),
            Some(2) => "active".into(),
            Some(3) => "end of flow".into(),
            Some(4) => "forced".into(),
            Some(5) => "lack of room".into(),
            _ => plain(json),
        },
        _ => plain(json),
    }
}

/// One column of a table made by [`table`].
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

/// Rows under headings; a column is as wide as its longest cell, `width` at least.
fn table(
    page: &mut Page,
    columns: Vec<Column>,
    gap: usize,
    rule: Option<char>,
    rows: &[Vec<String>],
) {
    let grid = Grid::new(columns, gap, rows);
    grid.head(page, rule);
    grid.rows(page, rows);
}

/// The columns of a table whose rows come in parts: those of the first say how wide it is.
struct Grid {
    columns: Vec<Column>,
    gap: usize,
}

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
        Grid { columns, gap }
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
            page.line(self.row(row.iter().map(String::as_str)));
        }
    }

    fn row<'a>(&self, cells: impl Iterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for (i, (cell, column)) in cells.zip(&self.columns).enumerate() {
            let between = if i == 0 { 0 } else { self.gap };
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
