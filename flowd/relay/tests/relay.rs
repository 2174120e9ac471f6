//! A samplicator on loopback: what goes in comes out, byte for byte, and every datagram is accounted for.

mod support;

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use loss::DropReason;
use relay::{
    Action, BalanceBy, Group, Problem, ReceiverState, Rule, Samplicator, SamplicatorSettings,
    SourcePort, Tally, What,
};
use support::{Lab, Sink, context, privileged, settings};

fn payload(number: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| (number * 31 + at * 7) as u8).collect()
}

/// Sizes of every kind, in an order in which some can share a send and some cannot.
fn sizes() -> Vec<usize> {
    let mut sizes = vec![
        0, 1, 1200, 1200, 1200, 700, 1472, 1473, 9000, 9000, 65_507, 2, 2, 0,
    ];
    let mut state = 1_u64;
    for _ in 0..60 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        sizes.push((state >> 33) as usize % 65_508);
    }
    sizes
}

#[test]
fn payloads_are_identical_and_in_order() {
    for (address, any, most) in [("127.0.0.1", "0.0.0.0", 65_507), ("::1", "::", 65_487)] {
        // From a port for every address no other socket can send: the raw one does it.
        for (spoof_source, from) in [(false, address), (true, address), (true, any)] {
            if spoof_source && !privileged() {
                continue;
            }
            let sinks = [Sink::new(address), Sink::new(address)];
            let mut settings = settings(address);
            settings.receivers = vec![sinks[0].receiver("a"), sinks[1].receiver("b")];
            for receiver in &mut settings.receivers {
                receiver.spoof_source = spoof_source;
            }
            let lab = Lab::start(&settings);
            let exporter = UdpSocket::bind((from, 0)).unwrap();
            let own = SocketAddr::new(lab.to.ip(), exporter.local_addr().unwrap().port());
            let sizes: Vec<usize> = sizes().iter().map(|size| *size.min(&most)).collect();
            for (number, size) in sizes.iter().enumerate() {
                exporter.send_to(&payload(number, *size), lab.to).unwrap();
                for sink in &sinks {
                    let (octets, from) = sink.next();
                    assert!(octets == payload(number, *size), "{address} {size}");
                    assert_eq!(from == own, spoof_source, "{address} {from}");
                }
            }
            // As fast as they go, so that they are sent in batches.
            for (number, size) in sizes.iter().enumerate() {
                exporter.send_to(&payload(number, *size), lab.to).unwrap();
            }
            for sink in &sinks {
                for (number, size) in sizes.iter().enumerate() {
                    assert!(sink.next().0 == payload(number, *size), "{address} {size}");
                }
            }
            let all = Tally {
                datagrams: 2 * sizes.len() as u64,
                octets: 2 * sizes.iter().sum::<usize>() as u64,
            };
            let statistics = lab.until("all sent", |statistics| statistics.received == all);
            assert_eq!(statistics.kernel_drops, 0);
            for receiver in &statistics.receivers {
                assert_eq!(
                    (receiver.ledger.sent, receiver.state),
                    (all, ReceiverState::Up)
                );
            }
        }
    }
}

#[test]
fn rules_sampling_limits_and_groups_are_counted_exactly() {
    let sinks: Vec<Sink> = (0..6).map(|_| Sink::new("127.0.0.1")).collect();
    let mut settings = settings("127.0.0.1");
    settings.receivers = (0..6)
        .map(|n| sinks[n].receiver(&format!("r{n}")))
        .collect();
    settings.receivers[1].sampling = 10;
    settings.receivers[2].rate_limit = Some(100);
    settings.receivers[3].disabled = true;
    settings.groups = vec![Group {
        name: "g".into(),
        receivers: vec!["r4".into(), "r5".into()],
        by: BalanceBy::Exporter,
    }];
    let relay = |names: &[&str]| Action::Relay(names.iter().map(|name| (*name).into()).collect());
    settings.rules = vec![
        Rule {
            prefix: "127.0.1.0/24".parse().unwrap(),
            action: relay(&["r0", "r1", "r2", "r3", "g"]),
        },
        Rule {
            prefix: "127.0.1.7/32".parse().unwrap(),
            action: Action::Deny,
        },
        Rule {
            prefix: "127.0.2.0/24".parse().unwrap(),
            action: relay(&["r3"]),
        },
    ];
    let lab = Lab::start(&settings);
    let send = |from: &str, count: usize| {
        let socket = UdpSocket::bind((from, 0)).unwrap();
        for number in 0..count {
            socket.send_to(&payload(number, 100), lab.to).unwrap();
        }
    };
    send("127.0.1.1", 1000);
    send("127.0.1.7", 50);
    // Its only receiver is disabled.
    send("127.0.2.1", 30);
    // No rule, and every receiver is named by one.
    send("127.0.3.1", 20);
    let statistics = lab.until("all there", |all| all.received.datagrams == 1100);
    let counts = [statistics.relayed, statistics.denied, statistics.unrouted];
    assert_eq!(counts.map(|tally| tally.datagrams), [1000, 50, 50]);
    let receivers = &statistics.receivers;
    let dropped = |receiver: usize, reason: DropReason| {
        let dropped = receivers[receiver].ledger.dropped.get(&reason);
        dropped.map_or(0, |tally| tally.datagrams)
    };
    assert_eq!(receivers[0].ledger.sent.datagrams, 1000);
    assert_eq!(receivers[1].ledger.sent.datagrams, 100);
    assert_eq!(dropped(1, DropReason::Sampled), 900);
    let limited = receivers[2].ledger.sent.datagrams;
    assert!((10..500).contains(&limited), "{limited}");
    assert_eq!(dropped(2, DropReason::RateLimit), 1000 - limited);
    assert_eq!(
        (receivers[3].state, receivers[3].ledger.offered.datagrams),
        (ReceiverState::Disabled, 0)
    );
    let shares = [4, 5].map(|member| receivers[member].ledger.sent.datagrams);
    assert!(shares == [1000, 0] || shares == [0, 1000], "{shares:?}");
    let sources: BTreeMap<String, (u64, Option<String>)> = lab
        .samplicator
        .sources()
        .into_iter()
        .map(|source| {
            (
                source.address.to_string(),
                (source.not_relayed.datagrams, source.rule),
            )
        })
        .collect();
    assert_eq!(sources["127.0.1.7"], (50, Some("127.0.1.7/32".into())));
    assert_eq!(sources["127.0.3.1"], (20, None));
    lab.samplicator.clear();
    let cleared = lab.samplicator.statistics();
    assert!(cleared.balanced() && cleared.received == Tally::default());
    assert_eq!(cleared.sources, 4);
}

