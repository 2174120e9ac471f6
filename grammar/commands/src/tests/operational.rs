//! Commands of operational mode and what they parse to.

use super::*;

#[test]
fn abbreviations_are_unique_prefixes() {
    assert_eq!(
        operational("sh fl mon M ca").command,
        Command::ShowCache {
            monitor: "M".into(),
            view: CacheView::default()
        }
    );
    assert_eq!(
        operational("conf t").command,
        Command::Configure { terminal: true }
    );
    assert_eq!(operational("sh ver").command, Command::ShowVersion);
    assert_eq!(
        operational("sh ru").command,
        Command::ShowConfiguration {
            form: Form::Ios,
            path: vec![]
        }
    );
    assert_eq!(configuration("commi"), Command::Commit { comment: None });
    assert_eq!(
        configuration("commit-c 3"),
        Command::CommitConfirm {
            minutes: 3,
            comment: None
        }
    );
    assert_eq!(
        operational("sh conf comm").command,
        Command::ShowConfiguration {
            form: Form::Commands,
            path: vec![]
        }
    );
}

#[test]
fn names_win_over_short_abbreviations() {
    let shown = |name: &str| Command::ShowFlow {
        part: Part::Exporter,
        name: Some(name.into()),
    };
    assert_eq!(operational("show flow exporter s").command, shown("s"));
    assert_eq!(
        operational("show flow exporter stat").command,
        Command::ShowExporterStatistics { exporter: None }
    );
    assert_eq!(
        operational("show flow exporter \"statistics\"").command,
        shown("statistics")
    );
    assert_eq!(
        operational("show flow exporter E st").command,
        Command::ShowExporterStatistics {
            exporter: Some("E".into())
        }
    );
}

#[test]
fn hosts_are_pinged_with_options_in_any_order() {
    let Command::Ping(ping) =
        operational("ping r1.example.org size 100 count 3 source 2001:db8::1").command
    else {
        panic!()
    };
    assert_eq!(ping.host, tail("r1.example.org", 5));
    assert_eq!((ping.count, ping.size), (Some(3), Some(100)));
    assert_eq!(ping.source, Some("2001:db8::1".parse().unwrap()));
    let wrong = parse("ping -f", Mode::Operational).unwrap_err();
    assert_eq!(
        (wrong.column, wrong.length),
        (6, 2),
        "no option of the program behind"
    );
}

#[test]
fn a_flow_to_be_tested() {
    let path = |line: &str| match operational(line).command {
        Command::TestFlowPath(path) => path,
        other => panic!("{other:?}"),
    };
    let tested = path("test flow path 10.0.0.1 10.0.0.2 source-port 5 protocol tcp interface eth1");
    assert_eq!((tested.protocol, tested.ports), (6, (5, 0)));
    assert_eq!(tested.interface.as_deref(), Some("eth1"));
    let tested = path("test flow path fe80::1 fe80::2 destination-port 53 protocol icmp");
    assert_eq!((tested.protocol, tested.ports), (58, (0, 53)));
    assert_eq!(
        path("test flow path 10.0.0.1 10.0.0.2 protocol 47").protocol,
        47
    );
    assert_eq!(path("test flow path 10.0.0.1 10.0.0.2").protocol, 17);
    let wrong = parse("test flow path 10.0.0.1 fe80::2", Mode::Operational).unwrap_err();
    assert_eq!((wrong.column, wrong.length), (25, 7));
}

#[test]
fn what_fingers_from_ios_type() {
    assert_eq!(operational("wr").command, Command::Write);
    assert_eq!(operational("copy run start").command, Command::Write);
    assert_eq!(configuration("write mem"), Command::Write);
    assert_eq!(
        configuration("copy running-config startup-config"),
        Command::Write
    );
    assert_eq!(
        operational("term mon").command,
        Command::TerminalMonitor(true)
    );
    assert_eq!(
        operational("ter no mon").command,
        Command::TerminalMonitor(false)
    );
    assert_eq!(
        operational("terminal width 132").command,
        Command::TerminalWidth(132)
    );
    assert_eq!(operational("en").command, Command::Enable);
}

#[test]
fn paths_end_at_a_pipe() {
    assert_eq!(
        operational("show configuration system flow-accounting | json"),
        Line {
            command: Command::ShowConfiguration {
                form: Form::Curly,
                path: vec!["system".into(), "flow-accounting".into()]
            },
            pipes: vec![Pipe::Json]
        }
    );
    let Command::Run(inner) = configuration("run show flow loss | no-more") else {
        panic!()
    };
    assert_eq!(
        *inner,
        Line {
            command: Command::Ask(Ask {
                route: "LOSS",
                target: "/v1/flow/loss".into(),
                view: "",
            }),
            pipes: vec![Pipe::NoMore]
        }
    );
    assert_eq!(
        configuration("do sh ver"),
        Command::Run(Box::new(operational("sh ver")))
    );
}

