//! `service metrics`: what Prometheus reads is what the loss ledger says, and its tools find no fault with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::process::Stdio;

use flow_tests::bins::workspace;
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, clock, skip, until};
use regex::Regex;
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool", "curl", "tcpreplay", "promtool"];
const URL: &str = "http://192.168.3.254:9743/metrics";

/// A probe with a cache that overflows, an exporter, and a samplicator with two receivers, one of which does not listen.
fn configuration(port: u16, closed: u16) -> String {
    format!(
        "set flow exporter E destination 192.168.3.1
set flow exporter E transport udp {port}
set flow monitor M record netflow-original
set flow monitor M cache entries 16
set flow monitor M exporter E
set flow monitor FULL record netflow-original
set flow monitor FULL cache type permanent
set flow monitor FULL cache entries 16
set interfaces ethernet eth1 capture threads 2
set interfaces ethernet eth1 flow monitor M direction input
set interfaces ethernet eth1 flow monitor FULL direction input
set flow samplicator S port 2055
set flow samplicator S receiver open address 192.168.3.1
set flow samplicator S receiver open port {port}
set flow samplicator S receiver closed address 192.168.3.1
set flow samplicator S receiver closed port {closed}
set service metrics listen-address 192.168.3.254
set service metrics allow 192.168.3.0/24
"
    )
}

/// What `curl` gets.
fn scrape(lab: &Lab, accept: &str) -> String {
    lab.c1
        .run(&["curl", "-sS", "-f", "-H", &format!("Accept: {accept}"), URL])
}

/// Every sample by name and labels, in text of either format.
fn samples(text: &str) -> BTreeMap<String, f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// The number of a sample; 0 where there is none.
fn number(samples: &BTreeMap<String, f64>, name: &str) -> u64 {
    samples.get(name).copied().unwrap_or(0.0) as u64
}

/// The sum of a member of all entries of a ledger that `keep` wants, such as `["metered", "packets"]`.
fn sum(entries: &Json, keep: impl Fn(&Json) -> bool, path: &[&str]) -> u64 {
    let entries = entries.as_array().expect("a list");
    entries
        .iter()
        .filter(|one| keep(one))
        .map(|one| path.iter().fold(one, |value, name| &value[*name]))
        .map(|value| value.as_u64().unwrap_or(0))
        .sum()
}

fn busy() -> (Lab, Flowd, Sink) {
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    let port = Lab::port();
    let sink = Sink::start(&lab.c1, "192.168.3.1", port);
    flowd.configure(&configuration(port, Lab::port()));
    lab.replay(&Traffic::udp(500, 2, clock::wall_ns()));
    let from = lab
        .c1
        .enter(|| std::net::UdpSocket::bind("192.168.3.1:0").expect("a port"));
    until("datagrams that a receiver refuses", SOON, || {
        from.send_to(&[0; 100], "192.168.3.254:2055").expect("sent");
        let answer = flowd.get("/v1/samplicators?name=S");
        let receivers = answer["samplicators"][0]["receivers"].as_array()?;
        receivers
            .iter()
            .any(|one| one["state"] == "failed")
            .then_some(())
    });
    flowd.force_export("M");
    flowd.settled();
    (lab, flowd, sink)
}

