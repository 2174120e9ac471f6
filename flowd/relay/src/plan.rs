//! A configuration in force: what the threads of a samplicator share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;
use loss::DropReason;

use crate::account::is_failure;
use crate::event::{Event, What};
use crate::pace::Limit;
use crate::paced::Paced;
use crate::routes::{Routes, Slot};
use crate::settings::{Receiver, Settings};
use crate::socket::Target;
use crate::statistics::State;

/// How long a receiver must take datagrams without a complaint to have recovered. Hosts tell that nobody listens once a
/// second at least (`net.ipv4.icmp_ratelimit`).
pub(crate) const RECOVER_NS: u64 = 2_000_000_000;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A configuration in force.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    /// In the configuration's order, disabled ones included.
    pub(crate) receivers: Vec<Arc<Receiving>>,
    pub(crate) routes: Routes,
}

impl Plan {
    /// The receiver of a name.
    pub(crate) fn receiver(&self, name: &str) -> Option<&Arc<Receiving>> {
        self.receivers
            .iter()
            .find(|receiving| receiving.settings.name == name)
    }
}

/// One receiver as configured.
#[derive(Debug)]
pub(crate) struct Receiving {
    pub(crate) slot: Slot,
    pub(crate) settings: Receiver,
    pub(crate) limit: Option<Limit>,
    /// The queue of one that has, or had, a `delay`.
    pub(crate) paced: Option<Arc<Paced>>,
    pub(crate) way: Arc<Way>,
}

/// Where datagrams of a receiver go at the moment.
#[derive(Clone, Debug)]
pub(crate) enum Aim {
    At(Arc<Target>),
    Nowhere(DropReason),
}

/// A receiver's way and health, the same for all threads and for as long as its destination stays.
#[derive(Debug)]
pub(crate) struct Way {
    aim: Mutex<Aim>,
    version: AtomicU64,
    /// Grows when the receiver has to be told all templates again.
    tell: AtomicU64,
    failed: AtomicBool,
    failed_ns: AtomicU64,
}

impl Way {
    pub(crate) fn new(aim: Aim) -> Way {
        Way {
            aim: Mutex::new(aim),
            version: AtomicU64::new(0),
            tell: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            failed_ns: AtomicU64::new(0),
        }
    }

    /// Where to, with the number of [`Way::version`].
    pub(crate) fn aim(&self) -> (u64, Aim) {
        let aim = lock(&self.aim);
        (self.version(), aim.clone())
    }

    /// Changes whenever the aim does.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn set_aim(&self, new: Aim) {
        let mut aim = lock(&self.aim);
        let peer = |aim: &Aim| match aim {
            Aim::At(target) => Some(target.peer),
            Aim::Nowhere(_) => None,
        };
        if peer(&aim) != peer(&new) {
            self.tell_again();
        }
        *aim = new;
        self.version.fetch_add(1, Ordering::Release);
    }

    #[inline]
    pub(crate) fn told(&self) -> u64 {
        self.tell.load(Ordering::Acquire)
    }

    pub(crate) fn tell_again(&self) {
        self.tell.fetch_add(1, Ordering::Release);
    }

    #[inline]
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn state(&self) -> State {
        match self.aim().1 {
            Aim::Nowhere(DropReason::Unresolved) => State::Unresolved,
            Aim::Nowhere(DropReason::Loop) => State::Loop,
            Aim::Nowhere(_) => State::Failed,
            Aim::At(_) if self.has_failed() => State::Failed,
            Aim::At(_) => State::Up,
        }
    }

    /// Datagrams could not be sent, or did not arrive. `true`: this is news.
    pub(crate) fn fail(&self, now_ns: u64) -> bool {
        self.failed_ns.store(now_ns, Ordering::Relaxed);
        !self.failed.swap(true, Ordering::Relaxed)
    }

    /// Datagrams were sent at `sent_ns`. `true`: the receiver has recovered by that.
    pub(crate) fn recover(&self, sent_ns: u64, now_ns: u64) -> bool {
        let failed_ns = self.failed_ns.load(Ordering::Relaxed);
        if !self.has_failed() || sent_ns <= failed_ns || now_ns < failed_ns + RECOVER_NS {
            return false;
        }
        let recovered = self.failed.swap(false, Ordering::Relaxed);
        if recovered {
            self.tell_again();
        }
        recovered
    }
}

/// Where events go.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    sender: Sender<Event>,
    /// Its name, which a commit may change.
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

    /// What is told from now on is told of a samplicator of this name.
    pub(crate) fn rename(&self, samplicator: &str) {
        samplicator.clone_into(&mut lock(&self.samplicator));
    }

    /// Tells, if there is room: nobody waits for a log.
    pub(crate) fn tell(&self, what: What) {
        let event = Event {
            samplicator: lock(&self.samplicator).clone(),
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

/// Tells of what a thread saw of a receiver's health.
pub(crate) fn watch(
    receiving: &Receiving,
    failure: Option<DropReason>,
    now_ns: u64,
    events: &Events,
) {
    let Some(reason) = failure.filter(|reason| is_failure(*reason)) else {
        return;
    };
    if receiving.way.fail(now_ns) {
        events.tell(What::ReceiverFailed {
            receiver: receiving.settings.name.clone(),
            reason,
        });
    }
}

/// Tells when a receiver has recovered.
pub(crate) fn watch_recovery(
    receiving: &Receiving,
    sent_ns: Option<u64>,
    now_ns: u64,
    events: &Events,
) {
    if sent_ns.is_some_and(|sent_ns| receiving.way.recover(sent_ns, now_ns)) {
        events.tell(What::ReceiverRecovered {
            receiver: receiving.settings.name.clone(),
        });
    }
}
