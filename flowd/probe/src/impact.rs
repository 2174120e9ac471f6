//! The impact of a prepared change on exporters, rings and caches, in words for the operator.

use api::session::{Impact, ImpactAction, ImpactKind};
use export::{Template, TemplateStep};
use meter::RebuildReason;
use service::Detail;

use super::State;
use super::commit::{Staged, exporter_path};
use super::difference::{CacheChange, InterfaceChange, RingChange, SocketChange};
use super::plan::export_monitors;
use super::settings::Settings;
use super::worker::Report;

/// Returns what applying a prepared change will do.
pub(super) fn impact(state: &State, staged: &Staged, detail: Detail) -> Vec<Impact> {
    let all = detail == Detail::All;
    let mut impact = state.exporters(staged);
    if all {
        impact.extend(state.templates(staged));
    }
    for (interface, change) in &staged.difference.interfaces {
        impact.extend(ring(interface, change.ring, &state.settings, staged));
        impact.extend(state.caches(interface, change, all));
    }
    if all && !staged.difference.interfaces.is_empty() {
        let (before, after) = (octets(&state.settings), octets(&staged.settings));
        let mib = |octets: u64| octets.div_ceil(1 << 20);
        let text = format!(
            "memory of rings and full caches: {} MiB, {} MiB before",
            mib(after),
            mib(before)
        );
        impact.push(Impact {
            octets: Some(after),
            octets_before: Some(before),
            ..Impact::new(ImpactKind::Memory, ImpactAction::Expect, &[], text)
        });
    }
    impact
}

impl State {
    fn exporters(&self, staged: &Staged) -> Vec<Impact> {
        let difference = &staged.difference;
        let mut impact = Vec::new();
        let mut tell = |action, name: &str, text: String, sockets| {
            let path = exporter_path(name);
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            impact.push(Impact {
                sockets: Some(sockets),
                ..Impact::new(ImpactKind::Exporter, action, &path, text)
            });
        };
        let used = self.settings.used_exporters();
        for name in &difference.gone_exporters {
            if used.contains(name.as_str()) {
                let text = format!("exporter {name}: its socket is closed");
                tell(ImpactAction::Close, name, text, 1);
            }
        }
        for (settings, prepared) in &staged.sockets {
            let name = settings.name.as_str();
            let to = format!("{} port {}", settings.destination, settings.port);
            let opens = prepared.as_ref().is_none_or(|one| one.down().is_none());
            let (count, when) = match opens {
                true => (1, ""),
                false => (0, ", when that is possible"),
            };
            match difference.exporters.get(name) {
                Some(SocketChange::Open) => {
                    let text = format!("exporter {name}: a socket to {to} is opened{when}");
                    tell(ImpactAction::Open, name, text, count);
                }
                Some(SocketChange::Reopen) => {
                    let text = format!(
                        "exporter {name}: its socket is replaced by one to {to}{when}; templates are sent again"
                    );
                    tell(ImpactAction::Reopen, name, text, count);
                }
                Some(SocketChange::Close) => {
                    let text = format!(
                        "exporter {name}: its socket is closed, since no attached monitor uses it"
                    );
                    tell(ImpactAction::Close, name, text, 1);
                }
                Some(SocketChange::Keep) => {
                    let old = self.settings.exporters.get(name);
                    if old.is_some_and(|old| !old.export.same_protocol(settings)) {
                        let text = format!(
                            "exporter {name}: it restarts with sequence number 0; templates are sent again"
                        );
                        tell(ImpactAction::Restart, name, text, 0);
                    }
                }
                Some(SocketChange::None) | None => {}
            }
        }
        impact
    }

    fn templates(&self, staged: &Staged) -> Vec<Impact> {
        let difference = &staged.difference;
        let used = staged.settings.used_exporters();
        let change = export::Change {
            exporters: staged
                .sockets
                .iter()
                .map(|(settings, _)| (settings.clone(), None))
                .collect(),
            gone: difference.gone_exporters.clone(),
            monitors: export_monitors(
                difference.monitors.iter(),
                &staged.settings,
                &staged.sampler_ids,
            ),
            gone_monitors: difference.gone_monitors.clone(),
        };
        let steps = self.export.preview(change);
        let steps = steps.iter().filter(|step| used.contains(step.exporter()));
        steps.map(template).collect()
    }

