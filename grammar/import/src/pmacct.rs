//! Importer for configurations of pmacct (CONFIG-KEYS of release 1.7). pmacctd and uacctd with the plugin nfprobe become the
//! metering of an interface; each nfprobe with other settings than the first gets a monitor of its own. nfacctd and
//! sfacctd with the plugin tee become a samplicator.

mod aggregate;
mod map;
mod receivers;
mod tags;
mod tee;
#[cfg(test)]
mod tests;

use super::probe::{Probe, collector, filter, interface, number};
use super::report::{Place, Remarks};
use super::{ImportKind, Imported, MAX_LINES, Origin};
use language::schema::Type;

pub use tee::ReferencedFile;

/// The name of the monitor or samplicator, and the beginning of the names for further plugins.
pub const NAME: &str = "pmacct";

/// The place of remarks on the whole configuration.
const WHOLE: Place = Place {
    origin: Origin::Whole,
    line: 1,
};

/// Most plugins of one kind.
const MAX_PLUGINS: usize = 64;
/// Most files beside the configuration.
const MAX_FILES: usize = 64;

/// Keys for which flowd needs no counterpart, with the reason.
const NOT_NEEDED: &[(&str, &str)] = &[
    ("daemonize", "flowd is a service already"),
    (
        "pidfile",
        "flowd is a service; there is no file of its process id",
    ),
    ("syslog", "flowd logs by `system syslog`"),
    ("logfile", "flowd logs by `system syslog`"),
    ("debug", "`show flow …` and `show log` tell what flowd does"),
    (
        "debug_internal_msg",
        "`show flow …` and `show log` tell what flowd does",
    ),
    ("core_proc_name", "flowd is one process"),
    ("proc_name", "flowd is one process"),
    ("proc_priority", "systemd sets the priority of flowd"),
    ("propagate_signals", "flowd is one process"),
    ("pmacctd_nonroot", "flowd runs as a user of its own"),
    (
        "pcap_interface_wait",
        "an interface that comes later is captured when it is there",
    ),
    ("pmacctd_flow_buffer_size", "memory is that of the cache"),
    ("pmacctd_flow_buffer_buckets", "memory is that of the cache"),
    (
        "pmacctd_frag_buffer_size",
        "memory of fragments is bounded by itself",
    ),
    ("plugin_pipe_size", "there are no plugins to feed"),
    ("plugin_buffer_size", "there are no plugins to feed"),
    ("plugin_pipe_zmq", "there are no plugins to feed"),
    ("plugin_exit_any", "there are no plugins to feed"),
];

/// Returns the paths of the files that a configuration names and that [`import`] reads, in their order.
pub fn files(text: &str) -> Vec<String> {
    let entries = entries(text, &mut Remarks::default());
    let tee = plugins(&entries, "tee", &mut Remarks::default());
    let mut files: Vec<String> = Vec::new();
    for entry in entries.iter().filter(|_| !tee.is_empty()) {
        let known = files.iter().any(|file| file == entry.value);
        if tee::FILES.contains(&entry.key) && !known && files.len() < MAX_FILES {
            files.push(entry.value.to_owned());
        }
    }
    files
}

/// Imports a configuration and the files that it names. In remarks, the configuration is file 0, and the others follow in
/// their order.
pub fn import(text: &str, files: &[ReferencedFile]) -> Imported {
    let mut remarks = Remarks::default();
    let entries = entries(text, &mut remarks);
    let kind = match plugins(&entries, "tee", &mut Remarks::default()).is_empty() {
        true => "nfprobe",
        false => "tee",
    };
    let plugins = plugins(&entries, kind, &mut remarks);
    for entry in &entries {
        let known = entry.plugin.is_none_or(|plugin| plugins.contains(&plugin));
        if !known && !plugins.is_empty() {
            let why = format!("no {kind} has that name");
            remarks.lost(entry.place, entry.whole, why);
        }
    }
    let (text, import_kind) = match kind {
        "tee" => {
            let text = tee::statements(&entries, &plugins, files, &mut remarks);
            (text, ImportKind::Samplicator)
        }
        _ => (
            statements(&entries, &plugins, &mut remarks),
            ImportKind::Monitoring,
        ),
    };
    Imported {
        text,
        remarks: remarks.0,
        kind: import_kind,
    }
}

/// `key[plugin]: value`.
struct Entry<'a> {
    key: &'a str,
    plugin: Option<&'a str>,
    value: &'a str,
    whole: &'a str,
    place: Place,
}

