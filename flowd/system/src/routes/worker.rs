//! The thread that keeps the routes up to date.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use fib::{Effect, Fib, Rib};
use mailbox::{Mailbox, Sender};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::decode::{self, Decoded, nexthop};
use super::socket::{Dump, Socket};

/// Least time between two published states, so that a flood of changes costs no more than a few.
const PUBLISH_INTERVAL_NS: u64 = 50_000_000;
/// Least time between two dumps of everything.
const DUMP_INTERVAL_NS: u64 = 100_000_000;
/// A dump may take one part in this many of the time.
const DUMP_SHARE: u64 = 10;
/// Most datagrams received before the thread does other work.
const MAX_DATAGRAMS: usize = 4096;
/// How often an inconsistent dump is repeated before it is used as it is.
const MAX_DUMPS: usize = 3;

const RTM_GETLINK: u16 = 18;
const RTM_GETROUTE: u16 = 26;
const RTM_GETRULE: u16 = 34;
/// Octets of `struct ifinfomsg`, and of `struct rtmsg` and `struct fib_rule_hdr`.
const IFINFOMSG: usize = 16;
const RTMSG: usize = 12;

/// A clock in nanoseconds with any origin.
pub type Clock = fn() -> u64;

/// State and counters of the routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Number of IPv4 prefixes over all tables.
    pub ipv4_prefixes: usize,
    /// Number of IPv6 prefixes over all tables.
    pub ipv6_prefixes: usize,
    /// Number of rules that never match, because they refer to something that packets do not show.
    pub unknown_rules: usize,
    /// Number of changes the kernel reported.
    pub changes: u64,
    /// Number of states published.
    pub states: u64,
    /// Number of dumps, the first of which is at the start.
    pub readings: u64,
    /// Duration of the last dump in nanoseconds.
    pub reading_ns: u64,
    /// Time of the end of the last dump, by the clock.
    pub read_at_ns: u64,
    /// Times that notifications were lost for lack of buffer space; each is followed by a dump.
    pub overruns: u64,
    /// Number of messages that could not be decoded.
    pub undecodable: u64,
    /// Number of routes left out, because they are for one type of service or one source only, or too many.
    pub left_out: u64,
    /// Why the routes could not be read, if so.
    pub error: Option<String>,
}

/// The host's routes, kept up to date by a thread until dropped.
pub struct Routes {
    shared: Arc<Shared>,
    /// Dropped to end the thread.
    end: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    current: ArcSwap<Fib>,
    statistics: Mutex<Statistics>,
    /// Signals the end of a dump or its failure.
    read: Condvar,
}

impl Routes {
    /// Starts to receive notifications and to read the routes. Until all are read, no packet has a route.
    ///
    /// # Errors
    /// The netlink socket or the thread cannot be created.
    pub fn start(clock: Clock) -> io::Result<Routes> {
        let socket = Socket::for_notifications()?;
        let (end, mailbox) = mailbox::mailbox()?;
        let mut rib = Rib::default();
        let shared = Arc::new(Shared {
            current: ArcSwap::from_pointee(rib.fib()),
            statistics: Mutex::default(),
            read: Condvar::new(),
        });
        let worker = Worker {
            socket,
            rib,
            shared: shared.clone(),
            retired: Vec::new(),
            mailbox,
            clock,
            dirty: false,
            stale: true,
            published_ns: 0,
            next_reading_ns: 0,
            statistics: Statistics::default(),
        };
        let thread = std::thread::Builder::new()
            .name("routes".into())
            .spawn(move || worker.run())?;
        Ok(Routes {
            shared,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// Waits at most `limit` until everything was read once. Returns whether it was.
    pub fn wait(&self, limit: Duration) -> bool {
        let mut statistics = self.shared.statistics();
        let unread =
            |statistics: &mut Statistics| statistics.readings == 0 && statistics.error.is_none();
        self.shared
            .read
            .wait_while_for(&mut statistics, unread, limit);
        statistics.readings > 0
    }

    /// A reader, which returns the present state at any time without waiting.
    pub fn reader(&self) -> Reader {
        Reader(self.shared.clone())
    }

    /// State and counters of the routes.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics().clone()
    }
}

impl Shared {
    fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.statistics.lock()
    }
}

impl Drop for Routes {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps the routes panicked");
        }
    }
}

