//! Carriers: the sockets that send datagrams under their exporters' addresses and ports.
//!
//! A carrier is bound to the source port, and each message names its source address (`IP_PKTINFO` on a transparent socket), so
//! the kernel builds and fragments packets, fills in checksums and takes UDP GSO. Where another program has the port for
//! every address, a raw socket does it, without GSO.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::os::fd::AsFd;

use loss::DropReason;
use socket2::{SockAddr, Socket};
use udp::{Control, MAX_MESSAGES, Outbox, Run, SendOptions, Sender};

use crate::socket::{Target, open_carrier, open_raw};
use crate::table::Table;

/// How long a port stays with the raw socket before its own is tried again, nanoseconds.
const RETRY_NS: u64 = 10_000_000_000;

/// What a carrier is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    v6: bool,
    port: u16,
    no_checksum: bool,
}

#[derive(Debug)]
enum Carrier {
    Udp(Socket),
    /// Another program has the port, so datagrams are sent by the raw socket until then.
    Taken {
        until_ns: u64,
    },
}

/// The carriers of one thread, bounded in number: the least recently used make room.
#[derive(Debug)]
pub(crate) struct Carriers {
    sockets: Table<Key, Carrier>,
    /// The raw sockets, by address family.
    raw: [Option<Socket>; 2],
    outbox: Outbox,
    heads: Vec<[u8; 8]>,
}

/// Datagrams of one exporter that go to one receiver.
pub(crate) struct Batch<'a, D: Fn(usize) -> &'a [u8]> {
    pub(crate) source: SocketAddr,
    pub(crate) target: &'a Target,
    pub(crate) no_checksum: bool,
    pub(crate) count: usize,
    pub(crate) datagram: D,
}

impl Carriers {
    pub(crate) fn new(max: usize) -> Carriers {
        Carriers {
            sockets: Table::new(max),
            raw: [None, None],
            outbox: Outbox::new(),
            heads: vec![[0; 8]; MAX_MESSAGES],
        }
    }

    /// Returns the number of open sockets.
    pub(crate) fn len(&self) -> usize {
        self.raw.iter().flatten().count()
            + self
                .sockets
                .iter()
                .filter(|(_, carrier)| matches!(carrier, Carrier::Udp(_)))
                .count()
    }

    /// Closes all sockets. They are opened again when they are needed.
    pub(crate) fn clear(&mut self) {
        self.sockets.clear();
        self.raw = [None, None];
    }

