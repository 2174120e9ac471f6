//! Notices that datagrams sent earlier did not arrive: ICMP errors, which the kernel keeps for a socket that asked for
//! them.

use std::fmt;
use std::io;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

use crate::sys::set_option;

/// Octets that are kept of the datagram that a notice is about.
const HEAD: usize = 32;
/// `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6` of `linux/errqueue.h`: the error is from an ICMP message.
const ORIGIN_ICMP: [u8; 2] = [2, 3];

/// Why a datagram did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// No program on the host listens on the port.
    Port,
    /// The host does not answer, or no router knows the way to it.
    Host,
    /// A router does not know the way to the network.
    Network,
    /// A filter on the way refuses the datagram.
    Prohibited,
}

impl Unreachable {
    /// What ICMP type and code mean (RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.1); `None` for other errors, such as a
    /// datagram that is too long.
    fn of(v6: bool, kind: u8, code: u8) -> Option<Unreachable> {
        Some(match (v6, kind, code) {
            (false, 3, 0 | 6 | 8 | 11) | (true, 1, 0) => Unreachable::Network,
            (false, 3, 1 | 5 | 7 | 12) | (true, 1, 2 | 3) => Unreachable::Host,
            (false, 3, 2 | 3) | (true, 1, 4) => Unreachable::Port,
            (false, 3, 9 | 10 | 13..=15) | (true, 1, 1 | 5 | 6) => Unreachable::Prohibited,
            _ => return None,
        })
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Unreachable::Port => "port unreachable",
            Unreachable::Host => "host unreachable",
            Unreachable::Network => "network unreachable",
            Unreachable::Prohibited => "prohibited by a filter",
        })
    }
}

/// A notice that a datagram did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Why.
    pub why: Unreachable,
    head: [u8; HEAD],
    len: usize,
}

impl Notice {
    /// The first octets of the datagram's payload, as many as came back with the notice; some hosts return none.
    pub fn head(&self) -> &[u8] {
        &self.head[..self.len]
    }
}

/// Has the kernel keep notices for a connected socket of IPv6, or of IPv4. Without this it reports only that a port is
/// closed, and neither for which datagram nor how often.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn keep_notices(socket: BorrowedFd<'_>, v6: bool) -> io::Result<()> {
    match v6 {
        true => set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1),
        false => set_option(socket, libc::IPPROTO_IP, libc::IP_RECVERR, 1),
    }
}

/// Takes the notices that are waiting at a socket, oldest first. The kernel keeps as many as fit its receive buffer.
pub fn take_notices(socket: &impl AsFd, mut take: impl FnMut(Notice)) {
    let mut control = nix::cmsg_space!([u8; 64]);
    loop {
        let mut head = [0; HEAD];
        let mut vectors = [IoSliceMut::new(&mut head)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(
            socket.as_fd().as_raw_fd(),
            &mut vectors,
            Some(&mut control),
            flags,
        );
        let Ok(message) = message else {
            return;
        };
        let len = message.bytes.min(HEAD);
        let why = message.cmsgs().ok().and_then(|mut all| {
            all.find_map(|one| match one {
                ControlMessageOwned::Ipv4RecvErr(error, _) => Some((false, error)),
                ControlMessageOwned::Ipv6RecvErr(error, _) => Some((true, error)),
                _ => None,
            })
        });
        let why = why
            .filter(|(_, error)| ORIGIN_ICMP.contains(&error.ee_origin))
            .and_then(|(v6, error)| Unreachable::of(v6, error.ee_type, error.ee_code));
        if let Some(why) = why {
            take(Notice { why, head, len });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_closed_port_is_told_with_the_datagram() {
        for address in ["127.0.0.1", "::1"] {
            let gone = UdpSocket::bind((address, 0)).unwrap();
            let peer = gone.local_addr().unwrap();
            drop(gone);
            let socket = UdpSocket::bind((address, 0)).unwrap();
            keep_notices(socket.as_fd(), peer.is_ipv6()).unwrap();
            socket.connect(peer).unwrap();
            socket.send(b"the first of two datagrams").unwrap();
            let mut told = Vec::new();
            for _ in 0..1000 {
                take_notices(&socket, |notice| told.push(notice));
                if !told.is_empty() {
                    break;
                }
                std::thread::park_timeout(Duration::from_millis(1));
            }
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].why, Unreachable::Port);
            assert_eq!(told[0].head(), b"the first of two datagrams");
            // It was taken: sending again is not refused for it.
            socket.send(b"2").unwrap();
        }
    }

    #[test]
    fn types_and_codes_have_their_meaning() {
        assert_eq!(Unreachable::of(false, 3, 3), Some(Unreachable::Port));
        assert_eq!(Unreachable::of(false, 3, 13), Some(Unreachable::Prohibited));
        assert_eq!(Unreachable::of(true, 1, 4), Some(Unreachable::Port));
        assert_eq!(Unreachable::of(true, 1, 3), Some(Unreachable::Host));
        // Too long for the path, and out of hops.
        assert_eq!(Unreachable::of(false, 3, 4), None);
        assert_eq!(Unreachable::of(false, 11, 0), None);
        assert_eq!(Unreachable::of(true, 2, 0), None);
    }
}
