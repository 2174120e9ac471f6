//! UDP sockets: opened without visible effect, connected, and sent to.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use loss::DropReason;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use socket2::{Domain, Protocol, Type};
use udp::{Control, MAX_PAYLOAD, SendOptions, Sender};

use crate::packer::Datagram;
use crate::settings::{Settings, Source};

/// How long a name may take to resolve.
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

/// Why a socket cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The destination's name has no address.
    #[error("`{host}` does not resolve: {why}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// No interface of that name.
    #[error("there is no interface `{0}`")]
    NoInterface(String),
    /// The source interface has no address of the destination's family.
    #[error("interface `{interface}` has no {family} address to send from")]
    NoInterfaceAddress {
        /// The interface.
        interface: String,
        /// `IPv4` or `IPv6`.
        family: &'static str,
    },
    /// The source address is not one of this host's.
    #[error("source address {0} is not an address of this host")]
    SourceNotLocal(IpAddr),
    /// Source and destination are of different families.
    #[error("source {source_address} and destination {destination} are not of the same family")]
    SourceFamily {
        /// The source address.
        source_address: IpAddr,
        /// The destination's address.
        destination: IpAddr,
    },
    /// No VRF device of that name.
    #[error("there is no VRF device `{0}`")]
    NoVrf(String),
    /// The network of the destination is absent at the moment.
    #[error("no route to {destination}: {why}")]
    NoRoute {
        /// The collector.
        destination: SocketAddr,
        /// The error.
        why: String,
    },
    /// A thread is opening the socket.
    #[error("its socket is being opened")]
    NotYet,
    /// The exporter needs no socket: no monitor hands it flows.
    #[error("no monitor on an interface exports to it")]
    Unused,
    /// Another call failed.
    #[error("{call}: {why}")]
    System {
        /// The call, or what it was for.
        call: &'static str,
        /// The error.
        why: String,
        /// Its number.
        errno: i32,
    },
}

impl OpenError {
    pub(crate) fn system(call: &'static str) -> impl Fn(io::Error) -> OpenError {
        move |error| OpenError::System {
            call,
            why: error.to_string(),
            errno: error.raw_os_error().unwrap_or(0),
        }
    }

    /// Whether the error passes by itself when a network or an address comes up. Then it is no reason to refuse a configuration.
    fn passes(&self) -> bool {
        matches!(
            self,
            OpenError::NoRoute { .. } | OpenError::NoInterfaceAddress { .. }
        )
    }

    /// Returns why records are dropped while the error lasts.
    pub(crate) fn reason(&self) -> DropReason {
        match self {
            OpenError::Unresolved { .. } => DropReason::Unresolved,
            OpenError::NoInterface(_)
            | OpenError::NoInterfaceAddress { .. }
            | OpenError::SourceNotLocal(_)
            | OpenError::SourceFamily { .. } => DropReason::NoSource,
            OpenError::NoVrf(_) | OpenError::NoRoute { .. } | OpenError::NotYet => {
                DropReason::NoRoute
            }
            OpenError::Unused => DropReason::Removed,
            OpenError::System { errno, .. } => DropReason::of_errno(*errno),
        }
    }
}

/// A socket that is ready for a commit to use, or the reason why there is none yet.
#[derive(Debug)]
pub struct Prepared(pub(crate) Result<Socket, OpenError>);

impl Prepared {
    /// Has an exporter start without a socket and try again every few seconds: for a host that boots, whose names and addresses may
    /// come up later than its configuration.
    pub fn later(why: OpenError) -> Prepared {
        Prepared(Err(why))
    }

    /// Has an exporter close its socket, as no monitor hands it flows.
    pub fn unused() -> Prepared {
        Prepared(Err(OpenError::Unused))
    }

    /// Returns why there is no socket yet.
    pub fn down(&self) -> Option<&OpenError> {
        self.0.as_ref().err()
    }
}

/// Opens the socket of an exporter, without visible effect. It takes as long as a name takes to resolve, at most five seconds.
///
/// A network that is merely absent is no error: the exporter starts [`Prepared::down`] and tries again.
///
/// # Errors
/// What an operator must put right: a source that is not local, a name that does not resolve.
pub fn prepare(settings: &Settings) -> Result<Prepared, OpenError> {
    match Socket::open(settings) {
        Err(error) if !error.passes() => Err(error),
        result => Ok(Prepared(result)),
    }
}

