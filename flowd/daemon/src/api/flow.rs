//! `/v1/flow…` and `/v1/clear…`: the probe's answers.

use std::sync::atomic::Ordering;

use api::Nothing;
use api::flow::{
    CacheFlows, Clear, ClearTarget, Cleared, Exporters, Fields, FlowPath, MeteredInterfaces,
    Monitors, Records, ReplayedExporter, Routes, Samplers,
};
use api::ledger::LossLedger;
use api::query::{CacheQuery, FieldsQuery, NameQuery, PathQuery};
use api::routes;

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint, Written};
use super::host::host_interface;
use probe::Cancelled;

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::RECORDS, records),
        Endpoint::new(routes::SAMPLERS, samplers),
        Endpoint::new(routes::METERED_INTERFACES, interfaces),
        Endpoint::new(routes::MONITORS, monitors),
        Endpoint::new(routes::EXPORTERS, exporters),
        Endpoint::new(routes::FIELDS, fields),
        Endpoint::new(routes::ROUTES, routes),
        Endpoint::new(routes::LOSS, loss),
        Endpoint::new(routes::CACHE, cache),
        Endpoint::new(routes::FLOW_PATH, path),
        Endpoint::new(routes::CLEAR_MONITOR, clear_monitor),
        Endpoint::new(routes::CLEAR_EXPORTER, clear_exporter),
        Endpoint::new(routes::REPLAY_EXPORTER, replay_exporter),
    ]
}

pub(super) async fn records(call: Call<NameQuery>) -> Answer<Records> {
    let name = call.query.name;
    Ok(blocking(move || call.control.probe.records(name.as_deref())).await??)
}

pub(super) async fn fields(call: Call<FieldsQuery>) -> Answer<Fields> {
    Ok(probe::fields(call.query.enterprise))
}

pub(super) async fn samplers(call: Call<NameQuery>) -> Answer<Samplers> {
    let name = call.query.name;
    Ok(blocking(move || call.control.probe.samplers(name.as_deref())).await??)
}

pub(super) async fn interfaces(call: Call<NameQuery>) -> Answer<MeteredInterfaces> {
    let name = call.query.name;
    let interfaces = move || {
        let name = name.map(|name| host_interface(&call.control, name));
        call.control.probe.interfaces(name.as_deref())
    };
    Ok(blocking(interfaces).await??)
}

pub(super) async fn monitors(call: Call<NameQuery>) -> Answer<Monitors> {
    let name = call.query.name;
    Ok(blocking(move || call.control.probe.monitors(name.as_deref())).await??)
}

pub(super) async fn exporters(call: Call<NameQuery>) -> Answer<Exporters> {
    let name = call.query.name;
    Ok(blocking(move || call.control.probe.exporters(name.as_deref())).await??)
}

pub(super) async fn routes(call: Call) -> Answer<Routes> {
    blocking(move || call.control.probe.routes()).await
}

/// The ledgers of all services, added up.
pub(super) async fn loss(call: Call) -> Answer<LossLedger> {
    blocking(move || call.control.engine.services.ledger()).await
}

/// Cancels the work for a request when it is dropped: the client may have closed the connection.
pub(super) struct Waiting(pub(super) Cancelled);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) async fn cache(call: Call<CacheQuery>) -> Answer<Written<CacheFlows>> {
    let query = probe::CacheQuery::try_from(call.query)?;
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    let answer = move || {
        let answer = call.control.probe.cache(&call.name, &query, &cancelled)?;
        Written::new(&answer)
    };
    blocking(answer).await?
}

pub(super) async fn path(call: Call<PathQuery>) -> Answer<FlowPath> {
    Ok(blocking(move || call.control.probe.path(&call.query)).await??)
}

pub(super) async fn clear_monitor(call: Call<Nothing, Clear>) -> Answer<Cleared> {
    let (name, target) = (call.name, call.body.what);
    let user = call.peer.user;
    let cleared = blocking({
        let name = name.clone();
        move || call.control.probe.clear_monitor(&name, target)
    });
    let cleared = cleared.await??;
    let what = match target {
        ClearTarget::Statistics => "the statistics".to_owned(),
        ClearTarget::Cache => format!("the cache: {} flows discarded", cleared.flows),
        ClearTarget::ForceExport => format!("the cache: {} flows exported", cleared.flows),
    };
    tracing::info!(
        msgid = "CLEAR",
        "{user} cleared flow monitor {name}, {what}"
    );
    Ok(cleared)
}

pub(super) async fn clear_exporter(call: Call) -> Answer<Nothing> {
    let (name, user) = (call.name, call.peer.user);
    blocking({
        let name = name.clone();
        move || call.control.probe.clear_exporter(&name)
    })
    .await??;
    tracing::info!(
        msgid = "CLEAR",
        "{user} cleared the statistics of flow exporter {name}"
    );
    Ok(Nothing {})
}

pub(super) async fn replay_exporter(call: Call) -> Answer<ReplayedExporter> {
    let (name, user) = (call.name, call.peer.user);
    let sent = blocking({
        let name = name.clone();
        move || call.control.probe.replay_exporter(&name)
    })
    .await??;
    tracing::info!(
        msgid = "REPLAY",
        "{user} had the templates of flow exporter {name} sent again"
    );
    Ok(ReplayedExporter { sent })
}
