//! `show flow monitor NAME cache` and `statistics`, Cisco's layout.

use commands::{CacheView, Layout};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::statistics::packet_statistics;
use super::{Column, Grid, Page, View, list, plain, some, value};

/// Column (from 1) that the numbers of the statistics end in.
const NUMBERS_END: usize = 50;

/// The block of counters.
pub(crate) fn monitor_statistics(answer: &Json) -> String {
    let mut page = Page::default();
    statistics(&mut page, &answer["cache"]);
    packet_statistics(&mut page, &answer["cache"]["statistics"]);
    page.0
}

fn statistics(page: &mut Page, cache: &Json) {
    let mut line = |label: &str, value: &Json| {
        let value = match value {
            Json::String(word) => capitalised(word),
            other => plain(other),
        };
        let width = NUMBERS_END.saturating_sub(label.chars().count());
        page.line(format!("{label}{value:>width$}"));
    };
    line("  Cache type:", &cache["type"]);
    line("  Cache size:", &cache["size"]);
    line("  Current entries:", &cache["entries"]);
    line("  High Watermark:", &cache["high_watermark"]);
    page.line("");
    let mut line = |label: &str, value: &Json| {
        let width = NUMBERS_END.saturating_sub(label.chars().count());
        page.line(format!("{label}{:>width$}", plain(value)));
    };
    line("  Flows added:", &cache["added"]);
    if cache["type"] == "permanent" {
        let label = format!(
            "  Updates sent            ({:>6} secs)",
            plain(&cache["update_timeout"])
        );
        line(&label, &cache["updates"]);
    }
    let aged = cache["aged"].as_object();
    let total = match &cache["aged_total"] {
        Json::Null => aged
            .map(|aged| aged.values().filter_map(Json::as_u64).sum::<u64>().into())
            .unwrap_or_default(),
        total => total.clone(),
    };
    line("  Flows aged:", &total);
    for (reason, flows) in aged.into_iter().flatten() {
        // IOS has no line for these; they are shown when there are any.
        let own = reason == "forced" || !KNOWN.contains(&reason.as_str());
        if own && flows.as_u64() == Some(0) {
            continue;
        }
        let label = match reason.as_str() {
            "active" => format!(
                "    - Active timeout      ({:>6} secs)",
                plain(&cache["active_timeout"])
            ),
            "inactive" => format!(
                "    - Inactive timeout    ({:>6} secs)",
                plain(&cache["inactive_timeout"])
            ),
            other => format!("    - {} aged", capitalised(other)),
        };
        line(&label, flows);
    }
}

const KNOWN: &[&str] = &[
    "active",
    "inactive",
    "event",
    "watermark",
    "emergency",
    "forced",
];

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

struct Field {
    name: String,
    kind: String,
    column: String,
    label: String,
    width: usize,
}

/// Keys are shown in capitals, what is collected in small letters.
fn fields(answer: &Json) -> Vec<Field> {
    let cased = |text: &Json, key: bool| match key {
        true => plain(text).to_uppercase(),
        false => plain(text).to_lowercase(),
    };
    let word = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    list(answer, "fields")
        .iter()
        .map(|field| {
            let key = field["key"].as_bool().unwrap_or_default();
            Field {
                name: word(&field["name"]),
                kind: word(&field["kind"]),
                column: cased(&field["column"], key),
                label: cased(&field["label"], key),
                width: field["width"]
                    .as_u64()
                    .and_then(|width| usize::try_from(width).ok())
                    .unwrap_or_default()
                    .min(80),
            }
        })
        .collect()
}

/// The flows of a cache in one answer.
#[cfg(test)]
pub(super) fn cache(answer: &Json, asked: &CacheView, view: &View) -> String {
    Pages::new(answer, asked, view).first(answer)
}

/// The flows of a cache, whose answers come in parts.
pub(crate) struct Pages {
    fields: Vec<Field>,
    layout: Layout,
    zone: TimeZone,
    /// The table, once its columns are known.
    grid: Option<Grid>,
    asked: bool,
    top: bool,
}

