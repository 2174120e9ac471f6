//! The samplicator's worker between two namespaces: payloads over every MTU, checksums as tshark sees them, and receivers and
//! interfaces that come and go while a thousand exporters send.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use flow_tests::netns::veth;
use flow_tests::random::Random;
use flow_tests::sink::Sink;
use flow_tests::wait::SOON;
use flow_tests::{Namespace, clock, skip, until};
use loss::DropReason;
use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt};
use relay::{
    Action, Context, Receiver, ReceiverState, Rule, Samplicator, SamplicatorSettings, Statistics,
};

const PORT: u16 = 2000;

/// `exporters eth0 ---- in relay out ---- eth0 collectors`
struct Line {
    exporters: Namespace,
    relay: Namespace,
    collectors: Namespace,
}

impl Line {
    fn new() -> Line {
        let [exporters, relay, collectors] =
            ["exporters", "relay", "collectors"].map(Namespace::new);
        veth(&exporters, "eth0", &relay, "in", 65_535);
        veth(&relay, "out", &collectors, "eth0", 9_000);
        for (namespace, words) in [
            (&exporters, "addr add 10.1.1.2/24 dev eth0"),
            (&exporters, "addr add 2001:db8:1::2/64 dev eth0 nodad"),
            // All addresses of this prefix belong to the exporters' namespace.
            (&exporters, "route add local 10.9.0.0/16 dev lo"),
            (&relay, "addr add 10.1.1.1/24 dev in"),
            (&relay, "addr add 2001:db8:1::1/64 dev in nodad"),
            (&relay, "route add 10.9.0.0/16 via 10.1.1.2"),
        ] {
            namespace.ip(words);
        }
        let line = Line {
            exporters,
            relay,
            collectors,
        };
        line.address_out();
        line
    }

    /// Sets the addresses of the link to the collectors. The kernel removes those of IPv6 while the MTU is too small.
    fn address_out(&self) {
        for (namespace, words) in [
            (&self.relay, "addr replace 10.1.2.1/24 dev out"),
            (&self.relay, "addr replace 2001:db8:2::1/64 dev out nodad"),
            (&self.collectors, "addr replace 10.1.2.2/24 dev eth0"),
            (
                &self.collectors,
                "addr replace 2001:db8:2::2/64 dev eth0 nodad",
            ),
            (&self.collectors, "route replace default via 10.1.2.1"),
            (
                &self.collectors,
                "-6 route replace default via 2001:db8:2::1",
            ),
        ] {
            namespace.ip(words);
        }
    }

    fn start(&self, settings: &SamplicatorSettings) -> Samplicator {
        let (events, _) = crossbeam_channel::bounded(1);
        let context = Context {
            clock: Arc::new(clock::wall_ns),
            events,
        };
        self.relay.enter(|| {
            let prepared = Samplicator::prepare(None, settings, &context);
            prepared.unwrap_or_else(|error| panic!("{error}")).apply()
        })
    }

    fn exporter(&self, address: &str, port: u16, to: &str) -> UdpSocket {
        let local: IpAddr = address.parse().expect("an address");
        let to: IpAddr = to.parse().expect("an address");
        self.exporters.enter(|| {
            let socket = UdpSocket::bind((local, port)).expect("the port is free");
            socket.connect((to, PORT)).expect("a route");
            setsockopt(&socket.as_fd(), sockopt::SndBuf, &(8 << 20)).expect("a send buffer");
            socket
        })
    }
}

fn settings(receivers: Vec<Receiver>) -> SamplicatorSettings {
    SamplicatorSettings {
        ports: vec![PORT],
        receivers,
        ..SamplicatorSettings::new("line")
    }
}

fn rule(prefix: &str, receivers: &[&str]) -> Rule {
    Rule {
        prefix: prefix.parse().expect("a prefix"),
        action: Action::Relay(receivers.iter().map(|name| (*name).into()).collect()),
    }
}

#[track_caller]
fn relayed(samplicator: &Samplicator, datagrams: u64) -> Statistics {
    until("all datagrams to be relayed", SOON, || {
        let statistics = samplicator.statistics();
        assert!(statistics.balanced(), "{statistics:#?}");
        (statistics.received.datagrams == datagrams).then_some(statistics)
    })
}

