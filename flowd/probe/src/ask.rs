//! What the management API asks of the running probe.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use flow::{Flow, Layout, Value};
use meter::Clear;
use serde_json::{Value as Json, json};

use super::names::Names;
use super::query::{self, CacheQuery, Filter, Kept, Plan, Rows, Top, Wrong};
use super::reader::{Cancelled, Cursor, Reader};
use super::settings::ACCOUNTING;
use super::show::{AnswerRows, CacheAnswer};
use super::worker::{Asker, Layouts, Worker};
use super::{Probe, Refused, Unknown, show};

/// What of the flow-accounting table is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct AccountingQuery {
    /// This interface only.
    pub interface: Option<String>,
    /// Source or destination address.
    pub host: Option<IpAddr>,
    /// Source or destination port: `22`, `80-89` or `53,123`.
    pub port: Option<String>,
    /// So many flows, most octets first.
    pub top: Option<usize>,
    /// At most so many flows.
    pub count: Option<usize>,
}

impl Probe {
    /// `GET /v1/flow/…`; `what` is `records samplers interfaces monitors exporters loss`, `name` one of them.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub fn show(&self, what: &str, name: Option<&str>) -> Result<Json, Unknown> {
        let state = self.state();
        let settings = &state.settings;
        let known = |kind: &str, has: &dyn Fn(&str) -> bool| match name {
            Some(name) if !has(name) => Err(Unknown(format!("there is no {kind} {name}"))),
            _ => Ok(()),
        };
        Ok(match what {
            "records" => {
                known("flow record", &|name| {
                    settings.records.contains_key(name) || flow::Record::by_name(name).is_some()
                })?;
                show::records(settings, name)
            }
            "samplers" => {
                known("sampler", &|name| settings.samplers.contains_key(name))?;
                show::samplers(settings, &state.sampler_ids, name)
            }
            "interfaces" => {
                known("interface with a flow monitor", &|name| {
                    settings.ports.contains_key(name)
                })?;
                show::interfaces(settings, &state.reports(), name)
            }
            "monitors" => {
                known("flow monitor", &|name| settings.monitors.contains_key(name))?;
                show::monitors(settings, &state.reports(), name)
            }
            "exporters" => {
                known("flow exporter", &|name| {
                    settings.exporters.contains_key(name)
                })?;
                show::exporters(settings, &state.export.statistics(), name)
            }
            "routes" => {
                let statistics = state
                    .routes
                    .as_ref()
                    .map(system::routes::Routes::statistics);
                show::routes(statistics.as_ref())
            }
            other => return Err(Unknown(format!("nothing is known of {other}"))),
        })
    }

    /// `GET /v1/flow/monitors/NAME/cache`. One cache is read at a time, so that what answers take is bounded.
    ///
    /// # Errors
    /// When there is no such monitor or field, a value is none of its field, or nobody waits any more.
    pub fn cache(
        &self,
        name: &str,
        query: &CacheQuery,
        cancelled: &Cancelled,
    ) -> Result<CacheAnswer, Refused> {
        let state = self.state();
        let monitor = state.monitor(name)?.clone();
        let askers: Vec<Asker> = state.workers().map(|(_, worker)| worker.asker()).collect();
        let counters = show::cache_counters(name, &monitor, &state.reports());
        drop(state);
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let layouts = layouts(name, &askers).unwrap_or_else(|| {
            [wire::Family::V4, wire::Family::V6].map(|family| monitor.record.layout(family))
        });
        let Plan { filter, rows } = Plan::new(query, &monitor.record, &layouts)?;
        let from = query.after.as_deref().map(str::parse).transpose()?;
        let mut reader = Reader::new(
            name,
            askers,
            layouts,
            from.unwrap_or_default(),
            filter.keep(),
            cancelled.clone(),
        );
        let mut answer = CacheAnswer {
            monitor: name.into(),
            fields: show::columns(&monitor),
            total: 0,
            matched: None,
            aggregated: None,
            next: None,
            rows: AnswerRows::Flows(Vec::new()),
            cache: counters,
        };
        match rows {
            Rows::Listed(most) => {
                // How many there are is counted once, with the first part of a listing.
                let count = from.is_none() && !filter.is_empty();
                let (flows, counted, next) = list(&mut reader, &filter, most, count)?;
                answer.next = next.map(|cursor| cursor.to_string());
                answer.total = match count {
                    true => counted.seen,
                    false => answer.cache["entries"].as_u64().unwrap_or_default(),
                };
                answer.matched = count.then_some(counted.matched);
                answer.rows = AnswerRows::Flows(flows);
            }
            Rows::Sorted(column, mut top) => {
                let counted = each(&mut reader, &filter, |flow, layout| {
                    let order = |last: &Kept| query::order(flow, &last.flow());
                    top.offer(column.value(flow), order, || Kept::new(flow, layout));
                    Ok(())
                })?;
                counted.tell(&mut answer, &filter);
                answer.aggregated = Some(counted.matched);
                answer.rows = AnswerRows::Flows(top.into_rows());
            }
            Rows::Grouped(mut groups, order) => {
                let counted = each(&mut reader, &filter, |flow, _| groups.add(flow))?;
                counted.tell(&mut answer, &filter);
                answer.aggregated = Some(groups.len() as u64);
                answer.fields = show::group_columns(&groups);
                answer.rows = AnswerRows::Groups(groups, order);
            }
        }
        Ok(answer)
    }

    /// `GET /v1/flow-accounting`.
    ///
    /// # Errors
    /// VyOS's own: not running, not configured on that interface, no in-memory table.
    pub fn accounting(
        &self,
        query: &AccountingQuery,
        cancelled: &Cancelled,
    ) -> Result<Json, Refused> {
        let state = self.state();
        match state.settings.accounting_table {
            None => return Err(Unknown("flow-accounting is not running".into()).into()),
            Some(false) => return Err(Unknown("In-memory table is not available".into()).into()),
            Some(true) => {}
        }
        let has_accounting = |interface: &str| {
            state
                .settings
                .ports
                .get(interface)
                .is_some_and(|port| port.attachments.iter().any(|a| a.monitor == ACCOUNTING))
        };
        if let Some(interface) = &query.interface
            && !has_accounting(interface)
        {
            let ports = state.settings.ports.keys().map(String::as_str);
            let there = language::which(interface, ports.filter(|port| has_accounting(port)));
            let message = format!("flow-accounting not configured on [{interface}]; {there}");
            return Err(Unknown(message).into());
        }
        let wanted = |interface: &str| {
            has_accounting(interface)
                && query
                    .interface
                    .as_deref()
                    .is_none_or(|only| only == interface)
        };
        let tables: Vec<(String, Vec<Asker>)> = state
            .ports
            .iter()
            .filter(|(interface, _)| wanted(interface))
            .map(|(interface, port)| {
                let askers = port.workers.iter().map(Worker::asker).collect();
                (interface.clone(), askers)
            })
            .collect();
        drop(state);
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = show::wanted(query)?;
        let most = query
            .top
            .unwrap_or(query::MOST)
            .min(query.count.unwrap_or(query::LIMIT));
        let mut names = Names::default();
        let mut interfaces = Vec::new();
        for (interface, askers) in tables {
            let layouts = layouts(ACCOUNTING, &askers).unwrap_or_default();
            let mut top = Top::new(most.min(query::MOST), false);
            let start = Cursor::default();
            let mut reader = Reader::new(
                ACCOUNTING,
                askers,
                layouts,
                start,
                keep.clone(),
                cancelled.clone(),
            );
            each(&mut reader, &Filter::default(), |flow, layout| {
                let octets = Some(Value::Number(flow.totals.octets));
                let order = |last: &Kept| query::order(flow, &last.flow());
                top.offer(octets, order, || Kept::new(flow, layout));
                Ok(())
            })?;
            interfaces.push(show::accounting(&interface, &top.into_rows(), &mut names));
        }
        Ok(json!({ "interfaces": interfaces }))
    }

    /// `POST /v1/clear/monitor/NAME`: `what` is `cache`, `statistics` or `force-export`. Returns the flows it ended.
    ///
    /// # Errors
    /// When there is no such monitor or nothing of that kind to clear.
    pub fn clear_monitor(&self, monitor: &str, what: &str) -> Result<u64, Unknown> {
        let state = self.state();
        state.monitor(monitor)?;
        let how = match what {
            "cache" => Clear::Discard,
            "force-export" => Clear::Export,
            "statistics" => {
                state
                    .workers()
                    .for_each(|(_, worker)| worker.clear_statistics(monitor));
                return Ok(0);
            }
            other => {
                return Err(Unknown(format!(
                    "cannot clear {other}; cache, statistics or force-export"
                )));
            }
        };
        Ok(state
            .workers()
            .map(|(_, worker)| worker.clear(monitor, how))
            .sum())
    }

    /// `POST /v1/clear/exporter/NAME`.
    ///
    /// # Errors
    /// When there is no such exporter.
    pub fn clear_exporter(&self, exporter: &str) -> Result<(), Unknown> {
        let state = self.state();
        if !state.settings.exporters.contains_key(exporter) {
            let names = state.settings.exporters.keys();
            return Err(Unknown::of("flow exporter", exporter, names));
        }
        state.export.clear(exporter);
        Ok(())
    }

    /// `POST /v1/clear/flow-accounting`: the table starts anew; what was in it is exported. Returns the flows it ended.
    ///
    /// # Errors
    /// When flow-accounting is not configured.
    pub fn clear_accounting(&self) -> Result<u64, Unknown> {
        let state = self.state();
        if state.settings.accounting_table.is_none() {
            return Err(Unknown("flow-accounting is not running".into()));
        }
        Ok(state
            .workers()
            .map(|(_, worker)| worker.clear(ACCOUNTING, Clear::Export))
            .sum())
    }
}

