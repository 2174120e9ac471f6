//! What collectors that others wrote make of the datagrams: nfdump's `nfcapd`, pmacct's `nfacctd` and
//! Wireshark's decoder, on loopback. A test whose collector is not installed says so and passes.

mod support;

use std::net::UdpSocket;
use std::time::Duration;

use export::{Options, Plan, Protocol, SamplerMode, Sampling, Settings, Source, prepare};
use flow::{Layout, Record};
use serde_json::Value as Json;
use std::sync::Arc;
use support::{BOOT_NS, Nfacctd, Nfcapd, Tshark, flows, monitor, sampler, worker};
use wire::Family;

const PROTOCOLS: [Protocol; 3] = [Protocol::NetflowV5, Protocol::NetflowV9, Protocol::Ipfix];

fn settings(protocol: Protocol, host: &str, port: u16) -> Settings {
    Settings {
        name: "E".into(),
        destination: host.into(),
        port,
        source: Source::Any,
        vrf: None,
        dscp: 0,
        ttl: 255,
        protocol,
        template_timeout: Duration::from_secs(600),
        options: Options {
            interface_table: Some(Duration::from_secs(600)),
            exporter_stats: Some(Duration::from_secs(600)),
            sampler_table: None,
        },
        engine: (0, 0),
        source_id: 5,
        boot_ns: BOOT_NS,
        mtu: 1500,
        transport: export::Transport::Udp,
    }
}

fn original() -> [Arc<Layout>; 2] {
    Record::netflow_original().layouts().map(Option::unwrap)
}

/// Sends 40 IPv4 flows and, unless it is NetFlow v5, 30 IPv6 flows.
fn send(settings: &Settings, sampling: Sampling) {
    let worker = worker();
    let [v4, v6] = original();
    let monitor = monitor("M", &[&v4, &v6], sampling);
    let prepared = prepare(settings).unwrap();
    worker.apply(Plan {
        exporters: vec![(settings.clone(), Some(prepared))],
        monitors: vec![monitor],
    });
    let feed = worker.feed("M");
    let _ = feed.deliver(flows(&v4, 40));
    if settings.protocol != Protocol::NetflowV5 {
        let _ = feed.deliver(flows(&v6, 30));
    }
    worker.flush();
    let statistics = worker.statistics();
    let ledger = &statistics[0].clients[0].ledger;
    assert!(
        ledger.balanced() && ledger.received == ledger.sent,
        "{statistics:?}"
    );
}

fn number(record: &Json, name: &str) -> u64 {
    record[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} of {record}"))
}

/// Packets, octets and times of `support::flows`, as many as there should be, each times `rate`.
fn check_nfdump(records: &[Json], v4: usize, v6: usize, rate: u64) {
    let of = |family: &str| {
        let mut records: Vec<&Json> = records
            .iter()
            .filter(|record| !record[family].is_null())
            .collect();
        records.sort_by_key(|record| number(record, "src_port"));
        records
    };
    for (family, count) in [("src4_addr", v4), ("src6_addr", v6)] {
        let records = of(family);
        assert_eq!(records.len(), count, "{family}: {records:?}");
        for (i, record) in records.into_iter().enumerate() {
            let i = i as u64;
            assert_eq!(number(record, "src_port"), 1000 + i);
            assert_eq!(number(record, "dst_port"), 22);
            assert_eq!(number(record, "proto"), 6);
            assert_eq!(number(record, "in_packets"), (i + 1) * rate, "{record}");
            assert_eq!(number(record, "in_bytes"), (i + 1) * 40 * rate);
            assert_eq!(
                record["first"],
                support::iso(support::first_ns(i)),
                "{record}"
            );
            assert_eq!(record["last"], support::iso(support::last_ns(i)));
        }
    }
}

#[test]
fn nfcapd_reads_every_protocol_to_the_millisecond() {
    for protocol in PROTOCOLS {
        for host in ["127.0.0.1", "::1"] {
            let Some(nfcapd) = Nfcapd::start(host) else {
                return;
            };
            let settings = settings(protocol, host, nfcapd.port);
            send(&settings, Sampling::None);
            let (records, log) = nfcapd.stop();
            let v6 = if protocol == Protocol::NetflowV5 {
                0
            } else {
                30
            };
            check_nfdump(&records, 40, v6, 1);
            support::quiet_nfcapd(&log, protocol == Protocol::Ipfix);
        }
    }
}

#[test]
fn nfcapd_scales_by_the_sampling_rate() {
    for protocol in PROTOCOLS {
        for mode in [SamplerMode::Deterministic, SamplerMode::Random] {
            let Some(nfcapd) = Nfcapd::start("127.0.0.1") else {
                return;
            };
            let settings = settings(protocol, "127.0.0.1", nfcapd.port);
            send(&settings, Sampling::One(sampler(3, mode, 100)));
            let (records, log) = nfcapd.stop();
            let v6 = if protocol == Protocol::NetflowV5 {
                0
            } else {
                30
            };
            check_nfdump(&records, 40, v6, 100);
            support::quiet_nfcapd(&log, protocol == Protocol::Ipfix);
        }
    }
}

