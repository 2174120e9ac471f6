//! Bidirectional flows (RFC 5103) as collectors read them, and records that are refused for them.

use std::fs;
use std::net::IpAddr;
use std::process::Stdio;

use flow_tests::collectors::Nfcapd;
use flow_tests::frame::{Frame, Payload};
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Lab, bins, skip, tshark, until};
use serde_json::Value as Json;

const START_NS: u64 = 1_700_000_000_000_000_000;
const S: u64 = 1_000_000_000;

const CONFIG: &str = "set flow exporter E destination 192.168.3.1
set flow exporter E export-protocol ipfix
set flow monitor M record netflow-original
set flow monitor M exporter E
set flow monitor M cache bidirectional
";

/// Generates two TCP conversations and a UDP datagram without an answer, over IPv6 and IPv4.
fn traffic() -> Traffic {
    let mut traffic = Traffic::default();
    let hosts = [
        ["192.0.2.1", "198.51.100.1"],
        ["2001:db8::1", "2001:db8::2"],
    ];
    for (number, [client, server]) in hosts.iter().enumerate() {
        let [client, server]: [IpAddr; 2] = [client, server].map(|host| host.parse().unwrap());
        let mut at_ns = START_NS + number as u64 * S;
        let mut send = |there: bool, flags: u8, len: u16| {
            let (src, dst, sport, dport) = match there {
                true => (client, server, 40_000, 443),
                false => (server, client, 443, 40_000),
            };
            let payload = Payload::Tcp {
                sport,
                dport,
                flags,
                len,
            };
            let mut frame = Frame::new(src, dst, payload);
            frame.tos = if there { 0 } else { 0xb8 };
            traffic.push(at_ns, frame);
            at_ns += 1_000_000;
        };
        send(true, 0x02, 0);
        send(false, 0x12, 0);
        send(true, 0x18, 300);
        for _ in 0..10 {
            send(false, 0x10, 1400);
            send(true, 0x10, 0);
        }
        send(true, 0x11, 0);
        send(false, 0x11, 0);
    }
    let payload = Payload::Udp {
        sport: 5000,
        dport: 53,
        len: 30,
    };
    let [src, dst] = hosts[0].map(|host| host.parse().unwrap());
    traffic.push(START_NS + 3 * S, Frame::new(src, dst, payload));
    traffic
}

#[test]
fn collectors_read_what_came_back() {
    if !skip::able("bidirectional", &["ip", "nfcapd", "nfdump", "tshark"]) {
        return;
    }
    let lab = Lab::new();
    let dir = tempfile::tempdir().unwrap();
    let (file, config) = (dir.path().join("two.pcap"), dir.path().join("config"));
    traffic().write(&file);
    fs::write(&config, CONFIG).unwrap();
    let nfcapd = Nfcapd::start(&lab.c1, "192.168.3.1", 9995);
    let sink = Sink::start(&lab.c2, "192.168.4.1", 9995);
    let said = lab.router.run(&[
        &bins::program("flowd"),
        "meter",
        "--read",
        file.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
        "--to",
        "192.168.4.1:9995",
        "--netflow",
        "10",
        "--records",
        "--json",
    ]);
    let mut lines: Vec<Json> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.pop().unwrap();
    assert_eq!(
        (&summary["packets"], &summary["flows"]),
        (&51.into(), &3.into())
    );
    let decoded = until("every record", SOON, || {
        let decoded = tshark::decode(&sink, 9995);
        (decoded.records.len() == 3).then_some(decoded)
    });
    assert_eq!(decoded.complaints, Vec::<String>::new());
    let want = traffic();
    for (key, sum) in &want.flows().0 {
        if key.sport == 443 {
            continue;
        }
        let (back, answer) = want
            .flows()
            .0
            .iter()
            .find(|(back, _)| (back.src, back.sport) == (key.dst, key.dport))
            .map_or((None, Default::default()), |(key, sum)| (Some(key), *sum));
        let mine = |record: &&Json| {
            record["sourceTransportPort"] == key.sport
                && [&record["sourceIPv4Address"], &record["sourceIPv6Address"]]
                    .iter()
                    .any(|address| address.as_str() == Some(&key.src.to_string()))
        };
        let record = lines.iter().find(mine).unwrap();
        let number = |name: &str| record[name].as_u64().unwrap();
        assert_eq!(
            (
                number("packetDeltaCount"),
                number("octetDeltaCount"),
                number("reversePacketDeltaCount"),
                number("reverseOctetDeltaCount"),
                number("tcpControlBits"),
                number("reverseTcpControlBits"),
                number("biflowDirection"),
            ),
            (
                sum.packets,
                sum.octets,
                answer.packets,
                answer.octets,
                sum.flags.into(),
                answer.flags.into(),
                1
            ),
            "{key}"
        );
        if back.is_some() {
            assert_eq!(
                [
                    number("reverseFlowStartMilliseconds"),
                    number("reverseFlowEndMilliseconds")
                ],
                [answer.first_ns, answer.last_ns].map(|ns| ns / 1_000_000)
            );
        }
        let seen = decoded
            .records
            .iter()
            .find(|record| record.key == *key)
            .unwrap();
        assert_eq!((seen.packets, seen.octets), (sum.packets, sum.octets));
        for (name, value) in [("octets", answer.octets), ("packets", answer.packets)] {
            let both = &seen.json[format!("cflow.{name}")];
            assert_eq!(
                both[0],
                value.to_string(),
                "tshark, {name} that came back: {}",
                seen.json
            );
        }
        assert_eq!(seen.json["cflow.biflow_direction"], "1");
    }
    until("an empty queue", SOON, || {
        (lab.c1.udp_backlog().0 == 0).then_some(())
    });
    let stored = nfcapd.stop();
    for (key, sum) in &stored.0 {
        let forward = want.flows().0[key];
        assert_eq!(
            (
                sum.packets,
                sum.octets,
                sum.flags,
                sum.first_ns,
                sum.last_ns
            ),
            (
                forward.packets,
                forward.octets,
                forward.flags,
                forward.first_ns,
                forward.last_ns
            ),
            "nfcapd, {key}"
        );
    }
    assert_eq!(stored.0.len(), 3);
}

#[test]
fn what_cannot_be_bidirectional_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let file = dir.path().join("config");
        fs::write(&file, text).unwrap();
        let output = skip::command(&bins::program("flowd"))
            .args(["check", file.to_str().unwrap()])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(check(CONFIG), "");
    let nine = CONFIG.replace("export-protocol ipfix", "export-protocol netflow-v9");
    let said = check(&nine);
    assert!(
        said.contains(":5:") && said.contains("exporter E uses NetFlow version 9"),
        "{said}"
    );
    let immediate = format!("{CONFIG}set flow monitor M cache type immediate\n");
    assert!(check(&immediate).contains("immediate"));
    let record = "set flow record R match ipv4 source address
set flow record R match ipv4 destination address
set flow record R match ipv4 ttl
set flow record R match transport source-port
";
    let said = check(&(record.to_owned() + &CONFIG.replace("netflow-original", "R")));
    for words in [
        "match ipv4 ttl: packets of the reverse direction",
        "match transport destination-port",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(said.lines().count(), 2, "{said}");
}