impl Pages {
    /// As the first answer says.
    pub(crate) fn new(answer: &Json, asked: &CacheView, view: &View) -> Pages {
        let fields = fields(answer);
        let wide = fields
            .iter()
            .map(|field| field.width.max(field.column.len()) + 2)
            .sum::<usize>()
            .saturating_sub(2);
        Pages {
            layout: asked.layout.unwrap_or(match view.columns {
                Some(columns) if wide > columns => Layout::Record,
                _ => Layout::Table,
            }),
            fields,
            zone: view.zone.clone(),
            grid: None,
            asked: *asked
                != CacheView {
                    layout: asked.layout,
                    ..CacheView::default()
                },
            top: asked.top.is_some(),
        }
    }

    /// The first answer: what was done with how many flows, the headings, and its flows.
    pub(crate) fn first(&mut self, answer: &Json) -> String {
        let mut page = Page::default();
        let flows = list(answer, "flows");
        if self.layout == Layout::Csv {
            let headings: Vec<&str> = self
                .fields
                .iter()
                .map(|field| field.column.as_str())
                .collect();
            page.line(headings.join(","));
            return page.0 + &self.more(flows);
        }
        match self.asked {
            true => self.counts(&mut page, answer),
            false => statistics(&mut page, &answer["cache"]),
        }
        page.line("");
        if flows.is_empty() {
            page.line("There are no cache entries to display.");
            return page.0;
        }
        page.0 + &self.more(flows)
    }

    fn counts(&self, page: &mut Page, answer: &Json) {
        page.line(format!("Processed {} flows", plain(&answer["total"])));
        if let Some(matched) = some(answer, "matched") {
            page.line(format!("Matched {} flows", plain(matched)));
        }
        let Some(aggregated) = some(answer, "aggregated") else {
            return;
        };
        page.line(format!("Aggregated to {} flows", plain(aggregated)));
        if self.top || aggregated != &answer["shown"] {
            page.line(format!("Showing the top {} flows", plain(&answer["shown"])));
        }
    }

    /// Further flows.
    pub(crate) fn more(&mut self, flows: &[Json]) -> String {
        let mut page = Page::default();
        let cell = |flow: &Json, field: &Field| value(flow, &field.name, &field.kind, &self.zone);
        match self.layout {
            Layout::Csv => {
                for flow in flows {
                    let cells: Vec<String> = self
                        .fields
                        .iter()
                        .map(|field| quoted(&cell(flow, field)))
                        .collect();
                    page.line(cells.join(","));
                }
            }
            Layout::Record => {
                let labels = self.fields.iter().map(|field| field.label.chars().count());
                let at = labels.max().unwrap_or(0) + 3;
                for flow in flows {
                    // A record of both families has the addresses of one.
                    let other_family = |field: &&Field| {
                        matches!(field.kind.as_str(), "ipv4" | "ipv6")
                            && flow[&field.name].is_null()
                    };
                    for field in self.fields.iter().filter(|field| !other_family(field)) {
                        let label = format!("{}:", field.label);
                        page.line(format!("{label:at$}{}", cell(flow, field)));
                    }
                    page.line("");
                }
            }
            Layout::Table => {
                let row = |flow| self.fields.iter().map(|field| cell(flow, field)).collect();
                let rows: Vec<Vec<String>> = flows.iter().map(row).collect();
                let grid = match &self.grid {
                    Some(grid) => grid,
                    None => {
                        let grid = Grid::new(self.columns(), 2, &rows);
                        grid.head(&mut page, Some('='));
                        self.grid.insert(grid)
                    }
                };
                grid.rows(&mut page, &rows);
            }
        }
        page.0
    }

    fn columns(&self) -> Vec<Column> {
        let column = |field: &Field| match field.kind.as_str() {
            "ipv4" | "ipv6" | "mac" | "interface" | "direction" | "end-reason" => {
                Column::left(&field.column, field.width)
            }
            _ => Column::right(&field.column, field.width),
        };
        self.fields.iter().map(column).collect()
    }
}

/// A cell of comma-separated values (RFC 4180 §2).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
