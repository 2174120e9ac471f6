//! The reference workloads: packets of many flows, generated alike in every run.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flow_tests::random::Random;

/// Octets captured of each packet.
const SNAPLEN: usize = 80;
/// The first packet, microseconds since 1970.
const START_US: u64 = 1_600_000_000_000_000;
/// How long the capture lasts, microseconds.
const DURATION_US: u64 = 60_000_000;
/// Frame lengths, 7 : 4 : 1 (the Internet mix).
const LENGTHS: [u16; 12] = [64, 64, 64, 64, 64, 64, 64, 576, 576, 576, 576, 1500];

/// The probability distribution of the flows that packets belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice {
    /// All flows are equally likely.
    Uniform,
    /// The probability of the nth flow is proportional to 1/n^1.05.
    Zipf,
}

/// A workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    /// Its name.
    pub(crate) name: &'static str,
    /// Number of different flows to choose from.
    pub(crate) flows: u32,
    /// How a packet's flow is chosen.
    pub(crate) choice: Choice,
}

/// The reference workloads.
pub(crate) const ALL: [Workload; 3] = [
    Workload {
        name: "eleph1k",
        flows: 1_000,
        choice: Choice::Uniform,
    },
    Workload {
        name: "zipf100k",
        flows: 100_000,
        choice: Choice::Zipf,
    },
    Workload {
        name: "churn1m",
        flows: 1_000_000,
        choice: Choice::Uniform,
    },
];

/// The packets of a workload, in order.
struct Packets {
    workload: Workload,
    random: Random,
    ranks: Vec<f64>,
}

impl Packets {
    /// Returns the flow and the frame length of the next packet.
    fn next(&mut self) -> (u32, u16) {
        let flows = self.workload.flows;
        let flow = match self.workload.choice {
            Choice::Uniform => self.random.below(flows.into()) as u32,
            Choice::Zipf => {
                let place = (self.random.number() >> 11) as f64 / (1_u64 << 53) as f64;
                let rank = self.ranks.partition_point(|rank| *rank < place);
                rank.min(flows as usize - 1) as u32
            }
        };
        let length = LENGTHS[self.random.below(LENGTHS.len() as u64) as usize];
        (flow, length)
    }
}

impl Workload {
    fn packets(&self) -> Packets {
        Packets {
            workload: *self,
            random: Random::new(self.flows.into()),
            ranks: self.ranks(),
        }
    }

    /// Returns the number of different flows among the first `packets` packets.
    pub(crate) fn distinct(&self, packets: u64) -> usize {
        let mut all = self.packets();
        let flows: HashSet<u32> = (0..packets).map(|_| all.next().0).collect();
        flows.len()
    }

    /// Writes `packets` packets as a savefile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, path: &Path, packets: u64) -> io::Result<()> {
        let mut all = self.packets();
        // The file gets its name when it is complete, so an interrupted run leaves no half file to be used.
        let part = path.with_extension("part");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        out.write_all(&(SNAPLEN as u32).to_le_bytes())?;
        out.write_all(&1_u32.to_le_bytes())?;
        for n in 0..packets {
            let (flow, length) = all.next();
            let frame = frame(flow, length, n as u32);
            let time_us = START_US + n * DURATION_US / packets;
            let captured = frame.len() as u32;
            for word in [
                (time_us / 1_000_000) as u32,
                (time_us % 1_000_000) as u32,
                captured,
                captured.max(length.into()),
            ] {
                out.write_all(&word.to_le_bytes())?;
            }
            out.write_all(&frame)?;
        }
        out.flush()?;
        fs::rename(part, path)
    }

    /// Returns the cumulative distribution of the flows for [`Choice::Zipf`].
    fn ranks(&self) -> Vec<f64> {
        if matches!(self.choice, Choice::Uniform) {
            return Vec::new();
        }
        let mut sum = 0.0;
        let weights = (1..=self.flows).map(|rank| f64::from(rank).powf(-1.05));
        let mut ranks: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        ranks.iter_mut().for_each(|rank| *rank /= sum);
        ranks
    }
}

/// Makes a frame of a flow: one flow in ten is IPv6, two of three are TCP, the others UDP. Addresses and ports lie as if
/// drawn at random.
///
/// No flow is DNS: nfpcapd ends a flow at each datagram of port 53, which is not what is to be measured.
fn frame(flow: u32, length: u16, sequence: u32) -> Vec<u8> {
    // The factors are odd: every flow has addresses of its own.
    let number = flow + 1;
    let (host, peer) = (
        number.wrapping_mul(0x9e37_79b1),
        number.wrapping_mul(0x85eb_ca6b),
    );
    let source_port = 1024 + (peer >> 16) as u16 % 60_000;
    let protocol = if flow.is_multiple_of(3) { 17 } else { 6 };
    let transport_len = if protocol == 17 { 8 } else { 20 };
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let payload_len = if flow.is_multiple_of(10) {
        let len = (length - 14).saturating_sub(40).max(transport_len);
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend(len.to_be_bytes());
        frame.extend([protocol, 64]);
        for (address, side) in [(host, 1_u8), (peer, 2)] {
            frame.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, side]);
            frame.extend(address.to_be_bytes());
        }
        len
    } else {
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((length - 14).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
        frame.extend(host.to_be_bytes());
        frame.extend(peer.to_be_bytes());
        length - 34
    };
    frame.extend(source_port.to_be_bytes());
    frame.extend(443_u16.to_be_bytes());
    if protocol == 6 {
        frame.extend(sequence.to_be_bytes());
        frame.extend([0, 0, 0, 0, 0x50, 0x10, 4, 0, 0, 0, 0, 0]);
    } else {
        frame.extend(payload_len.to_be_bytes());
        frame.extend([0, 0]);
    }
    // The shortest frame is 64 octets, the longest header 74.
    let whole = frame.len().max(length.into());
    frame.resize(whole.min(SNAPLEN), 0);
    frame
}
