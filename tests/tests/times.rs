//! The first and last time of exported flows are the packets' times, also when the exporter's uptime wraps.

use std::net::IpAddr;

use flow_tests::collectors::Nfcapd;
use flow_tests::frame::{Frame, Payload};
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flows, Lab, bins, skip, tshark, until};

const TOOLS: &[&str] = &["ip", "nfcapd", "nfdump", "tshark"];
const MS: u64 = 1_000_000;
const S: u64 = 1000 * MS;
const START_NS: u64 = 1_700_000_000_123_000_000;
/// The time at which uptimes of 32 bits in milliseconds wrap. `flowd meter` lets them count from an hour before the savefile.
const WRAP_NS: u64 = START_NS - 3600 * S + (1 << 32) * MS;

/// Generates flows at the start and around the wrap 49.7 days later, with one packet that is ten minutes out of order.
fn traffic() -> Traffic {
    let mut traffic = Traffic::default();
    let mut packet = |time_ns: u64, sport: u16| {
        let [src, dst] =
            ["192.0.2.1", "198.51.100.1"].map(|text| -> IpAddr { text.parse().unwrap() });
        let payload = Payload::Udp {
            sport,
            dport: 53,
            len: 100,
        };
        traffic.push(time_ns, Frame::new(src, dst, payload));
    };
    packet(START_NS, 1);
    packet(START_NS + 5 * S, 1);
    packet(START_NS - 600 * S, 2);
    for second in [60, 50, 40] {
        packet(WRAP_NS - second * S, 3);
    }
    // 4 spans the wrap, 5 ends before it and is exported after, 6 starts with it.
    for second in [30, 20, 10] {
        packet(WRAP_NS - second * S, 4);
    }
    packet(WRAP_NS - 2 * S, 5);
    packet(WRAP_NS, 4);
    packet(WRAP_NS, 6);
    packet(WRAP_NS + 9 * S, 4);
    packet(WRAP_NS + 12 * S, 6);
    traffic
}

/// Asserts that each flow came once or in parts, with its first and last time exact to the millisecond.
fn assert_times(want: &Flows, got: &Flows, who: &str) {
    want.assert_same(got, who);
    for (key, sum) in &want.0 {
        let seen = &got.0[key];
        assert_eq!(
            (seen.first_ns / MS, seen.last_ns / MS),
            (sum.first_ns / MS, sum.last_ns / MS),
            "{who}: {key}"
        );
    }
}

#[test]
fn collectors_get_the_packets_own_times_through_the_wrap_of_the_uptime() {
    if !skip::able("times", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let dir = tempfile::tempdir().unwrap();
    let traffic = traffic();
    let (file, config) = (dir.path().join("wrap.pcap"), dir.path().join("uptimes"));
    traffic.write(&file);
    let mut uptimes = String::from("set flow monitor M record UPTIMES\n");
    for words in [
        "match ipv4 source address",
        "match ipv4 destination address",
        "match ipv4 protocol",
        "match transport source-port",
        "match transport destination-port",
        "collect counter bytes",
        "collect counter packets",
        "collect timestamp sys-uptime first",
        "collect timestamp sys-uptime last",
    ] {
        uptimes += &format!("set flow record UPTIMES {words}\n");
    }
    std::fs::write(&config, uptimes).unwrap();
    let [file, config] = [&file, &config].map(|path| path.to_str().unwrap().to_owned());
    let runs = [
        ("5", vec![]),
        ("9", vec![]),
        ("10", vec![]),
        ("10", vec!["--config", config.as_str()]),
    ];
    for (number, (version, more)) in runs.into_iter().enumerate() {
        let who = format!("NetFlow {version} {more:?}");
        let port = 2055 + number as u16;
        let nfcapd = Nfcapd::start(&lab.c1, "192.168.3.1", port);
        let sink = Sink::start(&lab.c2, "192.168.4.1", port);
        let (flowd, to) = (bins::program("flowd"), format!("192.168.3.1:{port}"));
        let also = format!("192.168.4.1:{port}");
        let mut argv = vec![flowd.as_str(), "meter", "--read", file.as_str()];
        argv.extend([
            "--to",
            to.as_str(),
            "--to",
            also.as_str(),
            "--netflow",
            version,
        ]);
        let uptimes_in_ipfix = !more.is_empty();
        argv.extend(more);
        lab.router.run(&argv);
        let decoded = until("every record", SOON, || {
            let decoded = tshark::decode(&sink, port);
            (decoded.flows.totals() == traffic.flows().totals()).then_some(decoded)
        });
        until("an empty queue", SOON, || {
            (lab.c1.udp_backlog().0 == 0).then_some(())
        });
        assert_eq!(decoded.complaints, Vec::<String>::new(), "{who}");
        let mut stored = nfcapd.stop();
        if uptimes_in_ipfix {
            // nfcapd 1.7.1 takes elements 21 and 22 for each other in IPFIX; tshark shows neither as a time.
            for sum in stored.0.values_mut() {
                std::mem::swap(&mut sum.first_ns, &mut sum.last_ns);
            }
        } else {
            assert_times(traffic.flows(), &decoded.flows, &format!("tshark, {who}"));
        }
        assert_times(traffic.flows(), &stored, &who);
    }
}
