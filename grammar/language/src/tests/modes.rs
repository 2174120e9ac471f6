//! Merge, replace, override.

use super::right;
use crate::{Dialect, Mode, Tree, load, render};

const OLD: &str = "set system host-name r1
set system flow-accounting interface eth0
set system flow-accounting netflow server 192.0.2.1
set flow exporter E destination 192.0.2.1
set flow exporter E ttl 4
set flow exporter F destination 192.0.2.2
set flow record R match ipv4 protocol";

fn loaded(text: &str, at: &str, mode: Mode) -> Tree {
    let at: Vec<String> = at.split_whitespace().map(str::to_owned).collect();
    load(&right(OLD), &at, text, None, mode).unwrap()
}

#[test]
fn merge_adds() {
    let tree = loaded(
        "flow {\n exporter E {\n  ttl 5\n }\n record R {\n  match ipv4 tos\n }\n}",
        "",
        Mode::Merge,
    );
    let expected = format!("{OLD}\nset flow exporter E ttl 5\nset flow record R match ipv4 tos");
    assert_eq!(tree, right(&expected));
}

#[test]
fn replace_takes_what_is_named_whole() {
    let expected = right(
        "set system host-name r1
set system flow-accounting interface eth1
set flow exporter E destination 192.0.2.3
set flow exporter F destination 192.0.2.2
set flow record R match ipv4 protocol",
    );
    for text in [
        "system {\n flow-accounting {\n  interface eth1\n }\n}\nflow {\n exporter E {\n  destination 192.0.2.3\n }\n}",
        "set system flow-accounting interface eth1\nset flow exporter E destination 192.0.2.3",
        "flow exporter E\n destination 192.0.2.3\nsystem flow-accounting interface eth1",
        r#"{"system": {"flow-accounting": {"interface": ["eth1"]}}, "flow": {"exporter": {"E": {"destination": "192.0.2.3"}}}}"#,
    ] {
        assert_eq!(loaded(text, "", Mode::Replace), expected, "{text}");
    }
    // Below an edit level, what is named there.
    let tree = loaded("interface eth1", "system flow-accounting", Mode::Replace);
    assert_eq!(
        tree.values(&["system", "flow-accounting", "interface"]),
        ["eth1"]
    );
    assert!(tree.has(&["system", "flow-accounting", "netflow"]));
}

#[test]
fn override_leaves_nothing_else() {
    let tree = loaded("set system host-name r2", "", Mode::Override);
    assert_eq!(tree, right("set system host-name r2"));
    let tree = loaded(
        "set destination 192.0.2.9",
        "flow exporter E",
        Mode::Override,
    );
    assert!(!tree.has(&["flow", "exporter", "E", "ttl"]) && tree.has(&["flow", "exporter", "F"]));
    assert_eq!(loaded("", "", Mode::Override), Tree::default());
}

#[test]
fn paths_are_relative_to_the_edit_level() {
    for (dialect, text) in [
        (Dialect::Set, "set ttl 9\ndelete destination"),
        (Dialect::Ios, "ttl 9\nno destination"),
    ] {
        let at = ["flow", "exporter", "E"].map(str::to_owned);
        let tree = load(&right(OLD), &at, text, Some(dialect), Mode::Merge).unwrap();
        assert_eq!(tree.value(&["flow", "exporter", "E", "ttl"]), Some("9"));
        assert!(!tree.has(&["flow", "exporter", "E", "destination"]));
    }
    assert_eq!(
        loaded("E {\n ttl 9\n}", "flow exporter", Mode::Merge)
            .value(&["flow", "exporter", "E", "ttl"]),
        Some("9")
    );
    assert_eq!(
        loaded(r#"{"ttl": 9}"#, "flow exporter E", Mode::Merge)
            .value(&["flow", "exporter", "E", "ttl"]),
        Some("9")
    );
    let nowhere = load(
        &right(OLD),
        &["flow".into(), "nothing".into()],
        "x",
        None,
        Mode::Merge,
    )
    .unwrap_err();
    assert_eq!(
        nowhere[0].to_string(),
        "1:1: \"flow nothing\" is not an edit level; a container, or a name of a tag"
    );
}

#[test]
fn deleting_the_last_takes_empty_containers_along_but_not_names() {
    let tree = loaded(
        "delete flow exporter E destination\ndelete flow exporter E ttl\ndelete system flow-accounting netflow server 192.0.2.1",
        "",
        Mode::Merge,
    );
    assert!(tree.has(&["flow", "exporter", "E"]));
    assert!(!tree.has(&["system", "flow-accounting", "netflow"]));
    let tree = loaded("delete flow record R", "", Mode::Merge);
    assert!(!tree.has(&["flow", "record"]));
}

#[test]
fn nothing_is_applied_when_something_is_wrong() {
    let base = right(OLD);
    let problems = load(
        &base,
        &[],
        "set system host-name r9\nset system host-name -\n",
        None,
        Mode::Merge,
    )
    .unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].line, problems[0].column, problems[0].length),
        (2, 22, 1)
    );
}

