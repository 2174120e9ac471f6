//! Packet sockets: all system calls on them.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::net::if_::{if_indextoname, if_nametoindex};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::time::Duration;
use wire::LinkType;

use crate::config::LinkState;
use crate::error::Error;
use crate::filter::Program;

/// A packet socket bound to one interface. It captures nothing before [`PacketSocket::start`].
#[derive(Debug)]
pub(crate) struct PacketSocket {
    fd: OwnedFd,
    interface: String,
    index: u32,
    hardware: u16,
}

/// A type that the kernel reads or writes as octets.
///
/// # Safety
/// Any octets must be a valid value of it, and it must have no padding that may not be read.
pub(crate) unsafe trait Plain: Copy {}
// SAFETY: integers.
unsafe impl Plain for libc::c_int {}
// SAFETY: all fields are integers.
unsafe impl Plain for libc::tpacket_req3 {}
// SAFETY: all fields are integers.
unsafe impl Plain for libc::tpacket_stats_v3 {}
// SAFETY: all fields are integers.
unsafe impl Plain for libc::packet_mreq {}
// SAFETY: all fields are integers; the pointer is only read by the kernel.
unsafe impl Plain for libc::sock_fprog {}

/// `ifIndex` of an interface.
pub(crate) fn interface_index(interface: &str) -> Result<u32, Error> {
    if_nametoindex(interface).map_err(|_| Error::NoInterface {
        interface: interface.into(),
    })
}

/// Whether an interface that is not up is down or gone.
pub(crate) fn link_state(index: u32) -> LinkState {
    match if_indextoname(index) {
        // For a missing interface, nix 0.31 takes the null pointer for an empty name.
        Ok(name) if !name.is_empty() => LinkState::Down,
        _ => LinkState::Gone,
    }
}

impl PacketSocket {
    pub(crate) fn open(interface: &str) -> Result<PacketSocket, Error> {
        let index = interface_index(interface)?;
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::socket(libc::AF_PACKET, kind, 0) };
        if fd < 0 {
            return Err(match Errno::last() {
                Errno::EPERM | Errno::EACCES => Error::Permission {
                    interface: interface.into(),
                },
                errno => system(interface, "open a packet socket", errno),
            });
        }
        // SAFETY: the descriptor is new and has no other owner.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let mut socket = PacketSocket {
            fd,
            interface: interface.into(),
            index,
            hardware: 0,
        };
        socket.bind(0)?;
        socket.hardware = socket.address()?.sll_hatype;
        Ok(socket)
    }

    /// Starts to capture.
    pub(crate) fn start(&self) -> Result<(), Error> {
        self.bind(libc::ETH_P_ALL as u16)
    }

    fn bind(&self, protocol: u16) -> Result<(), Error> {
        // SAFETY: all fields are integers, of which zero is a value.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = protocol.to_be();
        address.sll_ifindex = self.index.cast_signed();
        let len = mem::size_of_val(&address) as libc::socklen_t;
        // SAFETY: the address is valid for `len` octets during the call.
        let done = unsafe { libc::bind(self.fd.as_raw_fd(), (&raw const address).cast(), len) };
        match Errno::result(done) {
            Ok(_) => Ok(()),
            Err(Errno::ENODEV) => Err(Error::NoInterface {
                interface: self.interface.clone(),
            }),
            Err(errno) => Err(system(&self.interface, "bind to the interface", errno)),
        }
    }

    fn address(&self) -> Result<libc::sockaddr_ll, Error> {
        // SAFETY: all fields are integers, of which zero is a value.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        let mut len = mem::size_of_val(&address) as libc::socklen_t;
        // SAFETY: the address may be written for `len` octets during the call.
        let done = unsafe {
            libc::getsockname(self.fd.as_raw_fd(), (&raw mut address).cast(), &raw mut len)
        };
        Errno::result(done)
            .map_err(|errno| system(&self.interface, "ask for the link type", errno))?;
        Ok(address)
    }

    /// Reads a socket option.
    pub(crate) fn set<T: Plain>(
        &self,
        level: i32,
        name: i32,
        value: &T,
        step: &'static str,
    ) -> Result<(), Error> {
        set_option(self.as_fd(), level, name, value)
            .map_err(|errno| system(&self.interface, step, errno))
    }

    /// Asks for a socket option.
    pub(crate) fn get<T: Plain>(
        &self,
        level: i32,
        name: i32,
        value: T,
        step: &'static str,
    ) -> Result<T, Error> {
        let mut value = value;
        let mut len = mem::size_of::<T>() as libc::socklen_t;
        // SAFETY: `value` may be written for `len` octets during the call, and any octets are a `T`.
        let done = unsafe {
            libc::getsockopt(
                self.fd.as_raw_fd(),
                level,
                name,
                (&raw mut value).cast(),
                &raw mut len,
            )
        };
        Errno::result(done).map_err(|errno| system(&self.interface, step, errno))?;
        Ok(value)
    }

    /// Attaches a filter in place of the previous one.
    pub(crate) fn attach(&self, program: &Program) -> Result<(), Error> {
        attach(self.as_fd(), program)
            .map_err(|errno| system(&self.interface, "attach the filter", errno))
    }

    /// Reads and clears the socket's pending error. Returns the state of the interface if the error is about it,
    /// and other errors as errors.
    pub(crate) fn take_error(&self) -> Result<Option<LinkState>, Error> {
        let errno = self.get(
            libc::SOL_SOCKET,
            libc::SO_ERROR,
            0,
            "ask for the state of the socket",
        )?;
        match Errno::from_raw(errno) {
            Errno::UnknownErrno if errno == 0 => Ok(None),
            Errno::ENETDOWN | Errno::ENODEV | Errno::ENXIO => Ok(Some(link_state(self.index))),
            errno => Err(system(&self.interface, "capture", errno)),
        }
    }

    pub(crate) fn interface(&self) -> &str {
        &self.interface
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    /// The interface's hardware type (ARPHRD).
    pub(crate) fn hardware(&self) -> u16 {
        self.hardware
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn set_option<T: Plain>(fd: BorrowedFd<'_>, level: i32, name: i32, value: &T) -> Result<(), Errno> {
    let len = mem::size_of::<T>() as libc::socklen_t;
    // SAFETY: `value` is valid for `len` octets during the call.
    let done =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const *value).cast(), len) };
    Errno::result(done).map(drop)
}

