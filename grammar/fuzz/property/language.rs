//! Properties of texts in a dialect, for the fuzzers and for the test that replays their corpus.

use super::base::{LEVELS, base, told};
use language::{Dialect, Mode, Problem, Tree};

/// The text is refused with places inside it, or every dialect writes what it says so that it is read again.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of these")]
pub(crate) fn holds(text: &str, dialect: Dialect) {
    let _ = language::detect(text);
    let tree = match language::load(&Tree::default(), &[], text, Some(dialect), Mode::Merge) {
        Ok(tree) => tree,
        Err(problems) => {
            placed(text, &problems);
            return;
        }
    };
    for other in [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json] {
        let written = language::render(&tree, other);
        let read = language::load(&Tree::default(), &[], &written, Some(other), Mode::Merge);
        assert_eq!(read.as_ref(), Ok(&tree), "{other:?}\n{written}");
    }
    let _ = (language::check(&tree), language::unapplied(&tree));
    let commands = language::compare_commands(&Tree::default(), &tree);
    let read = language::load(
        &Tree::default(),
        &[],
        &commands,
        Some(Dialect::Set),
        Mode::Merge,
    );
    assert_eq!(read.as_ref(), Ok(&tree), "{commands}");
}

/// Problems lie inside the text they are about and say what would be right.
fn placed(text: &str, problems: &[Problem]) {
    assert!(!problems.is_empty() && problems.len() <= language::MAX_PROBLEMS);
    for problem in problems {
        let line = text
            .split('\n')
            .nth(problem.line as usize - 1)
            .expect("the line is there");
        assert!(
            (1..=line.chars().count() + 1).contains(&(problem.column as usize)),
            "{problem:?}"
        );
        told(problem);
    }
}

/// The first octet says how the text behind it meets a configuration: in which dialect, or one that is to be found
/// out, in which mode, at which level. It is refused with places inside it, or there is another tree; and that
/// tree can be looked at in every way, and the difference to the one before leads to it.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of these")]
pub(crate) fn meets(data: &str) {
    let mut chars = data.chars();
    let choice = chars.next().map_or(0, u32::from) as usize;
    let text = chars.as_str();
    let dialects = [
        None,
        Some(Dialect::Curly),
        Some(Dialect::Set),
        Some(Dialect::Ios),
        Some(Dialect::Json),
    ];
    let dialect = dialects[choice % dialects.len()];
    let mode = [Mode::Merge, Mode::Replace, Mode::Override][choice / 5 % 3];
    let level: Vec<String> = LEVELS[choice / 15 % LEVELS.len()]
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let tree = match language::load(base(), &level, text, dialect, mode) {
        Err(problems) => return placed(text, &problems),
        Ok(tree) => tree,
    };
    for finding in language::check(&tree)
        .into_iter()
        .chain(language::unapplied(&tree))
    {
        assert!(!finding.path.is_empty() && !finding.message.is_empty());
    }
    let changes = language::diff(base(), &tree);
    assert_eq!(changes.is_empty(), tree == *base(), "{changes:?}");
    let _ = language::compare(base(), &tree);
    let commands = language::compare_commands(base(), &tree);
    let read = language::load(base(), &[], &commands, Some(Dialect::Set), Mode::Merge);
    let read = read.unwrap_or_else(|problems| panic!("{commands}\n{problems:?}"));
    assert_eq!(language::diff(&read, &tree), [], "{commands}");
    for other in [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json] {
        let written = language::render(&tree, other);
        let read = language::load(base(), &[], &written, Some(other), Mode::Override);
        assert_eq!(read.as_ref(), Ok(&tree), "{other:?}\n{written}");
    }
}
