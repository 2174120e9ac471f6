//! One commit of the samplicators: `prepare` opens what it needs, `apply` puts that into force.

use language::Finding;
use service::Occasion;
use udp::local_addresses;

use crate::difference::Difference;
use crate::error::{Error, Place, Problem};
use crate::samplicator::{Prepared, Samplicator};
use crate::settings::{Endpoint, SamplicatorSettings, Settings, finding};
use crate::socket::is_local;
use crate::{Relay, State};

/// A change that is prepared: sockets are open, nothing has changed yet. Dropping it aborts.
pub struct Staged {
    settings: Settings,
    pub(crate) difference: Difference,
    /// Samplicators that are new or changed.
    prepared: Vec<(String, Prepared)>,
    pub(crate) warnings: Vec<String>,
}

/// Opens what a difference from the running settings needs. Nothing changes yet.
///
/// # Errors
/// Refusals of this host: a port in use, no privilege to spoof, a receiver that is the samplicator itself.
pub(crate) fn prepare(
    relay: &Relay,
    new: &Settings,
    difference: Difference,
    occasion: Occasion,
) -> Result<Staged, Vec<Finding>> {
    let state = relay.state();
    let mut prepared = Vec::new();
    let mut findings = Vec::new();
    let mut warnings = Vec::new();
    for (name, step) in &difference.steps {
        let Some(settings) = new.get(name) else {
            continue;
        };
        let old = step.from.as_ref().and_then(|from| state.running.get(from));
        match Samplicator::prepare_for(old, settings, &relay.context, occasion) {
            Ok(ready) => {
                warnings.extend(ready.down().map(|(endpoint, why)| {
                    let Endpoint { listen, port } = endpoint;
                    format!(
                        "flow samplicator {name}: {listen} port {port} is down: {why}; trying again"
                    )
                }));
                prepared.push((name.clone(), ready));
                warnings.extend(absent(name, settings));
            }
            Err(error) => {
                let mut finding = finding(settings, &error);
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

/// Puts a prepared change into force.
pub(crate) fn apply(state: &mut State, staged: Staged) {
    for (name, prepared) in staged.prepared {
        state.running.insert(name, prepared.apply());
    }
    // The last handle of a samplicator relays what still waits at its sockets as it is dropped.
    state
        .running
        .retain(|name, _| staged.settings.contains_key(name));
    state.settings = staged.settings;
}

/// Returns the other samplicator that listens on an address and port that is in use.
fn owner<'a>(state: &'a State, name: &str, error: &Error) -> Option<&'a str> {
    let (Place::Listen(endpoint), Problem::InUse) = (&error.place, &error.problem) else {
        return None;
    };
    let others = state.settings.iter().filter(|(other, _)| *other != name);
    let mut owners = others.filter(|(_, other)| other.endpoints().contains(endpoint));
    owners.next().map(|(other, _)| other.as_str())
}

/// Makes a warning for each listening address that this host does not have: it may come up later, or be mistyped.
fn absent(name: &str, settings: &SamplicatorSettings) -> Vec<String> {
    let asked = settings
        .listen
        .iter()
        .map(|listen| listen.address)
        .filter(|address| !address.is_unspecified() && !address.is_multicast());
    let mut asked = asked.peekable();
    if asked.peek().is_none() {
        return Vec::new();
    }
    let local = local_addresses();
    // Every host has an address. An empty list means that listing failed.
    asked
        .filter(|address| !local.is_empty() && !is_local(&local, *address))
        .map(|address| {
            format!(
                "flow samplicator {name} listen-address {address}: this host does not have the address; datagrams come in when it has"
            )
        })
        .collect()
}
