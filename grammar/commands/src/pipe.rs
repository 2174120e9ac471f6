//! Output pipes: `| match RE | count`.

use super::keyword::{self, Found, ambiguous, nearest, one_of, unknown};
use super::parameters::Form;
use super::words::{Tail, Word, brief, not_closed, problem, rest};
use language::{Code, Problem};

/// A pipe that output goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// Keeps the lines that match.
    Match(Tail),
    /// Keeps the lines that do not match.
    Except(Tail),
    /// Keeps the lines from the first one that matches on.
    Begin(Tail),
    /// Keeps the lines that match, the lines indented below them, and the headings above them.
    Section(Tail),
    /// Counts the lines.
    Count,
    /// Keeps the last lines, this number of them.
    Last(u32),
    /// Shows all lines without stopping at the end of the screen.
    NoMore,
    /// Shows the answer as JSON.
    Json,
    /// Writes the lines to a file of the shell's host.
    Save(Tail),
}

/// What stands behind a `|`: a pipe, or a way to ask for another command than the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Pipe(Pipe),
    /// The configuration is shown in another form.
    Display(Form),
    /// What the configuration changes is shown: of the running one, or of a revision.
    Compare(Option<u32>),
}

/// The declaration of a pipe.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) word: &'static str,
    pub(crate) takes: Takes,
    pub(crate) help: &'static str,
}

/// What stands behind the word of a pipe, and the pipe that is made of it.
#[derive(Debug)]
pub(crate) enum Takes {
    Nothing(Stage),
    /// A regular expression, which may have spaces without being quoted.
    Expression(fn(Tail) -> Pipe),
    /// A number from 1.
    Number(fn(u32) -> Pipe),
    File(fn(Tail) -> Pipe),
    /// A regular expression, behind the options `-v` and `-i`.
    Grep,
    /// The form of a configuration.
    Form,
    /// Nothing, or `rollback` and the number of a revision.
    Rollback,
}

/// The forms that `display` knows: word, form and help.
pub(crate) static FORMS: &[(&str, Form, &str)] = &[
    ("commands", Form::Commands, "As set commands"),
    ("curly", Form::Curly, "With braces"),
    ("ios", Form::Ios, "As IOS lines"),
    ("json", Form::Json, "As JSON"),
    ("set", Form::Commands, "As set commands"),
];

impl Takes {
    /// Returns the placeholder that `?` shows; empty where nothing stands behind the word.
    pub(crate) fn placeholder(&self) -> &'static str {
        match self {
            Takes::Nothing(_) => "",
            Takes::Expression(_) | Takes::Grep => "<expression>",
            Takes::Number(_) => "<1-4294967295>",
            Takes::File(_) => "<file>",
            Takes::Form => "<form>",
            Takes::Rollback => "rollback <revision>",
        }
    }
}

const fn pipe(word: &'static str, takes: Takes, help: &'static str) -> Declaration {
    Declaration { word, takes, help }
}

/// The pipes.
#[rustfmt::skip]
pub(crate) static PIPES: &[Declaration] = &[
    pipe("match", Takes::Expression(Pipe::Match), "Only lines that match a regular expression"),
    pipe("except", Takes::Expression(Pipe::Except), "Only lines that do not match a regular expression"),
    pipe("begin", Takes::Expression(Pipe::Begin), "From the first line that matches on"),
    pipe("section", Takes::Expression(Pipe::Section), "Lines that match, with what is indented below them"),
    pipe("count", Takes::Nothing(Stage::Pipe(Pipe::Count)), "The number of lines"),
    pipe("last", Takes::Number(Pipe::Last), "The last so many lines"),
    pipe("no-more", Takes::Nothing(Stage::Pipe(Pipe::NoMore)), "Do not stop at the end of the screen"),
    pipe("json", Takes::Nothing(Stage::Pipe(Pipe::Json)), "The answer as JSON"),
    pipe("save", Takes::File(Pipe::Save), "Into a file"),
];

