//! Opens sockets: to listen, to send from this host's address, and to send from exporters' addresses. Reads the host's addresses.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use loss::DropReason;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use udp::{Control, MAX_PAYLOAD, SourceError, Unreachable};

use crate::error::Problem;
use crate::settings::{Endpoint, Receiver, SourcePort};

/// Octets of send buffer asked of the kernel, so that a slow interface costs no datagrams while memory could hold them.
const SEND_BUFFER: i32 = 4 << 20;
/// `SK_MEMINFO_DROPS` of `linux/sock_diag.h`: the counter of `SO_RXQ_OVFL`, which can be read at any time.
const MEMINFO_DROPS: usize = 8;
/// Octets of IP and UDP headers, by family.
const HEADERS: [usize; 2] = [28, 48];

fn system(call: &'static str) -> impl Fn(io::Error) -> Problem {
    move |error| Problem::System { call, error }
}

fn udp(family: IpAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(SocketAddr::new(family, 0)),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    if family.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// Returns the index of an interface; 0 without one.
pub(crate) fn index(interface: Option<&String>) -> Result<u32, Problem> {
    match interface {
        None => Ok(0),
        Some(name) => if_nametoindex(name.as_str()).map_err(|_| Problem::NoInterface(name.clone())),
    }
}

/// A listening socket that is ready to be bound.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) socket: Arc<Socket>,
    name: SocketAddr,
    /// The index of the interface it is bound to; 0 for none.
    pub(crate) scope: u32,
}

/// How the address and port of a listening socket are at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The socket is bound.
    Yes,
    /// A socket of this samplicator has the port at another address, and is closed by the commit: the socket can be bound then.
    WhenApplied,
}

/// Opens a listening socket for an endpoint and binds it. `others` are the sockets that the endpoint has already: the kernel spreads
/// exporters over all of them. `own` are the other sockets that the samplicator listens on.
///
/// Carriers may be bound to the same port; another program's sockets may not.
pub(crate) fn listen(
    endpoint: &Endpoint,
    receive_buffer: usize,
    others: &[&Socket],
    own: &[&Socket],
) -> Result<(Listening, Bound), Problem> {
    let Endpoint { listen, port } = endpoint;
    let address = listen.address;
    let scope = index(listen.interface.as_ref())?;
    let socket = udp(address).map_err(system("a socket"))?;
    if !others.is_empty() {
        for socket in others.iter().copied().chain([&socket]) {
            socket
                .set_reuse_port(true)
                .and_then(|()| socket.set_reuse_address(true))
                .map_err(system("sharing the port among threads"))?;
        }
    }
    let name = match address {
        IpAddr::V6(address) => SocketAddrV6::new(address, *port, 0, scope).into(),
        address => SocketAddr::new(address, *port),
    };
    // The host may get the address later, by DHCP or from this very commit.
    match address {
        IpAddr::V4(_) => socket.set_freebind_v4(true),
        IpAddr::V6(_) => socket.set_freebind_v6(true),
    }
    .map_err(system("listening on an address that is not there yet"))?;
    // The socket would otherwise get datagrams to groups that other programs of this host have joined.
    if address.is_ipv4() {
        let _ = udp::set_option(socket.as_fd(), libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, 0);
    }
    set_receive_buffer(&socket, receive_buffer);
    // The kernel may hand over equal datagrams of one exporter in one piece.
    let _ = udp::set_option(socket.as_fd(), libc::SOL_UDP, libc::UDP_GRO, 1);
    let listening = Listening {
        socket: Arc::new(socket),
        name,
        scope,
    };
    match bind(&listening.socket, name) {
        Ok(()) => {
            listening.bound()?;
            Ok((listening, Bound::Yes))
        }
        Err(error) if is_in_use(&error) && holders(name, own).is_own() => {
            Ok((listening, Bound::WhenApplied))
        }
        Err(error) => Err(listening.problem(error)),
    }
}

impl Listening {
    /// Binds a socket of [`Bound::WhenApplied`], beside the one that has the port.
    pub(crate) fn bind_beside_own(&self) -> Result<(), Problem> {
        self.socket
            .set_reuse_address(true)
            .and_then(|()| self.socket.bind(&self.name.into()))
            .map_err(|error| self.problem(error))?;
        self.bound()
    }

