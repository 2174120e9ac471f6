//! The samplicator: it receives datagrams of flow export and sends copies to many receivers, byte for byte, under the exporter's
//! source address where that is configured.
//!
//! ```text
//! socket --recvmmsg--> batch --> source, route, templates --> lanes --sendmmsg, UDP GSO--> receivers
//! ```
//!
//! A thread for each listening socket ([`SamplicatorSettings::threads`]) reads a batch, sorts it by exporter, looks at the
//! set headers of NetFlow v9 and IPFIX, offers each datagram to the receivers that the rules name, and sends each
//! receiver its share in as few calls as the order within an exporter allows. It never waits for a receiver. Host names are resolved,
//! and receivers with a `delay` are served, by threads of their own.
//!
//! [`Relay`] is the service of the appliance: all samplicators, as one thing that a commit changes and the management API asks.
//! A commit opens sockets with [`Samplicator::prepare`], which has no visible effect, and puts the configuration into force with
//! [`Prepared::apply`]. A samplicator that a commit does not change is not touched, and one that it changes keeps its sockets.

mod account;
mod batch;
mod carrier;
mod commit;
mod difference;
mod error;
mod event;
mod impact;
mod lane;
mod metrics;
mod names;
mod pace;
mod pacer;
mod plan;
mod queue;
mod resolver;
mod routes;
mod samplicator;
mod settings;
mod show;
mod socket;
mod source;
mod statistics;
mod table;
mod tracker;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use api::Refusal;
use api::ledger::LossLedger;
use api::session::Impact;
use language::{Finding, Tree};
use parking_lot::{Mutex, MutexGuard};
use service::metric::Family;
use service::{Before, Detail, Name, NameKind, Occasion, Service, clock, unknown};

pub use commit::Staged;
pub use difference::{Difference, Step};
pub use error::{Error, Place, Problem};
pub use event::{Event, What};
pub use samplicator::{Clock, Context, Prepared, Samplicator};
pub use settings::{
    Action, BalanceBy, Endpoint, Group, Listen, MAX_RECEIVERS, Receiver, Rule, SamplicatorSettings,
    Settings, SourcePort,
};
pub use udp::Source;

pub use statistics::{
    Ledger, ListenerStatistics, Rates, ReceiverState, ReceiverStatistics, SourceStatistics,
    Statistics, Tally, TemplateStatistics, TrackerStatistics,
};

/// Events that may wait for the log; further ones are lost, and counted.
const EVENTS: usize = 1024;
/// How often what could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The samplicators that are running. Its methods block for milliseconds at most.
pub struct Relay {
    context: Context,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    settings: Settings,
    running: BTreeMap<String, Samplicator>,
}

impl Service for Relay {
    type Settings = Settings;
    type Difference = Difference;
    type Staged = Staged;

    const NAME: &'static str = "relay";
    const ROWS: &'static [&'static str] = &["flow samplicator"];

    fn start() -> io::Result<Arc<Relay>> {
        let (sender, receiver) = crossbeam_channel::bounded(EVENTS);
        event::log::write(receiver)?;
        let relay = Arc::new(Relay {
            context: Context {
                clock: Arc::new(clock::unix_ns),
                events: sender,
            },
            state: Mutex::default(),
        });
        retry(Arc::downgrade(&relay))?;
        Ok(relay)
    }

    fn settings(
        tree: &Tree,
        before: Option<Before<'_, Settings>>,
    ) -> Result<Settings, Vec<Finding>> {
        settings::from_tree(tree, before)
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

    fn impact(&self, staged: &Staged, _: Detail) -> Vec<Impact> {
        impact::impact(&staged.difference)
    }

    fn apply(&self, staged: Staged) -> Vec<String> {
        commit::apply(&mut self.state(), staged);
        Vec::new()
    }

    fn ledger(&self) -> LossLedger {
        self.loss()
    }

    fn metrics(&self) -> Vec<Family> {
        metrics::families(&self.samplicators(None).unwrap_or_default())
    }

    fn names(settings: &Settings, kind: NameKind, _: &str) -> Vec<Name> {
        names::names(settings, kind)
    }

    fn hanging(&self, by: Instant) -> Vec<String> {
        let Some(state) = self.state.try_lock_until(by) else {
            return vec!["the samplicators".to_owned()];
        };
        let running = state.running.clone();
        drop(state);
        let mut hanging = Vec::new();
        for (name, samplicator) in running {
            match samplicator.hanging(by) {
                Some(endpoints) => hanging.extend(endpoints.iter().map(|endpoint| {
                    let Endpoint { listen, port } = endpoint;
                    format!("the thread of samplicator {name} at {listen} port {port}")
                })),
                None => hanging.push(format!("samplicator {name}")),
            }
        }
        hanging
    }

    /// Relays the datagrams that wait at the sockets, and ends the threads.
    fn stop(&self) {
        self.state().running.clear();
    }
}

/// Starts a thread that tries again what samplicators could not open, until the service is gone.
fn retry(relay: Weak<Relay>) -> io::Result<()> {
    let retry = move || {
        while let Some(relay) = relay.upgrade() {
            relay.state().running.values().for_each(Samplicator::retry);
            drop(relay);
            thread::park_timeout(RETRY);
        }
    };
    thread::Builder::new()
        .name("relay-retry".into())
        .spawn(retry)
        .map(drop)
}

impl Relay {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Sets a samplicator's counts to zero.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn clear(&self, name: &str) -> Result<(), Refusal> {
        self.named(name)?.clear();
        Ok(())
    }

    /// Replays all templates to one receiver of a samplicator, or to each. Returns the receivers' names.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn replay(&self, name: &str, receiver: Option<&str>) -> Result<Vec<String>, Refusal> {
        let samplicator = self.named(name)?;
        let replayed = samplicator.replay(receiver);
        match receiver {
            Some(receiver) if replayed.is_empty() => {
                let settings = samplicator.settings();
                let names = settings.receivers.iter().map(|one| &one.name);
                Err(unknown("receiver", receiver, names))
            }
            _ => Ok(replayed),
        }
    }

    fn named(&self, name: &str) -> Result<Samplicator, Refusal> {
        let state = self.state();
        let running = state.running.get(name).cloned();
        running.ok_or_else(|| unknown("samplicator", name, state.running.keys()))
    }
}

/// Feeds the template tracker with datagrams, each behind its length in two octets, and checks its properties.
///
/// # Panics
/// When a property does not hold.
#[cfg(feature = "fuzz")]
pub fn exercise(input: &[u8]) {
    tracker::exercise::exercise(input);
}