/// What other systems call pipes, and pipes that fingers know from there.
#[rustfmt::skip]
pub(crate) static HABITS: &[Declaration] = &[
    pipe("include", Takes::Expression(Pipe::Match), "The same as match (IOS)"),
    pipe("exclude", Takes::Expression(Pipe::Except), "The same as except (IOS)"),
    pipe("find", Takes::Expression(Pipe::Begin), "The same as begin (Junos)"),
    pipe("grep", Takes::Grep, "The same as match, with -v as except; -i ignores case"),
    pipe("egrep", Takes::Grep, "The same as grep"),
    pipe("no-match", Takes::Expression(Pipe::Except), "The same as except (VyOS)"),
    pipe("redirect", Takes::File(Pipe::Save), "The same as save (IOS)"),
    pipe("tail", Takes::Number(Pipe::Last), "The same as last"),
    pipe("display", Takes::Form, "A configuration in another form (Junos)"),
    pipe("commands", Takes::Nothing(Stage::Display(Form::Commands)), "A configuration as set commands (VyOS)"),
    pipe("compare", Takes::Rollback, "What a configuration changes (Junos)"),
];

fn words() -> Vec<&'static str> {
    PIPES.iter().map(|pipe| pipe.word).collect()
}

/// Finds a pipe by its word or an abbreviation of it. Of several that an abbreviation can be, the pipes proper count
/// more than those of habit, and all names of one pipe are the same.
pub(crate) fn find(word: &Word) -> Result<&'static Declaration, Problem> {
    let all = PIPES.iter().chain(HABITS);
    let mut exact = all.clone().filter(|pipe| pipe.word == word.text);
    if let Some(pipe) = exact.next() {
        return Ok(pipe);
    }
    let begun = |pipes: &'static [Declaration]| -> Vec<&'static Declaration> {
        let pipes = pipes.iter();
        pipes
            .filter(|pipe| pipe.word.starts_with(&word.text))
            .collect()
    };
    let mut hits = begun(PIPES);
    if hits.is_empty() {
        hits = begun(HABITS);
    }
    match hits[..] {
        [one] => Ok(one),
        [] => Err(word.problem(
            Code::UnknownWord,
            format!("\"{}\" is not an output pipe", brief(&word.text)),
            Some(nearest(&word.text, &words())),
        )),
        _ => {
            // On IOS, `s` is `section`.
            let section = hits.iter().find(|pipe| pipe.word == "section");
            match section.filter(|_| word.text == "s") {
                Some(section) => Ok(section),
                None => {
                    let names: Vec<&str> = hits.iter().map(|pipe| pipe.word).collect();
                    Err(ambiguous(word, &names))
                }
            }
        }
    }
}

/// Parses the pipes behind a command, and returns each with its word. `words` starts at the first `|` or is empty.
pub(crate) fn stages<'a>(line: &str, words: &'a [Word]) -> Result<Vec<(&'a Word, Stage)>, Problem> {
    let mut stages = Vec::new();
    for stage in words.split(Word::is_pipe).skip(1) {
        let Some((name, arguments)) = stage.split_first() else {
            let last = words.iter().rev().find(|word| word.is_pipe());
            let end = last.map_or(0, Word::end);
            let message = "a pipe is missing its command";
            let hint = Some(one_of(&self::words()));
            return Err(problem(Code::MissingValue, end, 1, message, hint));
        };
        stages.push((name, one(line, find(name)?, name, arguments)?));
    }
    Ok(stages)
}

/// Makes a pipe of its declaration and what stands behind its word.
fn one(
    line: &str,
    declared: &Declaration,
    name: &Word,
    arguments: &[Word],
) -> Result<Stage, Problem> {
    if let Some(open) = arguments.iter().find(|argument| argument.open) {
        return Err(not_closed(open));
    }
    let Declaration { word, takes, .. } = declared;
    let (first, others) = match (takes, arguments) {
        (Takes::Nothing(stage), []) => return Ok(stage.clone()),
        (Takes::Rollback, []) => return Ok(Stage::Compare(None)),
        (Takes::Nothing(_), [extra, ..]) => {
            let hint = "leave it out, or begin another pipe with |";
            let message = format!("`{word}` takes nothing after it");
            return Err(extra.problem(Code::NotHere, message, Some(hint.into())));
        }
        (_, []) => return Err(needs(declared, name)),
        (Takes::Number(_) | Takes::File(_) | Takes::Form, [_, extra, ..]) => {
            let hint = "put words that belong together in quotes";
            let message = format!("`{word}` takes one word");
            return Err(extra.problem(Code::Syntax, message, Some(hint.into())));
        }
        (_, [first, others @ ..]) => (first, others),
    };
    let argument = expression(line, first, others);
    let pipe = match takes {
        Takes::Nothing(stage) => return Ok(stage.clone()),
        Takes::Form => return Ok(Stage::Display(form(first)?)),
        Takes::Rollback => return Ok(Stage::Compare(Some(revision(word, first, others)?))),
        Takes::Grep => grep(line, declared, name, arguments)?,
        Takes::Expression(make) | Takes::File(make) => make(argument),
        Takes::Number(make) => match argument.text.parse() {
            Ok(number @ 1..) => make(number),
            _ => {
                let message = format!("\"{}\" is not a number of lines", brief(&argument.text));
                let hint = Some(takes.placeholder().to_owned());
                return Err(first.problem(Code::InvalidValue, message, hint));
            }
        },
    };
    Ok(Stage::Pipe(pipe))
}

