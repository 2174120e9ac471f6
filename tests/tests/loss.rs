//! `show flow loss` balances to the packet, also when caches overflow, collectors fail and commits change everything.

use flow_tests::config::{Exporter, monitor};
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, clock, skip, tshark, until};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay", "tshark"];

fn one_exporter(extra: &str) -> String {
    let exporter = Exporter {
        name: "E",
        destination: "192.168.3.1",
        port: 2055,
        protocol: "ipfix",
    };
    monitor("eth1", &[exporter]) + extra
}

#[test]
fn an_overfull_cache_loses_no_packet() {
    if !skip::able("loss: overfull cache", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&one_exporter("set flow monitor M cache entries 16\n"));
    // 4,000 flows through 16 entries.
    let traffic = Traffic::udp(8_000, 2, clock::wall_ns());
    lab.replay(&traffic);
    let ledger = flowd.metered("M", 8_000);
    ledger.audit();
    assert!(
        ledger.monitor("M").cached.records <= 16,
        "{:#}",
        ledger.json
    );
    assert!(
        ledger.monitor("M").expired.records >= 3_984,
        "{:#}",
        ledger.json
    );
    let statistics = flowd.ok(&["show flow monitor M statistics"]);
    let emergency = statistics
        .lines()
        .find(|line| line.contains("Emergency aged"))
        .unwrap_or_default();
    assert!(
        emergency
            .split_whitespace()
            .last()
            .is_some_and(|count| count != "0"),
        "{statistics}"
    );
    flowd.force_export("M");
    let ledger = flowd.settled();
    ledger.audit_settled();
    assert_eq!(
        ledger.monitor("M").metered.packets,
        8_000,
        "{:#}",
        ledger.json
    );
    assert_eq!(
        ledger.client("E", "M").sent.packets,
        8_000,
        "{:#}",
        ledger.json
    );
    until("all of it", SOON, || {
        (tshark::decode(&sink, 2055).flows.totals().0 >= 8_000).then_some(())
    });
    traffic
        .flows()
        .assert_same(&tshark::decode(&sink, 2055).flows, "tshark");
}

