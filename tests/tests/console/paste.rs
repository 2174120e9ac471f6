//! 5,000 lines at once, with and without bracketed paste: no line is lost, and each wrong line is reported.

use super::Bench;

const LINES: usize = 5000;

/// Returns lines that set a few leaves, so that each costs little; two lines are wrong.
fn lines() -> Vec<String> {
    let mut lines: Vec<String> = (0..LINES)
        .map(|n| format!("set flow monitor M{} exporter E{n}", n / 1000))
        .collect();
    lines[1233] = "set flow monitor M exprter E".into();
    lines[4320] = "set flow monitor".into();
    lines
}

#[test]
fn five_thousand_lines_pasted_in_brackets() {
    let Some(bench) = Bench::new("console: paste", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("configure");
    shell.expect("# $");
    shell.paste(&lines().join("\r"));
    shell.keys("\r");
    shell.expect(r"\^\nline 1234:\d+: unknown word .*exprter.*did you mean exporter\?");
    shell.expect(r"\^\nline 4321:\d+: a name is missing after monitor");
    shell.expect("2 lines of the 5000 that were pasted failed");
    shell.expect("# $");
    shell.line("compare commands | count");
    shell.expect("Count: 4998 lines");
    // IOS lines below a wrong line are left out, and that is said.
    shell.paste("flow exporter X\r destination 192.0.2.1\rflow exprter Y\r destination 192.0.2.2\r ttl 7\rsampler S\r mode random 1 out-of 9");
    shell.keys("\r");
    shell.expect(r"(?s)line 3:\d+: .*the 2 lines below it were left out");
    shell.expect("3 lines of the 7 that were pasted failed");
    shell.expect(r"\(config-sampler\)# $");
    shell.line("show flow exporter X");
    let shown = shell.expect("(?s)destination.*# $");
    assert!(
        shown.contains("192.0.2.1") && !shown.contains("ttl"),
        "{shown}"
    );
}

#[test]
fn five_thousand_lines_typed_ahead() {
    let Some(bench) = Bench::new("console: typed ahead", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("configure");
    shell.expect("# $");
    // Only every fifth line changes something, because each of those is a request.
    let comment = |n: usize| {
        if n.is_multiple_of(5) || n == 1233 {
            ""
        } else {
            "! "
        }
    };
    let lines = lines().into_iter().enumerate();
    let lines: Vec<String> = lines
        .map(|(n, line)| comment(n).to_owned() + &line)
        .collect();
    let mut text = lines.join("\r");
    text.push_str("\rcompare commands | count\r");
    shell.keys(&text);
    shell.expect(r"\^\n.*exprter.*did you mean exporter\?");
    shell.expect("a name is missing after monitor");
    shell.expect_within("Count: 999 lines", std::time::Duration::from_secs(120));
}

#[test]
fn words_of_other_releases_are_taken_and_told() {
    let Some(bench) = Bench::new("console: old words", "") else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("configure");
    shell.expect("# $");
    let note = r#"Note: "source-ip" is kept as system flow-accounting netflow source-address"#;
    shell.line("set system flow-accounting netflow source-ip 127.0.0.1");
    shell.expect(note);
    shell.expect("# $");
    // VyOS 1.5, pasted.
    shell.paste(
        "set system flow-accounting netflow interface eth0\rset system flow-accounting netflow interface eth1\r\
         set system flow-accounting netflow server 127.0.0.1 port 2055\r",
    );
    shell.keys("\r");
    let shown = shell.expect(r#"Note: "interface" is kept as system flow-accounting interface\n"#);
    shell.expect("# $");
    assert_eq!(
        shown.matches("Note:").count(),
        1,
        "once for all lines: {shown}"
    );
    shell.line("compare commands");
    shell.expect(
        r"set system flow-accounting interface eth0\nset system flow-accounting interface eth1\n",
    );
}