#[test]
fn words_of_other_releases_are_noted_with_their_place() {
    for (dialect, text, line) in [
        (
            Dialect::Set,
            "set system flow-accounting netflow source-ip 192.0.2.1",
            1,
        ),
        (
            Dialect::Curly,
            "flow-accounting {\n netflow {\n  source-ip 192.0.2.1\n }\n}",
            3,
        ),
        (
            Dialect::Ios,
            "!\nsystem flow-accounting netflow source-ip 192.0.2.1",
            2,
        ),
        (
            Dialect::Json,
            "{\"system\": {\"flow-accounting\": {\"netflow\":\n {\"source-ip\": \"192.0.2.1\"}}}}",
            2,
        ),
    ] {
        let loaded =
            crate::load_noted(&Tree::default(), &[], text, Some(dialect), Mode::Merge).unwrap();
        let [note] = &loaded.notes[..] else {
            panic!("{dialect:?}: {:?}", loaded.notes)
        };
        assert_eq!(
            (note.line, note.message.as_str()),
            (
                line,
                "\"source-ip\" is kept as system flow-accounting netflow source-address"
            )
        );
        let path = ["system", "flow-accounting", "netflow", "source-address"];
        assert_eq!(loaded.tree.value(&path), Some("192.0.2.1"));
    }
}

#[test]
fn a_comment_in_braces_stands_above_its_node() {
    let text = "\
flow {
    /* the \"core\" # one */
    sampler S {
        /* ten */
        rate 10
    }
    sampler T {
        rate 20
    }
}
comment \"flow sampler T\" {
    text \"*/\"
}
";
    let tree = load(&Tree::default(), &[], text, None, Mode::Override).unwrap();
    assert_eq!(render(&tree, Dialect::Curly), text);
    let set = render(&tree, Dialect::Set);
    assert_eq!(
        set,
        "set flow sampler S rate 10\nset flow sampler T rate 20\n\
         set comment \"flow sampler S\" text \"the \\\"core\\\" # one\"\n\
         set comment \"flow sampler S rate\" text ten\nset comment \"flow sampler T\" text \"*/\"\n"
    );
    // Not one: within a statement, before nothing, of another line, too long.
    let long = format!("/* {} */\nflow {{\n}}\n", "x".repeat(300));
    for text in [
        "flow { /* a */ sampler S { rate 10; } }\n/* b */\n",
        "flow {\n    /* over\n    lines */\n    sampler S {\n        rate 10\n    }\n}\n",
        &long,
    ] {
        let tree = load(&Tree::default(), &[], text, None, Mode::Merge).unwrap();
        assert!(!tree.has(&["comment"]), "{text}");
    }
    // Loaded at a level, in place of what is there, with the braces on a line of their own.
    let below = "/* new */\nsampler S\n{\n    rate 11\n}\n";
    let at = ["flow".to_owned()];
    let dialect = Some(Dialect::Curly);
    let tree = load(&tree, &at, below, dialect, Mode::Replace).unwrap();
    let said = |node| tree.value(&["comment", node, "text"]);
    assert_eq!(said("flow sampler S"), Some("new"));
    assert_eq!(said("flow sampler S rate"), None);
    assert_eq!(said("flow sampler T"), Some("*/"));
}

#[test]
fn a_comment_stays_with_its_node() {
    let read = |base: &Tree, text: &str| load(base, &[], text, Some(Dialect::Set), Mode::Merge);
    let base = read(
        &Tree::default(),
        "set flow sampler S rate 10\nset flow sampler S2 rate 10\ncomment flow sampler S \"the /* core */ {\"\n\
         comment flow sampler S rate ten\ncomment flow sampler S2 other",
    )
    .unwrap();
    let comment =
        |tree: &Tree, node: &str| tree.value(&["comment", node, "text"]).map(str::to_owned);
    assert_eq!(
        comment(&base, "flow sampler S").as_deref(),
        Some("the /* core */ {")
    );
    for dialect in [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json] {
        let text = render(&base, dialect);
        let again = load(&Tree::default(), &[], &text, None, Mode::Merge);
        assert_eq!(again.as_ref(), Ok(&base), "{text}");
    }
    // It goes when it is taken away, and with its node.
    let without = read(&base, "comment flow sampler S \"\"").unwrap();
    assert_eq!(comment(&without, "flow sampler S"), None);
    assert!(comment(&without, "flow sampler S rate").is_some());
    let gone = read(&base, "delete flow sampler S").unwrap();
    assert_eq!(comment(&gone, "flow sampler S rate"), None);
    assert!(comment(&gone, "flow sampler S2").is_some());
    let replaced = load(&base, &[], "set flow sampler S rate 9", None, Mode::Replace).unwrap();
    assert_eq!(comment(&replaced, "flow sampler S"), None);
    for (line, column, what) in [
        ("comment flow sampler T x", 22, "not there"),
        ("comment flow", 13, "the comment is missing"),
        ("comment flow samples S x", 14, "unknown word"),
    ] {
        let problems = read(&base, line).unwrap_err();
        assert!(problems[0].message.contains(what), "{line}: {problems:?}");
        assert_eq!(problems[0].column, column, "{line}: {problems:?}");
    }
}
