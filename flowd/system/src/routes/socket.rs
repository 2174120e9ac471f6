//! Netlink sockets: one that receives notifications, and one for each dump.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, send,
    setsockopt, socket, sockopt,
};
use rtnetlink::packet_core::{NetlinkBuffer, NetlinkHeader, Parseable};

/// Socket buffer for waiting notifications, of about a kilobyte each. The kernel only allocates what is used.
const RECEIVE_BUFFER: usize = 32 << 20;
/// More than the kernel puts into one datagram (32 KiB).
const DATAGRAM: usize = 64 << 10;

/// Multicast groups of rtnetlink.h: links, IPv4 addresses, routes and rules of both families, nexthops.
const GROUPS: [u32; 7] = [1, 5, 7, 8, 11, 19, 32];

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const HEADER: usize = 16;

/// A route netlink socket.
pub(super) struct Socket {
    fd: OwnedFd,
    buffer: Box<[u8]>,
}

/// Whether a dump is consistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dump {
    /// The dump is complete.
    Complete,
    /// Something changed during the dump, so that parts may be missing.
    Inconsistent,
}

impl Socket {
    /// Opens a socket that receives notifications of every change from now on.
    pub(super) fn for_notifications() -> io::Result<Socket> {
        let groups = GROUPS.iter().fold(0, |mask, group| mask | 1 << (group - 1));
        let socket = Socket::open(groups, SockFlag::SOCK_NONBLOCK)?;
        // With CAP_NET_ADMIN the size may exceed the system's limit.
        if setsockopt(&socket.fd, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            setsockopt(&socket.fd, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
        }
        Ok(socket)
    }

    /// Opens a socket for requests.
    pub(super) fn for_requests() -> io::Result<Socket> {
        Socket::open(0, SockFlag::empty())
    }

    fn open(groups: u32, flags: SockFlag) -> io::Result<Socket> {
        let fd = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC | flags,
            SockProtocol::NetlinkRoute,
        )?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Socket {
            fd,
            buffer: vec![0; DATAGRAM].into(),
        })
    }

    /// Receives a datagram and calls `each` with its messages. Returns false if none is waiting.
    ///
    /// # Errors
    /// `ENOBUFS` if notifications were lost for lack of buffer space.
    pub(super) fn receive(
        &mut self,
        mut each: impl FnMut(&NetlinkHeader, &[u8]),
    ) -> io::Result<bool> {
        let len = match recvfrom::<NetlinkAddr>(self.fd.as_raw_fd(), &mut self.buffer) {
            // Ignores datagrams from other processes than the kernel.
            Ok((_, Some(sender))) if sender.pid() != 0 => return Ok(true),
            Ok((len, _)) => len,
            Err(Errno::EAGAIN) => return Ok(false),
            Err(Errno::EINTR) => return Ok(true),
            Err(errno) => return Err(errno.into()),
        };
        messages(&self.buffer[..len], |header, body| each(header, body));
        Ok(true)
    }

    /// Requests a dump of one kind and family and calls `each` with its messages. `body` is the length of the
    /// kind's header.
    ///
    /// # Errors
    /// The kernel's error.
    pub(super) fn dump(
        &mut self,
        kind: u16,
        family: i32,
        body: usize,
        mut each: impl FnMut(&NetlinkHeader, &[u8]),
    ) -> io::Result<Dump> {
        let length = HEADER + body;
        let mut request = vec![0; length];
        request[0..4].copy_from_slice(&(length as u32).to_ne_bytes());
        request[4..6].copy_from_slice(&kind.to_ne_bytes());
        let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
        request[6..8].copy_from_slice(&flags.to_ne_bytes());
        request[HEADER] = family as u8; // Every kind's header begins with the family.
        send(self.fd.as_raw_fd(), &request, MsgFlags::empty())?;
        let mut end = None;
        let mut interrupted = false;
        while end.is_none() {
            self.receive(|header, body| {
                interrupted |= header.flags & libc::NLM_F_DUMP_INTR as u16 != 0;
                match header.message_type {
                    NLMSG_DONE => end = Some(Ok(())),
                    NLMSG_ERROR => end = Some(Err(error(body))),
                    _ => each(header, body),
                }
            })?;
        }
        end.unwrap_or(Ok(()))?;
        Ok(if interrupted {
            Dump::Inconsistent
        } else {
            Dump::Complete
        })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Returns the error of a `struct nlmsgerr`, which begins with the negative error number.
fn error(body: &[u8]) -> io::Error {
    let number = body
        .first_chunk()
        .map_or(-libc::EPROTO, |octets| i32::from_ne_bytes(*octets));
    io::Error::from_raw_os_error(number.wrapping_neg())
}

fn messages(mut datagram: &[u8], mut each: impl FnMut(&NetlinkHeader, &[u8])) {
    while let Ok(buffer) = NetlinkBuffer::new_checked(&datagram) {
        let Ok(header) = NetlinkHeader::parse(&buffer) else {
            return;
        };
        let length = header.length as usize;
        let Some(body) = datagram.get(HEADER..length) else {
            return;
        };
        each(&header, body);
        datagram = datagram
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
}
