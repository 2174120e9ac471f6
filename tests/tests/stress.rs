//! `show flow loss` and the collector agree to the packet under stress: a full cache, sampling, several capture threads, and
//! commits that change all of it, while packets come as fast as tcpreplay can send them.

use flow_tests::config::{Exporter, monitor};
use flow_tests::ledger::Monitor;
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, clock, skip, tshark, until};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay", "tshark"];
/// Number of packets in a replay, and of the flows they belong to.
const PACKETS: u32 = 40_000;
const FLOWS: u32 = 8_000;

struct Bench {
    lab: Lab,
    sink: Sink,
    flowd: Flowd,
    file: tempfile::NamedTempFile,
    traffic: Traffic,
}

impl Bench {
    /// Starts flowd with a monitor `M` without sampling, and a monitor `S` with a small cache and sampling of one packet in ten.
    /// The ring has room for a whole replay, so that a busy machine loses nothing.
    fn new(threads: u16) -> Bench {
        let lab = Lab::new();
        let sink = Sink::start(&lab.c1, "192.168.3.1", 2055);
        let flowd = Flowd::start(&lab.router);
        let exporter = Exporter {
            name: "E",
            destination: "192.168.3.1",
            port: 2055,
            protocol: "ipfix",
        };
        flowd.configure(
            &(monitor("eth1", &[exporter])
                + &format!(
                    "set interfaces ethernet eth1 capture ring-size 64\n\
                     set interfaces ethernet eth1 capture threads {threads}\n\
                     set flow monitor M cache entries 1000\n\
                     set flow monitor S record netflow-original\n\
                     set flow monitor S cache entries 16\n\
                     set flow sampler TEN mode deterministic\n\
                     set flow sampler TEN rate 10\n\
                     set interfaces ethernet eth1 flow monitor S direction input\n\
                     set interfaces ethernet eth1 flow monitor S sampler TEN\n"
                )),
        );
        let traffic = Traffic::udp(PACKETS, PACKETS / FLOWS, clock::wall_ns());
        let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
        traffic.write(file.path());
        Bench {
            lab,
            sink,
            flowd,
            file,
            traffic,
        }
    }

    /// Replays the packets while `commit` runs with the numbers from 1 to `commits`. Repeats the replay until all commits were
    /// made. Returns how many packets were sent.
    fn replay(&self, commits: u32, commit: impl Fn(u32)) -> u64 {
        const LOOPS: u32 = 10;
        let (loops, path) = (LOOPS.to_string(), self.file.path().to_str().unwrap());
        let argv = [
            "tcpreplay",
            "-q",
            "-i",
            "eth0",
            "--preload-pcap",
            "--topspeed",
            "--loop",
            &loops,
            path,
        ];
        let (mut done, mut sent) = (0, 0);
        while done < commits {
            let mut replay = self.lab.hosts.spawn(&argv);
            sent += u64::from(PACKETS * LOOPS);
            while done < commits && replay.running() {
                done += 1;
                commit(done);
            }
            assert!(replay.wait(SOON).success(), "{}", replay.output());
        }
        sent
    }

    /// Waits until all `sent` packets are in the ledger, exports the cached flows, and compares every ledger with the
    /// collector's sums.
    fn audit(&self, sent: u64) -> Monitor {
        let seen = |monitor: &Monitor| monitor.metered.packets + monitor.unsampled.packets;
        within(SOON, || {
            let ledger = self.flowd.ledger();
            let all = ["M", "S"].map(|name| seen(ledger.monitor(name)));
            (all == [sent; 2]).then_some(())
        });
        for name in ["M", "S"] {
            self.flowd.force_export(name);
        }
        let ledger = self.flowd.settled();
        ledger.audit_settled();
        for name in ["M", "S"] {
            let monitor = ledger.monitor(name);
            let dropped: u64 = monitor.dropped.values().map(|tally| tally.packets).sum();
            assert_eq!(
                (seen(monitor), dropped),
                (sent, 0),
                "{name}: {:#}",
                ledger.json
            );
        }
        let client = ledger.client("E", "M");
        assert_eq!(
            client.sent.packets,
            ledger.monitor("M").metered.packets,
            "{:#}",
            ledger.json
        );
        ledger.monitor("M").clone()
    }
}

/// For every number of capture threads, the screens show the sums over all threads.
#[test]
fn threads_share_the_packets_and_lose_none() {
    if !skip::able("stress: threads", TOOLS) {
        return;
    }
    for threads in [1, 2, 3, 4] {
        let bench = Bench::new(threads);
        bench.lab.replay_file(bench.file.path(), 200_000);
        let ledger = bench.flowd.metered("M", PACKETS.into());
        let entries = ledger.json["monitors"].as_array().unwrap();
        let busy = entries.iter().filter(|entry| {
            entry["monitor"] == "M" && entry["metered"]["packets"].as_u64() > Some(0)
        });
        assert_eq!(busy.count(), usize::from(threads), "{:#}", ledger.json);
        let shown = &bench.flowd.get("/v1/flow/monitors?name=M")["monitors"][0]["cache"];
        let (added, entries) = (shown["added"].as_u64(), shown["entries"].as_u64());
        assert!(added >= Some(FLOWS.into()), "{shown:#}");
        assert!(
            entries > Some(0) && entries <= Some(1000 * u64::from(threads)),
            "{shown:#}"
        );
        let metered = bench.audit(PACKETS.into());
        assert_eq!(
            (metered.metered.packets, metered.metered.octets),
            bench.traffic.flows().totals()
        );
        let collected = until("all of it", SOON, || {
            let flows = tshark::decode(&bench.sink, 2055).flows;
            (flows.totals().0 >= PACKETS.into()).then_some(flows)
        });
        bench.traffic.flows().assert_same(&collected, "tshark");
    }
}

/// A promise to operators: no commit loses a packet or counts one twice, whatever it changes of monitors, exporters and
/// samplers.
#[test]
fn commits_at_full_rate_lose_nothing() {
    // `FLOW_TESTS_COMMITS=1000` for an hour with nothing else to do.
    let commits = std::env::var("FLOW_TESTS_COMMITS")
        .ok()
        .and_then(|text| text.parse().ok());
    let commits = commits.unwrap_or(40);
    if !skip::able("stress: commits at full rate", TOOLS) {
        return;
    }
    let bench = Bench::new(2);
    let sent = bench.replay(commits, |number| {
        // No commit replaces the ring: the kernel stamps a packet before a ring gets it, and one in a million may fall
        // between the old and the new one.
        let change = match number % 6 {
            0 => format!("set flow monitor M cache timeout active {}\n", 60 + number),
            1 => format!("set flow exporter E ttl {}\n", 1 + number % 250),
            2 => format!("set flow sampler TEN rate {}\n", 10 + number),
            3 => format!("set flow monitor M cache entries {}\n", 1000 + number),
            4 => format!(
                "set flow monitor N record netflow-original\nset flow monitor N cache entries {}\n\
                 set interfaces ethernet eth1 flow monitor N direction input\n",
                1000 + number
            ),
            _ => format!("set flow record R{number} match ipv4 source address\nset flow record R{number} collect counter packets\n"),
        };
        bench.flowd.configure(&change);
    });
    bench.audit(sent);
}
