//! The shell used as on IOS: submodes and their prompts, `no`, `do`, Ctrl-Z, `write memory`, sections, `terminal monitor`.

use flow_tests::wait::SOON;
use flow_tests::{pty::Pty, until};

use super::Bench;

fn typed(shell: &mut Pty, line: &str, prompt: &str) {
    shell.line(line);
    shell.expect(&format!(r"\({prompt}\)# $"));
}

#[test]
fn a_router_is_configured_as_fingers_are_used_to() {
    let Some(bench) = Bench::new("console: IOS", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("conf t");
    shell.expect(r"\(config\)# $");
    for (line, prompt) in [
        ("hostname edge", "config"),
        ("flow record R", "config-flow-record"),
        ("match ipv4 source address", "config-flow-record"),
        ("match ipv4 protocol", "config-flow-record"),
        ("no match ipv4 protocol", "config-flow-record"),
        ("collect counter bytes", "config-flow-record"),
        ("flow exporter E", "config-flow-exporter"),
        (" destination 127.0.0.1", "config-flow-exporter"),
        ("exit", "config"),
        ("flow monitor M", "config-flow-monitor"),
        ("record R", "config-flow-monitor"),
        ("exporter E", "config-flow-monitor"),
        ("sampler S", "config-sampler"),
        ("mode random 1 out-of 10", "config-sampler"),
        ("interface GigabitEthernet0/1", "config-if"),
        ("ip flow monitor M sampler S input", "config-if"),
        ("flow samplicator T", "config-flow-samplicator"),
        ("receiver r address 127.0.0.1", "config-flow-samplicator"),
        ("no flow samplicator T", "config"),
        ("flow exporter E", "config-flow-exporter"),
    ] {
        typed(&mut shell, line, prompt);
    }
    shell.line("do show version | include Version");
    shell.expect("Version: +flowd");
    shell.expect(r"\(config-flow-exporter\)# $");
    // Leaving configuration mode keeps the uncommitted changes.
    shell.line("end");
    shell.expect(r"(?s)not committed\..*Commit them before leaving\?.*\[cancel\]: $");
    shell.line("cancel");
    shell.expect("You stay in configuration mode");
    shell.expect(r"\(config-flow-exporter\)# $");
    shell.line("write memory");
    shell.expect(r"(?s)Commit complete\n\[OK\] flowd starts with what runs: revision 0");
    // Ctrl-Z runs the line and leaves; nothing was changed since.
    shell.keys("dscp 8\u{1a}");
    shell.expect(r"Commit them before leaving\?.*\[cancel\]: $");
    shell.line("");
    shell.expect("You stay in configuration mode");
    shell.expect(r"\(config-flow-exporter\)# $");
    shell.line("commit");
    shell.expect(r"Commit complete");
    shell.expect(r"\(config-flow-exporter\)# $");
    shell.keys("\u{1a}");
    shell.expect(r"edge> $");
    shell.keys("\u{1a}");
    shell.line("show running-config section flow exporter");
    shell.expect(r"flow exporter E\n destination 127\.0\.0\.1\n dscp 8\nflow monitor M\n exporter E\n|flow exporter E\n destination 127\.0\.0\.1\n dscp 8\n");
    shell.expect("> $");
    shell.line("show running-config | exclude ^! | section interface");
    shell.expect(r"interface (eth1|GigabitEthernet0/1)\n ip flow monitor M sampler S input\n");
    shell.line("copy running-config startup-config");
    shell.expect(r"\[OK\] flowd starts with what runs");
    shell.line("enable");
    shell.expect("no privileged mode");
    shell.line("exit");
    assert_eq!(shell.wait(), 0);
}

#[test]
fn the_log_comes_while_a_line_is_typed_and_spoils_nothing() {
    let Some(bench) = Bench::new("console: terminal monitor", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("terminal monitor");
    shell.expect("> $");
    shell.keys("show ver");
    shell.expect("show ver$");
    // Makes the daemon log something: an exporter without a route to its collector.
    let trouble = |name: &str| {
        bench.flowd.configure(&format!(
            "set flow exporter {name} destination 192.0.2.9\nset flow monitor M record netflow-original\n\
             set flow monitor M exporter {name}\nset interfaces ethernet eth0 flow monitor M direction input"
        ));
    };
    trouble("FAR");
    shell.expect(r"(?m)warning .*no route to 192\.0\.2\.9.*\n");
    shell.expect(r"> show ver$");
    shell.line(" | include Shell");
    shell.expect(r"Shell: +flowsh");
    shell.expect("> $");
    shell.line("terminal no monitor");
    shell.expect("> $");
    trouble("FARTHER");
    until("the daemon's log", SOON, || {
        bench
            .flowd
            .get("/v1/log")
            .to_string()
            .contains("FARTHER")
            .then_some(())
    });
    shell.line("show version | include Shell");
    let shown = shell.expect(r"Shell: +flowsh");
    assert!(!shown.contains("FARTHER"), "{shown}");
}
