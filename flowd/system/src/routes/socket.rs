//! Netlink sockets: one that listens, and one for each reading of everything.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, send,
    setsockopt, socket, sockopt,
};
use rtnetlink::packet_core::{NetlinkBuffer, NetlinkHeader, Parseable};

/// Memory for notifications that wait; the kernel takes it only when they do. A notification takes about a kilobyte.
const RECEIVE_BUFFER: usize = 32 << 20;
/// More than the kernel puts in one datagram (32 KiB).
const DATAGRAM: usize = 64 << 10;

/// rtnetlink.h's groups: link, addresses of IPv4, routes and rules of both, nexthops.
const GROUPS: [u32; 7] = [1, 5, 7, 8, 11, 19, 32];

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const HEADER: usize = 16;

/// A route netlink socket.
pub(super) struct Socket {
    fd: OwnedFd,
    buffer: Box<[u8]>,
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All was told.
    Whole,
    /// What was read changed meanwhile; some of it may be missing.
    Torn,
}

impl Socket {
    /// One that hears of every change from now on.
    pub(super) fn listen() -> io::Result<Socket> {
        let groups = GROUPS.iter().fold(0, |mask, group| mask | 1 << (group - 1));
        let socket = Socket::open(groups, SockFlag::SOCK_NONBLOCK)?;
        // Beyond the limit for all with CAP_NET_ADMIN, up to it without.
        if setsockopt(&socket.fd, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            setsockopt(&socket.fd, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
        }
        Ok(socket)
    }

    /// One to ask with.
    pub(super) fn ask() -> io::Result<Socket> {
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

    /// Hands the messages of the next datagram to `each`. False: there is none now.
    ///
    /// # Errors
    /// `ENOBUFS` when the kernel had more to tell than there was room for.
    pub(super) fn hear(&mut self, mut each: impl FnMut(&NetlinkHeader, &[u8])) -> io::Result<bool> {
        let len = match recvfrom::<NetlinkAddr>(self.fd.as_raw_fd(), &mut self.buffer) {
            // Only the kernel is believed.
            Ok((_, Some(sender))) if sender.pid() != 0 => return Ok(true),
            Ok((len, _)) => len,
            Err(Errno::EAGAIN) => return Ok(false),
            Err(Errno::EINTR) => return Ok(true),
            Err(errno) => return Err(errno.into()),
        };
        messages(&self.buffer[..len], |header, body| each(header, body));
        Ok(true)
    }

    /// Asks for everything of one kind and family, and hands the answers to `each`; `body` is the length of the kind's
    /// own header.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn read(
        &mut self,
        kind: u16,
        family: i32,
        body: usize,
        mut each: impl FnMut(&NetlinkHeader, &[u8]),
    ) -> io::Result<End> {
        let length = HEADER + body;
        let mut request = vec![0; length];
        request[0..4].copy_from_slice(&(length as u32).to_ne_bytes());
        request[4..6].copy_from_slice(&kind.to_ne_bytes());
        let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
        request[6..8].copy_from_slice(&flags.to_ne_bytes());
        request[HEADER] = family as u8; // every kind's header begins with it
        send(self.fd.as_raw_fd(), &request, MsgFlags::empty())?;
        let mut end = None;
        let mut torn = false;
        while end.is_none() {
            self.hear(|header, body| {
                torn |= header.flags & libc::NLM_F_DUMP_INTR as u16 != 0;
                match header.message_type {
                    NLMSG_DONE => end = Some(Ok(())),
                    NLMSG_ERROR => end = Some(Err(error(body))),
                    _ => each(header, body),
                }
            })?;
        }
        end.unwrap_or(Ok(()))?;
        Ok(if torn { End::Torn } else { End::Whole })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// `struct nlmsgerr` begins with the negative error number.
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
