//! Properties of typed lines, for the fuzzers and for the test that replays their corpus.

use super::base::{LEVELS, base, told};
use commands::complete::{Context, complete};
use language::Submode;

/// The modes that lines are typed in.
const MODES: &[commands::Mode] = &[
    commands::Mode::Operational,
    commands::Mode::Configuration(Submode::Global),
    commands::Mode::Configuration(Submode::Record),
    commands::Mode::Configuration(Submode::Exporter),
    commands::Mode::Configuration(Submode::Monitor),
    commands::Mode::Configuration(Submode::Sampler),
    commands::Mode::Configuration(Submode::Interface),
    commands::Mode::Configuration(Submode::Samplicator),
];

/// The first character says where the line behind it is typed. It is a command, or it is refused at one of its words;
/// what can follow it is known at every place, and a word that can follow still can once it is written.
///
/// # Panics
/// When it is not so.
pub(crate) fn typed(data: &str) {
    let mut chars = data.chars();
    let choice = chars.next().map_or(0, u32::from) as usize;
    let line = chars.as_str().split('\n').next().unwrap_or_default();
    let mode = MODES[choice % MODES.len()];
    let level: Vec<String> = match mode {
        commands::Mode::Configuration(Submode::Global) => LEVELS[choice / 8 % LEVELS.len()],
        _ => "",
    }
    .split_whitespace()
    .map(str::to_owned)
    .collect();
    if let Err(problem) = commands::parse(line, mode) {
        // Behind the last word there is the place of the one that is missing, and a space before it.
        let column = problem.column as usize;
        let places = 1..=line.chars().count() + 2;
        assert!(problem.line == 1 && places.contains(&column), "{problem:?}");
        told(&problem);
    }
    if let commands::Mode::Configuration(submode) = mode {
        let _ = commands::submode_after(line, submode);
        let _ = commands::first_word_hint(line, submode);
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
    let literal = |candidate: &&commands::complete::Candidate| candidate.literal;
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
    let _ = language::schema::follow(&level, &words);
}
