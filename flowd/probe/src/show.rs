//! The running probe in the types of the management API.

mod accounting;
mod cache;
mod exporter;
mod fields;
mod loss;
mod routes;
mod statistics;

pub use fields::fields;

use std::collections::BTreeMap;

use api::flow::{
    self as answer, Direction, Engine, Family, MeteredInterface, MeteredInterfaces, Monitor,
    MonitorStatus, Monitors, Record, RecordField, Records, RingState, Sampler, Samplers,
    SamplingMode, TunnelCounts,
};
use meter::{Aged, CacheType, ReadCounts, ReadOptions};
use registry::Field;
use wire::Tunnel;

use super::settings::{Attachment, MonitorSettings, Settings};
use super::worker::{MonitorReport, Report};
pub(crate) use accounting::{accounting, wanted};
pub(crate) use cache::{CacheAnswer, Rows, columns, group_columns};
pub(crate) use exporter::exporters;
pub(crate) use loss::{loss, skipped};
pub(crate) use routes::routes;

/// Returns the configured description, or what Cisco's routers show if there is none.
fn description(configured: &Option<String>) -> String {
    configured.as_deref().unwrap_or("User defined").to_owned()
}

/// `GET /v1/flow/records`.
pub(crate) fn records(settings: &Settings, name: Option<&str>) -> Records {
    let users = |record: &str| {
        let monitors = settings.monitors.values();
        monitors
            .filter(|monitor| monitor.record.name == record)
            .count()
    };
    let configured = settings.records.values();
    let mut records: Vec<_> = configured
        .map(|named| (&named.record, description(&named.description)))
        .collect();
    // The list has one predefined record; the others are shown by name only.
    let predefined = name.unwrap_or("netflow-original");
    let known = registry::Predefined::by_name(predefined);
    let predefined = flow::Record::by_name(predefined);
    let help = known.map_or_else(String::new, |known| format!("Predefined: {}", known.help));
    records.extend(predefined.as_ref().map(|record| (record, help)));
    let records = records
        .into_iter()
        .filter(|(record, _)| name.is_none_or(|name| name == record.name))
        .map(|(record, description)| {
            let field = |is_key: bool| {
                move |field: &&Field| RecordField {
                    is_key,
                    words: field.words.into(),
                    name: field.name().into(),
                }
            };
            let keys = record.keys.iter().map(field(true));
            let collects = record.collects.iter().map(field(false));
            let all = record.keys.iter().chain(&record.collects);
            Record {
                name: record.name.to_string(),
                description,
                users: users(&record.name) as u64,
                total_field_space: all.map(|field| u64::from(field.len)).sum(),
                fields: keys.chain(collects).collect(),
            }
        });
    Records {
        records: records.collect(),
    }
}

/// `GET /v1/flow/samplers`.
pub(crate) fn samplers(
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
    name: Option<&str>,
) -> Samplers {
    let wanted = settings
        .samplers
        .iter()
        .filter(|(sampler, _)| name.is_none_or(|name| name == *sampler));
    let samplers = wanted.map(|(name, sampler)| {
        let attachments = settings.attachments();
        let users = attachments.filter(|attachment| attachment.sampler.as_ref() == Some(name));
        Sampler {
            name: name.clone(),
            id: ids.get(name).copied(),
            mode: match sampler.mode {
                meter::Mode::Deterministic => SamplingMode::Deterministic,
                meter::Mode::Random => SamplingMode::Random,
            },
            rate: sampler.rate,
            users: users.count() as u64,
        }
    });
    Samplers {
        samplers: samplers.collect(),
    }
}

/// `GET /v1/flow/interfaces`.
pub(crate) fn interfaces(
    settings: &Settings,
    reports: &[Report],
    name: Option<&str>,
) -> MeteredInterfaces {
    let wanted = settings
        .interfaces
        .iter()
        .filter(|(interface, _)| name.is_none_or(|name| name == *interface));
    let interfaces = wanted.map(|(name, interface)| {
        let threads = reports.iter().filter(|report| *report.interface == **name);
        let tunnels = interface.reading.tunnels.kinds().map(Tunnel::name);
        MeteredInterface {
            interface: name.clone(),
            monitors: interface.attachments.iter().map(attachment).collect(),
            engine: match interface.capture.libpcap {
                true => Engine::Pcap,
                false => Engine::AfPacket,
            },
            promiscuous: interface.capture.promiscuous,
            snaplen: interface.capture.snaplen,
            decapsulate: tunnels.map(str::to_owned).collect(),
            fragment_ports: interface.reading.fragment_ports,
            threads: threads
                .map(|report| ring(&interface.reading, report))
                .collect(),
        }
    });
    MeteredInterfaces {
        interfaces: interfaces.collect(),
    }
}

fn attachment(attachment: &Attachment) -> answer::Attachment {
    let families = [Family::Ip, Family::Ipv6].into_iter();
    answer::Attachment {
        monitor: attachment.monitor.clone(),
        direction: match (attachment.input, attachment.output) {
            (true, true) => Direction::Both,
            (false, true) => Direction::Output,
            _ => Direction::Input,
        },
        families: families
            .zip(attachment.families)
            .filter_map(|(family, seen)| seen.then_some(family))
            .collect(),
        sampler: attachment.sampler.clone(),
    }
}

