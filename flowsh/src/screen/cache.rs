//! `show flow monitor NAME cache` and `statistics`, Cisco's layout.

use api::flow::{Cache, CacheFlows, CacheType, Field, FieldKind, Flow, FlowValue, Monitor};
use commands::{CacheView, Layout};
use jiff::tz::TimeZone;

use super::statistics::packet_statistics;
use super::{Column, Grid, Page, View, given, plain, sampled, value};

/// Column (from 1) that the numbers of the statistics end in.
const NUMBERS_END: usize = 50;

/// Characters that a column has at most.
const WIDEST: usize = super::WIDTH;

/// The block of counters.
pub(crate) fn monitor_statistics(monitor: &Monitor) -> String {
    let mut page = Page::default();
    if let Some(line) = sampled(monitor.sampling_rate, false) {
        page.line(line);
    }
    statistics(&mut page, &monitor.cache);
    if let Some(packets) = &monitor.cache.statistics {
        packet_statistics(&mut page, packets);
    }
    page.0
}

fn statistics(page: &mut Page, cache: &Cache) {
    let mut line = |label: &str, value: &str| {
        let width = NUMBERS_END.saturating_sub(label.chars().count());
        page.line(format!("{label}{value:>width$}"));
    };
    line("  Cache type:", &capitalised(cache.cache_type.word()));
    line("  Cache size:", &cache.size.to_string());
    line("  Current entries:", &cache.entries.to_string());
    line("  High Watermark:", &cache.high_watermark.to_string());
    line("", "");
    let mut line = |label: &str, number: u64| line(label, &number.to_string());
    line("  Flows added:", cache.added);
    if cache.cache_type == CacheType::Permanent {
        let seconds = given(cache.update_timeout);
        line(
            &format!("  Updates sent            ({seconds:>6} secs)"),
            cache.updates,
        );
    }
    line("  Flows aged:", cache.aged_total);
    let timeout = |name: &str, seconds: u64| format!("    - {name:<20}({seconds:>6} secs)");
    line(
        &timeout("Active timeout", cache.active_timeout),
        cache.aged.active,
    );
    line(
        &timeout("Inactive timeout", cache.inactive_timeout),
        cache.aged.inactive,
    );
    line("    - Event aged", cache.aged.event);
    line("    - Watermark aged", cache.aged.watermark);
    line("    - Emergency aged", cache.aged.emergency);
    // IOS has no line for these; they are shown when there are any.
    if cache.aged.forced > 0 {
        line("    - Forced aged", cache.aged.forced);
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The fields as they are shown: headings of keys in capitals, those of what is collected in small letters.
fn fields(answer: &CacheFlows) -> Vec<Field> {
    let cased = |text: &str, key: bool| match key {
        true => plain(text).to_uppercase(),
        false => plain(text).to_lowercase(),
    };
    let cased = |field: &Field| Field {
        column: cased(&field.column, field.key),
        label: cased(&field.label, field.key),
        ..field.clone()
    };
    answer.fields.iter().map(cased).collect()
}

/// The width of a field's column.
fn width(field: &Field) -> usize {
    usize::try_from(field.width).unwrap_or(WIDEST).min(WIDEST)
}

/// The flows of a cache in one answer.
#[cfg(test)]
pub(super) fn cache(answer: &CacheFlows, asked: &CacheView, view: &View) -> String {
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
    pub(crate) fn new(answer: &CacheFlows, asked: &CacheView, view: &View) -> Pages {
        let fields = fields(answer);
        let wide = fields
            .iter()
            .map(|field| width(field).max(field.column.len()) + 2)
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
    pub(crate) fn first(&mut self, answer: &CacheFlows) -> String {
        let mut page = Page::default();
        let flows = &answer.flows;
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
            false => statistics(&mut page, &answer.cache),
        }
        if let Some(line) = sampled(answer.sampling_rate, false) {
            page.line(line);
        }
        page.line("");
        if flows.is_empty() {
            page.line("There are no cache entries to display.");
            return page.0;
        }
        page.0 + &self.more(flows)
    }

    fn counts(&self, page: &mut Page, answer: &CacheFlows) {
        page.line(format!("Processed {} flows", answer.total));
        if let Some(matched) = answer.matched {
            page.line(format!("Matched {matched} flows"));
        }
        let Some(aggregated) = answer.aggregated else {
            return;
        };
        page.line(format!("Aggregated to {aggregated} flows"));
        if self.top || aggregated != answer.shown {
            page.line(format!("Showing the top {} flows", answer.shown));
        }
    }

    /// Further flows.
    pub(crate) fn more(&mut self, flows: &[Flow]) -> String {
        let mut page = Page::default();
        let cell = |flow: &Flow, field: &Field| value(flow, field, &self.zone);
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
                        let null = matches!(flow.get(&field.name), None | Some(FlowValue::Null));
                        null && matches!(field.kind, FieldKind::Ipv4 | FieldKind::Ipv6)
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
        let column = |field: &Field| match field.kind {
            FieldKind::Ipv4
            | FieldKind::Ipv6
            | FieldKind::Mac
            | FieldKind::Interface
            | FieldKind::Direction
            | FieldKind::EndReason => Column::left(&field.column, width(field)),
            _ => Column::right(&field.column, width(field)),
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
