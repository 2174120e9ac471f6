//! Sends datagrams in as few calls as their order allows, and reports what became of each.

use std::ops::Range;
use std::os::fd::BorrowedFd;

use nix::poll::{PollFd, PollFlags, poll};
use socket2::SockAddr;

use crate::MAX_PAYLOAD;
use crate::sys::{Control, MAX_MESSAGES, MAX_PARTS, Outbox, Run};

/// Most datagrams the kernel cuts one message into (`UDP_MAX_SEGMENTS` before Linux 6.9).
const MAX_SEGMENTS: usize = 64;

/// How datagrams are sent: by which socket, to whom, and how long to try.
pub struct SendOptions<'a> {
    /// The socket, which does not block.
    pub socket: BorrowedFd<'a>,
    /// The destination, when the socket is not connected. A connected socket reports ICMP errors for datagrams sent before.
    pub to: Option<&'a SockAddr>,
    /// Ancillary data sent with each message.
    pub control: &'a Control,
    /// Longest datagrams that may share a message; 0: none may. It is lowered when the kernel refuses longer ones.
    pub segment_max: &'a mut usize,
    /// Fewest datagrams that share a message; at least 2.
    pub share: usize,
    /// Milliseconds to wait for room in a full socket buffer, once for each message.
    pub patience: u8,
}

/// Sends datagrams, and keeps the memory that the system calls need.
#[derive(Debug)]
pub struct Sender {
    outbox: Outbox,
    runs: Vec<Run>,
}

impl Default for Sender {
    fn default() -> Self {
        Sender::new()
    }
}

impl Sender {
    /// Makes a sender. It takes memory when it first sends.
    pub fn new() -> Sender {
        Sender {
            outbox: Outbox::new(),
            runs: Vec::new(),
        }
    }

