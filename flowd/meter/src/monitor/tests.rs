use std::collections::HashMap;
use std::time::Duration;

use flow::{Batch, Flow, Record, RecordTally, Tally, Totals};
use proptest::prelude::*;
use wire::{Family, Header, LinkType, Packet, SkipReason};

use crate::sampler::Mode;
use crate::statistics::{KeptTables, PROTOCOLS};
use crate::timeouts::Timeouts;

use super::*;

mod biflow;
mod cache_types;
mod copy;
mod counting;
mod expiry;
mod random_packets;
mod random_runs;
mod settings;
mod share;

const S: u64 = 1_000_000_000;

fn settings() -> Settings {
    Settings {
        record: Record::netflow_original(),
        entries: 4096,
        cache_type: CacheType::Normal,
        timeouts: Timeouts::FLEXIBLE_NETFLOW,
        input: true,
        output: false,
        families: [true, true],
        sampler: None,
        statistics: KeptTables::default(),
    }
}

fn header(source: u8, protocol: u8, tcp_flags: u16, octets: u32) -> Header {
    let mut header = Header::empty();
    header.set(at::SOURCE_IPV4, &[10, 0, 0, source]);
    header.set(at::DESTINATION_IPV4, &[10, 0, 1, 1]);
    header.set(at::PROTOCOL, &[protocol]);
    header.set(at::TCP_FLAGS, &tcp_flags.to_be_bytes());
    (header.protocol, header.tcp_flags, header.octets) = (protocol, tcp_flags, octets);
    header
}

fn v6(mut header: Header) -> Header {
    header.family = Family::V6;
    header
}

fn observed(header: Header, time_ns: u64) -> Observed {
    Observed::new(header, time_ns)
}

impl Monitor {
    /// Meters a burst of one packet.
    fn one(&mut self, mut observed: Observed) {
        let mut captured = Tally::default();
        let taken = self.admit::<false>(&mut observed, None, &mut captured);
        self.ledger.captured += captured;
        if taken {
            self.miss(&mut observed, None);
        }
    }

    fn packet(&mut self, header: &mut Header, time_ns: u64) {
        self.one(observed(header.clone(), time_ns));
    }
}

/// Returns the flows that left the monitor: source octet and totals.
fn drained(monitor: &mut Monitor) -> Vec<(u8, Totals)> {
    monitor
        .drain()
        .flat_map(|batch| {
            batch
                .iter()
                .map(|flow| (flow.octets[3], *flow.totals))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn burst_of(packet: &Packet<'_>) -> Observed {
    Burst::default().observe(packet).clone()
}
