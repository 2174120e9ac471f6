//! What the router's own routes say of forwarded packets: output, next hop and masks in every protocol, while routes change.
//!
//! ```text
//! hosts eth0 ---- eth1 router eth2 ---- eth0 a  10.2.0.9, 2001:db8:2::9
//! 10.1.0.2              eth3   \------- eth0 b  10.3.0.9, 2001:db8:3::9
//!                       eth0 ---- eth0 collector 192.168.9.1
//! ```

use std::io::Write;
use std::net::{IpAddr, UdpSocket};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::Duration;

use flow_tests::collectors::Nfcapd;
use flow_tests::netns::veth;
use flow_tests::sink::Sink;
use flow_tests::skip::command;
use flow_tests::{Flowd, Namespace, skip, tshark, until};
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool", "nfcapd", "nfdump", "tshark"];
const PATIENCE: Duration = Duration::from_secs(30);
const SINKS: [(&str, u16); 3] = [("netflow-v5", 2055), ("netflow-v9", 2056), ("ipfix", 2057)];
const NFCAPD: u16 = 2058;

/// Destinations behind the upstreams.
const FAR_4: &str = "198.51.100.9";
const FAR_6: &str = "2001:db8:f00::9";

struct Net {
    router: Namespace,
    hosts: Namespace,
    collector: Namespace,
    _a: Namespace,
    _b: Namespace,
}

impl Net {
    fn new() -> Net {
        let [router, hosts, a, b, collector] =
            ["router", "hosts", "a", "b", "collector"].map(Namespace::new);
        veth(&router, "eth1", &hosts, "eth0", 1500);
        veth(&router, "eth2", &a, "eth0", 1500);
        veth(&router, "eth3", &b, "eth0", 1500);
        veth(&router, "eth0", &collector, "eth0", 1500);
        for (net, far, host) in [(1, &hosts, 2), (2, &a, 9), (3, &b, 9)] {
            router.ip(&format!("addr add 10.{net}.0.1/24 dev eth{net}"));
            router.ip(&format!("addr add 2001:db8:{net}::1/64 dev eth{net} nodad"));
            // A router asks for its neighbours from a link-local address (RFC 4861 §7.2.2).
            router.ip(&format!("addr add fe80::{net}/64 dev eth{net} nodad"));
            far.ip(&format!("addr add 10.{net}.0.{host}/24 dev eth0"));
            far.ip(&format!(
                "addr add 2001:db8:{net}::{host}/64 dev eth0 nodad"
            ));
        }
        hosts.ip("route add default via 10.1.0.1");
        hosts.ip("-6 route add default via 2001:db8:1::1");
        router.ip("addr add 192.168.9.254/24 dev eth0");
        collector.ip("addr add 192.168.9.1/24 dev eth0");
        router.sysctl("ipv4/ip_forward", "1");
        router.sysctl("ipv6/conf/all/forwarding", "1");
        router.ip("route add 198.51.100.0/24 via 10.2.0.9");
        router.ip("-6 route add 2001:db8:f00::/40 via 2001:db8:2::9");
        router.ip("route add blackhole 203.0.113.0/25");
        Net {
            router,
            hosts,
            collector,
            _a: a,
            _b: b,
        }
    }

    fn index(&self, interface: &str) -> u64 {
        let line = self.router.ip(&format!("-o link show {interface}"));
        let index = line.split(':').next().and_then(|index| index.parse().ok());
        index.unwrap_or_else(|| panic!("{line}"))
    }
}

/// The router with a monitor on what the hosts send, and whoever receives its flows.
struct Run {
    net: Net,
    flowd: Flowd,
    sinks: Vec<(&'static str, u16, Sink)>,
    nfcapd: Nfcapd,
}

/// What a flow record says of routes, as tshark shows it.
#[derive(Debug, PartialEq)]
struct Way {
    output: u64,
    next_hop: Option<IpAddr>,
    source_mask: u64,
    destination_mask: u64,
}

impl Way {
    fn new(output: u64, next_hop: &str, source_mask: u64, destination_mask: u64) -> Way {
        Way {
            output,
            next_hop: next_hop.parse().ok(),
            source_mask,
            destination_mask,
        }
    }

    /// Out of a record as tshark has it.
    fn exported(record: &Json) -> Way {
        Way::read(
            record,
            "cflow.outputint",
            ["cflow.nexthop", "cflow.nexthopv6"],
            ["cflow.srcmask", "cflow.srcmaskv6"],
            ["cflow.dstmask", "cflow.dstmaskv6"],
        )
    }

    /// Out of a flow as the cache has it.
    fn cached(flow: &Json) -> Way {
        Way::read(
            flow,
            "egressInterface",
            ["ipNextHopIPv4Address", "ipNextHopIPv6Address"],
            ["sourceIPv4PrefixLength", "sourceIPv6PrefixLength"],
            ["destinationIPv4PrefixLength", "destinationIPv6PrefixLength"],
        )
    }

