use std::collections::HashMap;
use std::time::Duration;

use flow::{Tally, Totals};
use proptest::prelude::*;

use wire::{Header, LinkType, Packet, SkipReason};

use crate::statistics::PROTOCOLS;

use super::*;

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
    /// A burst of one packet.
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

/// What came out, by source octet and family: records, packets, octets.
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

#[test]
fn packets_of_one_key_are_one_flow() {
    let mut monitor = Monitor::new(settings(), 1);
    for n in 0..5 {
        monitor.packet(&mut header(1, 17, 0, 100), n * S);
        monitor.packet(&mut header(2, 17, 0, 50), n * S);
    }
    assert_eq!(monitor.len(), 2);
    monitor.flush(EndReason::Forced);
    let mut flows = drained(&mut monitor);
    flows.sort_by_key(|(source, _)| *source);
    let (source, totals) = flows[0];
    assert_eq!(
        (
            source,
            totals.packets,
            totals.octets,
            totals.first_ns,
            totals.last_ns
        ),
        (1, 5, 500, 0, 4 * S)
    );
    assert!(monitor.ledger().balanced() && monitor.is_empty());
}

#[test]
fn an_idle_flow_ends_after_the_inactive_timeout_and_not_before() {
    let mut monitor = Monitor::new(settings(), 1);
    monitor.packet(&mut header(1, 17, 0, 100), 100 * S);
    monitor.expire(114 * S);
    assert_eq!(monitor.len(), 1);
    monitor.expire(115 * S);
    assert_eq!(
        drained(&mut monitor).first().map(|(_, totals)| totals.end),
        Some(EndReason::Idle)
    );
}

#[test]
fn a_busy_flow_ends_at_the_active_timeout_and_starts_again() {
    let mut timeouts = Timeouts::active_inactive(Duration::from_secs(30), Duration::from_secs(15));
    timeouts.expiry_interval = Duration::from_secs(1);
    let mut monitor = Monitor::new(
        Settings {
            timeouts,
            ..settings()
        },
        1,
    );
    for n in 0..=65 {
        monitor.packet(&mut header(1, 17, 0, 100), n * S);
        monitor.expire(n * S);
    }
    let flows = drained(&mut monitor);
    assert_eq!(flows.len(), 2);
    assert!(
        flows
            .iter()
            .all(|(_, totals)| totals.end == EndReason::Active && totals.packets == 31),
        "{flows:?}"
    );
    assert!(monitor.ledger().balanced());
}

#[test]
fn a_fin_brings_the_end_forward() {
    let timeouts = Timeouts {
        expiry_interval: Duration::from_secs(1),
        ..Timeouts::VYOS
    };
    let mut monitor = Monitor::new(
        Settings {
            timeouts,
            ..settings()
        },
        1,
    );
    monitor.packet(&mut header(1, 6, 0x02, 40), S);
    monitor.expire(2 * S);
    monitor.packet(&mut header(1, 6, 0x05, 40), 3 * S);
    monitor.expire(122 * S);
    assert_eq!(monitor.len(), 1);
    monitor.expire(123 * S);
    assert_eq!(
        drained(&mut monitor).first().map(|(_, totals)| totals.end),
        Some(EndReason::EndOfFlow)
    );
}

#[test]
fn the_cache_is_searched_every_expiry_interval() {
    let mut monitor = Monitor::new(
        Settings {
            timeouts: Timeouts::VYOS,
            ..settings()
        },
        1,
    );
    monitor.expire(1000 * S);
    monitor.packet(&mut header(1, 17, 0, 100), 1000 * S - 290 * S);
    monitor.expire(1050 * S);
    assert_eq!(monitor.len(), 1, "due, but the next search is at 1060 s");
    monitor.expire(1060 * S);
    assert!(monitor.is_empty());
}

