//! System calls that the standard library and `socket2` lack: many datagrams in one call, with ancillary data.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};

use socket2::SockAddr;

/// Octets of the buffer for one message: more than any UDP payload, including those the kernel merged from many
/// datagrams (UDP GRO).
const MESSAGE: usize = 65_536;
/// Distance between two messages' buffers: not a power of two, so that they do not compete for the same lines of
/// the CPU caches.
const STRIDE: usize = MESSAGE + 1280;
/// Most messages in one send.
pub const MAX_MESSAGES: usize = 128;
/// Most datagrams, or other parts, in one send.
pub(crate) const MAX_PARTS: usize = 256;

/// Ancillary data in the memory layout of `cmsg(3)`.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub struct Control {
    octets: [u8; 128],
    len: usize,
}

impl Default for Control {
    fn default() -> Self {
        Control::new()
    }
}

impl Control {
    /// No ancillary data.
    pub const fn new() -> Control {
        Control {
            octets: [0; 128],
            len: 0,
        }
    }

    /// Appends one item. What does not fit is left out, but all that are used together do fit.
    pub fn push(&mut self, level: i32, kind: i32, value: &[u8]) {
        let header = size_of::<libc::cmsghdr>();
        let len = header + value.len();
        let space = len.next_multiple_of(size_of::<usize>());
        let Some(place) = self.octets.get_mut(self.len..self.len + space) else {
            debug_assert!(false, "no room for ancillary data");
            return;
        };
        place[..8].copy_from_slice(&len.to_ne_bytes());
        place[8..12].copy_from_slice(&level.to_ne_bytes());
        place[12..16].copy_from_slice(&kind.to_ne_bytes());
        place[header..len].copy_from_slice(value);
        self.len += space;
    }

    /// Appends the source address of a datagram (`IP_PKTINFO`, `IPV6_PKTINFO`).
    pub fn push_source(&mut self, source: IpAddr, scope_id: u32) {
        match source {
            IpAddr::V4(address) => {
                let mut info = [0; 12];
                info[4..8].copy_from_slice(&address.octets());
                self.push(libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
            }
            IpAddr::V6(address) => {
                let mut info = [0; 20];
                info[..16].copy_from_slice(&address.octets());
                info[16..].copy_from_slice(&scope_id.to_ne_bytes());
                self.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
            }
        }
    }
}

const _: () = assert!(size_of::<libc::cmsghdr>() == 16 && size_of::<usize>() == 8);

/// Buffers for received messages.
#[derive(Debug)]
pub struct Inbox {
    octets: Vec<u8>,
    names: Vec<Name>,
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
}

/// A socket address with room for `sockaddr_in6`, the longer of the two.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
struct Name([u8; 32]);

/// A received message, which has datagrams of one source.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// Address and port of the sender.
    pub from: SocketAddr,
    /// Its offset in [`Inbox::octets`].
    pub start: usize,
    /// Number of octets.
    pub len: usize,
    /// Octets of each datagram in it except the last, which may be shorter; 0 if it is a single datagram.
    pub segment: usize,
}

impl Inbox {
    /// Creates buffers for `count` messages.
    pub fn new(count: usize) -> Inbox {
        // SAFETY: all zeros are valid for these plain C structures: null pointers and no lengths.
        let (vector, message): (libc::iovec, libc::mmsghdr) = unsafe { (zeroed(), zeroed()) };
        Inbox {
            octets: vec![0; count * STRIDE],
            names: vec![Name([0; 32]); count],
            controls: vec![Control::new(); count],
            vectors: vec![vector; count],
            messages: vec![message; count],
        }
    }

    /// Receives the messages that wait at a socket, without blocking. Returns their number.
    ///
    /// # Errors
    /// Those of `recvmmsg(2)`, except that nothing is waiting.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        let count = self.messages.len();
        let octets = self.octets.as_mut_ptr();
        for (number, message) in self.messages.iter_mut().enumerate() {
            // SAFETY: `octets` has `count` strides.
            self.vectors[number].iov_base = unsafe { octets.add(number * STRIDE) }.cast();
            self.vectors[number].iov_len = MESSAGE;
            let header = &mut message.msg_hdr;
            header.msg_name = (&raw mut self.names[number]).cast();
            header.msg_namelen = size_of::<Name>() as libc::socklen_t;
            header.msg_iov = &raw mut self.vectors[number];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut self.controls[number].octets).cast();
            header.msg_controllen = 24;
            header.msg_flags = 0;
        }
        // SAFETY: each of the `count` messages points to a name, a vector, 24 octets or more of ancillary data and a
        // stride of octets, which all belong to `self` and are written for the length of the call only.
        let taken = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.messages.as_mut_ptr(),
                count as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        match usize::try_from(taken) {
            Ok(taken) => Ok(taken),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                error => Err(error),
            },
        }
    }

    /// A message of the last [`Inbox::receive`]; `None` if its source is of an unknown address family.
    #[inline]
    pub fn message(&self, number: usize) -> Option<Message> {
        let message = &self.messages[number];
        Some(Message {
            from: address(&self.names[number].0)?,
            start: number * STRIDE,
            len: (message.msg_len as usize).min(MESSAGE),
            segment: segment(
                &self.controls[number].octets,
                message.msg_hdr.msg_controllen,
            ),
        })
    }

    /// The octets of all messages.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

