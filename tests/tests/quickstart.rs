//! `packaging/quickstart` without a terminal: it starts, says how to open the shell, shows flows after ten seconds,
//! ends with SIGTERM and leaves nothing but its folder.

use std::time::Duration;

use flow_tests::bins;
use flow_tests::netns::Namespace;
use flow_tests::pty::Pty;
use flow_tests::wait::{SOON, within};
use flow_tests::{flowd::Said, skip, until};
use nix::sys::signal::Signal;

const TOOLS: &[&str] = &["ip", "ping", "setsid"];

fn script() -> String {
    bins::workspace()
        .join("packaging/quickstart")
        .canonicalize()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// Daemons that run on that state.
fn daemons(state: &str) -> usize {
    let found: Said = skip::command("pgrep")
        .args(["-f", &format!("flowd run --state {state}")])
        .output()
        .unwrap()
        .into();
    found.out.lines().count()
}

#[test]
fn quickstart_shows_flows_and_leaves_only_its_folder() {
    if !skip::able("quickstart", TOOLS) {
        return;
    }
    let namespace = Namespace::new("quickstart");
    let scratch = tempfile::tempdir().unwrap();
    let state = scratch.path().join("state");
    let state = state.to_str().unwrap();
    // The second half of the script: the first builds the release, which is not this test's business.
    let built = bins::path("flowd")
        .parent()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    // Twice, the second time on what the first has left.
    for round in 1..=2 {
        let mut quickstart =
            namespace.spawn(&[&script(), "--built", &built, "--state", state, "lo"]);
        quickstart.printed("flowd meters lo and exports to 127.0.0.1:2055");
        quickstart.printed("open its shell with:");
        let command = quickstart
            .output()
            .lines()
            .find_map(|line| {
                line.strip_prefix("open its shell with: ")
                    .map(str::to_owned)
            })
            .unwrap();
        let words: Vec<&str> = command.split_whitespace().collect();
        let opened: Said = skip::command(words[0])
            .args(&words[1..])
            .args(["-c", "show version"])
            .output()
            .unwrap()
            .into();
        assert_eq!(opened.code, 0, "{}{}", opened.out, opened.err);
        namespace.run(&["ping", "-q", "-c", "3", "-i", "0.05", "127.0.0.1"]);
        let shown = within(Duration::from_secs(30), || {
            quickstart.output().contains("Total entries").then_some(())
        });
        let output = quickstart.output();
        assert!(shown.is_some(), "round {round}: {output}");
        assert!(
            output.contains("flow-accounting for [lo]") && output.contains("127.0.0.1"),
            "{output}"
        );
        assert!(quickstart.running());
        assert_eq!(daemons(state), 1);
        assert!(
            quickstart.end(Signal::SIGTERM).success(),
            "{}",
            quickstart.output()
        );
        assert_eq!(daemons(state), 0, "the daemon ends with the script");
    }
    // Killed, it cannot clean up, but the daemon does not stay either.
    let mut quickstart = namespace.spawn(&[&script(), "--built", &built, "--state", state, "lo"]);
    quickstart.printed("open its shell with:");
    quickstart.end(Signal::SIGKILL);
    until("the daemon's end", SOON, || {
        (daemons(state) == 0).then_some(())
    });
    let left: Vec<String> = std::fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, ["state"]);
    assert!(!std::path::Path::new(state).join("flowd.sock").exists());
}

#[test]
fn quickstart_opens_the_shell_on_a_terminal() {
    if !skip::able("quickstart: terminal", TOOLS) {
        return;
    }
    let namespace = Namespace::new("terminal");
    let scratch = tempfile::tempdir().unwrap();
    let state = scratch.path().join("state");
    let state = state.to_str().unwrap();
    let built = bins::path("flowd")
        .parent()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let script = script();
    let mut terminal = Pty::spawn(&[
        "unshare",
        "--uts",
        "ip",
        "netns",
        "exec",
        namespace.name(),
        &script,
        "--built",
        &built,
        "--state",
        state,
    ]);
    terminal.expect("there is no default route: metering lo");
    terminal.expect("flowd meters lo and exports to 127.0.0.1:2055");
    terminal.expect(r"> $");
    namespace.run(&["ping", "-q", "-c", "3", "-i", "0.05", "127.0.0.1"]);
    terminal.line("show flow-accounting | no-more");
    terminal.expect(r"127\.0\.0\.1 +127\.0\.0\.1 +0 +2048 +icmp +[123] +[0-9]+ +1");
    terminal.expect(r"> $");
    // Ctrl-C is the shell's: neither the daemon nor the script goes.
    terminal.keys("show ver\x03");
    terminal.expect(r"> $");
    terminal.line("show version");
    terminal.expect("Version: +flowd");
    terminal.expect(r"> $");
    terminal.line("exit");
    assert_eq!(terminal.wait(), 0, "{}", terminal.screen());
    assert!(!std::path::Path::new(state).join("flowd.sock").exists());
}

#[test]
fn quickstart_says_what_is_wrong() {
    for (arguments, words) in [
        (vec!["nosuchif0"], "no interface nosuchif0"),
        (vec!["--state"], "--state needs a folder"),
        (vec!["lo", "lo"], "one interface at most"),
        (vec!["--nonsense"], "usage:"),
    ] {
        let said: Said = skip::command(&script())
            .args(&arguments)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
            .into();
        assert_ne!(said.code, 0, "{arguments:?}");
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
}