#[test]
fn a_full_cache_makes_room_by_ending_flows_early() {
    let mut monitor = Monitor::new(
        Settings {
            entries: 16,
            ..settings()
        },
        1,
    );
    for source in 0..200 {
        monitor.packet(&mut header(source, 17, 0, 100), S + u64::from(source));
        assert!(monitor.len() <= 16);
    }
    assert!(monitor.ledger().balanced());
    let flows = drained(&mut monitor);
    assert!(
        flows.is_empty(),
        "batches are handed on whole or at the next search"
    );
    monitor.flush(EndReason::Forced);
    let flows = drained(&mut monitor);
    assert_eq!(flows.len(), 200);
    assert_eq!(
        flows
            .iter()
            .filter(|(_, totals)| totals.end == EndReason::LackOfResources)
            .count(),
        184
    );
}

#[test]
fn idle_flows_make_room_before_busy_ones() {
    let mut monitor = Monitor::new(
        Settings {
            entries: 16,
            ..settings()
        },
        1,
    );
    for second in 0..10 {
        monitor.packet(&mut header(1, 17, 0, 100), second * S);
        monitor.packet(&mut header(100 + second as u8, 17, 0, 100), second * S);
        monitor.expire(second * S);
    }
    for source in 10..16 {
        monitor.packet(&mut header(source, 17, 0, 100), 10 * S);
    }
    let (_, aged) = monitor.statistics();
    assert_eq!((aged.watermark, aged.emergency), (2, 0));
    monitor.flush(EndReason::Forced);
    let ended: Vec<u8> = drained(&mut monitor)
        .iter()
        .filter(|(_, totals)| totals.end == EndReason::LackOfResources)
        .map(|(source, _)| *source)
        .collect();
    assert_eq!(
        ended,
        [100, 101],
        "those idle longest, not source 1, which has packets every second"
    );
}

#[test]
fn sampling_takes_one_of_n_and_counts_the_rest() {
    let mut monitor = Monitor::new(
        Settings {
            sampler: Some((Mode::Random, 100, 7)),
            ..settings()
        },
        99,
    );
    for n in 0..10_000 {
        monitor.packet(&mut header(1, 17, 0, 100), n);
    }
    let ledger = monitor.ledger();
    assert_eq!(
        (ledger.metered.packets, ledger.unsampled.packets),
        (100, 9900)
    );
    assert!(ledger.balanced());
}

#[test]
fn settings_change_without_losing_flows() {
    let mut monitor = Monitor::new(settings(), 1);
    for source in 0..100 {
        monitor.packet(&mut header(source, 17, 0, 100), S);
    }
    let timeouts = Timeouts::active_inactive(Duration::from_secs(60), Duration::from_secs(5));
    monitor.reconfigure(
        Settings {
            timeouts,
            entries: 50,
            ..settings()
        },
        1,
    );
    assert_eq!(monitor.len(), 50);
    monitor.expire(6 * S);
    assert!(
        monitor.is_empty(),
        "the shorter timeout holds for flows that were there"
    );
    assert_eq!(drained(&mut monitor).len(), 100);

    monitor.packet(&mut header(1, 17, 0, 100), 7 * S);
    let record = Record::flow_accounting();
    monitor.reconfigure(
        Settings {
            record,
            ..settings()
        },
        1,
    );
    assert_eq!(
        drained(&mut monitor).len(),
        1,
        "a new record starts a new cache; the old flows are exported"
    );
    assert!(monitor.ledger().balanced());
}

#[test]
fn a_clock_that_steps_back_loses_no_flow_and_ends_none_early() {
    let mut monitor = Monitor::new(settings(), 1);
    monitor.packet(&mut header(1, 17, 0, 100), 1000 * S);
    monitor.expire(1001 * S);
    monitor.expire(500 * S);
    monitor.packet(&mut header(1, 17, 0, 100), 501 * S);
    monitor.packet(&mut header(2, 17, 0, 100), 501 * S);
    monitor.expire(515 * S);
    assert_eq!(monitor.len(), 2);
    monitor.expire(516 * S);
    assert_eq!(monitor.len(), 1);
    monitor.expire(1015 * S);
    assert!(monitor.is_empty() && monitor.ledger().balanced());
}

