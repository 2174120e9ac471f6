//! A session during a restart of the daemon, and beside a second session that commits.

use super::Bench;

#[test]
fn a_session_outlives_the_daemon_and_says_what_is_gone() {
    let Some(mut bench) = Bench::new("console: restart", "set flow sampler S rate 7") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("configure");
    shell.expect("# $");
    shell.line("set flow sampler S rate 8");
    shell.expect("# $");
    bench.flowd.kill();
    shell.line("compare");
    shell.expect("no answer from flowd|the connection to flowd was lost");
    shell.expect("# $");
    // The words of the configuration are still known.
    shell.keys("set flow ?");
    shell.expect(r"(?s)Possible completions:.*exporter.*# set flow $");
    shell.keys("\u{3}");
    // What is typed ahead of it goes with the line.
    shell.expect("# $");
    bench.flowd.up(&bench.host);
    // `?` asks the new daemon, and must not hide that the candidate is gone.
    shell.keys("set flow ?");
    shell.expect(r"(?s)Possible completions:.*# set flow $");
    shell.keys("\u{3}");
    // What is typed ahead of it goes with the line.
    shell.expect("# $");
    shell.line("compare");
    shell.expect(r"Uncommitted changes\s+are gone;\s+a new candidate is open");
    shell.expect("# $");
    shell.line("compare");
    shell.expect("No changes between working and active configurations");
    shell.line("set flow sampler S rate 9");
    shell.expect("# $");
    shell.line("commit");
    shell.expect("Commit complete");
    shell.line("exit");
    shell.expect("> $");
    shell.line("show configuration commands");
    shell.expect("set flow sampler S rate 9");
}

#[test]
fn two_sessions_race() {
    let Some(bench) = Bench::new("console: race", "set flow sampler S rate 7") else {
        return;
    };
    let (mut first, mut second) = (bench.shell(), bench.shell());
    for shell in [&mut first, &mut second] {
        shell.line("configure");
        shell.expect("# $");
    }
    // Changes that do not overlap are both kept.
    first.line("set flow sampler S rate 8");
    second.line("set flow sampler T rate 9");
    first.expect("# $");
    second.expect("# $");
    first.line("commit");
    first.expect("Commit complete");
    second.line("commit");
    second.expect("Commit complete");
    // A change that overlaps is refused, and the conflict is shown.
    first.expect("# $");
    second.expect("# $");
    first.line("set flow sampler S rate 10");
    first.expect("# $");
    second.line("set flow sampler S rate 11");
    second.expect("# $");
    first.line("commit");
    first.expect("Commit complete");
    second.line("commit");
    let refused = second.expect("(?s)flow sampler S.*# $");
    assert!(!refused.contains("Commit complete"), "{refused}");
    second.line("discard");
    second.expect("discarded");
    second.line("show flow sampler S");
    second.expect("rate 10");
}
