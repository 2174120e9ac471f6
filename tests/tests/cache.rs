//! `show flow monitor … cache` shows the right flows of a cache in use, and capture loses no packet meanwhile.

use std::time::Duration;

use flow_tests::config::monitor;
use flow_tests::traffic::Traffic;
use flow_tests::{Flowd, Lab, clock, skip};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay"];

/// Returns the number of flows in the cache, and whether tcpreplay sends as fast as it can. `FLOW_TESTS_CACHE=1000000` runs
/// the test by hand with more flows, at full speed.
fn flows() -> (u32, bool) {
    let asked = std::env::var("FLOW_TESTS_CACHE").ok();
    match asked.map(|flows| flows.parse().expect("FLOW_TESTS_CACHE is a number")) {
        Some(flows) => (flows, true),
        None => (60_000, false),
    }
}

const SHOWS: &[&str] = &[
    "show flow monitor M cache sort highest counter bytes top 10",
    "show flow monitor M cache filter ipv4 source address 10.0.0.2/31 transport source-port 10000-10999 | count",
    "show flow monitor M cache filter ipv4 source address regexp \"^10\\.0\\.0\\.1$\" format csv | count",
    "show flow monitor M cache aggregate ipv4 source address sort highest counter flows top 5",
    "show flow monitor M cache aggregate transport source-port sort highest counter packets top 20 | json",
    "show flow-accounting top 10",
];

#[test]
fn a_cache_is_shown_while_packets_come() {
    if !skip::able("cache", TOOLS) {
        return;
    }
    let (flows, fast) = flows();
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    flowd.configure(&format!(
        "{}set flow monitor M cache entries 4000000\nset flow monitor M cache timeout inactive 3600\n\
         set system flow-accounting interface eth1\n",
        monitor("eth1", &[])
    ));
    let file = tempfile::Builder::new()
        .suffix(".pcap")
        .tempfile()
        .expect("a temporary file");
    Traffic::udp(flows, 1, clock::wall_ns()).write(file.path());
    let path = file.path().to_str().expect("UTF-8");
    let rate = if fast { "--topspeed" } else { "--pps=60000" };
    let mut replay = lab.hosts.spawn(&[
        "tcpreplay",
        "-q",
        "-i",
        "eth0",
        rate,
        "--preload-pcap",
        "--loop=3",
        path,
    ]);
    let mut rounds = 0;
    while replay.running() {
        for line in SHOWS {
            let began = clock::wall_ns();
            flowd.ok(&[line]);
            if fast {
                eprintln!(
                    "{:>6} ms while packets come: {line}",
                    (clock::wall_ns() - began) / 1_000_000
                );
            }
        }
        rounds += 1;
    }
    assert!(
        replay.wait(Duration::from_secs(60)).success(),
        "{}",
        replay.output()
    );
    assert!(rounds > 0, "the replay was over before it was looked at");

    let packets = 3 * u64::from(flows);
    let ledger = flowd.metered("M", packets);
    ledger.audit();
    let seen = ledger.monitor("M");
    assert_eq!(seen.metered.packets, packets, "{:#}", ledger.json);
    assert_eq!(seen.captured.packets, packets, "{:#}", ledger.json);
    assert_eq!(seen.cached.records, u64::from(flows), "{:#}", ledger.json);
    assert!(
        seen.dropped.values().all(|dropped| dropped.packets == 0),
        "{:#}",
        ledger.json
    );
    if fast {
        for line in SHOWS {
            let began = clock::wall_ns();
            flowd.ok(&[line]);
            eprintln!("{:>6} ms: {line}", (clock::wall_ns() - began) / 1_000_000);
        }
        eprintln!(
            "{rounds} rounds while packets came; {}",
            memory(flowd.process().id())
        );
    }

    // 50,000 flows of each source, from 10.0.0.1 on.
    let listed = flowd.ok(&["show flow monitor M cache format csv | count"]);
    assert_eq!(listed, format!("Count: {} lines\n", flows + 1));
    let shown = flowd.ok(&[
        "show flow monitor M cache aggregate ipv4 source address sort highest counter flows top 1",
    ]);
    let sources = flows.div_ceil(50_000);
    let head = format!(
        "Processed {flows} flows\nAggregated to {sources} flows\nShowing the top 1 flows\n"
    );
    assert!(shown.starts_with(&head), "{shown}");
    let row: Vec<&str> = shown
        .lines()
        .last()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    assert_eq!(
        row,
        ["10.0.0.1", "50000", &(150_000 * 92).to_string(), "150000"],
        "{shown}"
    );
    let filtered = flowd.json(
        "show flow monitor M cache filter ipv4 source address 10.0.0.2/32 transport source-port 10005,10010-10012 \
         ipv4 protocol udp sort highest transport source-port top 3",
    );
    assert_eq!(
        (&filtered["total"], &filtered["matched"]),
        (&flows.into(), &4.into())
    );
    let ports: Vec<_> = filtered["flows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|flow| flow["sourceTransportPort"].as_u64())
        .collect();
    assert_eq!(ports, [Some(10_012), Some(10_011), Some(10_010)]);
    let wrong = flowd.sh(&["show flow monitor M cache filter ipv4 ttl 64"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("has no field ipv4 ttl"), "{}", wrong.err);
}

/// Returns the present and the highest resident memory of a process.
fn memory(pid: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let lines = status
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    lines.collect::<Vec<_>>().join(", ")
}
