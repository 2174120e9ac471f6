//! Every cache type on one interface at once, with four capture threads, while monitors are changed; and different samplers at
//! the attachments of one monitor.

use flow_tests::config::{Exporter, monitor};
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, clock, skip, tshark, until};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay", "tshark"];
const PACKETS: u32 = 12_000;

/// Returns the configuration of five monitors on `eth1`: `M` is normal, `P` permanent and too small, `B` bidirectional, `W`
/// small, `I` immediate.
fn config() -> String {
    let exporter = Exporter {
        name: "E",
        destination: "192.168.3.1",
        port: 2055,
        protocol: "ipfix",
    };
    let mut text = monitor("eth1", &[exporter]);
    text += "set interfaces ethernet eth1 capture threads 4\n\
        set flow monitor M statistics packet protocol\nset flow monitor M statistics packet size\n";
    for (name, cache) in [
        (
            "P",
            "type permanent\nset flow monitor P cache entries 16\nset flow monitor P cache timeout update 1",
        ),
        ("B", "bidirectional"),
        ("W", "entries 64"),
        ("I", "type immediate"),
    ] {
        text += &format!(
            "set flow monitor {name} record netflow-original\nset flow monitor {name} exporter E\n\
             set flow monitor {name} cache {cache}\nset interfaces ethernet eth1 flow monitor {name} direction input\n"
        );
    }
    text
}

#[test]
fn every_type_of_cache_accounts_for_every_packet_on_four_threads() {
    if !skip::able("cache types", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&config());
    let traffic = Traffic::udp(PACKETS, 20, clock::wall_ns());
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    traffic.write(file.path());
    let path = file.path().to_str().unwrap();
    let mut replay = lab
        .hosts
        .spawn(&["tcpreplay", "-q", "-i", "eth0", "--pps", "6000", path]);
    // A change of one monitor affects neither the others nor the ledger.
    for (number, change) in [
        "set flow monitor W cache type permanent",
        "set flow monitor P cache timeout update 2",
        "set flow monitor W cache bidirectional",
        "set flow monitor W cache type normal",
        "set flow monitor B cache entries 100",
    ]
    .iter()
    .enumerate()
    {
        let ledger = flowd.metered("M", u64::from(PACKETS) * (number as u64 + 1) / 7);
        ledger.audit();
        flowd.configure(change);
    }
    assert!(replay.wait(SOON).success(), "{}", replay.output());
    flowd.metered("M", PACKETS.into());
    let screen = flowd.ok(&["show flow monitor M statistics"]);
    let total = format!("Packet size distribution ({PACKETS} total packets):");
    assert!(
        screen.contains(&total) && screen.contains("UDP-DNS"),
        "{screen}"
    );
    let screen = flowd.ok(&["show flow monitor P statistics"]);
    assert!(
        screen.contains("Permanent") && screen.contains("Updates sent            (     2 secs)"),
        "{screen}"
    );
    let screen = flowd.ok(&["show flow monitor P"]);
    assert!(
        screen.contains("Update Timeout:") && screen.contains("permanent"),
        "{screen}"
    );

    for name in ["M", "P", "B", "W", "I"] {
        flowd.force_export(name);
    }
    let ledger = flowd.settled();
    ledger.audit_settled();
    for name in ["M", "B", "I", "P", "W"] {
        let monitor = ledger.monitor(name);
        let full = monitor
            .dropped
            .get("cache-full")
            .map_or(0, |tally| tally.packets);
        let skipped: u64 = monitor.skipped.values().map(|tally| tally.packets).sum();
        assert_eq!(
            monitor.captured.packets,
            monitor.metered.packets + full + skipped,
            "{name}: {:#}",
            ledger.json
        );
        assert_eq!(monitor.metered.packets + full, u64::from(PACKETS), "{name}");
        assert_eq!(
            full > 0,
            name == "P" || (name == "W" && full > 0),
            "{name}: {full}"
        );
        let sent = ledger.client("E", name).sent;
        assert_eq!(
            (sent.packets, sent.octets),
            (monitor.metered.packets, monitor.metered.octets)
        );
    }
    let loss = flowd.ok(&["show flow loss"]);
    assert!(loss.contains("cache-full"), "{loss}");
    // The collector gets the records of all five monitors in one stream.
    let sum: u64 = ["M", "P", "B", "W", "I"]
        .map(|name| ledger.monitor(name).metered.packets)
        .iter()
        .sum();
    let decoded = until("all of it", SOON, || {
        let decoded = tshark::decode(&sink, 2055);
        (decoded.flows.totals().0 >= sum).then_some(decoded)
    });
    assert_eq!(decoded.flows.totals().0, sum);
    assert_eq!(decoded.complaints, Vec::<String>::new());
}

