//! Opens sockets: to listen, to send from this host's address, and to send from exporters' addresses. Reads the host's addresses.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, BorrowedFd};

use loss::DropReason;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use udp::{Control, MAX_PAYLOAD};

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
fn index(interface: Option<&String>) -> Result<u32, Problem> {
    match interface {
        None => Ok(0),
        Some(name) => if_nametoindex(name.as_str()).map_err(|_| Problem::NoInterface(name.clone())),
    }
}

/// Opens a listening socket for an endpoint. `others` are the sockets that the endpoint has already: the kernel spreads exporters
/// over all of them.
///
/// Carriers may be bound to the same port; another program's sockets may not.
pub(crate) fn listen(
    endpoint: &Endpoint,
    receive_buffer: usize,
    others: &[&Socket],
) -> Result<Socket, Problem> {
    let Endpoint { listen, port } = endpoint;
    let address = listen.address;
    let scope = index(listen.interface.as_ref())?;
    let socket = udp(address).map_err(system("socket"))?;
    if !others.is_empty() {
        for socket in others.iter().copied().chain([&socket]) {
            socket
                .set_reuse_port(true)
                .and_then(|()| socket.set_reuse_address(true))
                .map_err(system("SO_REUSEPORT"))?;
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
    .map_err(system("IP_FREEBIND"))?;
    bind(&socket, name).map_err(|error| match error.raw_os_error() {
        Some(libc::EADDRINUSE) => Problem::InUse,
        Some(libc::EADDRNOTAVAIL) => Problem::NotLocal(address),
        _ => system("bind")(error),
    })?;
    socket
        .set_reuse_address(true)
        .map_err(system("SO_REUSEADDR"))?;
    if address.is_multicast() {
        match address {
            IpAddr::V4(group) => {
                socket.join_multicast_v4_n(&group, &socket2::InterfaceIndexOrAddress::Index(scope))
            }
            IpAddr::V6(group) => socket.join_multicast_v6(&group, scope),
        }
        .map_err(system("joining the multicast group"))?;
    }
    // The socket would otherwise get datagrams to groups that other programs of this host have joined.
    if address.is_ipv4() {
        let _ = udp::set_option(socket.as_fd(), libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, 0);
    }
    set_receive_buffer(&socket, receive_buffer);
    // The kernel may hand over equal datagrams of one exporter in one piece.
    let _ = udp::set_option(socket.as_fd(), libc::SOL_UDP, libc::UDP_GRO, 1);
    Ok(socket)
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

/// Binds a listening socket. Carriers on the same port do not hinder it, other programs' sockets do.
fn bind(socket: &Socket, name: SocketAddr) -> io::Result<()> {
    let first = socket.bind(&name.into());
    let in_use = |error: &io::Error| error.raw_os_error() == Some(libc::EADDRINUSE);
    match first {
        Err(error) if in_use(&error) && only_carriers(name) => {
            socket.set_reuse_address(true)?;
            socket.bind(&name.into())
        }
        result => result,
    }
}

/// Whether every socket on a port is bound to the address of carriers.
fn only_carriers(name: SocketAddr) -> bool {
    let (table, carrier) = match name {
        SocketAddr::V4(_) => ("/proc/thread-self/net/udp", "080000C0"),
        SocketAddr::V6(_) => (
            "/proc/thread-self/net/udp6",
            "00000001000000000000000008000000",
        ),
    };
    let port = format!("{:04X}", name.port());
    let table = fs::read_to_string(table).unwrap_or_default();
    table
        .lines()
        .filter_map(|row| row.split_whitespace().nth(1)?.split_once(':'))
        .filter(|(_, bound)| *bound == port)
        .all(|(address, _)| address == carrier)
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
    /// The error of a socket call; `EADDRINUSE` concerns a fixed source port.
    pub(crate) fn open(receiver: &Receiver, peer: SocketAddr, again: bool) -> io::Result<Target> {
        let family = peer.ip();
        let socket = udp(family)?;
        outgoing(&socket, family)?;
        let fd = socket.as_fd();
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
        if let (SourcePort::Fixed(port), false) = (receiver.source_port, receiver.spoof_source) {
            let any = match family {
                IpAddr::V4(_) => IpAddr::from([0; 4]),
                IpAddr::V6(_) => IpAddr::from([0; 16]),
            };
            socket.set_reuse_address(again)?;
            bind(&socket, SocketAddr::new(any, port))?;
            // A later socket of the same receiver may have the same port: both are connected and hear nobody else.
            socket.set_reuse_address(true)?;
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

/// Returns why datagrams for a receiver are dropped, from the error of [`Target::open`].
pub(crate) fn reason(error: &io::Error) -> DropReason {
    match error.raw_os_error().unwrap_or(libc::EIO) {
        // No address of ours of the family, or none that the network can be reached from.
        libc::EADDRNOTAVAIL | libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN => {
            DropReason::NoRoute
        }
        errno => DropReason::NoSocket(errno),
    }
}

/// Returns the addresses of this host.
pub(crate) fn local_addresses() -> Vec<IpAddr> {
    let Ok(all) = getifaddrs() else {
        return Vec::new();
    };
    all.filter_map(|entry| {
        let address = entry.address?;
        let v4 = address.as_sockaddr_in().map(|name| IpAddr::V4(name.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|name| IpAddr::V6(name.ip())))
    })
    .collect()
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
                listen(&endpoint, 65_536, &[]),
                Err(Problem::InUse)
            ));
            let taken = open_carrier(any, port, false).unwrap_err();
            assert_eq!(taken.raw_os_error(), Some(libc::EADDRINUSE));
            drop(other);
            let carriers = [
                open_carrier(any, port, false).unwrap(),
                open_carrier(any, port, true).unwrap(),
            ];
            let socket = listen(&endpoint, 65_536, &[]).unwrap();
            let more = open_carrier(any, port, false).unwrap();
            drop((carriers, more));
            assert!(matches!(
                listen(&endpoint, 65_536, &[]),
                Err(Problem::InUse)
            ));
            drop(socket);
        }
    }
}