    fn read(
        json: &Json,
        output: &str,
        next_hop: [&str; 2],
        source: [&str; 2],
        destination: [&str; 2],
    ) -> Way {
        let any = |names: &[&str]| names.iter().find_map(|name| json.get(*name)).cloned();
        let number = |names: &[&str]| match any(names) {
            Some(Json::String(text)) => text.parse().unwrap_or(0),
            Some(value) => value.as_u64().unwrap_or(0),
            None => 0,
        };
        let next_hop: Option<IpAddr> = any(&next_hop).and_then(|text| text.as_str()?.parse().ok());
        Way {
            output: number(&[output]),
            next_hop: next_hop.filter(|address| !address.is_unspecified()),
            source_mask: number(&source),
            destination_mask: number(&destination),
        }
    }
}

impl Run {
    fn start() -> Run {
        let net = Net::new();
        let sinks = SINKS.map(|(protocol, port)| {
            let sink = Sink::start(&net.collector, "192.168.9.1", port);
            (protocol, port, sink)
        });
        let nfcapd = Nfcapd::start(&net.collector, "192.168.9.1", NFCAPD);
        let mut text = String::new();
        let matched = [
            "transport source-port",
            "transport destination-port",
            "interface input",
        ];
        for field in matched {
            text += &format!("set flow record R match {field}\n");
        }
        for family in ["ipv4", "ipv6"] {
            for field in ["source address", "destination address", "protocol"] {
                text += &format!("set flow record R match {family} {field}\n");
            }
            for field in ["source mask", "destination mask"] {
                text += &format!("set flow record R collect {family} {field}\n");
            }
            text += &format!("set flow record R collect routing next-hop address {family}\n");
        }
        let collected = [
            "interface output",
            "counter bytes",
            "counter packets",
            "timestamp sys-uptime first",
            "timestamp sys-uptime last",
        ];
        for field in collected {
            text += &format!("set flow record R collect {field}\n");
        }
        for (protocol, port) in SINKS.into_iter().chain([("netflow-v9", NFCAPD)]) {
            text += &format!(
                "set flow exporter E{port} destination 192.168.9.1\nset flow exporter E{port} transport udp {port}\n\
                 set flow exporter E{port} export-protocol {protocol}\nset flow monitor M exporter E{port}\n"
            );
        }
        text += "set flow monitor M record R\nset interfaces ethernet eth1 flow monitor M direction input\n";
        let flowd = Flowd::start(&net.router);
        flowd.configure(&text);
        Run {
            net,
            flowd,
            sinks: sinks.into(),
            nfcapd,
        }
    }

    /// Sends one datagram of a flow of its own. Returns its port and what the cache has of it.
    fn ask(&self, destination: &str) -> (u16, Way) {
        static NEXT: AtomicU16 = AtomicU16::new(30_000);
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        let address: IpAddr = destination.parse().unwrap();
        self.net.hosts.enter(|| send(address, port, 1));
        let way = until("the flow is in the cache", PATIENCE, || {
            let cache = self.flowd.get("/v1/flow/monitors/M/cache");
            let mut flows = cache["flows"].as_array()?.iter();
            let flow = flows.find(|flow| flow["destinationTransportPort"] == port)?;
            Some(Way::cached(flow))
        });
        (port, way)
    }

    /// New flows have these ways, in the cache and in every protocol. NetFlow v5 has no IPv6.
    #[track_caller]
    fn says(&self, ways: &[(&str, Way)]) {
        let mut asked = Vec::new();
        for (destination, way) in ways {
            let (port, cached) = self.ask(destination);
            assert_eq!(cached, *way, "{destination}");
            asked.push((destination.contains(':'), port, way));
        }
        self.flowd.force_export("M");
        self.flowd.settled();
        for (protocol, port, sink) in &self.sinks {
            let decoded = until("the records are received", PATIENCE, || {
                let decoded = tshark::decode(sink, *port);
                let has = |(v6, port, _): &(bool, u16, &Way)| {
                    (*v6 && *protocol == "netflow-v5")
                        || decoded
                            .records
                            .iter()
                            .any(|record| record.key.dport == *port)
                };
                asked.iter().all(has).then_some(decoded)
            });
            for record in &decoded.records {
                let expected = asked.iter().find(|(_, port, _)| *port == record.key.dport);
                if let Some((_, _, way)) = expected {
                    let said = Way::exported(&record.json);
                    assert_eq!(said, **way, "{protocol}: {}", record.key.dst);
                }
            }
        }
    }

