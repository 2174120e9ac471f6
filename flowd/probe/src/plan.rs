//! From settings to what the capture threads and the export thread are told.

use std::collections::{BTreeMap, BTreeSet};

use export::{SamplerMode, Sampling};
use language::Finding;
use meter::Mode;
use system::routes::Routes;
use wire::Family;

use super::settings::{Attachment, Settings, finding};
use super::worker::Metering;

/// Samplers that can be told apart in exported records (element 48 has one octet).
const MAX_SAMPLERS: usize = 255;

/// Samplers keep their identifiers for as long as they exist.
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

pub(crate) fn meterings(
    attachments: &[Attachment],
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
    export: &export::Worker,
    routes: Option<&Routes>,
) -> Vec<Metering> {
    let metering = |attachment: &Attachment| {
        let monitor = settings.monitors.get(&attachment.monitor)?;
        let sampler = attachment.sampler.as_ref().and_then(|name| {
            let sampler = settings.samplers.get(name)?;
            Some((sampler.mode, sampler.rate, *ids.get(name)?))
        });
        Some(Metering {
            monitor: attachment.monitor.as_str().into(),
            settings: meter::Settings {
                input: attachment.input,
                output: attachment.output,
                families: attachment.families,
                sampler,
                ..monitor.meter()
            },
            feed: export.feed(&attachment.monitor),
            routes: routes
                .filter(|_| meter::wants_routes(&monitor.record))
                .map(Routes::reader),
        })
    };
    attachments.iter().filter_map(metering).collect()
}

/// Some monitor that is attached speaks of routes.
pub(crate) fn wants_routes(settings: &Settings) -> bool {
    let mut attachments = settings.ports.values().flat_map(|port| &port.attachments);
    attachments.any(|attachment| {
        let monitor = settings.monitors.get(&attachment.monitor);
        monitor.is_some_and(|monitor| meter::wants_routes(&monitor.record))
    })
}

/// Where monitors are attached, by their names.
pub(crate) struct Attached<'a>(BTreeMap<&'a str, Vec<&'a Attachment>>);

impl<'a> Attached<'a> {
    pub(crate) fn to(settings: &'a Settings) -> Attached<'a> {
        let mut attached: BTreeMap<&str, Vec<&Attachment>> = BTreeMap::new();
        for attachment in settings.ports.values().flat_map(|port| &port.attachments) {
            let of = attached.entry(&attachment.monitor).or_default();
            of.push(attachment);
        }
        Attached(attached)
    }
}

/// What exporters have to know of these monitors.
pub(crate) fn export_monitors<'a>(
    names: impl Iterator<Item = &'a String>,
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
) -> Vec<export::Monitor> {
    let attached = Attached::to(settings);
    let monitor = |name: &String| {
        let monitor = settings.monitors.get(name)?;
        Some(export::Monitor {
            name: name.clone(),
            exporters: monitor.exporters.clone(),
            layouts: [Family::V4, Family::V6]
                .into_iter()
                .filter_map(|family| monitor.record.layout(family))
                .collect(),
            sampling: sampling(&attached, name, settings, ids),
        })
    };
    names.filter_map(monitor).collect()
}

/// What the monitor's attachments have for samplers, together.
pub(crate) fn sampling(
    attached: &Attached<'_>,
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

/// The interfaces of this host, for `option interface-table`.
pub(crate) fn interfaces() -> Vec<export::Interface> {
    let Ok(interfaces) = nix::net::if_::if_nameindex() else {
        return Vec::new();
    };
    interfaces
        .iter()
        .map(|interface| {
            let name = interface.name().to_string_lossy().into_owned();
            let description = std::fs::read_to_string(format!("/sys/class/net/{name}/ifalias"))
                .unwrap_or_default()
                .trim_end()
                .to_owned();
            export::Interface {
                index: interface.index(),
                name,
                description,
            }
        })
        .collect()
}
