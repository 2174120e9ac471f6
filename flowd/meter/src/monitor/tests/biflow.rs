//! Bidirectional flows.

use flow::biflow::BiflowCounters;

use super::*;

const A: u8 = 1;
const B: u8 = 2;

fn monitor(cache_type: CacheType, timeouts: Timeouts) -> Monitor {
    let record = Record::netflow_original().bidirectional().unwrap();
    Monitor::new(
        Settings {
            record,
            cache_type,
            timeouts,
            output: true,
            ..settings()
        },
        1,
    )
}

/// A packet between two hosts; `ports` are its source and destination port.
fn packet(from: u8, to: u8, protocol: u8, ports: [u16; 2], flags: u16, octets: u32) -> Header {
    let mut header = header(from, protocol, flags, octets);
    header.set(at::DESTINATION_IPV4, &[10, 0, 0, to]);
    header.set(at::SOURCE_PORT, &ports[0].to_be_bytes());
    header.set(at::DESTINATION_PORT, &ports[1].to_be_bytes());
    // A value that belongs to a direction must not separate conversations.
    header.set(at::TOS, &[from]);
    header.set(at::INPUT, &[0, 0, 0, from]);
    header
}

/// Returns the flows that left the monitor: forward totals and biflow counters, by source octet.
fn ended(monitor: &mut Monitor) -> Vec<(u8, Totals, BiflowCounters)> {
    let of = |flow: Flow<'_>| {
        let range = flow.layout.biflow_range().unwrap();
        (
            flow.octets[3],
            flow.forward(),
            BiflowCounters::read(&flow.octets[range]),
        )
    };
    let batches: Vec<_> = monitor.drain().collect();
    batches
        .iter()
        .flat_map(|batch| batch.iter().map(of).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_conversation_is_one_flow_from_whoever_began() {
    let mut monitor = monitor(CacheType::Normal, Timeouts::FLEXIBLE_NETFLOW);
    let (there, back) = ([40_000, 443], [443, 40_000]);
    monitor.packet(&mut packet(A, B, 6, there, 0x02, 60), S);
    monitor.packet(&mut packet(B, A, 6, back, 0x12, 52), 2 * S);
    monitor.packet(&mut packet(A, B, 6, there, 0x10, 40), 3 * S);
    monitor.packet(&mut packet(B, A, 6, back, 0x18, 1500), 4 * S);
    // Another conversation, seen from its reply on, and one without reply.
    monitor.packet(&mut packet(B, A, 6, [80, 41_000], 0x12, 52), 4 * S);
    monitor.packet(&mut packet(A, B, 17, [53, 53], 0, 70), 4 * S);
    assert_eq!(monitor.len(), 3);
    assert!(monitor.ledger().balanced());
    assert_eq!(monitor.ledger().cached.packets, 6);
    monitor.flush(EndReason::Forced);
    let mut flows = ended(&mut monitor);
    flows.sort_by_key(|(_, totals, ways)| (totals.first_ns, ways.direction));
    let (source, forward, ways) = &flows[0];
    assert_eq!((*source, forward.packets, forward.octets), (A, 2, 100));
    assert_eq!((forward.first_ns, forward.last_ns), (S, 3 * S));
    assert_eq!(forward.tcp_flags, 0x12);
    assert_eq!((ways.packets, ways.octets, ways.flags), (2, 1552, 0x1a));
    assert_eq!(
        (ways.start_ms, ways.end_ms, ways.direction),
        (2000, 4000, 1)
    );
    let (_, forward, ways) = &flows[1];
    assert_eq!((forward.packets, ways.packets, ways.start_ms), (1, 0, 4000));
    let (source, _, ways) = &flows[2];
    assert_eq!((*source, ways.direction), (B, 2), "the destination began");
    assert!(monitor.ledger().balanced());
}

#[test]
fn an_echo_and_its_reply_are_one_flow() {
    for (protocol, question, answer) in [(1, 8, 0), (1, 13, 14), (58, 128, 129), (58, 135, 136)] {
        let mut monitor = monitor(CacheType::Normal, Timeouts::FLEXIBLE_NETFLOW);
        let echo = |from, to, kind: u16| packet(from, to, protocol, [0, kind << 8], 0, 84);
        monitor.packet(&mut echo(A, B, question), S);
        monitor.packet(&mut echo(B, A, answer), S + 9);
        assert_eq!(monitor.len(), 1, "{protocol} {question}");
        monitor.packet(&mut echo(B, A, question), S + 10);
        assert_eq!(monitor.len(), 2, "the other way round it is another one");
    }
}

#[test]
fn a_transaction_ends_when_both_sides_have_ended_it() {
    let timeouts = Timeouts {
        transaction_end: true,
        ..Timeouts::FLEXIBLE_NETFLOW
    };
    let (there, back) = ([40_000, 443], [443, 40_000]);
    let mut monitor = monitor(CacheType::Normal, timeouts);
    monitor.packet(&mut packet(A, B, 6, there, 0x02, 60), 10 * S);
    monitor.packet(&mut packet(A, B, 6, there, 0x11, 40), 11 * S);
    monitor.expire(13 * S);
    assert_eq!(monitor.len(), 1, "the other side goes on");
    monitor.packet(&mut packet(B, A, 6, back, 0x11, 40), 13 * S + 1);
    monitor.expire(14 * S);
    let flows = ended(&mut monitor);
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0].1.end, EndReason::EndOfFlow);
    assert_eq!((flows[0].1.tcp_flags, flows[0].2.flags), (0x13, 0x11));
    monitor.packet(&mut packet(A, B, 6, there, 0x02, 60), 20 * S);
    monitor.packet(&mut packet(B, A, 6, back, 0x14, 40), 20 * S + 1);
    monitor.expire(21 * S);
    assert_eq!(ended(&mut monitor).len(), 1, "a reset ends it at once");
}

#[test]
fn permanent_and_bidirectional_begin_anew_in_both_ways() {
    let update = Duration::from_secs(10);
    let mut monitor = monitor(CacheType::Permanent { update }, Timeouts::FLEXIBLE_NETFLOW);
    let (there, back) = ([40_000, 443], [443, 40_000]);
    for second in 0..30 {
        if second < 12 {
            monitor.packet(&mut packet(A, B, 6, there, 0x10, 40), second * S);
        }
        monitor.packet(&mut packet(B, A, 6, back, 0x10, 100), second * S + 5);
        monitor.expire(second * S + 6);
    }
    monitor.flush(EndReason::Forced);
    let flows = ended(&mut monitor);
    let forward: u64 = flows.iter().map(|(_, totals, _)| totals.packets).sum();
    let reverse: u64 = flows.iter().map(|(_, _, ways)| ways.packets).sum();
    assert_eq!((forward, reverse), (12, 30));
    let silent = flows.iter().filter(|(_, totals, _)| totals.packets == 0);
    for (_, totals, ways) in silent {
        assert_eq!(totals.first_ns / 1_000_000, ways.start_ms);
    }
    for (_, _, ways) in &flows {
        assert_eq!(ways.end_ms - ways.start_ms, (ways.packets - 1) * 1000);
    }
    assert!(monitor.ledger().balanced() && monitor.is_empty());
}
