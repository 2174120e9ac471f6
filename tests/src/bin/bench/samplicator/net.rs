//! The system calls of the load, the receivers and the bare loops.
#![allow(unsafe_code)]

use std::io;
use std::mem::zeroed;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd};

use nix::sys::socket::{setsockopt, sockopt};

/// Datagrams of one call.
const BATCH: usize = 64;
/// Octets for a datagram.
const ROOM: usize = 9216;
/// Most segments of a message (`UDP_MAX_SEGMENTS`), and most octets.
const SEGMENTS: usize = 64;
const PAYLOAD: usize = 65_507;
/// An address that no host has (RFC 7600 §4.8).
const NOBODY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// A port that is free now.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A receive queue that loses nothing for want of a turn.
pub(crate) fn large_buffer(socket: &UdpSocket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    Ok(setsockopt(socket, sockopt::RcvBufForce, &(256 << 20))?)
}

pub(crate) fn listening(port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(("127.0.0.1", port))?;
    setsockopt(&socket, sockopt::RcvBufForce, &(32 << 20))?;
    Ok(socket)
}

pub(crate) fn connected(port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", port))?;
    Ok(socket)
}

/// A socket for datagrams from any address and this port.
pub(crate) fn transparent(port: u16) -> io::Result<UdpSocket> {
    // SAFETY: numbers only.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open and nobody else's.
    let socket = unsafe { UdpSocket::from_raw_fd(fd) };
    setsockopt(&socket, sockopt::IpTransparent, &true)?;
    let name = nix::sys::socket::SockaddrIn::from(std::net::SocketAddrV4::new(NOBODY, port));
    nix::sys::socket::bind(fd, &name)?;
    Ok(socket)
}

/// Counts, and throws away, what waits at a socket; if that is nothing, what comes first, as long as its timeout allows.
pub(crate) fn count_waiting(socket: &UdpSocket) -> u64 {
    const MANY: usize = 256;
    let (mut total, mut flags) = (0, libc::MSG_WAITFORONE);
    // SAFETY: all zeros are valid for this plain C structure: no name, no vectors, no ancillary data.
    let mut messages: [libc::mmsghdr; MANY] = unsafe { zeroed() };
    loop {
        // SAFETY: the messages have no room for anything, so that the kernel writes their lengths and flags only.
        let taken = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                messages.as_mut_ptr(),
                MANY as libc::c_uint,
                flags | libc::MSG_TRUNC,
                std::ptr::null_mut(),
            )
        };
        let Ok(taken @ 1..) = usize::try_from(taken) else {
            return total;
        };
        total += taken as u64;
        flags = libc::MSG_DONTWAIT;
    }
}

/// Datagrams that are sent over and over.
pub(crate) struct Packets<'a> {
    datagrams: &'a [Vec<u8>],
    next: usize,
}

impl<'a> Packets<'a> {
    pub(crate) fn new(datagrams: &'a [Vec<u8>]) -> Packets<'a> {
        Packets { datagrams, next: 0 }
    }

    /// Sends the next so many by a connected socket.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn send(&mut self, socket: &UdpSocket, mut count: usize) -> io::Result<()> {
        while count > 0 {
            // SAFETY: all zeros are valid for these plain C structures.
            let (mut vectors, mut messages): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
                unsafe { (zeroed(), zeroed()) };
            let batch = count.min(BATCH);
            for (vector, message) in vectors.iter_mut().zip(&mut messages).take(batch) {
                let datagram = &self.datagrams[self.next];
                self.next = (self.next + 1) % self.datagrams.len();
                vector.iov_base = datagram.as_ptr().cast_mut().cast();
                vector.iov_len = datagram.len();
                message.msg_hdr.msg_iov = vector;
                message.msg_hdr.msg_iovlen = 1;
            }
            let mut at = 0;
            while at < batch {
                // SAFETY: each message points to a vector above and that to a datagram, which is only read.
                let taken = unsafe {
                    libc::sendmmsg(
                        socket.as_raw_fd(),
                        messages[at..].as_mut_ptr(),
                        (batch - at) as libc::c_uint,
                        0,
                    )
                };
                match usize::try_from(taken) {
                    Ok(taken) => at += taken,
                    Err(_) => return Err(io::Error::last_os_error()),
                }
            }
            count -= batch;
        }
        Ok(())
    }
}

/// What a bare loop reads and sends.
pub(crate) struct Mailbox {
    gso: bool,
    octets: Vec<u8>,
    lengths: Vec<usize>,
    from: Vec<SocketAddr>,
    names: Vec<libc::sockaddr_in>,
    vectors: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
    controls: Vec<[u64; 8]>,
}

