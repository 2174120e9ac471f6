//! A commit in the probe: `prepare` opens and starts what it needs, `apply` puts that into force.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flow::RecordTally;
use language::{Code, Finding};
use loss::DropReason;
use service::{Occasion, clock};
use system::routes::Routes;

use super::difference::{Difference, InterfaceChange, RingChange, SocketChange};
use super::plan::{export_monitors, monitor_configs, sampler_ids, wants_routes};
use super::rings::OpenedRings;
use super::settings::{ACCOUNTING, Settings, finding};
use super::{Probe, State};

/// How long a commit waits for the host's routes to be read for the first time; a million take about two seconds.
pub(super) const ROUTES_TIMEOUT: Duration = Duration::from_secs(5);

/// A prepared change: sockets and rings are open and threads wait, without visible effect. Dropping it aborts the change.
pub struct Staged {
    pub(super) settings: Settings,
    pub(super) difference: Difference,
    pub(super) sampler_ids: BTreeMap<String, u8>,
    /// The new rings, by interface.
    opened: BTreeMap<String, OpenedRings>,
    /// Exporters that change, each with its new socket; `None` if it keeps the one it has.
    pub(super) sockets: Vec<(export::Settings, Option<export::Prepared>)>,
    /// The host's routes, if they are needed now and were not before.
    routes: Option<Routes>,
    pub(super) warnings: Vec<String>,
}

