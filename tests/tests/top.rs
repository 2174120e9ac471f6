//! The live screen of `monitor flow-accounting`: rates, sorting, resizing, leaving, and terminals that cannot move the cursor.

use flow_tests::pty::Pty;
use flow_tests::traffic::Traffic;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, bins, clock, skip, until};

const TOOLS: &[&str] = &["ip", "ethtool", "tcpreplay", "stty"];

#[test]
fn the_flows_that_move_most_are_live() {
    if !skip::able("monitor flow-accounting", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    let shell = bins::program("flowsh");
    let socket = flowd.socket();
    let socket = socket.to_str().expect("UTF-8");
    let mut terminal = Pty::spawn(&[&shell, "--socket", socket]);
    terminal.expect("> ");
    terminal.line("monitor flow-accounting");
    terminal.expect("flow-accounting is not running");
    terminal.expect("> ");
    flowd.configure("set system flow-accounting interface eth1");
    terminal.line("monitor flow-accounting interface eth2");
    terminal.expect(r"not configured on \[eth2\]");
    terminal.expect("> ");

    // Thirty flows with 300 packets a second, for as long as the screen is watched.
    let file = tempfile::Builder::new()
        .suffix(".pcap")
        .tempfile()
        .expect("a temporary file");
    Traffic::udp(300, 10, clock::wall_ns()).write(file.path());
    let path = file.path().to_str().expect("UTF-8");
    let _replay = lab.hosts.spawn(&[
        "tcpreplay",
        "-q",
        "-i",
        "eth0",
        "--pps=300",
        "--loop=1000",
        path,
    ]);
    terminal.line("monitor flow-accounting interface eth1");
    terminal.expect(r"flow-accounting for \[eth1\]: 30 flows, [1-5]\d\d packets/s, \d+\.\d kbit/s");
    terminal.expect(r"10\.0\.0\.1 +172\.16\.2\.1 +100\d\d +53 +udp +\d");
    terminal.expect(r"b bits/s\*, p packets/s, t total bytes; q leaves");
    terminal.keys("p");
    terminal.expect(r"p packets/s\*");
    terminal.resize(60, 12);
    until("a frame of the new size", SOON, || {
        let shown = terminal.raw();
        let text = String::from_utf8_lossy(&shown);
        let frame = flow_tests::pty::plain(text.rsplit("\x1b[H").nth(1)?.as_bytes());
        let lines: Vec<&str> = frame.lines().collect();
        let fits = lines.len() <= 12 && lines.iter().all(|line| line.chars().count() <= 60);
        (fits && frame.contains("t total bytes; q leaves")).then_some(())
    });
    terminal.keys("q");
    terminal.expect("> ");
    terminal.line("monitor flow-accounting | count");
    terminal.expect("cannot be piped");
    terminal.keys("\u{4}");

    // Without cursor movement the frames come one after the other; Ctrl-C leaves.
    let mut dumb = Pty::spawn(&["env", "TERM=dumb", &shell, "--socket", socket]);
    dumb.expect("> ");
    dumb.line("monitor flow-accounting");
    dumb.expect(r"flow-accounting for \[eth1\]: 30 flows, - packets/s");
    let frame = dumb.expect(r"flow-accounting for \[eth1\]: 30 flows, [1-5]\d\d packets/s");
    assert_eq!(frame.matches(" udp ").count(), 10, "{frame}");
    dumb.keys("\u{3}");
    dumb.expect("> ");
    dumb.line("exit");
    assert_eq!(dumb.wait(), 0);
}
