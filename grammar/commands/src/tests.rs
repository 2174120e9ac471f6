//! Lines and what they parse to; wrong ones and where they are wrong.

use super::*;

const CONFIGURATION: Mode = Mode::Configuration(Submode::Global);

fn operational(line: &str) -> Line {
    match parse(line, Mode::Operational) {
        Ok(Some(parsed)) => parsed,
        other => panic!("{line}: {other:?}"),
    }
}

fn configuration(line: &str) -> Command {
    match parse(line, CONFIGURATION) {
        Ok(Some(parsed)) => parsed.command,
        other => panic!("{line}: {other:?}"),
    }
}

fn tail(text: &str, start: usize) -> Tail {
    Tail {
        text: text.into(),
        start,
    }
}

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
fn cache_options_in_any_order() {
    let expected = Command::ShowCache {
        monitor: "M".into(),
        view: CacheView {
            sort: Some("counter bytes".into()),
            top: Some(10),
            layout: Some(Layout::Csv),
            ..CacheView::default()
        },
    };
    for line in [
        "show flow monitor M cache sort highest counter bytes top 10 format csv",
        "sh fl mo M ca form csv sort high counter bytes top 10",
    ] {
        assert_eq!(operational(line).command, expected, "{line}");
    }
    let Command::ShowCache { view, .. } =
        operational("show flow monitor M cache sort lowest octetDeltaCount").command
    else {
        panic!()
    };
    assert_eq!(
        view,
        CacheView {
            sort: Some("octetDeltaCount".into()),
            lowest: true,
            ..CacheView::default()
        }
    );
}