#[test]
fn nfacctd_reads_and_scales_every_protocol() {
    let one = |mode, rate| Sampling::One(sampler(3, mode, rate));
    for (protocol, sampling, rate) in [
        (
            Protocol::NetflowV5,
            one(SamplerMode::Deterministic, 100),
            100,
        ),
        (Protocol::NetflowV9, one(SamplerMode::Random, 100), 100),
        (
            Protocol::NetflowV9,
            one(SamplerMode::Deterministic, 20_000),
            20_000,
        ),
        (Protocol::Ipfix, one(SamplerMode::Random, 100), 100),
        (Protocol::Ipfix, Sampling::None, 1),
    ] {
        let Some(nfacctd) = Nfacctd::start("127.0.0.1") else {
            return;
        };
        send(&settings(protocol, "127.0.0.1", nfacctd.port), sampling);
        let records = nfacctd.stop();
        let sum = |name: &str| {
            records
                .iter()
                .map(|record| number(record, name))
                .sum::<u64>()
        };
        let v6: u64 = if protocol == Protocol::NetflowV5 {
            0
        } else {
            30 * 31 / 2
        };
        let packets = (40 * 41 / 2 + v6) * rate;
        assert_eq!(
            (sum("packets"), sum("bytes")),
            (packets, packets * 40),
            "{protocol:?}"
        );
    }
}

#[test]
fn nfacctd_tells_sampled_monitors_from_others() {
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        let Some(nfacctd) = Nfacctd::start("127.0.0.1") else {
            return;
        };
        let worker = worker();
        let settings = settings(protocol, "127.0.0.1", nfacctd.port);
        let prepared = prepare(&settings).unwrap();
        let [v4, v6] = original();
        let one = |id, rate| Sampling::One(sampler(id, SamplerMode::Random, rate));
        worker.apply(Plan {
            exporters: vec![(settings, Some(prepared))],
            monitors: vec![
                monitor("A", &[&v4], one(1, 10)),
                monitor("B", &[&v4], Sampling::None),
                monitor("C", &[&v6], one(2, 1000)),
            ],
        });
        let _ = worker.feed("A").deliver(flows(&v4, 40));
        let _ = worker.feed("B").deliver(flows(&v4, 40));
        let _ = worker.feed("C").deliver(flows(&v6, 40));
        worker.flush();
        let records = nfacctd.stop();
        let packets: u64 = records.iter().map(|record| number(record, "packets")).sum();
        assert_eq!(packets, 40 * 41 / 2 * (10 + 1 + 1000), "{protocol:?}");
    }
}

#[test]
fn nothing_is_unknown_or_malformed_to_tshark() {
    for protocol in PROTOCOLS {
        for sampling in [
            Sampling::None,
            Sampling::One(sampler(3, SamplerMode::Deterministic, 100)),
            Sampling::Mixed(vec![
                sampler(1, SamplerMode::Random, 10),
                sampler(2, SamplerMode::Deterministic, 20),
            ]),
        ] {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket
                .set_read_timeout(Some(Duration::from_millis(500)))
                .unwrap();
            let port = socket.local_addr().unwrap().port();
            send(&settings(protocol, "127.0.0.1", port), sampling.clone());
            let Some(shown) = Tshark::decode(&support::receive_all(&socket)) else {
                return;
            };
            let flows = shown.matches("SrcAddr: ").count();
            assert_eq!(
                flows,
                if protocol == Protocol::NetflowV5 {
                    40
                } else {
                    70
                },
                "{shown}"
            );
            support::nothing_odd(&shown);
            if protocol != Protocol::NetflowV5 {
                assert!(
                    shown.contains("eth0") && shown.contains("uplink"),
                    "{shown}"
                );
                assert_eq!(
                    shown.contains("Sampling interval: 100"),
                    matches!(sampling, Sampling::One(_))
                );
            }
        }
    }
}

#[test]
fn every_field_is_known_to_tshark() {
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        for family in [Family::V4, Family::V6] {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket
                .set_read_timeout(Some(Duration::from_millis(500)))
                .unwrap();
            let port = socket.local_addr().unwrap().port();
            let worker = worker();
            let layout = support::everything(family);
            let settings = settings(protocol, "127.0.0.1", port);
            let prepared = prepare(&settings).unwrap();
            worker.apply(Plan {
                exporters: vec![(settings, Some(prepared))],
                monitors: vec![monitor("M", &[&layout], Sampling::None)],
            });
            let _ = worker.feed("M").deliver(flows(&layout, 3));
            worker.flush();
            let Some(shown) = Tshark::decode(&support::receive_all(&socket)) else {
                return;
            };
            assert_eq!(shown.matches("SrcAddr: ").count(), 3, "{shown}");
            support::nothing_odd(&shown);
        }
    }
}