/// Access to the routes for a thread that looks them up.
#[derive(Clone)]
pub struct Reader(Arc<Shared>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// The present state. It should not be kept for long, because each state kept costs memory.
    pub fn fib(&self) -> Arc<Fib> {
        self.0.current.load_full()
    }
}

struct Worker {
    socket: Socket,
    rib: Rib,
    shared: Arc<Shared>,
    /// Published states that may still be in use. They are freed here, so that no capture thread has to.
    retired: Vec<Arc<Fib>>,
    /// No message ever comes: it wakes the thread when its handle is dropped.
    mailbox: Mailbox<Infallible>,
    clock: Clock,
    /// Whether the routes have changed since they were published.
    dirty: bool,
    /// Whether the routes may differ from the kernel's.
    stale: bool,
    published_ns: u64,
    next_reading_ns: u64,
    statistics: Statistics,
}

impl Worker {
    fn run(mut self) {
        loop {
            self.listen();
            let now_ns = (self.clock)();
            if self.stale && due(now_ns, self.next_reading_ns) {
                self.reread(now_ns);
            }
            if self.dirty
                && due(
                    now_ns,
                    self.published_ns.saturating_add(PUBLISH_INTERVAL_NS),
                )
            {
                self.publish(now_ns);
            }
            self.retired.retain(|state| Arc::strong_count(state) > 1);
            if self.wait() {
                return;
            }
        }
    }

    /// Waits for a notification, or until something has to be done. Returns whether to stop.
    fn wait(&self) -> bool {
        let now_ns = (self.clock)();
        let reading = self.stale.then_some(self.next_reading_ns);
        let handing = self
            .dirty
            .then_some(self.published_ns.saturating_add(PUBLISH_INTERVAL_NS));
        // Check again whether a state is still in use.
        let freeing = (!self.retired.is_empty()).then_some(now_ns + DUMP_INTERVAL_NS);
        let next = [reading, handing, freeing].into_iter().flatten().min();
        let timeout = next.map_or(PollTimeout::NONE, |next| {
            let wait = Duration::from_nanos(next.saturating_sub(now_ns).min(DUMP_INTERVAL_NS));
            let millis = u16::try_from(wait.as_millis() + 1).unwrap_or(u16::MAX);
            PollTimeout::from(millis)
        });
        let mut polled = [
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.mailbox.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut polled, timeout);
        polled[1].any().unwrap_or(false)
    }

