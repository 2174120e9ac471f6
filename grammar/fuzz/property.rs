//! What holds of every text, for the fuzzers and for the test that replays their corpus.

use grammar::{Dialect, Mode, Tree};

/// The text is refused with places inside it, or every dialect writes what it says so that it is read again.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of the two")]
pub(crate) fn holds(text: &str, dialect: Dialect) {
    let _ = grammar::detect(text);
    let tree = match grammar::load(&Tree::default(), &[], text, Some(dialect), Mode::Merge) {
        Ok(tree) => tree,
        Err(problems) => {
            assert!(!problems.is_empty() && problems.len() <= grammar::MAX_PROBLEMS);
            for problem in problems {
                let line = text
                    .split('\n')
                    .nth(problem.line as usize - 1)
                    .expect("the line is there");
                assert!(
                    (1..=line.chars().count() + 1).contains(&(problem.column as usize)),
                    "{problem:?}"
                );
                assert!(
                    problem.length >= 1 && problem.message.chars().count() < 300,
                    "{problem:?}"
                );
            }
            return;
        }
    };
    for other in [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json] {
        let written = grammar::render(&tree, other);
        let read = grammar::load(&Tree::default(), &[], &written, Some(other), Mode::Merge);
        assert_eq!(read.as_ref(), Ok(&tree), "{other:?}\n{written}");
    }
    let _ = (grammar::check(&tree), grammar::unapplied(&tree));
    let commands = grammar::compare_commands(&Tree::default(), &tree);
    let read = grammar::load(
        &Tree::default(),
        &[],
        &commands,
        Some(Dialect::Set),
        Mode::Merge,
    );
    assert_eq!(read.as_ref(), Ok(&tree), "{commands}");
}

/// Of a samplicate command line (the first line) and its configuration file (the others) there come statements that
/// load and that a commit takes, and what is left out is told.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of the two")]
pub(crate) fn imports(text: &str) {
    use grammar::import::samplicate::{Arguments, file, import};

    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let arguments = Arguments::parse(line);
    let files: Vec<&str> = arguments.files.iter().map(|_| rest).collect();
    for imported in [import(&arguments, &files), file(rest)] {
        let read = grammar::load(
            &Tree::default(),
            &[],
            &imported.text,
            Some(Dialect::Set),
            Mode::Merge,
        );
        let tree = read.unwrap_or_else(|problems| panic!("{}\n{problems:?}", imported.text));
        assert!(!imported.text.is_empty() || !imported.remarks.is_empty());
        if !imported.text.is_empty() {
            assert_eq!(grammar::check(&tree), [], "{}", imported.text);
        }
        for remark in &imported.remarks {
            assert!(
                !remark.why.is_empty() && remark.message().chars().count() < 2000,
                "{remark:?}"
            );
        }
    }
}
