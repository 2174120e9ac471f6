//! Configurations of routers go in by their flow parts, and nothing else of them does.

#[path = "../../../tests/src/router_configurations.rs"]
#[allow(unreachable_pub, reason = "the tests of the whole system use it, too")]
mod router_configurations;

use language::{Dialect, Mode, Select, Tree, detect, load, read, read_parts, render};
use router_configurations::{ALIASES, router_configuration};

/// What the host has before: on NX-OS no name stands for `ethN` by itself.
fn base(router: &str) -> Tree {
    let aliases = if router == "NX-OS" { ALIASES } else { "" };
    load(&Tree::default(), &[], aliases, None, Mode::Merge).unwrap()
}

#[test]
fn three_hundred_configurations_give_exactly_their_flow_parts() {
    for number in 0..300 {
        let router = router_configuration(number);
        let context = format!("{number}, {}:\n{}", router.router, router.text);
        let known = load(
            &base(router.router),
            &[],
            &router.known,
            Some(Dialect::Set),
            Mode::Merge,
        );
        let known = known.unwrap_or_else(|problems| panic!("{problems:?}\n{}", router.known));
        let reading = read_parts(
            &base(router.router),
            &router.text,
            None,
            Mode::Replace,
            Select::Flow,
        );
        assert_eq!(reading.problems, [], "{context}");
        assert_eq!(
            render(&reading.tree, Dialect::Set),
            render(&known, Dialect::Set),
            "{context}"
        );
        assert_eq!(reading.tree, known, "{context}");
        // Every line is read, left out, or says nothing.
        assert!(!reading.left_out.is_empty(), "{context}");
        let lines = router.text.lines().count() as u32;
        for left in &reading.left_out {
            assert!(
                left.lines > 0 && left.line + left.lines <= lines + 1,
                "{left:?} of {context}"
            );
            assert!(!left.section.is_empty(), "{left:?} of {context}");
        }
    }
}

#[test]
fn a_plain_load_keeps_the_flow_parts_too() {
    for number in 0..300 {
        let router = router_configuration(number);
        // Statements of NX-OS are told how they are written here.
        if router.router == "NX-OS" {
            continue;
        }
        let context = format!("{number}, {}:\n{}", router.router, router.text);
        let known = load(
            &base(router.router),
            &[],
            &router.known,
            Some(Dialect::Set),
            Mode::Merge,
        )
        .unwrap();
        let dialect = detect(&router.text);
        let reading = read(
            &base(router.router),
            &[],
            &router.text,
            Some(dialect),
            Mode::Merge,
        );
        for part in [&["flow"][..], &["system", "flow-accounting"]] {
            // Many problems end the reading.
            if reading.problems.len() < language::MAX_PROBLEMS && router.router != "EdgeOS" {
                assert_eq!(reading.tree.get(part), known.get(part), "{context}");
            }
        }
        for problem in &reading.problems {
            let line = router.text.lines().nth(problem.line as usize - 1);
            assert!(line.is_some(), "{problem:?} of {context}");
        }
    }
}
