//! The probe: capture threads, their meters, and the exporters behind them, as one thing that a commit
//! changes and the management API asks.
//!
//! `prepare` opens what a new configuration needs and the running one does not have; `apply` swaps it in. What a
//! commit does not change keeps its ring, its cache and its socket.

mod settings;
mod show;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use capture::{Engine, Fanout, Source};
use export::{SamplerMode, Sampling};
use flow::Batch;
use grammar::Finding;
use meter::{Clear, Mode};
use serde_json::Value as Json;
use wire::Family;

use crate::clock;
pub use settings::Settings;
use settings::{ACCOUNTING, Attachment, CaptureSettings, PortSettings};
use worker::{Capturing, Metering, Report, Worker};

/// Batches (256 flows each) that may wait for the export thread; more are dropped and counted.
const QUEUE: usize = 1024;
/// Samplers that can be told apart in exported records (element 48 has one octet).
const MAX_SAMPLERS: usize = 255;

/// The running probe. Its methods block for milliseconds at most.
pub struct Probe {
    boot_ns: u64,
    state: Mutex<State>,
}

struct State {
    settings: Settings,
    sampler_ids: BTreeMap<String, u8>,
    ports: BTreeMap<String, RunningPort>,
    export: export::Worker,
    /// Number of the next fanout group.
    groups: u16,
}

/// The capture threads of one interface.
struct RunningPort {
    key: RingKey,
    workers: Vec<Worker>,
}

/// What a ring depends on: while it stays the same, the ring stays open.
#[derive(Clone, Debug, PartialEq)]
struct RingKey {
    capture: CaptureSettings,
    incoming: bool,
    outgoing: bool,
}

/// A change that is prepared: sockets and rings are open, nothing has changed yet. Dropping it aborts.
pub struct Staged {
    settings: Settings,
    sampler_ids: BTreeMap<String, u8>,
    /// Interfaces whose rings are new; `None`: the interface is not there, its thread waits for it.
    sources: BTreeMap<String, Opened>,
    /// Exporters; `None`: they keep their socket.
    sockets: Vec<(export::Settings, Option<export::Prepared>)>,
    warnings: Vec<String>,
}

impl Staged {
    /// What the operator should know, a line each: parts of the configuration that this host does not apply.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// A question that cannot be answered: no such monitor, say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unknown(pub String);

/// What of a cache is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct CacheQuery {
    /// Field to sort by (its words or its IANA name).
    pub sort: Option<String>,
    /// Smallest first.
    #[serde(default)]
    pub lowest: bool,
    /// At most so many flows.
    pub top: Option<usize>,
}

/// What of the flow-accounting table is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct AccountingQuery {
    /// This interface only.
    pub interface: Option<String>,
    /// Source or destination address.
    pub host: Option<IpAddr>,
    /// Source or destination port: `22`, `80-89` or `53,123`.
    pub port: Option<String>,
    /// So many flows, most octets first.
    pub top: Option<usize>,
    /// At most so many flows.
    pub count: Option<usize>,
}

