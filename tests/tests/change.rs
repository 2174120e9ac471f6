//! Changes among several people, for later, and told before they are made: what is announced is what happens.

use std::process::Stdio;
use std::time::Duration;

use flow_tests::config::monitor;
use flow_tests::pty::Pty;
use flow_tests::sink::Sink;
use flow_tests::traffic::Traffic;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, Namespace, bins, clock, http, skip};
use serde_json::{Value as Json, json};

const TOOLS: &[&str] = &["ip", "setpriv", "env"];

/// Begins a session and returns the path of what is below it.
fn session(flowd: &Flowd, body: &Json) -> String {
    let opened = flowd.post("/v1/sessions", body);
    format!(
        "/v1/sessions/{}",
        opened["session"].as_str().expect("a session")
    )
}

fn edit(flowd: &Flowd, session: &str, text: &str) {
    flowd.post(&format!("{session}/edit"), &json!({ "text": text }));
}

/// Status and body, whatever they are.
fn ask(flowd: &Flowd, path: &str, body: &Json) -> (u16, Json) {
    http::request(&flowd.socket(), "POST", path, Some(body)).expect("an answer")
}

/// UDP sockets of a namespace.
fn sockets(namespace: &Namespace) -> i64 {
    namespace.enter(|| {
        let tables = ["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"];
        let rows = |path: &str| {
            let table = std::fs::read_to_string(path).unwrap_or_default();
            table.lines().skip(1).count() as i64
        };
        tables.iter().map(|path| rows(path)).sum()
    })
}

/// The impacts of a kind: action and number.
fn impacts(answer: &Json, kind: &str, number: &str) -> Vec<(String, i64)> {
    let all = answer["impact"].as_array().expect("a list").iter();
    all.filter(|one| one["kind"] == kind)
        .map(|one| {
            let action = one["action"].as_str().expect("an action").to_owned();
            (action, one[number].as_i64().unwrap_or_default())
        })
        .collect()
}

/// Identifiers of the templates that an exporter sends.
fn templates(flowd: &Flowd, exporter: &str) -> Vec<i64> {
    let answer = flowd.get(&format!("/v1/flow/exporters?name={exporter}"));
    let templates = answer["exporters"][0]["templates"].as_array();
    let templates = templates.into_iter().flatten();
    templates.filter_map(|one| one["id"].as_i64()).collect()
}

/// Checks a change, commits it, and holds the two and what is counted outside against each other. Returns what was
/// announced.
fn announced(flowd: &Flowd, lab: &Lab, text: &str) -> Json {
    let session = session(flowd, &json!({"via": "test"}));
    edit(flowd, &session, text);
    let before = sockets(&lab.router);
    let answer = flowd.post(&format!("{session}/check"), &json!({}));
    assert_eq!(sockets(&lab.router), before, "a check leaves nothing open");
    let committed = flowd.post(&format!("{session}/commit"), &json!({}));
    assert!(committed["revision"].is_u64(), "{committed}");
    let opened: i64 = ["exporter", "listener"]
        .iter()
        .flat_map(|kind| impacts(&answer, kind, "sockets"))
        .map(|(action, count)| match action.as_str() {
            "open" => count,
            "close" => -count,
            _ => 0,
        })
        .sum();
    let receivers: i64 = impacts(&answer, "receiver", "")
        .iter()
        .map(|(action, _)| if action == "open" { 1 } else { -1 })
        .sum();
    // A thread that sends closes its socket when it has read that it is to.
    let as_announced = || (sockets(&lab.router) - before == opened + receivers).then_some(());
    assert!(
        within(SOON, as_announced).is_some(),
        "{text}: {} sockets more, {answer:#}",
        sockets(&lab.router) - before
    );
    answer
}

