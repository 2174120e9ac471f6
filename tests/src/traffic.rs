//! Generated traffic with known totals, to be replayed or written to a savefile.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use crate::frame::{Fragment, Frame, Payload};
use crate::key::{Flows, Sum};
use crate::pcapfile;
use crate::random::Random;

/// Frames in the order of their times, and the flows they belong to.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    frames: Vec<(u64, Frame, Vec<u8>)>,
    flows: Flows,
}

impl Traffic {
    /// Adds a frame that was sent `time_ns` nanoseconds after 1970.
    pub fn push(&mut self, time_ns: u64, frame: Frame) {
        let sum = Sum {
            packets: 1,
            octets: frame.octets(),
            first_ns: time_ns,
            last_ns: time_ns,
            flags: frame.flags(),
            records: 0,
        };
        self.flows.add(frame.key(), sum);
        let bytes = frame.bytes();
        self.frames.push((time_ns, frame, bytes));
    }

    /// Returns the frames: time in nanoseconds since 1970, description, octets.
    pub fn frames(&self) -> &[(u64, Frame, Vec<u8>)] {
        &self.frames
    }

    /// Returns the flows that a perfect meter counts.
    pub fn flows(&self) -> &Flows {
        &self.flows
    }

    /// Writes a savefile with nanosecond times.
    pub fn write(&self, path: &Path) {
        pcapfile::write(
            path,
            self.frames
                .iter()
                .map(|(time, _, bytes)| (*time, bytes.as_slice())),
        );
    }

    /// Generates every kind of packet that the probe must know: TCP, UDP, ICMP, SCTP and others in both families, tagged once,
    /// twice and not at all, whole and in fragments. The same for the same seed; a packet every 100 µs from `start_ns` on.
    pub fn mix(seed: u64, packets: u64, start_ns: u64) -> Traffic {
        let mut random = Random::new(seed);
        let mut traffic = Traffic::default();
        for number in 0..packets {
            let time = start_ns + number * 100_000;
            traffic.push(time, mixed(&mut random));
        }
        traffic
    }

    /// Generates a TCP SYN scan of `target` port 22: one SYN from each host of 172.16.1.0/24, from as many source ports.
    pub fn syn_scan(target: Ipv4Addr, start_ns: u64) -> Traffic {
        let mut traffic = Traffic::default();
        for host in 1..=254u8 {
            let payload = Payload::Tcp {
                sport: 1024 + 7 * u16::from(host),
                dport: 22,
                flags: 0x02,
                len: 0,
            };
            let src = IpAddr::from([172, 16, 1, host]);
            traffic.push(
                start_ns + u64::from(host) * 1_000_000,
                Frame::new(src, target.into(), payload),
            );
        }
        traffic
    }

    /// Generates `packets` UDP datagrams. Every `per_flow` of them are a flow.
    pub fn udp(packets: u32, per_flow: u32, start_ns: u64) -> Traffic {
        let mut traffic = Traffic::default();
        for number in 0..packets {
            let flow = number / per_flow.max(1);
            let src = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 1)) + flow / 50_000);
            let sport = 10_000 + u16::try_from(flow % 50_000).unwrap_or(0);
            let payload = Payload::Udp {
                sport,
                dport: 53,
                len: 64,
            };
            traffic.push(
                start_ns + u64::from(number) * 10_000,
                Frame::new(src.into(), [172, 16, 2, 1].into(), payload),
            );
        }
        traffic
    }
}

fn mixed(random: &mut Random) -> Frame {
    let host = |random: &mut Random| random.below(12) as u8 + 1;
    let (from, to) = (host(random), host(random));
    let (src, dst): (IpAddr, IpAddr) = if random.below(3) == 0 {
        let address =
            |net: u16, host: u8| Ipv6Addr::new(0x2001, 0xdb8, net, 0, 0, 0, 0, host.into()).into();
        (address(0x77, from), address(0x88, to))
    } else {
        ([10, 1, 0, from].into(), [10, 2, 0, to].into())
    };
    let (sport, dport) = (
        20_000 + random.below(6) as u16,
        [22, 53, 80, 443][random.below(4) as usize],
    );
    let len = random.below(1_200) as u16;
    let flags = [0x02, 0x10, 0x18, 0x12][random.below(4) as usize];
    let payload = match random.below(10) {
        0..=3 => Payload::Tcp {
            sport,
            dport,
            flags,
            len,
        },
        4..=6 => Payload::Udp { sport, dport, len },
        7 if src.is_ipv6() => Payload::Icmp {
            kind: 128,
            code: 0,
            len: len / 8,
        },
        7 => Payload::Icmp {
            kind: 8,
            code: 0,
            len: len / 8,
        },
        8 => Payload::Sctp {
            sport,
            dport,
            len: len / 4 * 4,
        },
        _ => Payload::Other {
            proto: 47,
            len: len / 2,
        },
    };
    let mut frame = Frame::new(src, dst, payload);
    frame.tags = match random.below(6) {
        0 => vec![(0x8100, 100)],
        1 => vec![(0x88a8, 7), (0x8100, 100)],
        _ => Vec::new(),
    };
    if random.below(12) == 0 {
        let offset = random.below(3) as u16 * 90;
        frame.fragment = Some(Fragment {
            id: random.below(60_000) as u16,
            offset,
            more: offset < 180,
        });
    }
    frame
}
