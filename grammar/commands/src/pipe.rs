//! Output pipes: `| match RE | count`.

use super::trie::nearest;
use super::words::{CLOSE, Word, brief, problem};
use super::{Tail, rest};
use language::{Code, Problem};

/// One stage the output goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// Lines that match.
    Match(Tail),
    /// Lines that do not match.
    Except(Tail),
    /// From the first line that matches on.
    Begin(Tail),
    /// Lines that match with what is indented below them, and the headings they stand under.
    Section(Tail),
    /// The number of lines.
    Count,
    /// The last so many lines.
    Last(u32),
    /// Without stopping at the end of the screen.
    NoMore,
    /// The answer as JSON.
    Json,
    /// Into a file of the shell's host.
    Save(Tail),
}

/// What a stage takes after its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Expression,
    Number,
    File,
}

/// Every pipe: word, what to type after it, help.
pub static PIPES: &[(&str, &str, &str)] = &[
    (
        "match",
        "<expression>",
        "Only lines that match a regular expression",
    ),
    (
        "except",
        "<expression>",
        "Only lines that do not match a regular expression",
    ),
    (
        "begin",
        "<expression>",
        "From the first line that matches on",
    ),
    (
        "section",
        "<expression>",
        "Lines that match, with what is indented below them",
    ),
    ("count", "", "The number of lines"),
    ("last", "<1-4294967295>", "The last so many lines"),
    ("no-more", "", "Do not stop at the end of the screen"),
    ("json", "", "The answer as JSON"),
    ("save", "<file>", "Into a file"),
];

/// IOS's names for the same.
pub(crate) static OTHER_PIPES: &[(&str, &str)] = &[
    ("include", "match"),
    ("exclude", "except"),
    ("find", "begin"),
];

fn takes(word: &str) -> Takes {
    match word {
        "match" | "except" | "begin" | "section" => Takes::Expression,
        "last" => Takes::Number,
        "save" => Takes::File,
        _ => Takes::Nothing,
    }
}

fn names() -> Vec<&'static str> {
    PIPES.iter().map(|(name, ..)| *name).collect()
}

/// Finds a pipe by its word, by IOS's name for it, or by a unique abbreviation of either.
pub(crate) fn find(word: &Word) -> Result<&'static str, Problem> {
    let ours = PIPES.iter().map(|(name, ..)| (*name, *name));
    let all = ours.chain(OTHER_PIPES.iter().copied());
    let mut hits: Vec<(&str, &str)> = all
        .filter(|(name, _)| name.starts_with(&word.text))
        .collect();
    if let Some(whole) = hits.iter().find(|(name, _)| *name == word.text) {
        return Ok(whole.1);
    }
    // What two names of a pipe have in common is no choice.
    hits.sort_by_key(|(_, ours)| *ours);
    hits.dedup_by_key(|(_, ours)| *ours);
    let one_of = |names: &mut dyn Iterator<Item = &str>| {
        Some(format!("one of {}", names.collect::<Vec<_>>().join(", ")))
    };
    match hits[..] {
        [(_, one)] => Ok(one),
        [] => Err(word.problem(
            Code::UnknownWord,
            format!("\"{}\" is no output pipe", brief(&word.text)),
            Some(nearest(&word.text, &names())),
        )),
        // IOS's abbreviation for what routers' configurations are looked through with.
        _ if word.text == "s" => Ok("section"),
        _ => Err(word.problem(
            Code::Ambiguous,
            format!("\"{}\" is ambiguous", word.text),
            one_of(&mut hits.iter().map(|(name, _)| *name)),
        )),
    }
}

/// Parses what follows the command; `words` starts at the first `|` or is empty.
pub(crate) fn pipes(line: &str, words: &[Word]) -> Result<Vec<Pipe>, Problem> {
    let mut pipes = Vec::new();
    for stage in words.split(Word::is_pipe).skip(1) {
        let Some((name, arguments)) = stage.split_first() else {
            let end = words
                .iter()
                .rev()
                .find(|word| word.is_pipe())
                .map_or(0, Word::end);
            return Err(problem(
                Code::MissingValue,
                end,
                1,
                "a pipe is missing its command",
                Some(format!("one of {}", names().join(", "))),
            ));
        };
        let word = find(name)?;
        if let Some(open) = arguments.iter().find(|argument| argument.open) {
            return Err(open.problem(Code::Syntax, "the quote is not closed", Some(CLOSE.into())));
        }
        let argument = match (takes(word), arguments) {
            (Takes::Nothing, []) => None,
            (Takes::Nothing, [extra, ..]) => {
                return Err(extra.problem(
                    Code::NotHere,
                    format!("`{word}` takes nothing after it"),
                    Some("leave it out, or begin another pipe with |".into()),
                ));
            }
            (_, []) => {
                let pipe = PIPES.iter().find(|(name, ..)| *name == word);
                let (what, help) = pipe.map_or(("", ""), |(_, what, help)| (*what, *help));
                return Err(problem(
                    Code::MissingValue,
                    name.end(),
                    1,
                    format!("`{word}` needs {what}"),
                    Some(help.to_owned()),
                ));
            }
            (Takes::Number | Takes::File, [_, extra, ..]) => {
                return Err(extra.problem(
                    Code::Syntax,
                    format!("`{word}` takes one word"),
                    Some("put words that belong together in quotes".into()),
                ));
            }
            (_, [only]) => Some(Tail {
                text: only.text.clone(),
                start: only.start,
            }),
            // An expression may have spaces without being quoted.
            (_, [first, .., last]) => {
                let text = rest(line, first.start)
                    .chars()
                    .take(last.end() - first.start)
                    .collect();
                Some(Tail {
                    text,
                    start: first.start,
                })
            }
        };
        pipes.push(match (word, argument) {
            ("match", Some(tail)) => Pipe::Match(tail),
            ("except", Some(tail)) => Pipe::Except(tail),
            ("begin", Some(tail)) => Pipe::Begin(tail),
            ("section", Some(tail)) => Pipe::Section(tail),
            ("save", Some(tail)) => Pipe::Save(tail),
            ("last", Some(tail)) => match tail.text.parse() {
                Ok(lines @ 1..) => Pipe::Last(lines),
                _ => {
                    let message = format!("\"{}\" is no number of lines", brief(&tail.text));
                    return Err(problem(
                        Code::InvalidValue,
                        tail.start,
                        tail.text.chars().count(),
                        message,
                        Some("<1-4294967295>".into()),
                    ));
                }
            },
            ("count", _) => Pipe::Count,
            ("json", _) => Pipe::Json,
            _ => Pipe::NoMore,
        });
    }
    Ok(pipes)
}