#[test]
fn what_is_announced_is_what_happens() {
    if !skip::able("change: impact", &["ip", "ethtool", "tcpreplay"]) {
        return;
    }
    const FLOWS: u32 = 300;
    let lab = Lab::new();
    let _collectors = [
        Sink::start(&lab.c1, "192.168.3.1", 9995),
        Sink::start(&lab.c2, "192.168.4.1", 9995),
    ];
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&format!(
        "{}set flow monitor M cache timeout inactive 3600\n\
         set flow exporter E destination 192.168.3.1\nset flow monitor M exporter E\n\
         set flow exporter F destination 192.168.4.1\n",
        monitor("eth1", &[])
    ));
    lab.replay(&Traffic::udp(2 * FLOWS, 2, clock::wall_ns()));
    flowd.metered("M", 2 * u64::from(FLOWS));
    let exporter =
        |name: &str| flowd.get(&format!("/v1/flow/exporters?name={name}"))["exporters"][0].clone();
    assert_eq!(exporter("F")["state"], "unused", "no socket for nobody");
    assert_eq!(exporter("E")["state"], "up");

    // Another exporter: a socket and templates, and the cache stays.
    let answer = announced(&flowd, &lab, "set flow monitor M exporter F");
    assert_eq!(
        impacts(&answer, "exporter", "sockets"),
        [("open".to_owned(), 1)]
    );
    let flows = i64::from(FLOWS);
    assert_eq!(
        impacts(&answer, "cache", "flows"),
        [("keep".to_owned(), flows)]
    );
    let sent = |answer: &Json, action: &str, exporter: &str| -> Vec<i64> {
        let all = answer["impact"].as_array().expect("a list").iter();
        let of = all.filter(|one| {
            one["kind"] == "template" && one["action"] == action && one["path"][2] == exporter
        });
        of.filter_map(|one| one["template"].as_i64()).collect()
    };
    assert_eq!(sent(&answer, "send", "F"), templates(&flowd, "F"));
    assert!(sent(&answer, "send", "E").is_empty());
    let cached = || flowd.metered("M", 0).monitor("M").cached.records as i64;
    assert_eq!(cached(), flows);
    assert_eq!(exporter("F")["state"], "up");

    // Another record: the flows are exported, the templates are others.
    let before = templates(&flowd, "E");
    let answer = announced(
        &flowd,
        &lab,
        "set flow record R match ipv4 destination address\nset flow record R collect counter bytes\n\
         set flow monitor M record R",
    );
    assert_eq!(
        impacts(&answer, "cache", "flows"),
        [("rebuild".to_owned(), flows)]
    );
    assert_eq!(cached(), 0);
    let ledger = flowd.settled();
    assert_eq!(ledger.monitor("M").expired.records as i64, flows);
    let after = templates(&flowd, "E");
    let (new, gone) = (sent(&answer, "send", "E"), sent(&answer, "withdraw", "E"));
    assert!(!new.is_empty() && !gone.is_empty(), "{answer:#}");
    let mut expected: Vec<i64> = before
        .iter()
        .filter(|id| !gone.contains(id))
        .copied()
        .collect();
    expected.extend(new);
    expected.sort_unstable();
    assert_eq!(after, expected);

    // A ring of another size, in place of the one there is; the cache stays.
    let answer = announced(
        &flowd,
        &lab,
        "set interfaces ethernet eth1 capture ring-size 8",
    );
    assert_eq!(
        impacts(&answer, "ring", "sockets"),
        [("reopen".to_owned(), 1)]
    );
    assert_eq!(impacts(&answer, "cache", "flows"), [("keep".to_owned(), 0)]);
    let mut all = answer["impact"].as_array().expect("a list").iter();
    let memory = all.find(|one| one["kind"] == "memory");
    let memory = memory.expect("the memory is told");
    let less = memory["octets_before"]
        .as_i64()
        .zip(memory["octets"].as_i64());
    assert_eq!(less.map(|(before, after)| before - after), Some(8 << 20));

    // What goes is closed; a samplicator's sockets are counted, too.
    let answer = announced(
        &flowd,
        &lab,
        "delete flow monitor M exporter F\nset flow samplicator S listen-address 172.16.1.1\n\
         set flow samplicator S receiver A address 192.168.3.1\nset flow samplicator S receiver B address 192.168.4.1",
    );
    assert_eq!(
        impacts(&answer, "exporter", "sockets"),
        [("close".to_owned(), 1)]
    );
    assert_eq!(
        impacts(&answer, "listener", "sockets"),
        [("open".to_owned(), 1)]
    );
    assert_eq!(impacts(&answer, "receiver", "").len(), 2);
    announced(&flowd, &lab, "delete flow samplicator S receiver B");

    // What changes nothing that runs says so.
    let said = flowd.ok(&[
        "configure",
        "set flow exporter F description x",
        "commit check",
        "exit discard",
    ]);
    assert!(
        said.contains("It opens, closes or rebuilds nothing"),
        "{said}"
    );
}