/// Attaches a filter to a packet socket in place of the previous one.
pub(crate) fn attach(fd: BorrowedFd<'_>, program: &Program) -> Result<(), Errno> {
    let mut instructions: Vec<libc::sock_filter> = program
        .0
        .iter()
        .map(|it| libc::sock_filter {
            code: it.code,
            jt: it.jump_true,
            jf: it.jump_false,
            k: it.k,
        })
        .collect();
    let program = libc::sock_fprog {
        len: instructions.len().try_into().unwrap_or(0),
        // The kernel copies the instructions during the call.
        filter: instructions.as_mut_ptr(),
    };
    set_option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

/// Excludes the packets that this host sends from the capture of a packet socket.
pub(crate) fn ignore_outgoing(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    set_option(fd, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1)
}

pub(crate) fn system(interface: &str, step: &'static str, errno: Errno) -> Error {
    Error::System {
        interface: interface.into(),
        step,
        source: io::Error::from(errno),
    }
}

/// The events that [`wait`] saw.
pub(crate) struct Events {
    pub(crate) woken: bool,
    /// An input is readable.
    pub(crate) input: bool,
    /// An input is in error.
    pub(crate) error: bool,
}

/// Polls `wake` and all `inputs`. A signal ends the wait early.
pub(crate) fn wait(
    wake: BorrowedFd<'_>,
    inputs: &[BorrowedFd<'_>],
    timeout: Duration,
) -> Result<Events, Errno> {
    let mut fds = vec![PollFd::new(wake, PollFlags::POLLIN)];
    fds.extend(
        inputs
            .iter()
            .map(|input| PollFd::new(*input, PollFlags::POLLIN)),
    );
    // Rounded up, so that a short timeout does not become a busy loop.
    let millis =
        timeout.as_millis() + u128::from(!timeout.subsec_nanos().is_multiple_of(1_000_000));
    let timeout = PollTimeout::try_from(millis.min(i32::MAX as u128)).unwrap_or(PollTimeout::MAX);
    match poll(&mut fds, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno),
    }
    let events = |fd: &PollFd| fd.revents().unwrap_or(PollFlags::empty());
    let (wake, inputs) = fds
        .split_first()
        .map_or((PollFlags::empty(), &[][..]), |(wake, rest)| {
            (events(wake), rest)
        });
    let any = |flags: PollFlags| inputs.iter().any(|fd| events(fd).intersects(flags));
    Ok(Events {
        woken: !wake.is_empty(),
        input: any(PollFlags::POLLIN),
        error: any(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL),
    })
}

/// The link type of frames on a raw packet socket of an interface with this hardware type.
///
/// Interfaces without a link header deliver IP packets.
pub(crate) fn link(hardware: u16) -> LinkType {
    /// ARPHRD_RAWIP and ARPHRD_IP6GRE, which libc lacks.
    const RAW_IP: u16 = 519;
    const IP6_GRE: u16 = 823;
    match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => LinkType::Ethernet,
        libc::ARPHRD_NONE
        | libc::ARPHRD_PPP
        | libc::ARPHRD_TUNNEL
        | libc::ARPHRD_TUNNEL6
        | libc::ARPHRD_SIT
        | libc::ARPHRD_IPGRE
        | RAW_IP
        | IP6_GRE => LinkType::Raw,
        libc::ARPHRD_CISCO => LinkType::CiscoHdlc,
        libc::ARPHRD_IEEE80211 => LinkType::Ieee80211,
        libc::ARPHRD_IEEE80211_PRISM => LinkType::Prism,
        libc::ARPHRD_IEEE80211_RADIOTAP => LinkType::Radiotap,
        other => LinkType::Other(other.into()),
    }
}
