//! A collector that is away, and comes back: the exporter says so, and what is neither stored nor told as refused is at
//! most two seconds' worth. A group of receivers whose member fails. Templates and options on demand.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use flow_tests::collectors::Nfcapd;
use flow_tests::config::{Exporter, monitor};
use flow_tests::dns::{NameServer, Resolv};
use flow_tests::sink::Sink;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, Namespace, Site, skip, until};
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool", "ping", "nfcapd", "nfdump"];
/// Packets a second, each of which is a flow record.
const RATE: u64 = 400;

/// How often the tests with collectors are repeated for each protocol.
fn rounds() -> u32 {
    let number = std::env::var("FLOW_TESTS_AWAY");
    number.map_or(1, |number| number.parse().expect("a number of rounds"))
}

/// Sends packets at a steady rate until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    fn start(namespace: &Namespace, from: &str, to: &'static str) -> Load {
        let from: SocketAddr = format!("{from}:0").parse().expect("an address");
        let socket = namespace.enter(|| UdpSocket::bind(from).expect("an address of the host"));
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                // What the receiver's host answers does not matter.
                let _ = socket.send_to(&[0; 32], to);
                std::thread::sleep(Duration::from_nanos(1_000_000_000 / RATE));
            }
        });
        Load {
            stop,
            thread: Some(thread),
        }
    }

    fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it runs");
        thread.join().expect("it did not panic");
    }
}

fn exporter(flowd: &Flowd) -> Json {
    flowd.get("/v1/flow/exporters?name=E")["exporters"][0].clone()
}

/// Records that were sent, and those of them that were refused.
fn counts(flowd: &Flowd) -> (u64, u64) {
    let ledger = flowd.get("/v1/flow/loss");
    let one = &ledger["exporters"][0];
    let records = |what: &str| one[what]["records"].as_u64().expect("a number");
    (records("sent"), records("refused"))
}

