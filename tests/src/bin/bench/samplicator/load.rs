//! Exporters that send NetFlow v9 at a rate, and receivers that count.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flow_tests::clock;
use flow_tests::random::Random;
use flow_tests::wait::within;

use super::Size;
use super::net::{Packets, count_waiting, large_buffer};

/// How often the exporters have their turn.
const TURN: Duration = Duration::from_micros(100);
/// Datagrams made before the clock starts; they are sent over and over.
const MADE: usize = 512;

/// What is sent.
pub(crate) struct Load {
    pub(crate) exporters: usize,
    pub(crate) rate: u64,
    pub(crate) size: Size,
    pub(crate) seconds: u64,
}

impl Load {
    /// Sockets of exporters, each with an address and port of its own.
    pub(crate) fn exporters(&self, port: u16) -> io::Result<Vec<UdpSocket>> {
        (0..self.exporters)
            .map(|number| {
                let socket = UdpSocket::bind((format!("127.0.1.{}", 1 + number % 250), 0))?;
                socket.connect(("127.0.0.1", port))?;
                Ok(socket)
            })
            .collect()
    }

    /// Sends templates until every receiver has some: then the program under test is up.
    pub(crate) fn begin(&self, exporters: &[UdpSocket], sinks: &Sinks) -> io::Result<()> {
        let up = within(Duration::from_secs(20), || {
            for exporter in exporters {
                // Nobody may listen yet.
                let _ = exporter.send(&template());
            }
            thread::sleep(Duration::from_millis(100));
            sinks.each().iter().all(|count| *count > 0).then_some(())
        });
        if up.is_none() {
            let counts = sinks.each();
            return Err(io::Error::other(format!("it relays nothing: {counts:?}")));
        }
        sinks.settle();
        Ok(())
    }

    /// Sends at the rate. Returns how many datagrams.
    pub(crate) fn send(&self, exporters: &[UdpSocket]) -> io::Result<u64> {
        let mut random = Random::new(7);
        let made: Vec<Vec<u8>> = (0..MADE)
            .map(|_| match self.size {
                Size::Fixed(octets) => data(octets),
                Size::Mixed => data(100 + 4 * random.below(326) as usize),
            })
            .collect();
        let mut packets = Packets::new(&made);
        let total = self.rate * self.seconds;
        let start = clock::now();
        let (mut sent, mut turn) = (0, 0);
        while sent < total {
            let due = (start.elapsed().as_nanos() * u128::from(self.rate) / 1_000_000_000) as u64;
            let due = due.min(total).saturating_sub(sent);
            let each = due.div_ceil(exporters.len() as u64) as usize;
            let mut left = due as usize;
            for _ in 0..exporters.len() {
                let count = each.min(left);
                if count > 0 {
                    packets.send(&exporters[turn % exporters.len()], count)?;
                    turn += 1;
                    left -= count;
                }
            }
            sent += due;
            thread::sleep(TURN);
        }
        Ok(sent)
    }
}

/// A NetFlow v9 header: version, count, uptime, time, sequence, source identifier.
fn header(count: u16) -> Vec<u8> {
    let mut octets = vec![0, 9];
    octets.extend(count.to_be_bytes());
    octets.extend([0, 0, 3, 232, 0x65, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    octets
}

/// Fields of the records: type and length (RFC 3954 §8).
const FIELDS: [(u16, u16); 13] = [
    (8, 4),
    (12, 4),
    (15, 4),
    (10, 2),
    (14, 2),
    (2, 4),
    (1, 4),
    (22, 4),
    (21, 4),
    (7, 2),
    (11, 2),
    (4, 1),
    (5, 1),
];
const RECORD: usize = 38;

fn template() -> Vec<u8> {
    let mut octets = header(1);
    octets.extend([0, 0]);
    octets.extend((8 + 4 * FIELDS.len() as u16).to_be_bytes());
    octets.extend(256_u16.to_be_bytes());
    octets.extend((FIELDS.len() as u16).to_be_bytes());
    for (kind, len) in FIELDS {
        octets.extend(kind.to_be_bytes());
        octets.extend(len.to_be_bytes());
    }
    octets
}

/// A datagram of so many octets: records, and padding.
fn data(octets: usize) -> Vec<u8> {
    let records = (octets - 24) / RECORD;
    let mut datagram = header(records as u16);
    datagram.extend(256_u16.to_be_bytes());
    datagram.extend(((octets - 20) as u16).to_be_bytes());
    for number in 0..records * RECORD {
        datagram.push((number % 251) as u8);
    }
    datagram.resize(octets, 0);
    datagram
}

/// Receivers, and the threads that count what they get.
pub(crate) struct Sinks {
    ports: Vec<u16>,
    counts: Arc<Vec<AtomicU64>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Sinks {
    /// So many receivers. Those that `block` wait in their system call, as collectors do, and are woken by whoever sends;
    /// the others look every two milliseconds.
    pub(crate) fn start(count: usize, block: bool) -> io::Result<Sinks> {
        let sockets: Vec<UdpSocket> = (0..count)
            .map(|_| {
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                large_buffer(&socket)?;
                socket.set_nonblocking(!block)?;
                socket.set_read_timeout(Some(Duration::from_millis(200)))?;
                Ok(socket)
            })
            .collect::<io::Result<_>>()?;
        let ports = sockets
            .iter()
            .map(|socket| Ok(socket.local_addr()?.port()))
            .collect::<io::Result<_>>()?;
        let counts: Arc<Vec<AtomicU64>> = Arc::new((0..count).map(|_| AtomicU64::new(0)).collect());
        let stop = Arc::new(AtomicBool::new(false));
        let mut sockets: Vec<(usize, UdpSocket)> = sockets.into_iter().enumerate().collect();
        let mut threads = Vec::new();
        while !sockets.is_empty() {
            let own = sockets.split_off(if block { sockets.len() - 1 } else { 0 });
            let (counts, stop) = (counts.clone(), stop.clone());
            threads.push(thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for (number, socket) in &own {
                        counts[*number].fetch_add(count_waiting(socket), Ordering::Relaxed);
                    }
                    if !block {
                        thread::sleep(Duration::from_millis(2));
                    }
                }
            }));
        }
        Ok(Sinks {
            ports,
            counts,
            stop,
            threads,
        })
    }

    pub(crate) fn ports(&self) -> Vec<u16> {
        self.ports.clone()
    }

    fn each(&self) -> Vec<u64> {
        self.counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect()
    }

    /// Copies that arrived, all receivers together.
    pub(crate) fn count(&self) -> u64 {
        self.each().iter().sum()
    }

    /// Waits until nothing arrives any more.
    pub(crate) fn settle(&self) {
        let mut last = u64::MAX;
        within(Duration::from_secs(20), || {
            let now = self.count();
            let settled = now == last;
            last = now;
            thread::sleep(Duration::from_millis(300));
            settled.then_some(())
        });
    }
}

impl Drop for Sinks {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
