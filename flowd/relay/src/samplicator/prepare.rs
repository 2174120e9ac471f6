//! How a configuration of a samplicator is put into force: prepare, then apply.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use nix::sys::resource::{Resource, getrlimit};
use service::Occasion;
use socket2::Socket;

use super::{Clock, ClockHandle, Context, Inner, NewListener, Prepared, Running, Samplicator};
use crate::error::{Error, Place, Problem};
use crate::pacer::Pacer;
use crate::plan::{Events, compile};
use crate::resolver::Resolver;
use crate::settings::{Endpoint, SamplicatorSettings};
use crate::socket::{self, Bound, Listening};
use crate::statistics::Ledger;
use crate::worker::{Ask, Handle, WorkerStatistics};

/// Most sockets for exporters' addresses that one worker may have.
const MAX_CARRIERS: usize = 4096;
/// File descriptors left to the rest of the process.
const SPARE_DESCRIPTORS: u64 = 256;

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
        Samplicator::prepare_for(old, settings, context, Occasion::Commit)
    }

    /// Does the same as [`Samplicator::prepare`]. A samplicator that is restored waits for what this host does not have yet.
    ///
    /// # Errors
    /// Those of [`Samplicator::prepare`]; of a samplicator that is restored, only that the system refuses a thread.
    pub(crate) fn prepare_for(
        old: Option<&Samplicator>,
        settings: &SamplicatorSettings,
        context: &Context,
        occasion: Occasion,
    ) -> Result<Prepared, Error> {
        if occasion == Occasion::Commit {
            check_host(settings)?;
        }
        let events = match old {
            Some(old) => old.0.events.clone(),
            None => Events::new(context.events.clone(), &settings.name),
        };
        let plan = match old {
            Some(old) => compile(settings, Some(&old.0.state.lock().plan), occasion),
            None => compile(settings, None, occasion),
        }?;
        let (sockets, down) = open_listeners(old, settings, occasion)?;
        let starting = |error| Error {
            place: Place::Threads,
            problem: Problem::System {
                call: "starting a thread",
                error,
            },
        };
        let mut listeners = Vec::new();
        for (endpoint, listening, bound) in sockets {
            let handle = start(settings, &listening, &context.clock, &events);
            listeners.push(NewListener {
                endpoint,
                handle: handle.map_err(starting)?,
                bound,
                listening,
            });
        }
        let (paces, keeps) = match old {
            Some(old) => (old.0.state.lock().pacer.is_some(), true),
            None => (false, false),
        };
        let needs_pacer = plan.receivers.iter().any(|one| one.queue.is_some()) && !paces;
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
            down,
            resolver,
            pacer,
        })
    }
}

