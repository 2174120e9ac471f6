//! What fingers type that learned on other routers: each line does what it does there, or says what does.

use super::Bench;

const CONFIGURATION: &str = "\
set flow record R match ipv4 protocol
set flow exporter E destination 127.0.0.1
set flow monitor M record R
set flow monitor M exporter E
set interfaces ethernet eth1 address 192.0.2.1/24
set interfaces ethernet eth1 flow monitor M direction input
set flow samplicator X port 2000
set flow samplicator X receiver C address 127.0.0.1
set flow samplicator X receiver C port 2001
set system flow-accounting interface eth0";

#[test]
fn commands_of_habit_answer_in_operational_mode() {
    let Some(bench) = Bench::new("console: habits", CONFIGURATION) else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("terminal length 0");
    shell.expect("> $");
    for (line, shown) in [
        (
            "sh run int eth1",
            r"interface eth1\n ip address 192\.0\.2\.1",
        ),
        (
            "sh run int Gi0/1 | i 192",
            r"sh run int Gi0/1 . i 192\n ip address 192\.0\.2\.1",
        ),
        ("sh run | i flow", r"flow exporter E\n"),
        ("sh run | grep -v flow", r"interface eth1\n"),
        ("sh logging 5", r"flowd"),
        (
            "sh ip int brief",
            r"eth1 +192\.0\.2\.1 +YES other +(up|down) +(up|down)\n",
        ),
        (
            "sh clock",
            r"(?m)^\d\d:\d\d:\d\d\.\d{3} \w+ \w{3} \w{3} \d+ \d{4}$",
        ),
        (
            "sh users",
            r"\* root +admin +flowsh\[\d+\] +\d{4}-\d\d-\d\d",
        ),
        ("sh history", r"terminal length 0\nsh run int eth1\n"),
        ("sh processes", r"(?s)Load: .* processors: \d+\n.*Thread"),
        ("sh memory", r"(?s)Host +[\d.]+ +[\d.]+.*flowd: [\d.]+ MiB"),
        (
            "sh tech | i ----",
            r"-+ show version -+\n(.*\n)*-+ show log 1000 -+\n",
        ),
        (
            "clear counters",
            r"Flow monitor M: statistics cleared\nFlow monitor flow-accounting: statistics cleared\nFlow exporter E: statistics cleared\n",
        ),
        ("terminal width 132", ""),
        (
            "show flow exporter export-ids",
            r"ipv4 source address +8 +4 sourceIPv4Address\n",
        ),
        (
            "restart flow-accounting",
            r"flow-accounting: \d+ flows exported",
        ),
        (
            "show version",
            r"(?s)Version: +flowd.*Kernel: +Linux.*uptime is \d+",
        ),
        (
            "show configuration | display set | match exporter",
            r"set flow exporter E destination '?127\.0\.0\.1",
        ),
        (
            "show configuration | display json | match destination",
            r#""destination""#,
        ),
        ("write terminal | count", r"Count: \d+ lines"),
        ("show arp", r#"there is no "arp" here; ask the host"#),
        (
            "show startup-config",
            r"flowd starts with what was committed last",
        ),
        ("reload", r"this is a service of the host"),
    ] {
        shell.line(line);
        shell.expect(shown);
        shell.expect("> $");
    }
    // Screens fit a terminal of 80 columns.
    for line in [
        "show clock",
        "show users",
        "show processes",
        "show memory",
        "show ip interface brief",
        "show flow exporter export-ids",
        "show version",
    ] {
        for shown in bench.flowd.ok(&[line]).lines() {
            assert!(shown.chars().count() <= 80, "{line}: {shown}");
        }
    }
    for line in [
        "show clock",
        "show users",
        "show history",
        "show processes",
        "show memory",
        "show ip interface brief",
        "show flow exporter export-ids ipfix",
        "show tech-support",
        "show version",
    ] {
        let json = bench.flowd.json(line);
        assert!(
            json.is_object() && json.get("text").is_none(),
            "{line}: {json}"
        );
    }
}

#[test]
fn configuration_mode_knows_junos_and_needs_no_run() {
    let Some(bench) = Bench::new("console: habits of configuration", CONFIGURATION) else {
        return;
    };
    let mut shell = bench.shell();
    for (line, shown) in [
        ("configure", ""),
        ("set flow exporter E dscp 8", ""),
        ("show | compare", r"\+ +dscp 8"),
        (
            "show | compare | display set",
            r"set flow exporter E dscp '?8",
        ),
        (
            "show flow exporter E | display set",
            r"set flow exporter E dscp '?8'?\n",
        ),
        (
            "show flow exporter E statistics | count",
            r"Count: \d+ lines",
        ),
        ("show version | include Version", r"Version: +flowd"),
        (
            "clear flow exporter E statistics",
            "Flow exporter E: statistics cleared",
        ),
        (
            "rollback",
            r"\^\nrollback to which revision\? `run show system commit` lists them",
        ),
        (
            "commit confirmed 5",
            r"rolled back in 5 minutes unless you type `confirm`",
        ),
        ("confirm", "the commit stays"),
        ("show | compare rollback 0", r"\+ +dscp 8"),
        ("set flow exporter E dscp 9", ""),
    ] {
        shell.line(line);
        shell.expect(shown);
        shell.expect("# $");
    }
    shell.line("commit and-quit");
    shell.expect("Commit complete");
    shell.expect("> $");
    shell.line("show configuration | compare rollback 1");
    shell.expect(r"(?s)dscp 8.*dscp 9");
    shell.expect("> $");
    shell.line("exit");
    assert_eq!(shell.wait(), 0);
}
