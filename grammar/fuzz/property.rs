//! What holds of every text, for the fuzzers and for the test that replays their corpus.

use grammar::command::{self, Submode};
use grammar::complete::{Context, complete};
use grammar::{Dialect, Mode, Problem, Tree};

/// The text is refused with places inside it, or every dialect writes what it says so that it is read again.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of these")]
pub(crate) fn holds(text: &str, dialect: Dialect) {
    let _ = grammar::detect(text);
    let tree = match grammar::load(&Tree::default(), &[], text, Some(dialect), Mode::Merge) {
        Ok(tree) => tree,
        Err(problems) => {
            placed(text, &problems);
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

/// Problems lie inside the text they are about and say what would be right.
fn placed(text: &str, problems: &[Problem]) {
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
        told(problem);
    }
}

/// A message is one a person can read.
fn told(problem: &Problem) {
    assert!(
        problem.length >= 1 && problem.message.chars().count() < 300,
        "{problem:?}"
    );
}

/// What is there when a text is loaded, and where names are completed from.
const BASE: &str = "set system host-name r1
set system flow-accounting interface eth0
set system flow-accounting netflow server 192.0.2.1
set interfaces ethernet eth0 alias GigabitEthernet0/1
set interfaces ethernet eth0 flow monitor M direction both
set flow record R match ipv4 protocol
set flow record R collect counter bytes
set flow exporter E destination 192.0.2.9
set flow monitor M record R
set flow monitor M exporter E
set flow sampler S rate 10
set flow samplicator X receiver A address 192.0.2.7
set flow samplicator X source 10.0.0.0/8 receiver A
";

fn base() -> &'static Tree {
    static TREE: std::sync::LazyLock<Tree> = std::sync::LazyLock::new(|| {
        let read = grammar::load(&Tree::default(), &[], BASE, Some(Dialect::Set), Mode::Merge);
        read.expect("it is right")
    });
    &TREE
}

/// The edit levels that texts are loaded at.
const LEVELS: &[&str] = &[
    "",
    "system",
    "system flow-accounting",
    "interfaces ethernet eth0",
    "flow record R",
    "flow monitor M",
    "flow samplicator X",
    "flow samplicator X receiver A",
];

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
    let tree = match grammar::load(base(), &level, text, dialect, mode) {
        Err(problems) => return placed(text, &problems),
        Ok(tree) => tree,
    };
    for finding in grammar::check(&tree)
        .into_iter()
        .chain(grammar::unapplied(&tree))
    {
        assert!(!finding.path.is_empty() && !finding.message.is_empty());
    }
    let changes = grammar::diff(base(), &tree);
    assert_eq!(changes.is_empty(), tree == *base(), "{changes:?}");
    let _ = grammar::compare(base(), &tree);
    let commands = grammar::compare_commands(base(), &tree);
    let read = grammar::load(base(), &[], &commands, Some(Dialect::Set), Mode::Merge);
    let read = read.unwrap_or_else(|problems| panic!("{commands}\n{problems:?}"));
    assert_eq!(grammar::diff(&read, &tree), [], "{commands}");
    for other in [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json] {
        let written = grammar::render(&tree, other);
        let read = grammar::load(base(), &[], &written, Some(other), Mode::Override);
        assert_eq!(read.as_ref(), Ok(&tree), "{other:?}\n{written}");
    }
}

/// The modes that lines are typed in.
const MODES: &[command::Mode] = &[
    command::Mode::Operational,
    command::Mode::Configuration(Submode::Global),
    command::Mode::Configuration(Submode::Record),
    command::Mode::Configuration(Submode::Exporter),
    command::Mode::Configuration(Submode::Monitor),
    command::Mode::Configuration(Submode::Sampler),
    command::Mode::Configuration(Submode::Interface),
    command::Mode::Configuration(Submode::Samplicator),
];

/// The first character says where the line behind it is typed. It is a command, or it is refused at one of its words;
/// what can follow it is known at every place, and a word that can follow still can once it is written.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of these")]
pub(crate) fn typed(data: &str) {
    let mut chars = data.chars();
    let choice = chars.next().map_or(0, u32::from) as usize;
    let line = chars.as_str().split('\n').next().unwrap_or_default();
    let mode = MODES[choice % MODES.len()];
    let level: Vec<String> = match mode {
        command::Mode::Configuration(Submode::Global) => LEVELS[choice / 8 % LEVELS.len()],
        _ => "",
    }
    .split_whitespace()
    .map(str::to_owned)
    .collect();
    if let Err(problem) = command::parse(line, mode) {
        // Behind the last word there is the place of the one that is missing, and a space before it.
        let column = problem.column as usize;
        let places = 1..=line.chars().count() + 2;
        assert!(problem.line == 1 && places.contains(&column), "{problem:?}");
        told(&problem);
    }
    if let command::Mode::Configuration(submode) = mode {
        let _ = command::submode_after(line, submode);
        let _ = command::first_word_hint(line, submode);
    }
    let context = Context {
        mode,
        level: &level,
        opener: line,
        tree: base(),
        names: &(),
    };
    // In the middle of a word and in the middle of a character.
    complete(line, line.len() / 2, &context);
    let completion = complete(line, line.len(), &context);
    assert!(line.is_char_boundary(completion.start), "{completion:?}");
    let literal = |candidate: &&grammar::complete::Candidate| candidate.literal;
    for candidate in completion.candidates.iter().filter(literal).take(4) {
        let written = format!("{}{}", &line[..completion.start], candidate.text);
        let again = complete(&written, written.len(), &context);
        assert!(
            again
                .candidates
                .iter()
                .any(|one| one.text == candidate.text),
            "{written:?}: {candidate:?} of {line:?} is gone: {again:?}"
        );
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let _ = grammar::schema::follow(&level, &words);
}

/// Of a samplicate command line (the first line) and its configuration file (the others) there come statements that
/// load and that a commit takes, and what is left out is told.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of these")]
pub(crate) fn imports(text: &str) {
    use grammar::import::samplicate::{Arguments, file, import};

    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let arguments = Arguments::parse(line);
    let files: Vec<&str> = arguments.files.iter().map(|_| rest).collect();
    for imported in [import(&arguments, &files), file(rest)] {
        imported_whole(&imported);
    }
}

/// The same of a softflowd command line.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of them")]
pub(crate) fn softflowd(text: &str) {
    imported_whole(&grammar::import::softflowd::arguments(text));
}

/// The same of a configuration of pmacctd.
///
/// # Panics
/// When it is not so.
#[allow(dead_code, reason = "each fuzzer uses one of them")]
pub(crate) fn pmacct(text: &str) {
    imported_whole(&grammar::import::pmacct::file(text));
}

#[allow(dead_code, reason = "each fuzzer uses one of them")]
fn imported_whole(imported: &grammar::import::Imported) {
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
