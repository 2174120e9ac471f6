//! A router, for the fields that need one: interfaces, routes, VRF, and those of outgoing packets.
//!
//! ```text
//! hosts eth0 ---- eth1 router eth2 ---- eth0 far  10.2.0.9, 2001:db8:2::9
//! 10.1.0.2       (VRF blue)   eth0 ---- eth0 collector 192.168.9.1
//! ```
//! Outgoing packets with a VLAN tag are replayed by the router itself, which the monitor also sees as outgoing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::UdpSocket;

use flow_tests::frame::{Frame, Payload};
use flow_tests::netns::veth;
use flow_tests::sink::Sink;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Namespace, pcapfile, skip, until};

/// A field with its value in the records of each family: octets in hexadecimal, and as tshark shows it. `None` for a family
/// whose records do not have the field.
pub(crate) struct Row {
    pub(crate) words: &'static str,
    tshark: [&'static str; 2],
    values: [Option<(String, String)>; 2],
}

/// A value that a record must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) words: &'static str,
    pub(crate) hex: String,
    pub(crate) tshark: &'static str,
    pub(crate) show: String,
}

/// A monitor that matches or collects the fields of some rows.
pub(crate) struct Watch {
    name: &'static str,
    /// The interface and direction of its attachment.
    port: (&'static str, &'static str),
    matched: bool,
    rows: Vec<Row>,
}

impl Watch {
    /// Returns the expected values of the monitor's record; family 0 is IPv4, 1 is IPv6.
    pub(crate) fn record(&self, family: usize) -> Vec<Expected> {
        let destination = Expected {
            words: DESTINATION[family].0,
            hex: DESTINATION[family].1.to_owned(),
            tshark: DESTINATION[family].2,
            show: self.far(family).to_owned(),
        };
        let rows = self.rows.iter().filter_map(|row| {
            let (hex, show) = row.values[family].clone()?;
            Some(Expected {
                words: row.words,
                hex,
                tshark: row.tshark[family],
                show,
            })
        });
        let mut all = vec![destination];
        if self.port.1 == "output" {
            all[0].hex = "0a090009".to_owned();
        }
        all.extend(rows);
        all
    }

    fn far(&self, family: usize) -> &'static str {
        match (self.port.1, family) {
            ("output", _) => "10.9.0.9",
            (_, 0) => "198.51.100.200",
            _ => "2001:db8:f07::9",
        }
    }

    pub(crate) fn families(&self) -> impl Iterator<Item = usize> {
        let both = self.port.1 == "input" && self.rows.iter().any(|row| row.values[1].is_some());
        0..if both { 2 } else { 1 }
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|row| row.words)
    }
}

const DESTINATION: [(&str, &str, &str); 2] = [
    ("ipv4 destination address", "c63364c8", "cflow.dstaddr"),
    (
        "ipv6 destination address",
        "20010db80f0700000000000000000009",
        "cflow.dstaddrv6",
    ),
];

/// The namespaces of the topology.
pub(crate) struct Net {
    router: Namespace,
    hosts: Namespace,
    collector: Namespace,
    /// Whether the kernel has VRFs.
    vrf: bool,
    _far: Namespace,
}

impl Net {
    pub(crate) fn new() -> Net {
        let [router, hosts, far, collector] =
            ["router", "hosts", "far", "collector"].map(Namespace::new);
        veth(&router, "eth1", &hosts, "eth0", 1500);
        veth(&router, "eth2", &far, "eth0", 1500);
        veth(&router, "eth0", &collector, "eth0", 1500);
        let vrf = skip::command("ip")
            .args(["-n", router.name()])
            .args(["link", "add", "blue", "type", "vrf", "table", "100"])
            .output()
            .is_ok_and(|output| output.status.success());
        if vrf {
            router.ip("link set blue up");
            router.ip("link set eth1 master blue");
        } else {
            skip::note(
                "record fields: router",
                "the kernel has no VRF; routing vrf input is tested as 0",
            );
        }
        for words in [
            "addr add 10.1.0.1/24 dev eth1",
            "addr add 2001:db8:1::1/64 dev eth1 nodad",
            "addr add fe80::1/64 dev eth1 nodad",
            "addr add 10.2.0.1/24 dev eth2",
            "addr add 2001:db8:2::1/64 dev eth2 nodad",
            "addr add fe80::2/64 dev eth2 nodad",
            "addr add 192.168.9.254/24 dev eth0",
        ] {
            router.ip(words);
        }
        // The routes are in the VRF's table, if there is one.
        let table = if vrf { "table 100" } else { "" };
        for words in [
            "route add 198.51.100.128/25 via 10.2.0.9 dev eth2 onlink",
            "-6 route add 2001:db8:f00::/40 via 2001:db8:2::9 dev eth2 onlink",
        ] {
            router.ip(&format!("{words} {table}"));
        }
        for words in [
            "addr add 10.1.0.2/24 dev eth0",
            "addr add 2001:db8:1::2/64 dev eth0 nodad",
            "route add default via 10.1.0.1",
            "-6 route add default via 2001:db8:1::1",
        ] {
            hosts.ip(words);
        }
        far.ip("addr add 10.2.0.9/24 dev eth0");
        far.ip("addr add 2001:db8:2::9/64 dev eth0 nodad");
        collector.ip("addr add 192.168.9.1/24 dev eth0");
        router.sysctl("ipv4/ip_forward", "1");
        router.sysctl("ipv6/conf/all/forwarding", "1");
        Net {
            router,
            hosts,
            collector,
            vrf,
            _far: far,
        }
    }