/// Checks whether [`prepare`] would be refused, for an exporter that needs no socket yet. Settings that depend on nothing of this host
/// are not tried.
///
/// # Errors
/// Those of [`prepare`].
pub fn check(settings: &Settings) -> Result<(), OpenError> {
    let plain = settings.destination.parse::<IpAddr>().is_ok()
        && settings.source == Source::Any
        && settings.vrf.is_none();
    match plain {
        true => Ok(()),
        false => prepare(settings).map(drop),
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
    pub(crate) fn open(settings: &Settings) -> Result<Socket, OpenError> {
        let addresses = resolve(&settings.destination, settings.port)?;
        let (mut peer, source) = choose(&addresses, &settings.source)?;
        if let (SocketAddr::V6(peer), Source::Interface(name)) = (&mut peer, &settings.source)
            && peer.ip().is_unicast_link_local()
            && peer.scope_id() == 0
        {
            peer.set_scope_id(nix::net::if_::if_nametoindex(name.as_str()).unwrap_or(0));
        }
        let socket =
            socket2::Socket::new(Domain::for_address(peer), Type::DGRAM, Some(Protocol::UDP))
                .map_err(OpenError::system("socket"))?;
        if let Some(vrf) = &settings.vrf {
            socket.bind_device(Some(vrf.as_bytes())).map_err(|error| {
                match error.raw_os_error() {
                    Some(libc::ENODEV) => OpenError::NoVrf(vrf.clone()),
                    _ => OpenError::system("binding to the VRF device")(error),
                }
            })?;
        }
        socket
            .set_nonblocking(true)
            .map_err(OpenError::system("socket"))?;
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        if let Some(source) = source {
            let source = SocketAddr::new(source, 0);
            let source = match (source, peer) {
                (SocketAddr::V6(mut source), SocketAddr::V6(peer)) => {
                    source.set_scope_id(peer.scope_id());
                    SocketAddr::V6(source)
                }
                (source, _) => source,
            };
            socket
                .bind(&source.into())
                .map_err(|error| match error.raw_os_error() {
                    Some(libc::EADDRNOTAVAIL) => OpenError::SourceNotLocal(source.ip()),
                    _ => OpenError::system("binding to the source address")(error),
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
                    why: error.to_string(),
                },
                _ => OpenError::system("connect")(error),
            }
        })?;
        socket.local = socket
            .socket
            .local_addr()
            .ok()
            .and_then(|local| local.as_socket());
        Ok(socket)
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

/// Returns the addresses of a host, which may be a name. A name is resolved in a thread of its own, because a resolver may take longer
/// than [`RESOLVE`].
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, OpenError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |why: String| OpenError::Unresolved {
        host: host.into(),
        why,
    };
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let name = host.to_owned();
    std::thread::Builder::new()
        .name("export-resolve".into())
        .spawn(move || {
            let result = (name.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>);
            let _ = sender.send(result);
        })
        .map_err(OpenError::system("starting a thread"))?;
    match receiver.recv_timeout(RESOLVE) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err(unresolved("no address".into())),
        Ok(Err(error)) => Err(unresolved(error.to_string())),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            Err(unresolved(format!("no answer in {} s", RESOLVE.as_secs())))
        }
    }
}

/// Chooses the first address that the source can send to. Returns it with the source's address.
fn choose(
    addresses: &[SocketAddr],
    source: &Source,
) -> Result<(SocketAddr, Option<IpAddr>), OpenError> {
    let first = addresses[0];
    match source {
        Source::Any => Ok((first, None)),
        Source::Address(source) => addresses
            .iter()
            .find(|address| address.is_ipv4() == source.is_ipv4())
            .map(|address| (*address, Some(*source)))
            .ok_or(OpenError::SourceFamily {
                source_address: *source,
                destination: first.ip(),
            }),
        Source::Interface(name) => {
            let own = interface_addresses(name)?;
            addresses
                .iter()
                .find_map(|address| Some((*address, Some(primary(&own, address.ip())?))))
                .ok_or_else(|| OpenError::NoInterfaceAddress {
                    interface: name.clone(),
                    family: if first.is_ipv4() { "IPv4" } else { "IPv6" },
                })
        }
    }
}

/// Returns the addresses of an interface in the kernel's order: primary before secondary.
fn interface_addresses(name: &str) -> Result<Vec<IpAddr>, OpenError> {
    if nix::net::if_::if_nametoindex(name).is_err() {
        return Err(OpenError::NoInterface(name.into()));
    }
    let all = getifaddrs().map_err(|errno| OpenError::system("reading addresses")(errno.into()))?;
    let own = all.filter(|entry| entry.interface_name == name);
    Ok(own
        .filter_map(|entry| entry.address.as_ref().and_then(ip))
        .collect())
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address
        .as_sockaddr_in()
        .map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|address| IpAddr::V6(address.ip()))
    })
}

/// Chooses the address to reach `peer` from: of its family, and link-local only when the peer's is.
fn primary(own: &[IpAddr], peer: IpAddr) -> Option<IpAddr> {
    let link_local = |address: IpAddr| match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let mut same = own
        .iter()
        .copied()
        .filter(|own| own.is_ipv4() == peer.is_ipv4());
    same.find(|own| link_local(*own) == link_local(peer))
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
    fn the_primary_address_is_of_the_peers_family_and_scope() {
        let own: Vec<IpAddr> = ["192.0.2.1", "192.0.2.2", "fe80::1", "2001:db8::1"]
            .map(|text| text.parse().unwrap())
            .into();
        let from = |peer: &str| primary(&own, peer.parse().unwrap()).map(|own| own.to_string());
        assert_eq!(from("198.51.100.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(from("2001:db8::9").as_deref(), Some("2001:db8::1"));
        assert_eq!(from("fe80::9").as_deref(), Some("fe80::1"));
        assert_eq!(primary(&own[..1], "2001:db8::9".parse().unwrap()), None);
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
        let socket = prepare(&settings).unwrap().0.unwrap();
        assert_eq!(socket.local.unwrap().ip().to_string(), "127.0.0.1");
        assert_eq!(socket.payload_limit(1500), 1472);
    }
}