    /// New flows begin to go that way.
    #[track_caller]
    fn turns(&self, destination: &str, way: &Way) {
        let turned = || (self.ask(destination).1 == *way).then_some(());
        until(&format!("{destination} goes {way:?}"), PATIENCE, turned);
    }
}

fn send(destination: IpAddr, port: u16, count: u32) {
    let any = if destination.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any).expect("a port");
    for number in 0..count {
        let _ = socket.send_to(b"to and fro", (destination, port));
        if number % 64 == 63 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn forwarded_packets_have_their_route_in_every_protocol_and_new_flows_the_new_one() {
    if !skip::able("routes: every protocol", TOOLS) {
        return;
    }
    let run = Run::start();
    let (eth1, eth2, eth3) = (
        run.net.index("eth1"),
        run.net.index("eth2"),
        run.net.index("eth3"),
    );
    // A link's IPv6 addresses work when the kernel has found its carrier.
    run.turns(FAR_6, &Way::new(eth2, "2001:db8:2::9", 64, 40));
    run.says(&[
        (FAR_4, Way::new(eth2, "10.2.0.9", 24, 24)),
        (FAR_6, Way::new(eth2, "2001:db8:2::9", 64, 40)),
        ("10.3.0.9", Way::new(eth3, "", 24, 24)),
        ("203.0.113.1", Way::new(0, "", 24, 25)),
        ("10.1.0.1", Way::new(0, "", 24, 32)),
        ("192.0.2.1", Way::new(0, "", 24, 0)),
    ]);

    run.net
        .router
        .ip("route replace 198.51.100.0/24 via 10.3.0.9");
    run.net
        .router
        .ip("-6 route replace 2001:db8:f00::/40 via 2001:db8:3::9");
    let (turned_4, turned_6) = (
        Way::new(eth3, "10.3.0.9", 24, 24),
        Way::new(eth3, "2001:db8:3::9", 64, 40),
    );
    run.turns(FAR_4, &turned_4);
    run.turns(FAR_6, &turned_6);
    run.says(&[(FAR_4, turned_4), (FAR_6, turned_6)]);
    run.net.router.ip("route add 198.51.100.8/29 via 10.2.0.9");
    run.turns(FAR_4, &Way::new(eth2, "10.2.0.9", 24, 29));

    // Its routes go with an interface, and the next shorter ones count.
    run.net.router.ip("link del eth2");
    run.turns(FAR_4, &Way::new(eth3, "10.3.0.9", 24, 24));
    run.net.router.ip("link del eth3");
    run.turns(FAR_4, &Way::new(0, "", 24, 0));
    run.turns(FAR_6, &Way::new(0, "", 64, 0));

    let records = run.nfcapd.records();
    let first = records.iter().find(|record| record["dst4_addr"] == FAR_4);
    let first = first.unwrap_or_else(|| panic!("nfcapd has no record for {FAR_4}: {records:#?}"));
    assert_eq!(
        [
            &first["input_snmp"],
            &first["output_snmp"],
            &first["src_mask"],
            &first["dst_mask"]
        ],
        [eth1, eth2, 24, 24],
        "{first:#}"
    );
    assert_eq!(first["ip4_next_hop"], "10.2.0.9");
}

#[test]
fn a_flood_of_routes_loses_no_packet() {
    if !skip::able("routes: flood", TOOLS) {
        return;
    }
    const PACKETS: u32 = 20_000;
    const FLOW: u16 = 7000;
    let run = Run::start();
    let mut batch = String::new();
    for i in 0..10_000 {
        batch += &format!(
            "route add 100.{}.{}.0/24 via 10.3.0.9\n",
            64 + i / 256,
            i % 256
        );
    }
    let sent = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let far: IpAddr = FAR_4.parse().unwrap();
            run.net.hosts.enter(|| send(far, FLOW, PACKETS));
            sent.store(true, Ordering::Relaxed);
        });
        let mut ip = command("ip")
            .args(["-n", run.net.router.name(), "-batch", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("ip runs");
        let mut input = ip.stdin.take().unwrap();
        input.write_all(batch.as_bytes()).unwrap();
        drop(input);
        assert!(ip.wait().unwrap().success());
    });
    assert!(sent.load(Ordering::Relaxed));
    run.turns(
        "100.103.15.1",
        &Way::new(run.net.index("eth3"), "10.3.0.9", 24, 24),
    );
    until("every packet is metered", PATIENCE, || {
        let loss = run.flowd.ledger();
        assert!(loss.monitor("M").dropped.is_empty(), "{:#}", loss.json);
        let metered = loss.monitor("M").metered.packets;
        (metered > u64::from(PACKETS)).then_some(())
    });
    run.flowd.force_export("M");
    run.flowd.settled();
    let (_, port, sink) = &run.sinks[1];
    until(
        "all packets of the flow are in its records",
        PATIENCE,
        || {
            let decoded = tshark::decode(sink, *port);
            let of_flow = decoded
                .records
                .iter()
                .filter(|record| record.key.dport == FLOW);
            let packets: u64 = of_flow.map(|record| record.packets).sum();
            (packets == u64::from(PACKETS)).then_some(())
        },
    );
}
