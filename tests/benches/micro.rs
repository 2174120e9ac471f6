//! `tests/bench micro`: measures each step from a packet to a datagram by itself. Times are for one packet, or one record.

use std::sync::Arc;
use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use export::{Encoder, Protocol, Sampling};
use flow::{Batch, EndReason, Layout, Record};
use meter::{Burst, Cache, CacheType, KeptTables, Monitor, Observed, Settings, Timeouts};
use wire::{Family, Header, LinkType, Packet};

const SECOND: u64 = 1_000_000_000;
/// Packets in one sample.
const PACKETS: u32 = 4096;
/// Flows a cache has room for.
const FLOWS: usize = 2_000_000;

fn main() {
    divan::main();
}

/// Makes an Ethernet frame with a TCP or UDP packet of a flow.
fn frame(flow: u32, family: Family) -> Vec<u8> {
    let mut frame = vec![0; 12];
    match family {
        Family::V4 => {
            frame.extend([8, 0, 0x45, 0, 2, 50, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1]);
            frame.extend(flow.to_be_bytes());
        }
        Family::V6 => {
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 2, 30, 6, 64]);
            frame.extend([0x20; 28]);
            frame.extend(flow.to_be_bytes());
        }
    }
    frame.extend([
        4, 0, 1, 187, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 4, 0, 0, 0, 0, 0,
    ]);
    frame
}

fn frames(flows: u32, family: Family) -> Vec<Vec<u8>> {
    // Every flow comes once, because the factor is prime; consecutive packets are of flows far apart.
    (0..flows)
        .map(|number| {
            frame(
                (u64::from(number) * 0x9e37_79b1 % u64::from(flows)) as u32,
                family,
            )
        })
        .collect()
}

fn packet(frame: &[u8], time_ns: u64) -> Packet<'_> {
    Packet {
        time_ns,
        data: frame,
        wire_len: 576,
        link: LinkType::Ethernet,
        tag: None,
        outgoing: false,
    }
}

/// Makes packets whose headers were read, each of another flow.
fn observed(flows: u32, family: Family) -> Vec<Observed> {
    let observe = |frame: &Vec<u8>| Burst::default().observe(&packet(frame, SECOND)).clone();
    frames(flows, family).iter().map(observe).collect()
}

/// Counts packets into their flows.
fn count(cache: &mut Cache, packets: &mut [Observed], timeouts: &Timeouts) {
    for observed in packets {
        let hash = cache.hash::<true>(&observed.header);
        black_box(cache.packet(hash, observed, timeouts, None));
    }
}

fn layout(family: Family) -> Arc<Layout> {
    let record = Record::netflow_original();
    record.layout(family).expect("it has both families")
}

/// From octets to a header.
#[divan::bench(args = [Family::V4, Family::V6])]
fn parse(bencher: Bencher, family: Family) {
    let frames = frames(PACKETS, family);
    let mut header = Header::empty();
    bencher
        .counter(ItemsCount::new(frames.len()))
        .bench_local(|| {
            for frame in &frames {
                let _ = black_box(wire::parse(&packet(frame, SECOND), &mut header));
            }
        });
}

/// From a header to the hash of its key.
#[divan::bench(args = [Family::V4, Family::V6])]
fn key(bencher: Bencher, family: Family) {
    let packets = observed(PACKETS, family);
    let cache = Cache::new(layout(family), FLOWS);
    bencher
        .counter(ItemsCount::new(packets.len()))
        .bench_local(|| {
            for observed in &packets {
                black_box(cache.hash::<true>(&observed.header));
            }
        });
}

/// From a header to an existing flow, in a cache of this many flows.
#[divan::bench(args = [1_000, 100_000, 1_000_000])]
fn cache_hit(bencher: Bencher, flows: u32) {
    let mut packets = observed(flows, Family::V4);
    let timeouts = Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15));
    let mut cache = Cache::new(layout(Family::V4), FLOWS);
    count(&mut cache, &mut packets, &timeouts);
    bencher
        .counter(ItemsCount::new(packets.len()))
        .bench_local(|| count(&mut cache, &mut packets, &timeouts));
}

