//! Commands and statements of configuration mode and what they parse to.

use super::*;

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
fn an_operational_command_needs_no_run_where_it_is_nothing_else() {
    let run = |line: &str| match configuration(line) {
        Command::Run(inner) => *inner,
        other => panic!("{line}: {other:?}"),
    };
    for line in [
        "ping 192.0.2.1",
        " clear flow monitor M cache",
        "cle flow mon M ca",
        "terminal length 0",
        "traceroute r1",
        "restart flow-accounting",
    ] {
        assert_eq!(run(line), operational(line), "{line}");
    }
    let line = "clear counters | count";
    assert_eq!(run(line).pipes, [Pipe::Count]);
    // What is wrong behind the second word is told of the operational command.
    for (line, column, message) in [
        ("clear", 7, "not complete"),
        ("clear flow monitor", 20, "which flow monitor?"),
        ("ping r1 size x", 14, "not a number"),
        (
            "configure terminal",
            1,
            "you are in configuration mode already",
        ),
        (
            "configure nowhere",
            1,
            "you are in configuration mode already",
        ),
    ] {
        let problem = parse(line, CONFIGURATION).expect_err(line);
        assert_eq!(problem.column, column, "{line}: {problem}");
        assert!(problem.message.contains(message), "{line}: {problem}");
    }
    // A statement of another system is none, although it begins so.
    for line in [
        "enable secret 5 x",
        "monitor session 1 source interface Gi0/1",
        "shwo version",
        "flow exporter E",
        "\"ping\" 192.0.2.1",
        "ping {",
    ] {
        assert!(
            matches!(configuration(line), Command::Statement(_)),
            "{line}"
        );
    }
    assert_eq!(
        operational_instead("show users"),
        Ok(Some(operational("show users")))
    );
    assert_eq!(operational_instead("show nothing else"), Ok(None));
    let problem = operational_instead("show flow monitor M cache sort").unwrap_err();
    assert!(problem.message.contains("not complete"), "{problem}");
}

#[test]
fn commits_and_comparisons_as_junos_has_them() {
    for line in ["commit confirmed 3", "commit-confirm 3"] {
        let wanted = Command::CommitConfirm {
            minutes: 3,
            comment: None,
        };
        assert_eq!(configuration(line), wanted, "{line}");
    }
    assert_eq!(
        configuration("commit confirmed comment x"),
        Command::CommitConfirm {
            minutes: 10,
            comment: Some("x".into())
        }
    );
    assert_eq!(
        configuration("commit and-quit comment a b"),
        Command::CommitAndQuit {
            comment: Some("a b".into())
        }
    );
    let compare = |from, commands| Command::Compare {
        from,
        to: None,
        commands,
    };
    for (line, wanted) in [
        ("show | compare", compare(None, false)),
        (
            "show | compare rollback 1",
            compare(Some(Version::Revision(1)), false),
        ),
        ("show | compare | display set", compare(None, true)),
        (
            "show flow | display set",
            Command::Show {
                path: vec!["flow".into()],
                form: Some(Form::Commands),
            },
        ),
        (
            "show | display json",
            Command::Show {
                path: vec![],
                form: Some(Form::Json),
            },
        ),
    ] {
        assert_eq!(configuration(line), wanted, "{line}");
    }
    for (line, column, message) in [
        ("show | compare rollback", 25, "rollback to which revision?"),
        ("show | compare rollback x", 25, "not a revision"),
        ("show | display", 15, "needs <form>"),
        ("show | display yaml", 16, "unknown word"),
        ("show flow | compare", 13, "a whole configuration"),
    ] {
        let problem = parse(line, CONFIGURATION).expect_err(line);
        assert_eq!(problem.column, column, "{line}: {problem}");
        assert!(problem.message.contains(message), "{line}: {problem}");
    }
}

#[test]
fn an_incomplete_command_asks_for_what_is_missing() {
    for (line, mode, question) in [
        (
            "rollback",
            CONFIGURATION,
            "rollback to which revision? `run show system commit` lists them",
        ),
        (
            "roll",
            CONFIGURATION,
            "rollback to which revision? `run show system commit` lists them",
        ),
        (
            "set",
            CONFIGURATION,
            "set what? a path of the configuration and its value",
        ),
        (
            "edit",
            CONFIGURATION,
            "edit which level? a path of the configuration",
        ),
        ("commit at", CONFIGURATION, "commit at what time? 03:00 or"),
        ("ping", Mode::Operational, "ping: which host?"),
        (
            "cl fl mon",
            Mode::Operational,
            "clear flow monitor: which flow monitor?",
        ),
        (
            "show system commit diff",
            Mode::Operational,
            "show system commit diff of which revision? `show system commit` lists them",
        ),
        (
            "terminal length",
            Mode::Operational,
            "terminal length: how many? 0 to 512 (Lines; 0 turns paging off)",
        ),
    ] {
        let problem = parse(line, mode).expect_err(line);
        assert!(problem.message.starts_with(question), "{line}: {problem}");
        assert_eq!(problem.hint, None, "{line}");
    }
}
