//! The handle to a running samplicator, by which counts are read. How a configuration is put into force is in `prepare.rs`.

mod prepare;
mod retry;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use crossbeam_channel::Sender;
use mailbox::{Answer, Reply};

use crate::error::Problem;
use crate::event::Event;
use crate::pacer::Pacer;
use crate::plan::{Destination, Events, Plan, PlannedReceiver};
use crate::resolver::Resolver;
use crate::settings::{Endpoint, SamplicatorSettings};
use crate::socket::{self, Bound, Listening};
use crate::statistics::{
    Ledger, ListenerStatistics, ReceiverState, ReceiverStatistics, SourceStatistics, Statistics,
    TemplateStatistics,
};
use crate::worker::{Ask, Handle, WorkerStatistics};

/// The time, nanoseconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The clock and the event queue that a samplicator is given.
#[derive(Clone)]
pub struct Context {
    /// The clock. Workers read it once a batch.
    pub clock: Clock,
    /// The queue that events go to. Events that it has no room for are counted and lost.
    pub events: Sender<Event>,
}

/// A running samplicator. The last handle that is dropped ends it: what waits at its sockets is relayed first.
#[derive(Clone, Debug)]
pub struct Samplicator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    events: Events,
    clock: ClockHandle,
    state: Mutex<Running>,
}

struct ClockHandle(Clock);

impl std::fmt::Debug for ClockHandle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Clock")
    }
}

#[derive(Debug)]
struct Running {
    plan: Arc<Plan>,
    listeners: BTreeMap<Endpoint, Vec<Handle>>,
    /// Why an address and port has no sockets yet.
    down: BTreeMap<Endpoint, Problem>,
    resolver: Resolver,
    pacer: Option<Pacer>,
    /// Accounts of listeners that are gone.
    past: WorkerStatistics,
    /// The ledgers of removed receivers that had a queue.
    retired: Ledger,
}

/// A configuration whose sockets are open and threads started, ready to be applied. Dropping it closes them again.
#[derive(Debug)]
pub struct Prepared {
    old: Option<Arc<Inner>>,
    events: Events,
    clock: ClockHandle,
    plan: Arc<Plan>,
    listeners: Vec<NewListener>,
    down: Vec<(Endpoint, Problem)>,
    resolver: Option<Resolver>,
    pacer: Option<Pacer>,
}

/// A listening socket and its thread, which waits for its plan.
#[derive(Debug)]
struct NewListener {
    endpoint: Endpoint,
    handle: Handle,
    bound: Bound,
    listening: Listening,
}

impl Samplicator {
    /// Returns the counts of the samplicator. Each worker's are of one moment, so they add up: see [`Statistics::balanced`].
    pub fn statistics(&self) -> Statistics {
        let running = self.0.state.lock();
        let mut all = running.past.clone();
        all.retired += &running.retired;
        let mut listeners = Vec::new();
        for (endpoint, handles) in &running.listeners {
            let asked: Vec<Answer<WorkerStatistics>> = handles
                .iter()
                .map(|handle| handle.ask(Ask::Statistics))
                .collect();
            let mut sum = ListenerStatistics {
                address: endpoint.listen.address,
                port: endpoint.port,
                interface: endpoint.listen.interface.clone(),
                down: None,
                threads: handles.len() as u64,
                received: Default::default(),
                kernel_drops: 0,
                receive_buffer: handles
                    .first()
                    .map_or(0, |handle| socket::receive_buffer(&handle.socket) as u64),
            };
            for one in asked.into_iter().filter_map(Answer::wait) {
                sum.received += one.received;
                sum.kernel_drops += one.kernel_drops;
                all.add(one);
            }
            listeners.push(sum);
        }
        listeners.extend(
            running
                .down
                .iter()
                .map(|(endpoint, why)| ListenerStatistics {
                    address: endpoint.listen.address,
                    port: endpoint.port,
                    interface: endpoint.listen.interface.clone(),
                    down: Some(why.to_string()),
                    threads: 0,
                    received: Default::default(),
                    kernel_drops: 0,
                    receive_buffer: 0,
                }),
        );
        listeners.sort_by_key(|one| (one.address, one.port));
        Statistics {
            name: running.plan.settings.name.clone(),
            received: all.received,
            relayed: all.relayed,
            denied: all.denied,
            unrouted: all.unrouted,
            kernel_drops: all.kernel_drops,
            rates: all.rates,
            listeners,
            receivers: running
                .plan
                .receivers
                .iter()
                .map(|planned| receiver_statistics(planned, &all))
                .collect(),
            retired: all.retired,
            sources: all.sources,
            sources_recycled: all.sources_recycled,
            templates: all.templates,
            spoofing_sockets: all.carriers,
            events_lost: self.0.events.lost(),
        }
    }

