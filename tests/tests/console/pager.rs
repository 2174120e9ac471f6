//! The pager (`--More--`): pages, lines, back and forth, searches, terminal sizes.

use super::Bench;

#[test]
fn long_output_is_paged_back_and_forth() {
    let samplers: String = (100..160)
        .map(|n| format!("set flow sampler S{n} rate 7\n"))
        .collect();
    let Some(bench) = Bench::new("console: pager", &samplers) else {
        return;
    };
    let mut shell = bench.spawn(&[], 80, 12);
    shell.expect("> $");
    shell.line("show configuration commands");
    let shown = shell.expect("--More--");
    assert!(shown.contains("S110") && !shown.contains("S111"), "{shown}");
    shell.keys(" ");
    let shown = shell.expect("--More--");
    assert!(shown.contains("S121") && !shown.contains("S122"), "{shown}");
    shell.keys("\r");
    let shown = shell.expect("--More--");
    assert!(shown.contains("S122") && !shown.contains("S123"), "{shown}");
    shell.keys("b");
    let shown = shell.expect("--More--");
    assert!(
        shown.contains("S101") && shown.contains("S111") && !shown.contains("S112"),
        "{shown}"
    );
    shell.keys("/S14[5]\r");
    let shown = shell.expect("--More--");
    assert!(shown.contains("S145") && !shown.contains("S144"), "{shown}");
    // The window grows, and so do the pages.
    shell.keys("g");
    shell.expect("--More--");
    shell.resize(80, 32);
    shell.keys(" ");
    let shown = shell.expect("--More--");
    assert!(shown.contains("S141") && !shown.contains("S142"), "{shown}");
    shell.keys("G");
    let shown = shell.expect(r"\(END\)");
    assert!(
        shown.contains("S129") && shown.contains("S159") && !shown.contains("S128"),
        "{shown}"
    );
    shell.keys("/nowhere\r");
    shell.expect("Pattern not found");
    shell.keys("q");
    shell.expect("> $");
    shell.line("show configuration commands | no-more");
    let shown = shell.expect("> $");
    assert!(
        shown.contains("S100") && shown.contains("S159") && !shown.contains("More"),
        "{shown}"
    );
    shell.line("terminal length 0");
    shell.line("show configuration commands");
    let shown = shell.expect(r"S159 rate 7\n.*> $");
    assert!(!shown.contains("More"), "{shown}");
    shell.line("terminal length 5");
    shell.line("show configuration commands");
    let shown = shell.expect("--More--");
    assert!(shown.contains("S103") && !shown.contains("S104"), "{shown}");
    shell.keys("\u{3}");
    shell.expect("> $");
    shell.line("exit");
    assert_eq!(shell.wait(), 0);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let Some(bench) = Bench::new("console: colours", "") else {
        return;
    };
    for (variables, colours) in [
        (&[][..], true),
        (&["NO_COLOR=1"], false),
        (&["TERM=dumb"], false),
    ] {
        let mut shell = bench.spawn(variables, 80, 24);
        shell.expect("> $");
        shell.line("configure");
        shell.expect("# $");
        shell.line("set flow sampler S rate 7");
        shell.expect("# $");
        shell.line("compare");
        shell.expect(r"\+ +rate 7");
        let green = shell.raw().windows(5).any(|octets| octets == b"\x1b[32m");
        assert_eq!(green, colours, "{variables:?}");
        shell.line("exit discard");
        shell.expect("> $");
    }
}

#[test]
fn a_terminal_that_goes_away_while_paging_ends_the_shell() {
    let samplers: String = (100..160)
        .map(|n| format!("set flow sampler S{n} rate 7\n"))
        .collect();
    let Some(bench) = Bench::new("console: hang-up", &samplers) else {
        return;
    };
    let mut shell = bench.spawn(&[], 80, 12);
    shell.expect("> $");
    shell.line("configure");
    shell.expect("# $");
    shell.line("run show configuration commands");
    shell.expect("--More--");
    shell.hang_up();
    shell.wait();
    bench.flowd.until("the session's end", |flowd| {
        let sessions = flowd.get("/v1/sessions");
        sessions["sessions"].as_array()?.is_empty().then_some(())
    });
}
