//! Checks the checkers: the collectors' sums are compared with known traffic by way of an exporter that is not ours,
//! Debian's softflowd, so that a green end-to-end test means something.

use flow_tests::collectors::{Nfacctd, Nfcapd};
use flow_tests::flowd::Said;
use flow_tests::frame::{Frame, Payload};
use flow_tests::key::{Flows, Key};
use flow_tests::sink::Sink;
use flow_tests::tap::Tap;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Lab, clock, skip, tshark, until};

const TOOLS: &[&str] = &[
    "ip",
    "ethtool",
    "tcpreplay",
    "softflowd",
    "nfcapd",
    "nfdump",
    "nfacctd",
    "tshark",
];

/// TCP and UDP in both families, untagged and whole: what every exporter understands the same way.
fn plain_traffic() -> Traffic {
    let mut traffic = Traffic::default();
    let now = clock::wall_ns() - 60_000_000_000;
    for (time, frame, _) in Traffic::mix(11, 1_500, now).frames() {
        let known = matches!(
            frame.payload,
            Payload::Tcp {
                flags: 0x10 | 0x18,
                ..
            } | Payload::Udp { .. }
        );
        if known && frame.fragment.is_none() {
            traffic.push(
                *time,
                Frame {
                    tags: Vec::new(),
                    ..frame.clone()
                },
            );
        }
    }
    traffic
}

fn assert_times(want: &Flows, got: &Flows, tolerance_ms: u64, who: &str) {
    for (key, sum) in &want.0 {
        let other = got.0[key];
        for (what, a, b) in [
            ("first", sum.first_ns, other.first_ns),
            ("last", sum.last_ns, other.last_ns),
        ] {
            let off = a.abs_diff(b) / 1_000_000;
            assert!(off <= tolerance_ms, "{who}: {key}: {what} is {off} ms off");
        }
    }
}

#[test]
fn collectors_sum_what_another_exporter_sends() {
    if !skip::able("harness: collectors with softflowd", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let nfcapd = Nfcapd::start(&lab.c1, "192.168.3.1", 2055);
    let nfacctd = Nfacctd::start(&lab.c2, "192.168.4.1", 2055);
    let sink = Sink::start(&lab.c1, "192.168.3.2", 2055);
    let traffic = plain_traffic();
    let file = tempfile::NamedTempFile::new().unwrap();
    traffic.write(file.path());
    let targets = "192.168.3.1:2055,192.168.4.1:2055,192.168.3.2:2055";
    lab.router.run(&[
        "softflowd",
        "-d",
        "-v",
        "9",
        "-n",
        targets,
        "-r",
        file.path().to_str().unwrap(),
    ]);
    // softflowd is done: wait until what it sent has been read.
    until("the last record", SOON, || {
        (tshark::decode(&sink, 2055).flows.totals().0 >= traffic.flows().totals().0).then_some(())
    });
    until("empty queues", SOON, || {
        (lab.c1.udp_backlog().0 == 0 && lab.c2.udp_backlog().0 == 0).then_some(())
    });

    let decoded = tshark::decode(&sink, 2055);
    assert!(decoded.options.len() + decoded.records.len() > 10 && decoded.with_template > 0);
    traffic.flows().assert_same(&decoded.flows, "tshark");
    let (stored, accounted) = (nfcapd.stop(), nfacctd.stop());
    traffic.flows().assert_same(&stored, "nfcapd");
    traffic.flows().assert_same(&accounted, "nfacctd");
    for (key, sum) in &traffic.flows().0 {
        assert_eq!(stored.0[key].flags, sum.flags, "{key}");
        assert_eq!(accounted.0[key].flags, sum.flags, "{key}");
    }
    // What softflowd says about time is not at stake here, only that all three read the same out of it.
    assert_times(&decoded.flows, &stored, 1, "nfcapd against tshark");
}

#[test]
fn the_tap_hears_exactly_what_is_replayed() {
    if !skip::able("harness: tap", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let tap = Tap::start(&lab.router, "eth1");
    let traffic = Traffic::mix(5, 2_000, clock::wall_ns());
    let before = clock::wall_ns();
    lab.replay(&traffic);
    let ours = |key: &Key| traffic.flows().0.contains_key(key);
    until("all packets", SOON, || {
        (tap.incoming().filter(ours).totals().0 >= 2_000).then_some(())
    });
    let heard = tap.incoming();
    traffic.flows().assert_same(&heard.filter(ours), "tap");
    // A kernel may have said something of its own before.
    let seen = tap.seen();
    let mut replayed = seen.iter().filter(|seen| ours(&seen.key));
    assert!(replayed.all(|seen| (before..clock::wall_ns()).contains(&seen.time_ns)));
    // Nothing else is on the wire: the namespaces are silent by themselves.
    assert_eq!(heard.difference(traffic.flows()), Vec::<String>::new());
}

#[test]
fn tshark_finds_fault_with_faulty_datagrams() {
    if !skip::able("harness: tshark's complaints", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
    // An IPFIX message whose only set has no template, and a v9 header that is cut off.
    let message = |len: u16, body: &[u8]| {
        let mut bytes = [[0, 10], len.to_be_bytes()].concat();
        bytes.extend([0; 12]);
        bytes.extend(body);
        bytes
    };
    let without_template = message(24, &[1, 0, 0, 8, 1, 2, 3, 4]);
    let cut_off = vec![0, 9, 0, 1, 0, 0, 0];
    lab.router.enter(|| {
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        for datagram in [&without_template, &cut_off] {
            socket.send_to(datagram, "192.168.3.1:2055").unwrap();
        }
    });
    until("both", SOON, || (sink.datagrams().len() == 2).then_some(()));
    let complaints = tshark::decode(&sink, 2055).complaints;
    for number in 1..=2 {
        assert!(
            complaints
                .iter()
                .any(|text| text.starts_with(&format!("datagram {number}:"))),
            "{complaints:?}"
        );
    }
}

#[test]
fn namespaces_go_with_their_owner() {
    if !skip::able("harness: namespaces", TOOLS) {
        return;
    }
    let name = {
        let lab = Lab::new();
        assert!(
            lab.hosts
                .run(&["ping", "-c1", "-W2", "172.16.1.1"])
                .contains("1 received")
        );
        assert!(
            lab.router
                .run(&["ping", "-c1", "-W2", "2001:db8:3::1"])
                .contains("1 received")
        );
        lab.router.name().to_owned()
    };
    let left: Said = skip::command("ip")
        .args(["netns", "list"])
        .output()
        .unwrap()
        .into();
    assert!(!left.out.contains(&name), "{}", left.out);
}
