//! The socket of an exporter: opened, compared with what the host would give now, and replaced.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use loss::DropReason;
use resolve::{Backoff, Resolved};
use tracing::{debug, info, warn};

use super::{Exporter, after};
use crate::connection::{Connection, MESSAGE_OCTETS};
use crate::health::Cause;
use crate::open_error::OpenError;
use crate::opener::{OpenRequest, Opened, Path};
use crate::settings::Settings;
use crate::socket::{Prepared, Socket, payload_limit};

/// How often an exporter without a socket tries to open one.
const RETRY: Duration = Duration::from_secs(1);
/// How often a socket is compared with what the host's addresses and routes would give.
pub(super) const FOLLOW: Duration = Duration::from_secs(5);
/// How long the kernel may refuse to send until a new socket is used: the route or the source may have changed.
pub(super) const FAILING: Duration = Duration::from_secs(10);
/// Longest wait between two attempts to connect to a collector.
const MOST_RECONNECT: Duration = Duration::from_secs(10);
/// The socket or connection, or why there is none.
#[derive(Debug)]
pub(super) enum Link {
    Up(Socket),
    Connected(Connection),
    Down(OpenError),
}

/// What is known of the collector's name.
#[derive(Debug, Default)]
pub(super) struct Name {
    addresses: Vec<IpAddr>,
    /// When the addresses have to be resolved again.
    until_ns: u64,
    backoff: Backoff,
    /// Whether it did not resolve when it was tried last.
    failed: bool,
}

impl Exporter {
    /// Returns what to open a socket for, when it is time to. The caller hands the result to [`Exporter::opened`].
    pub(crate) fn wants_socket(&mut self, now_ns: u64) -> Option<OpenRequest> {
        let due_ns = match &self.link {
            Link::Down(OpenError::Unused) => return None,
            Link::Down(_) => self.retry_ns,
            Link::Up(_) => self.follow_ns,
            // A connection tells when it ends.
            Link::Connected(_) => return None,
        };
        if self.opening || now_ns < due_ns {
            return None;
        }
        self.opening = true;
        let current = self.link.peer().map(|peer| peer.ip());
        let addresses = match self.settings.destination.parse() {
            Ok(address) => Some(vec![address]),
            Err(_) if self.name.addresses.is_empty() || now_ns >= self.name.until_ns => None,
            Err(_) => Some(self.name.addresses.clone()),
        };
        Some(OpenRequest {
            settings: self.settings.clone(),
            addresses,
            current,
        })
    }

    /// Takes the socket that was opened, or the error why it was not.
    pub(crate) fn opened(&mut self, opened: Opened, now_ns: u64) {
        self.opening = false;
        if matches!(self.link, Link::Down(OpenError::Unused)) {
            return;
        }
        if !self.settings.same_socket(&opened.settings) {
            (self.retry_ns, self.follow_ns) = (now_ns, now_ns);
            return;
        }
        self.retry_ns = after(now_ns, RETRY);
        self.follow_ns = after(now_ns, FOLLOW);
        match opened.resolved {
            Some(Err(why)) => {
                let first = !std::mem::replace(&mut self.name.failed, true);
                if let (true, Link::Up(socket)) = (first, &self.link) {
                    let Settings {
                        name, destination, ..
                    } = &self.settings;
                    let address = socket.peer.ip();
                    warn!(
                        "exporter {name}: `{destination}` does not resolve any more: {why}; {address} stays in use"
                    );
                }
                let wait = self.name.backoff.wait();
                self.retry_ns = after(now_ns, wait);
                self.follow_ns = self.retry_ns;
            }
            Some(Ok(resolved)) => self.name.learn(Some(resolved), now_ns),
            None => {}
        }
        if self.name.until_ns > now_ns {
            self.follow_ns = self.follow_ns.min(self.name.until_ns);
        }
        let path = match opened.path {
            Ok(Path::Connection(connection)) => return self.connected(connection, now_ns),
            Ok(Path::Socket(socket)) => Ok(socket),
            Err(error) => Err(error),
        };
        match (&self.link, path) {
            (Link::Up(old), Ok(new))
                if old.same_path(&new) && !self.is_refused_by_kernel(now_ns) => {}
            (_, Ok(socket)) => {
                self.flush(now_ns);
                if let Err(error) = socket.mark(&self.settings) {
                    let why = loss::describe(&error);
                    warn!(
                        "exporter {}: DSCP and TTL cannot be set: {why}",
                        self.settings.name
                    );
                }
                let same = matches!(&self.link, Link::Up(old) if old.peer == socket.peer);
                self.health.restart(!same);
                self.link = Link::Up(socket);
                self.link_changed(now_ns);
                self.stream
                    .set_limit(self.link.limit(&self.settings), now_ns);
                self.stream.announce_again();
            }
            // A socket whose source address has gone cannot recover by itself, as one whose route has can.
            (Link::Up(_), Err(error)) if error.reason() == DropReason::NoSource => {
                self.flush(now_ns);
                self.health.restart(true);
                self.link = Link::Down(error);
                self.link_changed(now_ns);
            }
            (Link::Up(_), Err(error @ OpenError::NoRoute { .. })) => {
                let change = self.health.dropped(error.reason(), 0, 0, now_ns);
                self.health_changed(change, now_ns);
            }
            (Link::Down(old), Err(new)) if *old != new => {
                self.link = Link::Down(new);
                self.link_changed(now_ns);
            }
            (_, Err(error)) => debug!("exporter {}: still {error}", self.settings.name),
        }
    }