#[track_caller]
fn arrived(sink: &Sink, datagrams: usize) -> Vec<flow_tests::sink::Datagram> {
    let count = || (sink.datagrams().len() >= datagrams).then_some(());
    until("all datagrams to arrive", SOON, count);
    sink.datagrams()
}

/// Returns payload sizes around the longest that fits into one packet, and others. Some are equal, so that they share a send.
fn sizes(payload: usize, random: &mut Random) -> Vec<usize> {
    let mut sizes = vec![
        0,
        1,
        payload - 1,
        payload,
        payload,
        payload + 1,
        payload + 1,
        2 * payload,
    ];
    sizes.extend([65_507, 400, 400, 400, 399]);
    sizes.extend((0..8).map(|_| random.below(65_508) as usize));
    sizes
}

#[test]
fn payloads_and_checksums_are_right_over_every_mtu() {
    if !skip::able("payloads over every MTU", &["ip", "ethtool", "tshark"]) {
        return;
    }
    let line = Line::new();
    let receivers = [
        ("own4", "10.1.2.2", 3001, false),
        ("spoof4", "10.1.2.2", 3002, true),
        ("own6", "2001:db8:2::2", 3003, false),
        ("spoof6", "2001:db8:2::2", 3004, true),
    ];
    let sinks = receivers.map(|(_, address, port, _)| Sink::start(&line.collectors, address, port));
    let mut settings = settings(
        receivers
            .iter()
            .map(|(name, address, port, spoof_source)| Receiver {
                port: *port,
                spoof_source: *spoof_source,
                ..Receiver::new(name, address)
            })
            .collect(),
    );
    settings.rules = vec![
        rule("0.0.0.0/0", &["own4", "spoof4"]),
        rule("::/0", &["own6", "spoof6"]),
    ];
    let samplicator = line.start(&settings);
    let file = tempfile::Builder::new()
        .suffix(".pcap")
        .tempfile()
        .expect("a file");
    let path = file.path().to_str().expect("a path in UTF-8").to_owned();
    // Without this, a capture shows datagrams of equal size that were sent in one call as a single packet.
    line.relay
        .run(&["ethtool", "-K", "out", "tx-udp-segmentation", "off"]);
    let mut capture = line
        .collectors
        .spawn(&["tshark", "-q", "-B", "64", "-i", "eth0", "-w", &path]);
    capture.printed("Capture started");
    let exporters = [
        line.exporter("10.1.1.2", 5004, "10.1.1.1"),
        line.exporter("2001:db8:1::2", 5006, "2001:db8:1::1"),
    ];
    let mut random = Random::new(4);
    let mut sent: [Vec<Vec<u8>>; 2] = Default::default();
    for mtu in [576, 1280, 1500, 9000] {
        for (namespace, interface) in [(&line.relay, "out"), (&line.collectors, "eth0")] {
            namespace.ip(&format!("link set {interface} mtu {mtu}"));
        }
        // With an MTU below 1280 the kernel disables IPv6 on the link.
        if mtu >= 1280 {
            line.address_out();
            until("the way to the IPv6 receivers", SOON, || {
                let all = samplicator.statistics().receivers;
                all.iter().all(|one| one.address.is_some()).then_some(())
            });
        }
        let families = if mtu < 1280 { 1 } else { 2 };
        for (family, exporter) in exporters.iter().enumerate().take(families) {
            let headers = [28, 48][family];
            for size in sizes(mtu - headers, &mut random) {
                let number = sent[family].len();
                let payload: Vec<u8> = (0..size).map(|at| (at * 13 + number) as u8).collect();
                exporter.send(&payload).expect("the exporter sends");
                sent[family].push(payload);
            }
            for sink in &sinks[2 * family..2 * family + 2] {
                arrived(sink, sent[family].len());
            }
        }
    }
    for ((name, _, _, spoofed), (sink, family)) in
        receivers.iter().zip(sinks.iter().zip([0, 0, 1, 1]))
    {
        let got = arrived(sink, sent[family].len());
        let local = exporters[family].local_addr().expect("an address");
        // Fragmented datagrams may be reassembled out of order; for no other reason may the order change.
        let mut want: Vec<&Vec<u8>> = sent[family].iter().collect();
        let mut have: Vec<&Vec<u8>> = got.iter().map(|datagram| &datagram.bytes).collect();
        want.sort();
        have.sort();
        assert!(want == have, "{name}: payloads differ");
        assert!(
            got.iter().all(|one| (one.from == local) == *spoofed),
            "{name}: source"
        );
    }
    let total = sent.iter().map(Vec::len).sum::<usize>();
    let statistics = relayed(&samplicator, total as u64);
    assert!(
        statistics
            .receivers
            .iter()
            .all(|one| one.ledger.dropped.is_empty()),
        "{statistics:#?}"
    );
    // tshark loses what it has not written when it is stopped, so wait until its file stops growing.
    let (mut octets, mut quiet) = (0, 0);
    until("the capture to be written", SOON, || {
        let now = file.as_file().metadata().expect("the capture").len();
        let same = std::mem::replace(&mut octets, now) == now;
        quiet = if same { quiet + 1 } else { 0 };
        std::thread::sleep(Duration::from_millis(300));
        (quiet == 4).then_some(())
    });
    capture.end(Signal::SIGINT);
    let rows = line.collectors.run(&[
        "tshark",
        "-r",
        &path,
        "-o",
        "udp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
        "-Y",
        "udp.dstport in {3001..3004}",
        "-T",
        "fields",
        "-e",
        "udp.checksum.status",
        "-e",
        "ip.checksum.status",
        "-e",
        "udp.checksum",
    ]);
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows.len(), 2 * total, "tshark puts every datagram together");
    for row in rows {
        let fields: Vec<&str> = row.split('\t').collect();
        // Status 1 is "good", with a field for each fragment's header. A checksum of 0 means that there is none.
        let good = |field: &str| {
            field
                .split(',')
                .all(|status| status == "1" || status.is_empty())
        };
        assert!(
            fields[0] == "1" && good(fields[1]) && fields[2] != "0x0000",
            "{row}"
        );
    }
}