    /// Does what comes after binding.
    fn bound(&self) -> Result<(), Problem> {
        self.socket
            .set_reuse_address(true)
            .map_err(system("sharing the port with sending sockets"))?;
        let group = match self.name.ip() {
            address if !address.is_multicast() => return Ok(()),
            IpAddr::V4(group) => self
                .socket
                .join_multicast_v4_n(&group, &socket2::InterfaceIndexOrAddress::Index(self.scope)),
            IpAddr::V6(group) => self.socket.join_multicast_v6(&group, self.scope),
        };
        group.map_err(system("joining the multicast group"))
    }

    fn problem(&self, error: io::Error) -> Problem {
        match error.raw_os_error() {
            Some(libc::EADDRINUSE) => Problem::InUse,
            Some(libc::EADDRNOTAVAIL) => Problem::NotLocal(self.name.ip()),
            _ => system("listening")(error),
        }
    }
}

/// Has the kernel deliver nothing more to a listening socket, so that what comes from here on goes to another socket of the port. What
/// waits at it can still be read.
pub(crate) fn stop_delivery(socket: &Socket) {
    let family = socket
        .local_addr()
        .ok()
        .and_then(|local| local.as_socket())
        .map(|local| local.ip());
    // A connected socket hears only its peer: here the discard port of this host, which sends nothing.
    let nobody: IpAddr = match family {
        Some(IpAddr::V6(_)) => Ipv6Addr::LOCALHOST.into(),
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    let _ = socket.connect(&SocketAddr::new(nobody, 9).into());
}

/// Asks the kernel for a receive buffer; beyond the system's limit where that is allowed.
pub(crate) fn set_receive_buffer(socket: &Socket, octets: usize) {
    if setsockopt(socket, sockopt::RcvBufForce, &octets).is_err() {
        let _ = socket.set_recv_buffer_size(octets);
    }
}

/// Returns the octets of receive buffer that the kernel granted. It charges more for a datagram than its payload.
pub(crate) fn receive_buffer(socket: &Socket) -> usize {
    socket.recv_buffer_size().unwrap_or(0)
}

/// Returns how many messages the kernel dropped at a socket since it was opened.
pub(crate) fn kernel_drops(socket: &Socket) -> u64 {
    let mut values = [0; 16];
    let got = udp::get_option(
        socket.as_fd(),
        libc::SOL_SOCKET,
        libc::SO_MEMINFO,
        &mut values,
    );
    match got {
        Ok(octets) if octets > 4 * MEMINFO_DROPS => values[MEMINFO_DROPS].into(),
        _ => 0,
    }
}

fn is_in_use(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EADDRINUSE)
}

/// Binds a listening socket. Carriers on the same port do not hinder it, other sockets do.
fn bind(socket: &Socket, name: SocketAddr) -> io::Result<()> {
    match socket.bind(&name.into()) {
        Err(error) if is_in_use(&error) && holders(name, &[]).are_carriers() => {
            socket.set_reuse_address(true)?;
            socket.bind(&name.into())
        }
        result => result,
    }
}

/// Who has a port, as far as sockets stand in the way of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holders {
    carriers: bool,
    own: bool,
    others: bool,
}

impl Holders {
    fn are_carriers(self) -> bool {
        self.carriers && !self.own && !self.others
    }

    fn is_own(self) -> bool {
        self.own && !self.others
    }
}

