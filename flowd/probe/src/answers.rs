//! Answers of the running probe to the management API.

use std::sync::Arc;

use api::flow::{
    Accounting, ClearTarget, Cleared, Exporters, MeteredInterfaces, Monitors, Records, Routes,
    Samplers,
};
use api::query::AccountingQuery;
use api::{Code, Refusal};
use flow::{Flow, Layout, RecordTally, Value};
use meter::Clear;

use super::interface_names::InterfaceNames;
use super::query::{self, CacheQuery, Filter, FlowCopy, Plan, Rows, Top};
use super::reader::{Cancelled, Cursor, Reader};
use super::settings::ACCOUNTING;
use super::show::{CacheAnswer, Rows as AnswerRows};
use super::worker::{Layouts, ThreadRequests, Worker};
use super::{Probe, State, show};
use service::{Named, unknown};

/// Checks that `all` has the name that was asked for, if any was.
fn check_name<T>(kind: &str, name: Option<&str>, all: &Named<T>) -> Result<(), Refusal> {
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
        check_name("sampler", name, &settings.samplers)?;
        Ok(show::samplers(settings, &state.sampler_ids, name))
    }

    /// `GET /v1/flow/interfaces`: all interfaces with a flow monitor, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn interfaces(&self, name: Option<&str>) -> Result<MeteredInterfaces, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        check_name("interface with a flow monitor", name, &settings.interfaces)?;
        Ok(show::interfaces(settings, &state.reports(), name))
    }

    /// `GET /v1/flow/monitors`: all of them, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn monitors(&self, name: Option<&str>) -> Result<Monitors, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        check_name("flow monitor", name, &settings.monitors)?;
        let mut monitors = show::monitors(settings, &state.reports(), name);
        for monitor in &mut monitors.monitors {
            monitor.sampling_rate = show::sampling_rate(settings, &monitor.name, None);
        }
        Ok(monitors)
    }

    /// `GET /v1/flow/exporters`: all of them, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn exporters(&self, name: Option<&str>) -> Result<Exporters, Refusal> {
        let state = self.state();
        let settings = &state.settings;
        check_name("flow exporter", name, &settings.exporters)?;
        Ok(show::exporters(settings, &state.export.statistics(), name))
    }

    /// Returns all exporters without their templates.
    pub(crate) fn exporter_accounts(&self) -> Exporters {
        let state = self.state();
        show::exporters(&state.settings, &state.export.accounts(), None)
    }

    /// `GET /v1/flow/routes`.
    pub fn routes(&self) -> Routes {
        let state = self.state();
        let statistics = state.routes.as_ref();
        show::routes(statistics.map(system::routes::Routes::statistics).as_ref())
    }

    /// `GET /v1/flow/monitors/NAME/cache`. One cache is read at a time, which bounds the memory for answers.
    ///
    /// # Errors
    /// If there is no such monitor or field, a field cannot have the value, or the client is gone.
    pub fn cache(
        &self,
        name: &str,
        query: &CacheQuery,
        cancelled: &Cancelled,
    ) -> Result<CacheAnswer, Refusal> {
        let state = self.state();
        let monitor = state.monitor(name)?.clone();
        let threads: Vec<ThreadRequests> = state
            .workers()
            .map(|(_, worker)| worker.requests())
            .collect();
        let counters = show::cache_counters(name, &monitor, &state.reports());
        let sampling_rate = show::sampling_rate(&state.settings, name, None);
        drop(state);
        let _lock = self.cache_reading.lock();
        let layouts = layouts(name, &threads).unwrap_or_else(|| monitor.record.layouts());
        let Plan { filter, rows } = Plan::new(query, &monitor.record, &layouts)?;
        let from = query.after.as_deref().map(str::parse).transpose()?;
        let mut reader = Reader::new(
            name,
            threads,
            layouts,
            from.unwrap_or_default(),
            filter.keep(),
            cancelled.clone(),
        );
        let mut answer = CacheAnswer {
            monitor: name.into(),
            sampling_rate,
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
                // The flows are counted once, with the first part of a listing.
                let count = from.is_none() && !filter.is_empty();
                let (flows, counts, next) = list_flows(&mut reader, &filter, most, count)?;
                answer.next = next.map(|cursor| cursor.to_string());
                answer.total = match count {
                    true => counts.read,
                    false => answer.cache.entries,
                };
                answer.matched = count.then_some(counts.matched);
                answer.shown = flows.len() as u64;
                answer.flows = AnswerRows::Flows(flows);
            }
            Rows::Sorted(column, mut top) => {
                let counts = for_each_flow(&mut reader, &filter, |flow, layout| {
                    let order = |last: &FlowCopy| query::order(flow, &last.flow());
                    top.offer(column.value(flow), order, || FlowCopy::new(flow, layout));
                    Ok(())
                })?;
                counts.fill(&mut answer, &filter);
                answer.aggregated = Some(counts.matched);
                let flows = top.into_rows();
                answer.shown = flows.len() as u64;
                answer.flows = AnswerRows::Flows(flows);
            }
            Rows::Grouped(mut groups, order) => {
                let counts = for_each_flow(&mut reader, &filter, |flow, _| groups.add(flow))?;
                counts.fill(&mut answer, &filter);
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
    /// VyOS's texts: flow accounting is not running, is not configured on that interface, or has no in-memory table.
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
                .interfaces
                .get(interface)
                .is_some_and(|settings| {
                    settings.attachments.iter().any(|a| a.monitor == ACCOUNTING)
                })
        };
        if let Some(interface) = &query.interface
            && !has_accounting(interface)
        {
            let interfaces = state.settings.interfaces.keys().map(String::as_str);
            let there = language::which(interface, interfaces.filter(|name| has_accounting(name)));
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
        let tables: Vec<(String, Vec<ThreadRequests>, Option<u32>)> = state
            .interfaces
            .iter()
            .filter(|(interface, _)| wanted(interface))
            .map(|(interface, rings)| {
                let threads = rings.workers.iter().map(Worker::requests).collect();
                let rate = show::sampling_rate(&state.settings, ACCOUNTING, Some(interface));
                (interface.clone(), threads, rate)
            })
            .collect();
        drop(state);
        let _lock = self.cache_reading.lock();
        let keep = show::wanted(query)?;
        let limit = |asked: Option<u64>, most: usize| {
            asked.map_or(most, |asked| usize::try_from(asked).unwrap_or(usize::MAX))
        };
        let most = limit(query.top, query::MAX_ROWS).min(limit(query.count, query::DEFAULT_ROWS));
        let mut names = InterfaceNames::default();
        let mut interfaces = Vec::new();
        for (interface, threads, sampling_rate) in tables {
            let layouts = layouts(ACCOUNTING, &threads).unwrap_or_default();
            let mut top = Top::new(most.min(query::MAX_ROWS), false);
            let start = Cursor::default();
            let mut reader = Reader::new(
                ACCOUNTING,
                threads,
                layouts,
                start,
                keep.clone(),
                cancelled.clone(),
            );
            let mut totals = RecordTally::default();
            for_each_flow(&mut reader, &Filter::default(), |flow, layout| {
                totals.records += 1;
                totals.packets += flow.totals.packets;
                totals.octets += flow.totals.octets;
                let octets = Some(Value::Number(flow.totals.octets));
                let order = |last: &FlowCopy| query::order(flow, &last.flow());
                top.offer(octets, order, || FlowCopy::new(flow, layout));
                Ok(())
            })?;
            let rows = top.into_rows();
            let mut table = show::accounting(interface, &rows, totals, &mut names);
            table.sampling_rate = sampling_rate;
            interfaces.push(table);
        }
        Ok(Accounting { interfaces })
    }

    /// `POST /v1/clear/monitor/NAME`. Returns the number of flows that were ended, and their packets and octets.
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

    /// `POST /v1/replay/exporter/NAME`: sends its templates and options again. Returns whether it could.
    ///
    /// # Errors
    /// When there is no such exporter.
    pub fn replay_exporter(&self, exporter: &str) -> Result<bool, Refusal> {
        let state = self.state();
        let sent = state.export.replay(exporter);
        sent.ok_or_else(|| unknown("flow exporter", exporter, state.settings.exporters.keys()))
    }

    /// `POST /v1/clear/flow-accounting`: exports the flows in the table and empties it. Returns the number of flows that
    /// were ended, and their packets and octets.
    ///
    /// # Errors
    /// If flow accounting is not configured.
    pub fn clear_accounting(&self) -> Result<Cleared, Refusal> {
        let state = self.state();
        if state.settings.accounting_table.is_none() {
            return Err(not_running());
        }
        Ok(clear(&state, ACCOUNTING, Clear::Export))
    }
}