    fn index(&self, interface: &str) -> u32 {
        let line = self.router.ip(&format!("-o link show {interface}"));
        let index = line.split(':').next().and_then(|index| index.parse().ok());
        index.unwrap_or_else(|| panic!("{line}"))
    }

    /// Returns the monitors that meter the router's fields.
    pub(crate) fn watches(&self) -> Vec<Watch> {
        let index = |interface: &str| {
            let index = self.index(interface);
            (format!("{index:08x}"), index.to_string())
        };
        let vrf = match self.vrf {
            true => index("blue"),
            false => ("00000000".to_owned(), "0".to_owned()),
        };
        let value = |hex: &str, show: &str| Some((hex.to_owned(), show.to_owned()));
        let v4 = |words, tshark, hex, show| Row {
            words,
            tshark: [tshark; 2],
            values: [value(hex, show), None],
        };
        let v6 = |words, tshark, hex, show| Row {
            words,
            tshark: [tshark; 2],
            values: [None, value(hex, show)],
        };
        let any = |words, tshark, value: (String, String)| Row {
            words,
            tshark: [tshark; 2],
            values: [Some(value.clone()), Some(value)],
        };
        let ways = || {
            vec![
                v4(
                    "ipv4 source prefix",
                    "cflow.srcprefix",
                    "0a010000",
                    "10.1.0.0",
                ),
                v4("ipv4 source mask", "cflow.srcmask", "18", "24"),
                v4(
                    "ipv4 destination prefix",
                    "cflow.dstprefix",
                    "c6336480",
                    "198.51.100.128",
                ),
                v4("ipv4 destination mask", "cflow.dstmask", "19", "25"),
                v6(
                    "ipv6 source prefix",
                    "cflow.srcnetv6",
                    "20010db8000100000000000000000000",
                    "2001:db8:1::",
                ),
                v6("ipv6 source mask", "cflow.srcmaskv6", "40", "64"),
                v6(
                    "ipv6 destination prefix",
                    "cflow.dstnetv6",
                    "20010db80f0000000000000000000000",
                    "2001:db8:f00::",
                ),
                v6("ipv6 destination mask", "cflow.dstmaskv6", "28", "40"),
                v4(
                    "routing next-hop address ipv4",
                    "cflow.nexthop",
                    "0a020009",
                    "10.2.0.9",
                ),
                v6(
                    "routing next-hop address ipv6",
                    "cflow.nexthopv6",
                    "20010db8000200000000000000000009",
                    "2001:db8:2::9",
                ),
                any("interface input", "cflow.inputint", index("eth1")),
                any("interface output", "cflow.outputint", index("eth2")),
                any("routing vrf input", "cflow.ingress_vrfid", vrf.clone()),
                any(
                    "flow direction",
                    "cflow.direction",
                    ("00".into(), "0".into()),
                ),
            ]
        };
        let ifindexes = || {
            vec![
                any("interface input snmp", "cflow.inputint", index("eth1")),
                any("interface output snmp", "cflow.outputint", index("eth2")),
            ]
        };
        let leaving = || {
            vec![
                v4(
                    "datalink mac source address output",
                    "cflow.post_srcmac",
                    "020000000909",
                    "02:00:00:00:09:09",
                ),
                v4(
                    "datalink mac destination address output",
                    "cflow.post_dstmac",
                    "020000007777",
                    "02:00:00:00:77:77",
                ),
                v4(
                    "datalink dot1q vlan output",
                    "cflow.post_dot1q_vlan_id",
                    "0064",
                    "100",
                ),
                v4("datalink vlan output", "cflow.post_vlanid", "0064", "100"),
                v4("flow direction", "cflow.direction", "01", "1"),
            ]
        };
        let watch = |name, port, matched, rows| Watch {
            name,
            port,
            matched,
            rows,
        };
        vec![
            watch("WAY", ("eth1", "input"), true, ways()),
            watch("WAY-COLLECTED", ("eth1", "input"), false, ways()),
            watch("SNMP", ("eth1", "input"), true, ifindexes()),
            watch("SNMP-COLLECTED", ("eth1", "input"), false, ifindexes()),
            watch("LEAVING", ("eth2", "output"), true, leaving()),
            watch("LEAVING-COLLECTED", ("eth2", "output"), false, leaving()),
        ]
    }
}

