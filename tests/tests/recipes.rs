//! The examples that are shipped: each is loaded as it stands, put into force, and does what it says.

use std::fs;

use flow_tests::bins::workspace;
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, Site, clock, skip, tshark, until};

const TOOLS: &[&str] = &["ip", "ethtool", "ping", "tcpreplay", "tshark"];

/// Loads an example into an empty configuration and commits it, by the shell's commands that it names.
fn load(flowd: &Flowd, name: &str) {
    let path = workspace().join("packaging/examples").join(name);
    let text = fs::read_to_string(&path).expect("an example");
    assert!(
        text.contains(&format!("load {name}")),
        "{name} says how it is put in place"
    );
    let load = format!("load {}", path.display());
    let said = flowd.ok(&["configure", &load, "commit check", "commit", "exit"]);
    assert!(!said.to_lowercase().contains("warning"), "{name}: {said}");
}

/// The packets of the records that a sink has, decoded by tshark, once they are `packets`.
fn packets(sink: &Sink, port: u16, packets: u64) {
    let mut last = String::new();
    let whole = flow_tests::wait::within(SOON, || {
        let decoded = tshark::decode(sink, port);
        let sum: u64 = decoded.records.iter().map(|record| record.packets).sum();
        last = format!(
            "{sum} packets in {} records; {:?}",
            decoded.records.len(),
            decoded.complaints
        );
        (sum == packets && decoded.complaints.is_empty()).then_some(())
    });
    assert!(whole.is_some(), "port {port}: {last} instead of {packets}");
}

#[test]
fn the_mirror_port_exports_here_and_elsewhere() {
    if !skip::able("the example of a mirror port", TOOLS) {
        return;
    }
    let lab = Lab::new();
    lab.router.ip("link set lo up");
    lab.router.ip("addr flush dev eth1");
    let here = Sink::start(&lab.router, "127.0.0.1", 9995);
    let elsewhere = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let flowd = Flowd::start(&lab.router);
    load(&flowd, "mirror-port.conf");
    let traffic = Traffic::udp(600, 20, clock::wall_ns());
    lab.replay(&traffic);
    flowd.metered("MIRROR", 600);
    flowd.force_export("MIRROR");
    flowd.settled().audit();
    packets(&here, 9995, 600);
    packets(&elsewhere, 2055, 600);
}

#[test]
fn flow_accounting_counts_both_ways() {
    if !skip::able("the example of flow accounting", TOOLS) {
        return;
    }
    let lab = Lab::new();
    lab.router.ip("link set lo up");
    let here = Sink::start(&lab.router, "127.0.0.1", 2055);
    let elsewhere = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let flowd = Flowd::start(&lab.router);
    load(&flowd, "flow-accounting.set");
    lab.hosts
        .run(&["ping", "-q", "-c", "100", "-i", "0.002", "172.16.1.1"]);
    flowd.metered("flow-accounting", 200);
    flowd.force_export("flow-accounting");
    let ledger = flowd.settled();
    ledger.audit();
    // A kernel may say something of its own, before or after the flows were exported.
    let exported = ledger.monitor("flow-accounting").expired.packets;
    assert!((200..220).contains(&exported), "{exported}");
    for sink in [&here, &elsewhere] {
        packets(sink, 2055, exported);
    }
}

#[test]
fn the_flow_router_meters_both_its_ports() {
    if !skip::able("the example of a flow router", TOOLS) {
        return;
    }
    let lab = Lab::new();
    lab.forward();
    let north = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let south = Sink::start(&lab.c2, "192.168.4.1", 4739);
    let flowd = Flowd::start(&lab.router);
    load(&flowd, "flow-router.ios");
    lab.hosts
        .run(&["ping", "-q", "-c", "200", "-i", "0.002", "172.16.2.1"]);
    flowd.metered("CUSTOMERS", 200);
    for monitor in ["CUSTOMERS", "UPLINK"] {
        flowd.force_export(monitor);
    }
    flowd.settled().audit();
    packets(&north, 2055, 200);
    // One in a hundred of the requests leaves by the uplink, and is in records with the rate.
    let uplink = flowd.ledger().monitor("UPLINK").clone();
    assert!(uplink.captured.packets >= 200 && uplink.metered.packets < 50);
    packets(&south, 4739, 200 + uplink.expired.packets);
}

#[test]
fn the_samplicator_copies_from_the_routers_own_address() {
    if !skip::able("the example of a samplicator", &["ip", "ethtool", "ping"]) {
        return;
    }
    let site = Site::new();
    let archive = Sink::start(&site.left, "192.168.4.1", 2055);
    let security = Sink::start(&site.right, "192.168.5.1", 2055);
    let trend = Sink::start(&site.right, "192.168.5.1", 9996);
    let flowd = Flowd::start(&site.relay);
    load(&flowd, "samplicator.conf");
    let router = site
        .exporter
        .enter(|| std::net::UdpSocket::bind("192.168.3.1:0").expect("a port"));
    // What is no NetFlow is copied as it is, and sampled.
    for number in 0..200u32 {
        router
            .send_to(&number.to_be_bytes(), "192.168.3.2:2055")
            .expect("sent");
    }
    until("the copies", SOON, || {
        (archive.datagrams().len() == 200
            && security.datagrams().len() == 200
            && trend.datagrams().len() == 20)
            .then_some(())
    });
    let from = |sink: &Sink| sink.datagrams()[0].from.ip().to_string();
    assert_eq!(
        [from(&archive), from(&security), from(&trend)],
        ["192.168.3.1", "192.168.3.1", "192.168.5.2"]
    );
    flowd.settled();
}