/// Returns who has the port of an address: carriers, sockets of `own`, others.
fn holders(name: SocketAddr, own: &[&Socket]) -> Holders {
    let (table, any, carrier) = match name {
        SocketAddr::V4(_) => ("/proc/thread-self/net/udp", "00000000", "080000C0"),
        SocketAddr::V6(_) => (
            "/proc/thread-self/net/udp6",
            "00000000000000000000000000000000",
            "00000001000000000000000008000000",
        ),
    };
    let own: Vec<String> = own.iter().filter_map(|socket| inode(socket)).collect();
    let port = format!("{:04X}", name.port());
    let address = match name.ip() {
        IpAddr::V4(address) => format!("{:08X}", u32::from_ne_bytes(address.octets())),
        IpAddr::V6(address) => address
            .octets()
            .chunks_exact(4)
            .map(|word| format!("{:08X}", word.try_into().map_or(0, u32::from_ne_bytes)))
            .collect(),
    };
    let table = fs::read_to_string(table).unwrap_or_default();
    let mut holders = Holders::default();
    for row in table.lines() {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let (Some(bound), Some(inode)) = (columns.get(1), columns.get(9)) else {
            continue;
        };
        let Some((at, _)) = bound.split_once(':').filter(|(_, of)| *of == port) else {
            continue;
        };
        if at == carrier {
            holders.carriers = true;
        } else if own.iter().any(|own| own == inode) {
            holders.own = true;
        } else if at == address || at == any || address == any {
            holders.others = true;
        }
    }
    holders
}

/// Returns the number by which the kernel's tables name a socket.
fn inode(socket: &Socket) -> Option<String> {
    let status = nix::sys::stat::fstat(socket).ok()?;
    Some(status.st_ino.to_string())
}

/// Returns the address that carriers are bound to. No host has it and nothing is sent to it (RFC 7600 §4.8, RFC 6666), so a
/// carrier receives nothing and occupies nobody's address.
pub(crate) fn carrier_address(family: IpAddr) -> IpAddr {
    match family {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 0, 8).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 8).into(),
    }
}

/// Opens a carrier: a socket bound to one port whose datagrams may have any source address.
///
/// # Errors
/// `EPERM` without the privilege, `EADDRINUSE` when another program has the port for every address.
pub(crate) fn open_carrier(family: IpAddr, port: u16, no_checksum: bool) -> io::Result<Socket> {
    let socket = udp(family)?;
    transparent(&socket, family)?;
    socket.set_reuse_address(true)?;
    outgoing(&socket, family)?;
    if no_checksum {
        udp::set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_NO_CHECK, 1)?;
    }
    socket.bind(&SocketAddr::new(carrier_address(family), port).into())?;
    Ok(socket)
}

/// Opens a raw socket for UDP, for ports that [`open_carrier`] cannot have. The kernel makes the IP header and fragments; the
/// caller makes the UDP header, except for its checksum on IPv6.
///
/// # Errors
/// `EPERM` without the privilege.
pub(crate) fn open_raw(family: IpAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(SocketAddr::new(family, 0));
    let socket = Socket::new(domain, Type::RAW, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    transparent(&socket, family)?;
    outgoing(&socket, family)?;
    if family.is_ipv6() {
        // The offset of the checksum in the UDP header.
        udp::set_option(socket.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_CHECKSUM, 6)?;
    }
    // Otherwise the kernel would hand it a copy of every UDP packet to this host.
    socket.bind(&SocketAddr::new(carrier_address(family), 0).into())?;
    Ok(socket)
}

fn transparent(socket: &Socket, family: IpAddr) -> io::Result<()> {
    match family {
        IpAddr::V4(_) => udp::set_option(socket.as_fd(), libc::IPPROTO_IP, libc::IP_TRANSPARENT, 1),
        IpAddr::V6(_) => udp::set_option(
            socket.as_fd(),
            libc::IPPROTO_IPV6,
            libc::IPV6_TRANSPARENT,
            1,
        ),
    }
}

/// Sets the options that every sending socket has. The kernel fragments datagrams longer than the path's MTU, and routers may.
fn outgoing(socket: &Socket, family: IpAddr) -> io::Result<()> {
    let fd = socket.as_fd();
    if udp::set_option(fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, SEND_BUFFER).is_err() {
        let _ = socket.set_send_buffer_size(SEND_BUFFER as usize);
    }
    let _ = socket.set_broadcast(true);
    match family {
        IpAddr::V4(_) => udp::set_option(
            fd,
            libc::IPPROTO_IP,
            libc::IP_MTU_DISCOVER,
            libc::IP_PMTUDISC_DONT,
        ),
        IpAddr::V6(_) => udp::set_option(
            fd,
            libc::IPPROTO_IPV6,
            libc::IPV6_MTU_DISCOVER,
            libc::IPV6_PMTUDISC_DONT,
        ),
    }
}

/// Checks the privilege to send under other hosts' addresses.
///
/// # Errors
/// The kernel's error without the privilege.
pub(crate) fn check_privilege(family: IpAddr) -> io::Result<()> {
    transparent(&udp(family)?, family)
}

/// An open socket to a receiver, and how datagrams are sent to it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) peer: SocketAddr,
    pub(crate) name: SockAddr,
    /// The socket, connected to the peer. Datagrams under an exporter's address go by a carrier instead.
    pub(crate) socket: Socket,
    pub(crate) local: Option<SocketAddr>,
    /// Time to live and DSCP as ancillary data, for carriers, which serve several receivers.
    pub(crate) control: Control,
    /// Longest payload that is not fragmented.
    pub(crate) segment_max: usize,
}

