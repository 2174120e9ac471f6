//! Permanent caches, nearly full caches, and flows that end with their transaction.

use super::*;

fn permanent(update: u64, entries: usize) -> Monitor {
    let cache_type = CacheType::Permanent {
        update: Duration::from_secs(update),
    };
    Monitor::new(
        Settings {
            cache_type,
            entries,
            ..settings()
        },
        1,
    )
}

#[test]
fn permanent_flows_stay_and_tell_what_is_new() {
    let mut monitor = permanent(60, 100);
    for second in 0..600 {
        // Source 1 is always active, source 2 in the first minute and in the last.
        monitor.packet(&mut header(1, 17, 0, 100), second * S);
        if !(60..540).contains(&second) {
            monitor.packet(&mut header(2, 6, 0x10, 40), second * S + 5);
        }
        monitor.expire(second * S);
        assert_eq!(monitor.len(), 2.min(second as usize + 2));
        assert!(monitor.ledger().balanced());
    }
    let records = drained(&mut monitor);
    let of = |wanted: u8| {
        let mine = records.iter().filter(move |(source, _)| *source == wanted);
        mine.map(|(_, totals)| *totals).collect::<Vec<_>>()
    };
    let mut heard = 0;
    let mut last_ns = 0;
    for totals in of(1) {
        assert!(totals.packets <= 61 && totals.end == EndReason::Active);
        assert_eq!(totals.octets, totals.packets * 100);
        // The times are those of the packets in the record.
        assert_eq!(totals.last_ns - totals.first_ns, (totals.packets - 1) * S);
        assert!(heard == 0 || totals.first_ns == last_ns + S);
        (heard, last_ns) = (heard + totals.packets, totals.last_ns);
    }
    assert!((9..=10).contains(&of(1).len()), "{:?}", of(1));
    assert!(of(2).len() <= 4, "silence is not told: {:?}", of(2));
    assert_eq!(monitor.updates(), records.len() as u64);
    assert_eq!(monitor.statistics(), (2, Aged::default()), "nothing ends");
    monitor.flush(EndReason::Forced);
    let rest: u64 = drained(&mut monitor).iter().map(|(_, t)| t.packets).sum();
    let told: u64 = records.iter().map(|(_, totals)| totals.packets).sum();
    assert_eq!(told + rest, 600 + 120);
    assert!(monitor.ledger().balanced() && monitor.is_empty());
}

#[test]
fn updates_farther_apart_than_a_turn_of_the_wheel() {
    let mut monitor = permanent(3000, 100);
    for second in 0..9000 {
        monitor.packet(&mut header(1, 17, 0, 100), second * S);
        monitor.expire(second * S);
    }
    let packets: Vec<u64> = drained(&mut monitor)
        .iter()
        .map(|(_, totals)| totals.packets)
        .collect();
    assert!(
        packets.len() >= 2 && packets[1..].iter().all(|n| *n == 3000),
        "{packets:?}"
    );
}

#[test]
fn a_full_permanent_cache_meters_no_new_flows() {
    let mut monitor = permanent(60, 16);
    for second in 0..10 {
        for source in 0..20 {
            monitor.packet(&mut header(source, 17, 0, 100), second * S);
        }
    }
    let ledger = monitor.ledger();
    assert_eq!(
        (ledger.metered.packets, ledger.cache_full.packets),
        (160, 40)
    );
    assert_eq!((monitor.len(), ledger.cache_full.octets), (16, 4000));
    assert!(ledger.balanced());
    assert_eq!(monitor.statistics().1, Aged::default());
}

