//! Output pipes: `| match RE | count`.

use super::keyword::{ambiguous, nearest, one_of};
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
    Nothing(Pipe),
    /// A regular expression, which may have spaces without being quoted.
    Expression(fn(Tail) -> Pipe),
    /// A number from 1.
    Number(fn(u32) -> Pipe),
    File(fn(Tail) -> Pipe),
}

impl Takes {
    /// Returns the placeholder that `?` shows; empty where nothing stands behind the word.
    pub(crate) fn placeholder(&self) -> &'static str {
        match self {
            Takes::Nothing(_) => "",
            Takes::Expression(_) => "<expression>",
            Takes::Number(_) => "<1-4294967295>",
            Takes::File(_) => "<file>",
        }
    }
}

const fn pipe(word: &'static str, takes: Takes, help: &'static str) -> Declaration {
    Declaration { word, takes, help }
}

/// Every pipe.
#[rustfmt::skip]
pub(crate) static PIPES: &[Declaration] = &[
    pipe("match", Takes::Expression(Pipe::Match), "Only lines that match a regular expression"),
    pipe("except", Takes::Expression(Pipe::Except), "Only lines that do not match a regular expression"),
    pipe("begin", Takes::Expression(Pipe::Begin), "From the first line that matches on"),
    pipe("section", Takes::Expression(Pipe::Section), "Lines that match, with what is indented below them"),
    pipe("count", Takes::Nothing(Pipe::Count), "The number of lines"),
    pipe("last", Takes::Number(Pipe::Last), "The last so many lines"),
    pipe("no-more", Takes::Nothing(Pipe::NoMore), "Do not stop at the end of the screen"),
    pipe("json", Takes::Nothing(Pipe::Json), "The answer as JSON"),
    pipe("save", Takes::File(Pipe::Save), "Into a file"),
];

/// Names that other systems have for the same pipes.
pub(crate) static OTHER_NAMES: &[(&str, &str)] = &[
    ("include", "match"),
    ("exclude", "except"),
    ("find", "begin"),
];

fn words() -> Vec<&'static str> {
    PIPES.iter().map(|pipe| pipe.word).collect()
}

/// Finds a pipe by its word, by another system's name for it, or by a unique abbreviation of either.
pub(crate) fn find(word: &Word) -> Result<&'static Declaration, Problem> {
    let own = PIPES.iter().map(|pipe| (pipe.word, pipe));
    let others = OTHER_NAMES.iter().filter_map(|(name, own)| {
        let pipe = PIPES.iter().find(|pipe| pipe.word == *own)?;
        Some((*name, pipe))
    });
    let mut hits: Vec<(&str, &Declaration)> = own
        .chain(others)
        .filter(|(name, _)| name.starts_with(&word.text))
        .collect();
    if let Some((_, exact)) = hits.iter().find(|(name, _)| *name == word.text) {
        return Ok(exact);
    }
    // Two names of one pipe are no ambiguity.
    hits.sort_by_key(|(_, pipe)| pipe.word);
    hits.dedup_by_key(|(_, pipe)| pipe.word);
    match hits[..] {
        [(_, one)] => Ok(one),
        [] => Err(word.problem(
            Code::UnknownWord,
            format!("\"{}\" is not an output pipe", brief(&word.text)),
            Some(nearest(&word.text, &words())),
        )),
        _ => {
            let names: Vec<&str> = hits.iter().map(|(name, _)| *name).collect();
            // On IOS, `s` is `section`.
            let section = hits.iter().find(|(name, _)| *name == "section");
            match section.filter(|_| word.text == "s") {
                Some((_, section)) => Ok(section),
                None => Err(ambiguous(word, &names)),
            }
        }
    }
}

/// Parses the pipes behind a command; `words` starts at the first `|` or is empty.
pub(crate) fn pipes(line: &str, words: &[Word]) -> Result<Vec<Pipe>, Problem> {
    let mut pipes = Vec::new();
    for stage in words.split(Word::is_pipe).skip(1) {
        let Some((name, arguments)) = stage.split_first() else {
            let last = words.iter().rev().find(|word| word.is_pipe());
            let end = last.map_or(0, Word::end);
            let message = "a pipe is missing its command";
            let hint = Some(one_of(&self::words()));
            return Err(problem(Code::MissingValue, end, 1, message, hint));
        };
        pipes.push(one(line, find(name)?, name, arguments)?);
    }
    Ok(pipes)
}

/// Makes a pipe of its word and what stands behind it.
fn one(
    line: &str,
    declared: &Declaration,
    name: &Word,
    arguments: &[Word],
) -> Result<Pipe, Problem> {
    if let Some(open) = arguments.iter().find(|argument| argument.open) {
        return Err(not_closed(open));
    }
    let Declaration { word, takes, help } = declared;
    let (first, last) = match (takes, arguments) {
        (Takes::Nothing(pipe), []) => return Ok(pipe.clone()),
        (Takes::Nothing(_), [extra, ..]) => {
            let hint = "leave it out, or begin another pipe with |";
            let message = format!("`{word}` takes nothing after it");
            return Err(extra.problem(Code::NotHere, message, Some(hint.into())));
        }
        (_, []) => {
            let message = format!("`{word}` needs {}", takes.placeholder());
            let hint = Some((*help).to_owned());
            return Err(problem(Code::MissingValue, name.end(), 1, message, hint));
        }
        (Takes::Number(_) | Takes::File(_), [_, extra, ..]) => {
            let hint = "put words that belong together in quotes";
            let message = format!("`{word}` takes one word");
            return Err(extra.problem(Code::Syntax, message, Some(hint.into())));
        }
        (_, [first, others @ ..]) => (first, others.last().unwrap_or(first)),
    };
    let length = last.end() - first.start;
    let text = match arguments {
        [only] => only.text.clone(),
        _ => rest(line, first.start).chars().take(length).collect(),
    };
    let argument = Tail {
        text,
        start: first.start,
    };
    Ok(match takes {
        Takes::Nothing(pipe) => pipe.clone(),
        Takes::Expression(make) | Takes::File(make) => make(argument),
        Takes::Number(make) => match argument.text.parse() {
            Ok(number @ 1..) => make(number),
            _ => {
                let message = format!("\"{}\" is not a number of lines", brief(&argument.text));
                let hint = Some(takes.placeholder().to_owned());
                return Err(first.problem(Code::InvalidValue, message, hint));
            }
        },
    })
}