fn host_name(flowd: &Flowd) -> String {
    let tree = flowd.get("/v1/configuration?source=running&format=json");
    let name = &tree["tree"]["system"]["host-name"];
    name.as_str().unwrap_or_default().to_owned()
}

/// So many seconds from now, as the daemon's clock has it.
fn in_seconds(seconds: u64) -> String {
    let at = clock::wall_ns() / 1_000_000_000 + seconds;
    let (day, hour) = (at % 86_400, at % 3_600);
    format!("{:02}:{:02}:{:02}", day / 3_600, hour / 60, at % 60)
}

#[test]
fn a_commit_for_later_is_done_at_its_time() {
    if !skip::able("change: commit at", TOOLS) {
        return;
    }
    let namespace = Namespace::new("later");
    let mut flowd = Flowd::prepare().by(&["env", "TZ=UTC"]);
    flowd.up(&namespace);
    flowd.configure("set system host-name before\n");
    let said = flowd.ok(&[
        "configure",
        "set system host-name later",
        &format!("commit at {} comment \"the window\"", in_seconds(4)),
        // The candidate has been handed over.
        "exit",
        "show system commit pending",
    ]);
    assert!(said.contains("It will be committed at"), "{said}");
    assert!(
        said.contains("the window") && said.contains("+ host-name later"),
        "{said}"
    );
    let second = flowd.sh(&[
        "configure",
        "set system config-management commit-revisions 50",
        "commit at 03:00",
    ]);
    assert_eq!(second.code, 1);
    assert!(
        second.err.contains("scheduled a commit") && second.err.contains("clear system commit"),
        "{}",
        second.err
    );
    assert_eq!(host_name(&flowd), "before");
    // It does not depend on the process that was asked.
    flowd.kill();
    flowd.up(&namespace);
    let done = within(Duration::from_secs(20), || {
        (host_name(&flowd) == "later").then_some(())
    });
    assert!(done.is_some(), "{}", flowd.get("/v1/revisions"));
    let revisions = flowd.get("/v1/revisions");
    let newest = &revisions["revisions"][0];
    assert_eq!(newest["comment"], "the window", "{revisions}");
    assert_eq!(newest["via"], "commit-at", "{revisions}");
    assert_eq!(revisions["scheduled"], Json::Null, "{revisions}");

    // One is cancelled.
    flowd.ok(&[
        "configure",
        "set system host-name never",
        "commit at 2099-12-31 23:59",
        "exit",
        "clear system commit",
    ]);
    assert_eq!(flowd.get("/v1/revisions")["scheduled"], Json::Null);
    assert_eq!(flowd.sh(&["clear system commit"]).code, 1);
    let wrong = flowd.sh(&["configure", "set system host-name x", "commit at 25:00"]);
    assert!(
        wrong.err.contains("is not a time") && wrong.err.contains('^'),
        "{}",
        wrong.err
    );

    // What others committed meanwhile is not undone: one that meets it is given up, and says why.
    let text = "set system host-name mine\nset system config-management commit-revisions 50";
    let session = session(&flowd, &json!({}));
    edit(&flowd, &session, text);
    flowd.post(&format!("{session}/commit"), &json!({"at": in_seconds(3)}));
    flowd.configure("set system host-name theirs\n");
    flowd.until("the scheduled commit fails", |flowd| {
        let scheduled = flowd.get("/v1/revisions")["scheduled"].clone();
        let failed = scheduled["failed"]
            .as_array()?
            .first()?
            .as_str()?
            .to_owned();
        assert!(failed.contains("system host-name"), "{failed}");
        Some(())
    });
    assert_eq!(host_name(&flowd), "theirs");
    let said = flowd.ok(&["show system commit pending"]);
    assert!(said.contains(" failed:"), "{said}");
    // It stands in nobody's way, and survives a restart as well.
    flowd.kill();
    flowd.up(&namespace);
    assert!(
        flowd
            .ok(&["show system commit pending"])
            .contains(" failed:")
    );
    flowd.ok(&[
        "configure",
        "set system host-name free",
        "commit at 2099-01-01 00:00",
        "exit",
    ]);
}

