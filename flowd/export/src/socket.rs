//! UDP sockets: opened without visible effect, connected, and sent to.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use loss::DropReason;
use resolve::Resolved;
use socket2::{Domain, Protocol, Type};
use udp::{Control, MAX_PAYLOAD, Notice, SendOptions, Sender, Source, SourceError};

use crate::connection;
use crate::open_error::OpenError;
use crate::packer::Datagram;
use crate::settings::Settings;

/// How long a commit waits for a name to resolve.
const RESOLVE: Duration = Duration::from_secs(5);
/// How long to wait for room in a full socket buffer before a datagram is given up. One slow path must not
/// hold up the other exporters.
const WAIT_MS: u8 = 20;
/// Octets of send buffer asked of the kernel, so that a burst of expiring flows fits. It may grant less (`net.core.wmem_max`).
const SEND_BUFFER: usize = 4 << 20;

const IP_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const UDP_HEADER: usize = 8;
/// Fewest datagrams that go to the kernel as one message. A batch of ended flows makes as many; fewer stay single, so that a capture on
/// this host shows each datagram.
const SHARE: usize = 8;
/// The packet length that every IPv4 and IPv6 host takes (RFC 1122 §3.3.2, RFC 8200 §5). A smaller path MTU is not believed.
const LEAST_MTU: [usize; 2] = [576, 1280];

/// The addresses that a commit gives interfaces, by interface. They are there when it is applied.
pub type Coming = BTreeMap<String, Vec<IpAddr>>;

/// A socket that is ready for a commit to use, or the reason why there is none yet.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) socket: Result<Socket, OpenError>,
    /// The addresses of the destination's name.
    pub(crate) resolved: Option<Resolved>,
}

impl Prepared {
    fn without(why: OpenError) -> Prepared {
        Prepared {
            socket: Err(why),
            resolved: None,
        }
    }

    /// Has an exporter close its socket, as no monitor hands it flows.
    pub fn unused() -> Prepared {
        Prepared::without(OpenError::Unused)
    }

    /// Returns why there is no socket yet, if the operator has to know.
    pub fn down(&self) -> Option<&OpenError> {
        let why = self.socket.as_ref().err()?;
        (!matches!(why, OpenError::NotYet | OpenError::Unused)).then_some(why)
    }
}

/// Opens the socket of an exporter, without visible effect. It takes as long as a name takes to resolve, at most five seconds.
///
/// A network that is merely absent is no error: the exporter starts without a socket and tries again.
///
/// # Errors
/// What an operator must put right: a source that is not local, a name that does not resolve.
pub fn prepare(settings: &Settings) -> Result<Prepared, OpenError> {
    prepare_expecting(settings, &Coming::new())
}

/// Does the same as [`prepare`] for a commit that gives interfaces the addresses `coming`: an exporter that waits for one of them is no
/// error.
///
/// # Errors
/// Those of [`prepare`].
pub fn prepare_expecting(settings: &Settings, coming: &Coming) -> Result<Prepared, OpenError> {
    let resolved = match settings.destination.parse::<IpAddr>() {
        Ok(_) => None,
        Err(_) => Some(
            resolve::resolve_within(&settings.destination, RESOLVE)
                .map_err(|why| unresolved(settings, why))?,
        ),
    };
    let addresses = addresses(settings, resolved.as_ref());
    let socket = match settings.is_stream() {
        // A collector would see the connection.
        true => connection::check(settings, &addresses).and(Err(OpenError::NotYet)),
        false => Socket::open(settings, &addresses),
    };
    match socket {
        Err(error) if comes(&error, settings, coming) => Ok(Prepared {
            socket: Err(OpenError::NotYet),
            resolved,
        }),
        Err(error) if !error.passes() => Err(error),
        socket => Ok(Prepared { socket, resolved }),
    }
}

/// Prepares an exporter that was committed before, on a host that may not have everything yet. What is missing is tried again.
/// Names are not waited for.
pub fn restore(settings: &Settings, coming: &Coming) -> Prepared {
    let Ok(address) = settings.destination.parse::<IpAddr>() else {
        return Prepared::without(OpenError::NotYet);
    };
    if settings.is_stream() {
        return Prepared::without(OpenError::NotYet);
    }
    let socket = match Socket::open(settings, &[address]) {
        Err(error) if comes(&error, settings, coming) => Err(OpenError::NotYet),
        socket => socket,
    };
    Prepared {
        socket,
        resolved: None,
    }
}

/// Whether what an exporter lacks is an address that is `coming`.
fn comes(error: &OpenError, settings: &Settings, coming: &Coming) -> bool {
    match (error, &settings.source) {
        (OpenError::Source(SourceError::NotLocal(_)), Source::Address(address)) => {
            coming.values().flatten().any(|one| one == address)
        }
        (OpenError::Source(error), Source::Interface(name)) => {
            error.awaits_address() && coming.contains_key(name)
        }
        _ => false,
    }
}

