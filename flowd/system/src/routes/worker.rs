//! The thread that keeps the routes.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use fib::{Effect, Fib, Rib};
use mailbox::{Mailbox, Sender};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::decode::{self, Told};
use super::nexthop;
use super::socket::{End, Socket};

/// Shortest time between two states handed out: a flood of changes costs as much as a few.
const PAUSE_NS: u64 = 50_000_000;
/// Shortest time between two readings of everything.
const REREAD_NS: u64 = 100_000_000;
/// Reading everything takes this share of the time at most: one part in so many.
const REREAD_SHARE: u64 = 10;
/// Datagrams taken between two looks at what else is to be done.
const DATAGRAMS: usize = 4096;
/// How often a reading that routes changed under is begun anew before what it has must do.
const READINGS: usize = 3;

const RTM_GETLINK: u16 = 18;
const RTM_GETROUTE: u16 = 26;
const RTM_GETRULE: u16 = 34;
/// Octets of `struct ifinfomsg`, and of `struct rtmsg` and `struct fib_rule_hdr`.
const IFINFOMSG: usize = 16;
const RTMSG: usize = 12;

/// The time, nanoseconds since whenever.
pub type Clock = fn() -> u64;

/// What became of what the kernel told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// IPv4 prefixes, over all tables.
    pub ipv4_prefixes: usize,
    /// IPv6 prefixes, over all tables.
    pub ipv6_prefixes: usize,
    /// Rules that never apply, since they name what packets do not show.
    pub unknown_rules: usize,
    /// Changes the kernel told of.
    pub changes: u64,
    /// States handed out.
    pub states: u64,
    /// Times everything was read; the first is at the start.
    pub readings: u64,
    /// How long the last one took, nanoseconds.
    pub reading_ns: u64,
    /// When the last one ended, by the clock.
    pub read_at_ns: u64,
    /// Times the kernel had more to tell than there was room for; each is followed by a reading.
    pub overruns: u64,
    /// Messages that could not be understood.
    pub unread: u64,
    /// Routes that were told and left out: for one type of service or one source only, or too many of them.
    pub left_out: u64,
    /// Why nothing could be read, when that is so.
    pub error: Option<String>,
}

/// The host's routes, kept up to date by a thread of their own until dropped.
pub struct Routes {
    shared: Arc<Shared>,
    /// Dropped to end the thread.
    end: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    current: ArcSwap<Fib>,
    statistics: Mutex<Statistics>,
    /// Something was read, or could not be.
    read: Condvar,
}

impl Routes {
    /// Begins to listen and to read. Until all is read, no packet has a route.
    ///
    /// # Errors
    /// When there is no netlink socket or thread to be had.
    pub fn start(clock: Clock) -> io::Result<Routes> {
        let socket = Socket::listen()?;
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
            doubt: true,
            handed_out_ns: 0,
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

    /// Waits until everything was read once, `limit` at most. Returns whether it was.
    pub fn wait(&self, limit: Duration) -> bool {
        let statistics = self.shared.statistics();
        let unread =
            |statistics: &mut Statistics| statistics.readings == 0 && statistics.error.is_none();
        let waited = self
            .shared
            .read
            .wait_timeout_while(statistics, limit, unread);
        let (statistics, _) = waited.unwrap_or_else(PoisonError::into_inner);
        statistics.readings > 0
    }

    /// Where the present state is found, whenever it is wanted, without waiting.
    pub fn reader(&self) -> Reader {
        Reader(self.shared.clone())
    }

    /// What became of what the kernel told.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics().clone()
    }
}

impl Shared {
    fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

/// Where a thread that looks routes up finds them.
#[derive(Clone)]
pub struct Reader(Arc<Shared>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// The present state. Not to be kept for long: states that are kept cost memory.
    pub fn fib(&self) -> Arc<Fib> {
        self.0.current.load_full()
    }
}

struct Worker {
    socket: Socket,
    rib: Rib,
    shared: Arc<Shared>,
    /// States that somebody may still have. They are freed here, never by a capture thread.
    retired: Vec<Arc<Fib>>,
    /// No message ever comes: it wakes the thread when its handle is dropped.
    mailbox: Mailbox<Infallible>,
    clock: Clock,
    /// The routes are not those handed out.
    dirty: bool,
    /// The routes may not be the kernel's.
    doubt: bool,
    handed_out_ns: u64,
    next_reading_ns: u64,
    statistics: Statistics,
}

impl Worker {
    fn run(mut self) {
        loop {
            self.listen();
            let now_ns = (self.clock)();
            if self.doubt && due(now_ns, self.next_reading_ns) {
                self.read_all(now_ns);
            }
            if self.dirty && due(now_ns, self.handed_out_ns.saturating_add(PAUSE_NS)) {
                self.hand_out(now_ns);
            }
            self.retired.retain(|state| Arc::strong_count(state) > 1);
            if self.wait() {
                return;
            }
        }
    }

