//! Troubleshooting: the log, alarms, interfaces, the largest flows, sessions.

use std::time::Duration;

use flow_tests::pty::Pty;
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, Namespace, bins, clock, skip, until};
use nix::sys::signal::Signal;
use serde_json::{Value as Json, json};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay"];

/// Returns the messages of the log with their message ids, oldest first.
fn log(flowd: &Flowd) -> Vec<(String, String)> {
    let answer = flowd.get("/v1/log?lines=1000");
    let lines = answer["lines"].as_array().expect("lines");
    let text = |line: &Json, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines
        .iter()
        .map(|line| (text(line, "msgid"), text(line, "message")))
        .collect()
}

fn has(lines: &[(String, String)], msgid: &str, part: &str) -> bool {
    lines
        .iter()
        .any(|(id, message)| id == msgid && message.contains(part))
}

#[test]
fn the_log_tells_what_was_done_and_survives_a_kill() {
    if !skip::able("the log", &["ip"]) {
        return;
    }
    let namespace = Namespace::new("log");
    let mut flowd = Flowd::start(&namespace);
    flowd.configure("set system host-name one");
    flowd.ok(&[
        "configure",
        "set system host-name two",
        "commit comment \"the second\"",
        "exit",
    ]);
    let said = flowd.sh(&["configure", "set flow monitor M record R", "commit"]);
    assert_eq!(said.code, 1, "{}", said.out);
    until("the lines", SOON, || {
        let lines = log(&flowd);
        let committed = has(
            &lines,
            "COMMIT",
            "committed revision 1 via script: the second",
        );
        (committed && has(&lines, "REFUSED", "was refused: flow monitor M")).then_some(())
    });
    assert!(
        log(&flowd)
            .iter()
            .all(|(_, message)| !message.contains("/v1/")),
        "{:?}",
        log(&flowd)
    );
    let file = flowd.state().join("log");
    until("the line in the file", SOON, || {
        let text = std::fs::read_to_string(&file).ok()?;
        text.contains("was refused").then_some(())
    });

    flowd.kill();
    flowd.up(&namespace);
    let lines = log(&flowd);
    assert!(
        has(
            &lines,
            "COMMIT",
            "committed revision 1 via script: the second"
        ),
        "{lines:?}"
    );
    let crashed: Vec<_> = lines.iter().filter(|(id, _)| id == "CRASHED").collect();
    assert_eq!(crashed.len(), 1, "{lines:?}");
    assert!(crashed[0].1.contains("was not stopped"), "{lines:?}");
    // A daemon that was stopped in good order is not reported at the next start.
    assert!(flowd.terminate().success());
    flowd.up(&namespace);
    let lines = log(&flowd);
    let crashed = lines.iter().filter(|(id, _)| id == "CRASHED");
    assert_eq!(crashed.count(), 1, "{lines:?}");
    assert!(has(&lines, "STOPPED", "flowd has stopped"), "{lines:?}");
}

#[test]
fn a_revision_has_one_number_everywhere() {
    if !skip::able("numbers of revisions", &["ip"]) {
        return;
    }
    let namespace = Namespace::new("revisions");
    let flowd = Flowd::start(&namespace);
    for name in ["zero", "one", "two"] {
        flowd.ok(&[
            "configure",
            &format!("set system host-name {name}"),
            "commit",
            "exit",
        ]);
    }
    let commits = flowd.ok(&["show system commit"]);
    let numbers: Vec<&str> = commits
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(numbers, ["2", "1", "0"], "{commits}");
    let version = flowd.ok(&["show version"]);
    assert!(version.contains("Revision:         2\n"), "{version}");
    let written = flowd.ok(&["write memory"]);
    assert!(written.contains("revision 2,"), "{written}");
    assert!(has(&log(&flowd), "COMMIT", "committed revision 2 "));
    let diff = flowd.ok(&["show system commit diff 1"]);
    assert_eq!(diff, "[edit system]\n- host-name zero\n+ host-name one\n");
    let rolled = flowd.ok(&["configure", "rollback 0", "compare", "exit discard"]);
    assert!(rolled.contains("Revision 0 of "), "{rolled}");
    assert!(
        rolled.contains("- host-name two\n+ host-name zero\n"),
        "{rolled}"
    );
    // A revision keeps its number when others are added.
    flowd.ok(&["configure", "rollback 0", "commit", "exit"]);
    let diff = flowd.ok(&["show system commit diff 1"]);
    assert_eq!(diff, "[edit system]\n- host-name zero\n+ host-name one\n");
    let said = flowd.sh(&["configure", "rollback 17"]);
    assert!(
        said.err.contains("no revision 17; there are 0 to 3"),
        "{}",
        said.err
    );
}