impl Prepared {
    /// Returns the addresses and ports that cannot be had yet, and why.
    pub(crate) fn down(&self) -> impl Iterator<Item = &(Endpoint, Problem)> {
        self.down.iter()
    }

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
                    down: BTreeMap::new(),
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
        running.down = self.down.into_iter().collect();
        for new in self.listeners {
            let bound = match new.bound {
                Bound::Yes => Ok(()),
                // The socket that has the port is ours, so that nobody else can have taken it meanwhile.
                Bound::WhenApplied => new.listening.bind_beside_own(),
            };
            match bound {
                Ok(()) => {
                    let handles = running.listeners.entry(new.endpoint).or_default();
                    handles.push(new.handle);
                }
                Err(why) => drop(running.down.insert(new.endpoint, why)),
            }
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
            // What comes from here on is for the other sockets of the port.
            socket::stop_delivery(&handle.socket);
            let last = handle.stop();
            running.past.add(last.retired());
        }
        // From here on workers add nothing to the queues of removed receivers.
        for gone in &old.receivers {
            if let Some(queue) = &gone.queue
                && !plan.receivers.iter().any(|new| {
                    new.queue
                        .as_ref()
                        .is_some_and(|new| Arc::ptr_eq(new, queue))
                })
            {
                running.retired += &queue.lock().retire((inner.clock.0)());
            }
        }
        running.resolver.apply(plan);
        drop(state);
        Samplicator(inner)
    }
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
    let addresses = udp::local_addresses();
    for receiver in settings.receivers.iter().filter(|one| !one.disabled) {
        let fail = |problem| Error {
            place: Place::Receiver(receiver.name.clone()),
            problem,
        };
        let address = receiver.destination.parse::<IpAddr>().ok();
        if receiver.spoof_source {
            let family = address.unwrap_or(IpAddr::from([0; 4]));
            socket::check_privilege(family).map_err(|error| match error.raw_os_error() {
                Some(libc::EPERM) => fail(Problem::Privilege),
                _ => fail(Problem::System {
                    call: "sending from other hosts' addresses",
                    error,
                }),
            })?;
        }
        if let (Some(address), false) = (address, receiver.spoof_source) {
            // An address may come later, or from this very commit.
            match receiver.source.choose(&[address]) {
                Err(error) if !error.awaits_address() => return Err(fail(error.into())),
                _ => {}
            }
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

/// Starts the thread of a listening socket. It waits for its plan.
pub(super) fn start(
    settings: &SamplicatorSettings,
    listening: &Listening,
    clock: &Clock,
    events: &Events,
) -> io::Result<Handle> {
    let workers = settings.endpoints().len() * settings.threads;
    Handle::start(
        &settings.name,
        listening,
        most_carriers(workers),
        Arc::clone(clock),
        events.clone(),
    )
}

/// Listening sockets, with what is left to do for each.
type Opened = Vec<(Endpoint, Listening, Bound)>;

/// Opens the listening sockets that the running samplicator does not have. Returns them, and why there are none for an address and
/// port that was configured before.
fn open_listeners(
    old: Option<&Samplicator>,
    settings: &SamplicatorSettings,
    occasion: Occasion,
) -> Result<(Opened, Vec<(Endpoint, Problem)>), Error> {
    let state = old.map(|old| old.0.state.lock());
    let (mut opened, mut down) = (Vec::new(), Vec::new());
    for endpoint in settings.endpoints() {
        let running = state.as_deref();
        match open_endpoint(running, &endpoint, settings) {
            Ok(sockets) => {
                let sockets = sockets.into_iter();
                opened
                    .extend(sockets.map(|(listening, bound)| (endpoint.clone(), listening, bound)));
            }
            Err(problem) => {
                // What another commit does not change is not refused in this one.
                let waits = running.is_some_and(|running| running.down.contains_key(&endpoint));
                if occasion == Occasion::Commit && !waits {
                    let place = Place::Listen(endpoint);
                    return Err(Error { place, problem });
                }
                down.push((endpoint, problem));
            }
        }
    }
    Ok((opened, down))
}

/// Opens the sockets that an address and port lacks.
pub(super) fn open_endpoint(
    running: Option<&Running>,
    endpoint: &Endpoint,
    settings: &SamplicatorSettings,
) -> Result<Vec<(Listening, Bound)>, Problem> {
    let handles = |same: bool| -> Vec<&Socket> {
        let all = running.into_iter().flat_map(|running| &running.listeners);
        all.filter(|(known, _)| (*known == endpoint) == same)
            .flat_map(|(_, handles)| handles.iter().map(|handle| &*handle.socket))
            .collect()
    };
    let (known, own) = (handles(true), handles(false));
    let mut opened: Vec<(Listening, Bound)> = Vec::new();
    while known.len() + opened.len() < settings.threads {
        let more = opened.iter().map(|(listening, _)| &*listening.socket);
        let others: Vec<&Socket> = known.iter().copied().chain(more).collect();
        opened.push(socket::listen(
            endpoint,
            settings.receive_buffer,
            &others,
            &own,
        )?);
    }
    Ok(opened)
}
