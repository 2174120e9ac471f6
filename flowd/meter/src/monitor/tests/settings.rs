//! Sampling, changed settings, a clock that is set.

use super::*;

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
