//! Real collectors agree: nfcapd, nfacctd and tshark's decoder each receive NetFlow v5, v9 and IPFIX of the same
//! traffic, and each of them sums exactly what crossed the interface.

use std::net::IpAddr;
use std::path::Path;

use flow_tests::clock;
use flow_tests::collectors::{Nfacctd, Nfcapd};
use flow_tests::config::{Exporter, monitor};
use flow_tests::golden::Golden;
use flow_tests::key::{Flows, Key};
use flow_tests::sink::Sink;
use flow_tests::tap::Tap;
use flow_tests::traffic::Traffic;
use flow_tests::tshark::{self, Decoded};
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, shared, skip, until};

const TOOLS: &[&str] = &[
    "ip",
    "ethtool",
    "tcpreplay",
    "nfcapd",
    "nfdump",
    "nfacctd",
    "tshark",
    "ping",
];
const PROTOCOLS: [(&str, &str); 3] = [
    ("v5", "netflow-v5"),
    ("v9", "netflow-v9"),
    ("ipfix", "ipfix"),
];

/// One monitor with nine exporters: every protocol to every collector.
struct Run {
    lab: Lab,
    flowd: Flowd,
    tap: Tap,
    started_ns: u64,
    sinks: Vec<(&'static str, u16, Sink)>,
    nfcapds: Vec<(&'static str, Nfcapd)>,
    nfacctds: Vec<(&'static str, Nfacctd)>,
}

/// What the nine exporters' collectors have in the end.
struct Collected {
    tshark: Vec<(&'static str, Decoded)>,
    nfcapd: Vec<(&'static str, Flows)>,
    nfacctd: Vec<(&'static str, Flows)>,
}

impl Run {
    /// tshark and nfcapd are reached over IPv4, nfacctd over IPv6.
    fn start() -> Run {
        let lab = Lab::new();
        let (mut sinks, mut nfcapds, mut nfacctds) = (Vec::new(), Vec::new(), Vec::new());
        let mut named = Vec::new();
        for (number, (short, protocol)) in PROTOCOLS.into_iter().enumerate() {
            let port = 2055 + number as u16;
            sinks.push((short, port, Sink::start(&lab.c1, "192.168.3.1", port)));
            nfcapds.push((short, Nfcapd::start(&lab.c2, "192.168.4.1", port)));
            nfacctds.push((short, Nfacctd::start(&lab.c1, "2001:db8:3::1", port + 100)));
            named.push((format!("S-{short}"), "192.168.3.1", port, protocol));
            named.push((format!("N-{short}"), "192.168.4.1", port, protocol));
            named.push((format!("P-{short}"), "2001:db8:3::1", port + 100, protocol));
        }
        let exporters: Vec<Exporter<'_>> = named
            .iter()
            .map(|(name, destination, port, protocol)| Exporter {
                name,
                destination,
                port: *port,
                protocol,
            })
            .collect();
        let tap = Tap::start(&lab.router, "eth1");
        let started_ns = clock::wall_ns();
        let flowd = Flowd::start(&lab.router);
        flowd
            .configure(&(monitor("eth1", &exporters) + "set flow monitor M cache entries 65536\nset interfaces ethernet eth1 promiscuous\n"));
        Run {
            lab,
            flowd,
            tap,
            started_ns,
            sinks,
            nfcapds,
            nfacctds,
        }
    }

    /// Waits for the traffic, exports all, checks the ledger and asks every collector.
    fn finish(mut self) -> (Flows, Collected) {
        // The monitor started after the tap: it may have missed the kernel's reports, nothing else.
        let sent = self.tap.incoming().traffic();
        let metered = self.flowd.metered("M", sent.totals().0);
        assert_eq!(metered.monitor("M").dropped.len(), 0, "{:#}", metered.json);
        self.flowd.force_export("M");
        let ledger = self.flowd.settled();
        ledger.audit_settled();
        for ((exporter, _), client) in &ledger.clients {
            // IPv6 does not fit into NetFlow v5; everything else must have gone out.
            let lost: u64 = client.dropped.values().map(|tally| tally.records).sum();
            assert!(
                lost == 0 || exporter.ends_with("v5"),
                "{exporter}: {:#}",
                ledger.json
            );
        }
        let Run {
            lab,
            flowd,
            sinks,
            nfcapds,
            nfacctds,
            ..
        } = &mut self;
        for (short, port, sink) in sinks.iter() {
            let want = ledger.client(&format!("S-{short}"), "M").sent.packets;
            until("the last datagram", SOON, || {
                (tshark::decode(sink, *port).flows.totals().0 >= want).then_some(())
            });
        }
        until("empty queues", SOON, || {
            (lab.c1.udp_backlog().0 + lab.c2.udp_backlog().0 == 0).then_some(())
        });
        assert_eq!(
            (lab.c1.udp_backlog().1, lab.c2.udp_backlog().1),
            (0, 0),
            "the collectors' sockets dropped datagrams"
        );
        assert!(
            flowd.terminate().success(),
            "SIGTERM ends flowd with exit 0"
        );
        let collected = Collected {
            tshark: sinks
                .iter()
                .map(|(short, port, sink)| (*short, tshark::decode(sink, *port)))
                .collect(),
            nfcapd: nfcapds
                .drain(..)
                .map(|(short, nfcapd)| (short, nfcapd.stop()))
                .collect(),
            nfacctd: nfacctds
                .drain(..)
                .map(|(short, nfacctd)| (short, nfacctd.stop()))
                .collect(),
        };
        for (short, decoded) in &collected.tshark {
            assert_eq!(
                decoded.complaints,
                Vec::<String>::new(),
                "tshark on {short}"
            );
            let version = [("v5", "5"), ("v9", "9"), ("ipfix", "10")]
                .iter()
                .find(|(name, _)| name == short)
                .unwrap()
                .1;
            assert!(
                decoded.versions.iter().all(|seen| seen == version),
                "{short}: {:?}",
                decoded.versions
            );
            // A template every 20 datagrams at least, the first one with the first (RFC 7011 §8.1 asks for repetition over UDP).
            let least = if *short == "v5" {
                0
            } else {
                decoded.datagrams / 20
            };
            assert!(
                decoded.with_template >= least,
                "{short}: {} of {} datagrams have templates",
                decoded.with_template,
                decoded.datagrams
            );
            // Nothing was metered before the daemon ran.
            let started_ms = i64::try_from(self.started_ns / 1_000_000).unwrap();
            assert!(
                decoded.records.iter().all(
                    |record| record.first_ms >= started_ms && record.first_ms <= record.last_ms
                ),
                "{short}: flows from before the start"
            );
        }
        for (short, _, sink) in &self.sinks {
            let longest = sink
                .datagrams()
                .iter()
                .map(|datagram| datagram.bytes.len())
                .max()
                .unwrap_or(0);
            // 1,500 octets of the link, less the IPv4 and UDP headers.
            assert!(
                (100..=1_472).contains(&longest),
                "{short}: a datagram of {longest} octets"
            );
        }
        (sent, collected)
    }
}

impl Collected {
    fn all(&self) -> impl Iterator<Item = (String, &Flows)> {
        let tshark = self
            .tshark
            .iter()
            .map(|(short, decoded)| (format!("tshark {short}"), &decoded.flows));
        let nfcapd = self
            .nfcapd
            .iter()
            .map(|(short, flows)| (format!("nfcapd {short}"), flows));
        let nfacctd = self
            .nfacctd
            .iter()
            .map(|(short, flows)| (format!("nfacctd {short}"), flows));
        tshark.chain(nfcapd).chain(nfacctd)
    }

    /// What was sent, as that collector can know it: NetFlow v5 has no IPv6; nfdump does not read ICMP's type out of
    /// the destination port of v9, and pmacct reads no ports of SCTP out of v5.
    fn knowable(sent: &Flows, who: &str) -> Flows {
        let sent = if who.ends_with("v5") {
            sent.v4()
        } else {
            sent.clone()
        };
        match who {
            "nfcapd v9" => sent.without_ports(&[1, 58]),
            "nfacctd v5" => sent.without_ports(&[132]),
            _ => sent,
        }
    }

    /// Every collector has exactly the flows that `keep` wants of what was sent.
    fn assert_equal(&self, sent: &Flows, keep: impl Fn(&Key) -> bool) {
        for (who, flows) in self.all() {
            Self::knowable(sent, &who)
                .filter(&keep)
                .assert_same(&flows.traffic().filter(&keep), &who);
        }
    }

    /// First and last packet of every flow, to the millisecond, in every record of tshark and nfcapd.
    fn assert_times(&self, sent: &Flows, keep: impl Fn(&Key) -> bool) {
        for (who, flows) in self.all().filter(|(who, _)| !who.starts_with("nfacctd")) {
            let want = Self::knowable(sent, &who);
            for (key, sum) in want.filter(&keep).0 {
                let got = flows.0[&key];
                for (what, want, got) in [
                    ("first", sum.first_ns, got.first_ns),
                    ("last", sum.last_ns, got.last_ns),
                ] {
                    let off = (want / 1_000_000).abs_diff(got / 1_000_000);
                    assert!(
                        off <= 1,
                        "{who}: {key}: {what} packet is {off} ms off: {want} ns sent, {got} ns stored"
                    );
                }
            }
        }
        for (short, decoded) in &self.tshark {
            let boot = decoded.boots_ms.iter().max().copied().unwrap_or(0);
            for record in &decoded.records {
                assert!(
                    record.first_ms >= boot && record.first_ms <= record.last_ms,
                    "{short}: before boot: {record:?}"
                );
            }
        }
    }

    fn assert_flags(&self, sent: &Flows) {
        for (who, flows) in self.all() {
            let want = Self::knowable(sent, &who);
            for (key, sum) in want.0.iter().filter(|(key, _)| key.proto == 6) {
                assert_eq!(
                    flows.0[key].flags & 0xff,
                    sum.flags & 0xff,
                    "{who}: {key}: TCP flags"
                );
            }
        }
    }
}

#[test]
fn generated_traffic() {
    if !skip::able("collectors: generated traffic", TOOLS) {
        return;
    }
    let run = Run::start();
    let traffic = Traffic::mix(21, 6_000, clock::wall_ns());
    run.lab.replay(&traffic);
    until("all packets", SOON, || {
        (run.tap.incoming().traffic().totals().0 >= 6_000).then_some(())
    });
    let (sent, collected) = run.finish();
    traffic.flows().assert_same(&sent, "the tap");
    collected.assert_equal(&sent, |_| true);
    collected.assert_times(&sent, |_| true);
    collected.assert_flags(&sent);
}

#[test]
fn known_captures() {
    if !skip::able("collectors: known captures", TOOLS) {
        return;
    }
    let names = [
        "ipfixprobe__mixed.pcap",
        "nDPI__dns_fragmented.pcap",
        "nDPI__sctp.pcap",
        "nDPI__1kxun.pcap",
        "libtrace__vlan.pcap",
        "nDPI__quic_interop_V.pcapng",
        "nDPI__synscan.pcap",
    ];
    let files: Vec<_> = shared::captures("collectors: known captures")
        .into_iter()
        .filter(|file| names.iter().any(|name| file.ends_with(name)))
        .collect();
    if files.is_empty() {
        return;
    }
    let run = Run::start();
    let mut known = Flows::default();
    for file in &files {
        let golden = Golden::read(Path::new(&format!("{}.golden.json", file.display())));
        assert!(golden.exact(), "{} is not beyond doubt", file.display());
        run.lab.replay_file(file, 10_000);
        known.merge(&golden.flows);
    }
    until("all packets", SOON, || {
        (run.tap.incoming().traffic().totals().0 >= known.traffic().totals().0).then_some(())
    });
    let (sent, collected) = run.finish();
    known.traffic().assert_same(&sent, "the tap");
    collected.assert_equal(&sent, |_| true);
    collected.assert_times(&sent, |_| true);
    collected.assert_flags(&sent);
}

#[test]
fn live_ping_tcp_and_udp() {
    if !skip::able("collectors: live traffic", TOOLS) {
        return;
    }
    let run = Run::start();
    run.lab.forward();
    for server in ["172.16.2.1", "2001:db8:2::1"] {
        run.lab
            .hosts
            .run(&["ping", "-q", "-c", "5", "-i", "0.02", "-s", "200", server]);
        transfer(&run.lab, server.parse().unwrap());
    }
    run.tap.quiet();
    let (sent, collected) = run.finish();
    // Neighbour discovery on the link is traffic too, but goes on while the collectors are asked.
    let servers = ["172.16.2.1", "2001:db8:2::1"].map(|address| address.parse::<IpAddr>().unwrap());
    let ours = |key: &Key| servers.contains(&key.dst);
    let live = sent.filter(ours);
    for (proto, least) in [(1, 5), (58, 5), (6, 20), (17, 40)] {
        let seen: u64 = live
            .0
            .iter()
            .filter(|(key, _)| key.proto == proto)
            .map(|(_, sum)| sum.packets)
            .sum();
        assert!(
            seen >= least,
            "only {seen} packets of protocol {proto} were sent"
        );
    }
    collected.assert_equal(&live, ours);
    collected.assert_times(&live, ours);
    collected.assert_flags(&live);
}

/// 200 kB over TCP and twenty datagrams over UDP from the hosts to a server, through the router.
fn transfer(lab: &Lab, server: IpAddr) {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    let any: IpAddr = if server.is_ipv4() {
        [0, 0, 0, 0].into()
    } else {
        [0u16; 8].into()
    };
    let (listener, receiver) = lab.servers.enter(|| {
        (
            TcpListener::bind((server, 8080)).unwrap(),
            UdpSocket::bind((server, 5353)).unwrap(),
        )
    });
    receiver.set_read_timeout(Some(SOON)).unwrap();
    let reader = std::thread::spawn(move || {
        let mut octets = Vec::new();
        listener
            .accept()
            .unwrap()
            .0
            .read_to_end(&mut octets)
            .unwrap();
        octets.len()
    });
    let (mut stream, sender) = lab.hosts.enter(|| {
        (
            TcpStream::connect((server, 8080)).unwrap(),
            UdpSocket::bind((any, 0)).unwrap(),
        )
    });
    stream.write_all(&vec![7; 200_000]).unwrap();
    drop(stream);
    assert_eq!(reader.join().unwrap(), 200_000);
    for number in 0..20 {
        sender.send_to(&[number; 300], (server, 5353)).unwrap();
        assert_eq!(receiver.recv(&mut [0; 400]).unwrap(), 300);
    }
}

#[test]
fn nfdump_has_the_names_that_the_registry_says() {
    if !skip::able("nfdump's names of fields", &["ip", "nfcapd", "nfdump"]) {
        return;
    }
    let lab = Lab::new();
    let nfcapd = Nfcapd::start(&lab.c2, "192.168.4.1", 2055);
    let fields = registry::FIELDS.iter();
    let mut names: Vec<&str> = fields.filter_map(|field| field.nfdump).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 30, "{names:?}");
    names.push("no-name");
    assert_eq!(nfcapd.unknown_tags(&names), ["no-name"]);
}