#[test]
fn metrics_are_what_the_ledger_says() {
    if !skip::able("metrics", TOOLS) {
        return;
    }
    let (lab, flowd, _sink) = busy();
    let text = scrape(&lab, "*/*");
    let metrics = samples(&text);
    let ledger = flowd.get("/v1/flow/loss");
    let mut compared = 0;
    for monitor in ["M", "FULL"] {
        let of = |one: &Json| one["monitor"] == monitor;
        let labels = format!("monitor=\"{monitor}\",interface=\"eth1\"");
        for (account, units) in [
            ("captured", ["packets", "octets"]),
            ("metered", ["packets", "octets"]),
            ("unsampled", ["packets", "octets"]),
            ("expired", ["records", "packets"]),
            ("cleared", ["records", "packets"]),
        ] {
            for unit in units {
                let name = format!(
                    "flowd_monitor_{account}_{}_total{{{labels}}}",
                    unit.replace("octets", "bytes")
                );
                assert!(metrics.contains_key(&name), "{name}\n{text}");
                let said = sum(&ledger["monitors"], of, &[account, unit]);
                assert_eq!(number(&metrics, &name), said, "{name}");
                compared += u64::from(said > 0);
            }
        }
        let name = format!("flowd_monitor_cached_records{{{labels}}}");
        assert_eq!(
            number(&metrics, &name),
            sum(&ledger["monitors"], of, &["cached", "records"])
        );
        let name = format!("flowd_monitor_dropped_packets_total{{{labels},reason=\"cache-full\"}}");
        let said = sum(
            &ledger["monitors"],
            of,
            &["dropped", "cache-full", "packets"],
        );
        assert_eq!(number(&metrics, &name), said, "{name}");
        assert_eq!(said > 0, monitor == "FULL");
    }
    for (account, suffix) in [
        ("received", "_total"),
        ("sent", "_total"),
        ("refused", "_total"),
        ("queued", ""),
    ] {
        let name =
            format!("flowd_exporter_{account}_records{suffix}{{exporter=\"E\",monitor=\"M\"}}");
        assert!(metrics.contains_key(&name), "{name}\n{text}");
        assert_eq!(
            number(&metrics, &name),
            sum(&ledger["exporters"], |_| true, &[account, "records"]),
            "{name}"
        );
        compared += number(&metrics, &name);
    }
    for receiver in ["open", "closed"] {
        let of = |one: &Json| one["receiver"] == receiver;
        let receivers = &ledger["samplicators"][0]["receivers"];
        for account in ["offered", "sent"] {
            let name = format!(
                "flowd_samplicator_receiver_{account}_datagrams_total{{samplicator=\"S\",receiver=\"{receiver}\"}}"
            );
            assert_eq!(
                number(&metrics, &name),
                sum(receivers, of, &[account, "datagrams"]),
                "{name}"
            );
            compared += number(&metrics, &name);
        }
    }
    assert!(
        compared > 500,
        "there is something to compare: {compared}\n{text}"
    );
    for (name, value) in [
        ("flowd_ledger_balanced", 1),
        ("flowd_cache_size_flows{monitor=\"M\"}", 32),
        ("flowd_capture_up{interface=\"eth1\"}", 1),
        ("flowd_exporter_up{exporter=\"E\"}", 1),
        (
            "flowd_samplicator_receiver_up{samplicator=\"S\",receiver=\"open\"}",
            1,
        ),
        (
            "flowd_samplicator_receiver_up{samplicator=\"S\",receiver=\"closed\"}",
            0,
        ),
        ("flowd_running_revision", 0),
    ] {
        assert!(metrics.contains_key(name), "{name}\n{text}");
        assert_eq!(number(&metrics, name), value, "{name}");
    }
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "flowd_host_memory_size_bytes",
    ] {
        assert!(
            metrics.get(name).is_some_and(|value| *value > 0.0),
            "{name}\n{text}"
        );
    }

    // The same in the format that Prometheus asks for.
    let open = scrape(&lab, "application/openmetrics-text;version=1.0.0");
    assert!(open.ends_with("# EOF\n"), "{open}");
    let names = |samples: &BTreeMap<String, f64>| samples.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&samples(&open)), names(&metrics));

    let mut promtool = skip::command("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    let mut stdin = promtool.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("promtool reads");
    drop(stdin);
    let said = promtool.wait_with_output().expect("promtool ends");
    let said_text =
        String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && said_text.is_empty(), "{said_text}");
}

