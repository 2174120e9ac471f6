//! What the management API asks of the running probe.

use std::sync::Arc;

use api::flow::{
    Accounting, ClearTarget, Cleared, Exporters, MeteredInterfaces, Monitors, Records, Routes,
    Samplers,
};
use api::query::AccountingQuery;
use api::{Code, Refusal};
use flow::{Flow, Layout, RecordTally, Value};
use meter::Clear;

use super::names::Names;
use super::query::{self, CacheQuery, Filter, Kept, Plan, Rows, Top};
use super::reader::{Cancelled, Cursor, Reader};
use super::settings::ACCOUNTING;
use super::show::{CacheAnswer, Rows as AnswerRows};
use super::worker::{Asker, Layouts, Worker};
use super::{Probe, State, show};
use service::{Named, unknown};

/// Refuses a name that nothing of that kind has.
fn known<T>(kind: &str, name: Option<&str>, all: &Named<T>) -> Result<(), Refusal> {
    match name {
        Some(name) if !all.contains_key(name) => Err(unknown(kind, name, all.keys())),
        _ => Ok(()),
    }
}

fn not_running() -> Refusal {
    Refusal::new(Code::NotFound, "flow-accounting is not running")
}

impl Probe {
    /// `GET /v1/flow/records`: all of them, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn records(&self, name: Option<&str>) -> Result<Records, Refusal> {
        let state = self.state();
        let records = &state.settings.records;
        if let Some(name) = name
            && !records.contains_key(name)
            && flow::Record::by_name(name).is_none()
        {
            let listed = show::records(&state.settings, None).records;
            let names = listed.iter().map(|record| &record.name);
            return Err(unknown("flow record", name, names));
        }
        Ok(show::records(&state.settings, name))
    }

    /// `GET /v1/flow/samplers`: all of them, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn samplers(&self, name: Option<&str>) -> Result<Samplers, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        known("sampler", name, &settings.samplers)?;
        Ok(show::samplers(settings, &state.sampler_ids, name))
    }

    /// `GET /v1/flow/interfaces`: all interfaces with a flow monitor, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn interfaces(&self, name: Option<&str>) -> Result<MeteredInterfaces, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        known("interface with a flow monitor", name, &settings.ports)?;
        Ok(show::interfaces(settings, &state.reports(), name))
    }

    /// `GET /v1/flow/monitors`: all of them, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn monitors(&self, name: Option<&str>) -> Result<Monitors, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        known("flow monitor", name, &settings.monitors)?;
        Ok(show::monitors(settings, &state.reports(), name))
    }

    /// `GET /v1/flow/exporters`: all of them, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn exporters(&self, name: Option<&str>) -> Result<Exporters, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        known("flow exporter", name, &settings.exporters)?;
        Ok(show::exporters(settings, &state.export.statistics(), name))
    }

    /// `GET /v1/flow/routes`.
    pub fn routes(&self) -> Routes {
        let state = self.state();
        let statistics = state.routes.as_ref();
        show::routes(statistics.map(system::routes::Routes::statistics).as_ref())
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
    ) -> Result<CacheAnswer, Refusal> {
        let state = self.state();
        let monitor = state.monitor(name)?.clone();
        let askers: Vec<Asker> = state.workers().map(|(_, worker)| worker.asker()).collect();
        let counters = show::cache_counters(name, &monitor, &state.reports());
        drop(state);
        let _turn = self.reading.lock();
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
            shown: 0,
            flows: AnswerRows::Flows(Vec::new()),
            next: None,
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
                    false => answer.cache.entries,
                };
                answer.matched = count.then_some(counted.matched);
                answer.shown = flows.len() as u64;
                answer.flows = AnswerRows::Flows(flows);
            }
            Rows::Sorted(column, mut top) => {
                let counted = each(&mut reader, &filter, |flow, layout| {
                    let order = |last: &Kept| query::order(flow, &last.flow());
                    top.offer(column.value(flow), order, || Kept::new(flow, layout));
                    Ok(())
                })?;
                counted.tell(&mut answer, &filter);
                answer.aggregated = Some(counted.matched);
                let flows = top.into_rows();
                answer.shown = flows.len() as u64;
                answer.flows = AnswerRows::Flows(flows);
            }
            Rows::Grouped(mut groups, order) => {
                let counted = each(&mut reader, &filter, |flow, _| groups.add(flow))?;
                counted.tell(&mut answer, &filter);
                answer.aggregated = Some(groups.len() as u64);
                answer.fields = show::group_columns(&groups);
                answer.shown = order.count(&groups) as u64;
                answer.flows = AnswerRows::Groups(groups, order);
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
    ) -> Result<Accounting, Refusal> {
        let state = self.state();
        match state.settings.accounting_table {
            None => return Err(not_running()),
            Some(false) => {
                return Err(Refusal::new(
                    Code::NotFound,
                    "In-memory table is not available",
                ));
            }
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
            let message = format!("flow-accounting not configured on [{interface}]");
            return Err(Refusal::new(Code::NotFound, message)
                .hint(there)
                .about(interface));
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
        let _turn = self.reading.lock();
        let keep = show::wanted(query)?;
        let limit = |asked: Option<u64>, most: usize| {
            asked.map_or(most, |asked| usize::try_from(asked).unwrap_or(usize::MAX))
        };
        let most = limit(query.top, query::MOST).min(limit(query.count, query::LIMIT));
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
            interfaces.push(show::accounting(interface, &top.into_rows(), &mut names));
        }
        Ok(Accounting { interfaces })
    }

    /// `POST /v1/clear/monitor/NAME`. Returns the flows it ended, and what was in them.
    ///
    /// # Errors
    /// When there is no such monitor.
    pub fn clear_monitor(&self, monitor: &str, target: ClearTarget) -> Result<Cleared, Refusal> {
        let state = self.state();
        state.monitor(monitor)?;
        let how = match target {
            ClearTarget::Cache => Clear::Discard,
            ClearTarget::ForceExport => Clear::Export,
            ClearTarget::Statistics => {
                state
                    .workers()
                    .for_each(|(_, worker)| worker.clear_statistics(monitor));
                return Ok(Cleared::default());
            }
        };
        Ok(clear(&state, monitor, how))
    }

    /// `POST /v1/clear/exporter/NAME`.
    ///
    /// # Errors
    /// When there is no such exporter.
    pub fn clear_exporter(&self, exporter: &str) -> Result<(), Refusal> {
        let state = self.state();
        if !state.settings.exporters.contains_key(exporter) {
            let names = state.settings.exporters.keys();
            return Err(unknown("flow exporter", exporter, names));
        }
        state.export.clear(exporter);
        Ok(())
    }

    /// `POST /v1/clear/flow-accounting`: the table starts anew; what was in it is exported. Returns the flows it ended,
    /// and what was in them.
    ///
    /// # Errors
    /// When flow-accounting is not configured.
    pub fn clear_accounting(&self) -> Result<Cleared, Refusal> {
        let state = self.state();
        if state.settings.accounting_table.is_none() {
            return Err(not_running());
        }
        Ok(clear(&state, ACCOUNTING, Clear::Export))
    }
}

/// Empties the caches of a monitor. Returns the flows it ended, and what was in them.
fn clear(state: &State, monitor: &str, how: Clear) -> Cleared {
    let mut ended = RecordTally::default();
    for (_, worker) in state.workers() {
        ended += worker.clear(monitor, how);
    }
    Cleared {
        flows: ended.records,
        packets: ended.packets,
        octets: ended.octets,
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
    mut take: impl FnMut(&Flow<'_>, &Arc<Layout>) -> Result<(), Refusal>,
) -> Result<Counted, Refusal> {
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
) -> Result<(Vec<Kept>, Counted, Option<Cursor>), Refusal> {
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
