//! The thread that keeps receivers' addresses: resolves names when their TTL is over, and opens a new way to a receiver
//! when the host's addresses or routes have changed. Nothing of this is on the path of datagrams.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use loss::DropReason;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, LocalSet};
use tokio::time;

use crate::event::What;
use crate::plan::{Aim, Events, Plan, Receiving};
use crate::settings::Settings;
use crate::socket::{Target, is_local, local_addresses, reason};

/// How often ways are looked after.
const LOOK: Duration = Duration::from_secs(2);
/// A name is not asked for more often than this, whatever its TTL.
const LEAST_TTL: Duration = Duration::from_secs(1);
/// A name is asked for as often as this at least: TTLs of days, and of `/etc/hosts`, are longer than anybody waits.
const MOST_TTL: Duration = Duration::from_secs(300);
/// The first wait after a name did not resolve; it doubles up to [`MOST_RETRY`].
const RETRY: Duration = Duration::from_secs(2);
const MOST_RETRY: Duration = Duration::from_secs(60);
/// How long a name may take to resolve.
const RESOLVE: Duration = Duration::from_secs(10);

/// The handle to the thread. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Keeper {
    plans: Option<UnboundedSender<Arc<Plan>>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread. It does nothing until it has a plan.
    pub(crate) fn start(name: &str, events: Events) -> io::Result<Keeper> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (plans, receiver) = unbounded_channel();
        let thread = thread::Builder::new()
            .name(format!("names-{name}"))
            .spawn(move || LocalSet::new().block_on(&runtime, keep(receiver, events)))?;
        Ok(Keeper {
            plans: Some(plans),
            thread: Some(thread),
        })
    }

    pub(crate) fn apply(&self, plan: Arc<Plan>) {
        if let Some(plans) = &self.plans {
            // It only ends when this handle does.
            let _ = plans.send(plan);
        }
    }
}

impl Drop for Keeper {
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
        for receiving in plan.receivers.iter().filter(|one| !one.settings.disabled) {
            let keeping = Keeping {
                plan: Arc::clone(&plan),
                receiving: Arc::clone(receiving),
                events: events.clone(),
            };
            match receiving.settings.destination.parse::<IpAddr>() {
                Ok(address) => tasks.spawn_local(keeping.address(address)),
                Err(_) => tasks.spawn_local(keeping.name()),
            };
        }
        match plans.recv().await {
            Some(new) => plan = new,
            None => return,
        }
    }
}

struct Keeping {
    plan: Arc<Plan>,
    receiving: Arc<Receiving>,
    events: Events,
}

impl Keeping {
    async fn address(self, address: IpAddr) {
        loop {
            time::sleep(LOOK).await;
            self.look(address);
        }
    }

    async fn name(self) {
        let (mut retry, mut failed) = (RETRY, false);
        let name = &self.receiving.settings.destination;
        loop {
            let result = match time::timeout(RESOLVE, resolve(name)).await {
                Ok(result) => result,
                Err(_) => Err(format!("no answer in {} s", RESOLVE.as_secs())),
            };
            let wait = match result {
                Ok((addresses, ttl)) => {
                    (retry, failed) = (RETRY, false);
                    self.resolved(&addresses);
                    ttl.clamp(LEAST_TTL, MOST_TTL)
                }
                Err(why) => {
                    if !std::mem::replace(&mut failed, true) {
                        self.events.tell(What::Unresolved {
                            receiver: self.receiving.settings.name.clone(),
                            why,
                        });
                    }
                    let wait = retry;
                    retry = (2 * retry).min(MOST_RETRY);
                    wait
                }
            };
            self.wait(wait).await;
        }
    }

    /// Waits, and looks after the way meanwhile.
    async fn wait(&self, mut wait: Duration) {
        while !wait.is_zero() {
            let step = wait.min(LOOK);
            time::sleep(step).await;
            wait -= step;
            if let Some(address) = self.current() {
                self.look(address);
            }
        }
    }

    /// Where datagrams go at the moment.
    fn current(&self) -> Option<IpAddr> {
        match self.receiving.way.aim().1 {
            Aim::At(target) => Some(target.peer.ip()),
            Aim::Nowhere(_) => None,
        }
    }

    fn resolved(&self, addresses: &[IpAddr]) {
        let current = self.current();
        let chosen = match current.filter(|current| addresses.contains(current)) {
            Some(current) => current,
            None => match choose(addresses, &self.plan.settings) {
                Some(chosen) => chosen,
                None => return,
            },
        };
        self.look(chosen);
        if current != Some(chosen) {
            self.events.tell(What::Resolved {
                receiver: self.receiving.settings.name.clone(),
                address: SocketAddr::new(chosen, self.receiving.settings.port),
            });
        }
    }

    /// Opens a way to an address, and takes it if it is another than there is.
    fn look(&self, address: IpAddr) {
        let (_, current) = self.receiving.way.aim();
        let new = aim(&self.plan.settings, &self.receiving, address, true);
        let same = match (&current, &new) {
            (Aim::At(current), Aim::At(new)) => current.same(new),
            (Aim::Nowhere(current), Aim::Nowhere(new)) => current == new,
            _ => false,
        };
        if !same {
            self.receiving.way.set_aim(new);
        }
    }
}

/// The way to an address of a receiver. `again`: its source port may be in use by its own socket.
pub(crate) fn aim(settings: &Settings, receiving: &Receiving, address: IpAddr, again: bool) -> Aim {
    let peer = SocketAddr::new(address, receiving.settings.port);
    if settings.listens_on(peer, |address| is_local(&local_addresses(), address)) {
        return Aim::Nowhere(DropReason::Loop);
    }
    match Target::open(&receiving.settings, peer, again) {
        Ok(target) => Aim::At(Arc::new(target)),
        Err(error) => Aim::Nowhere(reason(&error)),
    }
}

/// The first address of a family that datagrams come in by, else the first.
fn choose(addresses: &[IpAddr], settings: &Settings) -> Option<IpAddr> {
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

/// The addresses of a name, IPv4 first, and how long they are good for. Reads the resolver's configuration and
/// `/etc/hosts` each time: they change.
async fn resolve(name: &str) -> Result<(Vec<IpAddr>, Duration), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut builder = TokioResolver::builder_tokio().map_err(|error| text(&error))?;
    builder.options_mut().cache_size = 0;
    let resolver = builder.build().map_err(|error| text(&error))?;
    let answer = resolver
        .lookup_ip(name)
        .await
        .map_err(|error| text(&error))?;
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    let ttl = answer
        .as_lookup()
        .answers()
        .iter()
        .map(|record| record.ttl)
        .min()
        .unwrap_or(0);
    if addresses.is_empty() {
        return Err("no address".into());
    }
    Ok((addresses, Duration::from_secs(ttl.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_a_family_that_comes_in() {
        let addresses: Vec<IpAddr> = ["192.0.2.1", "2001:db8::1"]
            .map(|address| address.parse().unwrap())
            .into();
        let mut settings = Settings::new("s");
        assert_eq!(choose(&addresses, &settings), Some(addresses[0]));
        settings.listen = vec![addresses[1].into()];
        assert_eq!(choose(&addresses, &settings), Some(addresses[1]));
        assert_eq!(choose(&addresses[..1], &settings), Some(addresses[0]));
    }

    #[test]
    fn names_of_the_hosts_file_resolve() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (addresses, _) = runtime.block_on(resolve("localhost")).unwrap();
        assert!(addresses[0].is_loopback());
    }
}
