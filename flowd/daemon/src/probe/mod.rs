//! The probe: capture threads, their meters, and the exporters behind them, as one thing that a commit
//! changes and the management API asks.
//!
//! `prepare` opens what a new configuration needs and the running one does not have; `apply` swaps it in. What a
//! commit does not change keeps its ring, its cache and its socket.

mod ask;
mod difference;
mod impact;
mod names;
mod path;
mod plan;
mod port;
mod query;
mod reader;
mod savefile;
mod settings;
mod settle;
mod show;
mod window;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use capture::{Engine, Fanout, Source};
use language::Finding;
use system::routes::Routes;

use crate::clock;
pub use ask::AccountingQuery;
pub use difference::{Difference, difference};
use difference::{Link, Ring};
pub use path::PathQuery;
use plan::{export_monitors, interfaces, meterings, sampler_ids, wants_routes};
pub use query::{CacheQuery, Condition, MOST, Wrong};
pub use reader::Cancelled;
pub use savefile::MeterPlan;
pub use settings::Settings;
use settings::{ACCOUNTING, RingKey, finding};
pub use show::reading_counts;
use window::Window;
use worker::{Capturing, Metering, Report, Worker};

/// Batches (256 flows each) that may wait for the export thread; more are dropped and counted.
const QUEUE: usize = 1024;
/// How long a commit waits for the host's routes to be read for the first time; a million take about two seconds.
const ROUTES: Duration = Duration::from_secs(5);

/// The running probe. Its methods block for milliseconds at most.
pub struct Probe {
    boot_ns: u64,
    state: Mutex<State>,
    /// Held by the one who reads a cache.
    reading: Mutex<()>,
}

struct State {
    settings: Settings,
    sampler_ids: BTreeMap<String, u8>,
    ports: BTreeMap<String, RunningPort>,
    export: export::Worker,
    /// The host's routes, while some record speaks of them.
    routes: Option<Routes>,
    /// Number of the next fanout group.
    groups: u16,
}

/// The capture threads of one interface.
#[derive(Default)]
struct RunningPort {
    workers: Vec<Worker>,
}

/// A change that is prepared: sockets and rings are open, nothing has changed yet. Dropping it aborts.
pub struct Staged {
    settings: Settings,
    difference: Difference,
    sampler_ids: BTreeMap<String, u8>,
    /// Interfaces whose rings are new; `None`: the interface is not there, its thread waits for it.
    sources: BTreeMap<String, Opened>,
    /// Exporters that change; `None`: they keep their socket.
    sockets: Vec<(export::Settings, Option<export::Prepared>)>,
    /// The host's routes, when they are wanted and were not before.
    routes: Option<Routes>,
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

impl Unknown {
    /// There is nothing of that kind and name; `names` are those that there are.
    pub(crate) fn of<'a>(
        kind: &str,
        name: &str,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Unknown {
        let there = language::which(name, names.into_iter().map(String::as_str));
        Unknown(format!("there is no {kind} {name}; {there}"))
    }
}

/// Why a cache is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such thing.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The query is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

impl Probe {
    /// Starts with nothing configured.
    ///
    /// # Panics
    /// When the system refuses a thread: a daemon that cannot export has nothing to do.
    pub fn start() -> Probe {
        // Whole milliseconds, as the exported times count from it.
        let boot_ns = clock::steady_ns() / 1_000_000 * 1_000_000;
        let state = State {
            settings: Settings::default(),
            sampler_ids: BTreeMap::new(),
            ports: BTreeMap::new(),
            export: export::Worker::start(Arc::new(clock::moment), Arc::new(interfaces), QUEUE)
                .expect("the export thread starts"),
            routes: None,
            groups: 0,
        };
        Probe {
            boot_ns,
            state: Mutex::new(state),
            reading: Mutex::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens what a difference from the running settings needs. Nothing changes yet.
    ///
    /// # Errors
    /// What this host refuses: a source address that is not local, a filter that does not compile, no permission.
    /// An interface that is not there is a warning; its thread waits for it.
    pub fn prepare(&self, new: &Settings, difference: &Difference) -> Result<Staged, Vec<Finding>> {
        let mut state = self.state();
        let mut findings = Vec::new();
        let mut warnings = Vec::new();
        let sampler_ids = sampler_ids(&state.sampler_ids, new, &mut findings);
        let mut sources = BTreeMap::new();
        for (interface, port) in &difference.ports {
            let (Ring::Open | Ring::Reopen, Some(settings)) = (port.ring, new.ports.get(interface))
            else {
                continue;
            };
            state.groups = state.groups.wrapping_add(1);
            match open(interface, &settings.ring_key(), state.groups, &mut warnings) {
                Ok(opened) => drop(sources.insert(interface.clone(), opened)),
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
            export.boot_ns = self.boot_ns;
            let prepared = match link {
                Link::Keep => None,
                Link::None | Link::Close => {
                    if let Err(error) = export::check(&export) {
                        findings.push(Finding {
                            path: exporter_path(name),
                            message: error.to_string(),
                            code: language::Code::HostRefuses,
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
                            code: language::Code::HostRefuses,
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
            difference: difference.clone(),
            sampler_ids,
            sources,
            sockets,
            routes,
            warnings,
        })
    }

    /// Puts a prepared change into force. Cannot fail.
    pub fn apply(&self, staged: Staged) {
        let mut state = self.state();
        let state = &mut *state;
        let Staged {
            settings,
            difference,
            sampler_ids,
            mut sources,
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
            if let Some(opened) = sources.remove(interface) {
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

    /// Expires every flow, exports what is left, and ends the threads.
    pub fn stop(&self) {
        let mut state = self.state();
        for (_, port) in std::mem::take(&mut state.ports) {
            port.stop();
        }
        state.export.stop();
        state.routes = None;
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

    fn monitor(&self, name: &str) -> Result<&Arc<settings::MonitorSettings>, Unknown> {
        self.settings
            .monitors
            .get(name)
            .ok_or_else(|| Unknown::of("flow monitor", name, self.settings.monitors.keys()))
    }
}

impl RunningPort {
    /// Gives the new sources to the threads there are, starts those that are missing, and ends those too many. The old
    /// sources are metered until now, the new ones, which have been open for a while, from now on.
    fn adopt(&mut self, opened: Opened, meterings: &[Metering]) {
        // What a thread has metered by now is before the moment, what is still in its ring may be.
        self.workers.iter().for_each(Worker::hold);
        let moment_ns = Window::moment(clock::unix_ns());
        while clock::unix_ns() < moment_ns {
            std::hint::spin_loop();
        }
        let surplus = self.workers.split_off(opened.len().min(self.workers.len()));
        for (at, (capturing, source)) in opened.into_iter().enumerate() {
            match self.workers.get(at) {
                Some(worker) => worker.replace(capturing, source, moment_ns),
                None => match Worker::start(capturing, source, moment_ns, meterings.to_vec()) {
                    Ok(worker) => self.workers.push(worker),
                    Err(error) => tracing::error!(%error, "a capture thread cannot be started"),
                },
            }
        }
        let reports = surplus
            .into_iter()
            .filter_map(|worker| worker.stop(moment_ns));
        for report in reports {
            if let Some(heir) = self.workers.first() {
                heir.inherit(report.monitors);
            }
        }
    }

    fn stop(self) {
        for worker in self.workers {
            worker.stop(u64::MAX);
        }
    }
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