/// Opens and starts what a difference from the running settings needs, without visible effect.
///
/// # Errors
/// What this host refuses: a source address that is not local, a filter that does not compile, no permission.
/// An interface that does not exist is a warning; its thread waits for it.
pub(super) fn prepare(
    probe: &Probe,
    new: &Settings,
    difference: Difference,
    occasion: Occasion,
) -> Result<Staged, Vec<Finding>> {
    let mut state = probe.state();
    let mut findings = Vec::new();
    let mut warnings = Vec::new();
    let sampler_ids = sampler_ids(&state.sampler_ids, new, &mut findings);
    let opened = open_rings(
        &mut state,
        new,
        &difference,
        occasion,
        &mut warnings,
        &mut findings,
    );
    let mut sockets = Vec::new();
    for (name, change) in &difference.exporters {
        let Some(exporter) = new.exporters.get(name) else {
            continue;
        };
        let export = export::Settings {
            boot_ns: probe.boot_ns,
            ..exporter.export.clone()
        };
        match open_socket(&export, *change, &new.addresses, occasion, &mut warnings) {
            Ok(prepared) => sockets.push((export, prepared)),
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let routes = if wants_routes(new) && state.routes.is_none() {
        read_routes(&mut warnings)
    } else {
        None
    };
    Ok(Staged {
        settings: new.clone(),
        difference,
        sampler_ids,
        opened,
        sockets,
        routes,
        warnings,
    })
}

/// Opens the new rings of a difference and starts the threads for them.
fn open_rings(
    state: &mut State,
    new: &Settings,
    difference: &Difference,
    occasion: Occasion,
    warnings: &mut Vec<String>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, OpenedRings> {
    let mut opened = BTreeMap::new();
    for (interface, change) in &difference.interfaces {
        let (RingChange::Open | RingChange::Reopen, Some(settings)) =
            (change.ring, new.interfaces.get(interface))
        else {
            continue;
        };
        state.fanout_group = state.fanout_group.wrapping_add(1);
        let running = state.interfaces.get(interface);
        let running = running.map_or(0, |rings| rings.workers.len());
        let key = settings.ring_key();
        match OpenedRings::new(
            interface,
            &key,
            state.fanout_group,
            running,
            occasion,
            warnings,
        ) {
            Ok(rings) => drop(opened.insert(interface.clone(), rings)),
            Err(error) => findings.push(finding(
                &["interfaces", "ethernet", interface, "capture"],
                error.to_string(),
            )),
        }
    }
    opened
}

/// Opens an exporter's socket if it needs a new one; `None` if it keeps the one it has.
fn open_socket(
    export: &export::Settings,
    change: SocketChange,
    coming: &export::Coming,
    occasion: Occasion,
    warnings: &mut Vec<String>,
) -> Result<Option<export::Prepared>, Finding> {
    let path = exporter_path(&export.name);
    let prepared = match change {
        SocketChange::Keep => return Ok(None),
        SocketChange::None | SocketChange::Close if occasion == Occasion::Restore => {
            Ok(export::Prepared::unused())
        }
        SocketChange::None | SocketChange::Close => {
            export::check(export, coming).map(|()| export::Prepared::unused())
        }
        // The export thread tells in the log why there is no socket yet.
        SocketChange::Open | SocketChange::Reopen if occasion == Occasion::Restore => {
            Ok(export::restore(export, coming))
        }
        SocketChange::Open | SocketChange::Reopen => export::prepare_expecting(export, coming)
            .inspect(|prepared| {
                let down = prepared.down();
                warnings.extend(down.map(|why| format!("{}: {why}; trying again", path.join(" "))));
            }),
    };
    prepared.map(Some).map_err(|error| Finding {
        path,
        message: error.to_string(),
        code: Code::HostRefuses,
    })
}

/// Puts a prepared change into force. It cannot fail.
pub(super) fn apply(state: &mut State, staged: Staged) {
    let Staged {
        settings,
        difference,
        sampler_ids,
        mut opened,
        sockets,
        routes,
        ..
    } = staged;
    // Threads whose monitors did without routes get them now, whether or not their interface changes.
    let routes_are_new = routes.is_some();
    let unneeded = if wants_routes(&settings) {
        if routes_are_new {
            state.routes = routes;
        }
        None
    } else {
        state.routes.take()
    };

    // Before exporters change, so that flows go to the exporters that their monitor had.
    end_monitors(state, &settings, &difference);

    let retired = state.export.change(export::Change {
        exporters: sockets,
        gone: difference.gone_exporters,
        monitors: export_monitors(difference.monitors.iter(), &settings, &sampler_ids),
        gone_monitors: difference.gone_monitors,
    });
    for retired in &retired {
        // What was dropped before has been told by the exporter's state, and is in its ledger.
        let removed = |(reason, _): &&(DropReason, _)| *reason == DropReason::Removed;
        let lost = retired.ledger.dropped.iter().find(removed);
        if let Some((_, RecordTally { records: lost, .. })) =
            lost.filter(|(_, one)| one.records > 0)
        {
            tracing::warn!(
                exporter = retired.exporter,
                monitor = retired.monitor,
                lost,
                "records were not sent before the change"
            );
        }
    }

    for (name, interface) in settings.interfaces.iter() {
        if !routes_are_new && !difference.interfaces.contains_key(name) {
            continue;
        }
        let configs = monitor_configs(
            &interface.attachments,
            &settings,
            &sampler_ids,
            &state.export,
            state.routes.as_ref(),
        );
        let running = state.interfaces.entry(name.clone()).or_default();
        if let Some(opened) = opened.remove(name) {
            running.switch_to(opened, &configs);
        }
        for worker in &running.workers {
            worker.set_read_options(interface.reading.clone());
            worker.configure(configs.clone());
        }
    }
    wait_for_threads(state, &difference.interfaces, routes_are_new);
    state.settings = settings;
    state.sampler_ids = sampler_ids;
    drop(unneeded);
}

/// Waits until the capture threads of changed interfaces have handled their requests, so that a packet which arrives after the
/// commit has returned is metered as it says.
fn wait_for_threads(state: &State, changed: &BTreeMap<String, InterfaceChange>, all: bool) {
    for (name, rings) in &state.interfaces {
        if all || changed.contains_key(name) {
            for worker in &rings.workers {
                worker.report();
            }
        }
    }
}

/// Ends the monitors that are no longer attached, and waits until their flows are handed to the export thread.
fn end_monitors(state: &mut State, new: &Settings, difference: &Difference) {
    for (name, change) in &difference.interfaces {
        if change.ring == RingChange::Close {
            if let Some(rings) = state.interfaces.remove(name) {
                rings.stop();
            }
            continue;
        }
        let (Some(running), Some(old), Some(new)) = (
            state.interfaces.get(name),
            state.settings.interfaces.get(name),
            new.interfaces.get(name),
        ) else {
            continue;
        };
        let kept: BTreeSet<&str> = new.attachments.iter().map(|a| a.monitor.as_str()).collect();
        let mut staying = old.attachments.clone();
        staying.retain(|attachment| kept.contains(attachment.monitor.as_str()));
        if staying.len() == old.attachments.len() {
            continue;
        }
        let configs = monitor_configs(
            &staying,
            &state.settings,
            &state.sampler_ids,
            &state.export,
            state.routes.as_ref(),
        );
        for worker in &running.workers {
            worker.configure(configs.clone());
            // Its answer comes after the flows are handed on.
            worker.report();
        }
    }
}

/// Starts the thread that reads the host's routes. Without routes flows are metered, but have no output interface.
fn read_routes(warnings: &mut Vec<String>) -> Option<Routes> {
    match Routes::start(clock::steady_ns) {
        Ok(routes) => {
            if !routes.wait(ROUTES_TIMEOUT) {
                let why = routes.statistics().error;
                let why = why.unwrap_or_else(|| "they are being read".into());
                warnings.push(format!(
                    "flows have no output interface until the host's routes are known: {why}"
                ));
            }
            Some(routes)
        }
        Err(error) => {
            warnings.push(format!(
                "flows have no output interface, the host's routes cannot be read: {error}"
            ));
            None
        }
    }
}

/// Returns the path of an exporter in the configuration.
pub(super) fn exporter_path(name: &str) -> Vec<String> {
    let words: Vec<&str> = match name
        .strip_prefix(ACCOUNTING)
        .and_then(|rest| rest.strip_prefix('-'))
    {
        Some(server) => vec!["system", ACCOUNTING, "netflow", "server", server],
        None => vec!["flow", "exporter", name],
    };
    words.into_iter().map(str::to_owned).collect()
}
