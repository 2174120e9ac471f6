//! flowd under a service manager: what that is told, and how it sees a thread that hangs.

use std::time::Duration;

use flow_tests::config::{Exporter, monitor};
use flow_tests::halt::Halted;
use flow_tests::manager::Manager;
use flow_tests::sink::Sink;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, skip, until};

const TOOLS: &[&str] = &["ip", "ethtool", "bash"];
/// The watchdog's time.
const WATCHDOG: Duration = Duration::from_secs(2);

/// A monitor on eth1, and a samplicator.
fn configuration(port: u16) -> String {
    let to = Exporter {
        name: "NOC",
        destination: "192.168.3.1",
        port,
        protocol: "ipfix",
    };
    let monitor = monitor("eth1", &[to]);
    format!(
        "{monitor}set flow samplicator S port 2055\nset flow samplicator S receiver A address 192.168.3.1\n"
    )
}

/// A daemon that a manager has started.
fn start(manager: &Manager, lab: &Lab) -> Flowd {
    let words = manager.starts(u64::try_from(WATCHDOG.as_micros()).unwrap());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut flowd = Flowd::prepare().by(&words);
    flowd.up(&lab.router);
    flowd
}

fn told(manager: &Manager, line: &str) {
    until(line, SOON, || {
        manager
            .lines()
            .iter()
            .any(|told| told == line)
            .then_some(())
    });
}

/// Whether the watchdog is not fed for longer than its time.
fn starves(manager: &Manager) -> bool {
    manager.lines();
    let fed = within(WATCHDOG + WATCHDOG / 2, || {
        let lines = manager.lines();
        lines.iter().any(|line| line == "WATCHDOG=1").then_some(())
    });
    fed.is_none()
}

#[test]
fn the_manager_is_told_how_the_daemon_is() {
    if !skip::able("what the service manager is told", TOOLS) {
        return;
    }
    let (lab, manager) = (Lab::new(), Manager::new());
    let mut flowd = start(&manager, &lab);
    told(&manager, "READY=1");
    let port = Lab::port();
    let _sink = Sink::start(&lab.c1, "192.168.3.1", port);
    flowd.configure(&configuration(port));
    told(&manager, "STATUS=revision 0, alarms: 0");
    lab.router.ip("link set eth1 down");
    told(&manager, "STATUS=revision 0, alarms: 1");
    told(&manager, "WATCHDOG=1");
    assert!(flowd.terminate().success());
    told(&manager, "STOPPING=1");
}

#[test]
fn the_watchdog_is_not_fed_while_a_thread_hangs() {
    if !skip::able("the watchdog", TOOLS) {
        return;
    }
    let (lab, manager) = (Lab::new(), Manager::new());
    let mut flowd = start(&manager, &lab);
    flowd.configure(&configuration(Lab::port()));
    let id = flowd.process().id();
    // Who asks a thread that hangs may hold what the others need.
    for (thread, named) in [
        ("cap eth1", ["the capture thread of eth1", "the probe"]),
        ("export", ["the export thread", "the probe"]),
        ("relay-S", ["the thread of samplicator S", "samplicator S"]),
    ] {
        told(&manager, "WATCHDOG=1");
        let halted = Halted::threads(id, thread);
        // What was fed last may be from before.
        assert!(starves(&manager) || starves(&manager), "{thread}");
        let log = flowd.ok(&["show log"]);
        let hangs = log
            .lines()
            .filter(|line| line.contains("no sign of life for 1 s from"));
        let mut hangs = hangs.filter(|line| named.iter().any(|named| line.contains(named)));
        assert!(hangs.next().is_some(), "{thread}: {log}");
        drop(halted);
        told(&manager, "WATCHDOG=1");
    }
}

#[test]
fn the_watchdog_is_not_fed_while_a_commit_hangs() {
    if !skip::able("the watchdog and commits", TOOLS) {
        return;
    }
    let (lab, manager) = (Lab::new(), Manager::new());
    let mut flowd = start(&manager, &lab);
    let id = flowd.process().id();
    told(&manager, "WATCHDOG=1");
    // The disk does not answer.
    let halted = Halted::when_syncing(id, "control");
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| flowd.configure(&configuration(Lab::port())));
        halted.caught();
        assert!(starves(&manager) || starves(&manager));
        assert!(!commit.is_finished());
        let log = flowd.ok(&["show log"]);
        assert!(
            log.contains("no sign of life for 1 s from the commit under way"),
            "{log}"
        );
        drop(halted);
    });
    told(&manager, "WATCHDOG=1");
}
