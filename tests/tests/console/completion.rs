//! `?` in place and Tab, at every kind of position.

use flow_tests::pty::Pty;

use super::Bench;

const CONFIGURATION: &str = "\
set system host-name edge
set flow record CONVERSATIONS description \"Who with whom\"
set flow record CONVERSATIONS match ipv4 source address
set flow exporter NOC destination 127.0.0.1
set flow exporter NOC transport udp 2055
set flow exporter NOC description \"The collector\"
set flow monitor EDGE record CONVERSATIONS
set flow monitor EDGE exporter NOC
set flow sampler TENTH rate 10
set flow samplicator TEE port 2100
set flow samplicator TEE receiver left address 127.0.0.1
set interfaces ethernet eth0 flow monitor EDGE direction input
set system login user ann authentication plaintext-password \"open sesame\"
";

/// Returns what `?` behind a line shows, and checks that the line stays as it was typed.
fn asked(shell: &mut Pty, line: &str) -> String {
    shell.keys(line);
    shell.keys("?");
    let shown = shell.expect(r"(?s)Possible completions:.*[#>] [^\n]*$");
    // Ctrl-C drops the line, and a prompt comes.
    shell.keys("\u{3}");
    shell.expect(r"(?m)[#>] $");
    shown
}

#[track_caller]
fn shows(shell: &mut Pty, line: &str, patterns: &[&str]) {
    let shown = asked(shell, line);
    for pattern in patterns {
        let regex = regex::Regex::new(&format!("(?m){pattern}")).expect("a pattern");
        assert!(
            regex.is_match(&shown),
            "{line}? lacks /{pattern}/:\n{shown}"
        );
    }
    assert!(
        shown.contains(&format!("> {line}")) || shown.contains(&format!("# {line}")),
        "the line does not stand below the help:\n{shown}"
    );
}

#[test]
fn what_can_follow_is_listed_at_every_kind_of_position() {
    let Some(bench) = Bench::new("console: help", CONFIGURATION) else {
        return;
    };
    let file = bench.flowd.file("edge.conf", "system {\n}\n");
    let folder = file.strip_suffix("edge.conf").expect("its folder");
    // The terminal is tall enough for the longest list, so that the pager does not stop.
    let mut shell = bench.spawn(&[], 120, 200);
    shell.expect("> $");
    for (line, patterns) in [
        (
            "",
            &[r"^ +show +Show the state", r"^ +configure +Enter"][..],
        ),
        ("show flow monitor ", &[r"^ +EDGE", r"^ +<Enter> +Execute"]),
        (
            "sh fl mon E ca ",
            &[
                r"^ +filter +Only flows",
                r"^ +sort +The flows",
                r"^ +\| +Send",
            ],
        ),
        (
            "show flow monitor EDGE cache filter ipv4 protocol ",
            &[r"^ +udp +17", r"^ +regexp"],
        ),
        (
            "show flow monitor EDGE cache sort highest counter bytes top ",
            &[r"^ +<1-100000> +Flows to show"],
        ),
        ("show flow exporter ", &[r"^ +NOC +The collector"]),
        (
            "show flow record ",
            &[r"^ +CONVERSATIONS +Who with whom", r"^ +netflow-original"],
        ),
        ("show flow sampler ", &[r"^ +TENTH"]),
        (
            "show samplicator TEE receiver ",
            &[r"^ +left +Of samplicator TEE"],
        ),
        (
            "show system commit diff ",
            &[r"^ +0 +20\d\d-.*by root via test"],
        ),
        (
            "show flow-accounting interface ",
            &[r"^ +eth0", r"^ +eth1", r"^ +lo"],
        ),
        ("show configuration flow exporter ", &[r"^ +NOC"]),
        (
            "show version | ",
            &[
                r"^ +match +Only lines",
                r"^ +include +The same as match",
                r"^ +section ",
            ],
        ),
        ("show version | last ", &[r"^ +<1-4294967295>"]),
        (
            &format!("show version | save {folder}"),
            &[r"edge\.conf +File"],
        ),
        ("test flow path ", &[r"^ +<address> +Source"]),
        ("terminal ", &[r"^ +length", r"^ +monitor", r"^ +width"]),
    ] {
        shows(&mut shell, line, patterns);
    }
    shell.line("configure");
    shell.expect("# $");
    for (line, patterns) in [
        (
            "set flow exporter NOC ",
            &[r"^ +destination .*\[now 127\.0\.0\.1\]", r"^ > +transport "][..],
        ),
        (
            "set flow exporter NEW ",
            &[r"^ +destination .*\[required\]", r"^ \+> +option "],
        ),
        (
            "set flow exporter NOC transport udp ",
            &[r"^Now: 2055", r"^ +<1-65535> .*default 9995"],
        ),
        (
            "set flow exporter NOC template data timeout ",
            &[r"<1-86400> .*seconds.*|<1-86400> .*default 600"],
        ),
        (
            "set flow exporter NOC export-protocol ",
            &[r"^ +ipfix ", r"^ +netflow-v5 "],
        ),
        (
            "set flow monitor EDGE record ",
            &[r"^Now: CONVERSATIONS", r"^ +netflow-original"],
        ),
        (
            "set flow monitor EDGE exporter ",
            &[r"^ +NOC +The collector"],
        ),
        ("set interfaces ethernet ", &[r"^ +eth0", r"^ +eth1"]),
        (
            "set interfaces ethernet eth0 flow monitor EDGE sampler ",
            &[r"^ +TENTH"],
        ),
        (
            "set flow samplicator TEE source 10.0.0.0/8 receiver ",
            &[r"^ +left"],
        ),
        (
            "set flow record CONVERSATIONS match ipv4 ",
            &[r"^ +source ", r"^ +destination "],
        ),
        ("delete flow ", &[r"^ .*record", r"^ .*sampler"]),
        ("edit flow monitor ", &[r"^ +EDGE"]),
        ("show flow sampler TENTH ", &[r"^ +rate"]),
        ("copy flow exporter NOC ", &[r"^ +to "]),
        ("rollback ", &[r"^ +0 +20\d\d-"]),
        (
            "compare ",
            &[r"^ +<revision>", r"^ +0 +20\d\d-", r"^ +commands"],
        ),
        ("commit ", &[r"^ +check", r"^ +comment", r"^ +<Enter>"]),
        (&format!("load merge {folder}"), &[r"edge\.conf +File"]),
        ("run show flow mon", &[r"^ +monitor"]),
        ("do show flow monitor ", &[r"^ +EDGE"]),
        ("flow exporter ", &[r"^ +NOC"]),
        ("int", &[r"^ +interface +An interface"]),
    ] {
        shows(&mut shell, line, patterns);
    }
    // Secrets are not shown here either.
    for line in [
        "set system login user ann authentication ",
        "set system login user ann authentication encrypted-password ",
        "delete system login user ann authentication encrypted-password ",
    ] {
        let shown = asked(&mut shell, line);
        assert!(
            !shown.contains("$6$") && !shown.contains("sesame"),
            "{shown}"
        );
    }
    shell.line("flow exporter NOC");
    shell.expect(r"\(config-flow-exporter\)# $");
    for (line, patterns) in [
        (
            "",
            &[
                r"^ +destination +The collector \[now 127\.0\.0\.1\]",
                r"^ +dscp ",
                r"^ +commit ",
            ][..],
        ),
        ("export-protocol ", &[r"^ +netflow-v9 "]),
        ("no ", &[r"^ +destination "]),
        ("dscp ", &[r"^ +<0-63> +DSCP"]),
    ] {
        shows(&mut shell, line, patterns);
    }
    // `?` says why nothing can follow.
    shell.keys("dscp 99 ?");
    shell.expect(r"(?s)out of range.*# dscp 99 $");
}