impl Probe {
    /// Starts with nothing configured.
    ///
    /// # Panics
    /// When the system refuses a thread: a daemon that cannot export has nothing to do.
    #[allow(clippy::expect_used)]
    pub fn start() -> Probe {
        // Whole milliseconds, as the exported times count from it.
        let boot_ns = clock::unix_ns() / 1_000_000 * 1_000_000;
        let state = State {
            settings: Settings::default(),
            sampler_ids: BTreeMap::new(),
            ports: BTreeMap::new(),
            export: export::Worker::start(Arc::new(clock::unix_ns), QUEUE)
                .expect("the export thread starts"),
            groups: 0,
        };
        Probe {
            boot_ns,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens what `new` needs and the running settings do not have. Nothing changes yet.
    ///
    /// # Errors
    /// What this host refuses: a source address that is not local, a filter that does not compile, no permission.
    /// An interface that is not there is a warning; its thread waits for it.
    pub fn prepare(&self, new: &Settings) -> Result<Staged, Vec<Finding>> {
        let mut state = self.state();
        let mut findings = Vec::new();
        let mut warnings = Vec::new();
        let sampler_ids = sampler_ids(&state.sampler_ids, new, &mut findings);
        let mut sources = BTreeMap::new();
        for (interface, port) in &new.ports {
            let key = ring_key(port);
            if state
                .ports
                .get(interface)
                .is_some_and(|running| running.key == key)
            {
                continue;
            }
            state.groups = state.groups.wrapping_add(1);
            match open(interface, &key, state.groups, &mut warnings) {
                Ok(opened) => drop(sources.insert(interface.clone(), opened)),
                Err(error) => findings.push(finding(
                    &["interfaces", "ethernet", interface, "capture"],
                    error.to_string(),
                )),
            }
        }
        let mut sockets = Vec::new();
        for (name, exporter) in &new.exporters {
            let mut export = exporter.export.clone();
            export.boot_ns = self.boot_ns;
            let running = state.settings.exporters.get(name);
            if running.is_some_and(|running| running.export.same_socket(&export)) {
                sockets.push((export, None));
                continue;
            }
            match export::prepare(&export) {
                Ok(prepared) => {
                    warnings.extend(prepared.down().map(|why| {
                        format!("{}: {why}; trying again", exporter_path(name).join(" "))
                    }));
                    sockets.push((export, Some(prepared)));
                }
                Err(error) => findings.push(Finding {
                    path: exporter_path(name),
                    message: error.to_string(),
                }),
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Staged {
            settings: new.clone(),
            sampler_ids,
            sources,
            sockets,
            warnings,
        })
    }

    /// Puts a prepared change into force. Cannot fail.
    pub fn apply(&self, staged: Staged) {
        let mut state = self.state();
        let state = &mut *state;
        let Staged {
            settings,
            sampler_ids,
            mut sources,
            sockets,
            ..
        } = staged;

        // Monitors that go hand their flows to the exporters they had.
        let gone: Vec<String> = state
            .ports
            .keys()
            .filter(|port| !settings.ports.contains_key(*port))
            .cloned()
            .collect();
        for port in gone.iter().filter_map(|name| state.ports.remove(name)) {
            port.workers.into_iter().for_each(Worker::stop);
        }
        for (interface, port) in &state.ports {
            let keeps: BTreeSet<&str> = settings.ports[interface]
                .attachments
                .iter()
                .map(|a| a.monitor.as_str())
                .collect();
            let had = &state.settings.ports[interface].attachments;
            let stay: Vec<_> = had
                .iter()
                .filter(|a| keeps.contains(a.monitor.as_str()))
                .cloned()
                .collect();
            if stay.len() < had.len() {
                let meterings =
                    meterings(&stay, &state.settings, &state.sampler_ids, &state.export);
                for worker in &port.workers {
                    worker.configure(meterings.clone());
                    // The answer comes when the flows are handed on.
                    worker.report();
                }
            }
        }

        let retired = state.export.apply(export::Plan {
            exporters: sockets,
            monitors: export_monitors(&settings, &sampler_ids),
            interfaces: interfaces(),
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

        for (interface, port) in &settings.ports {
            let meterings = meterings(&port.attachments, &settings, &sampler_ids, &state.export);
            let opened = sources.remove(interface);
            let running = state
                .ports
                .entry(interface.clone())
                .or_insert_with(|| RunningPort {
                    key: ring_key(port),
                    workers: Vec::new(),
                });
            if let Some(opened) = opened {
                running.key = ring_key(port);
                running.adopt(opened);
            }
            running
                .workers
                .iter()
                .for_each(|worker| worker.configure(meterings.clone()));
        }
        state.settings = settings;
        state.sampler_ids = sampler_ids;
    }

    /// Expires every flow, exports what is left, and ends the threads.
    pub fn stop(&self) {
        let mut state = self.state();
        for (_, port) in std::mem::take(&mut state.ports) {
            port.workers.into_iter().for_each(Worker::stop);
        }
        state.export.stop();
    }

    /// `GET /v1/flow/…`; `what` is `records samplers interfaces monitors exporters loss`, `name` one of them.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub fn show(&self, what: &str, name: Option<&str>) -> Result<Json, Unknown> {
        let state = self.state();
        let settings = &state.settings;
        let known = |kind: &str, has: &dyn Fn(&str) -> bool| match name {
            Some(name) if !has(name) => Err(Unknown(format!("there is no {kind} {name}"))),
            _ => Ok(()),
        };
        Ok(match what {
            "records" => {
                known("flow record", &|name| {
                    settings.records.contains_key(name) || name == "netflow-original"
                })?;
                show::records(settings, name)
            }
            "samplers" => {
                known("sampler", &|name| settings.samplers.contains_key(name))?;
                show::samplers(settings, &state.sampler_ids, name)
            }
            "interfaces" => {
                known("interface with a flow monitor", &|name| {
                    settings.ports.contains_key(name)
                })?;
                show::interfaces(settings, &state.reports(), name)
            }
            "monitors" => {
                known("flow monitor", &|name| settings.monitors.contains_key(name))?;
                show::monitors(settings, &state.reports(), name)
            }
            "exporters" => {
                known("flow exporter", &|name| {
                    settings.exporters.contains_key(name)
                })?;
                show::exporters(settings, &state.export.statistics(), name)
            }
            "loss" => show::loss(&state.reports(), &state.export.statistics()),
            other => return Err(Unknown(format!("nothing is known of {other}"))),
        })
    }

    /// `GET /v1/flow/monitors/NAME/cache`.
    ///
    /// # Errors
    /// When there is no such monitor or field.
    pub fn cache(&self, monitor: &str, query: &CacheQuery) -> Result<Json, Unknown> {
        let state = self.state();
        let settings = state.monitor(monitor)?.clone();
        let batches: Vec<Batch> = state
            .workers()
            .flat_map(|(_, worker)| worker.flows(monitor))
            .collect();
        let reports = state.reports();
        drop(state);
        show::cache(monitor, &settings, &reports, &batches, query)
    }

    /// `GET /v1/flow-accounting`.
    ///
    /// # Errors
    /// VyOS's own: not running, not configured on that interface, no in-memory table.
    pub fn accounting(&self, query: &AccountingQuery) -> Result<Json, Unknown> {
        let state = self.state();
        match state.settings.accounting_table {
            None => return Err(Unknown("flow-accounting is not running".into())),
            Some(false) => return Err(Unknown("In-memory table is not available".into())),
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
            return Err(Unknown(format!(
                "flow-accounting not configured on [{interface}]"
            )));
        }
        let tables = state
            .ports
            .iter()
            .filter(|(interface, _)| has_accounting(interface))
            .filter(|(interface, _)| {
                query
                    .interface
                    .as_ref()
                    .is_none_or(|wanted| wanted == *interface)
            })
            .map(|(interface, port)| {
                (
                    interface.clone(),
                    port.workers
                        .iter()
                        .flat_map(|worker| worker.flows(ACCOUNTING))
                        .collect(),
                )
            })
            .collect();
        drop(state);
        show::accounting(tables, query)
    }

    /// `POST /v1/clear/monitor/NAME`: `what` is `cache`, `statistics` or `force-export`. Returns the flows it ended.
    ///
    /// # Errors
    /// When there is no such monitor or nothing of that kind to clear.
    pub fn clear_monitor(&self, monitor: &str, what: &str) -> Result<u64, Unknown> {
        let state = self.state();
        state.monitor(monitor)?;
        let how = match what {
            "cache" => Clear::Discard,
            "force-export" => Clear::Export,
            "statistics" => {
                state
                    .workers()
                    .for_each(|(_, worker)| worker.clear_statistics(monitor));
                return Ok(0);
            }
            other => {
                return Err(Unknown(format!(
                    "cannot clear {other}; cache, statistics or force-export"
                )));
            }
        };
        Ok(state
            .workers()
            .map(|(_, worker)| worker.clear(monitor, how))
            .sum())
    }

    /// `POST /v1/clear/exporter/NAME`.
    ///
    /// # Errors
    /// When there is no such exporter.
    pub fn clear_exporter(&self, exporter: &str) -> Result<(), Unknown> {
        let state = self.state();
        if !state.settings.exporters.contains_key(exporter) {
            return Err(Unknown(format!("there is no flow exporter {exporter}")));
        }
        state.export.clear(exporter);
        Ok(())
    }

    /// `POST /v1/clear/flow-accounting`: the table starts anew; what was in it is exported. Returns the flows it ended.
    ///
    /// # Errors
    /// When flow-accounting is not configured.
    pub fn clear_accounting(&self) -> Result<u64, Unknown> {
        let state = self.state();
        if state.settings.accounting_table.is_none() {
            return Err(Unknown("flow-accounting is not running".into()));
        }
        Ok(state
            .workers()
            .map(|(_, worker)| worker.clear(ACCOUNTING, Clear::Export))
            .sum())
    }
}

impl State {
    fn workers(&self) -> impl Iterator<Item = (&String, &Worker)> {
        self.ports.iter().flat_map(|(interface, port)| {
            port.workers.iter().map(move |worker| (interface, worker))
        })
    }

    fn reports(&self) -> Vec<Report> {
        self.workers()
            .filter_map(|(_, worker)| worker.report())
            .collect()
    }

    fn monitor(&self, name: &str) -> Result<&settings::MonitorSettings, Unknown> {
        self.settings
            .monitors
            .get(name)
            .ok_or_else(|| Unknown(format!("there is no flow monitor {name}")))
    }
}

impl RunningPort {
    /// Gives the new sources to the threads there are, starts those that are missing, and ends those too many.
    fn adopt(&mut self, opened: Opened) {
        let surplus = self.workers.split_off(opened.len().min(self.workers.len()));
        surplus.into_iter().for_each(Worker::stop);
        for (at, (capturing, source)) in opened.into_iter().enumerate() {
            match self.workers.get(at) {
                Some(worker) => worker.replace(capturing, source),
                None => match Worker::start(capturing, source, clock::unix_ns()) {
                    Ok(worker) => self.workers.push(worker),
                    Err(error) => tracing::error!(%error, "a capture thread cannot be started"),
                },
            }
        }
    }
}

fn finding(path: &[&str], message: String) -> Finding {
    Finding {
        path: path.iter().map(|word| (*word).to_owned()).collect(),
        message,
    }
}

/// Where an exporter is configured.
fn exporter_path(name: &str) -> Vec<String> {
    let words: Vec<&str> = match name
        .strip_prefix(ACCOUNTING)
        .and_then(|rest| rest.strip_prefix('-'))
    {
        Some(server) => vec!["system", ACCOUNTING, "netflow", "server", server],
        None => vec!["flow", "exporter", name],
    };
    words.into_iter().map(str::to_owned).collect()
}

fn ring_key(port: &PortSettings) -> RingKey {
    RingKey {
        capture: port.capture.clone(),
        incoming: port.attachments.iter().any(|attachment| attachment.input),
        outgoing: port.attachments.iter().any(|attachment| attachment.output),
    }
}

/// A thread's source, and how to open one when it is not there.
type Opened = Vec<(Capturing, Option<Source>)>;

/// An interface that is not there is no error: its threads wait for it.
fn open(
    interface: &str,
    key: &RingKey,
    group: u16,
    warnings: &mut Vec<String>,
) -> Result<Opened, capture::Error> {
    let capture = &key.capture;
    let capturing = Capturing {
        engine: if capture.libpcap {
            Engine::Pcap
        } else {
            Engine::AfPacket
        },
        config: capture::Config {
            interface: interface.to_owned(),
            promiscuous: capture.promiscuous,
            snaplen: capture.snaplen,
            ring_bytes: (capture.ring_mib as usize) << 20,
            filter: capture.filter.clone(),
            incoming: key.incoming,
            outgoing: key.outgoing,
            fanout: (capture.threads > 1).then_some(Fanout { group }),
        },
    };
    let mut opened = Vec::new();
    for _ in 0..capture.threads.max(1) {
        let source = match capturing.open() {
            Ok(source) => Some(source),
            Err(error @ capture::Error::NoInterface { .. }) => {
                warnings.push(format!("{error}; metering starts when it is there"));
                None
            }
            Err(error) => return Err(error),
        };
        opened.push((capturing.clone(), source));
    }
    warnings.dedup();
    Ok(opened)
}

/// Samplers keep their identifiers for as long as they exist.
fn sampler_ids(
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
        .filter(|(name, _)| new.samplers.contains_key(*name))
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

fn meterings(
    attachments: &[Attachment],
    settings: &Settings,
    ids: &BTreeMap<String, u8>,
    export: &export::Worker,
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
                record: monitor.record.clone(),
                entries: monitor.entries,
                cache_type: monitor.cache_type,
                timeouts: monitor.timeouts,
                families: attachment.families,
                sampler,
            },
            input: attachment.input,
            output: attachment.output,
            feed: export.feed(&attachment.monitor),
        })
    };
    attachments.iter().filter_map(metering).collect()
}

fn export_monitors(settings: &Settings, ids: &BTreeMap<String, u8>) -> Vec<export::Monitor> {
    let monitor = |(name, monitor): (&String, &settings::MonitorSettings)| export::Monitor {
        name: name.clone(),
        exporters: monitor.exporters.clone(),
        layouts: [Family::V4, Family::V6]
            .into_iter()
            .filter_map(|family| monitor.record.layout(family))
            .collect(),
        sampling: sampling(name, settings, ids),
    };
    settings.monitors.iter().map(monitor).collect()
}

/// What the monitor's attachments have for samplers, together.
fn sampling(monitor: &str, settings: &Settings, ids: &BTreeMap<String, u8>) -> Sampling {
    let attachments = settings.ports.values().flat_map(|port| &port.attachments);
    let names: BTreeSet<Option<&String>> = attachments
        .filter(|attachment| attachment.monitor == monitor)
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
fn interfaces() -> Vec<export::Interface> {
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

/// One monitor of a configuration, for `flowd meter`.
pub struct MeterPlan {
    /// The monitor's name.
    pub name: String,
    /// What the meter does.
    pub meter: meter::Settings,
    /// The sampler of its first attachment.
    pub sampling: Sampling,
    /// Where its flows go.
    pub exporters: Vec<export::Settings>,
}

impl Settings {
    /// The monitor `name`, or the only one; sampler and families are those of its first attachment.
    ///
    /// # Errors
    /// When there is no such monitor, or several to choose from.
    pub fn for_meter(&self, name: Option<&str>) -> Result<MeterPlan, Unknown> {
        let names = || {
            self.monitors
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let name = match (name, self.monitors.len()) {
            (Some(name), _) => name,
            (None, 1) => self
                .monitors
                .keys()
                .next()
                .map(String::as_str)
                .unwrap_or_default(),
            (None, 0) => return Err(Unknown("it has no flow monitor".into())),
            (None, _) => {
                return Err(Unknown(format!(
                    "choose a monitor with --monitor: {}",
                    names()
                )));
            }
        };
        let Some(monitor) = self.monitors.get(name) else {
            return Err(Unknown(format!(
                "there is no flow monitor {name}; there is {}",
                names()
            )));
        };
        let ids = sampler_ids(&BTreeMap::new(), self, &mut Vec::new());
        let attachments = self.ports.values().flat_map(|port| &port.attachments);
        let attachment = attachments
            .into_iter()
            .find(|attachment| attachment.monitor == name);
        let sampler = attachment
            .and_then(|attachment| attachment.sampler.as_ref())
            .and_then(|name| {
                let sampler = self.samplers.get(name)?;
                Some((sampler.mode, sampler.rate, *ids.get(name)?))
            });
        let exporters = monitor
            .exporters
            .iter()
            .filter_map(|name| self.exporters.get(name));
        Ok(MeterPlan {
            name: name.to_owned(),
            meter: meter::Settings {
                record: monitor.record.clone(),
                entries: monitor.entries,
                cache_type: monitor.cache_type,
                timeouts: monitor.timeouts,
                families: attachment.map_or([true, true], |attachment| attachment.families),
                sampler,
            },
            sampling: sampling(name, self, &ids),
            exporters: exporters.map(|exporter| exporter.export.clone()).collect(),
        })
    }
}