fn cache_view(line: &str) -> CacheView {
    match operational(line).command {
        Command::ShowCache { view, .. } => view,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_cache_is_filtered_and_aggregated() {
    let view = cache_view(
        "show flow monitor M cache filter ipv4 source address 10.0.0.0/8 transport destination-port 443,8000-8999 \
         ipv4 protocol regexp \"^(6|17)$\" aggregate ipv4 destination address ipv4 protocol collect transport tcp flags \
         sort highest counter flows top format csv",
    );
    let condition = |field: &str, regexp, text: &str, start| Condition {
        field: field.into(),
        regexp,
        value: Tail {
            text: text.into(),
            start,
        },
    };
    let expected = CacheView {
        filter: vec![
            condition("ipv4 source address", false, "10.0.0.0/8", 53),
            condition("transport destination-port", false, "443,8000-8999", 91),
            condition("ipv4 protocol", true, "^(6|17)$", 126),
        ],
        aggregate: vec!["ipv4 destination address".into(), "ipv4 protocol".into()],
        collect: vec!["transport tcp flags".into()],
        sort: Some("counter flows".into()),
        lowest: false,
        top: Some(20),
        layout: Some(Layout::Csv),
    };
    assert_eq!(view, expected);
    // Abbreviated, in another order, and IANA's names.
    assert_eq!(
        cache_view(
            "sh fl mon M ca form csv so high cou fl top 20 agg ipv4 dest addr ipv4 prot coll trans tcp fl \
             filter ipv4 source address 10.0.0.0/8 trans dest 443,8000-8999 ipv4 prot regexp \"^(6|17)$\" | count"
        )
        .aggregate,
        expected.aggregate
    );
    let view = cache_view(
        "show flow monitor M cache filter sourceIPv4Address 10.0.0.1 octetDeltaCount 5-",
    );
    assert_eq!(view.filter.len(), 2);
    assert_eq!(view.filter[1].field, "octetDeltaCount");
}

#[test]
fn accounting_options_in_any_order_each_once() {
    let view = AccountingView {
        interface: Some("eth1".into()),
        host: Some("10.0.0.1".parse().unwrap()),
        port: Some("80-89".into()),
        top: Some(10),
        count: Some(5),
    };
    for line in [
        "show flow-accounting interface eth1 host 10.0.0.1 port 80-89 top 10 count 5",
        "show flow-accounting count 5 top 10 host 10.0.0.1 port 80-89 interface eth1",
    ] {
        assert_eq!(
            operational(line).command,
            Command::ShowAccounting(view.clone()),
            "{line}"
        );
    }
    let problem = parse("show flow-accounting top 10 top 5", Mode::Operational).unwrap_err();
    assert_eq!((problem.column, problem.length), (29, 3));
}

#[test]
fn pipes_follow_the_command() {
    let line = operational(r#"show log 50 | match "a|b" | except x y | last 3 | count"#);
    assert_eq!(line.command, Command::ShowLog { lines: 50 });
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
            command: Command::ShowLoss,
            pipes: vec![Pipe::NoMore]
        }
    );
    assert_eq!(
        configuration("do sh ver"),
        Command::Run(Box::new(operational("sh ver")))
    );
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

#[test]
fn configuration_commands_and_statements() {
    assert_eq!(
        configuration("set system host-name x"),
        Command::Set(tail("system host-name x", 4))
    );
    assert_eq!(
        configuration("  delete flow | x"),
        Command::Delete(tail("flow | x", 9))
    );
    assert_eq!(
        configuration("flow record R"),
        Command::Statement(tail("flow record R", 0))
    );
    assert_eq!(
        configuration(" system {"),
        Command::Statement(tail("system {", 1))
    );
    assert_eq!(
        configuration("commit comment a b  c"),
        Command::Commit {
            comment: Some("a b  c".into())
        }
    );
    assert_eq!(
        configuration("commit comment \"a b\""),
        Command::Commit {
            comment: Some("a b".into())
        }
    );
    assert_eq!(
        configuration("commit-confirm"),
        Command::CommitConfirm {
            minutes: 10,
            comment: None
        }
    );
    assert_eq!(
        configuration("commit-confirm 5 comment x"),
        Command::CommitConfirm {
            minutes: 5,
            comment: Some("x".into())
        }
    );
    assert_eq!(
        configuration("compare 3 1 commands"),
        Command::Compare {
            from: Some(Version::Revision(3)),
            to: Some(Version::Revision(1)),
            commands: true
        }
    );
    for (line, from, to, commands) in [
        ("compare saved", Some(Version::Saved), None, false),
        (
            "compare running 2",
            Some(Version::Running),
            Some(Version::Revision(2)),
            false,
        ),
        (
            "compare 0 saved",
            Some(Version::Revision(0)),
            Some(Version::Saved),
            false,
        ),
        (
            "compare commands saved running",
            Some(Version::Saved),
            Some(Version::Running),
            true,
        ),
        ("compare comm 4", Some(Version::Revision(4)), None, true),
    ] {
        let wanted = Command::Compare { from, to, commands };
        assert_eq!(configuration(line), wanted, "{line}");
    }
    for (line, time, comment) in [
        ("commit at 03:00", "03:00", None),
        (
            "commit at 3:00:30 comment the window",
            "3:00:30",
            Some("the window"),
        ),
        ("commit at 2030-01-31 03:00", "2030-01-31 03:00", None),
        (
            "commit at \"2030-01-31 03:00\" comment \"a b\"",
            "2030-01-31 03:00",
            Some("a b"),
        ),
    ] {
        let wanted = Command::CommitAt {
            time: time.into(),
            comment: comment.map(str::to_owned),
        };
        assert_eq!(configuration(line), wanted, "{line}");
    }
    assert_eq!(
        configuration("load merge terminal"),
        Command::Load {
            mode: LoadMode::Merge,
            from: LoadFrom::Terminal
        }
    );
    assert_eq!(
        configuration("load /tmp/a"),
        Command::Load {
            mode: LoadMode::Override,
            from: LoadFrom::File(tail("/tmp/a", 5))
        }
    );
    let Command::Copy {
        from,
        to,
        rename: true,
    } = configuration("rename flow record A to flow record B")
    else {
        panic!()
    };
    assert_eq!((from.len(), to[2].text.as_str(), to[2].start), (3, "B", 36));
}

#[test]
fn submodes_take_their_statements_first() {
    let record = Mode::Configuration(Submode::Record);
    let Ok(Some(line)) = parse("col counter bytes", record) else {
        panic!()
    };
    assert_eq!(
        line.command,
        Command::Statement(tail("col counter bytes", 0))
    );
    let problem = parse("ex", Mode::Configuration(Submode::Monitor)).unwrap_err();
    assert_eq!(problem.hint.as_deref(), Some("one of exit, exporter"));
    assert_eq!(parse("! comment", record), Ok(None));
    assert_eq!(parse("   ", record), Ok(None));
}

#[test]
fn submodes_open_stay_and_close() {
    let open = |line: &str, submode| {
        submode_after(line, submode).map(|(submode, line)| (submode, line.is_some()))
    };
    assert_eq!(
        open("flow rec R", Submode::Global),
        Some((Submode::Record, true))
    );
    assert_eq!(
        open("flow exporter E", Submode::Record),
        Some((Submode::Exporter, true))
    );
    assert_eq!(
        open("interface Gi 0/1", Submode::Global),
        Some((Submode::Interface, true))
    );
    assert_eq!(open("match ipv4 tos", Submode::Record), None);
    assert_eq!(open("no match ipv4 tos", Submode::Record), None);
    assert_eq!(
        open("no flow record R", Submode::Record),
        Some((Submode::Global, false))
    );
    assert_eq!(
        open("hostname x", Submode::Monitor),
        Some((Submode::Global, false))
    );
    assert_eq!(open("hostname x", Submode::Global), None);
}

#[test]
fn problems_have_their_place_and_what_would_be_right() {
    let cases: &[(&str, Mode, u32, u32, &str, &str)] = &[
        (
            "shw version",
            Mode::Operational,
            1,
            3,
            "unknown word \"shw\"",
            "did you mean show?",
        ),
        (
            "show flow recrod",
            Mode::Operational,
            11,
            6,
            "unknown word \"recrod\"",
            "did you mean record?",
        ),
        (
            "c",
            Mode::Operational,
            1,
            1,
            "\"c\" is ambiguous",
            "one of configure, clear",
        ),
        ("show flow monitor", CONFIGURATION, 0, 0, "", ""),
        (
            "clear flow monitor",
            Mode::Operational,
            20,
            1,
            "the command is not complete",
            "<monitor> is missing",
        ),
        (
            "show log 0",
            Mode::Operational,
            10,
            1,
            "\"0\" is out of range",
            "1 to 10000",
        ),
        (
            "show version now",
            Mode::Operational,
            14,
            3,
            "\"now\" is one word too many",
            "",
        ),
        (
            "show version | foo",
            Mode::Operational,
            16,
            3,
            "\"foo\" is no output pipe",
            "one of match",
        ),
        (
            "show version | match",
            Mode::Operational,
            21,
            1,
            "`match` needs <expression>",
            "",
        ),
        (
            "show version |",
            Mode::Operational,
            15,
            1,
            "a pipe is missing its command",
            "one of match",
        ),
        (
            "show flow-accounting host x",
            Mode::Operational,
            27,
            1,
            "\"x\" is no address",
            "an IPv4",
        ),
        (
            "show flow-accounting port 9-3",
            Mode::Operational,
            27,
            3,
            "\"9-3\" is no port",
            "80-89",
        ),
        (
            "commit-confirm 0",
            CONFIGURATION,
            16,
            1,
            "\"0\" is out of range",
            "1 to 65535",
        ),
        (
            "rollback x",
            CONFIGURATION,
            10,
            1,
            "\"x\" is no revision",
            "0 is the newest",
        ),
        (
            "copy a b",
            CONFIGURATION,
            9,
            1,
            "`to` and the new path are missing",
            "",
        ),
        (
            "com",
            CONFIGURATION,
            1,
            3,
            "\"com\" is ambiguous",
            "commit, commit-confirm, compare",
        ),
        (
            "run show flwo",
            CONFIGURATION,
            10,
            4,
            "unknown word \"flwo\"",
            "did you mean flow?",
        ),
        (
            "show flow monitor M cache filter",
            Mode::Operational,
            34,
            1,
            "not complete",
            "<conditions>",
        ),
        (
            "show flow monitor M cache filter ipv4 sorce address 1.1.1.1",
            Mode::Operational,
            39,
            5,
            "\"sorce\" is no word of a field",
            "source",
        ),
        (
            "show flow monitor M cache filter ipv4 source address",
            Mode::Operational,
            54,
            1,
            "the value of ipv4 source address is missing",
            "10.0.0.0/8",
        ),
        (
            "show flow monitor M cache filter ipv4 source address regexp",
            Mode::Operational,
            61,
            1,
            "the value of ipv4 source address is missing",
            "regular expression",
        ),
        (
            "show flow monitor M cache filter ipv4 source address 10.0.0.0/40",
            Mode::Operational,
            54,
            11,
            "no IPv4 address or prefix",
            "10.0.0.0/8",
        ),
        (
            "show flow monitor M cache filter transport destination-port 70000",
            Mode::Operational,
            61,
            5,
            "out of range",
            "0 to 65535",
        ),
        (
            "show flow monitor M cache filter ipv4 protocol tpc",
            Mode::Operational,
            48,
            3,
            "no protocol",
            "tcp",
        ),
        (
            "show flow monitor M cache filter ipv4 protocol tcp agregate ipv4 tos",
            Mode::Operational,
            52,
            8,
            "unknown word",
            "did you mean aggregate?",
        ),
        (
            "show flow monitor M cache filter ipv4 protocol tcp f",
            Mode::Operational,
            52,
            1,
            "\"f\" is ambiguous",
            "flow",
        ),
        (
            "show flow monitor M cache aggregate ipv4 protocol ipv4 protocol",
            Mode::Operational,
            51,
            4,
            "ipv4 protocol stands there already",
            "",
        ),
        (
            "show flow monitor M cache aggregate ipv4 colour",
            Mode::Operational,
            42,
            6,
            "no word of a field",
            "source",
        ),
        (
            "show flow monitor M cache aggregate | count",
            Mode::Operational,
            37,
            1,
            "not complete",
            "<fields> is missing",
        ),
        (
            "show flow monitor M cache sort highest counter bytes top 0",
            Mode::Operational,
            58,
            1,
            "out of range",
            "1 to 100000",
        ),
        (
            "show flow monitor M cache sort highest counter bits",
            Mode::Operational,
            48,
            4,
            "\"bits\" is no word",
            "bytes",
        ),
    ];
    for (line, mode, column, length, message, hint) in cases {
        let result = parse(line, *mode);
        if *column == 0 {
            assert!(result.is_ok(), "{line}: {result:?}");
            continue;
        }
        let problem = result.expect_err(line);
        assert_eq!(
            (problem.column, problem.length),
            (*column, *length),
            "{line}: {problem}"
        );
        assert!(problem.message.contains(message), "{line}: {problem}");
        assert!(
            problem.hint.as_deref().unwrap_or_default().contains(hint),
            "{line}: {problem}"
        );
    }
}

#[test]
fn every_row_has_help_and_is_reached() {
    use super::table::*;
    let ios = Submode::ALL.map(crate::ios::rows);
    let ios = ios.iter().map(Vec::as_slice);
    for rows in [OPERATIONAL, CONFIGURATION].into_iter().chain(ios) {
        for row in rows {
            assert!(!row.help.is_empty(), "{}", row.pattern);
            if let Some((parent, _)) = row.pattern.rsplit_once(' ') {
                assert!(
                    rows.iter().any(|row| row.pattern == parent),
                    "{} has no row for {parent}",
                    row.pattern
                );
            }
        }
    }
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_panics_and_every_problem_lies_in_or_just_after_it(line in ".{0,80}", which in 0..4usize) {
            let mode = [
                Mode::Operational, CONFIGURATION, Mode::Configuration(Submode::Monitor), Mode::Configuration(Submode::Interface),
            ][which];
            if let Err(problem) = parse(&line, mode) {
                prop_assert!(problem.column as usize <= line.chars().count() + 2);
                prop_assert!(problem.length >= 1);
            }
            let _ = submode_after(&line, Submode::Record);
        }

        #[test]
        fn words_of_the_table_never_panic(words in proptest::collection::vec(
            proptest::sample::select(vec!["show", "flow", "monitor", "cache", "sort", "highest", "ipv4", "counter",
                "bytes", "top", "1", "|", "match", "to", "copy", "run", "configuration", "\"", "format", "csv", "no"]), 0..9)) {
            let line = words.join(" ");
            for mode in [Mode::Operational, CONFIGURATION] {
                let _ = parse(&line, mode);
            }
        }
    }
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

/// The placeholders and their help that can follow a line.
fn placeholders(line: &str, submode: Submode) -> Vec<(String, String)> {
    use crate::complete::{Context, complete};
    let context = Context {
        mode: Mode::Configuration(submode),
        level: &[],
        opener: "",
        tree: &language::Tree::default(),
        names: &(),
    };
    let candidates = complete(line, line.len(), &context).candidates.into_iter();
    let placeholders = candidates.filter(|candidate| !candidate.literal);
    placeholders.map(|one| (one.text, one.help)).collect()
}

#[test]
fn an_ios_statement_has_the_ranges_and_defaults_of_its_path() {
    use language::schema::{Ios, Kind, TABLE, Type};
    let mut seen = 0;
    for row in TABLE.iter().filter(|row| row.kind == Kind::Leaf) {
        let Type::Number { min, max } = row.value else {
            continue;
        };
        let opens = TABLE.iter().find_map(|tag| match tag.ios {
            Ios::Opens(submode, _) => Some((
                submode,
                row.path.strip_prefix(tag.path)?.strip_prefix(" * ")?,
            )),
            _ => None,
        });
        let Some((submode, below)) = opens.filter(|_| row.ios == Ios::Path) else {
            continue;
        };
        // Whatever stands for a name is a name or a choice.
        let line = below
            .replace("option *", "option exporter-stats")
            .replace('*', "x");
        let set = row
            .path
            .replace("option *", "option exporter-stats")
            .replace('*', "x");
        let ios = placeholders(&format!("{line} "), submode);
        let said = (format!("<{min}-{max}>"), row.help_line());
        assert!(ios.contains(&said), "{line}: {ios:?}");
        assert_eq!(
            placeholders(&format!("set {set} "), Submode::Global),
            ios,
            "{line}"
        );
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
    let mtu = placeholders("mtu ", Submode::Interface);
    assert_eq!(mtu[0].0, "<68-16000>");
    let rate = placeholders("mode random 1 out-of ", Submode::Sampler);
    assert_eq!(rate[0].0, "<2-32768>");
}

#[test]
fn an_operational_command_in_configuration_mode_is_told_how_to_be_run() {
    for (line, hint) in [
        (
            "show flow exporter E statistics",
            Some("type `run show flow exporter E statistics`"),
        ),
        ("ping 192.0.2.1", Some("type `run ping 192.0.2.1`")),
        (
            " clear flow monitor M cache",
            Some("type `run clear flow monitor M cache`"),
        ),
        // Not whole, and abbreviated.
        ("clear", Some("type `run clear`")),
        ("cle flow", Some("type `run cle flow`")),
        (
            "configure terminal",
            Some("you are in configuration mode already"),
        ),
        (
            "configure nowhere",
            Some("you are in configuration mode already"),
        ),
        ("shwo version", None),
        ("flow exporter E", None),
        ("set", None),
        ("\"ping\" 192.0.2.1", None),
        ("", None),
    ] {
        assert_eq!(operational_hint(line).as_deref(), hint, "{line}");
    }
}