impl Target {
    /// Opens the socket to a receiver. `again`: a fixed source port may be in use by the receiver's present socket.
    ///
    /// # Errors
    /// The source has no address, or the error of a socket call; `EADDRINUSE` concerns a fixed source port.
    pub(crate) fn open(
        receiver: &Receiver,
        peer: SocketAddr,
        again: bool,
    ) -> Result<Target, TargetError> {
        let family = peer.ip();
        let source = match receiver.spoof_source {
            true => None,
            false => receiver.source.choose(&[family])?.1,
        };
        let socket = udp(family)?;
        outgoing(&socket, family)?;
        let fd = socket.as_fd();
        let _ = udp::keep_notices(fd, peer.is_ipv6());
        let mut control = Control::new();
        let (level, ttl, multicast_ttl, class) = match family {
            IpAddr::V4(_) => (
                libc::IPPROTO_IP,
                libc::IP_TTL,
                libc::IP_MULTICAST_TTL,
                libc::IP_TOS,
            ),
            IpAddr::V6(_) => (
                libc::IPPROTO_IPV6,
                libc::IPV6_UNICAST_HOPS,
                libc::IPV6_MULTICAST_HOPS,
                libc::IPV6_TCLASS,
            ),
        };
        if let Some(hops) = receiver.ttl {
            udp::set_option(fd, level, ttl, hops.into())?;
            udp::set_option(fd, level, multicast_ttl, hops.into())?;
            let kind = match family {
                IpAddr::V4(_) => libc::IP_TTL,
                IpAddr::V6(_) => libc::IPV6_HOPLIMIT,
            };
            control.push(level, kind, &i32::from(hops).to_ne_bytes());
        }
        if receiver.dscp > 0 {
            let octet = i32::from(receiver.dscp) << 2;
            udp::set_option(fd, level, class, octet)?;
            control.push(level, class, &octet.to_ne_bytes());
        }
        if receiver.no_checksum && peer.is_ipv4() {
            udp::set_option(fd, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1)?;
        }
        let not_local = |error: io::Error| match (error.raw_os_error(), source) {
            (Some(libc::EADDRNOTAVAIL), Some(source)) => SourceError::NotLocal(source).into(),
            _ => TargetError::from(error),
        };
        if let (SourcePort::Fixed(port), false) = (receiver.source_port, receiver.spoof_source) {
            let any = match family {
                IpAddr::V4(_) => IpAddr::from([0; 4]),
                IpAddr::V6(_) => IpAddr::from([0; 16]),
            };
            socket.set_reuse_address(again)?;
            bind(&socket, SocketAddr::new(source.unwrap_or(any), port)).map_err(not_local)?;
            // A later socket of the same receiver may have the same port: both are connected and hear nobody else.
            socket.set_reuse_address(true)?;
        } else if let Some(source) = source {
            udp::bind_source(&socket, source, 0, peer).map_err(not_local)?;
        }
        socket.connect(&peer.into())?;
        let local = socket.local_addr()?.as_socket();
        let mut target = Target {
            peer,
            name: peer.into(),
            socket,
            local,
            control,
            segment_max: 0,
        };
        // The kernel cannot cut a message into datagrams without checksums.
        if !(receiver.no_checksum && peer.is_ipv4()) {
            target.segment_max = target.mtu().map_or(MAX_PAYLOAD, |mtu| {
                mtu.saturating_sub(HEADERS[usize::from(peer.is_ipv6())])
            });
        }
        Ok(target)
    }