#[test]
fn flows_go_on_when_the_clock_is_set() {
    for by in [7200_i64, -7200] {
        let mut monitor = Monitor::new(settings(), 1);
        for second in [10_000, 10_005] {
            monitor.packet(&mut header(1, 17, 0, 100), second * S);
        }
        monitor.packet(&mut header(2, 17, 0, 100), 10_009 * S);
        monitor.expire(10_010 * S);
        monitor.clock_stepped(by * S as i64);
        let set = |seconds: u64| seconds.strict_add_signed(by) * S;
        monitor.expire(set(10_010));
        assert_eq!(monitor.len(), 2, "nothing ends because of it");
        monitor.packet(&mut header(1, 17, 0, 100), set(10_012));
        monitor.expire(set(10_023));
        assert_eq!(monitor.len(), 2);
        monitor.expire(set(10_024));
        monitor.expire(set(10_027));
        let flows = drained(&mut monitor);
        let times: Vec<_> = flows
            .iter()
            .map(|(source, totals)| (*source, totals.first_ns, totals.last_ns, totals.end))
            .collect();
        assert_eq!(
            times,
            [
                (2, set(10_009), set(10_009), EndReason::Idle),
                (1, set(10_000), set(10_012), EndReason::Idle)
            ],
            "each at its time, and as long as it was"
        );
        assert!(monitor.is_empty() && monitor.ledger().balanced());
    }
}

#[test]
fn a_burst_counts_as_its_packets_one_by_one() {
    let ethernet = |source: u8, port: u8| {
        let mut frame = vec![0; 12];
        frame.extend([
            0x08, 0x00, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, source, 10, 0, 1, 1,
        ]);
        frame.extend([0, port, 0, 53, 0, 8, 0, 0]);
        frame
    };
    let frames: Vec<_> = (0..100)
        .map(|n: u8| ethernet(n % 7, n % 3))
        .chain([vec![0; 14]])
        .collect();
    let mut singly = Monitor::new(settings(), 1);
    let mut in_bursts = Monitor::new(settings(), 1);
    let mut burst = Burst::default();
    for (n, frame) in frames.iter().enumerate() {
        let packet = Packet {
            time_ns: n as u64 * 1000,
            data: frame,
            wire_len: 60,
            link: LinkType::Ethernet,
            tag: None,
            outgoing: n % 10 == 0,
        };
        singly.one(burst_of(&packet));
        burst.observe(&packet);
        if burst.is_full() {
            in_bursts.burst(&mut burst);
            burst.clear();
        }
    }
    in_bursts.burst(&mut burst);
    assert_eq!(singly.ledger(), in_bursts.ledger());
    assert_eq!(
        (
            singly.len(),
            singly.ledger().metered.packets,
            singly.ledger().skipped[2].packets
        ),
        (21, 90, 0)
    );
    let totals = |monitor: &Monitor| {
        let mut flows = Vec::new();
        monitor.each_flow(|flow| {
            flows.push((
                flow.octets.to_vec(),
                flow.totals.packets,
                flow.totals.last_ns,
            ))
        });
        flows.sort();
        flows
    };
    assert_eq!(totals(&singly), totals(&in_bursts));
}

fn burst_of(packet: &Packet<'_>) -> Observed {
    Burst::default().observe(packet).clone()
}

