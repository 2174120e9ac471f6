//! Both configurations of the seed text (see `flow_tests::shared`) load verbatim, from a file and pasted into a terminal, are
//! shown in all four forms, load from each form to the same tree, and take effect on real interfaces.

use flow_tests::collectors::Nfcapd;
use flow_tests::config::{OWN_IOS, OWN_VYOS, cut_ios, cut_vyos};
use flow_tests::pty::Pty;
use flow_tests::sink::Sink;
use flow_tests::tap::Tap;
use flow_tests::traffic::Traffic;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, bins, clock, shared, skip, tshark, until};
use serde_json::{Value as Json, json};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay", "nfcapd", "nfdump", "tshark"];
const FORMS: [&str; 4] = ["", "commands", "ios", "json"];

/// Returns the IOS block of the seed text, where that is available, and the project's own.
fn ios_blocks(test: &str) -> Vec<(&'static str, String)> {
    let seed =
        shared::seed(test).map(|seed| ("seed", cut_ios(&seed).expect("the seed has an IOS block")));
    seed.into_iter()
        .chain([("own", OWN_IOS.to_owned())])
        .collect()
}

/// Returns the VyOS block of the seed text, where that is available, and the project's own.
fn vyos_blocks(test: &str) -> Vec<(&'static str, String)> {
    let seed = shared::seed(test)
        .map(|seed| ("seed", cut_vyos(&seed).expect("the seed has a VyOS block")));
    seed.into_iter()
        .chain([("own", OWN_VYOS.to_owned())])
        .collect()
}

/// Returns the tree of the running configuration, or of a session's candidate.
fn tree(flowd: &Flowd, session: Option<&str>) -> Json {
    let query = match session {
        Some(session) => format!("source=candidate&session={session}"),
        None => "source=running".to_owned(),
    };
    flowd.get(&format!("/v1/configuration?{query}&format=json"))["tree"].clone()
}

/// Shows the running configuration in every form, loads each form into an empty candidate, and compares the trees.
fn assert_round_trip(flowd: &Flowd, who: &str) {
    let running = tree(flowd, None);
    assert!(
        running.as_object().is_some_and(|tree| !tree.is_empty()),
        "{who}: {running}"
    );
    for form in FORMS {
        let text = flowd.shown(form);
        let session = flowd.post("/v1/sessions", &json!({"via": "test"}))["session"]
            .to_string()
            .trim_matches('"')
            .to_owned();
        // The candidate is emptied first, so that it has only what the text says.
        flowd.post(
            &format!("/v1/sessions/{session}/edit"),
            &json!({"text": "{}", "dialect": "json", "mode": "override"}),
        );
        assert_ne!(
            tree(flowd, Some(&session)),
            running,
            "{who}: the candidate was not emptied"
        );
        flowd.post(
            &format!("/v1/sessions/{session}/edit"),
            &json!({"text": text, "mode": "merge"}),
        );
        assert_eq!(
            tree(flowd, Some(&session)),
            running,
            "{who}: {form:?} loads to another tree:\n{text}"
        );
        // Also with the shell, over the running configuration.
        let file = flowd.file("shown", &text);
        let difference = flowd.ok(&[
            "configure",
            &format!("load override {file}"),
            "compare",
            "discard",
            "exit",
        ]);
        let marks: Vec<&str> = difference
            .lines()
            .filter(|line| line.starts_with(['+', '-', '>']))
            .collect();
        assert!(
            marks.is_empty(),
            "{who}: load override of {form:?} changes something:\n{difference}"
        );
    }
}