#[test]
fn a_dead_collector_is_accounted_for() {
    if !skip::able("loss: dead collector", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let flowd = Flowd::start(&lab.router);
    // One collector that works, one whose port nobody listens on, one on a link that is taken down, one without a route.
    let exporters = [
        ("E", "192.168.3.1", 2055),
        ("CLOSED", "192.168.3.2", 9),
        ("DOWN", "172.16.2.1", 2055),
        ("NOWHERE", "203.0.113.9", 2055),
    ];
    let exporters = exporters.map(|(name, destination, port)| Exporter {
        name,
        destination,
        port,
        protocol: "netflow-v9",
    });
    flowd.configure(&monitor("eth1", &exporters));
    lab.servers.ip("link set eth0 down");
    lab.router.ip("link set eth2 down");
    let traffic = Traffic::udp(3_000, 3, clock::wall_ns());
    for round in 1..=3 {
        lab.replay(&traffic);
        flowd.metered("M", round * 3_000).audit();
        flowd.force_export("M");
    }
    let ledger = flowd.settled();
    ledger.audit_settled();
    assert_eq!(
        ledger.client("E", "M").sent.packets,
        9_000,
        "{:#}",
        ledger.json
    );
    assert_eq!(
        ledger.client("NOWHERE", "M").sent.packets,
        0,
        "{:#}",
        ledger.json
    );
    for dead in ["NOWHERE", "DOWN"] {
        let dropped: u64 = ledger
            .client(dead, "M")
            .dropped
            .values()
            .map(|tally| tally.packets)
            .sum();
        assert!(dropped > 0, "{dead}: {:#}", ledger.json);
    }
    until("all of it", SOON, || {
        (tshark::decode(&sink, 2055).flows.totals().0 >= 9_000).then_some(())
    });
    assert_eq!(
        tshark::decode(&sink, 2055).flows.totals(),
        (9_000, 9_000 * (28 + 64))
    );
    // The operator can see why.
    let screen = flowd.ok(&["show flow exporter NOWHERE"]);
    assert!(screen.to_lowercase().contains("no route"), "{screen}");
}

#[test]
fn sampling_is_accounted_for() {
    if !skip::able("loss: sampling", TOOLS) {
        return;
    }
    for (mode, low, high) in [("deterministic", 1_000, 1_000), ("random", 850, 1_150)] {
        let lab = Lab::new();
        let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
        let old = Sink::start(&lab.c1, "192.168.3.2", 2055);
        let flowd = Flowd::start(&lab.router);
        flowd.configure(&one_exporter(&format!(
            "set flow exporter OLD destination 192.168.3.2\nset flow exporter OLD transport udp 2055\n\
             set flow exporter OLD export-protocol netflow-v5\nset flow monitor M exporter OLD\n\
             set flow sampler S mode {mode}\nset flow sampler S rate 10\nset interfaces ethernet eth1 flow monitor M sampler S\n"
        )));
        lab.replay(&Traffic::udp(10_000, 10_000, clock::wall_ns()));
        flowd.metered("M", 10_000);
        flowd.force_export("M");
        let ledger = flowd.settled();
        ledger.audit_settled();
        let (metered, unsampled) = (
            ledger.monitor("M").metered.packets,
            ledger.monitor("M").unsampled.packets,
        );
        assert_eq!(metered + unsampled, 10_000, "{mode}: {:#}", ledger.json);
        // Five standard deviations of a binomial distribution are 150.
        assert!(
            (low..=high).contains(&metered),
            "{mode}: {metered} of 10,000 at 1 in 10"
        );
        until("all of it", SOON, || {
            (tshark::decode(&sink, 2055).flows.totals().0 >= metered).then_some(())
        });
        let decoded = tshark::decode(&sink, 2055);
        assert_eq!(decoded.flows.totals(), (metered, metered * (28 + 64)));
        assert!(
            !decoded.options.is_empty(),
            "the sampling rate is sent as options data"
        );
        assert_eq!(decoded.complaints, Vec::<String>::new());
        // NetFlow v5 has the sampling in its header: two bits of mode, and the rate.
        let old = tshark::decode(&old, 2055);
        assert_eq!(old.flows.totals(), decoded.flows.totals());
        assert!(
            !old.v5_rates.is_empty() && old.v5_rates.iter().all(|rate| rate == "10"),
            "{:?}",
            old.v5_rates
        );
    }
}

#[test]
fn what_is_skipped_is_counted_by_reason() {
    if !skip::able("loss: skipped packets", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    flowd.configure("set flow record V4 match ipv4 source address\nset flow record V4 collect counter packets\nset flow monitor M record V4\nset interfaces ethernet eth1 flow monitor M direction input\n");
    let traffic = Traffic::mix(31, 2_000, clock::wall_ns());
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    let arp = {
        let mut frame = vec![0xff; 6];
        frame.extend([2, 0, 0, 0, 9, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        frame.resize(60, 0);
        frame
    };
    let mut frames: Vec<(u64, &[u8])> = traffic
        .frames()
        .iter()
        .map(|(time, _, bytes)| (*time, bytes.as_slice()))
        .collect();
    let last = frames.last().unwrap().0;
    frames.extend((0..25).map(|number| (last + number, arp.as_slice())));
    flow_tests::pcapfile::write(file.path(), frames.into_iter());
    lab.replay_file(file.path(), 20_000);
    let v4 = traffic.flows().v4().totals();
    let v6 = traffic.flows().totals().0 - v4.0;
    flowd.metered("M", v4.0);
    let ledger = flowd.until("the last packet", |flowd| {
        let ledger = flowd.ledger();
        (ledger.monitor("M").captured.packets >= 2_025).then_some(ledger)
    });
    ledger.audit();
    let monitor = ledger.monitor("M");
    assert_eq!(
        (monitor.metered.packets, monitor.metered.octets),
        v4,
        "{:#}",
        ledger.json
    );
    let skipped = |why: &str| monitor.skipped.get(why).map_or(0, |tally| tally.packets);
    // The kernel may send packets by itself on a new link, so the test compares with "at least".
    assert!(
        skipped("other-family") >= v6 && skipped("not-ip") >= 25,
        "{:#}",
        ledger.json
    );
}

/// A promise to operators: a commit loses no packet and no cached flow. Each of fifty commits waits for its share of the
/// traffic, so that all of them are made under traffic, while flows end all the time.
#[test]
fn commits_under_traffic_lose_nothing() {
    const PACKETS: u32 = 200_000;
    const COMMITS: u32 = 50;
    if !skip::able("loss: commits under traffic", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let sinks = ["192.168.3.1", "192.168.3.2"].map(|address| Sink::start(&lab.c1, address, 2055));
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&one_exporter(
        "set flow monitor M cache timeout inactive 1\nset flow monitor M cache entries 100000\n\
         set interfaces ethernet eth1 capture ring-size 64\n",
    ));
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    let traffic = Traffic::udp(PACKETS, 40, clock::wall_ns());
    traffic.write(file.path());
    let path = file.path().to_str().unwrap();
    let replay = ["tcpreplay", "-q", "-i", "eth0", "--pps", "20000", path];
    let mut replay = lab.hosts.spawn(&replay);
    let mut in_time = 0;
    for number in 1..=COMMITS {
        let before = flowd.metered("M", u64::from(PACKETS / (COMMITS + 5) * number));
        before.audit();
        in_time += u32::from(before.monitor("M").metered.packets < PACKETS.into());
        flowd.configure(&match number % 4 {
            0 => format!("set flow monitor M cache timeout active {}\n", 60 + number),
            1 => format!("set flow exporter E ttl {}\n", 100 + number),
            2 => format!(
                "set flow sampler S{number} mode random\nset flow sampler S{number} rate 10\n"
            ),
            _ => format!(
                "set flow exporter E destination 192.168.3.{}\n",
                1 + (number / 4 + 1) % 2
            ),
        });
    }
    // All of the commits come under traffic, except on a busy machine.
    assert!(in_time >= COMMITS / 2, "{in_time} commits under traffic");
    assert!(replay.wait(SOON).success(), "{}", replay.output());
    flowd.metered("M", PACKETS.into());
    flowd.force_export("M");
    let ledger = flowd.settled();
    ledger.audit_settled();
    let (monitor, client) = (ledger.monitor("M"), ledger.client("E", "M"));
    let skipped: u64 = monitor.skipped.values().map(|tally| tally.packets).sum();
    assert_eq!(
        (monitor.metered.packets, monitor.metered.octets),
        traffic.flows().totals(),
        "{:#}",
        ledger.json
    );
    assert_eq!(
        monitor.captured.packets,
        u64::from(PACKETS) + skipped,
        "{:#}",
        ledger.json
    );
    for dropped in [&monitor.dropped, &client.dropped] {
        let packets: u64 = dropped.values().map(|tally| tally.packets).sum();
        assert_eq!(packets, 0, "{:#}", ledger.json);
    }
    assert_eq!(client.sent.packets, u64::from(PACKETS), "{:#}", ledger.json);
    // A change of the destination loses nothing either: both collectors together have every flow once.
    let collected = until("all of it", SOON, || {
        let mut flows = tshark::decode(&sinks[0], 2055).flows;
        flows.merge(&tshark::decode(&sinks[1], 2055).flows);
        (flows.totals().0 >= PACKETS.into()).then_some(flows)
    });
    traffic.flows().assert_same(&collected, "both collectors");
    for sink in &sinks {
        assert!(!sink.datagrams().is_empty(), "one collector got nothing");
    }
}