#[test]
fn smallest_and_largest_start_anew_with_each_record() {
    let record = Record {
        name: "R".into(),
        keys: vec![Record::key_field("ipv4 source address").unwrap()],
        collects: vec![Record::collect_field("ipv4 total-length maximum").unwrap()],
    };
    let cache_type = CacheType::Permanent {
        update: Duration::from_secs(10),
    };
    let mut monitor = Monitor::new(
        Settings {
            record,
            cache_type,
            ..settings()
        },
        1,
    );
    let mut send = |octets: u32, second: u64| {
        let mut packet = header(1, 17, 0, octets);
        packet.set(at::IP_TOTAL_LENGTH, &octets.to_be_bytes());
        monitor.packet(&mut packet, second * S);
        monitor.expire(second * S);
    };
    send(1500, 1);
    send(40, 2);
    send(40, 13);
    send(52, 14);
    send(40, 31);
    let largest: Vec<String> = monitor
        .drain()
        .flat_map(|batch| {
            let of = |flow: Flow<'_>| flow.value(&flow.layout.slots[1]).to_string();
            batch.iter().map(of).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(largest, ["1500", "52"]);
}

#[test]
fn a_change_of_type_ends_the_flows() {
    let mut monitor = permanent(60, 100);
    for second in 0..70 {
        if second < 5 {
            monitor.packet(&mut header(1, 17, 0, 100), second * S);
        }
        monitor.expire(second * S);
    }
    assert_eq!(drained(&mut monitor).len(), 1);
    monitor.reconfigure(settings(), 1);
    assert!(monitor.is_empty() && monitor.ledger().balanced());
    assert_eq!(drained(&mut monitor).len(), 0, "all was told");
    monitor.packet(&mut header(1, 17, 0, 100), 71 * S);
    monitor.expire(86 * S);
    assert_eq!(drained(&mut monitor).len(), 1);
}

#[test]
fn above_the_watermark_flows_that_are_about_to_end_do_and_others_stay() {
    let mut monitor = Monitor::new(
        Settings {
            entries: 160,
            ..settings()
        },
        1,
    );
    // 100 flows that have been idle for ten seconds of fifteen, then 60 new ones: a tenth is above 15/16.
    for source in 0..100 {
        monitor.packet(&mut header(source, 17, 0, 100), 100 * S);
    }
    for second in 101..=110 {
        monitor.expire(second * S);
    }
    for source in 100..200 {
        monitor.packet(&mut header(source, 17, 0, 100), 110 * S);
        assert!(monitor.len() <= 150);
    }
    let (added, aged) = monitor.statistics();
    assert_eq!((added, aged.emergency), (200, 0));
    assert!(aged.watermark >= 50, "{aged:?}");
    // No flow is about to end: flows are added until the cache is full, and only then are others evicted.
    let mut monitor = Monitor::new(
        Settings {
            entries: 160,
            ..settings()
        },
        1,
    );
    for source in 0..161 {
        monitor.packet(&mut header(source as u8, 17, 0, 100), 100 * S);
        assert_eq!(monitor.statistics().1.watermark, 0);
        assert_eq!(monitor.statistics().1.emergency > 0, source >= 160);
    }
    assert!(monitor.ledger().balanced());
}

#[test]
fn making_room_is_bounded_work() {
    let entries = 1 << 16;
    let mut monitor = Monitor::new(
        Settings {
            entries,
            ..settings()
        },
        1,
    );
    let mut packet = |number: u32, time_ns: u64| {
        let mut packet = header(1, 17, 0, 100);
        packet.set(at::DESTINATION_IPV4, &number.to_be_bytes());
        let before = monitor.statistics().1.total();
        monitor.packet(&mut packet, time_ns);
        let (_, aged) = monitor.statistics();
        assert!(aged.total() - before <= 256, "for one packet");
        aged
    };
    for number in 0..entries as u32 {
        packet(number, 100 * S);
    }
    // Every flow is prolonged, so that no entry of the wheel is right any more.
    for number in 0..entries as u32 {
        packet(number, 114 * S);
    }
    let aged = packet(entries as u32, 114 * S);
    assert!((1..=256).contains(&aged.emergency), "{aged:?}");
}

#[test]
fn a_transaction_ends_with_fin_or_rst() {
    for (flags, ended) in [(0x11, true), (0x04, true), (0x18, false)] {
        let timeouts = Timeouts {
            transaction_end: true,
            ..Timeouts::FLEXIBLE_NETFLOW
        };
        let mut monitor = Monitor::new(
            Settings {
                timeouts,
                ..settings()
            },
            1,
        );
        monitor.packet(&mut header(1, 6, 0x02, 40), 10 * S);
        monitor.expire(11 * S);
        monitor.packet(&mut header(1, 6, flags, 40), 11 * S + 5);
        // What follows within the second belongs to the same flow.
        monitor.packet(&mut header(1, 6, 0x10, 40), 11 * S + 9);
        monitor.expire(12 * S);
        let flows = drained(&mut monitor);
        assert_eq!(monitor.is_empty(), ended, "{flags:#x}");
        let ends: Vec<_> = flows.iter().map(|(_, t)| (t.end, t.packets)).collect();
        let expected: &[_] = if ended {
            &[(EndReason::EndOfFlow, 3)]
        } else {
            &[]
        };
        assert_eq!(ends, expected);
        assert_eq!(monitor.statistics().1.event, u64::from(ended));
    }
}