fn entries<'a>(text: &'a str, remarks: &mut Remarks) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (number, whole) in text.lines().enumerate() {
        let place = Place {
            origin: Origin::File(0),
            line: u32::try_from(number + 1).unwrap_or(u32::MAX),
        };
        let line = whole.trim();
        if line.is_empty() || line.starts_with(['!', '#']) {
            continue;
        }
        if entries.len() == MAX_LINES {
            remarks.lost(place, line, format!("{MAX_LINES} lines are read"));
            break;
        }
        let Some((key, value)) = line.split_once(':') else {
            remarks.lost(place, line, "there is no colon; `KEY: VALUE` is expected");
            continue;
        };
        let (key, plugin) = match key.trim().split_once('[') {
            Some((key, rest)) => (
                key.trim(),
                Some(rest.trim_end().trim_end_matches(']').trim()),
            ),
            None => (key.trim(), None),
        };
        let value = value.trim();
        if value.is_empty() {
            remarks.lost(place, line, "it has no value");
            continue;
        }
        entries.push(Entry {
            key,
            plugin,
            value,
            whole: line,
            place,
        });
    }
    entries
}

/// Returns the names of the plugins of one kind, nfprobe or tee.
fn plugins<'a>(entries: &[Entry<'a>], wanted: &str, remarks: &mut Remarks) -> Vec<&'a str> {
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| entry.key == "plugins") {
        for plugin in entry.value.split(',').map(str::trim) {
            let (kind, name) = match plugin.split_once('[') {
                Some((kind, name)) => (kind.trim(), name.trim_end_matches(']').trim()),
                None => (plugin, ""),
            };
            let why = match kind {
                _ if kind == wanted && found.contains(&name) => "it is there twice".to_owned(),
                _ if kind == wanted && found.len() == MAX_PLUGINS => {
                    format!("{MAX_PLUGINS} plugins are read")
                }
                _ if kind == wanted => {
                    found.push(name);
                    continue;
                }
                "nfprobe" => "beside the plugin tee, as in pmacct, no other one is possible".into(),
                "sfprobe" => "sFlow is not exported in this release".into(),
                "memory" | "imt" => "flowd keeps its caches: `show flow monitor NAME cache`".into(),
                _ => "flows are exported, not written to databases, files or brokers".into(),
            };
            remarks.lost(entry.place, plugin, why);
        }
    }
    found
}

