//! A whole router's configuration after `load flow`: by file, pasted in brackets, and typed as a terminal without bracketed paste does.
//! Each gives exactly the flow parts.

use std::path::Path;

use flow_tests::router_configurations::{ALIASES, router_configuration};
use flow_tests::wait::{SOON, within};
use serde_json::{Value as Json, json};

use super::Bench;

/// How many configurations are tried; all 300 take ten minutes.
fn count() -> u64 {
    let number = std::env::var("FLOW_TESTS_ROUTERS");
    number.map_or(8, |number| {
        number.parse().expect("a number of configurations")
    })
}

/// The tree that a text is, read over `aliases`.
fn tree(bench: &Bench, texts: &[&str]) -> Json {
    let session = bench.flowd.post("/v1/sessions", &json!({"via": "test"}))["session"].clone();
    let session = session.as_str().expect("a name").to_owned();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let edit = json!({"text": text, "dialect": "set", "mode": "merge"});
        bench
            .flowd
            .post(&format!("/v1/sessions/{session}/edit"), &edit);
    }
    let shown = bench.flowd.get(&format!(
        "/v1/configuration?source=candidate&session={session}&format=json"
    ));
    let (status, _) = flow_tests::http::request(
        &bench.flowd.socket(),
        "DELETE",
        &format!("/v1/sessions/{session}"),
        None,
    )
    .expect("the daemon answers");
    assert!(status < 300, "{status}");
    shown["tree"].clone()
}

/// What the shell has saved as set lines.
fn saved(bench: &Bench, file: &Path) -> Json {
    let text = std::fs::read_to_string(file).expect("the shell has saved it");
    tree(bench, &[&text])
}

#[test]
fn the_flow_parts_of_routers_go_in_by_file_and_by_both_pastes() {
    let Some(bench) = Bench::new("console: routers", "") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("candidate");
    let save = format!("show | display set | save {}", out.display());
    for number in 0..count() {
        let router = router_configuration(number);
        let context = format!("{number}, {}:\n{}", router.router, router.text);
        let aliases = if router.router == "NX-OS" {
            ALIASES
        } else {
            ""
        };
        let known = tree(&bench, &[aliases, &router.known]);
        let file = bench.flowd.file("router", &router.text);

        let mut lines = vec!["configure"];
        lines.extend(aliases.lines());
        let load = format!("load flow {file}");
        lines.extend([load.as_str(), &save, "discard", "exit"]);
        bench.flowd.ok(&lines);
        assert_eq!(saved(&bench, &out), known, "by file: {context}");

        for bracketed in [true, false] {
            let _ = std::fs::remove_file(&out);
            let mut shell = bench.shell();
            shell.line("configure");
            shell.expect("# $");
            for alias in aliases.lines() {
                shell.line(alias);
                shell.expect("# $");
            }
            shell.line("load flow terminal");
            shell.expect("Ctrl-D");
            let text = router.text.replace('\n', "\r");
            match bracketed {
                true => shell.paste(&text),
                false => shell.keys(&text),
            }
            // As somebody does who waits for the last line: a terminal whose program is between two lines may take the key that ends
            // the text for itself.
            shell.keys("\r! the last line of all\r");
            shell.expect("the last line of all");
            let ended = within(SOON, || {
                shell.keys("\u{4}");
                within(SOON / 4, || shell.screen().contains("Loaded").then_some(()))
            });
            assert!(ended.is_some(), "{}", shell.screen());
            shell.expect("Loaded");
            shell.expect("# $");
            shell.line(&save);
            shell.expect("# $");
            assert_eq!(
                saved(&bench, &out),
                known,
                "bracketed {bracketed}: {context}"
            );
            shell.line("exit discard");
            shell.expect("> $");
        }
    }
}
