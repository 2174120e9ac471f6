//! The probe service: capture threads, the metering processes on them, and the exporting process behind them, as one
//! thing that a commit changes and the management API asks.
//!
//! `prepare` opens what a new configuration needs and the running one does not have, threads included; `apply` swaps
//! it in (`commit.rs`). What a commit does not change keeps its ring, its cache and its socket.
//!
//! `flowd meter` is the same metering on a savefile (`meter_command.rs`).

mod ask;
mod commit;
mod difference;
mod impact;
pub mod meter_command;
mod names;
mod path;
mod plan;
mod query;
mod reader;
mod rings;
mod savefile;
mod settings;
mod settle;
mod show;
mod window;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use api::Refusal;
use api::ledger::LossLedger;
use api::session::Impact;
use language::{Finding, Tree};
use parking_lot::{Mutex, MutexGuard};
use service::{Before, Detail, Name, NameKind, Service, clock, unknown};
use system::routes::Routes;

pub use commit::Staged;
pub use difference::Difference;
use plan::interfaces;
pub use query::CacheQuery;
pub use reader::Cancelled;
use rings::InterfaceRings;
pub use settings::{ACCOUNTING, Settings};
use worker::{Report, Worker};

/// Batches (256 flows each) that may wait for the export thread; more are dropped and counted.
const QUEUE: usize = 1024;
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
    /// The capture threads, by interface.
    ports: BTreeMap<String, InterfaceRings>,
    export: export::Worker,
    /// The host's routes, while some record speaks of them.
    routes: Option<Routes>,
    /// Number of the next fanout group.
    groups: u16,
}

impl Service for Probe {
    type Settings = Settings;
    type Difference = Difference;
    type Staged = Staged;

    const NAME: &'static str = "probe";
    const ROWS: &'static [&'static str] = &[
        "system flow-accounting",
        "interfaces ethernet promiscuous",
        "interfaces ethernet capture",
        "interfaces ethernet flow",
        "flow record",
        "flow exporter",
        "flow monitor",
        "flow sampler",
    ];

    fn start() -> io::Result<Arc<Probe>> {
        // Whole milliseconds, as the exported times count from it.
        let boot_ns = clock::steady_ns() / 1_000_000 * 1_000_000;
        let state = State {
            settings: Settings::default(),
            sampler_ids: BTreeMap::new(),
            ports: BTreeMap::new(),
            export: export::Worker::start(Arc::new(clock::moment), Arc::new(interfaces), QUEUE)?,
            routes: None,
            groups: 0,
        };
        Ok(Arc::new(Probe {
            boot_ns,
            state: Mutex::new(state),
            reading: Mutex::new(()),
        }))
    }

    fn settings(
        tree: &Tree,
        before: Option<Before<'_, Settings>>,
    ) -> Result<Settings, Vec<Finding>> {
        Settings::from_tree(tree, before)
    }

    fn difference(old: &Settings, new: &Settings) -> Option<Difference> {
        (old != new).then(|| difference::difference(old, new))
    }

    fn prepare(&self, new: &Settings, difference: Difference) -> Result<Staged, Vec<Finding>> {
        commit::prepare(self, new, difference)
    }

    fn warnings(staged: &Staged) -> Vec<String> {
        staged.warnings.clone()
    }

    fn impact(&self, staged: &Staged, detail: Detail) -> Vec<Impact> {
        impact::impact(&self.state(), staged, detail)
    }

    fn apply(&self, staged: Staged) -> Vec<String> {
        commit::apply(&mut self.state(), staged);
        Vec::new()
    }

    fn ledger(&self) -> LossLedger {
        let state = self.state();
        show::loss(&state.reports(), &state.export.statistics())
    }

    fn names(settings: &Settings, kind: NameKind, begun: &str) -> Vec<Name> {
        settings.names(kind, begun)
    }

    /// Expires every flow, exports what is left, and ends the threads.
    fn stop(&self) {
        let mut state = self.state();
        for (_, rings) in std::mem::take(&mut state.ports) {
            rings.stop();
        }
        state.export.stop();
        state.routes = None;
    }
}

impl Probe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
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

    fn monitor(&self, name: &str) -> Result<&Arc<settings::MonitorSettings>, Refusal> {
        self.settings
            .monitors
            .get(name)
            .ok_or_else(|| unknown("flow monitor", name, self.settings.monitors.keys()))
    }
}
