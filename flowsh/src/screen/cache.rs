//! `show flow monitor NAME cache` and `statistics`, Cisco's layout.

use grammar::command::{CacheView, Layout};
use serde_json::Value as Json;

use super::statistics::packet_statistics;
use super::{Column, Page, View, list, plain, table, value};

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

struct Field<'a> {
    name: &'a str,
    kind: &'a str,
    column: String,
    label: String,
    width: usize,
}

/// Keys are shown in capitals, what is collected in small letters.
fn fields(answer: &Json) -> Vec<Field<'_>> {
    let cased = |text: &Json, key: bool| match key {
        true => plain(text).to_uppercase(),
        false => plain(text).to_lowercase(),
    };
    list(answer, "fields")
        .iter()
        .map(|field| {
            let key = field["key"].as_bool().unwrap_or_default();
            Field {
                name: field["name"].as_str().unwrap_or_default(),
                kind: field["kind"].as_str().unwrap_or_default(),
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

/// The flows of a cache.
pub(crate) fn cache(answer: &Json, asked: &CacheView, view: &View) -> String {
    let mut page = Page::default();
    let fields = fields(answer);
    let flows = list(answer, "flows");
    let cell = |flow: &Json, field: &Field<'_>| value(flow, field.name, field.kind, &view.zone);
    if asked.layout == Some(Layout::Csv) {
        let separated = |cells: Vec<String>| cells.join(",");
        page.line(separated(
            fields.iter().map(|field| field.column.clone()).collect(),
        ));
        for flow in flows {
            page.line(separated(
                fields
                    .iter()
                    .map(|field| quoted(&cell(flow, field)))
                    .collect(),
            ));
        }
        return page.0;
    }
    let (total, shown) = (&answer["total"], &answer["shown"]);
    if asked.sort.is_some() || asked.top.is_some() {
        page.line(format!("Processed {} flows", plain(total)));
        page.line(format!("Aggregated to {} flows", plain(total)));
        if asked.top.is_some() || total != shown {
            page.line(format!("Showing the top {} flows", plain(shown)));
        }
    } else {
        statistics(&mut page, &answer["cache"]);
        if total != shown {
            page.line("");
            page.line(format!(
                "  Showing {} of {} flows; `sort highest FIELD top N` picks.",
                plain(shown),
                plain(total)
            ));
        }
    }
    page.line("");
    if flows.is_empty() {
        page.line("There are no cache entries to display.");
        return page.0;
    }
    let wide = fields
        .iter()
        .map(|field| field.width.max(field.column.len()) + 2)
        .sum::<usize>()
        .saturating_sub(2);
    let layout = asked.layout.unwrap_or(match view.columns {
        Some(columns) if wide > columns => Layout::Record,
        _ => Layout::Table,
    });
    if layout == Layout::Record {
        let at = fields
            .iter()
            .map(|field| field.label.chars().count())
            .max()
            .unwrap_or(0)
            + 3;
        for flow in flows {
            // A record of both families has the addresses of one.
            let other_family = |field: &&Field<'_>| {
                matches!(field.kind, "ipv4" | "ipv6") && flow[field.name].is_null()
            };
            for field in fields.iter().filter(|field| !other_family(field)) {
                page.line(format!(
                    "{:at$}{}",
                    format!("{}:", field.label),
                    cell(flow, field)
                ));
            }
            page.line("");
        }
        return page.0;
    }
    let columns = fields
        .iter()
        .map(|field| match field.kind {
            "ipv4" | "ipv6" | "mac" | "interface" | "direction" | "end-reason" | "label"
            | "octets" => Column::left(&field.column, field.width),
            _ => Column::right(&field.column, field.width),
        })
        .collect();
    let rows: Vec<Vec<String>> = flows
        .iter()
        .map(|flow| fields.iter().map(|field| cell(flow, field)).collect())
        .collect();
    table(&mut page, columns, 2, Some('='), &rows);
    page.0
}

/// A cell of comma-separated values (RFC 4180 §2).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