#[test]
fn pipes_follow_the_command() {
    let line = operational(r#"show log 50 | match "a|b" | except x y | last 3 | count"#);
    let wanted = Ask {
        route: "LOG",
        target: "/v1/log?lines=50".into(),
        view: "",
    };
    assert_eq!(line.command, Command::Ask(wanted));
    assert_eq!(
        line.pipes,
        [
            Pipe::Match(tail("a|b", 20)),
            Pipe::Except(tail("x y", 35)),
            Pipe::Last(3),
            Pipe::Count
        ]
    );
    assert_eq!(operational("show version | js").pipes, [Pipe::Json]);
    assert_eq!(
        operational("show version | include up").pipes,
        [Pipe::Match(tail("up", 23))]
    );
}

#[test]
fn sections_of_the_running_configuration_are_a_pipe() {
    let line = operational("sh run sec flow exp | count");
    assert_eq!(
        line.command,
        Command::ShowConfiguration {
            form: Form::Ios,
            path: vec![]
        }
    );
    assert_eq!(
        line.pipes,
        [Pipe::Section(tail("flow exp", 11)), Pipe::Count]
    );
    for (short, pipe) in [
        ("i x", Pipe::Match(tail("x", 17))),
        ("e x", Pipe::Except(tail("x", 17))),
        ("b x", Pipe::Begin(tail("x", 17))),
        ("s x", Pipe::Section(tail("x", 17))),
        ("sa x", Pipe::Save(tail("x", 18))),
        ("find x", Pipe::Begin(tail("x", 20))),
        ("c", Pipe::Count),
    ] {
        assert_eq!(
            operational(&format!("show version | {short}")).pipes,
            [pipe]
        );
    }
    let line = operational("show configuration | sec ^flow");
    assert_eq!(line.pipes, [Pipe::Section(tail("^flow", 25))]);
}

#[test]
fn samplicators_all_or_one_of_them() {
    let shown = |part, name: Option<&str>, receiver: Option<&str>| Command::ShowSamplicator {
        part,
        name: name.map(str::to_owned),
        receiver: receiver.map(str::to_owned),
    };
    for (line, expected) in [
        (
            "show samplicator",
            shown(RelayPart::Samplicator, None, None),
        ),
        (
            "sh sampli S",
            shown(RelayPart::Samplicator, Some("S"), None),
        ),
        (
            "show samplicator S receiver",
            shown(RelayPart::Receivers, Some("S"), None),
        ),
        (
            "show samplicator S rec left",
            shown(RelayPart::Receivers, Some("S"), Some("left")),
        ),
        (
            "show samplicator receiver left",
            shown(RelayPart::Receivers, None, Some("left")),
        ),
        (
            "show samplicator S source",
            shown(RelayPart::Sources, Some("S"), None),
        ),
        (
            "show samplicator templates",
            shown(RelayPart::Templates, None, None),
        ),
        (
            "clear samplicator S statistics",
            Command::ClearSamplicator { name: "S".into() },
        ),
        (
            "replay samplicator S",
            Command::ReplaySamplicator {
                name: "S".into(),
                receiver: None,
            },
        ),
        (
            "replay samp S rec left",
            Command::ReplaySamplicator {
                name: "S".into(),
                receiver: Some("left".into()),
            },
        ),
        (
            "monitor flow-accounting",
            Command::MonitorAccounting { interface: None },
        ),
        (
            "mon flow-acc int eth1",
            Command::MonitorAccounting {
                interface: Some("eth1".into()),
            },
        ),
        (
            "monitor samplicator S",
            Command::MonitorSamplicator { name: "S".into() },
        ),
    ] {
        assert_eq!(operational(line).command, expected, "{line}");
    }
    assert_eq!(
        configuration("load samplicate /etc/samplicate.conf"),
        Command::LoadSamplicate {
            file: Tail {
                text: "/etc/samplicate.conf".into(),
                start: 16
            }
        }
    );
    for (line, start) in [
        ("load samplicate-args -S 192.0.2.1", 21),
        ("load samplicate-args \"-S 192.0.2.1\"", 22),
    ] {
        assert_eq!(
            configuration(line),
            Command::LoadSamplicateArguments(Tail {
                text: "-S 192.0.2.1".into(),
                start
            }),
            "{line}"
        );
    }
    let open = |line: &str| submode_after(line, Submode::Global).map(|(submode, _)| submode);
    assert_eq!(open("flow samplicator S"), Some(Submode::Samplicator));
}

#[test]
fn commands_of_the_other_mode_are_known() {
    let problem = parse("commit", Mode::Operational).unwrap_err();
    assert_eq!(
        (problem.message.as_str(), problem.hint.as_deref()),
        (
            "\"commit\" belongs to configuration mode",
            Some("type configure first")
        )
    );
    assert_eq!(operational("do show version").command, Command::ShowVersion);
    assert_eq!(parse("run shw", Mode::Operational).unwrap_err().column, 5);
}

/// Returns the route that a line asks, with the view of its screen.
fn asked(line: &str) -> (String, &'static str) {
    match operational(line).command {
        Command::Ask(ask) => (ask.target, ask.view),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn fingers_from_other_systems_find_what_they_look_for() {
    for (line, target, view) in [
        ("sh clock", "/v1/clock", ""),
        ("show date", "/v1/clock", ""),
        ("sh users", "/v1/users", ""),
        ("sh proc", "/v1/processes", ""),
        ("sh processes cpu", "/v1/processes", ""),
        ("show system processes", "/v1/processes", ""),
        ("sh mem", "/v1/memory", ""),
        ("show system memory", "/v1/memory", ""),
        ("sh logging", "/v1/log?lines=100", ""),
        ("sh logg 20", "/v1/log?lines=20", ""),
        ("sh ip int brief", "/v1/interfaces", "brief"),
        ("sh ip int", "/v1/interfaces", "brief"),
        ("show flow exporter export-ids", "/v1/flow/fields", ""),
        (
            "sh fl exp export-ids netflow-v9",
            "/v1/flow/fields?enterprise=false",
            "",
        ),
    ] {
        assert_eq!(asked(line), (target.to_owned(), view), "{line}");
    }
    let configuration = |form, path: &[&str]| Command::ShowConfiguration {
        form,
        path: path.iter().map(|word| (*word).to_owned()).collect(),
    };
    let interface = |form, name: &str| Command::ShowRunningInterface {
        form,
        name: name.into(),
    };
    for (line, command) in [
        ("sh run int eth1", interface(Form::Ios, "eth1")),
        ("sh run interface lo", interface(Form::Ios, "lo")),
        (
            "sh run int eth1 | display set",
            interface(Form::Commands, "eth1"),
        ),
        ("write terminal", configuration(Form::Ios, &[])),
        ("sh hist", Command::ShowHistory),
        ("sh tech", Command::ShowTech),
        ("clear counters", Command::ClearCounters),
        ("restart flow-accounting", Command::ClearAccounting),
        ("set terminal length 0", Command::TerminalLength(0)),
        ("logout", Command::Exit { discard: false }),
        (
            "traceroute r1 source 192.0.2.1",
            Command::Traceroute(Trace {
                host: tail("r1", 11),
                interface: None,
                source: Some("192.0.2.1".parse().unwrap()),
            }),
        ),
        (
            "show configuration | display set",
            configuration(Form::Commands, &[]),
        ),
        (
            "show configuration flow | display json",
            configuration(Form::Json, &["flow"]),
        ),
        (
            "show configuration | commands",
            configuration(Form::Commands, &[]),
        ),
        (
            "show configuration | compare rollback 2",
            Command::Compare {
                from: Some(Version::Revision(2)),
                to: Some(Version::Running),
                commands: false,
            },
        ),
    ] {
        assert_eq!(operational(line).command, command, "{line}");
    }
    // What is not here says what is.
    for (line, hint) in [
        ("show arp", "the host"),
        ("show ip route", "show flow routes"),
        ("show startup-config", "show running-config"),
        ("reload", "this is a service of the host"),
        ("restart bgp", "did you mean"),
        (
            "show flow exporter export-ids netflow-v5",
            "without numbers",
        ),
    ] {
        let problem = parse(line, Mode::Operational).expect_err(line);
        let hint_of = problem.hint.clone().unwrap_or_default();
        assert!(
            hint_of.contains(hint) || line == "restart bgp",
            "{line}: {problem}"
        );
    }
}

#[test]
fn pipes_of_other_systems() {
    let pipes = |typed: &str| operational(&format!("show version | {typed}")).pipes;
    assert_eq!(pipes("grep x"), [Pipe::Match(tail("x", 20))]);
    assert_eq!(pipes("grep -v x y"), [Pipe::Except(tail("x y", 23))]);
    assert_eq!(pipes("egrep -iv x"), [Pipe::Except(tail("(?i)x", 25))]);
    assert_eq!(pipes("grep \"-v\""), [Pipe::Match(tail("-v", 20))]);
    assert_eq!(pipes("no-match x"), [Pipe::Except(tail("x", 24))]);
    assert_eq!(pipes("tail 3"), [Pipe::Last(3)]);
    // An abbreviation is a pipe proper before it is one of habit.
    for (short, pipe) in [
        ("no", Pipe::NoMore),
        ("co", Pipe::Count),
        ("c", Pipe::Count),
    ] {
        assert_eq!(pipes(short), [pipe], "{short}");
    }
    for (typed, column, message) in [
        ("grep -x y", 21, "has no option -x"),
        ("grep -v", 20, "needs <expression>"),
        ("display set", 16, "only a configuration"),
        ("compare", 16, "a whole configuration"),
        ("com", 16, "ambiguous"),
    ] {
        let line = format!("show version | {typed}");
        let problem = parse(&line, Mode::Operational).expect_err(&line);
        assert_eq!(problem.column, column, "{line}: {problem}");
        assert!(problem.message.contains(message), "{line}: {problem}");
    }
    let line = "show configuration | match x | display set";
    let problem = parse(line, Mode::Operational).unwrap_err();
    assert!(problem.message.contains("right behind"), "{problem}");
    assert_eq!(problem.column, 32);
}