#[test]
fn one_configures_exclusively_and_the_others_are_told() {
    if !skip::able("change: exclusive", TOOLS) {
        return;
    }
    let namespace = Namespace::new("alone");
    let flowd = Flowd::start(&namespace);
    let (flowsh, socket) = (bins::program("flowsh"), flowd.socket());
    let sit = || Pty::spawn(&[&flowsh, "--socket", socket.to_str().expect("UTF-8")]);
    let (mut alice, mut bob) = (sit(), sit());
    alice.expect("> ");
    bob.expect("> ");
    bob.line("configure");
    bob.expect("# ");
    bob.line("set system host-name bob");
    bob.expect("# ");
    alice.line("configure exclusive");
    alice.expect("is in configuration mode, via cli since .*, with changes that are not committed");
    alice.expect("The configuration is locked for others");
    bob.line("commit");
    bob.expect("the configuration is locked: .* configures exclusively via cli since 20");
    bob.line("set system host-name other");
    bob.expect("the configuration is locked");
    bob.line("status");
    bob.expect("exclusive: others cannot change anything");
    bob.expect("# ");
    let (status, answer) = ask(&flowd, "/v1/sessions", &json!({"exclusive": "session"}));
    assert_eq!(status, 423, "{answer}");
    alice.line("set system host-name alice");
    alice.expect("# ");
    alice.line("commit");
    alice.expect("Commit complete");
    assert_eq!(host_name(&flowd), "alice");
    // Her terminal is gone: nobody is locked out.
    drop(alice);
    let free = within(Duration::from_secs(20), || {
        let sessions = flowd.get("/v1/sessions");
        let sessions = sessions["sessions"].as_array()?.clone();
        let locked = sessions.iter().any(|one| !one["exclusive"].is_null());
        (!locked).then_some(())
    });
    assert!(free.is_some(), "{}", flowd.get("/v1/sessions"));
    bob.line("commit");
    bob.expect("changed by another commit meanwhile");
    bob.line("discard");
    bob.expect("discarded");
    bob.line("set system host-name bob");
    bob.line("commit");
    bob.expect("Commit complete");
    assert_eq!(host_name(&flowd), "bob");
}

