//! The thread that empties the queues of receivers with a `delay`, each at its pace.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use crossbeam_channel::Receiver;
use loss::DropReason;
use udp::{Control, SendOptions, Sender};

use crate::Clock;
use crate::carrier::{Batch, Carriers};
use crate::plan::{Destination, Events, Plan, PlannedReceiver, note_failure, note_recovery};
use crate::queue::{Item, SharedQueue};

/// How long the thread sleeps when nothing waits.
const IDLE: Duration = Duration::from_millis(500);
/// Most datagrams sent to one receiver before the next has its turn.
const TURN: usize = 64;

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
    receivers: Vec<Paced>,
    carriers: Carriers,
    sender: Sender,
    payload: Vec<u8>,
    ticked_ns: u64,
}

/// A receiver as this thread serves it.
struct Paced {
    planned: Arc<PlannedReceiver>,
    queue: Arc<SharedQueue>,
    due_ns: u64,
    segment_max: usize,
}

impl State {
    fn new(plan: Arc<Plan>, clock: Clock, events: Events) -> State {
        let mut state = State {
            clock,
            events,
            receivers: Vec::new(),
            carriers: Carriers::new(256),
            sender: Sender::new(),
            payload: Vec::new(),
            ticked_ns: 0,
        };
        state.apply(&plan);
        state
    }

    fn apply(&mut self, plan: &Plan) {
        let old = std::mem::take(&mut self.receivers);
        for planned in &plan.receivers {
            let Some(queue) = &planned.queue else {
                continue;
            };
            let known = old.iter().find(|one| Arc::ptr_eq(&one.queue, queue));
            self.receivers.push(Paced {
                planned: Arc::clone(planned),
                queue: Arc::clone(queue),
                due_ns: known.map_or(0, |one| one.due_ns),
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
                for one in &self.receivers {
                    let account = &mut one.queue.lock().account;
                    account.tick(now_ns);
                    note_recovery(&one.planned, account.last_sent_ns, now_ns, &self.events);
                }
            }
            let wait = (0..self.receivers.len())
                .filter_map(|receiver| self.turn(receiver, now_ns))
                .min()
                .unwrap_or(IDLE);
            if !wait.is_zero() {
                thread::park_timeout(wait.min(IDLE));
            }
        }
    }

    /// Sends the datagrams that are due to one receiver. Returns how long until the next is; `None` when nothing waits.
    fn turn(&mut self, receiver: usize, now_ns: u64) -> Option<Duration> {
        let receiver = &mut self.receivers[receiver];
        let delay_ns = receiver.planned.settings.delay.as_nanos() as u64;
        for _ in 0..if delay_ns == 0 { TURN } else { 1 } {
            // A clock that was set back must not hold the queue for as long as it was wrong.
            if receiver.due_ns > now_ns && receiver.due_ns - now_ns <= delay_ns {
                break;
            }
            let item = receiver.queue.lock().pop(&mut self.payload)?;
            let (notices, result) = send(
                receiver,
                &mut self.carriers,
                &mut self.sender,
                item,
                &self.payload,
                now_ns,
            );
            let failure = result.err().or(notices.map(|(_, reason)| reason));
            note_failure(&receiver.planned, failure, now_ns, &self.events);
            if result.is_err() && item.replay {
                receiver.planned.path.request_replay();
            }
            let mut queue = receiver.queue.lock();
            if let Some((notices, reason)) = notices {
                queue.account.count_unreachable(notices, reason, now_ns);
            }
            queue.settle(item, result, now_ns);
            drop(queue);
            receiver.due_ns = now_ns + delay_ns;
        }
        Some(Duration::from_nanos(receiver.due_ns.saturating_sub(now_ns)))
    }
}

fn send(
    receiver: &mut Paced,
    carriers: &mut Carriers,
    sender: &mut Sender,
    item: Item,
    payload: &[u8],
    now_ns: u64,
) -> (Option<(u64, DropReason)>, Result<(), DropReason>) {
    let settings = &receiver.planned.settings;
    let target = match receiver.planned.path.destination().1 {
        Destination::At(target) => target,
        Destination::Nowhere(reason) => return (None, Err(reason)),
    };
    let mut result = Ok(());
    let segment_max = &mut receiver.segment_max;
    let notices = if settings.spoof_source {
        let batch = Batch {
            source: settings.source_port.of(item.source),
            target: &target,
            no_checksum: settings.no_checksum,
            count: 1,
            datagram: |_| payload,
        };
        carriers.send(sender, &batch, segment_max, now_ns, |_, one| result = one);
        None
    } else {
        let mut options = SendOptions {
            socket: target.as_fd(),
            to: None,
            control: &Control::new(),
            segment_max,
            share: 2,
            patience: 0,
        };
        let pending = sender.send(
            &mut options,
            1,
            |_| payload,
            |_, one: Result<(), i32>| result = one.map_err(DropReason::of_errno),
        );
        match pending {
            0 => None,
            pending => target
                .take_notices()
                .or(Some((pending, DropReason::IcmpUnreachable))),
        }
    };
    (notices, result)
}