#[test]
fn who_may_ask_is_configured_and_told() {
    if !skip::able("hosts that may ask for metrics", &["ip", "ethtool", "curl"]) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    assert_eq!(
        flowd.ok(&["show service metrics"]),
        "The service is not configured.\n"
    );
    flowd.configure("set service metrics port 9800");
    let ask = |from: &flow_tests::Namespace, url: &str| {
        // Exit codes of curl are of no interest: what cannot connect has the status 000.
        let line = format!("curl -s -m 10 -o /dev/null -w '%{{http_code}}' {url} || true");
        from.run(&["sh", "-c", &line])
    };
    let url = "http://172.16.1.1:9800/metrics";
    assert_eq!(ask(&lab.hosts, url), "200");
    assert_eq!(ask(&lab.hosts, "http://172.16.1.1:9800/other"), "404");
    flowd.configure("set service metrics allow 192.168.3.0/24");
    assert_eq!(ask(&lab.hosts, url), "000");
    assert_eq!(ask(&lab.c1, "http://192.168.3.254:9800/metrics"), "200");
    let shown = flowd.ok(&["show service metrics"]);
    for line in [
        "Listening:        http://0.0.0.0:9800/metrics",
        "Allowed:          192.168.3.0/24",
        "Answers:          2",
        "Denied:           1 connections",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let check = flowd.ok(&[
        "configure",
        "set service metrics port 9801",
        "commit check",
        "exit discard",
    ]);
    assert!(
        check.contains("metrics: 1 socket on 0.0.0.0:9801 opened"),
        "{check}"
    );
    flowd.configure("delete service metrics");
    assert_eq!(ask(&lab.c1, "http://192.168.3.254:9800/metrics"), "000");
}

/// The expressions of the example's rules and of its dashboard.
fn expressions() -> Vec<String> {
    let folder = workspace().join("packaging/examples/prometheus");
    let rules = fs::read_to_string(folder.join("flowd.rules.yml")).expect("the rules");
    let rules = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    let dashboard = fs::read_to_string(folder.join("flowd-dashboard.json")).expect("the dashboard");
    let dashboard: Json = serde_json::from_str(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let notes = dashboard["annotations"]["list"]
        .as_array()
        .expect("annotations");
    let shown = targets
        .chain(notes)
        .map(|one| one["expr"].as_str().expect("an expression"));
    shown
        .map(|text| {
            text.replace("$instance", ".*")
                .replace("$__rate_interval", "1m")
                .replace("$__interval", "1m")
        })
        .chain(rules.map(str::to_owned))
        .collect()
}

#[test]
fn prometheus_scrapes_and_its_examples_are_about_what_is_there() {
    let tools = [TOOLS, &["prometheus"]].concat();
    if !skip::able("a Prometheus that scrapes", &tools) {
        return;
    }
    let (lab, _flowd, _sink) = busy();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let examples = workspace().join("packaging/examples/prometheus");
    let example = fs::read_to_string(examples.join("prometheus.yml")).expect("the example");
    let own = example.replace("192.0.2.1", "192.168.3.254");
    let own = format!("global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n{own}");
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, own).expect("a file");
    fs::copy(
        examples.join("flowd.rules.yml"),
        folder.path().join("flowd.rules.yml"),
    )
    .expect("a copy");
    for (what, file) in [
        ("rules", folder.path().join("flowd.rules.yml")),
        ("config", file.clone()),
    ] {
        let said = skip::command("promtool")
            .args(["check", what])
            .arg(file)
            .output()
            .expect("promtool runs");
        assert!(
            said.status.success(),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
    lab.c1.ip("link set lo up");
    let _prometheus = lab.c1.spawn(&[
        "prometheus",
        &format!("--config.file={}", file.display()),
        &format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ),
        "--web.listen-address=127.0.0.1:9090",
    ]);
    let query = |expression: &str| -> Option<Json> {
        let line = format!(
            "curl -s -G http://127.0.0.1:9090/api/v1/query --data-urlencode 'query={expression}' || true"
        );
        serde_json::from_str(&lab.c1.run(&["sh", "-c", &line])).ok()
    };
    let value = |answer: &Json| {
        answer["data"]["result"][0]["value"][1]
            .as_str()
            .map(str::to_owned)
    };
    until("a scrape", SOON, || {
        let answer = query("up{job=\"flowd\"}")?;
        (value(&answer)? == "1").then_some(())
    });
    until(
        "an alert about the receiver that does not listen",
        SOON,
        || {
            let answer = query("ALERTS{alertname=\"FlowdReceiverDown\",receiver=\"closed\"}")?;
            value(&answer)
        },
    );
    let declared: BTreeSet<String> = scrape(&lab, "*/*")
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    let name = Regex::new(r"\b(flowd|process)_\w+").expect("a pattern");
    let all = expressions();
    assert!(all.len() > 30, "{all:?}");
    for expression in all {
        let answer = query(&expression).unwrap_or(Json::Null);
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        for used in name.find_iter(&expression) {
            assert!(
                declared.contains(used.as_str()),
                "{} in {expression}",
                used.as_str()
            );
        }
    }
}
