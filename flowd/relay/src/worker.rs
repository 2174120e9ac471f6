//! The thread of a listening socket. [`Worker::relay`] is the path of a datagram.

mod apply;
mod handle;
mod pause;
mod show;

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::Thread;
use std::time::Duration;

use mailbox::{Mailbox, Reply, TryRecvError};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use socket2::Socket;

use apply::require_replay;
pub(crate) use handle::Handle;
use pause::Pause;
pub(crate) use show::WorkerStatistics;
use udp::Inbox;

use crate::Clock;
use crate::batch::{Batch, Datagram};
use crate::carrier::Carriers;
use crate::event::What;
use crate::lane::{Lane, SendContext, Sources};
use crate::pace::Meter;
use crate::plan::{Events, Plan};
use crate::routes::{Slot, Slots};
use crate::settings::BalanceBy;
use crate::socket;
use crate::source::{NONE, Source};
use crate::statistics::{Ledger, SourceStatistics, Tally, TemplateStatistics};
use crate::table::Table;
use crate::tracker::Budget;

/// Messages taken by one read. It is more than arrive during a pause and while the batch before is relayed: a few left over would make a
/// batch of their own.
const READ: usize = 128;
/// Most exporters of one worker; a further one takes the place of one that was silent for long.
const MAX_SOURCES: usize = 16_384;
/// Most octets of templates and options that a worker keeps.
const MAX_TEMPLATE_OCTETS: usize = 64 << 20;
/// How often rates, silence and health are looked after.
const TICK_NS: u64 = 1_000_000_000;
/// Octets of receive buffer that the kernel charges for a datagram of the size of an Ethernet frame.
const CHARGED: usize = 2304;

/// A message to a worker, which looks for them between two batches.
pub(crate) enum Ask {
    Apply(Arc<Plan>, Option<Thread>, Reply<()>),
    Statistics(Reply<WorkerStatistics>),
    Sources(Reply<Vec<SourceStatistics>>),
    Templates(Reply<Vec<TemplateStatistics>>),
    Clear(Reply<()>),
    Ping(Reply<()>),
    Stop,
}

struct Worker {
    socket: Arc<Socket>,
    mailbox: Mailbox<Ask>,
    clock: Clock,
    events: Events,
    plan: Arc<Plan>,
    pacer: Option<Thread>,
    inbox: Inbox,
    batch: Batch,
    sources: Sources,
    budget: Budget,
    lanes: Vec<Option<Lane>>,
    /// The slots of the lanes that there are.
    slots: Vec<Slot>,
    sender: udp::Sender,
    carriers: Carriers,
    /// The receivers that had failed when the batch came.
    failed: Slots,
    /// For each round-robin group, the number of the next member.
    turns: Vec<usize>,
    received: Tally,
    relayed: Tally,
    denied: Tally,
    unrouted: Tally,
    retired: Ledger,
    drops_cleared: u64,
    meter: Meter,
    ticked_ns: u64,
    silence_ns: u64,
    pause: Pause,
    /// Whether a receiver gets datagrams under their exporters' addresses.
    spoofs: bool,
    /// How many sends the datagrams of the last read made for each receiver.
    parts: u64,
}

impl Worker {
    /// Waits for the first plan. `None`: the configuration was dropped before it came into force.
    fn new(
        socket: Arc<Socket>,
        mailbox: Mailbox<Ask>,
        carriers: usize,
        clock: Clock,
        events: Events,
    ) -> Option<Worker> {
        let Ok(Ask::Apply(plan, pacer, done)) = mailbox.wait() else {
            return None;
        };
        let now_ns = clock();
        let room = socket::receive_buffer(&socket) / 2 / CHARGED;
        let mut worker = Worker {
            mailbox,
            clock,
            events,
            plan: Arc::clone(&plan),
            pacer: None,
            inbox: Inbox::new(READ),
            batch: Batch::default(),
            sources: Table::new(MAX_SOURCES),
            budget: Budget::new(MAX_TEMPLATE_OCTETS),
            lanes: Vec::new(),
            slots: Vec::new(),
            sender: udp::Sender::new(),
            carriers: Carriers::new(carriers),
            failed: Slots::default(),
            turns: Vec::new(),
            received: Tally::default(),
            relayed: Tally::default(),
            denied: Tally::default(),
            unrouted: Tally::default(),
            retired: Ledger::default(),
            drops_cleared: 0,
            meter: Meter::default(),
            ticked_ns: now_ns,
            silence_ns: now_ns,
            pause: Pause::new(room as u64, now_ns),
            spoofs: false,
            parts: 1,
            socket,
        };
        worker.apply(plan, pacer);
        done.send(());
        Some(worker)
    }

