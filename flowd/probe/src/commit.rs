//! One commit of the probe: `prepare` opens and starts what it needs, `apply` puts that into force.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use language::{Code, Finding};
use service::clock;
use system::routes::Routes;

use super::difference::{Difference, Link, Ring};
use super::plan::{export_monitors, meterings, sampler_ids, wants_routes};
use super::rings::Opened;
use super::settings::{ACCOUNTING, Settings, finding};
use super::{Probe, State};

/// How long a commit waits for the host's routes to be read for the first time; a million take about two seconds.
pub(super) const ROUTES: Duration = Duration::from_secs(5);

/// A change that is prepared: sockets and rings are open, threads wait, nothing has changed yet. Dropping it aborts.
pub struct Staged {
    pub(super) settings: Settings,
    pub(super) difference: Difference,
    pub(super) sampler_ids: BTreeMap<String, u8>,
    /// Interfaces whose rings are new.
    opened: BTreeMap<String, Opened>,
    /// Exporters that change; `None`: they keep their socket.
    pub(super) sockets: Vec<(export::Settings, Option<export::Prepared>)>,
    /// The host's routes, when they are wanted and were not before.
    routes: Option<Routes>,
    pub(super) warnings: Vec<String>,
}

/// Opens what a difference from the running settings needs. Nothing changes yet.
///
/// # Errors
/// What this host refuses: a source address that is not local, a filter that does not compile, no permission.
/// An interface that is not there is a warning; its thread waits for it.
pub(super) fn prepare(
    probe: &Probe,
    new: &Settings,
    difference: Difference,
) -> Result<Staged, Vec<Finding>> {
    let mut state = probe.state();
    let mut findings = Vec::new();
    let mut warnings = Vec::new();
    let sampler_ids = sampler_ids(&state.sampler_ids, new, &mut findings);
    let mut opened = BTreeMap::new();
    for (interface, port) in &difference.ports {
        let (Ring::Open | Ring::Reopen, Some(settings)) = (port.ring, new.ports.get(interface))
        else {
            continue;
        };
        state.groups = state.groups.wrapping_add(1);
        let running = state
            .ports
            .get(interface)
            .map_or(0, |rings| rings.workers.len());
        let key = settings.ring_key();
        match Opened::new(interface, &key, state.groups, running, &mut warnings) {
            Ok(rings) => drop(opened.insert(interface.clone(), rings)),
            Err(error) => findings.push(finding(
                &["interfaces", "ethernet", interface, "capture"],
                error.to_string(),
            )),
        }
    }
    let mut sockets = Vec::new();
    for (name, link) in &difference.exporters {
        let Some(exporter) = new.exporters.get(name) else {
            continue;
        };
        let mut export = exporter.export.clone();
        export.boot_ns = probe.boot_ns;
        let prepared = match link {
            Link::Keep => None,
            Link::None | Link::Close => {
                if let Err(error) = export::check(&export) {
                    findings.push(Finding {
                        path: exporter_path(name),
                        message: error.to_string(),
                        code: Code::HostRefuses,
                    });
                }
                Some(export::Prepared::unused())
            }
            Link::Open | Link::Reopen => match export::prepare(&export) {
                Ok(prepared) => {
                    warnings.extend(prepared.down().map(|why| {
                        format!("{}: {why}; trying again", exporter_path(name).join(" "))
                    }));
                    Some(prepared)
                }
                Err(error) => {
                    findings.push(Finding {
                        path: exporter_path(name),
                        message: error.to_string(),
                        code: Code::HostRefuses,
                    });
                    continue;
                }
            },
        };
        sockets.push((export, prepared));
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

/// Puts a prepared change into force. Cannot fail.
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
    // Every monitor that speaks of routes gets them when they come.
    let routes_come = routes.is_some();
    let unwanted = if wants_routes(&settings) {
        if routes_come {
            state.routes = routes;
        }
        None
    } else {
        state.routes.take()
    };

    // Monitors that go hand their flows to the exporters they had.
    for (interface, port) in &difference.ports {
        if port.ring == Ring::Close {
            if let Some(port) = state.ports.remove(interface) {
                port.stop();
            }
        } else if let (Some(running), Some(had), Some(has)) = (
            state.ports.get(interface),
            state.settings.ports.get(interface),
            settings.ports.get(interface),
        ) {
            let keeps: BTreeSet<&str> =
                has.attachments.iter().map(|a| a.monitor.as_str()).collect();
            let had = &had.attachments;
            let stay: Vec<_> = had
                .iter()
                .filter(|a| keeps.contains(a.monitor.as_str()))
                .cloned()
                .collect();
            if stay.len() < had.len() {
                let meterings = meterings(
                    &stay,
                    &state.settings,
                    &state.sampler_ids,
                    &state.export,
                    state.routes.as_ref(),
                );
                for worker in &running.workers {
                    worker.configure(meterings.clone());
                    // The answer comes when the flows are handed on.
                    worker.report();
                }
            }
        }
    }

    let retired = state.export.change(export::Change {
        exporters: sockets,
        gone: difference.gone_exporters,
        monitors: export_monitors(difference.monitors.iter(), &settings, &sampler_ids),
        gone_monitors: difference.gone_monitors,
    });
    for parted in retired
        .iter()
        .filter(|parted| parted.ledger.dropped_total().records > 0)
    {
        let lost = parted.ledger.dropped_total().records;
        tracing::warn!(
            exporter = parted.exporter,
            monitor = parted.monitor,
            lost,
            "records were not sent before the change"
        );
    }

    let touched = |interface: &str| routes_come || difference.ports.contains_key(interface);
    let ports = settings.ports.iter();
    for (interface, port) in ports.filter(|(interface, _)| touched(interface)) {
        let meterings = meterings(
            &port.attachments,
            &settings,
            &sampler_ids,
            &state.export,
            state.routes.as_ref(),
        );
        let running = state.ports.entry(interface.clone()).or_default();
        if let Some(opened) = opened.remove(interface) {
            running.adopt(opened, &meterings);
        }
        for worker in &running.workers {
            worker.read_as(port.reading.clone());
            worker.configure(meterings.clone());
        }
    }
    state.settings = settings;
    state.sampler_ids = sampler_ids;
    drop(unwanted);
}

/// Begins to keep the host's routes. Without them flows have no output interface, and are metered all the same.
fn read_routes(warnings: &mut Vec<String>) -> Option<Routes> {
    match Routes::start(clock::steady_ns) {
        Ok(routes) => {
            if !routes.wait(ROUTES) {
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

/// Where an exporter is configured.
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
