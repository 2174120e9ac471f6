//! An ear on an interface: what really came in, counted without the project's code.
//!
//! The socket asks for kernel receive times. With that asked for, the kernel stamps a packet once, before it hands it
//! to anybody, so the times here and those of any other packet socket are the same to the nanosecond.

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType,
    recvmsg, setsockopt, socket, sockopt,
};
use std::os::fd::AsFd;

use crate::clock;
use crate::frame;
use crate::key::{Flows, Key, Sum};
use crate::netns::Namespace;
use crate::wait::{SOON, until};

/// A running tap.
pub struct Tap {
    packets: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// One IP packet that came in.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Kernel receive time, nanoseconds since 1970.
    pub time_ns: u64,
    /// Its flow.
    pub key: Key,
    /// IP octets.
    pub octets: u64,
    /// TCP flags.
    pub flags: u16,
    /// Sent by the host itself.
    pub outgoing: bool,
}

impl Tap {
    /// Listens on an interface of the namespace, in both directions.
    ///
    /// # Panics
    /// When the socket cannot be had.
    pub fn start(namespace: &Namespace, interface: &str) -> Tap {
        let (fd, index) = namespace.enter(|| {
            let fd = socket(
                AddressFamily::Packet,
                SockType::Raw,
                SockFlag::SOCK_CLOEXEC,
                SockProtocol::EthAll,
            )
            .expect("a packet socket");
            setsockopt(&fd, sockopt::RcvBufForce, &(64 << 20)).expect("SO_RCVBUFFORCE");
            setsockopt(&fd, sockopt::ReceiveTimestampns, &true).expect("SO_TIMESTAMPNS");
            (
                fd,
                nix::net::if_::if_nametoindex(interface).expect("the interface"),
            )
        });
        let packets = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (packets, stop) = (packets.clone(), stop.clone());
            std::thread::spawn(move || listen(&fd, index as usize, &packets, &stop))
        };
        Tap {
            packets,
            stop,
            thread: Some(thread),
        }
    }

    /// What was heard so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.packets.lock().expect("no listener panicked").clone()
    }

    /// Waits until nothing has been heard for a while: the last acknowledgements of a connection have no other sign.
    pub fn quiet(&self) {
        let mut heard = (0, clock::now());
        until("silence on the wire", SOON, || {
            let packets = self.packets.lock().expect("no listener panicked").len();
            if packets != heard.0 {
                heard = (packets, clock::now());
            }
            (heard.1.elapsed() > Duration::from_millis(300)).then_some(())
        });
    }

    /// The flows that came in from outside.
    pub fn incoming(&self) -> Flows {
        let mut flows = Flows::default();
        for seen in self.seen().iter().filter(|seen| !seen.outgoing) {
            flows.add(seen.key, seen.sum());
        }
        flows
    }

    /// The flows of both directions.
    pub fn both(&self) -> Flows {
        let mut flows = Flows::default();
        for seen in self.seen() {
            flows.add(seen.key, seen.sum());
        }
        flows
    }
}

impl Seen {
    fn sum(&self) -> Sum {
        Sum {
            packets: 1,
            octets: self.octets,
            first_ns: self.time_ns,
            last_ns: self.time_ns,
            flags: self.flags,
            records: 0,
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(fd: &OwnedFd, index: usize, packets: &Mutex<Vec<Seen>>, stop: &AtomicBool) {
    let mut buffer = vec![0u8; 70_000];
    while !stop.load(Ordering::Relaxed) {
        let mut wait = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
        if poll(&mut wait, PollTimeout::from(50u16)).unwrap_or(0) == 0 {
            continue;
        }
        let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let (len, seen) = {
            let Ok(message) = recvmsg::<LinkAddr>(
                fd.as_raw_fd(),
                &mut slices,
                Some(&mut space),
                MsgFlags::empty(),
            ) else {
                continue;
            };
            let Some(from) = message.address else {
                continue;
            };
            if from.ifindex() != index {
                continue;
            }
            let time = message.cmsgs().ok().and_then(|mut all| {
                all.find_map(|control| match control {
                    ControlMessageOwned::ScmTimestampns(time) => {
                        Some(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
                    }
                    _ => None,
                })
            });
            // PACKET_OUTGOING is 4.
            (
                message.bytes,
                (time.unwrap_or(0), from.as_ref().sll_pkttype == 4),
            )
        };
        if let Some((key, octets, flags)) = frame::read(&buffer[..len]) {
            let seen = Seen {
                time_ns: seen.0,
                key,
                octets,
                flags,
                outgoing: seen.1,
            };
            packets.lock().expect("no reader panicked").push(seen);
        }
    }
}