    fn mtu(&self) -> Option<usize> {
        let (level, name) = match self.peer {
            SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_MTU),
            SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_MTU),
        };
        let mut value = [0];
        udp::get_option(self.socket.as_fd(), level, name, &mut value).ok()?;
        (value[0] > 0).then_some(value[0] as usize)
    }

    /// Takes the notices that datagrams did not arrive. Returns how many there were, and what the last one means.
    pub(crate) fn take_notices(&self) -> Option<(u64, DropReason)> {
        let mut taken = None;
        udp::take_notices(self, |notice| {
            let reason = match notice.why {
                Unreachable::Port | Unreachable::Prohibited => DropReason::IcmpUnreachable,
                Unreachable::Host | Unreachable::Network => DropReason::NoRoute,
            };
            let (count, _) = taken.unwrap_or((0, reason));
            taken = Some((count + 1, reason));
        });
        taken
    }

    /// Sends an empty datagram, which no collector takes for data, to see whether it is refused.
    pub(crate) fn probe(&self) -> io::Result<()> {
        self.socket.send(&[]).map(drop)
    }

    /// Whether datagrams sent by `other` would look the same and take the same path.
    pub(crate) fn same(&self, other: &Target) -> bool {
        let address = |target: &Target| target.local.map(|local| local.ip());
        self.peer == other.peer
            && address(self) == address(other)
            && self.segment_max == other.segment_max
    }
}

impl AsFd for Target {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Why the socket to a receiver cannot be opened.
#[derive(Debug)]
pub(crate) enum TargetError {
    /// The source has no address.
    NoSource,
    /// A call failed.
    System(io::Error),
}

impl From<SourceError> for TargetError {
    fn from(_: SourceError) -> TargetError {
        TargetError::NoSource
    }
}

impl From<io::Error> for TargetError {
    fn from(error: io::Error) -> TargetError {
        TargetError::System(error)
    }
}

impl TargetError {
    /// Returns why datagrams for the receiver are dropped.
    pub(crate) fn reason(&self) -> DropReason {
        let TargetError::System(error) = self else {
            return DropReason::NoSource;
        };
        match error.raw_os_error().unwrap_or(libc::EIO) {
            // No address of ours of the family, or none that the network can be reached from.
            libc::EADDRNOTAVAIL | libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN => {
                DropReason::NoRoute
            }
            errno => DropReason::NoSocket(errno),
        }
    }
}

/// Whether an address is one of `addresses`, or reaches this host without being configured.
pub(crate) fn is_local(addresses: &[IpAddr], address: IpAddr) -> bool {
    address.is_loopback() || addresses.contains(&address)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::settings::Listen;

    #[test]
    fn carriers_stand_in_nobodys_way_and_others_do() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        for any in ["0.0.0.0", "::"] {
            let any: IpAddr = any.parse().unwrap();
            let other = UdpSocket::bind((any, 0)).unwrap();
            let port = other.local_addr().unwrap().port();
            let endpoint = Endpoint {
                listen: Listen::from(any),
                port,
            };
            assert!(matches!(
                listen(&endpoint, 65_536, &[], &[]),
                Err(Problem::InUse)
            ));
            let taken = open_carrier(any, port, false).unwrap_err();
            assert_eq!(taken.raw_os_error(), Some(libc::EADDRINUSE));
            drop(other);
            let carriers = [
                open_carrier(any, port, false).unwrap(),
                open_carrier(any, port, true).unwrap(),
            ];
            let (socket, bound) = listen(&endpoint, 65_536, &[], &[]).unwrap();
            assert_eq!(bound, Bound::Yes);
            let more = open_carrier(any, port, false).unwrap();
            drop((carriers, more));
            assert!(matches!(
                listen(&endpoint, 65_536, &[], &[]),
                Err(Problem::InUse)
            ));
            drop(socket);
        }
    }
}