#[track_caller]
fn state_is(flowd: &Flowd, state: &str) -> Json {
    let mut last = Json::Null;
    let found = within(SOON, || {
        last = exporter(flowd);
        (last["state"] == state).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("the exporter is not {state}: {last:#}"))
}

/// A monitor on an interface whose every packet is a record for a collector.
fn every_packet(interface: &str, destination: &str, port: u16, protocol: &str) -> String {
    let to = Exporter {
        name: "E",
        destination,
        port,
        protocol,
    };
    monitor(interface, &[to]) + "set flow monitor M cache type immediate\n"
}

fn log_has(flowd: &Flowd, text: &str) -> bool {
    let log = flowd.get("/v1/log?lines=1000");
    let lines = log["lines"].as_array().into_iter().flatten();
    lines
        .filter_map(|line| line["message"].as_str())
        .any(|message| message.contains(text))
}

/// Lets the load run for a while.
fn pass(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

#[test]
fn a_restarted_collector_stores_all_but_what_was_refused() {
    if !skip::able("a collector restarted under load", TOOLS) {
        return;
    }
    for protocol in ["netflow-v9", "ipfix"] {
        for round in 0..rounds() {
            let lab = Lab::new();
            let port = Lab::port();
            let flowd = Flowd::start(&lab.router);
            flowd.configure(&every_packet("eth1", "192.168.3.1", port, protocol));
            // It is started late, and restarted.
            let load = Load::start(&lab.hosts, "172.16.1.2", "172.16.2.1:9");
            let failed = state_is(&flowd, "failed");
            assert_eq!(failed["reason"], "port unreachable");
            pass(1);
            let first = Nfcapd::start(&lab.c1, "192.168.3.1", port);
            state_is(&flowd, "up");
            assert!(log_has(&flowd, "exporter E failed: 192.168.3.1 port"));
            assert!(log_has(&flowd, "exporter E is back after"));
            pass(2);
            let mut stored = first.records().len() as u64;
            state_is(&flowd, "failed");
            let shown = flowd.ok(&["show flow exporter E"]);
            assert!(
                shown.contains("failed since") && shown.contains("(port unreachable, "),
                "{shown}"
            );
            pass(2);
            let second = Nfcapd::start(&lab.c1, "192.168.3.1", port);
            state_is(&flowd, "up");
            pass(2);
            load.stop();
            flowd.force_export("M");
            flowd.settled();
            state_is(&flowd, "up");
            let (sent, refused) = counts(&flowd);
            stored += second.records().len() as u64;
            let lost = sent.checked_sub(stored + refused);
            assert!(
                refused > RATE && lost.is_some_and(|lost| lost <= 2 * RATE),
                "{protocol}, round {round}: {sent} sent, {stored} stored, {refused} refused"
            );
        }
    }
}

#[test]
fn a_collector_started_late_behind_a_spoofing_samplicator_misses_little() {
    if !skip::able("a late collector behind a samplicator", TOOLS) {
        return;
    }
    for protocol in ["netflow-v9", "ipfix"] {
        for round in 0..rounds() {
            let site = Site::new();
            let port = Lab::port();
            let relay = Flowd::start(&site.relay);
            relay.configure(&format!(
                "set flow samplicator S listen-address 192.168.3.2
set flow samplicator S port 2055
set flow samplicator S receiver left address 192.168.4.1
set flow samplicator S receiver left port {port}
set flow samplicator S receiver left spoof-source
"
            ));
            let flowd = Flowd::start(&site.exporter);
            flowd.configure(&every_packet("eth1", "192.168.3.2", 2055, protocol));
            site.hosts.ip("addr add 172.16.9.2/24 dev eth0");
            site.exporter.ip("addr add 172.16.9.1/24 dev eth1");
            let load = Load::start(&site.hosts, "172.16.9.2", "172.16.9.1:9");
            pass(4);
            let late = Nfcapd::start(&site.left, "192.168.4.1", port);
            let (before, _) = counts(&flowd);
            pass(4);
            load.stop();
            flowd.force_export("M");
            flowd.settled();
            let (sent, _) = counts(&flowd);
            until("all to be relayed", SOON, || {
                let answer = relay.get("/v1/samplicators?name=S");
                let one = &answer["samplicators"][0];
                let sent = exporter(&flowd)["statistics"]["datagrams"].clone();
                (one["received"]["datagrams"] == sent).then_some(())
            });
            let stored = late.records().len() as u64;
            let missed = (sent - before).saturating_sub(stored);
            assert!(
                stored <= sent && missed <= 2 * RATE,
                "{protocol}, round {round}: {before} sent before, {sent} in all, {stored} stored"
            );
        }
    }
}

#[test]
fn an_exporter_follows_its_name() {
    if !skip::able("an exporter whose name moves", &["ip", "ethtool"]) {
        return;
    }
    let lab = Lab::new();
    let port = Lab::port();
    lab.c1.ip("addr add 192.168.3.7/24 dev eth0");
    let [first, second] = ["192.168.3.1", "192.168.3.7"];
    let sinks = [first, second].map(|address| Sink::start(&lab.c1, address, port));
    let _resolv = Resolv::write(
        &lab.router,
        "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    );
    let names = NameServer::start(&lab.router, Some(first.parse().expect("an address")));
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&every_packet("eth1", "collector.example", port, "ipfix"));
    let load = Load::start(&lab.hosts, "172.16.1.2", "172.16.2.1:9");
    let more = |at: usize, what: &str| {
        let before = sinks[at].datagrams().len();
        until(what, SOON, || {
            (sinks[at].datagrams().len() > before + 5).then_some(())
        });
    };
    more(0, "records at the first address");
    names.now(Some(second.parse().expect("an address")));
    more(1, "records at the second address");
    // Templates come before anything else.
    assert_eq!(sinks[1].datagrams()[0].bytes[16..18], [0, 2]);
    // A name that is no longer answered keeps its address.
    names.now(None);
    more(1, "records while nobody answers");
    names.now(Some(first.parse().expect("an address")));
    more(0, "records at the first address again");
    load.stop();
}

#[test]
fn templates_are_sent_again_on_demand() {
    if !skip::able("templates on demand", &["ip", "ethtool"]) {
        return;
    }
    let lab = Lab::new();
    let port = Lab::port();
    let sink = Sink::start(&lab.c1, "192.168.3.1", port);
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&every_packet("eth1", "192.168.3.1", port, "ipfix"));
    until("the first templates", SOON, || {
        (!sink.datagrams().is_empty()).then_some(())
    });
    let before = sink.datagrams().len();
    let said = flowd.ok(&["replay flow exporter E"]);
    assert!(said.contains("E"), "{said}");
    until("the templates again", SOON, || {
        (sink.datagrams().len() > before).then_some(())
    });
    // A template set (RFC 7011 section 3.3.2) right behind the header.
    let last = sink.datagrams().pop().expect("a datagram");
    assert_eq!(last.bytes[16..18], [0, 2]);
    let refused = flowd.sh(&["replay flow exporter F"]);
    assert!(
        refused.code == 1 && refused.err.contains("no flow exporter F"),
        "{}",
        refused.err
    );
}

#[test]
fn a_groups_failed_member_gets_nothing_until_it_is_back() {
    if !skip::able(
        "a balanced group whose member fails",
        &["ip", "ethtool", "ping"],
    ) {
        return;
    }
    let site = Site::new();
    let places = [(&site.left, "192.168.4.1"), (&site.right, "192.168.5.1")];
    let start = |at: usize| Sink::start(places[at].0, places[at].1, 2055);
    let mut sinks = [Some(start(0)), Some(start(1))];
    let flowd = Flowd::start(&site.relay);
    flowd.configure(
        "set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.4.1
set flow samplicator S receiver A port 2055
set flow samplicator S receiver B address 192.168.5.1
set flow samplicator S receiver B port 2055
set flow samplicator S balance group G receivers A
set flow samplicator S balance group G receivers B
",
    );
    let load = Load::start(&site.exporter, "192.168.3.1", "192.168.3.2:2055");
    let got = |sink: &Option<Sink>| sink.as_ref().map_or(0, |sink| sink.datagrams().len());
    let chosen = until("the member that gets the exporter", SOON, || {
        (0..2).find(|at| got(&sinks[*at]) > 20)
    });
    let other = 1 - chosen;
    assert_eq!(got(&sinks[other]), 0);
    let receiver = |at: usize| {
        let answer = flowd.get("/v1/samplicators?name=S");
        answer["samplicators"][0]["receivers"][at].clone()
    };
    let offered = |at: usize| {
        receiver(at)["offered"]["datagrams"]
            .as_u64()
            .expect("a number")
    };
    sinks[chosen] = None;
    until("the other to stand in", SOON, || {
        (got(&sinks[other]) > 20).then_some(())
    });
    assert_eq!(receiver(chosen)["state"], "failed");
    let before = offered(chosen);
    let so_far = got(&sinks[other]);
    until("more for the other", SOON, || {
        (got(&sinks[other]) > so_far + RATE as usize).then_some(())
    });
    assert_eq!(offered(chosen), before, "a failed member is sent nothing");
    assert_eq!(receiver(chosen)["state"], "failed");
    sinks[chosen] = Some(start(chosen));
    until("its share to come back", SOON, || {
        let sink = sinks[chosen].as_ref()?;
        let datagrams = sink.datagrams();
        let whole = datagrams.iter().filter(|one| one.bytes.len() == 32);
        (whole.count() > 20).then_some(())
    });
    assert_eq!(receiver(chosen)["state"], "up");
    load.stop();
}

#[test]
fn copies_leave_from_the_receivers_own_source() {
    if !skip::able("a receiver's source address", &["ip", "ethtool", "ping"]) {
        return;
    }
    let site = Site::new();
    let sink = Sink::start(&site.left, "192.168.4.1", 2055);
    site.relay.ip("addr add 203.0.113.1/32 dev lo");
    site.relay.ip("addr add 203.0.113.2/32 dev eth2");
    let flowd = Flowd::start(&site.relay);
    let load = Load::start(&site.exporter, "192.168.3.1", "192.168.3.2:2055");
    let base = "set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.4.1
set flow samplicator S receiver A port 2055
";
    for (change, from) in [
        (base.to_owned(), "192.168.4.2"),
        ("set flow samplicator S receiver A source-address 203.0.113.1".to_owned(), "203.0.113.1"),
        (
            "delete flow samplicator S receiver A source-address\nset flow samplicator S receiver A source-interface eth2"
                .to_owned(),
            "192.168.5.2",
        ),
        ("set flow samplicator S receiver A source-port 7777".to_owned(), "192.168.5.2"),
    ] {
        flowd.configure(&change);
        until("copies from there", SOON, || {
            let last = sink.datagrams().pop()?;
            (last.from.ip().to_string() == from).then_some(())
        });
    }
    until("copies from the port", SOON, || {
        (sink.datagrams().pop()?.from.port() == 7777).then_some(())
    });
    let said = flowd.sh(&[
        "configure",
        "set flow samplicator S receiver A spoof-source",
        "commit",
    ]);
    assert!(said.err.contains("exclude each other"), "{}", said.err);
    load.stop();
}