    /// Whether the kernel has refused to send for so long that a new socket is worth a try.
    fn is_refused_by_kernel(&self, now_ns: u64) -> bool {
        self.health.failed().is_some_and(|failed| {
            matches!(failed.cause, Cause::Refusal(_)) && now_ns >= after(failed.since_ns, FAILING)
        })
    }

    pub(super) fn link_changed(&mut self, now_ns: u64) {
        let name = &self.settings.name;
        self.since_ns = now_ns;
        self.stream.set_away(false);
        match &self.link {
            Link::Connected(connection) => {
                info!("exporter {name} is connected to {}", connection.peer);
                self.attempts = 0;
            }
            Link::Up(socket) => {
                info!("exporter {name} sends to {}", socket.peer);
                self.follow_ns = after(now_ns, FOLLOW);
                if self.name.until_ns > now_ns {
                    self.follow_ns = self.follow_ns.min(self.name.until_ns);
                }
            }
            Link::Down(OpenError::NotYet) => self.retry_ns = now_ns,
            Link::Down(OpenError::Unused) => debug!("exporter {name} is not used"),
            Link::Down(error) => {
                let wait = match self.settings.is_stream() {
                    true => (RETRY * (1 << self.attempts.min(8))).min(MOST_RECONNECT),
                    false => RETRY,
                };
                self.attempts += 1;
                self.retry_ns = self.retry_ns.max(after(now_ns, wait));
                warn!("exporter {name} is down: {error}");
            }
        }
    }
}

impl Link {
    pub(super) fn from(prepared: Option<Prepared>) -> (Link, Option<Resolved>) {
        match prepared {
            Some(Prepared { socket, resolved }) => match socket {
                Ok(socket) => (Link::Up(socket), resolved),
                Err(error) => (Link::Down(error), resolved),
            },
            None => (Link::Down(OpenError::NotYet), None),
        }
    }

    /// Returns the collector's address and port, if messages go out.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Link::Up(socket) => Some(socket.peer),
            Link::Connected(connection) => Some(connection.peer),
            Link::Down(_) => None,
        }
    }

    /// Returns the address and port that messages come from.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        match self {
            Link::Up(socket) => socket.local,
            Link::Connected(connection) => connection.local,
            Link::Down(_) => None,
        }
    }

    pub(super) fn limit(&self, settings: &Settings) -> usize {
        match self {
            _ if settings.is_stream() => MESSAGE_OCTETS,
            Link::Up(socket) => socket.payload_limit(settings.mtu),
            Link::Connected(_) | Link::Down(_) => payload_limit(true, None, settings.mtu),
        }
    }
}

impl Name {
    /// Takes the addresses that the name has now.
    pub(super) fn learn(&mut self, resolved: Option<Resolved>, now_ns: u64) {
        if let Some(Resolved { addresses, ttl }) = resolved {
            *self = Name {
                addresses,
                until_ns: after(now_ns, ttl),
                backoff: Backoff::default(),
                failed: false,
            };
        }
    }
}
