//! Random settings, packets, operator commands and clock steps: nothing is lost, nothing is counted twice.

use flow::biflow::BiflowCounters;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Packet {
        from: u8,
        to: u8,
        protocol: u8,
        flags: u16,
        octets: u32,
        v6: bool,
    },
    Wait {
        ms: u64,
    },
    SetClock {
        seconds: i64,
    },
    Reconfigure(Box<Settings>),
    Clear(Clear),
    ClearStatistics,
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let cache_type = prop_oneof![
        4 => Just(CacheType::Normal),
        1 => Just(CacheType::Immediate),
        3 => (1u64..100).prop_map(|seconds| CacheType::Permanent { update: Duration::from_secs(seconds) }),
    ];
    let sampler = prop_oneof![
        3 => Just(None),
        1 => (2u32..5, any::<bool>()).prop_map(|(rate, random)| {
            Some((if random { Mode::Random } else { Mode::Deterministic }, rate, 1))
        }),
    ];
    let flags = any::<[bool; 4]>();
    (cache_type, sampler, 1usize..64, 1u64..90, 1u64..40, flags).prop_map(
        |(cache_type, sampler, entries, active, inactive, [both_ways, end, protocol, size])| {
            let mut record = Record::netflow_original();
            if both_ways && cache_type != CacheType::Immediate {
                record = record.bidirectional().unwrap();
            }
            let timeouts = Timeouts {
                transaction_end: end,
                ..Timeouts::active_inactive(
                    Duration::from_secs(active),
                    Duration::from_secs(inactive),
                )
            };
            Settings {
                record,
                entries,
                cache_type,
                timeouts,
                sampler,
                statistics: KeptTables { protocol, size },
                ..settings()
            }
        },
    )
}

fn any_op() -> impl Strategy<Value = Op> {
    let protocol = prop::sample::select(vec![1u8, 6, 17, 132]);
    let packet = (
        0u8..12,
        0u8..12,
        protocol,
        0u16..0x40,
        20u32..1500,
        any::<bool>(),
    );
    prop_oneof![
        60 => packet.prop_map(|(from, to, protocol, flags, octets, v6)| {
            let flags = if protocol == 6 { flags } else { 0 };
            Op::Packet { from, to, protocol, flags, octets, v6 }
        }),
        20 => (0u64..20_000).prop_map(|ms| Op::Wait { ms }),
        1 => (-100_000i64..100_000).prop_map(|seconds| Op::SetClock { seconds }),
        2 => any_settings().prop_map(|settings| Op::Reconfigure(Box::new(settings))),
        1 => Just(Op::Clear(Clear::Discard)),
        1 => Just(Op::Clear(Clear::Export)),
        1 => Just(Op::ClearStatistics),
    ]
}

/// Family, source, destination, protocol.
type Key = (bool, u8, u8, u8);

/// Packets and octets of one direction of a conversation.
type Sums = HashMap<Key, (u64, u64)>;

/// Compares the counters of a flow's two directions with those of the packets.
fn add(sums: &mut Sums, flow: &Flow<'_>) {
    let v6 = flow.layout.family == Family::V6;
    let octet = |at: usize| flow.octets[at];
    let (from, to) = match v6 {
        true => (octet(3), octet(at::DESTINATION_IPV6.range().start + 3)),
        false => (octet(3), octet(at::DESTINATION_IPV4.range().start + 3)),
    };
    let protocol = octet(at::PROTOCOL.range().start);
    let mut count = |key: Key, packets: u64, octets: u64| {
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + packets, sum.1 + octets);
    };
    let forward = flow.forward();
    count((v6, from, to, protocol), forward.packets, forward.octets);
    if let Some(range) = flow.layout.biflow_range() {
        let biflow = BiflowCounters::read(&flow.octets[range]);
        assert_eq!(forward.packets + biflow.packets, flow.totals.packets);
        assert_eq!(forward.octets + biflow.octets, flow.totals.octets);
        assert!(biflow.start_ms <= biflow.end_ms);
        count((v6, to, from, protocol), biflow.packets, biflow.octets);
    }
    assert!(forward.first_ns <= forward.last_ns, "{forward:?}");
}