#[test]
fn keys_of_the_second_header_line_tell_flows_apart() {
    let keys = [
        "ipv4 source address",
        "transport tcp flags",
        "datalink mac source address input",
    ];
    let record = Record {
        name: "R".into(),
        keys: keys
            .iter()
            .map(|words| Record::key_field(words).unwrap())
            .collect(),
        collects: ["ipv4 total-length maximum", "transport tcp window-size"]
            .iter()
            .map(|words| Record::collect_field(words).unwrap())
            .collect(),
    };
    let mut monitor = Monitor::new(
        Settings {
            record,
            ..settings()
        },
        1,
    );
    for (flags, window, octets) in [(2, 1, 40), (16, 2, 52), (2, 3, 60), (16, 4, 40)] {
        let mut packet = header(1, 6, flags, octets);
        packet.set(at::TCP_WINDOW, &[0, window]);
        packet.set(at::IP_TOTAL_LENGTH, &octets.to_be_bytes());
        monitor.packet(&mut packet, S);
    }
    let mut seen = Vec::new();
    monitor.each_flow(|flow| {
        let values: Vec<_> = flow
            .layout
            .slots
            .iter()
            .skip(1)
            .map(|slot| flow.value(slot).to_string())
            .collect();
        seen.push((values.join(" "), flow.totals.packets));
    });
    seen.sort();
    assert_eq!(
        seen,
        [
            ("16 00:00:00:00:00:00 52 2".into(), 2),
            ("2 00:00:00:00:00:00 60 1".into(), 2)
        ]
    );
}

#[test]
fn an_immediate_cache_makes_a_record_of_every_packet() {
    let mut monitor = Monitor::new(
        Settings {
            cache_type: CacheType::Immediate,
            ..settings()
        },
        1,
    );
    for n in 0..300 {
        monitor.packet(&mut header(1, 17, 0, 100), n);
    }
    assert!(monitor.is_empty());
    monitor.expire(10 * S);
    let flows = drained(&mut monitor);
    assert_eq!(flows.len(), 300);
    assert!(
        flows
            .iter()
            .all(|(source, totals)| (*source, totals.packets, totals.octets) == (1, 1, 100))
    );
    assert!(monitor.ledger().balanced());
}

#[test]
fn a_family_that_is_not_metered_is_counted() {
    let mut monitor = Monitor::new(
        Settings {
            families: [true, false],
            ..settings()
        },
        1,
    );
    monitor.packet(&mut v6(header(1, 17, 0, 100)), S);
    monitor.one(Observed {
        parsed: Err(SkipReason::NotIp),
        wire_len: 60,
        ..observed(Header::empty(), S)
    });
    let ledger = monitor.ledger();
    assert_eq!(
        (
            ledger.other_family.packets,
            ledger.skipped[SkipReason::NotIp as usize].octets
        ),
        (1, 60)
    );
    assert!(ledger.balanced() && monitor.is_empty());
}

#[test]
fn statistics_count_what_is_metered_by_protocol_and_size() {
    let kept = KeptTables {
        protocol: true,
        size: true,
    };
    let mut monitor = Monitor::new(
        Settings {
            statistics: kept,
            sampler: Some((Mode::Deterministic, 2, 1)),
            ..settings()
        },
        1,
    );
    let frame = |port: u8| {
        let mut frame = vec![0; 12];
        frame.extend([
            8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 1, 1,
        ]);
        frame.extend([0x80, port, 0, 53, 0, 20, 0, 0]);
        frame
    };
    let frames = [frame(1), frame(2)];
    let mut burst = Burst::default();
    for (n, data) in frames.iter().cycle().take(48).enumerate() {
        burst.observe(&Packet {
            time_ns: (n as u64 + 5) * S,
            data,
            wire_len: 60,
            link: LinkType::Ethernet,
            tag: None,
            outgoing: false,
        });
        if burst.is_full() {
            monitor.burst(&mut burst);
            burst.clear();
        }
    }
    monitor.burst(&mut burst);
    let statistics = monitor.packet_statistics().unwrap();
    let dns = PROTOCOLS
        .iter()
        .position(|name| *name == "UDP-DNS")
        .unwrap();
    let row = statistics.protocols()[dns];
    assert_eq!(
        (row.flows, row.packets.packets, row.packets.octets),
        (1, 24, 960)
    );
    assert_eq!((statistics.sizes()[1], statistics.since_ns()), (24, 5 * S));
    monitor.expire(60 * S);
    monitor.clear_statistics();
    let statistics = monitor.packet_statistics().unwrap();
    assert_eq!((statistics.sizes()[1], statistics.since_ns()), (0, 60 * S));
    monitor.reconfigure(settings(), 1);
    assert_eq!(monitor.packet_statistics(), None);
}

