//! Large texts: their time grows with their length, and what is too large is refused at once.

// How long the work takes is what is tested here.
#![allow(clippy::disallowed_methods)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::{DIALECTS, right};
use crate::{
    Dialect, MAX_DEPTH, MAX_LINE, MAX_PROBLEMS, MAX_VALUES, Mode, Tree, check, load, render,
};

/// Far more than the work takes on any machine, far less than quadratic work would.
const LONG: Duration = Duration::from_secs(15);

#[track_caller]
fn quick<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let took = start.elapsed();
    println!("{took:?}");
    assert!(took < LONG, "took {took:?}");
    done
}

/// 100,000 lines.
fn large() -> String {
    let mut text = String::new();
    for i in 0..25_000 {
        let _ = writeln!(text, "set flow exporter E{i} destination 192.0.2.1");
        let _ = writeln!(text, "set flow exporter E{i} description \"number {i}\"");
        let _ = writeln!(text, "set flow record R{i} match ipv4 source address");
        let _ = writeln!(text, "set flow record R{i} collect counter bytes long");
    }
    text
}

#[test]
fn a_hundred_thousand_lines() {
    let text = large();
    let tree = quick(|| {
        load(
            &Tree::default(),
            &[],
            &text,
            Some(Dialect::Set),
            Mode::Merge,
        )
    })
    .unwrap();
    for dialect in DIALECTS {
        let text = quick(|| render(&tree, dialect));
        assert_eq!(
            quick(|| load(&Tree::default(), &[], &text, Some(dialect), Mode::Merge)).as_ref(),
            Ok(&tree)
        );
    }
    assert_eq!(quick(|| check(&tree)), []);
    quick(|| {
        for i in 0..20 {
            load(
                &tree,
                &[],
                &format!("set flow exporter E{i} ttl 4"),
                None,
                Mode::Merge,
            )
            .unwrap();
        }
    });
    assert_eq!(
        quick(|| crate::compare_commands(&tree, &Tree::default())),
        "delete flow\n"
    );
    let reloaded = quick(|| load(&tree, &[], &text, Some(Dialect::Set), Mode::Replace));
    assert_eq!(reloaded, Ok(tree));
}

#[test]
fn a_line_of_ten_megabytes_is_refused_at_once() {
    for text in [
        "x".repeat(10_000_000),
        "a ".repeat(5_000_000),
        "{".repeat(10_000_000),
        "\"".repeat(10_000_000),
    ] {
        for dialect in [
            None,
            Some(Dialect::Curly),
            Some(Dialect::Set),
            Some(Dialect::Ios),
            Some(Dialect::Json),
        ] {
            let problems =
                quick(|| load(&Tree::default(), &[], &text, dialect, Mode::Merge)).unwrap_err();
            assert!(
                problems.len() == 1 && problems[0].to_string().len() < 200,
                "{problems:?}"
            );
            if !matches!(dialect, None | Some(Dialect::Json)) {
                assert_eq!(
                    (problems[0].line, problems[0].column),
                    (1, MAX_LINE as u32 + 1)
                );
            }
        }
    }
    let long = format!("set system host-name {}", "x".repeat(60_000));
    let problems = load(&Tree::default(), &[], &long, None, Mode::Merge).unwrap_err();
    assert_eq!((problems[0].column, problems[0].length), (22, 60_000));
    assert!(problems[0].message.len() < 100);
    // JSON may be one long line.
    let tree = right(&large());
    let line = serde_json::from_str::<serde_json::Value>(&render(&tree, Dialect::Json))
        .unwrap()
        .to_string();
    assert_eq!(
        quick(|| load(&Tree::default(), &[], &line, None, Mode::Merge)),
        Ok(tree)
    );
}

#[test]
fn many_problems_in_many_lines_are_cut() {
    for dialect in [Dialect::Curly, Dialect::Set, Dialect::Ios] {
        let problems = quick(|| {
            load(
                &Tree::default(),
                &[],
                &"nonsense\n".repeat(1_000_000),
                Some(dialect),
                Mode::Merge,
            )
        })
        .unwrap_err();
        // Below an IOS line that is refused, lines are left out up to one that opens something.
        let wanted = match dialect {
            Dialect::Ios => 1,
            _ => MAX_PROBLEMS,
        };
        assert_eq!(problems.len(), wanted);
    }
    let wide: Vec<String> = (0..100_000).map(|i| format!("\"n{i}\": 1")).collect();
    let json = format!("{{{}}}", wide.join(", "));
    let problems = quick(|| {
        load(
            &Tree::default(),
            &[],
            &json,
            Some(Dialect::Json),
            Mode::Merge,
        )
    })
    .unwrap_err();
    assert_eq!(problems.len(), MAX_PROBLEMS);
}

#[test]
fn nesting_and_values_are_bounded() {
    let deep = "system {\n".repeat(100_000);
    let problems = quick(|| {
        load(
            &Tree::default(),
            &[],
            &deep,
            Some(Dialect::Curly),
            Mode::Merge,
        )
    })
    .unwrap_err();
    let last = problems.last().unwrap();
    assert_eq!(
        (last.line as usize, last.message.as_str()),
        (MAX_DEPTH + 1, "braces are nested too deep")
    );
    let deep = "{\"system\": ".repeat(100_000);
    let problems = quick(|| {
        load(
            &Tree::default(),
            &[],
            &deep,
            Some(Dialect::Json),
            Mode::Merge,
        )
    })
    .unwrap_err();
    assert!(problems[0].message.contains("recursion"), "{problems:?}");
    let many: String = (0..100_000)
        .map(|i| format!("set flow monitor M exporter E{i}\n"))
        .collect();
    let problems = quick(|| {
        load(
            &Tree::default(),
            &[],
            &many,
            Some(Dialect::Set),
            Mode::Merge,
        )
    })
    .unwrap_err();
    assert_eq!(
        (problems[0].line as usize, problems[0].message.as_str()),
        (MAX_VALUES + 1, "too many values")
    );
}
