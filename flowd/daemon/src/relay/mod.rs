//! The samplicators, as one thing that a commit changes and the management API asks.
//!
//! `prepare` opens what a new configuration needs and the running one does not have; `apply` swaps it in. A samplicator
//! that a commit does not change is not touched at all, and one that it changes keeps its sockets.

mod difference;
mod events;
mod impact;
mod settings;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::Refusal;
use api::ledger::LossLedger;
use api::session::Impact;
use language::{Finding, Tree};
use relay::{Context, Prepared, Samplicator};
use service::{Before, Detail, Name, NameKind, Service, clock, unknown};

pub(crate) use difference::Difference;
pub(crate) use settings::Settings;

/// Events that may wait for the log; more are counted and lost.
const EVENTS: usize = 1024;

/// The running samplicators. Its methods block for milliseconds at most.
pub(crate) struct Relay {
    context: Context,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    settings: Settings,
    running: BTreeMap<String, Samplicator>,
}

/// A change that is prepared: sockets are open, nothing has changed yet. Dropping it aborts.
pub(crate) struct Staged {
    settings: Settings,
    difference: Difference,
    /// Samplicators that are new or changed.
    prepared: Vec<(String, Prepared)>,
    warnings: Vec<String>,
}

impl Service for Relay {
    type Settings = Settings;
    type Difference = Difference;
    type Staged = Staged;

    const NAME: &'static str = "relay";
    const ROWS: &'static [&'static str] = &["flow samplicator"];

    fn start() -> std::io::Result<Arc<Relay>> {
        let (sender, receiver) = crossbeam_channel::bounded(EVENTS);
        events::write(receiver)?;
        Ok(Arc::new(Relay {
            context: Context {
                clock: Arc::new(clock::unix_ns),
                events: sender,
            },
            state: Mutex::default(),
        }))
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

    /// # Errors
    /// What this host refuses: a port in use, no privilege to spoof, a receiver that is the samplicator itself.
    fn prepare(&self, new: &Settings, difference: Difference) -> Result<Staged, Vec<Finding>> {
        let state = self.state();
        let mut prepared = Vec::new();
        let mut findings = Vec::new();
        let mut warnings = Vec::new();
        for (name, step) in &difference.steps {
            let Some(samplicator) = new.get(name) else {
                continue;
            };
            let old = step.from.as_ref().and_then(|from| state.running.get(from));
            match Samplicator::prepare(old, &samplicator.relay, &self.context) {
                Ok(ready) => {
                    prepared.push((name.clone(), ready));
                    warnings.extend(absent(name, &samplicator.relay));
                }
                Err(error) => {
                    let mut finding = settings::finding(&samplicator.relay, &error);
                    if let Some(owner) = owner(&state, name, &error) {
                        finding.message = format!(
                            "samplicator {owner} receives there until a commit that takes it away"
                        );
                    }
                    findings.push(finding);
                }
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Staged {
            settings: new.clone(),
            difference,
            prepared,
            warnings,
        })
    }

    fn warnings(staged: &Staged) -> Vec<String> {
        staged.warnings.clone()
    }

    fn impact(&self, staged: &Staged, _: Detail) -> Vec<Impact> {
        impact::impact(&staged.difference)
    }

    fn apply(&self, staged: Staged) -> Vec<String> {
        let mut state = self.state();
        let state = &mut *state;
        for (name, prepared) in staged.prepared {
            state.running.insert(name, prepared.apply());
        }
        // The last handle that goes relays what still waits at its sockets.
        state
            .running
            .retain(|name, _| staged.settings.contains_key(name));
        state.settings = staged.settings;
        Vec::new()
    }

    fn ledger(&self) -> LossLedger {
        self.loss()
    }

    fn names(settings: &Settings, kind: NameKind, _: &str) -> Vec<Name> {
        match kind {
            NameKind::Samplicator => settings
                .iter()
                .map(|(name, samplicator)| Name {
                    name: name.clone(),
                    help: samplicator.description.clone().unwrap_or_default(),
                })
                .collect(),
            NameKind::Receiver => receiver_names(settings),
            _ => Vec::new(),
        }
    }

    /// Relays what waits at the sockets and ends the threads.
    fn stop(&self) {
        self.state().running.clear();
    }
}

impl Relay {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a samplicator's counts afresh.
    ///
    /// # Errors
    /// There is none of that name.
    pub(crate) fn clear(&self, name: &str) -> Result<(), Refusal> {
        self.named(name)?.clear();
        Ok(())
    }

    /// Tells receivers all templates again, one or each. Returns their names.
    ///
    /// # Errors
    /// There is none of that name.
    pub(crate) fn replay(
        &self,
        name: &str,
        receiver: Option<&str>,
    ) -> Result<Vec<String>, Refusal> {
        let samplicator = self.named(name)?;
        let told = samplicator.replay(receiver);
        match receiver {
            Some(receiver) if told.is_empty() => {
                let settings = samplicator.settings();
                let names = settings.receivers.iter().map(|one| &one.name);
                Err(unknown("receiver", receiver, names))
            }
            _ => Ok(told),
        }
    }

    fn named(&self, name: &str) -> Result<Samplicator, Refusal> {
        let state = self.state();
        let running = state.running.get(name).cloned();
        running.ok_or_else(|| unknown("samplicator", name, state.running.keys()))
    }
}

/// Names of receivers, each once, with their samplicators.
fn receiver_names(settings: &Settings) -> Vec<Name> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, samplicator) in settings.iter() {
        for receiver in &samplicator.relay.receivers {
            names.entry(&receiver.name).or_default().insert(name);
        }
    }
    let help = |of: &BTreeSet<&str>| {
        let of: Vec<&str> = of.iter().copied().collect();
        format!("Of samplicator {}", of.join(", "))
    };
    names
        .iter()
        .map(|(name, of)| Name {
            name: (*name).to_owned(),
            help: help(of),
        })
        .collect()
}

/// The other samplicator that has the place which is in use.
fn owner<'a>(state: &'a State, name: &str, error: &relay::Error) -> Option<&'a str> {
    let (relay::Place::Listen(endpoint), relay::Problem::InUse) = (&error.place, &error.problem)
    else {
        return None;
    };
    let others = state.settings.iter().filter(|(other, _)| *other != name);
    let mut owners = others.filter(|(_, other)| other.relay.endpoints().contains(endpoint));
    owners.next().map(|(other, _)| other.as_str())
}

/// A line for each listening address that this host does not have: it may come later, or be mistyped.
fn absent(name: &str, settings: &relay::Settings) -> Vec<String> {
    let local = |address: IpAddr, interfaces: &[system::Interface]| {
        let nets = interfaces.iter().flat_map(|interface| &interface.addresses);
        nets.clone().any(|net| net.addr() == address)
            || (address.is_loopback() && interfaces.iter().any(|interface| interface.loopback))
    };
    let asked = settings
        .listen
        .iter()
        .map(|listen| listen.address)
        .filter(|address| !address.is_unspecified() && !address.is_multicast());
    let mut asked = asked.peekable();
    if asked.peek().is_none() {
        return Vec::new();
    }
    let Ok(interfaces) = system::interfaces() else {
        return Vec::new();
    };
    asked
        .filter(|address| !local(*address, &interfaces))
        .map(|address| {
            format!(
                "flow samplicator {name} listen-address {address}: this host does not have the address; datagrams come in when it has"
            )
        })
        .collect()
}