#[test]
fn tab_writes_what_is_unique() {
    let Some(bench) = Bench::new("console: Tab", CONFIGURATION) else {
        return;
    };
    let file = bench.flowd.file("edge.conf", "system {\n}\n");
    let mut shell = bench.shell();
    for (typed, written) in [
        (
            "sh\tfl\tmon\tE\tca\t".to_owned(),
            "show flow monitor EDGE cache ".to_owned(),
        ),
        (
            "show flow exporter N\tt\t".into(),
            "show flow exporter NOC templates ".into(),
        ),
        (
            format!(
                "show version | save {}\t",
                file.strip_suffix("ge.conf").expect("its name")
            ),
            format!("show version | save {file} "),
        ),
    ] {
        // `fl` is `flow`, though `flow-accounting` begins so, too: Tab says so, and a space decides.
        let typed = typed.replace("fl\t", "flow ");
        shell.keys(&typed);
        shell.expect(&format!(r"> {}$", regex::escape(&written)));
        shell.keys("\u{3}");
        shell.expect("> $");
    }
    // Several words are possible: they are listed, and the line stays.
    shell.keys("show flow \t");
    shell.expect(r"(?s)exporter.*monitor.*sampler");
    shell.expect(r"> show flow $");
    shell.keys("\u{3}");
    shell.expect("> $");
    shell.line("configure");
    shell.expect("# $");
    shell.keys("set flow monitor EDGE rec\tCON\t");
    shell.expect(r"# set flow monitor EDGE record CONVERSATIONS $");
    // In quotes `?` and Tab are text.
    shell.keys("\u{3}");
    shell.expect("# $");
    shell.line("set flow exporter NOC description \"why? why not\"");
    shell.expect("# $");
    shell.line("compare commands");
    shell.expect(r#"description "why\? why not""#);
}

#[test]
fn abbreviations_do() {
    let Some(bench) = Bench::new("console: abbreviations", CONFIGURATION) else {
        return;
    };
    let mut shell = bench.shell();
    shell.line("sh fl mon EDGE ca");
    shell.expect("There are no cache entries to display");
    shell.line("sh fl exp NOC stat | i sent");
    shell.expect("Successfully sent");
    shell.line("s v");
    shell.expect(r#"(?s)\^\n"s" is ambiguous|Version:"#);
}
