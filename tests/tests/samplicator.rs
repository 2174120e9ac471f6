//! The samplicator end to end: the figure of its users' article, counters that add up, what a commit refuses, what the
//! log says, and the live screen.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use flow_tests::collectors::Nfcapd;
use flow_tests::config::{OWN_VYOS, cut_vyos};
use flow_tests::pty::Pty;
use flow_tests::sink::Sink;
use flow_tests::tap::Tap;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Ledger, Namespace, Site, bins, clock, http, shared, skip, until};
use serde_json::{Value as Json, json};

const TOOLS: &[&str] = &["ip", "ethtool", "ping", "tcpreplay", "nfcapd", "nfdump"];

/// Sockets of the exporter, each from a port of its own.
fn senders(namespace: &Namespace, address: &str, ports: std::ops::Range<u16>) -> Vec<UdpSocket> {
    let address: IpAddr = address.parse().expect("an address");
    namespace.enter(|| {
        ports
            .map(|port| UdpSocket::bind((address, port)).expect("the port is free"))
            .collect()
    })
}

/// One samplicator in the API's form.
#[track_caller]
fn samplicator(flowd: &Flowd, name: &str) -> Json {
    flowd.get(&format!("/v1/samplicators?name={name}"))["samplicators"][0].clone()
}

fn receiver<'a>(samplicator: &'a Json, name: &str) -> &'a Json {
    let receivers = samplicator["receivers"].as_array().expect("receivers");
    receivers
        .iter()
        .find(|receiver| receiver["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {samplicator:#}"))
}

fn datagrams(tally: &Json) -> u64 {
    tally["datagrams"].as_u64().unwrap_or_default()
}

/// Waits until the samplicator has received so many datagrams.
#[track_caller]
fn received(flowd: &Flowd, name: &str, wanted: u64) -> Json {
    until("the samplicator to receive all", SOON, || {
        let one = samplicator(flowd, name);
        (datagrams(&one["received"]) >= wanted).then_some(one)
    })
}

#[test]
fn the_figure_both_collectors_see_the_exporter_and_hold_the_same() {
    if !skip::able("the samplicator's figure", TOOLS) {
        return;
    }
    let site = Site::new();
    let nfcapds = [
        Nfcapd::start(&site.left, "192.168.4.1", 2055),
        Nfcapd::start(&site.right, "192.168.5.1", 2055),
    ];
    let taps = [
        Tap::start(&site.exporter, "eth0"),
        Tap::start(&site.left, "eth0"),
        Tap::start(&site.right, "eth0"),
    ];
    let relay = Flowd::start(&site.relay);
    let arguments = "-s 192.168.3.2 -S -p 2055 -d 192.168.4.1/2055 192.168.5.1/2055";
    relay.ok(&[
        "configure",
        &format!("load samplicate-args \"{arguments}\""),
        "commit",
    ]);
    let mut exporter = Flowd::start(&site.exporter);
    let seed = shared::seed("the samplicator's figure").and_then(|text| cut_vyos(&text));
    let vyos = seed.unwrap_or_else(|| OWN_VYOS.to_owned());
    exporter.configure(&vyos);
    // One in 100 packets would be too few to tell much.
    exporter.ok(&[
        "configure",
        "delete system flow-accounting netflow sampling-rate",
        "commit",
    ]);

    let traffic = Traffic::mix(7, 3_000, clock::wall_ns());
    let file = tempfile::Builder::new()
        .suffix(".pcap")
        .tempfile()
        .expect("a temporary file");
    traffic.write(file.path());
    let path = file.path().to_str().expect("UTF-8");
    site.hosts
        .run(&["tcpreplay", "-q", "-i", "eth0", "--pps", "20000", path]);
    exporter.metered("flow-accounting", 3_000);
    exporter.post("/v1/clear/flow-accounting", &json!({}));
    let ledger = exporter.settled();
    ledger.audit_settled();
    let sent = ledger.json["exporters"][0]["sent"]["records"]
        .as_u64()
        .expect("records");
    assert!(sent > 100, "{:#}", ledger.json);
    // Whatever else it has to tell is told before it ends.
    assert!(exporter.terminate().success());

    let from_exporter =
        |seen: &flow_tests::tap::Seen| seen.key.src == IpAddr::from([192, 168, 3, 1]);
    let exports = |tap: &Tap, outgoing: bool| -> Vec<(u16, u64)> {
        tap.seen()
            .iter()
            .filter(|seen| {
                seen.outgoing == outgoing && seen.key.dport == 2055 && from_exporter(seen)
            })
            .map(|seen| (seen.key.sport, seen.octets))
            .collect()
    };
    let all = exports(&taps[0], true);
    let ports: BTreeSet<u16> = all.iter().map(|(port, _)| *port).collect();
    assert_eq!(
        ports.len(),
        1,
        "the exporter has one source port: {ports:?}"
    );
    for tap in &taps[1..] {
        // In order, of the same sizes, from the exporter's own address and port, and nothing beside.
        until("every datagram at a collector", SOON, || {
            (exports(tap, false).len() >= all.len()).then_some(())
        });
        assert_eq!(exports(tap, false), all);
    }

    let shown = relay.ok(&["show samplicator samplicate"]);
    for receiver in ["192.168.4.1:2055", "192.168.5.1:2055"] {
        let row = shown.lines().find(|line| line.contains(receiver));
        let row = row.unwrap_or_else(|| panic!("{receiver} in {shown}"));
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(words[2..4], ["up", &all.len().to_string()], "{shown}");
    }
    let sources = relay.json("show samplicator samplicate source");
    let source = &sources["samplicators"][0]["sources"][0];
    assert_eq!(source["address"], "192.168.3.1");
    assert_eq!(
        source["port"].as_u64(),
        ports.first().copied().map(u64::from)
    );
    let templates = relay.ok(&["show samplicator samplicate templates"]);
    assert!(templates.contains("NetFlow v9"), "{templates}");
    let ledger = relay.json("show flow loss");
    assert_eq!(ledger["balanced"], true, "{ledger:#}");
    assert_eq!(
        datagrams(&ledger["samplicators"][0]["received"]),
        all.len() as u64
    );

    let [left, right] = nfcapds.map(|nfcapd| {
        let mut records: Vec<String> = nfcapd
            .records()
            .into_iter()
            .map(|mut record| {
                assert_eq!(record["ip4_router"], "192.168.3.1", "{record}");
                // When each collector got it is its own affair.
                if let Some(members) = record.as_object_mut() {
                    members.remove("received");
                }
                record.to_string()
            })
            .collect();
        records.sort();
        records
    });
    assert_eq!(left.len() as u64, sent);
    assert_eq!(left, right);
}