fn ring(reading: &ReadOptions, report: &Report) -> answer::Ring {
    let (tunnels, fragments) = reading_counts(reading, &report.reading);
    answer::Ring {
        state: match report.down {
            Some(_) => RingState::Down,
            None => RingState::Up,
        },
        reason: report.down.clone(),
        captured: report.ring.captured,
        delivered: report.ring.delivered,
        dropped: report.ring.dropped,
        tunnels,
        fragments,
    }
}

/// Returns the counters of tunnels and of fragments, for each of the two that is configured.
pub(crate) fn reading_counts(
    reading: &ReadOptions,
    counts: &ReadCounts,
) -> (Option<TunnelCounts>, Option<answer::FragmentCounts>) {
    let tunnels = (!reading.tunnels.is_empty()).then_some(TunnelCounts {
        entered: counts.decapsulated,
        unread: counts.unreadable_tunnels,
    });
    let fragments = reading.fragment_ports.then_some(answer::FragmentCounts {
        given: counts.fragments.given,
        unknown: counts.fragments.unknown,
        forgotten: counts.fragments.forgotten,
    });
    (tunnels, fragments)
}

/// `GET /v1/flow/monitors`.
pub(crate) fn monitors(settings: &Settings, reports: &[Report], name: Option<&str>) -> Monitors {
    let wanted = settings
        .monitors
        .iter()
        .filter(|(monitor, _)| name.is_none_or(|name| name == *monitor));
    Monitors {
        monitors: wanted
            .map(|(name, settings)| monitor(name, settings, reports))
            .collect(),
    }
}

fn monitor(name: &str, settings: &MonitorSettings, reports: &[Report]) -> Monitor {
    let mine = of_monitor(reports, name);
    Monitor {
        name: name.to_owned(),
        description: description(&settings.description),
        record: settings.record.name.to_string(),
        exporters: settings.exporters.clone(),
        status: match mine.is_empty() {
            true => MonitorStatus::NotAllocated,
            false => MonitorStatus::Allocated,
        },
        sampling_rate: None,
        cache: cache_block(settings, &mine),
    }
}

/// One packet out of so many comes to a monitor, on an interface or on all; 1 without a sampler, `None` where its
/// interfaces have different samplers.
pub(crate) fn sampling_rate(
    settings: &Settings,
    monitor: &str,
    interface: Option<&str>,
) -> Option<u32> {
    let ports = settings.interfaces.iter();
    let wanted = ports.filter(|(name, _)| interface.is_none_or(|only| only == name.as_str()));
    let attachments = wanted.flat_map(|(_, port)| &port.attachments);
    let mut rates = attachments
        .filter(|attachment| attachment.monitor == monitor)
        .map(|attachment| {
            let sampler = attachment.sampler.as_ref();
            let sampler = sampler.and_then(|name| settings.samplers.get(name));
            sampler.map_or(1, |sampler| sampler.rate)
        });
    let first = rates.next().unwrap_or(1);
    rates.all(|rate| rate == first).then_some(first)
}

/// Returns the counters of a monitor's cache, summed over its capture threads.
pub(crate) fn cache_counters(
    name: &str,
    monitor: &MonitorSettings,
    reports: &[Report],
) -> answer::Cache {
    cache_block(monitor, &of_monitor(reports, name))
}

fn cache_block(monitor: &MonitorSettings, reports: &[&MonitorReport]) -> answer::Cache {
    let sum = |of: fn(&MonitorReport) -> u64| reports.iter().map(|report| of(report)).sum::<u64>();
    let aged = reports
        .iter()
        .fold(Aged::default(), |sum, report| sum + report.aged);
    let timeouts = &monitor.timeouts;
    let flow_octets = reports.iter().map(|report| report.flow_octets).max();
    let size = monitor.entries * reports.len().max(1);
    answer::Cache {
        cache_type: match monitor.cache_type {
            CacheType::Normal => answer::CacheType::Normal,
            CacheType::Immediate => answer::CacheType::Immediate,
            CacheType::Permanent { .. } => answer::CacheType::Permanent,
        },
        bidirectional: monitor.record.is_bidirectional(),
        size: size as u64,
        parts: reports.len() as u64,
        octets: (size * flow_octets.unwrap_or(0)) as u64,
        entries: sum(|report| report.ledger.cached.records),
        high_watermark: sum(|report| report.high_watermark as u64),
        added: sum(|report| report.added),
        aged_total: aged.total(),
        aged: answer::Aged {
            active: aged.active,
            inactive: aged.inactive,
            event: aged.event,
            watermark: aged.watermark,
            emergency: aged.emergency,
            forced: aged.forced,
        },
        statistics: statistics::statistics(reports),
        updates: sum(|report| report.updates),
        update_timeout: match monitor.cache_type {
            CacheType::Permanent { update } => Some(update.as_secs()),
            CacheType::Normal | CacheType::Immediate => None,
        },
        active_timeout: timeouts.active.as_secs(),
        inactive_timeout: timeouts.generic.as_secs(),
        timeouts: answer::Timeouts {
            tcp_generic: timeouts.tcp.as_secs(),
            tcp_fin: timeouts.tcp_fin.as_secs(),
            tcp_rst: timeouts.tcp_rst.as_secs(),
            udp: timeouts.udp.as_secs(),
            icmp: timeouts.icmp.as_secs(),
            flow_generic: timeouts.generic.as_secs(),
            expiry_interval: timeouts.expiry_interval.as_secs(),
        },
    }
}

fn of_monitor<'a>(reports: &'a [Report], name: &str) -> Vec<&'a MonitorReport> {
    let all = reports.iter().flat_map(|report| &report.monitors);
    all.filter(|monitor| *monitor.monitor == *name).collect()
}
