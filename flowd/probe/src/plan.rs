//! Settings of the probe turned into those of capture threads and of the export thread.

use std::collections::{BTreeMap, BTreeSet};

use export::{SamplerMode, Sampling};
use language::Finding;
use meter::Mode;
use system::routes::Routes;

use super::settings::{Attachment, Settings, finding};
use super::worker::MonitorConfig;

/// Most samplers: their identifiers have one octet in exported records (element 48).
const MAX_SAMPLERS: usize = 255;

/// Assigns identifiers to samplers. A sampler keeps its identifier as long as it exists.
pub(crate) fn sampler_ids(
    running: &BTreeMap<String, u8>,
    new: &Settings,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, u8> {
    if new.samplers.len() > MAX_SAMPLERS {
        findings.push(finding(
            &["flow", "sampler"],
            format!("more than {MAX_SAMPLERS} samplers"),
        ));
        return BTreeMap::new();
    }
    let mut ids: BTreeMap<String, u8> = running
        .iter()
        .filter(|(name, _)| new.samplers.contains_key(name))
        .map(|(name, id)| (name.clone(), *id))
        .collect();
    let used: BTreeSet<u8> = ids.values().copied().collect();
    let mut free = (1..=u8::MAX).filter(|id| !used.contains(id));
    for name in new.samplers.keys() {
        if !ids.contains_key(name)
            && let Some(id) = free.next()
        {
            ids.insert(name.clone(), id);
        }
    }
    ids
}

/// Returns what a capture thread needs to run the monitors that are attached to its interface.
pub(crate) fn monitor_configs(
    attachments: &[Attachment],
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
    export: &export::Worker,
    routes: Option<&Routes>,
) -> Vec<MonitorConfig> {
    let config = |attachment: &Attachment| {
        let monitor = settings.monitors.get(&attachment.monitor)?;
        Some(MonitorConfig {
            monitor: attachment.monitor.as_str().into(),
            settings: meter::Settings {
                input: attachment.input,
                output: attachment.output,
                families: attachment.families,
                sampler: meter_sampler(attachment, settings, ids),
                ..monitor.meter()
            },
            feed: export.feed(&attachment.monitor),
            routes: routes
                .filter(|_| meter::wants_routes(&monitor.record))
                .map(Routes::reader),
        })
    };
    attachments.iter().filter_map(config).collect()
}

/// Returns the sampler of an attachment: mode, rate and identifier.
pub(crate) fn meter_sampler(
    attachment: &Attachment,
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
) -> Option<(Mode, u32, u8)> {
    let name = attachment.sampler.as_ref()?;
    let sampler = settings.samplers.get(name)?;
    Some((sampler.mode, sampler.rate, *ids.get(name)?))
}

/// Whether the record of an attached monitor has fields that need the host's routes.
pub(crate) fn wants_routes(settings: &Settings) -> bool {
    let mut attachments = settings.attachments();
    attachments.any(|attachment| {
        let monitor = settings.monitors.get(&attachment.monitor);
        monitor.is_some_and(|monitor| meter::wants_routes(&monitor.record))
    })
}

/// The attachments of all interfaces by the names of their monitors.
pub(crate) struct Attachments<'a>(BTreeMap<&'a str, Vec<&'a Attachment>>);

impl<'a> Attachments<'a> {
    /// Sorts the attachments by monitor.
    pub(crate) fn by_monitor(settings: &'a Settings) -> Attachments<'a> {
        let mut attached: BTreeMap<&str, Vec<&Attachment>> = BTreeMap::new();
        for attachment in settings.attachments() {
            let of_monitor = attached.entry(&attachment.monitor).or_default();
            of_monitor.push(attachment);
        }
        Attachments(attached)
    }
}

/// Returns what exporters need to know of the monitors with these names.
pub(crate) fn export_monitors<'a>(
    names: impl Iterator<Item = &'a String>,
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
) -> Vec<export::Monitor> {
    let attached = Attachments::by_monitor(settings);
    let monitor = |name: &String| {
        let monitor = settings.monitors.get(name)?;
        Some(export::Monitor {
            name: name.clone(),
            exporters: monitor.exporters.clone(),
            layouts: monitor.record.layouts().into_iter().flatten().collect(),
            sampling: sampling(&attached, name, settings, ids),
        })
    };
    names.filter_map(monitor).collect()
}

/// Returns how a monitor is sampled over all its attachments.
pub(crate) fn sampling(
    attached: &Attachments<'_>,
    monitor: &str,
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
) -> Sampling {
    let attachments = attached.0.get(monitor).into_iter().flatten();
    let names: BTreeSet<Option<&String>> = attachments
        .map(|attachment| attachment.sampler.as_ref())
        .collect();
    let sampler = |name: &String| {
        let sampler = settings.samplers.get(name)?;
        let mode = match sampler.mode {
            Mode::Deterministic => SamplerMode::Deterministic,
            Mode::Random => SamplerMode::Random,
        };
        Some(export::Sampler {
            id: *ids.get(name)?,
            name: name.clone(),
            mode,
            rate: sampler.rate,
        })
    };
    let mut samplers: Vec<_> = names
        .iter()
        .flatten()
        .filter_map(|name| sampler(name))
        .collect();
    match (samplers.len(), names.len()) {
        (0, _) => Sampling::None,
        (1, 1) => Sampling::One(samplers.remove(0)),
        _ => Sampling::Mixed(samplers),
    }
}

/// Returns the interfaces of this host, for `option interface-table`.
pub(crate) fn interfaces() -> Vec<export::Interface> {
    let Ok(interfaces) = nix::net::if_::if_nameindex() else {
        return Vec::new();
    };
    interfaces
        .iter()
        .map(|interface| {
            let name = interface.name().to_string_lossy().into_owned();
            let alias = std::fs::read_to_string(format!("/sys/class/net/{name}/ifalias"));
            let alias = alias.unwrap_or_default().trim_end().to_owned();
            export::Interface {
                index: interface.index(),
                // Routers tell the interface's name where it has no description.
                description: if alias.is_empty() {
                    name.clone()
                } else {
                    alias
                },
                name,
            }
        })
        .collect()
}