impl Mailbox {
    pub(crate) fn new(gso: bool) -> Mailbox {
        // SAFETY: all zeros are valid for these plain C structures.
        let (name, vector, message) = unsafe { (zeroed(), zeroed(), zeroed()) };
        Mailbox {
            gso,
            octets: vec![0; BATCH * ROOM],
            lengths: vec![0; BATCH],
            from: vec![SocketAddr::new(NOBODY.into(), 0); BATCH],
            names: vec![name; BATCH],
            vectors: vec![vector; BATCH],
            messages: vec![message; BATCH],
            controls: vec![[0; 8]; BATCH],
        }
    }

    /// Waits for datagrams and reads all there are, at most a batch.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        for number in 0..BATCH {
            self.vectors[number].iov_base = (&raw mut self.octets[number * ROOM]).cast();
            self.vectors[number].iov_len = ROOM;
            let header = &mut self.messages[number].msg_hdr;
            // SAFETY: all zeros are valid for this plain C structure.
            *header = unsafe { zeroed() };
            header.msg_name = (&raw mut self.names[number]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_iov = &raw mut self.vectors[number];
            header.msg_iovlen = 1;
        }
        // SAFETY: each message points to a name, a vector and room of `self`, written for the length of the call only.
        let taken = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.messages.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_WAITFORONE,
                std::ptr::null_mut(),
            )
        };
        let taken = usize::try_from(taken).map_err(|_| io::Error::last_os_error())?;
        for number in 0..taken {
            let name = &self.names[number];
            let address = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
            self.from[number] = SocketAddr::new(address.into(), u16::from_be(name.sin_port));
            self.lengths[number] = self.messages[number].msg_len as usize;
        }
        Ok(taken)
    }

    pub(crate) fn from(&self, number: usize) -> SocketAddr {
        self.from[number]
    }

    /// Sends some of what was read: by a connected socket, or from an address to a port of 127.0.0.1.
    pub(crate) fn send(
        &mut self,
        socket: &UdpSocket,
        way: Option<(SocketAddr, u16)>,
        which: Range<usize>,
    ) {
        // SAFETY: all zeros are valid for this plain C structure.
        let mut to: libc::sockaddr_in = unsafe { zeroed() };
        let (mut at, mut count) = (which.start, 0);
        while at < which.end {
            let segment = self.lengths[at];
            let most = which
                .end
                .min(at + SEGMENTS.min(PAYLOAD / segment.max(1)).max(1));
            let mut end = at + 1;
            while self.gso && end < most && self.lengths[end] == segment {
                end += 1;
            }
            for number in at..end {
                self.vectors[number].iov_base = (&raw mut self.octets[number * ROOM]).cast();
                self.vectors[number].iov_len = self.lengths[number];
            }
            let control = &mut self.controls[count];
            let mut words = 0;
            if let Some((SocketAddr::V4(from), port)) = way {
                to.sin_family = libc::AF_INET as libc::sa_family_t;
                to.sin_port = port.to_be();
                to.sin_addr.s_addr = u32::from(Ipv4Addr::LOCALHOST).to_be();
                // struct cmsghdr and struct in_pktinfo: length, level and type, interface and address, padding.
                control[0] = 28;
                control[1] = libc::IPPROTO_IP as u64 | (libc::IP_PKTINFO as u64) << 32;
                control[2] = u64::from(u32::from(*from.ip()).to_be()) << 32;
                control[3] = 0;
                words = 4;
            }
            if end - at > 1 {
                control[words] = 18;
                control[words + 1] = libc::SOL_UDP as u64 | (libc::UDP_SEGMENT as u64) << 32;
                control[words + 2] = segment as u64;
                words += 3;
            }
            let header = &mut self.messages[count].msg_hdr;
            // SAFETY: all zeros are valid for this plain C structure.
            *header = unsafe { zeroed() };
            if way.is_some() {
                header.msg_name = (&raw mut to).cast();
                header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            header.msg_iov = &raw mut self.vectors[at];
            header.msg_iovlen = end - at;
            if words > 0 {
                header.msg_control = control.as_mut_ptr().cast();
                header.msg_controllen = 8 * words;
            }
            at = end;
            count += 1;
        }
        // SAFETY: the first `count` messages point to `to`, vectors, ancillary data and octets that outlive the call.
        unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                self.messages.as_mut_ptr(),
                count as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
    }
}

const _: () = assert!(
    cfg!(target_endian = "little"),
    "ancillary data above are little-endian"
);