    /// Returns every known exporter, those with most datagrams first.
    pub fn sources(&self) -> Vec<SourceStatistics> {
        let mut all: Vec<SourceStatistics> = self.ask_all(Ask::Sources);
        all.sort_by_key(|source| std::cmp::Reverse(source.received.datagrams));
        all
    }

    /// Returns every known template, by exporter, observation domain and template identifier.
    pub fn templates(&self) -> Vec<TemplateStatistics> {
        let mut all: Vec<TemplateStatistics> = self.ask_all(Ask::Templates);
        all.sort_by_key(|template| (template.source, template.domain, template.id));
        all
    }

    fn ask_all<T>(&self, ask: impl Fn(Reply<Vec<T>>) -> Ask + Copy) -> Vec<T> {
        let running = self.0.state.lock();
        let asked: Vec<_> = running
            .listeners
            .values()
            .flatten()
            .map(|handle| handle.ask(ask))
            .collect();
        asked
            .into_iter()
            .filter_map(Answer::wait)
            .flatten()
            .collect()
    }

    /// Sets all counts to zero. Templates, sources and rates stay.
    pub fn clear(&self) {
        let mut running = self.0.state.lock();
        let asked: Vec<_> = running
            .listeners
            .values()
            .flatten()
            .map(|handle| handle.ask(Ask::Clear))
            .collect();
        for cleared in asked {
            cleared.wait();
        }
        for queue in running
            .plan
            .receivers
            .iter()
            .filter_map(|one| one.queue.as_ref())
        {
            queue.lock().account.clear();
        }
        running.past = WorkerStatistics::default();
        running.retired = Ledger::default();
    }

    /// Replays all templates to one receiver, or to each, before the next datagram of each exporter. It is for receivers whose
    /// return cannot be seen from here: the ICMP errors of spoofed datagrams go to the exporters. Returns the receivers' names.
    pub fn replay(&self, receiver: Option<&str>) -> Vec<String> {
        let plan = Arc::clone(&self.0.state.lock().plan);
        let meant = plan
            .receivers
            .iter()
            .filter(|one| receiver.is_none_or(|name| one.settings.name == name));
        meant
            .map(|one| {
                one.path.request_replay();
                one.settings.name.clone()
            })
            .collect()
    }

    /// Asks the threads for a sign of life. Returns the listening addresses of those that have given none `by` then; `None` if not even
    /// they can be listed.
    pub(crate) fn hanging(&self, by: Instant) -> Option<Vec<Endpoint>> {
        let running = self.0.state.try_lock_until(by)?;
        let each = running.listeners.iter();
        let asked = each.flat_map(|(endpoint, handles)| {
            let asked = handles.iter().map(|handle| handle.ask(Ask::Ping));
            asked.map(|answer| (endpoint.clone(), answer))
        });
        let asked: Vec<_> = asked.collect();
        drop(running);
        let hang = asked
            .into_iter()
            .filter_map(|(endpoint, answer)| answer.wait_until(by).is_none().then_some(endpoint));
        Some(hang.collect())
    }

    /// Returns the settings in force.
    pub fn settings(&self) -> SamplicatorSettings {
        self.0.state.lock().plan.settings.clone()
    }
}

fn receiver_statistics(planned: &PlannedReceiver, all: &WorkerStatistics) -> ReceiverStatistics {
    let settings = &planned.settings;
    let mut statistics = ReceiverStatistics {
        name: settings.name.clone(),
        destination: settings.destination.clone(),
        port: settings.port,
        spoof_source: settings.spoof_source,
        address: match planned.path.destination().1 {
            Destination::At(target) => Some(target.peer.ip()),
            Destination::Nowhere(_) => None,
        },
        state: if settings.disabled {
            ReceiverState::Disabled
        } else {
            planned.path.state()
        },
        trouble: match settings.disabled {
            true => None,
            false => planned.path.trouble(),
        },
        source: match planned.path.destination().1 {
            Destination::At(target) if !settings.spoof_source => {
                target.local.map(|local| local.ip())
            }
            _ => None,
        },
        ..ReceiverStatistics::default()
    };
    for (slot, account) in &all.receivers {
        if *slot == planned.slot {
            account.add_to(&mut statistics);
        }
    }
    if let Some(queue) = &planned.queue {
        queue.lock().account.add_to(&mut statistics);
    }
    statistics
}