/// From a header to a new flow.
#[divan::bench(args = [1_000, 100_000])]
fn cache_insert(bencher: Bencher, flows: u32) {
    let mut packets = observed(flows, Family::V4);
    let timeouts = Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15));
    let mut cache = Cache::new(layout(Family::V4), FLOWS);
    count(&mut cache, &mut packets, &timeouts);
    bencher
        .counter(ItemsCount::new(packets.len()))
        .bench_local(|| {
            cache.flush(EndReason::Forced, &mut |_| {});
            count(&mut cache, &mut packets, &timeouts);
        });
}

/// Ends flows by the inactive timeout.
#[divan::bench(args = [1_000, 100_000], sample_size = 1)]
fn cache_expire(bencher: Bencher, flows: u32) {
    let mut packets = observed(flows, Family::V4);
    let timeouts = Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15));
    bencher
        .counter(ItemsCount::new(flows))
        .with_inputs(|| {
            let mut cache = Cache::new(layout(Family::V4), FLOWS);
            count(&mut cache, &mut packets, &timeouts);
            cache
        })
        .bench_local_refs(|cache| {
            cache.expire(60 * SECOND, &timeouts, &mut |flow| {
                black_box(flow.totals.packets);
            });
        });
}

/// From octets to flows: header, key and cache in bursts, as a capture thread does it.
#[divan::bench(args = [1_000, 100_000, 1_000_000])]
fn burst(bencher: Bencher, flows: u32) {
    let frames = frames(flows, Family::V4);
    let settings = Settings {
        record: Record::netflow_original(),
        entries: FLOWS,
        cache_type: CacheType::Normal,
        timeouts: Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15)),
        input: true,
        output: false,
        families: [true, true],
        sampler: None,
        statistics: KeptTables::default(),
    };
    let mut monitor = Monitor::new(settings, 1);
    let mut burst = Burst::default();
    burst.set_wanted_lines(monitor.wanted_lines());
    let mut count = || {
        for frame in &frames {
            burst.observe(&packet(frame, SECOND));
            if burst.is_full() {
                monitor.burst(&mut burst);
                burst.clear();
            }
        }
    };
    count();
    bencher
        .counter(ItemsCount::new(frames.len()))
        .bench_local(count);
}

/// From flows to datagrams.
#[divan::bench(args = [Protocol::NetflowV5, Protocol::NetflowV9, Protocol::Ipfix])]
fn encode(bencher: Bencher, protocol: Protocol) {
    let layout = layout(Family::V4);
    let timeouts = Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15));
    let mut cache = Cache::new(layout.clone(), FLOWS);
    count(&mut cache, &mut observed(256, Family::V4), &timeouts);
    let mut batch = Batch::with_capacity(layout.clone(), 256);
    cache.flush(EndReason::Forced, &mut |flow| {
        batch.push(*flow.totals, flow.octets)
    });
    let exporter = export::Settings {
        name: "E".into(),
        destination: "192.0.2.1".into(),
        port: 9995,
        source: export::Source::Any,
        vrf: None,
        dscp: 0,
        ttl: 255,
        protocol,
        template_timeout: Duration::from_secs(600),
        options: export::Options::default(),
        engine: (0, 0),
        source_id: 0,
        boot_ns: 0,
        mtu: 1500,
        transport: export::Transport::Udp,
    };
    let monitor = export::Monitor {
        name: "M".into(),
        exporters: vec!["E".into()],
        layouts: vec![layout],
        sampling: Sampling::None,
    };
    let mut encoder = Encoder::new(&exporter, &monitor, 1_452);
    bencher
        .counter(ItemsCount::new(batch.len()))
        .bench_local(|| {
            encoder.encode(&batch, 2 * SECOND, |datagram| {
                black_box(datagram);
            })
        });
}