    /// Sends datagrams in order. `outcome` is called as by [`Sender::send`].
    pub(crate) fn send<'a, D: Fn(usize) -> &'a [u8]>(
        &mut self,
        sender: &mut Sender,
        batch: &Batch<'a, D>,
        segment_max: &mut usize,
        now_ns: u64,
        mut outcome: impl FnMut(Range<usize>, Result<(), DropReason>),
    ) {
        let Batch { source, target, .. } = batch;
        if source.is_ipv4() != target.peer.is_ipv4() {
            return outcome(0..batch.count, Err(DropReason::SpoofFamily));
        }
        let key = Key {
            v6: source.is_ipv6(),
            port: source.port(),
            no_checksum: batch.no_checksum && source.is_ipv4(),
        };
        let number = match self.open(key, source.ip(), now_ns) {
            Ok(number) => number,
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                return outcome(0..batch.count, Err(DropReason::NoSocket(errno)));
            }
        };
        let mut control = target.control;
        let scope = match source {
            SocketAddr::V6(source) => source.scope_id(),
            SocketAddr::V4(_) => 0,
        };
        control.push_source(source.ip(), scope);
        match self.sockets.get(number) {
            Carrier::Udp(socket) => {
                let mut options = SendOptions {
                    socket: socket.as_fd(),
                    to: Some(&target.name),
                    control: &control,
                    segment_max,
                    share: 2,
                    patience: 0,
                };
                let outcome = |range, result: Result<(), i32>| {
                    outcome(range, result.map_err(DropReason::of_errno));
                };
                sender.send(&mut options, batch.count, &batch.datagram, outcome);
            }
            Carrier::Taken { .. } => self.send_raw(batch, &control, outcome),
        }
    }

    fn open(&mut self, key: Key, family: IpAddr, now_ns: u64) -> io::Result<u32> {
        let known = self.sockets.find(&key, now_ns);
        if let Some(number) = known {
            match self.sockets.get(number) {
                Carrier::Taken { until_ns } if *until_ns < now_ns => {}
                _ => return Ok(number),
            }
        }
        let open = || open_carrier(family, key.port, key.no_checksum);
        let opened = match open() {
            Err(error) if error.raw_os_error() == Some(libc::EMFILE) && self.sockets.len() > 0 => {
                // The process has no descriptors left: close all carriers and start again with one.
                self.sockets.clear();
                return open()
                    .map(|socket| self.sockets.insert(key, Carrier::Udp(socket), now_ns).0);
            }
            opened => opened,
        };
        let carrier = match opened {
            Ok(socket) => Carrier::Udp(socket),
            // A port below 1024 may need a privilege of its own.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EADDRINUSE | libc::EACCES)) => {
                let raw = &mut self.raw[usize::from(key.v6)];
                if raw.is_none() {
                    *raw = Some(open_raw(family)?);
                }
                Carrier::Taken {
                    until_ns: now_ns + RETRY_NS,
                }
            }
            Err(error) => return Err(error),
        };
        Ok(match known {
            Some(number) => {
                *self.sockets.get_mut(number) = carrier;
                number
            }
            None => self.sockets.insert(key, carrier, now_ns).0,
        })
    }

    fn send_raw<'a, D: Fn(usize) -> &'a [u8]>(
        &mut self,
        batch: &Batch<'a, D>,
        control: &Control,
        mut outcome: impl FnMut(Range<usize>, Result<(), DropReason>),
    ) {
        let Some(socket) = &self.raw[usize::from(batch.source.is_ipv6())] else {
            return outcome(0..batch.count, Err(DropReason::NoSocket(libc::EADDRINUSE)));
        };
        // A raw socket's addresses have no port.
        let mut peer = batch.target.peer;
        peer.set_port(0);
        let name = SockAddr::from(peer);
        let runs = [Run {
            parts: 2,
            segment: 0,
        }; MAX_MESSAGES];
        let mut at = 0;
        while at < batch.count {
            let count = (batch.count - at).min(MAX_MESSAGES);
            for number in 0..count {
                let datagram = (batch.datagram)(at + number);
                self.heads[number] = udp_header(
                    batch.source,
                    batch.target.peer,
                    datagram,
                    !batch.no_checksum,
                );
            }
            let parts = (0..count)
                .flat_map(|number| [&self.heads[number][..], (batch.datagram)(at + number)]);
            match self
                .outbox
                .send(socket.as_fd(), Some(&name), control, &runs[..count], parts)
            {
                Ok(taken) => {
                    outcome(at..at + taken, Ok(()));
                    at += taken;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let errno = error.raw_os_error().unwrap_or(libc::EIO);
                    outcome(at..at + 1, Err(DropReason::of_errno(errno)));
                    at += 1;
                }
            }
        }
    }
}

/// Makes a UDP header (RFC 768). Over IPv6 the kernel fills in the checksum.
fn udp_header(from: SocketAddr, to: SocketAddr, payload: &[u8], checksum: bool) -> [u8; 8] {
    let len = (payload.len() + 8) as u16;
    let mut header = [0; 8];
    header[..2].copy_from_slice(&from.port().to_be_bytes());
    header[2..4].copy_from_slice(&to.port().to_be_bytes());
    header[4..6].copy_from_slice(&len.to_be_bytes());
    let (IpAddr::V4(from), IpAddr::V4(to), true) = (from.ip(), to.ip(), checksum) else {
        return header;
    };
    let sum = sum(&from.octets())
        + sum(&to.octets())
        + u64::from(libc::IPPROTO_UDP as u16)
        + u64::from(len)
        + sum(&header)
        + sum(payload);
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    // 0 would say that there is none.
    let checksum = match !(folded as u16) {
        0 => 0xffff,
        checksum => checksum,
    };
    header[6..].copy_from_slice(&checksum.to_be_bytes());
    header
}

/// Adds up 16-bit words (RFC 1071), without folding the sum.
fn sum(octets: &[u8]) -> u64 {
    let mut words = octets.chunks_exact(2);
    let sum: u64 = words
        .by_ref()
        .map(|word| u64::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    match words.remainder() {
        [last] => sum + (u64::from(*last) << 8),
        _ => sum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_768() {
        // From a capture: 192.168.0.31 to 192.168.0.30, 20 to 10 octets "Hi".
        let from = "192.168.0.31:20".parse().unwrap();
        let to = "192.168.0.30:10".parse().unwrap();
        let header = udp_header(from, to, b"Hi", true);
        assert_eq!(header, [0, 20, 0, 10, 0, 10, 0x35, 0xc5]);
        assert_eq!(udp_header(from, to, b"Hi", false)[6..], [0, 0]);
        // Odd lengths are padded with zero, and a sum of nothing is sent as all ones.
        assert_eq!(sum(&[1, 2, 3]), 0x0102 + 0x0300);
        let zero = (0..=u16::MAX)
            .map(|word| udp_header(from, to, &word.to_be_bytes(), true))
            .any(|header| header[6..] == [0, 0]);
        assert!(!zero);
    }
}