#[test]
fn two_sessions_race() {
    if !skip::able("change: race", TOOLS) {
        return;
    }
    let namespace = Namespace::new("race");
    let flowd = Flowd::start(&namespace);
    const ROUNDS: usize = 8;
    // Each in a session of its own; what both change is refused to one of them, what only one does is not.
    let won = std::thread::scope(|scope| {
        let racers: Vec<_> = ["a", "b"]
            .into_iter()
            .map(|name| {
                let flowd = &flowd;
                scope.spawn(move || {
                    let session = session(flowd, &json!({"via": name}));
                    let mut won = 0;
                    for round in 0..ROUNDS {
                        let text = format!(
                            "set flow exporter {name}{round} destination 192.0.2.1\nset system host-name {name}-{round}"
                        );
                        let (status, answer) =
                            ask(flowd, &format!("{session}/edit"), &json!({ "text": text }));
                        assert_eq!(status, 200, "{answer}");
                        match ask(flowd, &format!("{session}/commit"), &json!({})) {
                            (200, _) => won += 1,
                            (409, answer) => {
                                let path = &answer["errors"][0]["path"];
                                assert_eq!(*path, json!(["system", "host-name"]), "{answer}");
                                flowd.post(&format!("{session}/discard"), &json!({}));
                                let text = format!("set flow exporter {name}{round} destination 192.0.2.1");
                                edit(flowd, &session, &text);
                                flowd.post(&format!("{session}/commit"), &json!({}));
                            }
                            (status, answer) => panic!("{status} {answer}"),
                        }
                    }
                    won
                })
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().expect("a racer"))
            .sum::<usize>()
    });
    assert!(won >= ROUNDS, "{won} of {} committed at once", 2 * ROUNDS);
    let tree = flowd.get("/v1/configuration?source=running&format=json");
    let exporters = tree["tree"]["flow"]["exporter"]
        .as_object()
        .map(|all| all.len());
    assert_eq!(exporters, Some(2 * ROUNDS), "{tree}");
}

#[test]
fn any_two_configurations_are_compared() {
    if !skip::able("change: compare", TOOLS) {
        return;
    }
    let namespace = Namespace::new("compare");
    let flowd = Flowd::start(&namespace);
    let home = tempfile::tempdir().expect("a temporary folder");
    let shell = |commands: &[&str]| {
        let mut shell = skip::command(&bins::program("flowsh"));
        shell
            .arg("--socket")
            .arg(flowd.socket())
            .stdin(Stdio::null());
        shell.env("HOME", home.path());
        for line in commands {
            shell.args(["-c", line]);
        }
        let output = shell.output().expect("flowsh runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    flowd.configure("set system host-name one\n");
    let (_, wrong) = shell(&["configure", "compare saved"]);
    assert!(
        wrong.contains("cannot read") && wrong.contains("`save` writes it"),
        "{wrong}"
    );
    let (saved, wrong) = shell(&[
        "configure",
        "save",
        "compare saved",
        "compare saved running",
    ]);
    assert!(
        saved.contains("No changes between config.boot and the candidate")
            && saved.contains("No changes between config.boot and the running configuration"),
        "{saved}{wrong}"
    );
    flowd.configure("set system host-name two\n");
    flowd.configure("set system host-name three\n");
    for (line, expected) in [
        ("compare", "+ host-name four"),
        ("compare saved", "+ host-name four"),
        ("compare saved running", "+ host-name three"),
        ("compare running saved", "+ host-name one"),
        ("compare 1", "+ host-name four"),
        ("compare 0 1", "+ host-name two"),
        ("compare 1 running", "+ host-name three"),
        ("compare running 0", "+ host-name one"),
        ("compare 2 saved", "+ host-name one"),
        ("compare commands", "set system host-name four"),
        ("compare commands saved", "set system host-name four"),
        ("compare commands 0 1", "set system host-name two"),
        ("compare 0 1 commands", "set system host-name two"),
        ("compare commands running saved", "set system host-name one"),
    ] {
        let (said, wrong) = shell(&[
            "configure",
            "set system host-name four",
            line,
            "exit discard",
        ]);
        assert!(said.contains(expected), "{line}: {said}{wrong}");
    }
    // A wrong file says where.
    std::fs::write(
        home.path().join("config.boot"),
        "system {\n    host-nam x\n}\n",
    )
    .expect("a file");
    let (_, wrong) = shell(&["configure", "compare saved"]);
    assert!(wrong.contains("config.boot:2:5"), "{wrong}");
}