    fn run(mut self) -> WorkerStatistics {
        loop {
            let now_ns = (self.clock)();
            match self.mailbox.try_next() {
                Ok(Ask::Stop) | Err(TryRecvError::Disconnected) => break,
                Ok(ask) => {
                    self.answer(ask);
                    continue;
                }
                Err(TryRecvError::Empty) => {}
            }
            if now_ns.abs_diff(self.ticked_ns) >= TICK_NS {
                self.tick(now_ns);
            }
            match self.read(now_ns) {
                0 => self.wait(true, TICK_NS),
                read => {
                    let pause_ns = self.pause.after(read as u64, self.parts, now_ns);
                    if pause_ns > 0 {
                        self.wait(false, pause_ns);
                    }
                }
            }
        }
        // Datagrams that arrived before the end.
        while self.read((self.clock)()) > 0 {}
        self.statistics()
    }

    /// Waits for messages, and for datagrams if `listen`, for `nanoseconds` at most.
    fn wait(&self, listen: bool, nanoseconds: u64) {
        let mut places = [
            PollFd::new(self.mailbox.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
        ];
        let places = &mut places[..1 + usize::from(listen)];
        let timeout = TimeSpec::from_duration(Duration::from_nanos(nanoseconds));
        // An interruption is as good a reason to look as any.
        let _ = ppoll(places, Some(timeout), None);
        let woken = places[0].revents().is_some_and(|events| !events.is_empty());
        if woken {
            self.mailbox.silence();
        }
    }

    /// Reads and relays the datagrams that wait at the socket, as many as one read takes. Returns the number of messages.
    fn read(&mut self, now_ns: u64) -> usize {
        let read = match self.inbox.receive(self.socket.as_fd()) {
            Ok(read) => read,
            // Interrupted: a socket that is not connected has no other errors.
            Err(_) => return 0,
        };
        for number in 0..read {
            let Some(message) = self.inbox.message(number) else {
                continue;
            };
            let (source, end) = (
                self.source(message.from, now_ns),
                message.start + message.len,
            );
            let mut start = message.start;
            loop {
                let len = match message.segment {
                    0 => message.len,
                    segment => segment.min(end - start),
                };
                self.gather(source, message.from, start, len as u32);
                start += len;
                if start >= end {
                    break;
                }
            }
        }
        // A datagram under its exporter's address cannot share a send with another exporter's.
        self.parts = match self.spoofs {
            true => self.batch.sources.len() as u64,
            false => 1,
        };
        self.relay(now_ns);
        read
    }

    /// Returns the number of an exporter, which may be new.
    #[inline]
    fn source(&mut self, from: SocketAddr, now_ns: u64) -> u32 {
        if let Some(number) = self.sources.find(&from, now_ns) {
            return number;
        }
        self.new_source(from, now_ns)
    }

    #[cold]
    fn new_source(&mut self, from: SocketAddr, now_ns: u64) -> u32 {
        if self.sources.is_full() {
            // Nothing of the batch may belong to an exporter that is forgotten.
            self.relay(now_ns);
        }
        let source = Source::new(self.plan.routes.find(from.ip()), now_ns);
        let (number, old) = self.sources.insert(from, source, now_ns);
        if let Some(mut old) = old {
            old.tracker.forget(&mut self.budget);
        }
        self.events.send(What::SourceAppeared { source: from });
        number
    }

    /// Adds a datagram to the batch, behind the earlier ones of its exporter.
    #[inline]
    fn gather(&mut self, source: u32, from: SocketAddr, start: usize, len: u32) {
        let number = self.batch.datagrams.len() as u32;
        let (first, last) = &mut self.sources.get_mut(source).batch;
        if *first == NONE {
            *first = number;
            self.batch.sources.push(source);
        } else {
            self.batch.datagrams[*last as usize].next = number;
        }
        *last = number;
        self.batch.datagrams.push(Datagram {
            start,
            len,
            source,
            from,
            next: NONE,
            domain: None,
            announces: false,
            first: false,
        });
    }

    /// Relays the batch. Exporter by exporter: its route, its templates, an offer to each receiver. Then receiver by receiver: as
    /// few sends as the order within an exporter allows.
    fn relay(&mut self, now_ns: u64) {
        if self.batch.datagrams.is_empty() {
            return;
        }
        for slot in &self.slots {
            if let Some(lane) = &mut self.lanes[usize::from(*slot)] {
                if lane.follow() {
                    require_replay(&mut self.sources, *slot);
                }
                self.failed.set(*slot, lane.has_failed());
            }
        }
        let Batch { datagrams, sources } = &mut self.batch;
        // Equal datagrams of different exporters may share a send; order matters within an exporter only.
        if sources.len() > 1 {
            let head = |source: &u32| {
                let (first, _) = self.sources.get(*source).batch;
                std::cmp::Reverse(datagrams[first as usize].len)
            };
            sources.sort_by_key(head);
        }
        for number in sources.iter() {
            let source = self.sources.get_mut(*number);
            let (mut next, _) = std::mem::replace(&mut source.batch, (NONE, NONE));
            if source.silent {
                source.silent = false;
                self.events.send(What::SourceAppeared {
                    source: datagrams[next as usize].from,
                });
            }
            source.last_ns = now_ns;
            let route = self.plan.routes.get(source.route);
            while next != NONE {
                let number = next;
                let datagram = &mut datagrams[number as usize];
                next = datagram.next;
                let tally = Tally::one(datagram.len as usize);
                source.received += tally;
                self.received += tally;
                if route.denied {
                    source.not_relayed += tally;
                    self.denied += tally;
                    continue;
                }
                let octets = datagram.of(self.inbox.octets());
                let seen = source.tracker.observe(octets, now_ns, &mut self.budget);
                datagram.domain = seen.domain;
                datagram.announces = seen.announces;
                datagram.first = seen.first;
                let mut offered = false;
                for slot in &route.receivers {
                    let Some(lane) = &mut self.lanes[usize::from(*slot)] else {
                        continue;
                    };
                    let informed = seen
                        .domain
                        .map(|domain| &mut source.tracker.domain(domain).informed);
                    lane.offer(number, datagram, informed, now_ns);
                    offered = true;
                }
                for group in &route.groups {
                    let members = self.plan.routes.group(*group);
                    let slot = match members.by {
                        BalanceBy::RoundRobin => source.assign(
                            *group,
                            members,
                            seen.id,
                            &mut self.turns[*group],
                            &self.failed,
                        ),
                        _ => members
                            .choose_healthy(members.key(datagram.from, seen.id), &self.failed),
                    };
                    let lane = slot.and_then(|slot| self.lanes[usize::from(slot)].as_mut());
                    let Some(lane) = lane else {
                        continue;
                    };
                    let informed = seen
                        .domain
                        .map(|domain| &mut source.tracker.domain(domain).informed);
                    lane.offer(number, datagram, informed, now_ns);
                    offered = true;
                }
                if offered {
                    self.relayed += tally;
                } else {
                    source.not_relayed += tally;
                    self.unrouted += tally;
                }
            }
        }
        let mut context = SendContext {
            batch: &self.batch,
            octets: self.inbox.octets(),
            sources: &mut self.sources,
            sender: &mut self.sender,
            carriers: &mut self.carriers,
            events: &self.events,
            pacer: self.pacer.as_ref(),
            now_ns,
        };
        for slot in &self.slots {
            if let Some(lane) = &mut self.lanes[usize::from(*slot)] {
                lane.flush(&mut context);
            }
        }
        self.batch.clear();
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Apply(plan, pacer, done) => {
                self.apply(plan, pacer);
                done.send(());
            }
            Ask::Statistics(done) => done.send(self.statistics()),
            Ask::Sources(done) => done.send(self.source_statistics()),
            Ask::Templates(done) => done.send(self.template_statistics()),
            Ask::Clear(done) => {
                self.clear();
                done.send(());
            }
            Ask::Ping(done) => done.send(()),
            Ask::Stop => {}
        }
    }

    fn tick(&mut self, now_ns: u64) {
        self.ticked_ns = now_ns;
        self.meter.tick(self.received, now_ns);
        for lane in self.lanes.iter_mut().flatten() {
            lane.tick(now_ns, &self.events);
        }
        let silent_ns = self.plan.settings.silent_after.as_nanos() as u64;
        if now_ns.abs_diff(self.silence_ns) < (silent_ns / 8).min(10 * TICK_NS) {
            return;
        }
        self.silence_ns = now_ns;
        for (address, source) in self.sources.iter_mut() {
            if !source.silent && now_ns.saturating_sub(source.last_ns) >= silent_ns {
                source.silent = true;
                self.events.send(What::SourceSilent {
                    source: *address,
                    last_ns: source.last_ns,
                });
            }
        }
    }
}
