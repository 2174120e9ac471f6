//! Wrong lines: the place of the error and what would have been right.

use super::*;

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
            "clear flow monitor: which flow monitor?",
            "",
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
            "\"foo\" is not an output pipe",
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
            "\"x\" is not an address",
            "an IPv4",
        ),
        (
            "show flow-accounting port 9-3",
            Mode::Operational,
            27,
            3,
            "\"9-3\" is not a port",
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
            "\"x\" is not a revision",
            "`run show system commit` lists them",
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
            "which field and value?",
            "",
        ),
        (
            "show flow monitor M cache filter ipv4 sorce address 1.1.1.1",
            Mode::Operational,
            39,
            5,
            "\"sorce\" is not a word of a field",
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
            "not an IPv4 address or prefix",
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
            "not a protocol",
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
            "ipv4 protocol is given already",
            "",
        ),
        (
            "show flow monitor M cache aggregate ipv4 colour",
            Mode::Operational,
            42,
            6,
            "not a word of a field",
            "source",
        ),
        (
            "show flow monitor M cache aggregate | count",
            Mode::Operational,
            37,
            1,
            "which fields?",
            "",
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
            "\"bits\" is not a word",
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
