//! What packets are counted into: bursts, keys, immediate caches, families, statistics.

use super::*;

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