#[test]
fn each_attachment_has_its_sampler() {
    if !skip::able("samplers of attachments", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
    let flowd = Flowd::start(&lab.router);
    let mut text = String::new();
    for words in [
        "match ipv4 source address",
        "match ipv4 destination address",
        "match ipv4 protocol",
        "match transport source-port",
        "match transport destination-port",
        "match flow sampler",
        "collect counter bytes",
        "collect counter packets",
    ] {
        text += &format!("set flow record R {words}\n");
    }
    text += "set flow exporter E destination 192.168.3.1\nset flow exporter E transport udp 2055\n\
        set flow monitor M record R\nset flow monitor M exporter E\n\
        set flow sampler A mode deterministic\nset flow sampler A rate 10\n\
        set flow sampler B mode random\nset flow sampler B rate 4\n\
        set interfaces ethernet eth1 flow monitor M sampler A\n\
        set interfaces ethernet eth2 flow monitor M sampler B\n\
        set interfaces ethernet eth2 promiscuous\n";
    flowd.configure(&text);
    lab.replay(&Traffic::udp(2_000, 100, clock::wall_ns()));
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    Traffic::udp(2_000, 100, clock::wall_ns()).write(file.path());
    let path = file.path().to_str().unwrap();
    lab.servers
        .run(&["tcpreplay", "-q", "-i", "eth0", "--pps", "20000", path]);
    let taken = 2_000 / 10 + 2_000 / 4;
    flowd.until("both", |flowd| {
        let monitor = flowd.ledger().monitor("M").clone();
        (monitor.metered.packets + monitor.unsampled.packets >= 4_000).then_some(())
    });
    flowd.force_export("M");
    let ledger = flowd.settled();
    ledger.audit_settled();
    let metered = ledger.monitor("M").metered.packets;
    assert!(metered.abs_diff(taken) <= 2, "{metered}: {:#}", ledger.json);
    let decoded = until("all of it", SOON, || {
        let decoded = tshark::decode(&sink, 2055);
        (decoded.flows.totals().0 >= metered).then_some(decoded)
    });
    assert_eq!(decoded.complaints, Vec::<String>::new());
    // The options table gives each sampler's rate, and each record has the identifier of the sampler that selected its packets.
    let text = |json: &serde_json::Value, name: &str| json[name].as_str().map(str::to_owned);
    let rate_of = |id: &str| {
        let row = |row: &&serde_json::Value| text(row, "cflow.sampler_id").as_deref() == Some(id);
        decoded.options.iter().find(row).and_then(|row| {
            ["cflow.sampler_random_interval", "cflow.sampling_interval"]
                .iter()
                .find_map(|name| text(row, name)?.parse::<u64>().ok())
        })
    };
    let mut scaled = 0;
    for record in &decoded.records {
        let id = text(&record.json, "cflow.sampler_id").unwrap_or_default();
        let rate = rate_of(&id).unwrap_or_else(|| panic!("sampler {id}: {:#?}", decoded.options));
        scaled += record.packets * rate;
    }
    assert!(scaled.abs_diff(4_000) <= 20, "{scaled}");
}