/// Returns the `set` lines of the nfprobes of a configuration.
fn statements(entries: &[Entry<'_>], plugins: &[&str], remarks: &mut Remarks) -> String {
    if plugins.is_empty() {
        remarks.lost(
            WHOLE,
            "pmacct",
            "there is no plugin nfprobe or tee, so there is nothing to export or copy",
        );
        return String::new();
    }
    let mut probes: Vec<(&str, Probe)> = Vec::new();
    for (index, plugin) in plugins.iter().enumerate() {
        // A plugin's own lines take precedence over those for all plugins. Each line gets one remark.
        let mut unheard = Remarks::default();
        let mut probe = Probe {
            promiscuous: true,
            version: 10,
            ..Probe::default()
        };
        let mut aggregate = None;
        for own in [false, true] {
            for entry in entries {
                let mine = match entry.plugin {
                    None => !own,
                    Some(name) => own && name == *plugin,
                };
                if !mine || entry.key == "plugins" {
                    continue;
                }
                let heard = own || index == 0;
                let to = if heard { &mut *remarks } else { &mut unheard };
                if entry.key == "aggregate" {
                    aggregate = Some(entry);
                } else if let Err(why) = take(&mut probe, entry, to) {
                    to.lost(entry.place, entry.whole, why);
                }
            }
        }
        if let Some(entry) = aggregate {
            let to = if index == 0 || entry.plugin.is_some() {
                &mut *remarks
            } else {
                &mut unheard
            };
            aggregate::fields(&mut probe, entry.value, entry.place, to);
        }
        if probe.collectors.is_empty() {
            let receiver = super::probe::Collector {
                host: "127.0.0.1".into(),
                port: 2100,
            };
            remarks.differs(
                WHOLE,
                plugin,
                "no nfprobe_receiver: nfprobe's default, 127.0.0.1:2100, is used",
            );
            probe.collectors.push(receiver);
        }
        if probe.interface.is_empty() {
            remarks.lost(WHOLE, "pmacct", "no interface is named (pcap_interface)");
            return String::new();
        }
        // The same flows to another collector are another exporter of the same monitor.
        let alike = probes.iter_mut().find(|(_, other)| {
            Probe {
                collectors: Vec::new(),
                ..other.clone()
            } == Probe {
                collectors: Vec::new(),
                ..probe.clone()
            }
        });
        match alike {
            Some((_, other)) => {
                let new = probe.collectors.into_iter();
                let new: Vec<_> = new.filter(|one| !other.collectors.contains(one)).collect();
                other.collectors.extend(new);
            }
            None => probes.push((plugin, probe)),
        }
    }
    let alone = probes.len() == 1;
    let mut names = Vec::new();
    let mut text = String::new();
    for (plugin, probe) in &probes {
        let name = match names.is_empty() || plugin.is_empty() {
            true => NAME.to_owned(),
            false => format!("{NAME}-{plugin}"),
        };
        let fits = Type::Name.accept(&name, false).is_ok() && !names.contains(&name);
        let name = if fits {
            name
        } else {
            format!("{NAME}-{}", names.len() + 1)
        };
        text.push_str(&probe.statements(&name, alone, WHOLE, remarks));
        names.push(name);
    }
    text
}

/// Applies one line to a probe.
fn take(probe: &mut Probe, entry: &Entry<'_>, remarks: &mut Remarks) -> Result<(), String> {
    let Entry {
        key,
        value,
        place,
        whole,
        ..
    } = *entry;
    let yes = || match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false is expected".to_owned()),
    };
    let mut bounded = |least: u64, most: u64| -> Result<u64, String> {
        let (number, aside) = number(value, least, most).ok_or("a number is expected")?;
        if aside {
            remarks.differs(place, whole, format!("{least} to {most} is possible"));
        }
        Ok(number)
    };
    match key {
        "pcap_interface" | "interface" => probe.interface = interface(value)?,
        "pcap_filter" => probe.filter = Some(filter(value)?),
        "promisc" => probe.promiscuous = yes()?,
        "snaplen" => probe.snaplen = Some(bounded(64, 65_535)?),
        "pmacctd_pipe_size" | "uacctd_nl_size" => probe.buffer = Some(bounded(1, 1 << 32)?),
        "pmacctd_force_frag_handling" => probe.fragment_ports = yes()?,
        "pcap_direction" | "nfprobe_direction" => {
            probe.direction = match value {
                "in" => Some("input"),
                "out" => Some("output"),
                _ => return Err("in and out are possible; here both directions are metered".into()),
            }
        }
        "sampling_rate" => {
            probe.sampling = match bounded(1, 32_768)? {
                1 => None,
                rate => Some(("random", rate)),
            }
        }
        "nfprobe_receiver" => probe.collectors = vec![collector(value)?],
        "nfprobe_version" => match value {
            "5" | "9" | "10" => probe.version = value.parse().unwrap_or(10),
            _ => return Err("5, 9 and 10 are possible; 10 is used".into()),
        },
        "nfprobe_engine" => {
            probe.engine = Some(
                Type::EngineId
                    .accept(value, false)
                    .map_err(|no| no.message)?,
            );
        }
        "nfprobe_source_ip" => {
            probe.source = Some(
                Type::Address
                    .accept(value, false)
                    .map_err(|no| no.message)?,
            );
        }
        "nfprobe_maxflows" => probe.max_flows = Some(bounded(16, 16_777_216)?),
        "nfprobe_hoplimit" => probe.ttl = u8::try_from(bounded(1, 255)?).ok(),
        "nfprobe_ipprec" => probe.dscp = u8::try_from(bounded(0, 7)? << 3).ok(),
        "nfprobe_dont_cache" => probe.immediate = yes()?,
        "nfprobe_tstamp_usec" => probe.times = if yes()? { "microseconds" } else { "" },
        "nfprobe_timeouts" => timeouts(probe, value, place, remarks),
        "pcap_savefile" => return Err("a savefile is metered by `flowd meter --read FILE`".into()),
        "pcap_interfaces_map" => return Err("name the interfaces of the map one by one".into()),
        "uacctd_group" => {
            return Err("packets are captured on an interface, not taken from netfilter".into());
        }
        "aggregate_filter" | "pre_tag_map" | "pre_tag_filter" => {
            return Err("`capture filter` is of an interface; there are no tags".into());
        }
        "networks_file" | "networks_mask" => {
            return Err("prefixes and masks come from the host's routes".into());
        }
        _ => return Err(why(key).into()),
    }
    Ok(())
}

/// Returns why a key is left out.
fn why(key: &str) -> &'static str {
    let found = NOT_NEEDED.iter().find(|(known, _)| *known == key);
    match found {
        Some((_, why)) => why,
        None if key.starts_with("nfprobe_") => "there is nothing like it here",
        None if key.starts_with("sfprobe_") => "sFlow is not exported in this release",
        None if key.starts_with("bgp_") || key.starts_with("bmp_") => "flowd speaks no BGP",
        None => "it is not known, or not related to a probe or samplicator",
    }
}

/// `name=value:name=value`.
fn timeouts(probe: &mut Probe, value: &str, place: Place, remarks: &mut Remarks) {
    for part in value.split(':') {
        let why = match part.trim().split_once('=') {
            None => "NAME=SECONDS is expected".to_owned(),
            Some((name, seconds)) => match seconds.trim().parse::<u32>() {
                Ok(0) if name.trim() == "maxlife" => {
                    "flows have a longest life; it is 604800 s".into()
                }
                Ok(seconds) if i32::try_from(seconds).is_ok() => {
                    match probe.timeouts.set(name.trim(), seconds) {
                        true => continue,
                        false => "nfprobe has no such timeout".into(),
                    }
                }
                _ => "a number of seconds is expected".into(),
            },
        };
        remarks.lost(place, part, why);
    }
}