#[test]
fn changes_that_were_not_committed_are_an_error_of_a_script() {
    if !skip::able("scripts", &["ip"]) {
        return;
    }
    let namespace = Namespace::new("scripts");
    let flowd = Flowd::start(&namespace);
    let said = flowd.sh(&["configure", "set system host-name lost"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("were not committed"), "{}", said.err);
    let said = flowd.sh(&["configure", "set system host-name kept", "commit"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let tree = flowd.json("show configuration");
    assert_eq!(tree, json!({"system": {"host-name": "kept"}}));
    let candidate = flowd.json("show configuration system");
    assert_eq!(candidate, tree);
}

#[test]
fn a_shell_that_is_killed_ends_its_session() {
    if !skip::able("sessions", &["ip"]) {
        return;
    }
    let namespace = Namespace::new("sessions");
    let flowd = Flowd::start(&namespace);
    let shell = bins::program("flowsh");
    let socket = flowd.socket();
    let socket = socket.to_str().expect("UTF-8");
    let sessions = || {
        flowd.get("/v1/sessions")["sessions"]
            .as_array()
            .map_or(0, Vec::len)
    };
    for killed in [true, false] {
        let mut terminal = Pty::spawn(&[&shell, "--socket", socket]);
        terminal.expect("> ");
        terminal.line("configure");
        terminal.expect("# ");
        terminal.line("set system host-name unsaved");
        terminal.expect("# ");
        assert_eq!(sessions(), 1);
        if killed {
            let id = i32::try_from(terminal.id()).expect("a process id");
            let id = nix::unistd::Pid::from_raw(id);
            nix::sys::signal::kill(id, Signal::SIGKILL).expect("it runs");
        } else {
            terminal.hang_up();
        }
        until("the session to end", SOON, || {
            (sessions() == 0).then_some(())
        });
    }
    // A cancelled request does not end the session.
    let mut terminal = Pty::spawn(&[&shell, "--socket", socket]);
    terminal.expect("> ");
    terminal.line("configure exclusive");
    terminal.expect("# ");
    terminal.keys("\u{3}");
    terminal.line("set system host-name kept");
    terminal.expect("# ");
    assert_eq!(sessions(), 1);
    let head = format!(
        "yes 'run show version' | {shell} --socket {socket} -c configure -f - | head -1 > /dev/null"
    );
    let _ = std::process::Command::new("sh")
        .args(["-c", &head])
        .status();
    until("the piped session to end", SOON, || {
        (sessions() == 1).then_some(())
    });
}

#[test]
fn what_is_wrong_is_an_alarm_until_it_is_right() {
    if !skip::able("alarms", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    flowd.configure(
        "set flow monitor M record netflow-original\n\
         set interfaces ethernet eth1 flow monitor M direction input",
    );
    let none = flowd.ok(&["show alarms"]);
    assert_eq!(none, "There is no alarm.\n");
    lab.router.ip("link set eth1 down");
    let down = until("the alarm", SOON, || {
        let shown = flowd.ok(&["show alarms"]);
        shown.contains("interface eth1 is down").then_some(shown)
    });
    assert!(down.starts_with("20"), "since when: {down}");
    let version = flowd.ok(&["show version"]);
    assert!(version.contains("(`show alarms`)"), "{version}");
    lab.router.ip("link set eth1 up");
    until("the alarm's end", SOON, || {
        flowd
            .ok(&["show alarms"])
            .contains("There is no alarm.")
            .then_some(())
    });
    let lines = log(&flowd);
    let told = lines.iter().filter(|(id, _)| id == "LINK");
    let told: Vec<&str> = told.map(|(_, message)| message.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("interface eth1 is down"), "{told:?}");
    assert!(
        told[1].starts_with("interface eth1 is up again after "),
        "{told:?}"
    );
}

#[test]
fn caches_exporters_and_receivers_raise_alarms() {
    if !skip::able("alarms of flows", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    let port = Lab::port();
    flowd.configure(&format!(
        "set flow exporter E destination 192.168.3.1
set flow exporter E transport udp {port}
set flow monitor FULL record netflow-original
set flow monitor FULL cache type permanent
set flow monitor FULL cache entries 16
set flow monitor EARLY record netflow-original
set flow monitor EARLY cache entries 16
set flow monitor EARLY exporter E
set interfaces ethernet eth1 flow monitor FULL direction input
set interfaces ethernet eth1 flow monitor EARLY direction input
set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.3.1
set flow samplicator S receiver A port {port}
"
    ));
    let listener = std::net::SocketAddr::from(([192, 168, 3, 254], 2055));
    let from = lab
        .c1
        .enter(|| std::net::UdpSocket::bind("192.168.3.1:0").expect("a port"));
    // More flows than the caches have room for are exported to a collector that does not run.
    lab.replay(&Traffic::udp(500, 1, clock::wall_ns()));
    let mut last = String::new();
    // One after the other: a host answers with few ICMP messages a second.
    for (wanted, send) in [
        (
            &[
                "flow monitor FULL: packets of new flows that a full cache dropped: ",
                "flow monitor EARLY: flows that ended early because the cache was full: ",
                "flow exporter E is failed: port unreachable",
            ][..],
            false,
        ),
        (&["samplicator S receiver A is failed"][..], true),
    ] {
        let all = within(SOON, || {
            if send {
                from.send_to(&[0; 64], listener).expect("sent");
            }
            last = flowd.ok(&["show alarms"]);
            let all = wanted.iter().all(|alarm| last.contains(alarm));
            all.then_some(())
        });
        assert!(all.is_some(), "{wanted:?}\n{last}");
    }
    // A collector that comes ends what it is about.
    let _sink = Sink::start(&lab.c1, "192.168.3.1", port);
    until("exporter and receiver to be in order", SOON, || {
        from.send_to(&[0; 64], listener).expect("sent");
        last = flowd.ok(&["show alarms"]);
        let failed = ["exporter E", "receiver A"].map(|name| last.contains(name));
        (failed == [false, false]).then_some(())
    });
}

#[test]
fn the_largest_flows_are_scaled_and_interfaces_have_rates() {
    if !skip::able("top", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    flowd.configure(
        "set flow sampler S mode deterministic\nset flow sampler S rate 10\n\
         set flow monitor M record netflow-original\n\
         set interfaces ethernet eth1 capture threads 3\n\
         set interfaces ethernet eth1 flow monitor M direction input\n\
         set interfaces ethernet eth1 flow monitor M sampler S",
    );
    lab.replay(&Traffic::udp(1000, 100, clock::wall_ns()));
    let top = |query: &str| flowd.get(&format!("/v1/flow/monitors/M/top?{query}"));
    let raw = until("the flows", SOON, || {
        let answer = top("top=3");
        let packets: u64 = answer["total"]["packets"].as_u64()?;
        (packets >= 90).then_some(answer)
    });
    let scaled = top("top=3&scaled=true");
    let packets = |answer: &Json| answer["total"]["packets"].as_u64().expect("a number");
    assert_eq!(packets(&scaled), 10 * packets(&raw), "{raw} {scaled}");
    assert_eq!(scaled["rows"].as_array().map(Vec::len), Some(3));
    let shown = flowd.ok(&["show flow monitor M top 3"]);
    assert!(
        shown.contains("Sampled 1 in 10; rates are estimates"),
        "{shown}"
    );
    assert!(shown.contains("These 3 are "), "{shown}");
    let unscaled = flowd.ok(&["show flow monitor M top 3 by packets unscaled"]);
    assert!(
        unscaled.contains("are those of sampled packets"),
        "{unscaled}"
    );
    let monitor = flowd.ok(&["show flow monitor M"]);
    assert!(monitor.contains("3 × 4096 entries"), "{monitor}");
    assert!(monitor.contains("Sampled 1 in 10"), "{monitor}");

    let counted = flowd.ok(&["show interfaces counters"]);
    assert!(
        counted.lines().any(|line| line.starts_with("eth1")),
        "{counted}"
    );
    let rates = within(SOON, || {
        let answer = flowd.get("/v1/interfaces?name=eth1");
        answer["interfaces"][0]["received"]["rates"]["packets_1m"].as_f64()
    });
    assert!(rates.is_some_and(|rate| rate >= 0.0));
    let one = flowd.ok(&["show interfaces eth1"]);
    assert!(one.starts_with("eth1 is up, link is up\n"), "{one}");

    let mut terminal = Pty::spawn_sized(
        &[
            &bins::program("flowsh"),
            "--socket",
            flowd.socket().to_str().expect("UTF-8"),
        ],
        80,
        24,
    );
    terminal.expect("> ");
    terminal.line("monitor flow monitor M");
    terminal.expect(r"Flow monitor M: \d+ flows");
    terminal.expect_within(r"\d packets/s, \d+\.\d k?bit/s", Duration::from_secs(20));
    terminal.expect(r"b bytes\*, p packets, f flows; q leaves");
    terminal.keys("f");
    terminal.expect(r"f flows\*");
    terminal.keys("q");
    terminal.expect("> ");
    terminal.line("monitor flow monitor NONE");
    terminal.expect("NONE");
    terminal.expect("> ");
}

#[test]
fn records_into_a_pipe_that_closes_end_quietly() {
    if !skip::able("flowd meter", &["sh"]) {
        return;
    }
    let file = tempfile::Builder::new()
        .suffix(".pcap")
        .tempfile()
        .expect("a temporary file");
    Traffic::udp(20_000, 1, clock::wall_ns()).write(file.path());
    let flowd = bins::program("flowd");
    let line = format!(
        "set -o pipefail; {flowd} meter --read {} --records | head -1 > /dev/null",
        file.path().display()
    );
    let said = std::process::Command::new("bash")
        .args(["-c", &line])
        .output()
        .expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&said.stderr), "");
    assert!(said.status.success(), "{:?}", said.status);
}
