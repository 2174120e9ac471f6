//! Operational commands, listings and completion.

use super::*;

#[test]
fn operational_commands_in_both_modes() {
    let mut bench = Bench::new();
    let shown = bench.fails("show flow monitor M1 cache");
    assert!(
        shown.starts_with("  show flow monitor M1 cache\n                    ^^\n"),
        "{shown}"
    );
    assert!(
        bench
            .ok("show interfaces | match eth1 | json")
            .contains("192.0.2.1/24")
    );
    bench.ok("configure");
    assert!(
        bench
            .ok("run show interfaces | count")
            .starts_with("Count: ")
    );
    assert!(bench.ok("show version").contains("uptime is"));
    assert!(bench.fails("configure").contains("already") || bench.prompt().contains('#'));
}

#[test]
fn completion_knows_the_candidate_and_the_host() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow exporter E1 destination 192.0.2.1");
    let mut words = |line: &str| -> Vec<String> {
        let completion = bench.shell.complete(line, line.len());
        completion
            .candidates
            .into_iter()
            .filter(|candidate| candidate.literal)
            .map(|candidate| candidate.text)
            .collect()
    };
    assert_eq!(words("set flow monitor M exporter "), ["E1"]);
    assert_eq!(words("set system flow-accounting interface "), ["eth1"]);
    assert_eq!(words("delete flow exp"), ["exporter"]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.boot");
    std::fs::write(&path, "").unwrap();
    std::fs::write(dir.path().join(".hidden"), "").unwrap();
    let begun = format!("load {}/", dir.path().display());
    assert_eq!(words(&begun), [path.to_str().unwrap()]);
}

#[test]
fn a_configuration_as_json_is_the_tree() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name a");
    let mut tree = |line: &str| -> Json { serde_json::from_str(&bench.ok(line)).unwrap() };
    let expected = serde_json::json!({"system": {"host-name": "a"}});
    assert_eq!(tree("show | json"), expected);
    assert_eq!(tree("run show configuration | json"), serde_json::json!({}));
    bench.ok("commit");
    let text = bench.ok("run show configuration | json");
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), expected);
}

/// What a listing prints, all of its parts.
fn listed(bench: &mut Bench, line: &str) -> String {
    let outcome = bench
        .shell
        .run(line)
        .unwrap_or_else(|failure| panic!("{line}: {}", failure.shown()));
    let mut listing = outcome.listing.expect(line);
    let mut text = outcome.answer.text;
    while let Some(part) = listing.part(&mut bench.shell).unwrap() {
        text += &part;
    }
    text
}

#[test]
fn a_long_cache_comes_in_parts_through_the_pipes() {
    let mut bench = Bench::new();
    let line = "show flow monitor LONG cache";
    let csv = listed(&mut bench, &format!("{line} format csv"));
    assert_eq!(csv, "PORT\n0\n1\n2\n3\n4\n");
    let table = listed(&mut bench, line);
    assert_eq!(table.matches("PORT").count(), 1, "one heading: {table}");
    assert!(
        table.ends_with("     0\n     1\n     2\n     3\n     4\n"),
        "{table}"
    );
    assert_eq!(
        listed(
            &mut bench,
            &format!("{line} format csv | match \"[134]\" | last 2")
        ),
        "3\n4\n"
    );
    assert_eq!(
        listed(&mut bench, &format!("{line} format csv | count")),
        "Count: 6 lines\n"
    );
    // The same text as that of an answer that is whole.
    let text = listed(&mut bench, &format!("{line} | json"));
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(json["flows"].as_array().map(Vec::len), Some(5));
    assert_eq!((&json["shown"], &json["total"]), (&5.into(), &5.into()));
    assert_eq!(text, serde_json::to_string_pretty(&json).unwrap() + "\n");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flows.csv");
    listed(
        &mut bench,
        &format!("{line} format csv | save {}", file.display()),
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), csv);
    let shown = bench.fails(&format!("{line} filter ipv4 protocol regexp \"(\""));
    assert!(shown.contains("^\nnot a regular expression"), "{shown}");
}

#[test]
fn an_operational_command_needs_no_run_in_configuration_mode() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow exporter X destination 192.0.2.1");
    assert!(bench.ok("show ip interface brief").contains("192.0.2.1"));
    assert!(bench.ok("show version | count").starts_with("Count: "));
    let ping = bench.shell.run("ping 192.0.2.1").unwrap();
    assert_eq!(ping.program.unwrap()[0], "ping");
    // A path of the configuration is that, and nothing else.
    assert!(
        bench
            .ok("show flow exporter X")
            .contains("destination 192.0.2.1")
    );
    for (line, word, said) in [
        (
            "show flow exporter X statistics now",
            "now",
            "one word too many",
        ),
        ("clear flow monitr", "monitr", "did you mean monitor?"),
        (
            "configure terminal",
            "configure terminal",
            "you are in configuration mode already",
        ),
        ("show nothing", "nothing", "is not possible here"),
    ] {
        let column = line.find(word).unwrap();
        let caret = format!("  {:column$}{}", "", "^".repeat(word.len()));
        for shown in [
            bench.fails(line),
            crate::ask::help(&mut bench.shell, &format!("{line} "), line.len() + 1),
        ] {
            let shown = shown.trim_end();
            assert_eq!(shown.lines().nth(1), Some(caret.as_str()), "{shown}");
            assert!(shown.contains(said), "{shown}");
        }
    }
    // In a submode, too.
    bench.ok("flow exporter E");
    assert!(
        bench
            .shell
            .run(" ping 192.0.2.1")
            .unwrap()
            .program
            .is_some()
    );
    assert!(bench.fails("shutdwn").contains("unknown"));
}

#[test]
fn a_candidate_in_other_forms_and_what_it_changes() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow exporter X destination 192.0.2.1");
    assert_eq!(
        bench.ok("show | compare | display set"),
        "set flow exporter X destination 192.0.2.1\n"
    );
    for line in ["show | display json", "show | json"] {
        let json: Json = serde_json::from_str(&bench.ok(line)).unwrap();
        assert_eq!(json["flow"]["exporter"]["X"]["destination"], "192.0.2.1");
    }
    bench.ok("commit and-quit");
    assert!(bench.prompt().ends_with("> "), "{}", bench.prompt());
    assert!(
        bench
            .ok("show history")
            .starts_with("configure\nset flow exporter X")
    );
}
