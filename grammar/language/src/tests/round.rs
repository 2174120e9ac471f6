//! What must hold of every tree and every text.

use proptest::prelude::*;

use super::DIALECTS;
use super::generate::tree;
use crate::schema::{Place, TABLE, follow, lookup};
use crate::{
    Code, Dialect, Mode, Tree, check, compare, compare_commands, detect, diff, load, render,
    unapplied,
};

/// Text made of the language's own words and of what breaks it.
fn noise() -> impl Strategy<Value = String> {
    let words: Vec<String> = TABLE
        .iter()
        .flat_map(|row| row.path.split(' '))
        .chain([
            "set",
            "delete",
            "no",
            "interface",
            "Gi0/1",
            "hostname",
            "sampler",
            "logging",
            "ip",
            "ipv6",
            "mode",
            "address",
            "shutdown",
            "netflow-original",
            "source",
            "exit",
            "end",
            "1",
            "out-of",
            "eth0",
            "255.0.0.0",
            "192.0.2.1",
            "2001:db8::1/64",
            "{",
            "}",
            "[",
            "]",
            ";",
            "\"",
            "\"a b\"",
            "\\",
            "/*",
            "*/",
            "#",
            "!",
            "//",
            ":",
            ",",
            "true",
            "null",
            "\"system\":",
            "\"flow\":",
            "{\"",
            "é",
            "\u{a0}",
            "\t",
            "\r",
            "\0",
            "\u{feff}",
        ])
        .map(str::to_owned)
        .collect();
    let piece = prop_oneof![
        12 => prop::sample::select(words),
        1 => any::<String>(),
    ];
    let space = prop::sample::select(vec![" ", " ", " ", "\n", "\n ", ""]);
    prop::collection::vec((piece, space), 0..40).prop_map(|pieces| {
        pieces
            .into_iter()
            .flat_map(|(word, space)| [word, space.to_owned()])
            .collect()
    })
}

fn again(text: &str, dialect: Dialect) -> Result<Tree, String> {
    load(&Tree::default(), &[], text, Some(dialect), Mode::Merge)
        .map_err(|problems| format!("{dialect:?} {problems:?}\n{text}"))
}