/// Empties the caches of a monitor. Returns the number of flows that were ended, and their packets and octets.
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

/// Returns the layouts of a monitor's flows as the first capture thread that runs the monitor has them.
fn layouts(monitor: &str, threads: &[ThreadRequests]) -> Option<Layouts> {
    let monitor = monitor.into();
    threads.iter().find_map(|thread| thread.layouts(&monitor))
}

/// How many flows were read, and for how many of them the conditions hold.
#[derive(Clone, Copy, Default)]
struct FlowCounts {
    read: u64,
    matched: u64,
}

impl FlowCounts {
    fn fill(self, answer: &mut CacheAnswer, filter: &Filter) {
        answer.total = self.read;
        answer.matched = (!filter.is_empty()).then_some(self.matched);
    }
}

/// Reads the rest of a cache and passes each flow that matches the filter to `take`.
fn for_each_flow(
    reader: &mut Reader,
    filter: &Filter,
    mut take: impl FnMut(&Flow<'_>, &Arc<Layout>) -> Result<(), Refusal>,
) -> Result<FlowCounts, Refusal> {
    let mut counts = FlowCounts::default();
    let mut names = InterfaceNames::default();
    while let Some((seen, batch)) = reader.piece(usize::MAX)? {
        counts.read += seen as u64;
        for flow in batch.iter().filter(|flow| filter.matches(flow, &mut names)) {
            counts.matched += 1;
            take(&flow, &batch.layout)?;
        }
    }
    Ok(counts)
}

/// Reads up to `most` flows that match the filter; with `count`, also counts all others. Returns where a further listing
/// begins.
fn list_flows(
    reader: &mut Reader,
    filter: &Filter,
    most: usize,
    count: bool,
) -> Result<(Vec<FlowCopy>, FlowCounts, Option<Cursor>), Refusal> {
    let mut flows = Vec::new();
    let mut counts = FlowCounts::default();
    let mut names = InterfaceNames::default();
    while flows.len() < most {
        let Some((seen, batch)) = reader.piece(most - flows.len())? else {
            break;
        };
        counts.read += seen as u64;
        let matching = batch.iter().filter(|flow| filter.matches(flow, &mut names));
        flows.extend(matching.map(|flow| FlowCopy::new(&flow, &batch.layout)));
    }
    counts.matched = flows.len() as u64;
    let next = reader.next();
    if count {
        let others = for_each_flow(reader, filter, |_, _| Ok(()))?;
        counts.read += others.read;
        counts.matched += others.matched;
    }
    Ok((flows, counts, next))
}
