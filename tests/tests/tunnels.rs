//! Flows inside tunnels: a VXLAN of the kernel, and savefiles whose frames are wrapped by the test, compared with the same
//! traffic outside a tunnel.

use std::collections::BTreeMap;
use std::path::Path;

use flow_tests::skip::{able, command};
use flow_tests::traffic::Traffic;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, bins, pcapfile, until};
use serde_json::Value as Json;

const MONITOR: &str = "set flow monitor M record netflow-original
set interfaces ethernet eth1 flow monitor M direction input
set interfaces ethernet eth1 capture threads 2
";

/// Returns the packets and octets of the ICMP echo requests from 10.9.0.2 to 10.9.0.3, and of the packets to VXLAN's port.
fn seen(flowd: &Flowd) -> [(u64, u64); 2] {
    let cache = flowd.get("/v1/flow/monitors/M/cache?limit=1000");
    let mut sums = [(0, 0); 2];
    for flow in cache["flows"].as_array().expect("flows") {
        let is = |name: &str, value: Json| flow[name] == value;
        let echo = is("sourceIPv4Address", "10.9.0.2".into())
            && is("destinationIPv4Address", "10.9.0.3".into())
            && is("protocolIdentifier", 1.into())
            && is("destinationTransportPort", 0x0800.into());
        let outside = is("destinationTransportPort", 4789.into());
        for (sum, _) in sums.iter_mut().zip([echo, outside]).filter(|(_, it)| *it) {
            sum.0 += flow["packetDeltaCount"].as_u64().unwrap_or(0);
            sum.1 += flow["octetDeltaCount"].as_u64().unwrap_or(0);
        }
    }
    sums
}

fn captured(flowd: &Flowd) -> u64 {
    let answer = flowd.get("/v1/flow/interfaces");
    let threads = answer["interfaces"][0]["threads"]
        .as_array()
        .expect("threads");
    let captured = threads.iter().map(|thread| thread["captured"].as_u64());
    captured.map(|count| count.expect("a number")).sum()
}

#[test]
fn a_tunnel_of_the_kernel_is_entered() {
    if !able("tunnels: VXLAN", &["ip", "ping"]) {
        return;
    }
    let lab = Lab::new();
    for (namespace, device, remote, address) in [
        (&lab.hosts, "eth0", "172.16.1.1", "10.9.0.2/24"),
        (&lab.router, "eth1", "172.16.1.2", "10.9.0.1/24"),
    ] {
        namespace.ip(&format!(
            "link add vx0 mtu 1500 type vxlan id 42 remote {remote} dstport 4789 dev {device}"
        ));
        namespace.sysctl("ipv6/conf/vx0/disable_ipv6", "1");
        namespace.ip(&format!("addr add {address} dev vx0"));
        namespace.ip("link set vx0 up");
    }
    lab.router.ip("addr add 10.9.0.3/24 dev vx0");
    let ping = |octets: &str, to: &str| {
        lab.hosts
            .run(&["ping", "-q", "-c", "3", "-i", "0.01", "-s", octets, to]);
    };
    let flowd = Flowd::start(&lab.router);
    flowd.configure(MONITOR);
    // To another address than below: some of these may still be in the ring then.
    ping("56", "10.9.0.1");
    until("the tunnel from outside", SOON, || {
        let [inside, outside] = seen(&flowd);
        assert_eq!(inside, (0, 0));
        (outside.0 >= 3).then_some(())
    });

    // Unknown tunnels are refused at their word, and so is a port of VXLAN without VXLAN.
    let wrong = flowd.sh(&[
        "configure",
        "set interfaces ethernet eth1 capture decapsulate vxlann",
    ]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(
        wrong.err.contains("^^^^^^") && wrong.err.contains("vxlan"),
        "{}",
        wrong.err
    );
    let idle = flowd.sh(&[
        "configure",
        "set interfaces ethernet eth1 capture vxlan-port 8472",
        "commit",
    ]);
    assert_eq!(idle.code, 1, "{idle:?}");
    assert!(idle.err.contains("decapsulate vxlan"), "{}", idle.err);

    // From here on the inner packets are metered, each in three fragments. The ring is not replaced.
    let before = captured(&flowd);
    flowd.configure(
        "set interfaces ethernet eth1 capture decapsulate vxlan
        set interfaces ethernet eth1 capture decapsulate gre
        set interfaces ethernet eth1 capture fragment-ports\n",
    );
    let shown = flowd.ok(&["show system commit diff 1"]);
    assert!(shown.contains("decapsulate"), "{shown}");
    ping("4000", "10.9.0.3");
    let inside = || seen(&flowd)[0];
    within(SOON, || (inside() == (9, 3 * 4068)).then_some(()));
    assert_eq!(
        inside(),
        (9, 3 * 4068),
        "{:#}",
        flowd.get("/v1/flow/interfaces")
    );
    assert!(captured(&flowd) >= before + 9);
    let screen = flowd.ok(&["show flow interface eth1"]);
    for line in ["Decapsulate:", "gre, vxlan", "packets entered"] {
        assert!(screen.contains(line), "{screen}");
    }
    let answer = flowd.get("/v1/flow/interfaces");
    let threads = answer["interfaces"][0]["threads"]
        .as_array()
        .expect("threads");
    let sum = |kind: &str, name: &str| {
        let counts = threads.iter().map(|thread| thread[kind][name].as_u64());
        counts.map(|count| count.expect("a number")).sum::<u64>()
    };
    // Those that were still in the ring count, too.
    let entered = sum("tunnels", "entered");
    assert!((9..=12).contains(&entered), "{answer:#}");
    assert_eq!(
        ["given", "unknown", "forgotten"].map(|name| sum("fragments", name)),
        [6, 0, 0],
        "{answer:#}"
    );
    flowd.settled().audit();
}

/// Runs `flowd meter` on a savefile. Returns its records and its summary.
fn meter(path: &Path, options: &[&str]) -> (BTreeMap<String, u64>, Json) {
    let output = command(&bins::program("flowd"))
        .args(["meter", "--records", "--json", "--read"])
        .arg(path)
        .args(options)
        .output()
        .expect("flowd runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let text = text.trim_end();
    let (records, summary) = text.rsplit_once('\n').unwrap_or(("", text));
    let mut sorted = BTreeMap::new();
    for record in records.lines() {
        *sorted.entry(record.to_owned()).or_insert(0) += 1;
    }
    (sorted, serde_json::from_str(summary).expect("a summary"))
}

/// Makes a frame from 192.0.2.1 to 192.0.2.2 with `payload`.
fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0]);
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    frame.extend(payload);
    frame
}

