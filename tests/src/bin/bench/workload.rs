//! The reference workloads: packets of many flows, the same in every run.

use std::fs::File;
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

/// How packets choose their flow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice {
    /// Every flow is as likely.
    Uniform,
    /// The nth is 1/n^1.05 as likely.
    Zipf,
}

/// A workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    /// Its name.
    pub(crate) name: &'static str,
    /// Different flows to choose from.
    pub(crate) flows: u32,
    /// How they are chosen.
    pub(crate) choice: Choice,
}

/// The three of the reference.
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

impl Workload {
    /// Writes `packets` packets as a savefile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, path: &Path, packets: u64) -> io::Result<()> {
        let mut random = Random::new(self.flows.into());
        let ranks = self.ranks();
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        out.write_all(&(SNAPLEN as u32).to_le_bytes())?;
        out.write_all(&1_u32.to_le_bytes())?;
        for n in 0..packets {
            let flow = match self.choice {
                Choice::Uniform => random.below(self.flows.into()) as u32,
                Choice::Zipf => {
                    let place = (random.number() >> 11) as f64 / (1_u64 << 53) as f64;
                    ranks
                        .partition_point(|rank| *rank < place)
                        .min(self.flows as usize - 1) as u32
                }
            };
            let length = LENGTHS[random.below(LENGTHS.len() as u64) as usize];
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
        out.flush()
    }

    /// The share of all flows up to each, for the Zipf choice.
    fn ranks(&self) -> Vec<f64> {
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

/// A packet of a flow: one in ten IPv6, two of three TCP, the others UDP.
fn frame(flow: u32, length: u16, sequence: u32) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let protocol = if flow.is_multiple_of(3) { 17 } else { 6 };
    let peer = flow.wrapping_mul(7919) & 0x00ff_ffff;
    if flow.is_multiple_of(10) {
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend((length - 14).saturating_sub(40).max(20).to_be_bytes());
        frame.extend([protocol, 64]);
        for (host, side) in [(flow, 1_u8), (peer, 2)] {
            frame.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, side]);
            frame.extend(host.to_be_bytes());
        }
    } else {
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((length - 14).max(40).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
        frame.extend((0x0a00_0000 + flow).to_be_bytes());
        frame.extend((0x0b00_0000 + peer).to_be_bytes());
    }
    let port = 1024 + (flow % 60_000) as u16;
    frame.extend(port.to_be_bytes());
    if protocol == 6 {
        frame.extend(443_u16.to_be_bytes());
        frame.extend(sequence.to_be_bytes());
        frame.extend([0, 0, 0, 0, 0x50, 0x10, 4, 0, 0, 0, 0, 0]);
    } else {
        frame.extend(53_u16.to_be_bytes());
        frame.extend([0, 26, 0, 0]);
    }
    frame.resize(SNAPLEN.min(length.into()), 0);
    frame
}
