//! The queues of receivers with a `delay`, and the thread that empties each at its pace.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use crossbeam_channel::Receiver;
use loss::DropReason;
use parking_lot::Mutex;
use udp::{Control, SendOptions, Sender};

use crate::Clock;
use crate::account::Account;
use crate::carrier::{Batch, Carriers};
use crate::plan::{Destination, Events, Plan, PlannedReceiver, note_failure, note_recovery};
use crate::settings::SourcePort;
use crate::statistics::{Ledger, Tally};

/// Most octets that wait for one receiver.
pub(crate) const MAX_QUEUE: usize = 8 << 20;
/// Octets that a queued datagram is charged beside its payload.
const OVERHEAD: usize = 64;
/// How long the thread sleeps when nothing waits.
const IDLE: Duration = Duration::from_millis(500);
/// Most datagrams sent to one receiver before the next has its turn.
const TURN: usize = 64;

/// The queue of a receiver and its account, under one lock so that they always agree.
#[derive(Debug, Default)]
pub(crate) struct Paced(Mutex<Queue>);

#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
    octets: VecDeque<u8>,
    pub(crate) account: Account,
}

/// A datagram that waits in a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) source: SocketAddr,
    pub(crate) len: usize,
    /// It replays templates; it is not one of the datagrams offered to the receiver.
    pub(crate) replay: bool,
}

impl Paced {
    pub(crate) fn lock(&self) -> parking_lot::MutexGuard<'_, Queue> {
        self.0.lock()
    }
}

impl Queue {
    /// Appends a datagram, unless the queue is full. The caller has counted it as offered.
    pub(crate) fn push(&mut self, item: Item, payload: &[u8], now_ns: u64) -> bool {
        let tally = Tally::one(payload.len());
        if self.octets.len() + payload.len() + (self.items.len() + 1) * OVERHEAD > MAX_QUEUE {
            if !item.replay {
                self.account.dropped(tally, DropReason::QueueFull, now_ns);
            }
            return false;
        }
        self.octets.extend(payload);
        self.items.push_back(item);
        if !item.replay {
            self.account.ledger.queued += tally;
        }
        true
    }

    fn pop(&mut self, payload: &mut Vec<u8>) -> Option<Item> {
        let item = self.items.pop_front()?;
        payload.clear();
        payload.extend(self.octets.drain(..item.len));
        Some(item)
    }

