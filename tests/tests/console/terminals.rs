//! Keys of the line editor, wide characters, and terminals that are narrow, dumb or slow.

use unicode_width::UnicodeWidthStr;

use super::Bench;

#[test]
fn a_line_is_edited_searched_and_dropped() {
    let Some(bench) = Bench::new("console: keys", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("show version | include Shell");
    shell.expect(r"Shell: +flowsh");
    shell.expect("> $");
    shell.keys("show nonsense\u{3}");
    shell.expect("> $");
    // Ctrl-R finds the line in the history.
    shell.keys("\u{12}incl");
    shell.expect(r"\(reverse-i-search\)`incl': show version \| include Shell");
    shell.keys("\r");
    shell.expect(r"Shell: +flowsh");
    shell.expect("> $");
    // Ctrl-D leaves the mode.
    shell.line("configure");
    shell.expect("# $");
    shell.line("edit system");
    shell.expect(r"\[edit system\]\n.*# $");
    shell.keys("\u{4}");
    shell.expect(r"\[edit\]\n.*# $");
    shell.keys("\u{4}");
    shell.expect("> $");
    // Ctrl-C drops a block that was begun.
    shell.line("configure");
    shell.expect("# $");
    shell.line("system {");
    shell.keys("\u{3}");
    shell.expect(r"\[edit\]\n.*# $");
    shell.keys("\u{4}");
    shell.expect("> $");
    shell.keys("\u{4}");
    assert_eq!(shell.wait(), 0);
    // The history is kept for the next shell.
    let mut shell = bench.shell();
    shell.keys("\u{10}\u{10}\u{10}");
    shell.expect("> configure$|> edit system$|> system");
}

#[test]
fn a_program_is_interrupted_and_nothing_else() {
    let Some(bench) = Bench::new("console: ping", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("ping 127.0.0.1 count 100");
    shell.expect("icmp_seq=2");
    shell.keys("\u{3}");
    shell.expect("packet loss");
    shell.expect("> $");
    shell.line("show version | include Shell");
    shell.expect(r"Shell: +flowsh");
}

#[test]
fn wide_characters_keep_their_columns() {
    let Some(bench) = Bench::new("console: wide characters", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("configure");
    shell.expect("# $");
    shell.line("set flow exporter E description \"東京の収集器 → Zürich\"");
    shell.expect("# $");
    shell.line("show flow exporter E");
    shell.expect("東京の収集器 → Zürich");
    shell.expect("# $");
    // The caret is below the wrong word, also behind wide characters.
    for (line, wrong) in [
        ("set flow exporter 東京 ttl 3", "東京"),
        ("set flow exporter E description \"東京 京\" extra", "extra"),
    ] {
        shell.line(line);
        let carets = shell.expect(r"(?m)^ +\^+\n");
        let carets = carets
            .lines()
            .find(|line| line.contains('^'))
            .expect("carets");
        let before = line.split(wrong).next().expect("a beginning").width() + 2;
        assert_eq!(carets.find('^'), Some(before), "{line}\n{carets}");
        assert_eq!(carets.trim().len(), wrong.width());
        shell.expect("# $");
    }
    // Backspace takes a whole character.
    shell.keys("set system host-name 東\u{7f}edge\r");
    shell.expect("# $");
    shell.line("compare commands | match host-name");
    shell.expect("set system host-name edge\n");
}

#[test]
fn terminals_without_cursor_movement_do() {
    let Some(bench) = Bench::new("console: dumb", "") else {
        return;
    };
    for variables in [&["TERM=dumb"][..], &["-u", "TERM"], &["TERM="]] {
        let mut shell = bench.spawn(variables, 80, 24);
        shell.expect("> $");
        shell.line("show version | include Shell");
        shell.expect(r"Shell: +flowsh");
        shell.expect("> $");
        shell.line("show flow ?");
        shell.expect(r"(?s)Possible completions:.*monitor");
        shell.expect("> $");
        shell.line("configure");
        shell.expect("# $");
        shell.line("set flow sampler S rate 1");
        shell.expect("out of range");
        shell.line("terminal monitor");
        shell.line("exit discard");
        shell.expect("> $");
        let raw = shell.raw();
        assert!(!raw.contains(&0x1b), "{variables:?}: an escape sequence");
        shell.keys("\u{4}");
        assert_eq!(shell.wait(), 0, "{variables:?}");
    }
}

#[test]
fn narrow_and_tiny_terminals_do() {
    let Some(bench) = Bench::new("console: narrow", "set flow sampler S rate 7") else {
        return;
    };
    for (columns, rows) in [(1, 24), (20, 2), (8, 1), (0, 0)] {
        let mut shell = bench.spawn(&[], columns, rows);
        shell.expect(r">\s*$");
        shell.line("terminal length 0");
        shell.expect(r">\s*$");
        shell.line("show configuration commands");
        shell.expect(r"S\s+r\s*a\s*t\s*e\s+7");
        shell.expect(r">\s*$");
        shell.keys("sho?");
        shell.expect(r"(?s)S\s*h\s*o\s*w\s+t\s*h\s*e");
        shell.keys("\u{3}");
        shell.expect(r">\s*$");
        shell.line("exit");
        assert_eq!(shell.wait(), 0, "{columns}x{rows}");
    }
}

#[test]
fn a_window_that_is_dragged_keeps_the_line() {
    let Some(bench) = Bench::new("console: resize", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.keys("show version | include");
    shell.expect(r"show version \| include$");
    // The terminal becomes narrower than the line, which is drawn again on two rows.
    shell.resize(15, 10);
    shell.expect(r"(?s)show.*include\s*$");
    shell.resize(100, 30);
    shell.expect(r"show version \| include$");
    shell.line(" Shell");
    shell.expect(r"Shell: +flowsh");
}

#[test]
fn a_slow_terminal_loses_nothing() {
    let samplers: String = (1000..4000)
        .map(|n| format!("set flow record R{n} match ipv4 protocol\n"))
        .collect();
    let Some(bench) = Bench::new("console: slow", &samplers) else {
        return;
    };
    let mut shell = bench.shell();
    shell.stall(true);
    shell.line("show configuration commands | no-more");
    // This is more than the terminal's buffer holds, so the shell has to wait.
    bench.flowd.until("other sessions", |flowd| {
        flowd.get("/v1/version")["uptime_seconds"]
            .as_u64()
            .filter(|seconds| *seconds >= 1)
    });
    shell.stall(false);
    let shown = shell.expect(r"R3999 .*\n.*> $");
    let lines = shown
        .lines()
        .filter(|line| line.starts_with("set flow record R"));
    assert_eq!(lines.count(), 3000);
}