#[inline]
fn address(name: &[u8; 32]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes([name[0], name[1]]);
    let port = u16::from_be_bytes([name[2], name[3]]);
    match i32::from(family) {
        libc::AF_INET => {
            let address = Ipv4Addr::new(name[4], name[5], name[6], name[7]);
            Some(SocketAddr::new(address.into(), port))
        }
        libc::AF_INET6 => {
            let address: [u8; 16] = *name[8..].first_chunk()?;
            let scope = u32::from_ne_bytes(*name[24..].first_chunk()?);
            Some(SocketAddrV6::new(Ipv6Addr::from(address), port, 0, scope).into())
        }
        _ => None,
    }
}

/// The segment size of a message that UDP GRO merged.
#[inline]
fn segment(control: &[u8; 128], len: usize) -> usize {
    if len < 20 {
        return 0;
    }
    let int = |at: usize| i32::from_ne_bytes([0, 1, 2, 3].map(|octet| control[at + octet]));
    match (int(8), int(12)) {
        (libc::SOL_UDP, libc::UDP_GRO) => usize::try_from(int(16)).unwrap_or(0),
        _ => 0,
    }
}

/// A message to send: this many parts, split into datagrams of `segment` octets each unless that is 0 (UDP GSO).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Number of parts.
    pub parts: u16,
    /// Octets of each datagram except the last, or 0.
    pub segment: u16,
}

/// Buffers for messages to send.
#[derive(Debug)]
pub struct Outbox {
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
}

// SAFETY: its pointers mean something during a call of `send` only, which sets those that it uses.
unsafe impl Send for Outbox {}

impl Default for Outbox {
    fn default() -> Self {
        Outbox::new()
    }
}

impl Outbox {
    /// Starts without buffers; they grow to what is sent at once.
    pub const fn new() -> Outbox {
        Outbox {
            controls: Vec::new(),
            vectors: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Makes room for this many messages with this many parts in all.
    #[cold]
    fn grow(&mut self, messages: usize, parts: usize) {
        // SAFETY: all zeros are valid for these plain C structures: null pointers and no lengths.
        let (vector, message): (libc::iovec, libc::mmsghdr) = unsafe { (zeroed(), zeroed()) };
        let messages = messages.next_power_of_two().max(self.messages.len());
        let parts = parts.next_power_of_two().max(self.vectors.len());
        self.controls.resize(messages, Control::new());
        self.messages.resize(messages, message);
        self.vectors.resize(parts, vector);
    }

    /// Sends messages without blocking. `runs` are at most `MAX_MESSAGES` and have at most `MAX_PARTS` parts, which
    /// `parts` yields in order. Each message has the ancillary data `control`. Returns how many messages the kernel
    /// accepted.
    ///
    /// # Errors
    /// That of the first message, if the kernel accepted none (`sendmmsg(2)`).
    pub fn send<'a>(
        &mut self,
        socket: BorrowedFd<'_>,
        to: Option<&SockAddr>,
        control: &Control,
        runs: &[Run],
        parts: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<usize> {
        let wanted = runs.iter().map(|run| usize::from(run.parts)).sum();
        if runs.len() > self.messages.len() || wanted > self.vectors.len() {
            self.grow(runs.len(), wanted);
        }
        let mut filled = 0;
        for (part, vector) in parts.zip(&mut self.vectors) {
            vector.iov_base = part.as_ptr().cast_mut().cast();
            vector.iov_len = part.len();
            filled += 1;
        }
        let (name, name_len) = to.map_or((std::ptr::null(), 0), |to| (to.as_ptr(), to.len()));
        let (mut first, mut count) = (0, 0);
        for (run, (message, own)) in runs
            .iter()
            .zip(self.messages.iter_mut().zip(&mut self.controls))
        {
            let parts = usize::from(run.parts);
            if first + parts > filled {
                debug_assert!(false, "a run of more parts than there are");
                break;
            }
            let header = &mut message.msg_hdr;
            header.msg_name = name.cast_mut().cast();
            header.msg_namelen = name_len;
            header.msg_iov = &raw mut self.vectors[first];
            header.msg_iovlen = parts;
            own.len = control.len;
            own.octets[..control.len].copy_from_slice(&control.octets[..control.len]);
            if run.segment > 0 {
                own.push(libc::SOL_UDP, libc::UDP_SEGMENT, &run.segment.to_ne_bytes());
            }
            header.msg_control = if own.len == 0 {
                std::ptr::null_mut()
            } else {
                (&raw mut own.octets).cast()
            };
            header.msg_controllen = own.len;
            first += parts;
            count += 1;
        }
        // SAFETY: the first `count` messages point to a name that `to` keeps alive, to ancillary data of `self`, and to
        // vectors of `self` which in turn point to parts that `'a` keeps alive; the kernel reads all of them, and
        // writes `msg_len` only.
        let taken = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                self.messages.as_mut_ptr(),
                count,
                libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            )
        };
        usize::try_from(taken).map_err(|_| io::Error::last_os_error())
    }
}

/// Sets a socket option with an integer value.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn set_option(socket: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    let len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the value has `len` octets, and lives until the call returns, which only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            len,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Reads a socket option with integer values. Returns how many octets of `values` were filled.
///
/// # Errors
/// Those of `getsockopt(2)`.
pub fn get_option(
    socket: BorrowedFd<'_>,
    level: i32,
    name: i32,
    values: &mut [u32],
) -> io::Result<usize> {
    let mut len = size_of_val(values) as libc::socklen_t;
    // SAFETY: `values` has `len` octets, and both live until the call returns.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            values.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    if result == 0 {
        Ok(len as usize)
    } else {
        Err(io::Error::last_os_error())
    }
}
