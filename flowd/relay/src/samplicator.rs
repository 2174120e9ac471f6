//! A running samplicator, and how a configuration is put into force: prepare, then apply.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use crossbeam_channel::Sender;
use loss::DropReason;
use mailbox::{Answer, Reply};
use nix::sys::resource::{Resource, getrlimit};
use parking_lot::Mutex;
use socket2::Socket;

use crate::error::{Error, Place, Problem};
use crate::event::Event;
use crate::pace::Limit;
use crate::paced::{Paced, Pacer};
use crate::plan::{Destination, Events, Path, Plan, PlannedReceiver};
use crate::resolver::{Resolver, open_path};
use crate::routes::{Routes, Slot};
use crate::settings::{Endpoint, Receiver, SamplicatorSettings};
use crate::socket;
use crate::statistics::{
    Ledger, ListenerStatistics, ReceiverState, ReceiverStatistics, SourceStatistics, Statistics,
    TemplateStatistics,
};
use crate::worker::{Ask, Handle, WorkerStatistics};

/// The time, nanoseconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Most sockets for exporters' addresses that one worker may have.
const MAX_CARRIERS: usize = 4096;
/// File descriptors left to the rest of the process.
const SPARE_DESCRIPTORS: u64 = 256;

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
    listeners: Vec<(Endpoint, Handle)>,
    resolver: Option<Resolver>,
    pacer: Option<Pacer>,
}

impl Samplicator {
    /// Opens what `settings` need and the running samplicator, `old`, does not have; its name may be another. Nothing changes
    /// yet, except that datagrams to a new listening address are already queued by the kernel.
    ///
    /// Host names are resolved later, by a thread of their own: a name that does not resolve is no error.
    ///
    /// # Errors
    /// A [`Problem`] that the operator must put right, and its place.
    pub fn prepare(
        old: Option<&Samplicator>,
        settings: &SamplicatorSettings,
        context: &Context,
    ) -> Result<Prepared, Error> {
        settings.check()?;
        check_host(settings)?;
        let events = match old {
            Some(old) => old.0.events.clone(),
            None => Events::new(context.events.clone(), &settings.name),
        };
        let plan = match old {
            Some(old) => plan(settings, Some(&old.0.state.lock().plan)),
            None => plan(settings, None),
        }?;
        let sockets = open_listeners(old, settings)?;
        let starting = |error| Error {
            place: Place::Threads,
            problem: Problem::System {
                call: "starting a thread",
                error,
            },
        };
        let listening = settings.endpoints().len() * settings.threads;
        let mut listeners = Vec::new();
        for (endpoint, socket) in sockets {
            let handle = Handle::start(
                &settings.name,
                socket,
                most_carriers(listening),
                Arc::clone(&context.clock),
                events.clone(),
            );
            listeners.push((endpoint, handle.map_err(starting)?));
        }
        let (paces, keeps) = match old {
            Some(old) => (old.0.state.lock().pacer.is_some(), true),
            None => (false, false),
        };
        let needs_pacer = plan.receivers.iter().any(|one| one.paced.is_some()) && !paces;
        let pacer = needs_pacer
            .then(|| Pacer::start(&settings.name, Arc::clone(&context.clock), events.clone()))
            .transpose()
            .map_err(starting)?;
        let resolver = (!keeps)
            .then(|| Resolver::start(&settings.name, events.clone()))
            .transpose()
            .map_err(starting)?;
        Ok(Prepared {
            old: old.map(|old| Arc::clone(&old.0)),
            events,
            clock: ClockHandle(Arc::clone(&context.clock)),
            plan: Arc::new(plan),
            listeners,
            resolver,
            pacer,
        })
    }

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
        for paced in running
            .plan
            .receivers
            .iter()
            .filter_map(|one| one.paced.as_ref())
        {
            paced.lock().account.clear();
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

    /// Returns the settings in force.
    pub fn settings(&self) -> SamplicatorSettings {
        self.0.state.lock().plan.settings.clone()
    }
}

impl Prepared {
    /// Puts the configuration into force and returns the samplicator, the same as before if there was one. Datagrams that have
    /// arrived by then are relayed by the configuration before; none is lost in between.
    pub fn apply(self) -> Samplicator {
        let inner = match self.old {
            Some(old) => old,
            None => Arc::new(Inner {
                events: self.events,
                clock: self.clock,
                state: Mutex::new(Running {
                    plan: Arc::clone(&self.plan),
                    listeners: BTreeMap::new(),
                    resolver: match self.resolver {
                        Some(resolver) => resolver,
                        None => unreachable!("a new samplicator has a new resolver"),
                    },
                    pacer: None,
                    past: WorkerStatistics::default(),
                    retired: Ledger::default(),
                }),
            }),
        };
        let mut state = inner.state.lock();
        let running = &mut *state;
        let plan = self.plan;
        inner.events.rename(&plan.settings.name);
        let old = std::mem::replace(&mut running.plan, Arc::clone(&plan));
        running.pacer = running.pacer.take().or(self.pacer);
        if let Some(pacer) = &running.pacer {
            pacer.apply(Arc::clone(&plan));
        }
        for (endpoint, handle) in self.listeners {
            running.listeners.entry(endpoint).or_default().push(handle);
        }
        let endpoints = plan.settings.endpoints();
        let unpark = running.pacer.as_ref().and_then(Pacer::thread);
        let mut gone = Vec::new();
        for (endpoint, handles) in &mut running.listeners {
            let keep = if endpoints.contains(endpoint) {
                plan.settings.threads
            } else {
                0
            };
            gone.extend(handles.drain(keep.min(handles.len())..));
            for handle in handles.iter() {
                socket::set_receive_buffer(&handle.socket, plan.settings.receive_buffer);
            }
            let asked: Vec<_> = handles
                .iter()
                .map(|handle| {
                    handle.ask(|done| Ask::Apply(Arc::clone(&plan), unpark.clone(), done))
                })
                .collect();
            for applied in asked {
                applied.wait();
            }
        }
        running.listeners.retain(|_, handles| !handles.is_empty());
        for mut handle in gone {
            let last = handle.stop();
            running.past.add(last.retired());
        }
        // Workers queue nothing for them any more.
        for gone in &old.receivers {
            if let Some(paced) = &gone.paced
                && !plan.receivers.iter().any(|new| {
                    new.paced
                        .as_ref()
                        .is_some_and(|new| Arc::ptr_eq(new, paced))
                })
            {
                running.retired += &paced.lock().retire((inner.clock.0)());
            }
        }
        running.resolver.apply(plan);
        drop(state);
        Samplicator(inner)
    }
}

impl WorkerStatistics {
    fn add(&mut self, other: WorkerStatistics) {
        self.received += other.received;
        self.relayed += other.relayed;
        self.denied += other.denied;
        self.unrouted += other.unrouted;
        self.kernel_drops += other.kernel_drops;
        self.rates += other.rates;
        self.receivers.extend(other.receivers);
        self.retired += &other.retired;
        self.sources += other.sources;
        self.sources_recycled += other.sources_recycled;
        self.templates += other.templates;
        self.carriers += other.carriers;
    }