/// Makes the datagram of an exporter in a round.
fn datagram(exporter: usize, round: usize) -> Vec<u8> {
    let mut payload = vec![0; 100 + exporter % 3 * 50];
    payload[..2].copy_from_slice(&(exporter as u16).to_be_bytes());
    payload[2] = round as u8;
    payload
}

#[test]
fn a_thousand_exporters_lose_nothing_to_receivers_that_die_and_interfaces_that_go() {
    if !skip::able("a thousand exporters", &["ip", "ethtool"]) {
        return;
    }
    const EXPORTERS: usize = 1000;
    let line = Line::new();
    let aside = Namespace::new("aside");
    veth(&line.relay, "side", &aside, "eth0", 1_500);
    line.relay.ip("addr add 10.1.3.1/24 dev side");
    aside.ip("addr add 10.1.3.2/24 dev eth0");
    aside.ip("route add default via 10.1.3.1");
    let receiver = |number: u16, address: &str| Receiver {
        port: 4000 + number,
        spoof_source: number % 2 == 1,
        ..Receiver::new(&format!("r{number}"), address)
    };
    // Eleven receivers that stay, two that end and return, two behind an interface that is taken down, and one whose name does not
    // resolve.
    let mut receivers: Vec<Receiver> = (0..13).map(|number| receiver(number, "10.1.2.2")).collect();
    receivers.extend((13..15).map(|number| receiver(number, "10.1.3.2")));
    receivers.push(receiver(16, "no.such.host.invalid"));
    let samplicator = line.start(&settings(receivers));
    let sink = |number: u16| Sink::start(&line.collectors, "10.1.2.2", 4000 + number);
    let stay: Vec<Sink> = (0..11).map(sink).collect();
    let mut mortal: Vec<Sink> = (11..13).map(sink).collect();
    let side: Vec<Sink> = (13..15)
        .map(|number| Sink::start(&aside, "10.1.3.2", 4000 + number))
        .collect();
    let exporters: Vec<UdpSocket> = (0..EXPORTERS)
        .map(|number| {
            let address = format!("10.9.{}.{}", number / 250, 1 + number % 250);
            // Half of the exporters share a port, the others have one of their own.
            let port = if number % 2 == 0 {
                2055
            } else {
                10_000 + number as u16
            };
            line.exporter(&address, port, "10.1.1.1")
        })
        .collect();
    let mut rounds = 0;
    let mut round = || {
        for (number, exporter) in exporters.iter().enumerate() {
            exporter
                .send(&datagram(number, rounds))
                .expect("the exporter sends");
        }
        rounds += 1;
        relayed(&samplicator, (rounds * EXPORTERS) as u64)
    };
    let named = |statistics: &Statistics, name: &str| {
        let mut all = statistics.receivers.iter();
        all.find(|one| one.name == name)
            .expect("the receiver")
            .clone()
    };
    let ways = |there: bool| {
        until("the ways aside to follow", SOON, || {
            let all = samplicator.statistics();
            let both = ["r13", "r14"].map(|name| named(&all, name).address.is_some());
            (both == [there; 2]).then_some(())
        });
    };
    round();
    mortal.clear();
    line.relay.ip("link set side down");
    let statistics = round();
    // r12 is sent to from this host's own address, so ICMP errors tell that it has ended. Sends by the interface that is
    // down fail at once.
    let mut extra = 0;
    until("the dead receiver to be noticed", SOON, || {
        extra += 1;
        exporters[0]
            .send(&datagram(0, 99))
            .expect("the exporter sends");
        let all = samplicator.statistics();
        (named(&all, "r12").state == ReceiverState::Failed).then_some(())
    });
    let gone = |statistics: &Statistics, name: &str| {
        let one = named(statistics, name).ledger.dropped;
        one.get(&DropReason::NoRoute)
            .map_or(0, |tally| tally.datagrams)
    };
    for name in ["r13", "r14"] {
        assert!(
            gone(&statistics, name) >= EXPORTERS as u64,
            "{statistics:#?}"
        );
    }
    mortal.extend((11..13).map(sink));
    line.relay.ip("link set side up");
    ways(true);
    line.relay.ip("addr del 10.1.3.1/24 dev side");
    ways(false);
    line.relay.ip("addr add 10.1.3.7/24 dev side");
    ways(true);
    for (number, exporter) in exporters.iter().enumerate() {
        exporter
            .send(&datagram(number, rounds))
            .expect("the exporter sends");
    }
    let all = (rounds + 1) * EXPORTERS + extra;
    let statistics = relayed(&samplicator, all as u64);
    assert_eq!(statistics.sources, EXPORTERS as u64);
    assert_eq!(
        (statistics.kernel_drops, statistics.unrouted.datagrams),
        (0, 0)
    );
    assert_eq!(
        named(&statistics, "r16").ledger.dropped[&DropReason::Unresolved].datagrams,
        all as u64
    );
    for (number, sink) in stay.iter().enumerate() {
        let got = arrived(sink, all);
        assert_eq!(got.len(), all, "r{number}");
        let mut rounds_of: BTreeMap<SocketAddr, Vec<u8>> = BTreeMap::new();
        for one in &got {
            let exporter = usize::from(u16::from_be_bytes([one.bytes[0], one.bytes[1]]));
            assert!(
                one.bytes == datagram(exporter, one.bytes[2].into()),
                "r{number}"
            );
            if number % 2 == 1 {
                let local = exporters[exporter].local_addr().expect("an address");
                assert_eq!(one.from, local, "r{number}");
                rounds_of.entry(one.from).or_default().push(one.bytes[2]);
            }
        }
        if number % 2 == 1 {
            assert_eq!(rounds_of.len(), EXPORTERS);
        }
        let sorted = |rounds: &Vec<u8>| rounds.iter().filter(|round| **round != 99).is_sorted();
        assert!(
            rounds_of.values().all(sorted),
            "r{number}: each exporter's order"
        );
    }
    // The receivers that returned got all of the last round.
    for sink in mortal.iter().chain(&side) {
        until("the last round", SOON, || {
            let got = sink.datagrams();
            let last = got.iter().filter(|one| usize::from(one.bytes[2]) == rounds);
            (last.count() == EXPORTERS).then_some(())
        });
    }
    let from: Vec<IpAddr> = side[1]
        .datagrams()
        .iter()
        .rev()
        .take(10)
        .map(|one| one.from.ip())
        .collect();
    assert!(
        from.iter()
            .all(|address| *address == "10.1.3.7".parse::<IpAddr>().expect("an address")),
        "{from:?}"
    );
    // Half of the exporters share a port.
    assert!(
        statistics.spoofing_sockets <= EXPORTERS as u64 / 2 + 1,
        "{}",
        statistics.spoofing_sockets
    );
}
