//! When flows end: timeouts, TCP flags, a full cache.

use super::*;

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
