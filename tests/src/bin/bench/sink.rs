//! The collector that every program exports to: it counts what it is told, by templates.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use flow_tests::wait::{SOON, within};
use nix::sys::socket::{setsockopt, sockopt};
use wire::{Contents, Sets, Template, ipfix, v9};

use crate::sys::socket_drops;

/// packetDeltaCount, the element with which all of them say how many packets.
const PACKETS: u16 = 2;
/// Room for the records of a million flows that end at once.
const BUFFER: usize = 256 << 20;
/// How long without a datagram is the end of an export.
const QUIET: Duration = Duration::from_millis(100);

/// What has been told since the last time it was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// Flow records.
    pub(crate) records: u64,
    /// Packets in them.
    pub(crate) packets: u64,
    /// Datagrams that the socket had no room for; then the two above are too small.
    pub(crate) lost: u64,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    records: AtomicU64,
    packets: AtomicU64,
    lost: AtomicU64,
    /// Times that nothing came for [`QUIET`].
    quiet: AtomicU64,
}

/// A running collector.
pub(crate) struct Sink {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// Collects from a socket.
    ///
    /// # Errors
    /// When the socket cannot be set up.
    pub(crate) fn start(socket: UdpSocket) -> io::Result<Sink> {
        // Without privilege it gets what it may have; what it loses is counted.
        if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &BUFFER)?;
        }
        socket.set_read_timeout(Some(QUIET))?;
        let port = socket.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let thread = {
            let shared = shared.clone();
            std::thread::spawn(move || collect(&socket, &shared))
        };
        Ok(Sink {
            port,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until nothing more comes, and starts to count anew.
    pub(crate) fn told(&self) -> Told {
        let quiet = self.shared.quiet.load(Ordering::Relaxed);
        // The first may have begun before the last datagram was sent.
        within(SOON, || {
            (self.shared.quiet.load(Ordering::Relaxed) >= quiet + 2).then_some(())
        });
        let take = |number: &AtomicU64| number.swap(0, Ordering::Relaxed);
        Told {
            records: take(&self.shared.records),
            packets: take(&self.shared.packets),
            lost: take(&self.shared.lost),
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn collect(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = vec![0; 65_536];
    let mut templates = Templates::default();
    let mut drops = 0;
    while !shared.stop.load(Ordering::Relaxed) {
        let Ok((len, from)) = socket.recv_from(&mut buffer) else {
            let now = socket_drops(socket.as_fd()).unwrap_or(drops);
            let new = now.wrapping_sub(std::mem::replace(&mut drops, now));
            shared.lost.fetch_add(new.into(), Ordering::Relaxed);
            shared.quiet.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let (records, packets) = templates.count(from, &buffer[..len]);
        shared.records.fetch_add(records, Ordering::Relaxed);
        shared.packets.fetch_add(packets, Ordering::Relaxed);
    }
}

/// The templates of every exporter and observation domain.
#[derive(Default)]
struct Templates(HashMap<(SocketAddr, u32, u16), Template>);

impl Templates {
    /// Flow records of a NetFlow v9 or IPFIX datagram, and the packets in them.
    fn count(&mut self, from: SocketAddr, datagram: &[u8]) -> (u64, u64) {
        match datagram {
            [0, 9, ..] => v9::Message::parse(datagram).map_or((0, 0), |message| {
                self.count_sets(from, message.header.source_id, message.sets())
            }),
            _ => ipfix::Message::parse(datagram).map_or((0, 0), |message| {
                self.count_sets(from, message.header.domain, message.sets())
            }),
        }
    }

    fn count_sets(&mut self, from: SocketAddr, domain: u32, sets: Sets<'_>) -> (u64, u64) {
        let (mut records, mut packets) = (0, 0);
        for set in sets.flatten() {
            for template in set.templates().flatten() {
                self.0.insert((from, domain, template.id), template);
            }
            let Contents::Data(id) = set.contents() else {
                continue;
            };
            let Some(template) = self.0.get(&(from, domain, id)).filter(|it| !it.options) else {
                continue;
            };
            for record in set.records(template).flatten() {
                records += 1;
                packets += record
                    .fields()
                    .filter(|(field, _)| field.id == PACKETS && field.enterprise == 0)
                    .map(|(_, value)| {
                        value
                            .iter()
                            .fold(0, |sum, octet| sum << 8 | u64::from(*octet))
                    })
                    .sum::<u64>();
            }
        }
        (records, packets)
    }
}