#[test]
fn every_datagram_is_accounted_for_and_the_log_tells() {
    if !skip::able("the samplicator's counters", TOOLS) {
        return;
    }
    let site = Site::new();
    let left = Sink::start(&site.left, "192.168.4.1", 2055);
    let six = Sink::start(&site.left, "2001:db8:4::1", 2055);
    let flowd = Flowd::start(&site.relay);
    flowd.configure(
        "set flow samplicator S listen-address 192.168.3.2
set flow samplicator S listen-address 2001:db8:3::2
set flow samplicator S port 2055
set flow samplicator S silent-after 1
set flow samplicator S receiver good address 192.168.4.1
set flow samplicator S receiver good port 2055
set flow samplicator S receiver six address 2001:db8:4::1
set flow samplicator S receiver six port 2055
set flow samplicator S receiver six spoof-source
set flow samplicator S receiver dead address 192.168.5.1
set flow samplicator S receiver dead port 9
set flow samplicator S receiver few address 192.168.5.1
set flow samplicator S receiver few sampling 4
set flow samplicator S receiver slow address 192.168.5.1
set flow samplicator S receiver slow rate-limit 1
set flow samplicator S receiver off address 192.168.5.1
set flow samplicator S receiver off disable
set flow samplicator S receiver lost address nowhere.invalid
set flow samplicator S source 0.0.0.0/0 receiver good
set flow samplicator S source 0.0.0.0/0 receiver dead
set flow samplicator S source 0.0.0.0/0 receiver few
set flow samplicator S source 0.0.0.0/0 receiver slow
set flow samplicator S source 0.0.0.0/0 receiver off
set flow samplicator S source 0.0.0.0/0 receiver lost
set flow samplicator S source 192.168.3.77/32 deny
set flow samplicator S source ::/0 receiver six
set flow samplicator S source ::/0 receiver good
",
    );
    site.exporter.ip("addr add 192.168.3.77/24 dev eth0");
    let own = senders(&site.exporter, "192.168.3.1", 5000..5004);
    let denied = senders(&site.exporter, "192.168.3.77", 5000..5001);
    let newer = senders(&site.exporter, "2001:db8:3::1", 5000..5002);
    for number in 0..100u32 {
        let payload = number.to_be_bytes();
        for socket in &own {
            socket.send_to(&payload, "192.168.3.2:2055").expect("sent");
        }
        for socket in &denied {
            socket.send_to(&payload, "192.168.3.2:2055").expect("sent");
        }
        for socket in &newer {
            socket
                .send_to(&payload, "[2001:db8:3::2]:2055")
                .expect("sent");
        }
    }
    let one = received(&flowd, "S", 700);
    assert_eq!(datagrams(&one["received"]), 700, "{one:#}");
    assert_eq!(one["received"]["octets"], 2_800);
    assert_eq!(datagrams(&one["denied"]), 100);
    assert_eq!(datagrams(&one["unrouted"]), 0);
    assert_eq!(datagrams(&one["relayed"]), 600);
    assert_eq!(one["kernel_drops"], 0);
    assert_eq!(one["balanced"], true, "{one:#}");
    let offered = |name: &str| datagrams(&receiver(&one, name)["offered"]);
    let sent = |name: &str| datagrams(&receiver(&one, name)["sent"]);
    let dropped = |name: &str, why: &str| datagrams(&receiver(&one, name)["dropped"][why]);
    assert_eq!((offered("good"), sent("good")), (600, 600));
    assert_eq!((offered("six"), sent("six")), (200, 200));
    assert_eq!((sent("few"), dropped("few", "sampled")), (100, 300));
    assert_eq!(sent("slow") + dropped("slow", "rate-limit"), 400);
    assert!(dropped("slow", "rate-limit") > 300, "{one:#}");
    assert_eq!((sent("lost"), dropped("lost", "unresolved")), (0, 400));
    assert_eq!(
        (offered("off"), receiver(&one, "off")["state"].as_str()),
        (0, Some("disabled"))
    );
    assert_eq!(receiver(&one, "lost")["state"], "unresolved");
    assert_eq!(
        sent("dead") + dropped("dead", "icmp-unreachable"),
        400,
        "{one:#}"
    );
    until("everything at the collectors", SOON, || {
        (left.datagrams().len() == 600 && six.datagrams().len() == 200).then_some(())
    });
    // Kept for IPv6: address and port; not wanted for the other.
    let from: BTreeSet<SocketAddr> = six.datagrams().iter().map(|one| one.from).collect();
    let wanted: BTreeSet<SocketAddr> = newer
        .iter()
        .map(|one| one.local_addr().expect("bound"))
        .collect();
    assert_eq!(from, wanted);
    assert!(
        left.datagrams()
            .iter()
            .all(|one| one.from.ip() == IpAddr::from([192, 168, 4, 2]))
    );

    // The dead one is told by ICMP, which takes a moment.
    until("the dead receiver to be known as such", SOON, || {
        own[0]
            .send_to(b"once more", "192.168.3.2:2055")
            .expect("sent");
        (receiver(&samplicator(&flowd, "S"), "dead")["state"] == "failed").then_some(())
    });
    let shown = flowd.ok(&["show samplicator S receiver dead"]);
    assert!(shown.contains("State:           failed"), "{shown}");

    let log = |what: &str| {
        until(&format!("the log to have {what:?}"), SOON, || {
            let log = flowd.get("/v1/log?lines=1000");
            let lines = log["lines"].as_array()?;
            lines
                .iter()
                .any(|line| {
                    line["message"]
                        .as_str()
                        .is_some_and(|text| text.contains(what))
                })
                .then_some(())
        });
    };
    for what in [
        "exporter 192.168.3.1:5000 began to send",
        "exporter [2001:db8:3::1]:5001 began to send",
        "receiver dead failed: nobody listens there (ICMP port unreachable)",
        "receiver lost does not resolve",
        "exporter 192.168.3.1:5003 has been silent since",
    ] {
        log(what);
    }
    let back = Sink::start(&site.right, "192.168.5.1", 9);
    until("the receiver that came back", SOON, || {
        own[0]
            .send_to(b"and again", "192.168.3.2:2055")
            .expect("sent");
        (!back.datagrams().is_empty()).then_some(())
    });
    log("receiver dead is back");

    let ledger = Ledger::read(flowd.json("show flow loss"));
    assert_eq!(ledger.json["balanced"], true, "{:#}", ledger.json);
    let text = flowd.ok(&["show flow loss"]);
    assert!(
        text.contains("offered to good") && text.contains("Balanced:"),
        "{text}"
    );
    flowd.ok(&["clear samplicator S statistics"]);
    let cleared = samplicator(&flowd, "S");
    assert_eq!(
        (
            datagrams(&cleared["received"]),
            cleared["balanced"].as_bool()
        ),
        (0, Some(true))
    );
    assert!(
        cleared["sources"].as_u64() >= Some(6),
        "sources stay: {cleared:#}"
    );
}