fn udp(port: u16, header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut udp = vec![0xc0, 0];
    udp.extend(port.to_be_bytes());
    udp.extend((8 + header.len() as u16 + payload.len() as u16).to_be_bytes());
    udp.extend([0, 0]);
    outer(17, &[&udp, header, payload].concat())
}

/// Wraps a frame into a tunnel of this kind.
fn wrapped(kind: &str, frame: &[u8]) -> Vec<u8> {
    let mut at = 12;
    while matches!(frame[at..at + 2], [0x81, 0] | [0x88, 0xa8]) {
        at += 4;
    }
    let (ethertype, packet) = frame[at..].split_at(2);
    let gre = |header: &[u8], payload: &[u8]| outer(47, &[header, payload].concat());
    match kind {
        "gre" => gre(&[&[0x20, 0][..], ethertype, &[0, 0, 0, 5]].concat(), packet),
        "erspan" => gre(
            &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0],
            frame,
        ),
        "gtp-u" => udp(
            2152,
            &[0x34, 255, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 9, 0],
            packet,
        ),
        "geneve" => udp(6081, &[1, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 4], frame),
        "vxlan" => udp(4789, &[8, 0, 0, 0, 0, 0, 42, 0], frame),
        "ipip" => outer(if ethertype == [8, 0] { 4 } else { 41 }, packet),
        _ => {
            let mut labelled = vec![2; 12];
            labelled.extend([0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0]);
            labelled.extend(frame);
            labelled
        }
    }
}

#[test]
fn a_savefile_is_the_same_inside_tunnels() {
    let traffic = Traffic::mix(7, 1_500, 1_000_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plain = folder.path().join("plain.pcap");
    traffic.write(&plain);
    let (expected, summary) = meter(&plain, &[]);
    let total = summary["packets"].as_u64().expect("packets");
    for kind in [
        "erspan",
        "geneve",
        "gre",
        "gtp-u",
        "ipip",
        "pseudowire",
        "vxlan",
    ] {
        let path = folder.path().join(kind);
        let frames: Vec<(u64, Vec<u8>)> = traffic
            .frames()
            .iter()
            .map(|(time, _, frame)| (*time, wrapped(kind, frame)))
            .collect();
        pcapfile::write(
            &path,
            frames.iter().map(|(time, frame)| (*time, frame.as_slice())),
        );
        let (records, summary) = meter(&path, &["--decapsulate", kind]);
        assert_eq!(records, expected, "{kind}");
        assert_eq!(summary["tunnels"]["entered"], total, "{kind}: {summary}");
        // Without `--decapsulate` there is the flow of the outer packets, or none behind an MPLS label, which does not tell
        // what follows it.
        let (outside, summary) = meter(&path, &[]);
        let packets: u64 = match kind {
            "pseudowire" => 0,
            _ => total,
        };
        assert_eq!(summary["packets"], packets, "{kind}: {summary}");
        assert!(outside.len() <= 2, "{kind}");
        assert!(summary.get("tunnels").is_none(), "{kind}: {summary}");
    }
}