proptest! {
    #[test]
    fn every_dialect_through_every_other(tree in tree()) {
        for one in DIALECTS {
            let text = render(&tree, one);
            let read = again(&text, one).map_err(TestCaseError::fail)?;
            prop_assert_eq!(&read, &tree, "{:?}\n{}", one, text);
            if !tree.is_empty() {
                prop_assert_eq!(detect(&text), one, "{}", text);
            }
            for other in DIALECTS {
                let text = render(&read, other);
                prop_assert_eq!(&again(&text, other).map_err(TestCaseError::fail)?, &tree);
            }
        }
    }

    #[test]
    fn override_and_replace_give_the_same_whole(old in tree(), new in tree()) {
        for dialect in DIALECTS {
            let text = render(&new, dialect);
            let over = load(&old, &[], &text, Some(dialect), Mode::Override).unwrap();
            prop_assert_eq!(&over, &new);
            // Replaced onto itself, a tree stays as it is.
            let same = load(&new, &[], &text, Some(dialect), Mode::Replace).unwrap();
            prop_assert_eq!(&same, &new);
        }
    }

    #[test]
    fn merging_twice_is_merging_once(old in tree(), new in tree()) {
        for dialect in DIALECTS {
            let text = render(&new, dialect);
            let once = match load(&old, &[], &text, Some(dialect), Mode::Merge) {
                Ok(once) => once,
                // Lines that attach monitors may ask for what the tree cannot say.
                Err(problems) => {
                    let conflict = problems.iter().all(|problem| problem.code == Code::Conflict);
                    prop_assert!(dialect == Dialect::Ios && conflict, "{:?}", problems);
                    continue;
                }
            };
            let twice = load(&once, &[], &text, Some(dialect), Mode::Merge).unwrap();
            prop_assert_eq!(once, twice, "{}", text);
        }
    }

    #[test]
    fn differences_lead_from_old_to_new(old in tree(), new in tree()) {
        let commands = compare_commands(&old, &new);
        let reached = load(&old, &[], &commands, Some(Dialect::Set), Mode::Merge);
        prop_assert_eq!(reached.as_ref(), Ok(&new), "{}", commands);
        prop_assert_eq!(diff(&old, &new).is_empty(), old == new);
        prop_assert_eq!(compare(&old, &new).is_empty(), old == new);
        prop_assert_eq!(commands.is_empty(), old == new);
        // Backwards, what came went; only the order of a leaf's values has more than one way.
        let forward = diff(&old, &new);
        for change in &forward {
            let (gone, there) = if change.added { (&old, &new) } else { (&new, &old) };
            let (last, above) = change.path.split_last().unwrap();
            let has = |tree: &Tree| tree.at(&change.path).is_some()
                || matches!(tree.at(above), Some(Tree::Leaf(values)) if values.contains(last));
            prop_assert!(has(there), "{:?}", change);
            let moved = forward.iter().any(|other| other.path == change.path && other.added != change.added);
            prop_assert!(!has(gone) || moved, "{:?}", change);
        }
    }

    #[test]
    fn checks_of_any_tree_point_into_it(tree in tree()) {
        for finding in check(&tree).into_iter().chain(unapplied(&tree)) {
            prop_assert!(!finding.message.is_empty());
            let (last, above) = finding.path.split_last().unwrap();
            let named = matches!(tree.at(above), Some(Tree::Leaf(values)) if values.contains(last));
            prop_assert!(named || tree.at(&finding.path).is_some(), "{}", finding);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in noise(), base in tree()) {
        for dialect in [None, Some(Dialect::Curly), Some(Dialect::Set), Some(Dialect::Ios), Some(Dialect::Json)] {
            for mode in [Mode::Merge, Mode::Replace, Mode::Override] {
                match load(&base, &[], &text, dialect, mode) {
                    Ok(tree) => {
                        // What was read is canonical: it survives being written.
                        let text = render(&tree, Dialect::Curly);
                        prop_assert_eq!(&again(&text, Dialect::Curly).map_err(TestCaseError::fail)?, &tree);
                    }
                    Err(problems) => {
                        prop_assert!(!problems.is_empty() && problems.len() <= crate::MAX_PROBLEMS);
                        for problem in problems {
                            prop_assert!(problem.line >= 1 && problem.column >= 1 && problem.length >= 1, "{:?}", problem);
                            let line = text.split('\n').nth(problem.line as usize - 1);
                            prop_assert!(line.is_some(), "{:?} {:?}", problem, text);
                            prop_assert!(problem.column as usize <= line.unwrap().chars().count() + 1, "{:?} {:?}", problem, text);
                            prop_assert!(problem.message.chars().count() < 300, "{:?}", problem);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn strings_are_read_or_refused(text in any::<String>()) {
        for dialect in [None, Some(Dialect::Curly), Some(Dialect::Set), Some(Dialect::Ios), Some(Dialect::Json)] {
            let _ = load(&Tree::default(), &[], &text, dialect, Mode::Merge);
        }
    }

    #[test]
    fn what_follows_can_be_written(words in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        // Walks along what is offered; every offered word must be accepted.
        let mut path: Vec<String> = Vec::new();
        for index in words {
            let refs: Vec<&str> = path.iter().map(String::as_str).collect();
            let next = follow(&[], &refs).map_err(|at| TestCaseError::fail(format!("{path:?} at {at}")))?;
            if next.candidates.is_empty() {
                prop_assert!(next.complete, "{:?}", path);
                break;
            }
            for candidate in &next.candidates {
                prop_assert!(!candidate.help.is_empty() && !candidate.text.is_empty(), "{:?} {:?}", path, candidate);
                if candidate.literal {
                    let words: Vec<&str> = refs.iter().copied().chain([candidate.text.as_str()]).collect();
                    prop_assert!(follow(&[], &words).is_ok(), "{:?}", words);
                }
            }
            let candidate = &next.candidates[index.index(next.candidates.len())];
            let value = match candidate.text.as_str() {
                word if candidate.literal => word.to_owned(),
                "<address/length>" => "192.0.2.1/24".to_owned(),
                "<path>" => "flow".to_owned(),
                "<hash>" => "$6$a$b".to_owned(),
                "<directory>" => "/var/archive".to_owned(),
                "<url>" => "sftp://ann@192.0.2.1/a".to_owned(),
                "<prefix>" => "192.0.2.0/24".to_owned(),
                "<address>" | "<address|host-name>" | "<interface|address>" => "192.0.2.1".to_owned(),
                "<0-255>:<0-255>" => "1:2".to_owned(),
                range if range.contains('-') && range.as_bytes()[1].is_ascii_digit() => {
                    range[1..range.find('-').unwrap()].to_owned()
                }
                _ => "eth0".to_owned(),
            };
            path.push(value);
        }
    }
}

#[test]
fn every_row_is_reached_by_its_path() {
    for row in TABLE {
        let path = row.path.replace('*', "x");
        let place = lookup(path.split(' ')).unwrap_or_else(|| panic!("{}", row.path));
        assert!(std::ptr::eq(place.node().row, row), "{}", row.path);
        assert!(
            !matches!(place, Place::Words(_)) || row.kind == crate::schema::Kind::Container,
            "{}",
            row.path
        );
    }
}