#[test]
fn a_dead_receiver_costs_the_others_nothing_and_is_seen_to_return() {
    let (live, dead) = (Sink::new("127.0.0.1"), Sink::new("127.0.0.1"));
    let mut settings = settings("127.0.0.1");
    settings.receivers = vec![live.receiver("live"), dead.receiver("dead")];
    let mut unresolved = live.receiver("nowhere");
    unresolved.destination = "no.such.name.invalid".into();
    settings.receivers.push(unresolved);
    let lab = Lab::start(&settings);
    let address = dead.socket.local_addr().unwrap();
    drop(dead);
    let exporter = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..500 {
        exporter.send_to(&payload(number, 300), lab.to).unwrap();
    }
    for number in 0..500 {
        assert!(live.next().0 == payload(number, 300));
    }
    lab.event("failed", |what| {
        matches!(what, What::ReceiverFailed { receiver, reason: DropReason::IcmpUnreachable } if receiver == "dead")
    });
    let statistics = lab.until("all there", |all| all.received.datagrams == 500);
    let [live_one, dead_one, nowhere] = &statistics.receivers[..] else {
        panic!("three receivers");
    };
    assert_eq!(
        (live_one.ledger.sent.datagrams, live_one.icmp_unreachable),
        (500, 0)
    );
    assert!(dead_one.icmp_unreachable > 0 && dead_one.state == ReceiverState::Failed);
    assert_eq!(nowhere.state, ReceiverState::Unresolved);
    assert_eq!(
        nowhere.ledger.dropped[&DropReason::Unresolved].datagrams,
        500
    );
    let back = UdpSocket::bind(address).unwrap();
    back.set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    lab.until("recovered", |all| {
        exporter.send_to(&payload(1, 300), lab.to).unwrap();
        let _ = back.recv(&mut [0; 400]);
        all.receivers[1].state == ReceiverState::Up
    });
    lab.event(
        "recovered",
        |what| matches!(what, What::ReceiverRecovered { receiver } if receiver == "dead"),
    );
}

#[test]
fn changes_under_load_lose_nothing_for_those_that_stay() {
    let stays = Sink::new("127.0.0.1");
    let comes = Sink::new("127.0.0.1");
    let mut settings = settings("127.0.0.1");
    settings.receivers = vec![stays.receiver("stays")];
    let mut lab = Lab::start(&settings);
    let to = lab.to;
    const COUNT: usize = 30_000;
    let sender = std::thread::spawn(move || {
        let exporter = UdpSocket::bind("127.0.0.1:0").unwrap();
        for number in 0..COUNT {
            exporter
                .send_to(&(number as u32).to_be_bytes(), to)
                .unwrap();
            if number % 64 == 0 {
                std::thread::sleep(Duration::from_micros(300));
            }
        }
    });
    let mut changes = 0_u32;
    while !sender.is_finished() {
        changes += 1;
        settings.receivers.truncate(1);
        if changes % 2 == 1 {
            settings.receivers.push(comes.receiver("comes"));
        }
        settings.receivers[0].dscp = (changes % 64) as u8;
        settings.rules = match changes % 3 {
            0 => vec![Rule {
                prefix: "127.0.0.0/8".parse().unwrap(),
                action: Action::Relay(vec!["stays".into()]),
            }],
            _ => Vec::new(),
        };
        lab.apply(&settings);
        lab.until("consistent", |_| true);
    }
    sender.join().unwrap();
    assert!(changes > 3);
    for number in 0..COUNT {
        assert_eq!(stays.next().0, (number as u32).to_be_bytes());
    }
    let statistics = lab.until("all there", |all| all.received.datagrams == COUNT as u64);
    assert_eq!(statistics.receivers[0].ledger.sent.datagrams, COUNT as u64);
    assert_eq!(statistics.kernel_drops, 0);
    let others: u64 = statistics.receivers[1..]
        .iter()
        .map(|receiver| receiver.ledger.sent.datagrams)
        .sum();
    assert_eq!(
        others + statistics.retired.sent.datagrams,
        comes.waiting() as u64
    );
}