    /// Applies the notifications that are waiting.
    fn listen(&mut self) {
        let Worker {
            socket,
            rib,
            statistics,
            ..
        } = self;
        let mut effect = Effect::None;
        let counts = |of: &Statistics| (of.changes, of.undecodable, of.left_out, of.overruns);
        let before = counts(statistics);
        for _ in 0..MAX_DATAGRAMS {
            let received = socket.receive(|header, body| {
                let decoded = decode::message(header, body);
                effect = effect.max(apply(rib, decoded, statistics));
            });
            match received {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    if error.raw_os_error() == Some(libc::ENOBUFS) {
                        statistics.overruns += 1;
                    } else {
                        tracing::warn!(%error, "netlink");
                    }
                    effect = Effect::Reread;
                    break;
                }
            }
        }
        self.dirty |= effect != Effect::None;
        self.stale |= effect == Effect::Reread;
        if counts(&self.statistics) != before {
            self.publish_statistics();
        }
    }

    /// Reads everything again. Notifications of changes meanwhile wait in the other socket and are applied
    /// afterwards.
    fn reread(&mut self, began_ns: u64) {
        let mut outcome = Ok(());
        for _ in 0..MAX_DUMPS {
            let mut rib = Rib::default();
            let mut counted = Statistics::default();
            match dump_all(&mut rib, &mut counted) {
                Ok(end) => {
                    self.statistics.undecodable += counted.undecodable;
                    self.statistics.left_out = counted.left_out;
                    self.rib = rib;
                    self.dirty = true;
                    self.stale = false;
                    outcome = Ok(());
                    if end == Dump::Complete {
                        break;
                    }
                    self.stale = true;
                }
                Err(error) => outcome = Err(error),
            }
        }
        let now_ns = (self.clock)();
        let took_ns = now_ns.saturating_sub(began_ns);
        self.next_reading_ns = now_ns + DUMP_INTERVAL_NS.max(took_ns.saturating_mul(DUMP_SHARE));
        self.statistics.error = outcome.as_ref().err().map(io::Error::to_string);
        match outcome {
            Ok(()) => {
                self.statistics.readings += 1;
                self.statistics.reading_ns = took_ns;
                self.statistics.read_at_ns = now_ns;
            }
            Err(error) => tracing::warn!(%error, "the routes cannot be read; trying again"),
        }
        // Somebody may be waiting for the first state.
        self.publish(now_ns);
        self.shared.read.notify_all();
    }

    fn publish(&mut self, now_ns: u64) {
        let state = Arc::new(self.rib.fib());
        self.retired.push(self.shared.current.swap(state));
        self.dirty = false;
        self.published_ns = now_ns;
        self.statistics.states += 1;
        self.publish_statistics();
    }

    fn publish_statistics(&mut self) {
        (self.statistics.ipv4_prefixes, self.statistics.ipv6_prefixes) = self.rib.len();
        self.statistics.unknown_rules = self.rib.unknown_rules();
        let mut statistics = self.statistics.clone();
        statistics.left_out += self.rib.left_out();
        *self.shared.statistics() = statistics;
    }
}

/// Whether a moment has come, or the clock has stepped back far behind it.
fn due(now_ns: u64, moment_ns: u64) -> bool {
    now_ns >= moment_ns || moment_ns - now_ns > 60 * DUMP_INTERVAL_NS * DUMP_SHARE
}

fn apply(rib: &mut Rib, decoded: Decoded, statistics: &mut Statistics) -> Effect {
    match decoded {
        Decoded::Change(change) => {
            statistics.changes += 1;
            rib.apply(change)
        }
        Decoded::Ignored => Effect::None,
        Decoded::AddressRemoved => Effect::Reread,
        Decoded::Unsupported => {
            statistics.left_out += 1;
            Effect::None
        }
        Decoded::Undecodable => {
            statistics.undecodable += 1;
            Effect::None
        }
    }
}

/// Dumps everything from the kernel: interfaces, nexthops, rules, routes.
fn dump_all(rib: &mut Rib, statistics: &mut Statistics) -> io::Result<Dump> {
    let mut socket = Socket::for_requests()?;
    let mut whole = Dump::Complete;
    for (kind, family, header) in [
        (RTM_GETLINK, libc::AF_UNSPEC, IFINFOMSG),
        (nexthop::RTM_GETNEXTHOP, libc::AF_UNSPEC, nexthop::HEADER),
        (RTM_GETRULE, libc::AF_INET, RTMSG),
        (RTM_GETRULE, libc::AF_INET6, RTMSG),
        (RTM_GETROUTE, libc::AF_INET, RTMSG),
        (RTM_GETROUTE, libc::AF_INET6, RTMSG),
    ] {
        let end = socket.dump(kind, family, header, |header, body| {
            apply(rib, decode::message(header, body), statistics);
        });
        match end {
            Ok(Dump::Complete) => {}
            Ok(Dump::Inconsistent) => whole = Dump::Inconsistent,
            // Kernels before 5.3 have no nexthop objects.
            Err(_) if kind == nexthop::RTM_GETNEXTHOP => {}
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}
