//! From a typed line to a command.

use language::{Code, Problem, Submode, comment_alone};

use super::argument::Arg;
use super::command::{Command, Line};
use super::matched::{Matched, Part};
use super::modes::tries;
use super::parameters::{Form, Version};
use super::pipe::{Pipe, Stage, stages};
use super::row::End;
use super::statement::{is_command, is_statement, opens_brace, operational_only};
use super::trie::State;
use super::words::{Tail, Word, problem, rest, split};

/// Commands that both modes have, so that a wrong word behind them is not one of the other mode.
const SHARED: &[&str] = &["copy", "exit", "help", "quit", "show", "write"];

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
            if let Some(only) = operational_only(first, submode).filter(|_| !opens_brace(line)) {
                if only == "configure" {
                    let length = line.trim_end().chars().count() - first.start;
                    let message = "you are in configuration mode already";
                    return Err(problem(Code::NotHere, first.start, length, message, None));
                }
                if let Some(line) = instead(line, &words)? {
                    return Ok(Some(run(line)));
                }
            }
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
                .map_err(|problem| misplaced(problem, &words))
        }
    }
}

/// Parses a line that configuration mode does not understand as an operational command, which needs no `run` then.
/// Returns `None` where it is none.
///
/// # Errors
/// The line begins as an operational command, and is wrong further on.
pub fn operational_instead(line: &str) -> Result<Option<Line>, Problem> {
    instead(line, &split(line))
}

fn instead(line: &str, words: &[Word]) -> Result<Option<Line>, Problem> {
    match command(line, words, Mode::Operational) {
        Ok(line) => Ok(Some(line)),
        Err(problem) => {
            // Where not even the second word is right, it was meant as something else.
            let second = words.get(1).map_or(0, Word::end);
            let begun = problem.code == Code::MissingValue || problem.column as usize > second;
            match begun {
                true => Err(problem),
                false => Ok(None),
            }
        }
    }
}

fn run(line: Line) -> Line {
    Line {
        command: Command::Run(Box::new(line)),
        pipes: Vec::new(),
    }
}

/// Says of a line that operational mode does not know that it is a command of configuration mode, if it is one.
fn misplaced(mut problem: Problem, words: &[Word]) -> Problem {
    let unknown = problem.code == Code::UnknownWord;
    // `set` has a meaning here, too.
    let first = words
        .iter()
        .take(2)
        .any(|word| problem.column as usize == word.start + 1);
    if let Some(word) = words
        .first()
        .filter(|word| unknown && first && is_command(&word.text))
        && !SHARED.contains(&word.text.as_str())
    {
        problem.code = Code::NotHere;
        problem.column = u32::try_from(word.start + 1).unwrap_or(u32::MAX);
        problem.length = u32::try_from(word.len).unwrap_or(u32::MAX);
        problem.message = format!("\"{}\" belongs to configuration mode", word.text);
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
    let build = match trie.end(&state) {
        Some(End::Command { build, .. }) => build,
        Some(End::Operational) => {
            let inner = command(line, matched.words(Arg::Operational), Mode::Operational)?;
            return Ok(run(inner));
        }
        _ => {
            let end = taken.last().map_or(0, |word| word.end() + 1);
            let typed: Vec<&str> = matched
                .parts
                .iter()
                .map(|part| part.text.as_str())
                .collect();
            return Err(trie.incomplete(&state, &typed.join(" "), end));
        }
    };
    let stages = stages(line, left)?;
    let mut command = build(&matched)?;
    let mut pipes: Vec<Pipe> = Vec::new();
    pipes.extend(matched.placed(Arg::Expression).map(Pipe::Section));
    for (name, stage) in stages {
        command = match stage {
            Stage::Pipe(pipe) => {
                pipes.push(pipe);
                command
            }
            other => {
                let asked = match pipes.is_empty() {
                    true => asked_otherwise(command, other),
                    false => Err("it must stand right behind `show`, before other pipes"),
                };
                asked.map_err(|message| name.problem(Code::NotHere, message, None))?
            }
        };
    }
    Ok(Line { command, pipes })
}

/// Makes of a command that shows a configuration the one that shows its other form, or what it changes.
///
/// # Errors
/// What is wrong with the words that ask for it.
fn asked_otherwise(command: Command, stage: Stage) -> Result<Command, &'static str> {
    Ok(match (command, stage) {
        (Command::Show { path, .. }, Stage::Display(form)) => Command::Show {
            path,
            form: Some(form),
        },
        (Command::ShowConfiguration { path, .. }, Stage::Display(form)) => {
            Command::ShowConfiguration { form, path }
        }
        (Command::ShowRunningInterface { name, .. }, Stage::Display(form)) => {
            Command::ShowRunningInterface { form, name }
        }
        (Command::Compare { from, to, .. }, Stage::Display(Form::Commands)) => Command::Compare {
            from,
            to,
            commands: true,
        },
        (Command::Show { path, form }, Stage::Compare(revision)) if path.is_empty() => {
            Command::Compare {
                from: revision.map(Version::Revision),
                to: None,
                commands: form == Some(Form::Commands),
            }
        }
        (Command::ShowConfiguration { path, form }, Stage::Compare(revision))
            if path.is_empty() =>
        {
            let revision =
                revision.ok_or("compare with which revision? `| compare rollback 1`, say")?;
            Command::Compare {
                from: Some(Version::Revision(revision)),
                to: Some(Version::Running),
                commands: form == Form::Commands,
            }
        }
        (_, Stage::Compare(_)) => {
            return Err("`compare` takes a whole configuration: `show | compare`");
        }
        _ => {
            return Err("only a configuration has other forms: `show configuration | display set`");
        }
    })
}
