//! From a typed line to a command.

use language::{Code, Problem, Submode, comment_alone};

use super::argument::Arg;
use super::command::{Command, Line};
use super::matched::{Matched, Part};
use super::modes::tries;
use super::pipe::{Pipe, pipes};
use super::row::End;
use super::statement::{is_command, is_statement, operational_only};
use super::trie::State;
use super::words::{Tail, Word, rest, split};

/// Where a line is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Operational mode, `host>`.
    #[default]
    Operational,
    /// Configuration mode, `host#`, in an IOS submode or in none. IOS statements are taken, too, first those of the submode.
    Configuration(Submode),
}

/// Parses a line. Returns `None` for an empty line and for a comment: one that begins with `!` or `#`, or is all in
/// `/* */`.
///
/// # Errors
/// The first word that is wrong, with its place in characters and what would have been right.
pub fn parse(line: &str, mode: Mode) -> Result<Option<Line>, Problem> {
    let words = split(line);
    let Some(first) = words.first() else {
        return Ok(None);
    };
    let commented = first.text.starts_with(['!', '#']) || comment_alone(line).is_some();
    if !first.quoted && commented {
        return Ok(None);
    }
    match mode {
        Mode::Configuration(submode) if is_statement(line, first, submode)? => {
            let text = rest(line, first.start).to_owned();
            let start = first.start;
            Ok(Some(Line {
                command: Command::Statement(Tail { text, start }),
                pipes: Vec::new(),
            }))
        }
        Mode::Configuration(_) => command(line, &words, mode).map(Some),
        // `run` and `do` belong to configuration mode, but fingers type them here, too.
        Mode::Operational
            if matches!(first.text.as_str(), "run" | "do") && words.len() > 1 && !first.quoted =>
        {
            command(line, &words[1..], mode).map(Some)
        }
        Mode::Operational => {
            let parsed = command(line, &words, mode);
            parsed
                .map(Some)
                .map_err(|problem| misplaced(problem, first))
        }
    }
}

/// Says of a word that operational mode does not know that it is a command of configuration mode, if it is one.
fn misplaced(mut problem: Problem, first: &Word) -> Problem {
    let at_first = problem.column as usize == first.start + 1;
    if at_first && problem.code == Code::UnknownWord && is_command(&first.text) {
        problem.code = Code::NotHere;
        problem.message = format!("\"{}\" belongs to configuration mode", first.text);
        problem.hint = Some("type configure first".into());
    }
    problem
}

/// Parses words of a line as a command and its pipes.
fn command(line: &str, words: &[Word], mode: Mode) -> Result<Line, Problem> {
    let trie = match mode {
        Mode::Operational => &tries().operational,
        Mode::Configuration(_) => &tries().configuration,
    };
    let mut state = State::default();
    let mut matched = Matched {
        line,
        parts: Vec::new(),
    };
    let mut left = words;
    while left.first().is_some_and(|word| !word.is_pipe()) {
        let step = trie.step(&state, left)?;
        let (taken, rest) = left.split_at(step.taken.clamp(1, left.len()));
        matched.parts.push(Part {
            token: step.token,
            text: step.text,
            words: taken,
        });
        state = step.state;
        left = rest;
    }
    let taken = &words[..words.len() - left.len()];
    let pipes_of_line = || pipes(line, left);
    let build = match trie.end(&state) {
        Some(End::Command { build, .. }) => build,
        Some(End::Operational) => {
            let inner = command(line, matched.words(Arg::Operational), Mode::Operational)?;
            let command = Command::Run(Box::new(inner));
            return Ok(Line {
                command,
                pipes: pipes_of_line()?,
            });
        }
        _ => {
            let end = taken.last().map_or(0, |word| word.end() + 1);
            return Err(trie.incomplete(&state, end));
        }
    };
    let mut pipes = pipes_of_line()?;
    if let Some(expression) = matched.placed(Arg::Expression) {
        pipes.insert(0, Pipe::Section(expression));
    }
    let command = build(&matched)?;
    Ok(Line { command, pipes })
}

/// Returns what to type instead of a line that configuration mode does not understand, where it is a command of
/// operational mode.
pub fn operational_hint(line: &str) -> Option<String> {
    let words = split(line);
    let first = words.first().filter(|first| !first.quoted)?;
    // What is wrong behind the first word is told where the line can be typed.
    let parsed = parse(line, Mode::Operational).ok().flatten();
    match (
        parsed.map(|line| line.command),
        operational_only(&first.text),
    ) {
        (Some(Command::Configure { .. } | Command::ConfigureExclusive), _)
        | (_, Some("configure")) => Some("you are in configuration mode already".into()),
        (None, None) => None,
        _ => Some(format!("type `run {}`", line.trim())),
    }
}