/// Returns the text of one word, or of several as they were typed.
fn expression(line: &str, first: &Word, others: &[Word]) -> Tail {
    let text = match others.last() {
        None => first.text.clone(),
        Some(last) => {
            let length = last.end() - first.start;
            rest(line, first.start).chars().take(length).collect()
        }
    };
    Tail {
        text,
        start: first.start,
    }
}

/// Makes a pipe of what stands behind `grep`.
fn grep(
    line: &str,
    declared: &Declaration,
    name: &Word,
    mut arguments: &[Word],
) -> Result<Pipe, Problem> {
    let (mut except, mut ignore_case) = (false, false);
    while let Some((option, rest)) = arguments
        .split_first()
        .filter(|(word, _)| !word.quoted && word.text.starts_with('-') && word.len > 1)
    {
        for letter in option.text.chars().skip(1) {
            match letter {
                'v' => except = true,
                'i' => ignore_case = true,
                'E' => {}
                _ => {
                    let message =
                        format!("`{}` has no option {}", declared.word, brief(&option.text));
                    let hint = "-v shows lines that do not match, -i ignores case";
                    return Err(option.problem(Code::UnknownWord, message, Some(hint.into())));
                }
            }
        }
        arguments = rest;
    }
    let Some((first, others)) = arguments.split_first() else {
        return Err(needs(declared, name));
    };
    let mut wanted = expression(line, first, others);
    if ignore_case {
        wanted.text.insert_str(0, "(?i)");
    }
    Ok(match except {
        true => Pipe::Except(wanted),
        false => Pipe::Match(wanted),
    })
}

/// Returns the form that a word names.
fn form(word: &Word) -> Result<Form, Problem> {
    let words: Vec<&'static str> = FORMS.iter().map(|(word, ..)| *word).collect();
    match keyword::find(word, &words, 1) {
        Found::One(name) => {
            let form = FORMS.iter().find(|(word, ..)| *word == name);
            Ok(form.map_or(Form::default(), |(_, form, _)| *form))
        }
        Found::Many(hits) => Err(ambiguous(word, &hits)),
        Found::None => Err(unknown(word, &words)),
    }
}

/// Returns the revision of `rollback N`.
fn revision(pipe: &str, rollback: &Word, others: &[Word]) -> Result<u32, Problem> {
    let hint = Some("rollback and the number of a revision".to_owned());
    match (keyword::find(rollback, &["rollback"], 1), others) {
        (Found::One(_), [number]) => number.text.parse().map_err(|_| {
            let message = format!("\"{}\" is not a revision", brief(&number.text));
            number.problem(Code::InvalidValue, message, hint)
        }),
        (Found::One(_), []) => {
            let message = "rollback to which revision? `run show system commit` lists them";
            Err(problem(
                Code::MissingValue,
                rollback.end() + 1,
                1,
                message,
                None,
            ))
        }
        (Found::One(_), [_, extra, ..]) => {
            let message = format!("`{pipe}` takes no more");
            Err(extra.problem(Code::NotHere, message, hint))
        }
        _ => Err(unknown(rollback, &["rollback"])),
    }
}

/// Returns the problem of a pipe that has nothing behind it.
fn needs(declared: &Declaration, name: &Word) -> Problem {
    let message = format!("`{}` needs {}", declared.word, declared.takes.placeholder());
    let hint = Some(declared.help.to_owned());
    problem(Code::MissingValue, name.end(), 1, message, hint)
}
