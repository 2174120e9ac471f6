//! A samplicator's configuration in force, as its threads share it.

mod compile;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crossbeam_channel::Sender;
use loss::DropReason;

use crate::account::is_failure;
use crate::event::{Event, What};
use crate::pace::Limit;
use crate::queue::SharedQueue;
use crate::routes::{Routes, Slot};
use crate::settings::{Receiver, SamplicatorSettings};
use crate::socket::Target;
use crate::statistics::ReceiverState;

pub(crate) use compile::compile;

/// How long a receiver must take datagrams without an ICMP error to have recovered. Hosts send such errors once a second at
/// least (`net.ipv4.icmp_ratelimit`).
pub(crate) const RECOVER_NS: u64 = 2_000_000_000;

/// A samplicator's configuration, compiled: what its threads need of it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: SamplicatorSettings,
    /// The receivers in the configuration's order, disabled ones included.
    pub(crate) receivers: Vec<Arc<PlannedReceiver>>,
    pub(crate) routes: Routes,
}

impl Plan {
    /// Returns the receiver of a name.
    pub(crate) fn receiver(&self, name: &str) -> Option<&Arc<PlannedReceiver>> {
        self.receivers
            .iter()
            .find(|planned| planned.settings.name == name)
    }
}

/// A receiver as the configuration in force has it.
#[derive(Debug)]
pub(crate) struct PlannedReceiver {
    pub(crate) slot: Slot,
    pub(crate) settings: Receiver,
    pub(crate) limit: Option<Limit>,
    /// The queue of a receiver that has, or had, a `delay`.
    pub(crate) queue: Option<Arc<SharedQueue>>,
    /// Whether it shares the datagrams with others of a group, which get its share while it has failed.
    pub(crate) balanced: bool,
    pub(crate) path: Arc<Path>,
}

/// Where the datagrams of a receiver go at the moment.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    /// To an open socket.
    At(Arc<Target>),
    /// They are dropped, for this reason.
    Nowhere(DropReason),
}

/// A receiver's present destination and its health. All threads share it, for as long as the configuration of the destination
/// stays.
#[derive(Debug)]
pub(crate) struct Path {
    destination: Mutex<Destination>,
    version: AtomicU64,
    /// Generation of template replays: it grows whenever all templates have to be replayed to the receiver.
    replay_epoch: AtomicU64,
    failed: AtomicBool,
    failed_ns: AtomicU64,
    /// Why it has failed.
    failure: Mutex<Option<DropReason>>,
}

impl Path {
    pub(crate) fn new(destination: Destination) -> Path {
        Path {
            destination: Mutex::new(destination),
            version: AtomicU64::new(0),
            replay_epoch: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            failed_ns: AtomicU64::new(0),
            failure: Mutex::new(None),
        }
    }

    /// Returns the present destination and its [`Path::version`].
    pub(crate) fn destination(&self) -> (u64, Destination) {
        let destination = self.destination.lock();
        (self.version(), destination.clone())
    }

    /// Returns a number that changes whenever the destination does.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn set_destination(&self, new: Destination) {
        let mut destination = self.destination.lock();
        let peer = |destination: &Destination| match destination {
            Destination::At(target) => Some(target.peer),
            Destination::Nowhere(_) => None,
        };
        if peer(&destination) != peer(&new) {
            self.request_replay();
        }
        *destination = new;
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Returns the number of times that a replay of all templates was asked for.
    #[inline]
    pub(crate) fn replay_epoch(&self) -> u64 {
        self.replay_epoch.load(Ordering::Acquire)
    }

    /// Has every lane replay all templates to the receiver.
    pub(crate) fn request_replay(&self) {
        self.replay_epoch.fetch_add(1, Ordering::Release);
    }

    #[inline]
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn state(&self) -> ReceiverState {
        match self.destination().1 {
            Destination::Nowhere(DropReason::Unresolved) => ReceiverState::Unresolved,
            Destination::Nowhere(DropReason::Loop) => ReceiverState::Loop,
            Destination::Nowhere(_) => ReceiverState::Failed,
            Destination::At(_) if self.has_failed() => ReceiverState::Failed,
            Destination::At(_) => ReceiverState::Up,
        }
    }

    /// Returns why datagrams do not go out; `None` while they do.
    pub(crate) fn trouble(&self) -> Option<DropReason> {
        match self.destination().1 {
            Destination::Nowhere(reason) => Some(reason),
            Destination::At(_) if self.has_failed() => *self.failure.lock(),
            Destination::At(_) => None,
        }
    }

    /// Notes that datagrams could not be sent, or did not arrive. Returns whether the receiver was well before.
    pub(crate) fn fail(&self, reason: DropReason, now_ns: u64) -> bool {
        self.failed_ns.store(now_ns, Ordering::Relaxed);
        *self.failure.lock() = Some(reason);
        !self.failed.swap(true, Ordering::Relaxed)
    }

    /// Notes that datagrams were sent at `sent_ns`. Returns whether the receiver has recovered by that.
    pub(crate) fn recover(&self, sent_ns: u64, now_ns: u64) -> bool {
        let failed_ns = self.failed_ns.load(Ordering::Relaxed);
        if !self.has_failed() || sent_ns <= failed_ns || now_ns < failed_ns + RECOVER_NS {
            return false;
        }
        let recovered = self.failed.swap(false, Ordering::Relaxed);
        if recovered {
            self.request_replay();
        }
        recovered
    }
}

/// The way by which a samplicator's threads report events.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    sender: Sender<Event>,
    /// The samplicator's name, which a commit may change.
    samplicator: Arc<Mutex<String>>,
    lost: Arc<AtomicU64>,
}

impl Events {
    pub(crate) fn new(sender: Sender<Event>, samplicator: &str) -> Events {
        Events {
            sender,
            samplicator: Arc::new(Mutex::new(samplicator.into())),
            lost: Arc::default(),
        }
    }

    /// Reports events under another name of the samplicator from now on.
    pub(crate) fn rename(&self, samplicator: &str) {
        samplicator.clone_into(&mut self.samplicator.lock());
    }

    /// Reports an event. It is lost, and counted, when the queue is full: no datagram waits for a log.
    pub(crate) fn send(&self, what: What) {
        let event = Event {
            samplicator: self.samplicator.lock().clone(),
            what,
        };
        if self.sender.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Notes a failure of a receiver, and reports it when the receiver was well before.
pub(crate) fn note_failure(
    planned: &PlannedReceiver,
    failure: Option<DropReason>,
    now_ns: u64,
    events: &Events,
) {
    let Some(reason) = failure.filter(|reason| is_failure(*reason)) else {
        return;
    };
    if planned.path.fail(reason, now_ns) {
        events.send(What::ReceiverFailed {
            receiver: planned.settings.name.clone(),
            reason,
        });
    }
}

/// Reports when a receiver has recovered.
pub(crate) fn note_recovery(
    planned: &PlannedReceiver,
    sent_ns: Option<u64>,
    now_ns: u64,
    events: &Events,
) {
    if sent_ns.is_some_and(|sent_ns| planned.path.recover(sent_ns, now_ns)) {
        events.send(What::ReceiverRecovered {
            receiver: planned.settings.name.clone(),
        });
    }
}