    fn caches(&self, interface: &str, change: &InterfaceChange, all: bool) -> Vec<Impact> {
        let touched =
            |cache: &CacheChange| all || !matches!(cache, CacheChange::Keep | CacheChange::Make);
        if !change.caches.values().any(touched) {
            return Vec::new();
        }
        let workers = self.interfaces.get(interface).map(|rings| &rings.workers);
        let reports = workers.into_iter().flatten();
        let reports: Vec<Report> = reports.filter_map(|worker| worker.report()).collect();
        let caches = change.caches.iter().filter(|(_, cache)| touched(cache));
        caches
            .map(|(monitor, cache)| {
                let monitors = reports.iter().flat_map(|report| &report.monitors);
                let flows: u64 = monitors
                    .filter(|report| *report.monitor == **monitor)
                    .map(|report| report.ledger.cached.records)
                    .sum();
                let of = format!("cache of monitor {monitor} on {interface}");
                let (action, text) = match cache {
                    CacheChange::Keep => (
                        ImpactAction::Keep,
                        format!("{of}: kept, with {flows} flows"),
                    ),
                    CacheChange::Make => (ImpactAction::Make, format!("{of}: created, empty")),
                    CacheChange::Drop => (
                        ImpactAction::Drop,
                        format!("{of}: {flows} flows are exported, and it is removed"),
                    ),
                    CacheChange::Rebuild(RebuildReason::Record) => (
                        ImpactAction::Rebuild,
                        format!(
                            "{of}: {flows} flows are exported, and it starts empty with the new record"
                        ),
                    ),
                    CacheChange::Rebuild(RebuildReason::Type) => (
                        ImpactAction::Rebuild,
                        format!(
                            "{of}: {flows} flows are exported, and it starts empty with the new type"
                        ),
                    ),
                };
                let path = [
                    "interfaces",
                    "ethernet",
                    interface,
                    "flow",
                    "monitor",
                    monitor,
                ];
                Impact {
                    flows: Some(flows),
                    ..Impact::new(ImpactKind::Cache, action, &path, text)
                }
            })
            .collect()
    }
}

fn template(step: &TemplateStep) -> Impact {
    let (
        action,
        Template {
            exporter,
            client,
            id,
            fields,
        },
    ) = match step {
        TemplateStep::Send(template) => (ImpactAction::Send, template),
        TemplateStep::Withdraw(template) => (ImpactAction::Withdraw, template),
    };
    let what = match action {
        ImpactAction::Send => format!("is sent, {fields} fields"),
        _ => "is not used any more".to_owned(),
    };
    let text = format!("exporter {exporter}: template {id} of {client} {what}");
    let path = exporter_path(exporter);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Impact {
        template: Some(u64::from(*id)),
        fields: Some(*fields as u64),
        ..Impact::new(ImpactKind::Template, action, &path, text)
    }
}

fn ring(interface: &str, ring: RingChange, old: &Settings, staged: &Staged) -> Option<Impact> {
    let sockets = |settings: &Settings| {
        let interface = settings.interfaces.get(interface);
        interface.map_or(0, |settings| u64::from(settings.capture.threads.max(1)))
    };
    let rings = |count: u64| match count {
        1 => "1 ring".to_owned(),
        count => format!("{count} rings"),
    };
    let (action, count, text) = match ring {
        RingChange::Keep => return None,
        RingChange::Open => {
            let count = sockets(&staged.settings);
            (
                ImpactAction::Open,
                count,
                format!("{} opened", rings(count)),
            )
        }
        RingChange::Reopen => {
            let count = sockets(&staged.settings);
            let text = format!(
                "{} opened in place of {}, no packet is lost",
                rings(count),
                sockets(old)
            );
            (ImpactAction::Reopen, count, text)
        }
        RingChange::Close => {
            let count = sockets(old);
            (
                ImpactAction::Close,
                count,
                format!("{} closed", rings(count)),
            )
        }
    };
    let path = ["interfaces", "ethernet", interface, "capture"];
    let text = format!("capture on {interface}: {text}");
    Some(Impact {
        sockets: Some(count),
        ..Impact::new(ImpactKind::Ring, action, &path, text)
    })
}

/// Returns the octets of memory of all rings, and of all caches if they were full.
fn octets(settings: &Settings) -> u64 {
    let of_interface = |interface: &super::settings::InterfaceSettings| {
        let threads = u64::from(interface.capture.threads.max(1));
        let attached = interface.attachments.iter();
        let monitors = attached.filter_map(|at| settings.monitors.get(&at.monitor));
        let caches: u64 = monitors
            .map(|monitor| meter::full_cache_octets(&monitor.meter()))
            .sum();
        threads * ((u64::from(interface.capture.ring_mib) << 20) + caches)
    };
    settings
        .interfaces
        .values()
        .map(|one| of_interface(one))
        .sum()
}