/// Checks whether [`prepare`] would be refused, for an exporter that needs no socket yet. Settings that depend on nothing of this host
/// are not tried.
///
/// # Errors
/// Those of [`prepare`].
pub fn check(settings: &Settings, coming: &Coming) -> Result<(), OpenError> {
    let plain = settings.destination.parse::<IpAddr>().is_ok()
        && settings.source == Source::Any
        && settings.vrf.is_none();
    match plain {
        true => Ok(()),
        false => prepare_expecting(settings, coming).map(drop),
    }
}

/// Returns the addresses of a destination, which are `resolved` where it is a name.
fn addresses(settings: &Settings, resolved: Option<&Resolved>) -> Vec<IpAddr> {
    match (settings.destination.parse(), resolved) {
        (Ok(address), _) => vec![address],
        (Err(_), Some(resolved)) => resolved.addresses.clone(),
        (Err(_), None) => Vec::new(),
    }
}

/// Returns the error of a destination whose name has no address.
pub(crate) fn unresolved(settings: &Settings, why: String) -> OpenError {
    OpenError::Unresolved {
        host: settings.destination.clone(),
        why,
    }
}

/// A connected UDP socket.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: socket2::Socket,
    pub(crate) peer: SocketAddr,
    pub(crate) local: Option<SocketAddr>,
    sender: Sender,
    /// Longest datagrams that may share a message.
    segment_max: usize,
}

impl Socket {
    /// Opens a socket to the first of these addresses, at least one, that the source can send to.
    pub(crate) fn open(settings: &Settings, addresses: &[IpAddr]) -> Result<Socket, OpenError> {
        let (address, source) = settings.source.choose(addresses)?;
        let peer = settings.source.destination(address, settings.port);
        let socket =
            socket2::Socket::new(Domain::for_address(peer), Type::DGRAM, Some(Protocol::UDP))
                .map_err(OpenError::system("a socket"))?;
        if let Some(vrf) = &settings.vrf {
            socket.bind_device(Some(vrf.as_bytes())).map_err(|error| {
                match error.raw_os_error() {
                    Some(libc::ENODEV) => OpenError::NoVrf(vrf.clone()),
                    _ => OpenError::system(format!("sending by VRF device `{vrf}`"))(error),
                }
            })?;
        }
        socket
            .set_nonblocking(true)
            .map_err(OpenError::system("a socket that does not wait"))?;
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        // Without it nothing but closed ports of the collector's own host is noticed.
        let _ = udp::keep_notices(socket.as_fd(), peer.is_ipv6());
        if let Some(source) = source {
            udp::bind_source(&socket, source, 0, peer).map_err(|error| {
                match error.raw_os_error() {
                    Some(libc::EADDRNOTAVAIL) => SourceError::NotLocal(source).into(),
                    _ => OpenError::system(format!("sending from {source}"))(error),
                }
            })?;
        }
        let mut socket = Socket {
            socket,
            peer,
            local: None,
            sender: Sender::new(),
            segment_max: MAX_PAYLOAD,
        };
        socket
            .mark(settings)
            .map_err(OpenError::system("setting DSCP and TTL"))?;
        socket
            .discover_mtu()
            .map_err(OpenError::system("path MTU discovery"))?;
        socket.socket.connect(&peer.into()).map_err(|error| {
            let errno = error.raw_os_error().unwrap_or(0);
            match DropReason::of_errno(errno) {
                // EADDRNOTAVAIL: an IPv6 destination, and no address of this host to send from.
                DropReason::NoRoute | DropReason::NoSource => OpenError::NoRoute {
                    destination: peer,
                    why: loss::describe(&error),
                },
                _ => OpenError::system(match source {
                    Some(source) => format!("sending from {source} to {}", peer.ip()),
                    None => format!("sending to {}", peer.ip()),
                })(error),
            }
        })?;
        socket.local = socket
            .socket
            .local_addr()
            .ok()
            .and_then(|local| local.as_socket());
        Ok(socket)
    }

    /// Whether datagrams leave by `other` from the same address to the same collector.
    pub(crate) fn same_path(&self, other: &Socket) -> bool {
        let address = |socket: &Socket| socket.local.map(|local| local.ip());
        self.peer == other.peer && address(self) == address(other)
    }

    /// Takes the notices that datagrams did not arrive.
    pub(crate) fn take_notices(&self, take: impl FnMut(Notice)) {
        udp::take_notices(self, take);
    }