mod any;
mod biflow;
mod cache_types;
mod share;

proptest! {
    /// The fast path gives the same flows as the general one.
    #[test]
    fn the_fast_path_and_the_general_one_agree(
        packets in prop::collection::vec((0u8..40, 0u16..0x40, 20u32..1500, any::<[bool; 2]>(), 0u8..20), 1..400),
    ) {
        let all = Settings { output: true, entries: 32, ..settings() };
        let mut monitors = [Monitor::new(all.clone(), 3), Monitor::new(all, 3)];
        prop_assert!(monitors[0].fast_path);
        for (number, packets) in packets.chunks(32).enumerate() {
            let now_ns = number as u64 * S;
            let burst: Vec<Observed> = packets.iter().map(|(source, flags, octets, [is_v6, outgoing], skip)| {
                let header = header(*source, 6, *flags, *octets);
                let mut observed = observed(if *is_v6 { v6(header) } else { header }, now_ns);
                observed.outgoing = *outgoing;
                if *skip == 0 {
                    observed.parsed = Err(SkipReason::NotIp);
                }
                observed
            }).collect();
            monitors[0].packets::<true>(&mut burst.clone(), None);
            monitors[1].packets::<false>(&mut burst.clone(), None);
            prop_assert_eq!(monitors[0].ledger(), monitors[1].ledger());
            prop_assert!(monitors[0].ledger().balanced());
            monitors.iter_mut().for_each(|monitor| monitor.expire(now_ns));
        }
        let [fast, other] = monitors.each_mut().map(|monitor| {
            monitor.flush(EndReason::Forced);
            let mut flows = drained(monitor);
            flows.sort_by_key(|(source, totals)| (*source, totals.first_ns, totals.octets));
            flows
        });
        prop_assert_eq!(fast, other);
    }
}