/// How a monitor's flows lie, as the first capture thread that has it says.
fn layouts(monitor: &str, askers: &[Asker]) -> Option<Layouts> {
    let monitor = monitor.into();
    askers.iter().find_map(|asker| asker.layouts(&monitor))
}

/// Flows that were looked at, and those for which the conditions hold.
#[derive(Clone, Copy, Default)]
struct Counted {
    seen: u64,
    matched: u64,
}

impl Counted {
    fn tell(self, answer: &mut CacheAnswer, filter: &Filter) {
        answer.total = self.seen;
        answer.matched = (!filter.is_empty()).then_some(self.matched);
    }
}

/// Reads the whole cache.
fn each(
    reader: &mut Reader,
    filter: &Filter,
    mut take: impl FnMut(&Flow<'_>, &Arc<Layout>) -> Result<(), Wrong>,
) -> Result<Counted, Wrong> {
    let mut counted = Counted::default();
    let mut names = Names::default();
    while let Some((seen, batch)) = reader.piece(usize::MAX)? {
        counted.seen += seen as u64;
        for flow in batch.iter().filter(|flow| filter.matches(flow, &mut names)) {
            counted.matched += 1;
            take(&flow, &batch.layout)?;
        }
    }
    Ok(counted)
}

/// Reads up to `most` flows, and counts the others when that is asked for.
fn list(
    reader: &mut Reader,
    filter: &Filter,
    most: usize,
    count: bool,
) -> Result<(Vec<Kept>, Counted, Option<Cursor>), Wrong> {
    let mut flows = Vec::new();
    let mut counted = Counted::default();
    let mut names = Names::default();
    while flows.len() < most {
        let Some((seen, batch)) = reader.piece(most - flows.len())? else {
            break;
        };
        counted.seen += seen as u64;
        let matching = batch.iter().filter(|flow| filter.matches(flow, &mut names));
        flows.extend(matching.map(|flow| Kept::new(&flow, &batch.layout)));
    }
    counted.matched = flows.len() as u64;
    let next = reader.next();
    if count {
        let others = each(reader, filter, |_, _| Ok(()))?;
        counted.seen += others.seen;
        counted.matched += others.matched;
    }
    Ok((flows, counted, next))
}
