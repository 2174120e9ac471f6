//! A SYN scan of 172.16.2.1 port 22 from all of 172.16.1.0/24, as the operator and both collectors see it.

use std::collections::BTreeSet;

use flow_tests::collectors::Nfcapd;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, clock, skip, until};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay", "nfcapd", "nfdump"];

const ACCOUNTING: &str = "\
system {
    flow-accounting {
        interface eth1
        netflow {
            server 192.168.3.1 {
                port 2055
            }
            server 192.168.4.1 {
                port 2055
            }
            version 9
        }
    }
}
";

#[test]
fn a_syn_scan_is_many_flows_of_one_packet() {
    if !skip::able("scan", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let collectors = [
        Nfcapd::start(&lab.c1, "192.168.3.1", 2055),
        Nfcapd::start(&lab.c2, "192.168.4.1", 2055),
    ];
    let mut flowd = Flowd::start(&lab.router);
    flowd.configure(ACCOUNTING);
    let scan = Traffic::syn_scan([172, 16, 2, 1].into(), clock::wall_ns());
    // Other traffic, which the filter on port 22 must leave out.
    let noise = Traffic::udp(300, 10, clock::wall_ns());
    lab.replay(&scan);
    lab.replay(&noise);
    flowd.metered("flow-accounting", 254 + 300);

    let screen = flowd.ok(&["show flow-accounting interface eth1 port 22 top 10"]);
    assert!(screen.contains("flow-accounting for [eth1]"), "{screen}");
    let rows: Vec<Vec<&str>> = screen
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| {
            words
                .first()
                .is_some_and(|word| word.starts_with("172.16.1."))
        })
        .collect();
    assert_eq!(rows.len(), 10, "{screen}");
    let mut sources = BTreeSet::new();
    for row in &rows {
        // Src Addr, Dst Addr, Sport, Dport, Proto, Packets, Bytes, Flows
        assert_eq!(row[1], "172.16.2.1", "{screen}");
        assert_eq!(&row[3..], ["22", "tcp", "1", "40", "1"], "{screen}");
        sources.insert(row[0]);
    }
    assert_eq!(sources.len(), 10, "{screen}");
    let all = flowd.json("show flow-accounting interface eth1 port 22");
    assert_eq!(
        all["interfaces"][0]["flows"].as_array().map(Vec::len),
        Some(254),
        "{all}"
    );
    assert_eq!(
        (
            &all["interfaces"][0]["total_packets"],
            &all["interfaces"][0]["total_octets"]
        ),
        (&254.into(), &(254 * 40).into())
    );

    // SIGTERM flushes the cache to both collectors.
    assert!(flowd.terminate().success());
    until("empty queues", SOON, || {
        (lab.c1.udp_backlog().0 + lab.c2.udp_backlog().0 == 0).then_some(())
    });
    for (number, collector) in collectors.into_iter().enumerate() {
        let stored = collector.stop();
        let scanned = stored.filter(|key| key.dport == 22);
        scan.flows()
            .assert_same(&scanned, &format!("collector {}", number + 1));
        assert!(
            scanned
                .0
                .values()
                .all(|sum| (sum.packets, sum.records, sum.flags) == (1, 1, 0x02))
        );
        noise.flows().assert_same(
            &stored.filter(|key| key.proto == 17),
            &format!("collector {}", number + 1),
        );
    }
}