    /// Sets the DSCP and the TTL or hop limit of datagrams.
    pub(crate) fn mark(&self, settings: &Settings) -> io::Result<()> {
        let (tos, ttl) = (u32::from(settings.dscp) << 2, u32::from(settings.ttl));
        if self.peer.is_ipv4() {
            self.socket.set_tos_v4(tos)?;
            self.socket.set_ttl_v4(ttl)?;
            self.socket.set_multicast_ttl_v4(ttl)
        } else {
            self.socket.set_tclass_v6(tos)?;
            self.socket.set_unicast_hops_v6(ttl)?;
            self.socket.set_multicast_hops_v6(ttl)
        }
    }

    /// Lets the kernel learn the path's MTU (`IP_PMTUDISC_WANT`). Just after it has shrunk, the kernel may
    /// fragment a datagram that was cut for the old one, rather than lose it.
    fn discover_mtu(&self) -> io::Result<()> {
        if self.peer.is_ipv4() {
            let want = libc::IP_PMTUDISC_WANT;
            udp::set_option(self.as_fd(), libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, want)
        } else {
            let want = libc::IPV6_PMTUDISC_WANT;
            udp::set_option(
                self.as_fd(),
                libc::IPPROTO_IPV6,
                libc::IPV6_MTU_DISCOVER,
                want,
            )
        }
    }

    /// Returns the octets of UDP payload that reach the collector in one packet of at most `mtu` octets.
    pub(crate) fn payload_limit(&self, mtu: u16) -> usize {
        let (level, name) = match self.peer {
            SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_MTU),
            SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_MTU),
        };
        let mut known = [0];
        let known = udp::get_option(self.as_fd(), level, name, &mut known)
            .ok()
            .map(|_| known[0] as usize);
        payload_limit(self.peer.is_ipv6(), known, mtu)
    }

    /// Sends datagrams in order. `outcome` is called for each, in ranges that follow one another: the kernel took them, or the error
    /// number why not. Returns how many ICMP errors came for earlier datagrams: nobody listens.
    pub(crate) fn send(
        &mut self,
        datagrams: &[Datagram],
        outcome: &mut dyn FnMut(Range<usize>, Result<(), i32>),
    ) -> u64 {
        let mut options = SendOptions {
            socket: self.socket.as_fd(),
            to: None,
            control: &Control::new(),
            segment_max: &mut self.segment_max,
            share: SHARE,
            patience: WAIT_MS,
        };
        self.sender.send(
            &mut options,
            datagrams.len(),
            |number| &datagrams[number].bytes[..],
            outcome,
        )
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.socket.as_raw_fd()
    }
}

/// Returns the octets of UDP payload in an IP packet no longer than `path` (when known) and `most`.
pub(crate) fn payload_limit(v6: bool, path: Option<usize>, most: u16) -> usize {
    let header = if v6 { IPV6_HEADER } else { IP_HEADER } + UDP_HEADER;
    let mtu = path.unwrap_or(usize::MAX).min(most.into());
    mtu.max(LEAST_MTU[usize::from(v6)]) - header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_fits_the_path() {
        assert_eq!(payload_limit(false, Some(65_536), 1500), 1472);
        assert_eq!(payload_limit(true, Some(1500), 1500), 1452);
        assert_eq!(payload_limit(false, Some(1400), 1500), 1372);
        assert_eq!(payload_limit(false, Some(9000), 9000), 8972);
        assert_eq!(payload_limit(false, None, 1500), 1472);
        // A forged ICMP message must not make datagrams too short for a record.
        assert_eq!(payload_limit(false, Some(68), 1500), 548);
        assert_eq!(payload_limit(true, Some(68), 1500), 1232);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let mut settings = crate::testing::settings("E", "127.0.0.1");
        let open = |settings: &Settings| prepare(settings).map(|_| ()).unwrap_err().to_string();
        settings.source = Source::Address("192.0.2.77".parse().unwrap());
        assert_eq!(
            open(&settings),
            "source address 192.0.2.77 is not an address of this host"
        );
        settings.source = Source::Address("::1".parse().unwrap());
        assert_eq!(
            open(&settings),
            "source ::1 and destination 127.0.0.1 are not of the same family"
        );
        settings.source = Source::Interface("nosuch0".into());
        assert_eq!(open(&settings), "there is no interface `nosuch0`");
        settings.source = Source::Any;
        settings.vrf = Some("nosuch0".into());
        let error = prepare(&settings).map(|_| ()).unwrap_err();
        assert!(
            matches!(
                error,
                OpenError::NoVrf(_)
                    | OpenError::System {
                        errno: libc::EPERM,
                        ..
                    }
            ),
            "{error}"
        );
        settings.vrf = None;
        settings.destination = "no such host.invalid".into();
        assert!(open(&settings).starts_with("`no such host.invalid` does not resolve: "));
        settings.destination = "127.0.0.1".into();
        settings.source = Source::Interface("lo".into());
        let socket = prepare(&settings).unwrap().socket.unwrap();
        assert_eq!(socket.local.unwrap().ip().to_string(), "127.0.0.1");
        assert_eq!(socket.payload_limit(1500), 1472);
    }
}