#[test]
fn blocks_load_from_a_file_and_show_in_every_form() {
    if !skip::able("seeds: load from file", TOOLS) {
        return;
    }
    let blocks = [
        ios_blocks("seeds: load from file"),
        vyos_blocks("seeds: load from file"),
    ]
    .concat();
    for (who, block) in blocks {
        let lab = Lab::new();
        let flowd = Flowd::start(&lab.router);
        let file = flowd.file("block", &block);
        flowd.ok(&[
            "configure",
            &format!("load {file}"),
            "commit comment \"the block\"",
            "exit",
        ]);
        assert_round_trip(&flowd, who);
        let commits = flowd.ok(&["show system commit"]);
        assert!(
            commits
                .lines()
                .any(|line| line.trim_start().starts_with('0'))
                && commits.contains("the block"),
            "{commits}"
        );
        if block.contains("flow record") {
            let running = flowd.ok(&["show running-config"]);
            assert!(
                running.contains("GigabitEthernet0/1") || running.contains("interface eth1"),
                "{running}"
            );
        }
    }
}

/// Pastes a block into configuration mode, commits, and compares with the same block loaded from a file.
fn assert_pasted(who: &str, block: &str, paste: impl FnOnce(&mut Pty)) {
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    let socket = flowd.socket();
    let mut shell = Pty::spawn(&[
        &bins::program("flowsh"),
        "--socket",
        socket.to_str().unwrap(),
    ]);
    shell.expect(r"> $");
    shell.line("configure");
    shell.expect(r"# $");
    paste(&mut shell);
    let committed = within(SOON, || {
        let revisions = flowd.get("/v1/revisions").to_string();
        revisions.contains("pasted-whole").then_some(())
    });
    assert!(
        committed.is_some(),
        "{who}: not committed; the terminal shows:\n{}",
        shell.screen()
    );
    shell.expect(r"# $");
    shell.line("exit");
    shell.expect(r"> $");
    shell.line("exit");
    assert_eq!(shell.wait(), 0, "{who}: {}", shell.screen());
    let pasted = tree(&flowd, None);
    let file = flowd.file("block", block);
    flowd.ok(&[
        "configure",
        &format!("load override {file}"),
        "commit",
        "exit",
    ]);
    assert_eq!(
        pasted,
        tree(&flowd, None),
        "{who}: pasted and loaded differ"
    );
}

#[test]
fn blocks_are_pasted_into_a_terminal() {
    if !skip::able("seeds: paste", TOOLS) {
        return;
    }
    let blocks = [ios_blocks("seeds: paste"), vyos_blocks("seeds: paste")].concat();
    for (who, block) in blocks {
        assert_pasted(who, &block, |shell| {
            shell.paste(&block);
            shell.keys("\r");
            shell.expect(r"# $");
            shell.line("top");
            shell.expect(r"# $");
            shell.line("commit comment pasted-whole");
        });
    }
}

/// A terminal without bracketed paste sends lines faster than they are executed: none may be lost.
#[test]
fn blocks_typed_ahead_lose_no_line() {
    if !skip::able("seeds: typed ahead", TOOLS) {
        return;
    }
    let blocks = [
        ios_blocks("seeds: typed ahead"),
        vyos_blocks("seeds: typed ahead"),
    ]
    .concat();
    for (who, block) in blocks {
        assert_pasted(who, &block, |shell| {
            shell.keys(&block.replace('\n', "\r"));
            shell.keys("top\rcommit comment pasted-whole\r");
        });
    }
}

