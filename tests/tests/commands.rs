//! The commands of the shell as they are declared, against a daemon: who may run each of them.

use std::os::unix::fs::PermissionsExt as _;

use commands::{Declared, Role};
use flow_tests::client::{GROUP_FILE, OPERATOR, TOOLS, with_groups};
use flow_tests::{Flowd, Namespace, bins, skip};
use serde_json::Value as Json;

/// A configuration that has an object for every argument of [`example`].
const CONFIGURATION: &str = "\
set flow record R match ipv4 protocol
set flow exporter E destination 127.0.0.1
set flow sampler S rate 2
set flow monitor M record R
set flow monitor M exporter E
set interfaces ethernet lo flow monitor M direction input
set flow samplicator X port 2000
set flow samplicator X receiver C address 127.0.0.1
set flow samplicator X receiver C port 2001
set system flow-accounting interface lo
";

/// Returns something to type in the place of an argument.
fn example(argument: &str) -> &str {
    match argument {
        "<monitor>" => "M",
        "<exporter>" => "E",
        "<record>" => "R",
        "<sampler>" => "S",
        "<samplicator>" => "X",
        "<receiver>" => "C",
        "<interface>" => "lo",
        "<revision>" => "0",
        "<address>" | "<host>" => "127.0.0.1",
        "<path>" | "<expression>" => "flow",
        range => {
            let low = range.trim_matches(['<', '>']).split('-').next();
            low.filter(|low| low.parse::<u32>().is_ok())
                .unwrap_or_else(|| panic!("no example of {argument}"))
        }
    }
}

fn line(pattern: &str) -> String {
    let words = pattern.split(' ').map(|word| match word.starts_with('<') {
        true => example(word),
        false => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Runs a line as a member of the group that shows. Returns whether the daemon forbade it.
fn forbidden(flowd: &Flowd, line: &str) -> bool {
    let uid = "54321";
    let mut shell = skip::command("setpriv");
    shell.args(["--reuid", uid, "--regid", uid]);
    shell.args(["--groups", &format!("{OPERATOR},{uid}")]);
    // What is live has no JSON, so that every command ends.
    shell.args([&bins::program("flowsh"), "--json", "--socket"]);
    shell.arg(flowd.socket()).args(["-c", line]);
    let output = shell.output().expect("flowsh runs");
    let errors: Json = serde_json::from_slice(&output.stderr).unwrap_or_default();
    errors["errors"][0]["code"] == "forbidden"
}

#[test]
fn a_row_says_who_may_run_the_command() {
    if !skip::able("roles of commands", &TOOLS) {
        return;
    }
    let namespace = Namespace::new("commands");
    let flowd = Flowd::prepare();
    let groups = with_groups(&flowd.file("group", GROUP_FILE));
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut flowd = flowd.by(&groups);
    flowd.up(&namespace);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(flowd.socket().parent().unwrap(), open).unwrap();
    flowd.configure(CONFIGURATION);
    let mut forbidden_ones = 0;
    for Declared { pattern, role, .. } in commands::operational() {
        let Some(role) = role else {
            continue;
        };
        let line = line(pattern);
        let forbidden = forbidden(&flowd, &line);
        assert_eq!(forbidden, role == Role::Admin, "{line}");
        forbidden_ones += usize::from(forbidden);
    }
    assert!(forbidden_ones >= 10, "{forbidden_ones}");
    // Only administrators get into configuration mode.
    for Declared { pattern, role, .. } in commands::configuration() {
        assert!(matches!(role, Some(Role::Admin) | None), "{pattern}");
    }
}