proptest! {
    /// Whatever comes: sums by key are exact, the ledger balances, and the cache keeps to its size.
    #[test]
    fn nothing_is_lost_or_counted_twice(
        packets in prop::collection::vec((0u8..40, prop::sample::select(vec![1u8, 6, 17, 132]), 0u16..0x40, 20u32..1500, 0u64..20_000, any::<bool>()), 1..600),
        entries in 1usize..64,
        inactive in 1u64..40,
        active in 1u64..90,
    ) {
        let timeouts = Timeouts::active_inactive(Duration::from_secs(active), Duration::from_secs(inactive));
        let mut monitor = Monitor::new(Settings { entries, timeouts, ..settings() }, 3);
        let mut now = 1_600_000_000 * S;
        let mut expected: HashMap<(bool, u8, u8), (u64, u64)> = HashMap::new();
        let mut got: HashMap<(bool, u8, u8), (u64, u64)> = HashMap::new();
        let mut collect = |monitor: &mut Monitor| {
            for batch in monitor.drain() {
                for flow in batch.iter() {
                    let is_v6 = flow.layout.family == Family::V6;
                    let protocol = flow.octets[usize::from(at::PROTOCOL.at)];
                    let sums = got.entry((is_v6, flow.octets[3], protocol)).or_default();
                    sums.0 += flow.totals.packets;
                    sums.1 += flow.totals.octets;
                    // The search runs once a second, on whole seconds.
                    assert!(flow.totals.last_ns - flow.totals.first_ns <= (active + 2) * S);
                }
            }
        };
        for (source, protocol, flags, octets, gap_ms, is_v6) in packets {
            now += gap_ms * 1_000_000;
            monitor.expire(now);
            let flags = if protocol == 6 { flags } else { 0 };
            let mut packet = header(source, protocol, flags, octets);
            if is_v6 { packet.family = Family::V6; }
            monitor.packet(&mut packet, now);
            let sums = expected.entry((is_v6, source, protocol)).or_default();
            sums.0 += 1;
            sums.1 += u64::from(octets);
            prop_assert!(monitor.len() <= entries.max(1));
            prop_assert!(monitor.ledger().balanced());
            let mut scanned = 0;
            monitor.each_flow(|flow| scanned += flow.totals.packets);
            prop_assert_eq!(scanned, monitor.ledger().cached.packets);
            collect(&mut monitor);
        }
        now += (inactive + 2) * S;
        monitor.expire(now);
        prop_assert!(monitor.is_empty());
        collect(&mut monitor);
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn a_cache_is_read_in_pieces_while_packets_come() {
    let mut monitor = Monitor::new(
        Settings {
            entries: 100_000,
            ..settings()
        },
        1,
    );
    let packet = |number: u32| {
        let mut header = header(1, 17, 0, 100);
        header.set(at::DESTINATION_IPV4, &number.to_be_bytes());
        header
    };
    let flows = 2 * SLOTS_PER_COPY as u32 + 100;
    for number in 0..flows {
        monitor.packet(&mut packet(number), S);
    }
    for port in 0..7u8 {
        let mut header = v6(header(port, 17, 0, 100));
        header.set(at::SOURCE_PORT, &[0, port]);
        monitor.packet(&mut header, S);
    }
    // Every third flow, at most 1000 a piece; the cache goes on working between the pieces.
    let wanted = |flow: &Flow<'_>| {
        let last = flow.octets[usize::from(at::DESTINATION_IPV4.at) + 3];
        flow.layout.family == Family::V6 || last.is_multiple_of(3)
    };
    let mut out = Batch::with_capacity(monitor.layouts()[0].clone().unwrap(), SLOTS_PER_COPY);
    let (mut next, mut seen, mut read) = (Some(Position::default()), 0, HashMap::new());
    let mut most = 0;
    while let Some(from) = next {
        let copied = monitor.copy(from, 1000, wanted, &mut out);
        assert!(out.len() <= 1000 && copied.seen <= SLOTS_PER_COPY);
        most = most.max(copied.seen);
        seen += copied.seen;
        for flow in out.iter() {
            assert!(wanted(&flow));
            *read.entry(flow.octets.to_vec()).or_insert(0) += 1;
        }
        next = copied.next;
        for number in 0..50 {
            monitor.packet(&mut packet(number), 2 * S);
        }
    }
    assert_eq!(seen, flows as usize + 7);
    assert!(most > 1000, "what is not wanted takes no room");
    let third = |last: u32| {
        (0..last)
            .filter(|number| (number % 256).is_multiple_of(3))
            .count()
    };
    assert_eq!(read.len(), third(flows) + 7);
    assert!(read.values().all(|times| *times == 1));
    let past = Position {
        family: 9,
        slot: u32::MAX,
    };
    assert_eq!(
        monitor.copy(past, 10, wanted, &mut out),
        Copied {
            seen: 0,
            next: None
        }
    );
}

#[test]
fn a_family_without_a_cache_has_no_flows_to_copy() {
    let record = Record {
        name: "R".into(),
        keys: vec![Record::key_field("ipv4 source address").unwrap()],
        collects: vec![Record::collect_field("counter packets").unwrap()],
    };
    let mut monitor = Monitor::new(
        Settings {
            record,
            ..settings()
        },
        1,
    );
    monitor.packet(&mut header(1, 17, 0, 100), S);
    let mut out = Batch::with_capacity(monitor.layouts()[0].clone().unwrap(), SLOTS_PER_COPY);
    let (mut next, mut read) = (Some(Position::default()), 0);
    while let Some(from) = next {
        next = monitor.copy(from, 10, |_| true, &mut out).next;
        read += out.len();
    }
    assert_eq!(read, 1);
}