    /// Returns the counts that remain when the worker has ended.
    fn retired(mut self) -> WorkerStatistics {
        for (_, account) in self.receivers.drain(..) {
            self.retired += &account.ledger;
        }
        WorkerStatistics {
            received: self.received,
            relayed: self.relayed,
            denied: self.denied,
            unrouted: self.unrouted,
            kernel_drops: self.kernel_drops,
            retired: self.retired,
            sources_recycled: self.sources_recycled,
            ..WorkerStatistics::default()
        }
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
        ..ReceiverStatistics::default()
    };
    for (slot, account) in &all.receivers {
        if *slot == planned.slot {
            account.add_to(&mut statistics);
        }
    }
    if let Some(paced) = &planned.paced {
        paced.lock().account.add_to(&mut statistics);
    }
    statistics
}

/// Returns how many sockets for exporters' addresses each of `workers` threads may have.
fn most_carriers(workers: usize) -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    let share = soft.saturating_sub(SPARE_DESCRIPTORS) / workers.max(1) as u64;
    usize::try_from(share)
        .unwrap_or(MAX_CARRIERS)
        .clamp(16, MAX_CARRIERS)
}

/// Checks what depends on the host: privileges and addresses.
fn check_host(settings: &SamplicatorSettings) -> Result<(), Error> {
    let addresses = socket::local_addresses();
    for receiver in settings.receivers.iter().filter(|one| !one.disabled) {
        let fail = |problem| Error {
            place: Place::Receiver(receiver.name.clone()),
            problem,
        };
        let address = receiver.destination.parse::<IpAddr>().ok();
        if receiver.spoof_source {
            let family = address.unwrap_or(IpAddr::from([0; 4]));
            socket::check_privilege(family).map_err(|error| match error.raw_os_error() {
                Some(libc::EPERM) => fail(Problem::Privilege(error)),
                _ => fail(Problem::System {
                    call: "IP_TRANSPARENT",
                    error,
                }),
            })?;
        }
        if let Some(address) = address {
            let peer = std::net::SocketAddr::new(address, receiver.port);
            if settings.listens_on(peer, |address| socket::is_local(&addresses, address)) {
                return Err(fail(Problem::Loop));
            }
        }
    }
    Ok(())
}