    /// Waits for the kernel to tell something, or until something is to be done. Returns whether it is time to end.
    fn wait(&self) -> bool {
        let now_ns = (self.clock)();
        let reading = self.doubt.then_some(self.next_reading_ns);
        let handing = self
            .dirty
            .then_some(self.handed_out_ns.saturating_add(PAUSE_NS));
        // A state that is still in use is looked at again.
        let freeing = (!self.retired.is_empty()).then_some(now_ns + REREAD_NS);
        let next = [reading, handing, freeing].into_iter().flatten().min();
        let timeout = next.map_or(PollTimeout::NONE, |next| {
            let wait = Duration::from_nanos(next.saturating_sub(now_ns).min(REREAD_NS));
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

    /// Takes over what the kernel has told.
    fn listen(&mut self) {
        let Worker {
            socket,
            rib,
            statistics,
            ..
        } = self;
        let mut effect = Effect::None;
        let counts = |told: &Statistics| (told.changes, told.unread, told.left_out, told.overruns);
        let before = counts(statistics);
        for _ in 0..DATAGRAMS {
            let heard = socket.hear(|header, body| {
                let told = decode::message(header, body);
                effect = effect.max(take(rib, told, statistics));
            });
            match heard {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    if error.raw_os_error() == Some(libc::ENOBUFS) {
                        statistics.overruns += 1;
                    } else {
                        tracing::warn!(%error, "netlink");
                    }
                    effect = Effect::Doubt;
                    break;
                }
            }
        }
        self.dirty |= effect != Effect::None;
        self.doubt |= effect == Effect::Doubt;
        if counts(&self.statistics) != before {
            self.publish_statistics();
        }
    }

    /// Reads everything anew. What changes meanwhile waits in the listening socket, and is taken over afterwards.
    fn read_all(&mut self, began_ns: u64) {
        let mut outcome = Ok(());
        for _ in 0..READINGS {
            let mut rib = Rib::default();
            let mut told = Statistics::default();
            match read(&mut rib, &mut told) {
                Ok(end) => {
                    self.statistics.unread += told.unread;
                    self.statistics.left_out = told.left_out;
                    self.rib = rib;
                    self.dirty = true;
                    self.doubt = false;
                    outcome = Ok(());
                    if end == End::Whole {
                        break;
                    }
                    self.doubt = true;
                }
                Err(error) => outcome = Err(error),
            }
        }
        let now_ns = (self.clock)();
        let took_ns = now_ns.saturating_sub(began_ns);
        self.next_reading_ns = now_ns + REREAD_NS.max(took_ns.saturating_mul(REREAD_SHARE));
        self.statistics.error = outcome.as_ref().err().map(io::Error::to_string);
        match outcome {
            Ok(()) => {
                self.statistics.readings += 1;
                self.statistics.reading_ns = took_ns;
                self.statistics.read_at_ns = now_ns;
            }
            Err(error) => tracing::warn!(%error, "the routes cannot be read; trying again"),
        }
        // The first state is waited for.
        self.hand_out(now_ns);
        self.shared.read.notify_all();
    }

    fn hand_out(&mut self, now_ns: u64) {
        let state = Arc::new(self.rib.fib());
        self.retired.push(self.shared.current.swap(state));
        self.dirty = false;
        self.handed_out_ns = now_ns;
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

/// A moment has come; also when the clock has stepped back far behind it.
fn due(now_ns: u64, moment_ns: u64) -> bool {
    now_ns >= moment_ns || moment_ns - now_ns > 60 * REREAD_NS * REREAD_SHARE
}

fn take(rib: &mut Rib, told: Told, statistics: &mut Statistics) -> Effect {
    match told {
        Told::Change(change) => {
            statistics.changes += 1;
            rib.change(change)
        }
        Told::Nothing => Effect::None,
        Told::AddressGone => Effect::Doubt,
        Told::Unsupported => {
            statistics.left_out += 1;
            Effect::None
        }
        Told::Unread => {
            statistics.unread += 1;
            Effect::None
        }
    }
}

/// Everything the kernel has: interfaces, nexthops, rules, routes.
fn read(rib: &mut Rib, statistics: &mut Statistics) -> io::Result<End> {
    let mut socket = Socket::ask()?;
    let mut whole = End::Whole;
    for (kind, family, header) in [
        (RTM_GETLINK, libc::AF_UNSPEC, IFINFOMSG),
        (nexthop::RTM_GETNEXTHOP, libc::AF_UNSPEC, nexthop::HEADER),
        (RTM_GETRULE, libc::AF_INET, RTMSG),
        (RTM_GETRULE, libc::AF_INET6, RTMSG),
        (RTM_GETROUTE, libc::AF_INET, RTMSG),
        (RTM_GETROUTE, libc::AF_INET6, RTMSG),
    ] {
        let end = socket.read(kind, family, header, |header, body| {
            take(rib, decode::message(header, body), statistics);
        });
        match end {
            Ok(End::Whole) => {}
            Ok(End::Torn) => whole = End::Torn,
            // Kernels before 5.3 know no nexthop objects, and have no use for them.
            Err(_) if kind == nexthop::RTM_GETNEXTHOP => {}
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}
