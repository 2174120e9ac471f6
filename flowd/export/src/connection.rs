//! TCP connections to collectors (RFC 7011 §10.4): made by a thread that may wait, written to by one that may not.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::TcpSocket;
use udp::SourceError;

use crate::open_error::OpenError;
use crate::settings::Settings;

/// How long a collector may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long sent octets may go without an acknowledgement until the connection is given up.
const UNANSWERED: Duration = Duration::from_secs(30);
/// An idle connection is probed after this time, so that a collector that vanished is noticed.
const IDLE: Duration = Duration::from_secs(15);
/// Where `tcpi_bytes_acked` stands in `struct tcp_info` (linux/tcp.h), in words of four octets.
const BYTES_ACKED: usize = 30;
/// Octets of payload of one message. A collector reads up to 65,535; shorter messages are sooner whole.
pub(crate) const MESSAGE_OCTETS: usize = 8192;

/// A connection to a collector.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) local: Option<SocketAddr>,
}

impl Connection {
    /// Connects to the first of these addresses that accepts.
    pub(crate) async fn open(
        settings: &Settings,
        addresses: &[IpAddr],
    ) -> Result<Connection, OpenError> {
        let mut last = OpenError::NotYet;
        for address in addresses {
            match Connection::to(settings, *address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn to(settings: &Settings, address: IpAddr) -> Result<Connection, OpenError> {
        let socket = socket(settings, address)?;
        let peer = settings.source.destination(address, settings.port);
        let connecting = || format!("connecting to {} port {}", peer.ip(), peer.port());
        let connect = TcpSocket::from_std_stream(socket.into()).connect(peer);
        let stream = match tokio::time::timeout(CONNECT, connect).await {
            Ok(connected) => connected.and_then(tokio::net::TcpStream::into_std),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let stream = stream.map_err(OpenError::system(connecting()))?;
        Ok(Connection {
            peer,
            local: stream.local_addr().ok(),
            stream,
        })
    }

    /// Writes as many of these octets as the kernel takes now.
    ///
    /// # Errors
    /// That it takes none now, or why the connection has ended.
    pub(crate) fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stream.write(octets)
    }

    /// Returns how many written octets the collector's host has acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        let mut info = [0; BYTES_ACKED + 2];
        let got = udp::get_option(
            self.stream.as_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            &mut info,
        );
        let known = got.is_ok_and(|octets| octets >= 4 * info.len());
        let [low, high] = [info[BYTES_ACKED], info[BYTES_ACKED + 1]].map(u64::from);
        // The number counts the SYN, too.
        match known {
            true if cfg!(target_endian = "little") => (low | high << 32).saturating_sub(1),
            true => (low << 32 | high).saturating_sub(1),
            false => 0,
        }
    }

    /// Returns why the connection has ended, if it has. A collector says nothing; what it says is not read.
    pub(crate) fn ended(&mut self) -> Option<io::Error> {
        let mut octets = [0; 1024];
        // A peer that sends without end is looked at again at the next tick.
        for _ in 0..16 {
            match self.stream.read(&mut octets) {
                Ok(0) => return Some(io::Error::other("the collector closed the connection")),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(error),
            }
        }
        None
    }

    /// Waits until the kernel takes more octets, for `patience` at most. Returns whether it does.
    pub(crate) fn wait(&self, patience: Duration) -> bool {
        let mut descriptors = [PollFd::new(self.stream.as_fd(), PollFlags::POLLOUT)];
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        poll(&mut descriptors, patience).is_ok_and(|ready| ready > 0)
    }

    /// Sets the DSCP and the TTL or hop limit of packets.
    pub(crate) fn mark(&self, settings: &Settings) -> io::Result<()> {
        mark(&SockRef::from(&self.stream), self.peer.is_ipv4(), settings)
    }
}

fn mark(socket: &Socket, v4: bool, settings: &Settings) -> io::Result<()> {
    let (tos, ttl) = (u32::from(settings.dscp) << 2, u32::from(settings.ttl));
    if v4 {
        socket.set_tos_v4(tos)?;
        socket.set_ttl_v4(ttl)
    } else {
        socket.set_tclass_v6(tos)?;
        socket.set_unicast_hops_v6(ttl)
    }
}

/// Makes a socket that is bound as the settings say.
fn socket(settings: &Settings, address: IpAddr) -> Result<Socket, OpenError> {
    let (address, source) = settings.source.choose(&[address])?;
    let peer = settings.source.destination(address, settings.port);
    let socket = Socket::new(Domain::for_address(peer), Type::STREAM, Some(Protocol::TCP))
        .map_err(OpenError::system("a socket"))?;
    if let Some(vrf) = &settings.vrf {
        socket
            .bind_device(Some(vrf.as_bytes()))
            .map_err(|error| match error.raw_os_error() {
                Some(libc::ENODEV) => OpenError::NoVrf(vrf.clone()),
                _ => OpenError::system(format!("sending by VRF device `{vrf}`"))(error),
            })?;
    }
    let prepared = socket
        .set_nonblocking(true)
        .and_then(|()| socket.set_tcp_nodelay(true))
        .and_then(|()| socket.set_tcp_user_timeout(Some(UNANSWERED)))
        .and_then(|()| {
            let keepalive = TcpKeepalive::new().with_time(IDLE).with_interval(IDLE / 3);
            socket.set_tcp_keepalive(&keepalive.with_retries(3))
        })
        .and_then(|()| mark(&socket, peer.is_ipv4(), settings));
    prepared.map_err(OpenError::system("a socket for a connection"))?;
    if let Some(source) = source {
        udp::bind_source(&socket, source, 0, peer).map_err(|error| match error.raw_os_error() {
            Some(libc::EADDRNOTAVAIL) => SourceError::NotLocal(source).into(),
            _ => OpenError::system(format!("sending from {source}"))(error),
        })?;
    }
    Ok(socket)
}

/// Checks what depends on this host alone: source and VRF. Nothing is sent.
///
/// # Errors
/// What [`Connection::open`] would say of them.
pub(crate) fn check(settings: &Settings, addresses: &[IpAddr]) -> Result<(), OpenError> {
    let mut last = Ok(());
    for address in addresses {
        last = socket(settings, *address).map(drop);
        if last.is_ok() {
            return last;
        }
    }
    last
}