    /// Counts what became of the item popped last.
    fn settle(&mut self, item: Item, result: Result<(), DropReason>, now_ns: u64) {
        let tally = Tally::one(item.len);
        let queued = &mut self.account.ledger.queued;
        match (result, item.replay) {
            (Ok(()), true) => self.account.replayed += tally,
            (Err(_), true) => {}
            // The receiver was removed, and the datagram counted so, while it was being sent.
            _ if queued.datagrams == 0 => {}
            (result, false) => {
                queued.datagrams -= 1;
                queued.octets -= tally.octets;
                match result {
                    Ok(()) => self.account.sent(tally, now_ns),
                    Err(reason) => self.account.dropped(tally, reason, now_ns),
                }
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Drops what waits for a receiver that was removed. Returns the final ledger.
    pub(crate) fn retire(&mut self, now_ns: u64) -> Ledger {
        let queued = std::mem::take(&mut self.account.ledger.queued);
        if queued.datagrams > 0 {
            self.account.dropped(queued, DropReason::Removed, now_ns);
        }
        self.items.clear();
        self.octets.clear();
        std::mem::take(&mut self.account.ledger)
    }
}

/// The handle to the thread that empties the queues. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Pacer {
    plans: crossbeam_channel::Sender<Arc<Plan>>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Starts the thread. It does nothing until it has a plan.
    pub(crate) fn start(name: &str, clock: Clock, events: Events) -> std::io::Result<Pacer> {
        let (plans, receiver) = crossbeam_channel::unbounded();
        let thread = thread::Builder::new()
            .name(format!("pace-{name}"))
            .spawn(move || {
                let Ok(plan) = receiver.recv() else { return };
                State::new(plan, clock, events).run(&receiver);
            })?;
        Ok(Pacer {
            plans,
            thread: Some(thread),
        })
    }

    /// Returns the thread to unpark when something was queued.
    pub(crate) fn thread(&self) -> Option<Thread> {
        self.thread.as_ref().map(|thread| thread.thread().clone())
    }

    pub(crate) fn apply(&self, plan: Arc<Plan>) {
        // Cannot fail: the thread ends only when this handle does.
        let _ = self.plans.send(plan);
        self.wake();
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        let (closed, _) = crossbeam_channel::bounded(0);
        self.plans = closed;
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct State {
    clock: Clock,
    events: Events,
    lanes: Vec<Lane>,
    carriers: Carriers,
    sender: Sender,
    payload: Vec<u8>,
    ticked_ns: u64,
}

struct Lane {
    planned: Arc<PlannedReceiver>,
    paced: Arc<Paced>,
    due_ns: u64,
    segment_max: usize,
}

impl State {
    fn new(plan: Arc<Plan>, clock: Clock, events: Events) -> State {
        let mut state = State {
            clock,
            events,
            lanes: Vec::new(),
            carriers: Carriers::new(256),
            sender: Sender::new(),
            payload: Vec::new(),
            ticked_ns: 0,
        };
        state.apply(&plan);
        state
    }

    fn apply(&mut self, plan: &Plan) {
        let old = std::mem::take(&mut self.lanes);
        for planned in &plan.receivers {
            let Some(paced) = &planned.paced else {
                continue;
            };
            let known = old.iter().find(|lane| Arc::ptr_eq(&lane.paced, paced));
            self.lanes.push(Lane {
                planned: Arc::clone(planned),
                paced: Arc::clone(paced),
                due_ns: known.map_or(0, |lane| lane.due_ns),
                segment_max: 0,
            });
        }
    }

    fn run(mut self, plans: &Receiver<Arc<Plan>>) {
        loop {
            match plans.try_recv() {
                Ok(plan) => self.apply(&plan),
                Err(crossbeam_channel::TryRecvError::Empty) => {}
                Err(crossbeam_channel::TryRecvError::Disconnected) => return,
            }
            let now_ns = (self.clock)();
            if now_ns.abs_diff(self.ticked_ns) >= 1_000_000_000 {
                self.ticked_ns = now_ns;
                for lane in &self.lanes {
                    let account = &mut lane.paced.lock().account;
                    account.tick(now_ns);
                    note_recovery(&lane.planned, account.last_sent_ns, now_ns, &self.events);
                }
            }
            let wait = (0..self.lanes.len())
                .filter_map(|lane| self.turn(lane, now_ns))
                .min()
                .unwrap_or(IDLE);
            if !wait.is_zero() {
                thread::park_timeout(wait.min(IDLE));
            }
        }
    }

    /// Sends the datagrams that are due to one receiver. Returns how long until the next is; `None` when nothing waits.
    fn turn(&mut self, lane: usize, now_ns: u64) -> Option<Duration> {
        let lane = &mut self.lanes[lane];
        let delay_ns = lane.planned.settings.delay.as_nanos() as u64;
        for _ in 0..if delay_ns == 0 { TURN } else { 1 } {
            // A clock that was set back must not hold the queue for as long as it was wrong.
            if lane.due_ns > now_ns && lane.due_ns - now_ns <= delay_ns {
                break;
            }
            let item = lane.paced.lock().pop(&mut self.payload)?;
            let (notices, result) = send(
                lane,
                &mut self.carriers,
                &mut self.sender,
                item,
                &self.payload,
                now_ns,
            );
            let failure = result
                .err()
                .or((notices > 0).then_some(DropReason::IcmpUnreachable));
            note_failure(&lane.planned, failure, now_ns, &self.events);
            if result.is_err() && item.replay {
                lane.planned.path.request_replay();
            }
            let mut queue = lane.paced.lock();
            if notices > 0 {
                queue.account.count_unreachable(notices, now_ns);
            }
            queue.settle(item, result, now_ns);
            drop(queue);
            lane.due_ns = now_ns + delay_ns;
        }
        Some(Duration::from_nanos(lane.due_ns.saturating_sub(now_ns)))
    }
}

fn send(
    lane: &mut Lane,
    carriers: &mut Carriers,
    sender: &mut Sender,
    item: Item,
    payload: &[u8],
    now_ns: u64,
) -> (u64, Result<(), DropReason>) {
    let settings = &lane.planned.settings;
    let target = match lane.planned.path.destination().1 {
        Destination::At(target) => target,
        Destination::Nowhere(reason) => return (0, Err(reason)),
    };
    let mut result = Ok(());
    let segment_max = &mut lane.segment_max;
    let notices = if settings.spoof_source {
        let batch = Batch {
            source: source(item.source, settings.source_port),
            target: &target,
            no_checksum: settings.no_checksum,
            count: 1,
            datagram: |_| payload,
        };
        carriers.send(sender, &batch, segment_max, now_ns, |_, one| result = one);
        0
    } else {
        let mut options = SendOptions {
            socket: target.as_fd(),
            to: None,
            control: &Control::new(),
            segment_max,
            share: 2,
            patience: 0,
        };
        sender.send(
            &mut options,
            1,
            |_| payload,
            |_, one: Result<(), i32>| result = one.map_err(DropReason::of_errno),
        )
    };
    (notices, result)
}

/// Returns the address and port that a spoofed datagram is sent from.
#[inline]
pub(crate) fn source(mut exporter: SocketAddr, port: SourcePort) -> SocketAddr {
    if let SourcePort::Fixed(port) = port {
        exporter.set_port(port);
    }
    exporter
}