/// The datagrams of one exporter.
pub(crate) struct Export {
    /// Index of the monitor.
    pub(crate) watch: usize,
    pub(crate) protocol: &'static str,
    pub(crate) datagrams: Vec<Vec<u8>>,
}

/// Sends a packet to each destination, and waits until `whole` returns true for the datagrams of each monitor.
pub(crate) fn run(net: &Net, watches: &[Watch], whole: impl Fn(&Export) -> bool) -> Vec<Export> {
    let protocols = ["netflow-v9", "ipfix"];
    let mut text = String::new();
    let mut sinks: BTreeMap<u16, (usize, &'static str, Sink)> = BTreeMap::new();
    for (number, watch) in watches.iter().enumerate() {
        let Watch {
            name,
            port: (interface, direction),
            ..
        } = watch;
        for (_, words) in [(0, DESTINATION[0].0), (1, DESTINATION[1].0)] {
            writeln!(text, "set flow record {name} match {words}").unwrap();
        }
        let verb = if watch.matched { "match" } else { "collect" };
        for words in watch.words() {
            writeln!(text, "set flow record {name} {verb} {words}").unwrap();
        }
        writeln!(text, "set flow monitor {name} record {name}").unwrap();
        for protocol in protocols {
            let port = 3000 + sinks.len() as u16;
            for line in [
                format!("exporter {name}-{protocol} destination 192.168.9.1"),
                format!("exporter {name}-{protocol} transport udp {port}"),
                format!("exporter {name}-{protocol} export-protocol {protocol}"),
                format!("monitor {name} exporter {name}-{protocol}"),
            ] {
                writeln!(text, "set flow {line}").unwrap();
            }
            sinks.insert(
                port,
                (
                    number,
                    protocol,
                    Sink::start(&net.collector, "192.168.9.1", port),
                ),
            );
        }
        writeln!(
            text,
            "set interfaces ethernet {interface} flow monitor {name} direction {direction}"
        )
        .unwrap();
    }
    let flowd = Flowd::start(&net.router);
    flowd.configure(&text);
    net.hosts.enter(|| {
        for to in ["198.51.100.200:9", "[2001:db8:f07::9]:9"] {
            let any = if to.starts_with('[') {
                "[::]:0"
            } else {
                "0.0.0.0:0"
            };
            UdpSocket::bind(any).unwrap().send_to(b"x", to).unwrap();
        }
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    pcapfile::write(file.path(), [(0, &*tagged())].into_iter());
    let file = file.path().to_str().unwrap();
    net.router.run(&["tcpreplay", "-q", "-i", "eth2", file]);
    until("all records", SOON, || {
        for watch in watches {
            flowd.force_export(watch.name);
        }
        let exports: Vec<Export> = sinks
            .values()
            .map(|(watch, protocol, sink)| Export {
                watch: *watch,
                protocol,
                datagrams: sink
                    .datagrams()
                    .into_iter()
                    .map(|datagram| datagram.bytes)
                    .collect(),
            })
            .collect();
        exports.iter().all(&whole).then_some(exports)
    })
}

/// Makes a frame with UDP from 10.9.0.1 to 10.9.0.9 in VLAN 100.
fn tagged() -> Vec<u8> {
    let payload = Payload::Udp {
        sport: 9,
        dport: 9,
        len: 1,
    };
    let mut frame = Frame::new([10, 9, 0, 1].into(), [10, 9, 0, 9].into(), payload);
    frame.dst_mac = [2, 0, 0, 0, 0x77, 0x77];
    frame.tags = vec![(0x8100, 100)];
    frame.bytes()
}