#[test]
fn what_cannot_be_is_refused_at_commit_with_its_place() {
    if !skip::able("the samplicator's refusals", TOOLS) {
        return;
    }
    let site = Site::new();
    let _taken = site
        .relay
        .enter(|| UdpSocket::bind("192.168.3.2:9999").expect("the port is free"));
    let flowd = Flowd::start(&site.relay);
    let base = "set flow samplicator S listen-address 192.168.3.2
set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.4.1
";
    flowd.configure(base);
    for (text, path, message) in [
        (
            "port 9999",
            "",
            "192.168.3.2 port 9999: the address is in use",
        ),
        (
            "receiver B address 192.168.3.2\nset flow samplicator S receiver B port 2055",
            "receiver B address",
            "go round",
        ),
        (
            "listen-address 0.0.0.0\nset flow samplicator S receiver B address 192.168.5.2\nset flow samplicator S receiver B port 2055",
            "receiver B",
            "come back",
        ),
        ("receiver B port 7", "receiver B", "address is missing"),
        (
            "source 10.0.0.0/8 receiver C",
            "source 10.0.0.0/8 receiver C",
            "does not exist",
        ),
        (
            "source 10.0.0.0/8 receiver A\nset flow samplicator S source 10.0.0.0/8 deny",
            "source 10.0.0.0/8",
            "exclude",
        ),
        (
            "balance group G receivers C",
            "balance group G receivers C",
            "does not exist",
        ),
        (
            "receiver A address 2001:db8:4::1\nset flow samplicator S receiver A spoof-source",
            "receiver A spoof-source",
            "IPv4 only",
        ),
        (
            "listen-address 239.1.2.3%eth7",
            "listen-address 239.1.2.3%eth7",
            "eth7",
        ),
    ] {
        let (status, answer) = commit(&flowd, &format!("set flow samplicator S {text}"));
        assert_eq!(status, 400, "{text}: {answer:#}");
        let error = &answer["errors"][0];
        let words: Vec<&str> = error["path"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        assert_eq!(
            words.join(" "),
            format!("flow samplicator S {path}").trim_end(),
            "{text}: {answer:#}"
        );
        let said = error["message"].as_str().unwrap_or_default();
        assert!(said.contains(message), "{text}: {said}");
    }
    // Nothing of it is in force.
    let one = samplicator(&flowd, "S");
    assert_eq!(one["receivers"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["listeners"].as_array().map(Vec::len), Some(1));
    assert_eq!(flowd.sh(&["show samplicator T"]).code, 1);
    assert_eq!(flowd.sh(&["show samplicator S receiver B"]).code, 1);
    for path in [
        "/v1/samplicators?name=T",
        "/v1/samplicators/T/receivers",
        "/v1/samplicators/S/colours",
    ] {
        let answer = http::request(&flowd.socket(), "GET", path, None);
        assert_eq!(answer.expect("flowd answers").0, 404, "{path}");
    }
    assert_eq!(flowd.sh(&["clear samplicator T statistics"]).code, 1);
    let names = flowd.get("/v1/names?kind=receiver");
    assert_eq!(
        names["names"],
        json!([{"name": "A", "help": "Of samplicator S"}])
    );
    // An address that may come later is taken, with a warning.
    let (status, answer) = commit(&flowd, "set flow samplicator S listen-address 192.0.2.200");
    let warned = answer["warnings"][0].as_str().unwrap_or_default();
    assert!(
        status == 200 && warned.contains("this host does not have the address"),
        "{answer:#}"
    );
    // A name is changed in one commit, the port goes along.
    let renamed = "delete flow samplicator S
set flow samplicator R listen-address 192.168.3.2
set flow samplicator R port 2055
set flow samplicator R receiver A address 192.168.4.1";
    let (status, answer) = commit(&flowd, renamed);
    assert_eq!(status, 200, "{answer:#}");
    assert_eq!(
        samplicator(&flowd, "R")["listeners"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let moved = "set flow samplicator R port 2056
delete flow samplicator R port 2055
set flow samplicator U listen-address 192.168.3.2
set flow samplicator U port 2055
set flow samplicator U receiver A address 192.168.4.1";
    let (status, answer) = commit(&flowd, moved);
    let said = answer["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(
        status == 400 && said.contains("samplicator R receives there until"),
        "{answer:#}"
    );
}

/// Tries to commit; the status and the answer of the commit, or of the check before it.
fn commit(flowd: &Flowd, text: &str) -> (u16, Json) {
    let opened = flowd.post("/v1/sessions", &json!({"via": "test"}));
    let session = format!(
        "/v1/sessions/{}",
        opened["session"].as_str().expect("an id")
    );
    flowd.post(
        &format!("{session}/edit"),
        &json!({"text": text, "mode": "merge"}),
    );
    let answer = http::request(
        &flowd.socket(),
        "POST",
        &format!("{session}/commit"),
        Some(&json!({})),
    );
    let _ = http::request(&flowd.socket(), "DELETE", &session, None);
    answer.expect("flowd answers")
}

#[test]
fn without_the_privilege_spoofing_is_refused_and_the_rest_runs() {
    if !skip::able("the samplicator's privilege", TOOLS) {
        return;
    }
    let site = Site::new();
    let without = "-net_admin,-net_raw";
    let mut flowd = Flowd::prepare().by(&[
        "setpriv",
        &format!("--bounding-set={without}"),
        &format!("--inh-caps={without}"),
    ]);
    flowd.up(&site.relay);
    let plain = "set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.4.1
set flow samplicator S receiver A port 2055
";
    let (status, answer) = commit(
        &flowd,
        &format!("{plain}set flow samplicator S receiver A spoof-source"),
    );
    assert_eq!(status, 400, "{answer:#}");
    assert_eq!(
        answer["errors"][0]["path"],
        json!(["flow", "samplicator", "S", "receiver", "A"])
    );
    let said = answer["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(
        said.contains("CAP_NET_RAW") && said.contains("spoof-source"),
        "{said}"
    );
    let left = Sink::start(&site.left, "192.168.4.1", 2055);
    flowd.configure(plain);
    let [sender] = &senders(&site.exporter, "192.168.3.1", 5000..5001)[..] else {
        unreachable!("one port")
    };
    sender
        .send_to(b"datagram", "192.168.3.2:2055")
        .expect("sent");
    until("the datagram", SOON, || {
        (left.datagrams().len() == 1).then_some(())
    });
}

#[test]
fn the_live_screen_draws_in_place_and_leaves_with_q() {
    if !skip::able("monitor samplicator", TOOLS) {
        return;
    }
    let site = Site::new();
    let flowd = Flowd::start(&site.relay);
    flowd.configure(
        "set flow samplicator S port 2055\nset flow samplicator S receiver A address 192.168.4.1",
    );
    let shell = bins::program("flowsh");
    let socket = flowd.socket();
    let socket = socket.to_str().expect("UTF-8");
    let mut terminal = Pty::spawn(&[&shell, "--socket", socket]);
    terminal.expect("> ");
    terminal.line("monitor samplicator T");
    terminal.expect("no samplicator \"T\"; there are: S");
    terminal.expect("> ");
    terminal.line("monitor samplicator S");
    terminal.expect("Samplicator S:");
    let [sender] = &senders(&site.exporter, "192.168.3.1", 5000..5001)[..] else {
        unreachable!("one port")
    };
    for _ in 0..3 {
        sender
            .send_to(b"datagram", "192.168.3.2:2055")
            .expect("sent");
    }
    terminal.expect("Received: +3 datagrams, 24 octets");
    terminal.keys("q");
    terminal.expect("> ");
    terminal.line("show version");
    terminal.expect("flowd");
    terminal.keys("\u{4}");
    // Without cursor movement the frames come one after the other; Ctrl-C leaves.
    let mut dumb = Pty::spawn(&["env", "TERM=dumb", &shell, "--socket", socket]);
    dumb.expect("> ");
    dumb.line("monitor samplicator S");
    dumb.expect("S: 3 received");
    dumb.expect("S: 3 received");
    dumb.keys("\u{3}");
    dumb.expect("> ");
    dumb.line("exit");
}