/// Opens the listening sockets that the running samplicator does not have.
fn open_listeners(
    old: Option<&Samplicator>,
    settings: &SamplicatorSettings,
) -> Result<Vec<(Endpoint, Socket)>, Error> {
    let state = old.map(|old| old.0.state.lock());
    let mut opened: Vec<(Endpoint, Socket)> = Vec::new();
    for endpoint in settings.endpoints() {
        let known: Vec<&Socket> = state
            .iter()
            .filter_map(|running| running.listeners.get(&endpoint))
            .flatten()
            .map(|handle| &*handle.socket)
            .collect();
        let mut own: Vec<Socket> = Vec::new();
        while known.len() + own.len() < settings.threads {
            let others: Vec<&Socket> = known.iter().copied().chain(&own).collect();
            let socket = socket::listen(&endpoint, settings.receive_buffer, &others);
            own.push(socket.map_err(|problem| Error {
                place: Place::Listen(endpoint.clone()),
                problem,
            })?);
        }
        opened.extend(own.into_iter().map(|socket| (endpoint.clone(), socket)));
    }
    Ok(opened)
}

/// Compiles settings into a plan. A receiver that was there before keeps its slot, queue and, if it can, its path.
fn plan(settings: &SamplicatorSettings, old: Option<&Arc<Plan>>) -> Result<Plan, Error> {
    let known = |name: &str| old.and_then(|old| old.receiver(name));
    let taken: Vec<Slot> = settings
        .receivers
        .iter()
        .filter_map(|receiver| Some(known(&receiver.name)?.slot))
        .collect();
    // Also not those of receivers that leave: their last datagrams are counted under them.
    let leaving: Vec<Slot> = old
        .iter()
        .flat_map(|old| old.receivers.iter().map(|planned| planned.slot))
        .collect();
    let mut free = (0..Slot::MAX)
        .filter(|slot| !taken.contains(slot) && !leaving.contains(slot))
        .chain(leaving.iter().copied().filter(|slot| !taken.contains(slot)));
    let mut receivers = Vec::new();
    for receiver in &settings.receivers {
        let old = known(&receiver.name);
        let slot = match old {
            Some(old) => old.slot,
            None => free.next().unwrap_or_default(),
        };
        receivers.push(Arc::new(planned(settings, receiver, slot, old)?));
    }
    let slot = |name: &str| {
        let planned = receivers
            .iter()
            .find(|planned| planned.settings.name == name)?;
        (!planned.settings.disabled).then_some(planned.slot)
    };
    let routes = Routes::new(settings, slot);
    Ok(Plan {
        settings: settings.clone(),
        receivers,
        routes,
    })
}

fn planned(
    settings: &SamplicatorSettings,
    receiver: &Receiver,
    slot: Slot,
    old: Option<&Arc<PlannedReceiver>>,
) -> Result<PlannedReceiver, Error> {
    let paced = old
        .and_then(|old| old.paced.clone())
        .or_else(|| (!receiver.delay.is_zero()).then(Arc::<Paced>::default));
    let mut planned = PlannedReceiver {
        slot,
        settings: receiver.clone(),
        limit: receiver.rate_limit.map(Limit::new),
        paced,
        path: Arc::new(Path::new(Destination::Nowhere(DropReason::Unresolved))),
    };
    if receiver.disabled {
        return Ok(planned);
    }
    if let Some(old) = old
        && old.settings.sent_alike(receiver)
    {
        planned.path = Arc::clone(&old.path);
        return Ok(planned);
    }
    // A name that was resolved before is good until it is resolved again.
    let before = old
        .filter(|old| old.settings.destination == receiver.destination)
        .and_then(|old| match old.path.destination().1 {
            Destination::At(target) => Some(target.peer.ip()),
            Destination::Nowhere(_) => None,
        });
    let address = receiver.destination.parse::<IpAddr>().ok().or(before);
    if let Some(address) = address {
        let again = old.is_some_and(|old| old.settings.source_port == receiver.source_port);
        let destination = open_path(settings, &planned, address, again);
        if let Destination::Nowhere(DropReason::NoSocket(errno)) = destination {
            let place = Place::Receiver(receiver.name.clone());
            let problem = match errno {
                libc::EADDRINUSE => Problem::InUse,
                errno => Problem::System {
                    call: "opening its socket",
                    error: io::Error::from_raw_os_error(errno),
                },
            };
            return Err(Error { place, problem });
        }
        planned.path.set_destination(destination);
    }
    Ok(planned)
}