    /// Sends `count` datagrams in order. `outcome` is called for each, in ranges that follow one another: the kernel took
    /// them, or the error number why not. Returns how many ICMP errors there were for datagrams sent earlier.
    pub fn send<'a>(
        &mut self,
        options: &mut SendOptions<'_>,
        count: usize,
        datagram: impl Fn(usize) -> &'a [u8],
        mut outcome: impl FnMut(Range<usize>, Result<(), i32>),
    ) -> u64 {
        let (mut at, mut notices, mut alone_until) = (0, 0, 0);
        // An error may belong to a datagram sent before; then it is gone when the call is made again.
        let (mut again, mut waited) = (false, options.patience == 0);
        while at < count {
            self.group(at, count, alone_until, options, &datagram);
            let first = usize::from(self.runs.first().map_or(1, |run| run.parts));
            let result = self.outbox.send(
                options.socket,
                options.to,
                options.control,
                &self.runs,
                (at..count).map(&datagram),
            );
            match result {
                Ok(taken) => {
                    let sent: usize = self.runs[..taken]
                        .iter()
                        .map(|run| usize::from(run.parts))
                        .sum();
                    notices += u64::from(again && taken > 0);
                    outcome(at..at + sent, Ok(()));
                    at += sent;
                    // Stopped short: the error that stopped it was not reported, and a pending one is cleared.
                    again = taken < self.runs.len() && options.to.is_none();
                    waited = options.patience == 0;
                }
                Err(error) => match error.raw_os_error().unwrap_or(libc::EIO) {
                    libc::EINTR => {}
                    libc::EAGAIN if !waited => {
                        (again, waited) = (false, true);
                        let _ = poll(
                            &mut [PollFd::new(options.socket, PollFlags::POLLOUT)],
                            options.patience,
                        );
                    }
                    libc::ECONNREFUSED | libc::EHOSTUNREACH | libc::ENETUNREACH
                        if options.to.is_none() && !again =>
                    {
                        again = true;
                    }
                    errno @ (libc::EMSGSIZE | libc::EINVAL | libc::EIO) if first > 1 => {
                        // Longer than the path MTU, or the path does not support it: sent alone, IP may still
                        // fragment them.
                        alone_until = at + first;
                        *options.segment_max = match errno {
                            libc::EIO => 0,
                            _ => datagram(at).len().saturating_sub(1),
                        };
                        again = false;
                    }
                    errno => {
                        // Without a route there is no point in trying the others.
                        let end = match errno {
                            libc::ENETUNREACH
                            | libc::EHOSTUNREACH
                            | libc::ENETDOWN
                            | libc::EHOSTDOWN => count,
                            _ => at + first,
                        };
                        outcome(at..end, Err(errno));
                        at = end;
                        (again, waited) = (false, options.patience == 0);
                    }
                },
            }
        }
        notices
    }

    /// Groups datagrams from `at` on into messages of datagrams of equal length, the last of which may be shorter.
    #[inline]
    fn group<'a>(
        &mut self,
        at: usize,
        count: usize,
        alone_until: usize,
        options: &SendOptions<'_>,
        datagram: &impl Fn(usize) -> &'a [u8],
    ) {
        self.runs.clear();
        let end = count.min(at + MAX_PARTS);
        let mut first = at;
        while first < end && self.runs.len() < MAX_MESSAGES {
            let segment = datagram(first).len();
            let mut next = first + 1;
            if first >= alone_until && (1..=*options.segment_max).contains(&segment) {
                let most = end.min(first + MAX_SEGMENTS.min(MAX_PAYLOAD / segment));
                while next < most {
                    let len = datagram(next).len();
                    if len > segment || len == 0 {
                        break;
                    }
                    next += 1;
                    if len < segment {
                        break;
                    }
                }
                if next - first < options.share {
                    next = first + 1;
                }
            }
            let parts = next - first;
            self.runs.push(Run {
                parts: parts as u16,
                segment: if parts > 1 { segment as u16 } else { 0 },
            });
            first = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};
    use std::os::fd::AsFd;

    use super::*;

    fn grouped(lengths: &[usize], mut segment_max: usize, alone_until: usize) -> Vec<(u16, u16)> {
        grouped_from(2, lengths, &mut segment_max, alone_until)
    }

    fn grouped_from(
        share: usize,
        lengths: &[usize],
        segment_max: &mut usize,
        alone_until: usize,
    ) -> Vec<(u16, u16)> {
        let octets = vec![0; 65_507];
        let mut sender = Sender::new();
        let stdin = std::io::stdin();
        let options = SendOptions {
            socket: stdin.as_fd(),
            to: None,
            control: &Control::new(),
            segment_max,
            share,
            patience: 0,
        };
        sender.group(0, lengths.len(), alone_until, &options, &|number| {
            &octets[..lengths[number]]
        });
        sender
            .runs
            .iter()
            .map(|run| (run.parts, run.segment))
            .collect()
    }

    #[test]
    fn equal_datagrams_share_a_message_and_a_shorter_one_ends_it() {
        assert_eq!(
            grouped(&[100, 100, 100, 60, 100, 80, 120, 0, 100, 0], 1472, 0),
            [(4, 100), (2, 100), (1, 0), (1, 0), (1, 0), (1, 0)]
        );
        assert_eq!(
            grouped(&[1473, 1473, 1472, 1472], 1472, 0),
            [(1, 0), (1, 0), (2, 1472)]
        );
        assert_eq!(grouped(&[100; 5], 1472, 2), [(1, 0), (1, 0), (3, 100)]);
        assert_eq!(grouped(&[1; 130], 1472, 0), [(64, 1), (64, 1), (2, 1)]);
        // Too few to share a message.
        assert_eq!(
            grouped_from(3, &[100, 100, 200, 100, 100, 100], &mut 1472, 0),
            [(1, 0), (1, 0), (1, 0), (3, 100)]
        );
        // Until it is split, a message must not be longer than a datagram may be.
        assert_eq!(grouped(&[1400; 50], 1472, 0), [(46, 1400), (4, 1400)]);
    }

    fn send(socket: &UdpSocket, to: Option<SocketAddr>, datagrams: &[Vec<u8>]) -> (u64, Vec<bool>) {
        let to = to.map(SockAddr::from);
        let mut sent = Vec::new();
        let notices = Sender::new().send(
            &mut SendOptions {
                socket: socket.as_fd(),
                to: to.as_ref(),
                control: &Control::new(),
                segment_max: &mut 65_507,
                share: 2,
                patience: 0,
            },
            datagrams.len(),
            |number| &datagrams[number],
            |range, result| sent.extend(range.map(|_| result.is_ok())),
        );
        (notices, sent)
    }

    #[test]
    fn every_length_arrives_whole_and_in_order() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let lengths = [1200, 1200, 1200, 7, 0, 0, 65_507, 9000, 9000, 1, 1, 1, 1, 2];
        for lengths in lengths.chunks(5) {
            let datagrams: Vec<Vec<u8>> = lengths
                .iter()
                .enumerate()
                .map(|(number, len)| vec![number as u8; *len])
                .collect();
            let (notices, sent) = send(&socket, Some(to), &datagrams);
            assert!(notices == 0 && sent.len() == datagrams.len() && sent.iter().all(|ok| *ok));
            let mut buffer = vec![0; 65_536];
            for datagram in &datagrams {
                let len = receiver.recv(&mut buffer).unwrap();
                assert!(buffer[..len] == datagram[..]);
            }
        }
    }

    #[test]
    fn an_error_of_the_past_costs_no_datagram() {
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        // Nobody listens: the kernel accepts each datagram and reports the error afterwards.
        let one = [vec![1; 100]];
        assert_eq!(send(&socket, None, &one), (0, vec![true]));
        assert_eq!(send(&socket, None, &one), (1, vec![true]));
        let back = UdpSocket::bind(address).unwrap();
        assert_eq!(send(&socket, None, &one), (1, vec![true]));
        assert_eq!(back.recv(&mut [0; 200]).unwrap(), 100);
        assert_eq!(send(&socket, None, &one), (0, vec![true]));
    }
}