#[test]
fn the_ios_block_exports_to_both_collectors() {
    if !skip::able("seeds: IOS export", TOOLS) {
        return;
    }
    for (who, block) in ios_blocks("seeds: IOS export") {
        let lab = Lab::new();
        let collectors = [
            Nfcapd::start(&lab.c1, "192.168.3.1", 2055),
            Nfcapd::start(&lab.c2, "192.168.4.1", 2055),
        ];
        let watch = Sink::start(&lab.c1, "192.168.3.2", 2055);
        let tap = Tap::start(&lab.router, "eth1");
        let mut flowd = Flowd::start(&lab.router);
        let file = flowd.file("block", &block);
        flowd.ok(&["configure", &format!("load {file}"), "commit", "exit"]);
        let monitor = if who == "seed" {
            "NETFLOW-MONITOR"
        } else {
            "EDGE"
        };
        let traffic = Traffic::mix(61, 4_000, clock::wall_ns());
        lab.replay(&traffic);
        until("all packets", SOON, || {
            (tap.incoming().traffic().totals().0 >= 4_000).then_some(())
        });
        let sent = tap.incoming().v4();
        flowd.metered(monitor, sent.totals().0);
        flowd.force_export(monitor);
        flowd.settled().audit_settled();
        let screen = flowd.ok(&["show flow exporter"]);
        assert!(
            screen.contains("192.168.3.1") && screen.contains("192.168.4.1"),
            "{screen}"
        );
        assert!(flowd.terminate().success());
        until("empty queues", SOON, || {
            (lab.c1.udp_backlog().0 + lab.c2.udp_backlog().0 == 0).then_some(())
        });
        for (number, collector) in collectors.into_iter().enumerate() {
            let printed = collector.output();
            assert!(
                printed.contains("v9 exporter"),
                "{who}: the default is version 9: {printed}"
            );
            // nfdump does not read ICMP's type out of the destination port of v9.
            sent.without_ports(&[1]).assert_same(
                &collector.stop(),
                &format!("{who}: collector {}", number + 1),
            );
        }
        assert_eq!(
            watch.datagrams().len(),
            0,
            "{who}: nobody else gets anything"
        );
    }
}

#[test]
fn the_vyos_block_exports_one_in_a_hundred() {
    if !skip::able("seeds: VyOS export", TOOLS) {
        return;
    }
    for (who, block) in vyos_blocks("seeds: VyOS export") {
        let lab = Lab::new();
        let sink = Sink::start(&lab.c1, "192.168.3.2", 2055);
        let elsewhere = Sink::start(&lab.c1, "192.168.3.1", 2055);
        let mut flowd = Flowd::start(&lab.router);
        let file = flowd.file("block", &block);
        flowd.ok(&["configure", &format!("load {file}"), "commit", "exit"]);
        lab.replay(&Traffic::udp(20_000, 2_000, clock::wall_ns()));
        let ledger = flowd.metered("flow-accounting", 20_000);
        ledger.audit();
        let monitor = ledger.monitor("flow-accounting");
        let metered = monitor.metered.packets;
        assert_eq!(
            metered + monitor.unsampled.packets,
            20_000,
            "{who}: {:#}",
            ledger.json
        );
        // 1 in 100 of 20,000: fourteen standard deviations are 200 packets either way.
        assert!(
            (60..=400).contains(&metered),
            "{who}: {metered} packets of 20,000"
        );
        assert!(flowd.terminate().success(), "SIGTERM flushes the cache");
        until("all of it", SOON, || {
            (tshark::decode(&sink, 2055).flows.totals().0 >= metered).then_some(())
        });
        let router = "192.168.3.254".parse::<std::net::IpAddr>().unwrap();
        assert!(
            sink.datagrams()
                .iter()
                .all(|datagram| datagram.from.ip() == router)
        );
        let decoded = tshark::decode(&sink, 2055);
        assert_eq!(
            decoded.flows.totals(),
            (metered, metered * (28 + 64)),
            "{who}"
        );
        assert_eq!(decoded.complaints, Vec::<String>::new(), "{who}");
        assert!(
            decoded.versions.iter().all(|version| version == "9"),
            "{who}: {:?}",
            decoded.versions
        );
        let rate = decoded.options.iter().any(|options| {
            [
                "cflow.sampling_interval",
                "cflow.sampler_random_interval",
                "cflow.sampling_packet_interval",
                "cflow.sampling_packet_space",
            ]
            .iter()
            .any(|name| {
                options[*name]
                    .as_str()
                    .is_some_and(|rate| rate == "100" || rate == "99")
            })
        });
        assert!(
            rate,
            "{who}: no options record says 1 in 100: {:?}",
            decoded.options
        );
        assert_eq!(elsewhere.datagrams().len(), 0, "{who}");
    }
}