proptest! {
    #[test]
    fn every_packet_is_accounted_for(first in any_settings(), ops in prop::collection::vec(any_op(), 1..400)) {
        let mut monitor = Monitor::new(first, 3);
        let mut now = 1_600_000_000 * S;
        let (mut sent, mut got) = (Sums::new(), Sums::new());
        let (mut packets, mut records) = (Tally::default(), RecordTally::default());
        for op in ops {
            match op {
                Op::Packet { from, to, protocol, flags, octets, v6: is_v6 } => {
                    let mut packet = header(from, protocol, flags, octets);
                    packet.set(at::DESTINATION_IPV4, &[10, 0, 0, to]);
                    // An echo and its reply: the smaller address sends the request.
                    let kind = if protocol == 1 && from < to { 8 } else { 0 };
                    packet.set(at::DESTINATION_PORT, &[kind, 0]);
                    packet.set(at::INPUT, &[0, 0, 0, from]);
                    if is_v6 {
                        packet = v6(packet);
                    }
                    monitor.packet(&mut packet, now);
                    packets.count(octets.into());
                    let sum = sent.entry((is_v6, from, to, protocol)).or_default();
                    *sum = (sum.0 + 1, sum.1 + u64::from(octets));
                }
                Op::Wait { ms } => {
                    now += ms * 1_000_000;
                    monitor.expire(now);
                }
                Op::SetClock { seconds } => {
                    let by_ns = seconds * S as i64;
                    now = now.strict_add_signed(by_ns);
                    monitor.clock_stepped(by_ns);
                }
                Op::Reconfigure(settings) => monitor.reconfigure(*settings, 7),
                Op::Clear(how) => drop(monitor.clear(how)),
                Op::ClearStatistics => monitor.clear_statistics(),
            }
            let ledger = monitor.ledger().clone();
            prop_assert!(ledger.balanced(), "{ledger:?}");
            prop_assert_eq!(ledger.captured, packets);
            prop_assert_eq!(ledger.cached.records, monitor.len() as u64);
            prop_assert!(monitor.len() <= monitor.settings().entries);
            let mut cached = Sums::new();
            monitor.each_flow(|flow| add(&mut cached, &flow));
            prop_assert_eq!(cached.values().map(|sum| sum.0).sum::<u64>(), ledger.cached.packets);
            prop_assert_eq!(cached.values().map(|sum| sum.1).sum::<u64>(), ledger.cached.octets);
            for batch in monitor.drain() {
                for flow in batch.iter() {
                    prop_assert!(flow.totals.packets > 0);
                    records.count(flow.totals.packets, flow.totals.octets);
                    add(&mut got, &flow);
                }
            }
        }
        monitor.flush(EndReason::Forced);
        for batch in monitor.drain() {
            for flow in batch.iter() {
                records.count(flow.totals.packets, flow.totals.octets);
                add(&mut got, &flow);
            }
        }
        let ledger = monitor.ledger();
        prop_assert_eq!(ledger.expired, records);
        prop_assert_eq!(ledger.cached, RecordTally::default());
        let left_out = ledger.unsampled + ledger.cache_full
            + Tally { packets: ledger.cleared.packets, octets: ledger.cleared.octets };
        prop_assert_eq!(packets.packets, records.packets + left_out.packets);
        for (key, sum) in &got {
            let of = sent.get(key).copied().unwrap_or_default();
            // No flow has packets that were not sent.
            prop_assert!(sum.0 <= of.0 && sum.1 <= of.1, "{key:?} {sum:?} {of:?}");
            if left_out.packets == 0 {
                prop_assert_eq!(*sum, of);
            }
        }
    }
}
