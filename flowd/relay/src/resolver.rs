//! The thread that keeps the receivers' addresses up to date. It resolves a name when its TTL is over, and opens a new socket to
//! a receiver when this host's addresses or routes have changed. None of this is on the path of datagrams.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loss::DropReason;
use resolve::Backoff;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, LocalSet};
use tokio::time;

use crate::event::What;
use crate::plan::{Destination, Events, Plan, PlannedReceiver};
use crate::settings::SamplicatorSettings;
use crate::socket::{Target, is_local};

/// How often each receiver's socket is compared with the host's addresses and routes.
const LOOK: Duration = Duration::from_secs(2);
/// The handle to the resolving thread. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Resolver {
    plans: Option<UnboundedSender<Arc<Plan>>>,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    /// Starts the thread. It does nothing until it has a plan.
    pub(crate) fn start(name: &str, events: Events) -> io::Result<Resolver> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (plans, receiver) = unbounded_channel();
        let thread = thread::Builder::new()
            .name(format!("names-{name}"))
            .spawn(move || LocalSet::new().block_on(&runtime, keep(receiver, events)))?;
        Ok(Resolver {
            plans: Some(plans),
            thread: Some(thread),
        })
    }

    pub(crate) fn apply(&self, plan: Arc<Plan>) {
        if let Some(plans) = &self.plans {
            // Cannot fail: the thread ends only when this handle does.
            let _ = plans.send(plan);
        }
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.plans = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn keep(mut plans: UnboundedReceiver<Arc<Plan>>, events: Events) {
    let Some(mut plan) = plans.recv().await else {
        return;
    };
    loop {
        // What is kept for the plan before ends when this set is dropped; names are asked for anew.
        let mut tasks = JoinSet::new();
        for planned in plan.receivers.iter().filter(|one| !one.settings.disabled) {
            let watched = Watched {
                plan: Arc::clone(&plan),
                planned: Arc::clone(planned),
                events: events.clone(),
            };
            match planned.settings.destination.parse::<IpAddr>() {
                Ok(address) => tasks.spawn_local(watched.address(address)),
                Err(_) => tasks.spawn_local(watched.name()),
            };
        }
        match plans.recv().await {
            Some(new) => plan = new,
            None => return,
        }
    }
}

/// A receiver, and what is needed to follow its address.
struct Watched {
    plan: Arc<Plan>,
    planned: Arc<PlannedReceiver>,
    events: Events,
}

impl Watched {
    /// Follows the host's addresses and routes for a receiver given by address.
    async fn address(self, address: IpAddr) {
        loop {
            time::sleep(LOOK).await;
            self.reopen(address);
        }
    }

    /// Resolves the name of a receiver for as long as the plan is in force.
    async fn name(self) {
        let (mut backoff, mut failed) = (Backoff::default(), false);
        let name = &self.planned.settings.destination;
        loop {
            let wait = match resolve::resolve(name).await {
                Ok(resolved) => {
                    (backoff, failed) = (Backoff::default(), false);
                    self.resolved(&resolved.addresses);
                    resolved.ttl
                }
                Err(why) => {
                    if !std::mem::replace(&mut failed, true) {
                        self.events.send(What::Unresolved {
                            receiver: self.planned.settings.name.clone(),
                            why,
                        });
                    }
                    backoff.wait()
                }
            };
            self.wait(wait).await;
        }
    }

    /// Waits, and follows the host's addresses and routes meanwhile.
    async fn wait(&self, mut wait: Duration) {
        while !wait.is_zero() {
            let step = wait.min(LOOK);
            time::sleep(step).await;
            wait -= step;
            if let Some(address) = self.current() {
                self.reopen(address);
            }
        }
    }

    /// Returns the address that datagrams go to at the moment.
    fn current(&self) -> Option<IpAddr> {
        match self.planned.path.destination().1 {
            Destination::At(target) => Some(target.peer.ip()),
            Destination::Nowhere(_) => None,
        }
    }

    /// Takes one of the addresses of a name; the present one, if it is still among them.
    fn resolved(&self, addresses: &[IpAddr]) {
        let current = self.current();
        let chosen = match current.filter(|current| addresses.contains(current)) {
            Some(current) => current,
            None => match choose(addresses, &self.plan.settings) {
                Some(chosen) => chosen,
                None => return,
            },
        };
        self.reopen(chosen);
        if current != Some(chosen) {
            self.events.send(What::Resolved {
                receiver: self.planned.settings.name.clone(),
                address: SocketAddr::new(chosen, self.planned.settings.port),
            });
        }
    }

    /// Opens a socket to an address, and uses it if datagrams would leave otherwise than by the present one.
    fn reopen(&self, address: IpAddr) {
        let (_, current) = self.planned.path.destination();
        let new = open_path(&self.plan.settings, &self.planned, address, true);
        let same = match (&current, &new) {
            (Destination::At(current), Destination::At(new)) => current.same(new),
            (Destination::Nowhere(current), Destination::Nowhere(new)) => current == new,
            _ => false,
        };
        if !same {
            self.planned.path.set_destination(new);
        }
    }
}

/// Opens the socket to an address of a receiver. `again`: its source port may be in use by its own present socket.
pub(crate) fn open_path(
    settings: &SamplicatorSettings,
    planned: &PlannedReceiver,
    address: IpAddr,
    again: bool,
) -> Destination {
    let peer = planned
        .settings
        .source
        .destination(address, planned.settings.port);
    if settings.listens_on(peer, |address| is_local(&udp::local_addresses(), address)) {
        return Destination::Nowhere(DropReason::Loop);
    }
    match Target::open(&planned.settings, peer, again) {
        Ok(target) => Destination::At(Arc::new(target)),
        Err(error) => Destination::Nowhere(error.reason()),
    }
}

/// Chooses the first address of a family that the samplicator listens on, else the first.
fn choose(addresses: &[IpAddr], settings: &SamplicatorSettings) -> Option<IpAddr> {
    let comes_in = |address: &&IpAddr| {
        settings.listen.is_empty()
            || settings
                .listen
                .iter()
                .any(|listen| listen.address.is_ipv4() == address.is_ipv4())
    };
    addresses
        .iter()
        .find(comes_in)
        .or(addresses.first())
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_a_family_that_comes_in() {
        let addresses: Vec<IpAddr> = ["192.0.2.1", "2001:db8::1"]
            .map(|address| address.parse().unwrap())
            .into();
        let mut settings = SamplicatorSettings::new("s");
        assert_eq!(choose(&addresses, &settings), Some(addresses[0]));
        settings.listen = vec![addresses[1].into()];
        assert_eq!(choose(&addresses, &settings), Some(addresses[1]));
        assert_eq!(choose(&addresses[..1], &settings), Some(addresses[0]));
    }
}
