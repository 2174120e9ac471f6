//! The probe service: capture threads with the metering processes on them, and the exporting process behind them.
//!
//! A commit changes it in two steps (`commit.rs`): `prepare` opens the rings and sockets and starts the threads that the
//! running configuration does not have, `apply` puts them into use. What a commit does not change keeps its ring, its cache
//! and its socket. The management API asks it for answers (`answers.rs`).
//!
//! `flowd meter` runs the same metering on a savefile (`meter_command.rs`).

mod answers;
mod clock_step;
mod commit;
mod cutover;
mod difference;
mod impact;
mod interface_names;
pub mod meter_command;
mod metrics;
mod path;
mod plan;
mod query;
mod reader;
mod rings;
mod savefile;
mod settings;
mod show;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use api::Refusal;
use api::ledger::LossLedger;
use api::session::Impact;
use language::{Finding, Tree};
use parking_lot::{Mutex, MutexGuard};
use service::metric::Family;
use service::{Before, Detail, Name, NameKind, Occasion, Service, clock, unknown};
use system::routes::Routes;

pub use commit::Staged;
pub use difference::Difference;
use plan::interfaces;
pub use query::CacheQuery;
pub use reader::Cancelled;
use rings::InterfaceRings;
pub use settings::{ACCOUNTING, Settings};
pub use show::fields;
use worker::{Report, Worker};

/// Most batches (256 flows each) that wait for the export thread; further ones are dropped and counted.
const QUEUE: usize = 1024;

/// The probe service. Its methods block for milliseconds at most.
pub struct Probe {
    /// When the probe started, the time that exported uptimes count from.
    boot_ns: u64,
    state: Mutex<State>,
    /// Held while a cache is read, so that one is read at a time.
    cache_reading: Mutex<()>,
}

struct State {
    settings: Settings,
    sampler_ids: BTreeMap<String, u8>,
    /// The capture threads, by interface name.
    interfaces: BTreeMap<String, InterfaceRings>,
    export: export::Worker,
    /// The host's routes, while an attached record has fields that need them.
    routes: Option<Routes>,
    /// The number of the newest fanout group.
    fanout_group: u16,
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
        // Whole milliseconds, because exported uptimes have no finer unit.
        let boot_ns = clock::steady_ns() / 1_000_000 * 1_000_000;
        let state = State {
            settings: Settings::default(),
            sampler_ids: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            export: export::Worker::start(Arc::new(clock::moment), Arc::new(interfaces), QUEUE)?,
            routes: None,
            fanout_group: 0,
        };
        Ok(Arc::new(Probe {
            boot_ns,
            state: Mutex::new(state),
            cache_reading: Mutex::new(()),
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

    fn prepare(
        &self,
        new: &Settings,
        difference: Difference,
        occasion: Occasion,
    ) -> Result<Staged, Vec<Finding>> {
        commit::prepare(self, new, difference, occasion)
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
        show::loss(&state.reports(), &state.export.accounts())
    }

    fn metrics(&self) -> Vec<Family> {
        metrics::families(
            &self.monitors(None).unwrap_or_default(),
            &self.interfaces(None).unwrap_or_default(),
            &self.exporter_accounts(),
        )
    }

    fn names(settings: &Settings, kind: NameKind, begun: &str) -> Vec<Name> {
        settings.names(kind, begun)
    }

    fn hanging(&self, by: Instant) -> Vec<String> {
        let Some(state) = self.state.try_lock_until(by) else {
            return vec!["the probe".to_owned()];
        };
        let mut asked = vec![("the export thread".to_owned(), state.export.ping(by))];
        for (interface, worker) in state.workers() {
            let name = format!("the capture thread of {interface}");
            asked.push((name, Some(worker.ping())));
        }
        drop(state);
        let hangs = asked.into_iter().filter_map(|(name, answer)| {
            let answer = answer.and_then(|answer| answer.wait_until(by));
            answer.is_none().then_some(name)
        });
        hangs.collect()
    }

    /// Expires every flow, exports what is left, and ends the threads.
    fn stop(&self) {
        let mut state = self.state();
        for (_, rings) in std::mem::take(&mut state.interfaces) {
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
        self.interfaces.iter().flat_map(|(interface, rings)| {
            rings.workers.iter().map(move |worker| (interface, worker))
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