#[test]
fn a_delay_is_kept_and_its_queue_is_accounted_for() {
    let sink = Sink::new("127.0.0.1");
    let mut settings = settings("127.0.0.1");
    settings.receivers = vec![sink.receiver("slow")];
    settings.receivers[0].delay = Duration::from_millis(5);
    let mut lab = Lab::start(&settings);
    let exporter = UdpSocket::bind("127.0.0.1:0").unwrap();
    let start_ns = support::clock();
    for number in 0..40 {
        exporter.send_to(&payload(number, 50), lab.to).unwrap();
    }
    for number in 0..40 {
        assert!(sink.next().0 == payload(number, 50));
    }
    let took = Duration::from_nanos(support::clock() - start_ns);
    assert!(took >= Duration::from_millis(39 * 5), "{took:?}");
    lab.until("sent", |all| all.receivers[0].ledger.sent.datagrams == 40);
    // More than its queue holds: the rest is dropped, and said to be.
    for _ in 0..2000 {
        exporter.send_to(&payload(0, 9000), lab.to).unwrap();
    }
    let statistics = lab.until("full", |all| all.received.datagrams == 2040);
    let ledger = &statistics.receivers[0].ledger;
    assert!(ledger.queued.datagrams > 800 && ledger.queued.octets <= 8 << 20);
    assert!(ledger.dropped[&DropReason::QueueFull].datagrams > 0);
    settings.receivers.clear();
    lab.apply(&settings);
    let retired = lab.samplicator.statistics().retired;
    assert!(retired.balanced() && retired.dropped.contains_key(&DropReason::Removed));
    assert_eq!(retired.offered.datagrams, 2040);
}

#[test]
fn refusals_say_where() {
    let taken = Sink::new("127.0.0.1");
    let local = taken.socket.local_addr().unwrap();
    let (context, _events) = context();
    let prepare = |settings: &SamplicatorSettings| {
        let prepared = Samplicator::prepare(None, settings, &context);
        prepared.map(|_| ()).unwrap_err()
    };
    let mut own = settings("127.0.0.1");
    own.ports = vec![local.port()];
    let error = prepare(&own);
    assert!(matches!(error.problem, Problem::InUse), "{error}");
    let mut away = settings("127.0.0.1");
    away.listen = vec!["192.0.2.77".parse::<std::net::IpAddr>().unwrap().into()];
    // It may come later, so it is no reason to refuse.
    assert!(Samplicator::prepare(None, &away, &context).is_ok());
    let mut loops = settings("127.0.0.1");
    let mut receiver = taken.receiver("me");
    receiver.port = loops.ports[0];
    loops.receivers = vec![receiver];
    let error = prepare(&loops);
    assert!(matches!(error.problem, Problem::Loop), "{error}");
    assert!(error.to_string().starts_with("receiver me: "));
    let mut port = settings("127.0.0.1");
    let mut receiver = taken.receiver("fixed");
    receiver.source_port = SourcePort::Fixed(local.port());
    receiver.port = 9;
    port.receivers = vec![receiver];
    let error = prepare(&port);
    assert!(matches!(error.problem, Problem::InUse), "{error}");
}

#[test]
fn threads_share_a_port_and_their_accounts_add_up() {
    let sink = Sink::new("127.0.0.1");
    let mut settings = settings("127.0.0.1");
    settings.receivers = vec![sink.receiver("a")];
    settings.receivers[0].source_port = SourcePort::Fixed(
        UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port(),
    );
    let mut lab = Lab::start(&settings);
    settings.threads = 3;
    lab.apply(&settings);
    let exporters: Vec<UdpSocket> = (0..50)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    for exporter in &exporters {
        for number in 0..20 {
            exporter.send_to(&payload(number, 64), lab.to).unwrap();
        }
    }
    let statistics = lab.until("all there", |all| all.received.datagrams == 1000);
    assert_eq!(
        (statistics.listeners[0].threads, statistics.sources),
        (3, 50)
    );
    assert_eq!(statistics.receivers[0].ledger.sent.datagrams, 1000);
    let from: Vec<SocketAddr> = (0..1000).map(|_| sink.next().1).collect();
    let fixed = SourcePort::Fixed(from[0].port());
    assert_eq!(fixed, settings.receivers[0].source_port);
    assert!(from.iter().all(|address| *address == from[0]));
    settings.threads = 1;
    settings.ports[0] = support::settings("127.0.0.1").ports[0];
    lab.apply(&settings);
    let after = lab.samplicator.statistics();
    assert!(
        after.balanced() && after.received.datagrams == 1000,
        "{after:#?}"
    );
}
