//! Failures as they are shown: the line, a caret under the wrong word, and what would have been right.

use std::fmt::Write as _;

use api::{Code, Refusal};
use language::{Problem, at_path};
use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::client::Error;
use crate::json::JsonText;

/// The number of columns of a line that are shown around the wrong word.
const WINDOW: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Where the line is from, `file:line:column` say.
    pub(crate) origin: Option<String>,
    /// The line, and the wrong characters in it: first (from 0) and how many.
    pub(crate) place: Option<(String, usize, usize)>,
    pub(crate) message: String,
    /// The words of the configuration that it speaks of.
    pub(crate) path: Vec<String>,
    /// What kind of thing it is, where the daemon refused a request.
    pub(crate) code: Option<Code>,
    /// The words of the command that it is about, one after the other, where it has no place of its own.
    pub(crate) subject: Vec<String>,
}

/// Why a line was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The daemon does not answer.
    NoDaemon(String),
    /// One or more things are wrong.
    Wrong(Vec<Trouble>),
}

/// Returns a message without the numbers of errors of the system.
fn words(message: impl Into<String>) -> String {
    let mut message = message.into();
    api::without_error_numbers(&mut message);
    message
}

impl Failure {
    /// Makes a failure that has no place in the line.
    pub(crate) fn plain(message: impl Into<String>) -> Failure {
        Failure::Wrong(vec![Trouble {
            message: words(message),
            ..Trouble::default()
        }])
    }

    /// Makes a failure about words of the line, which are separated by spaces in `words`.
    pub(crate) fn about(words: &str, message: impl Into<String>) -> Failure {
        Failure::Wrong(vec![Trouble {
            message: self::words(message),
            subject: words.split_whitespace().map(str::to_owned).collect(),
            ..Trouble::default()
        }])
    }

    /// Makes a failure about characters of the typed line.
    pub(crate) fn at(line: &str, start: usize, len: usize, message: impl Into<String>) -> Failure {
        let place = Some((line.to_owned(), start, len));
        Failure::Wrong(vec![Trouble {
            place,
            message: words(message),
            ..Trouble::default()
        }])
    }

    /// Makes a failure of a problem in the typed line.
    pub(crate) fn in_line(line: &str, problem: &Problem) -> Failure {
        let start = problem.column.saturating_sub(1) as usize;
        Failure::at(
            line,
            start,
            problem.length as usize,
            with_hint(&problem.message, problem.hint.as_deref()),
        )
    }

    /// Returns the place of the first wrong character in the typed line, from 0.
    pub(crate) fn column(&self) -> Option<usize> {
        match self {
            Failure::NoDaemon(_) => None,
            Failure::Wrong(troubles) => {
                let place = troubles.first()?.place.as_ref();
                place.map(|(_, start, _)| *start)
            }
        }
    }

    /// Adds where the line is from, unless that is known.
    pub(crate) fn in_origin(mut self, origin: &str) -> Failure {
        if let Failure::Wrong(troubles) = &mut self {
            for trouble in troubles
                .iter_mut()
                .filter(|trouble| trouble.origin.is_none())
            {
                trouble.origin = Some(match &trouble.place {
                    Some((_, start, _)) => format!("{origin}:{}", start + 1),
                    None => format!("{origin}:1"),
                });
            }
        }
        self
    }

    /// Adds the number of the line among several.
    pub(crate) fn in_line_of(self, number: usize) -> Failure {
        self.in_origin(&format!("line {number}"))
    }

    /// Points at the words of the line that a refusal without a place is about: where they stand last before the pipes.
    pub(crate) fn at_its_word(mut self, line: &str) -> Failure {
        if let Failure::Wrong(troubles) = &mut self
            && let [trouble] = &mut troubles[..]
            && trouble.place.is_none()
            && !trouble.subject.is_empty()
        {
            let words = commands::split(line);
            let end = words.iter().position(commands::Word::is_pipe);
            // The first word is always the command's own.
            let own = words.get(1..end.unwrap_or(words.len()));
            let is_it = |some: &&[commands::Word]| {
                let texts = some.iter().map(|word| word.text.as_str());
                texts.eq(trouble.subject.iter().map(String::as_str))
            };
            let found = own
                .unwrap_or_default()
                .windows(trouble.subject.len())
                .rfind(is_it);
            if let Some([first, .., last] | [first @ last]) = found {
                let place = (line.to_owned(), first.start, last.end() - first.start);
                trouble.place = Some(place);
            }
        }
        self
    }

    /// Shows the line that failed, unless a place in it is shown already.
    pub(crate) fn with_line(mut self, line: &str) -> Failure {
        if let Failure::Wrong(troubles) = &mut self
            && let Some(first) = troubles
                .first_mut()
                .filter(|trouble| trouble.place.is_none())
        {
            let indent = line.chars().take_while(|c| c.is_whitespace()).count();
            first.place = Some((line.to_owned(), indent, line.trim().chars().count()));
        }
        self
    }

    /// As a program reads it: `{"errors": [{message, code?, path?, text?, line?, column?, length?, origin?}]}`. Line
    /// and column count from 1, in the file if it is one, else in the command.
    pub(crate) fn json(&self) -> JsonText {
        let errors = match self {
            Failure::NoDaemon(message) => vec![Told {
                message,
                ..Told::default()
            }],
            Failure::Wrong(troubles) => troubles.iter().map(Trouble::told).collect(),
        };
        JsonText::of(&AllTold { errors })
    }

    /// Returns the failure as it is printed, without a newline at the end.
    pub(crate) fn shown(&self) -> String {
        match self {
            Failure::NoDaemon(message) => message.clone(),
            Failure::Wrong(troubles) => troubles
                .iter()
                .map(Trouble::shown)
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NoDaemon { .. } => Failure::NoDaemon(words(error.to_string())),
            Error::Refused(refusals) => {
                Failure::Wrong(refusals.into_iter().map(Trouble::from).collect())
            }
            other => Failure::plain(other.to_string()),
        }
    }
}

/// Writes the message, and behind it what would have been right.
pub(crate) fn with_hint(message: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message.to_owned(),
    }
}

/// A refusal without regard to the place it may have in a text.
impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        let path = refusal.path.unwrap_or_default();
        let message = with_hint(&refusal.message, refusal.hint.as_deref());
        Trouble {
            message: at_path(&path, &message),
            path,
            code: Some(refusal.code),
            subject: refusal.subject,
            ..Trouble::default()
        }
    }
}

impl Trouble {
    fn told(&self) -> Told<'_> {
        let mut told = Told {
            message: &self.message,
            code: self.code,
            path: &self.path,
            ..Told::default()
        };
        if let Some((text, start, length)) = &self.place {
            told.text = Some(text);
            told.line = Some(1);
            told.column = Some(start + 1);
            told.length = Some(*length);
        }
        if let Some(origin) = &self.origin {
            let mut parts = origin.rsplitn(3, [':', ' ']);
            let mut number = || parts.next()?.parse().ok();
            let (column, line) = (number(), number());
            if let (Some(column), Some(line), name) = (column, line, parts.next()) {
                told.origin = Some(name);
                told.line = Some(line);
                told.column = Some(column);
            }
        }
        told
    }

    fn shown(&self) -> String {
        let mut text = String::new();
        let origin = self
            .origin
            .as_deref()
            .map(|origin| format!("{origin}: "))
            .unwrap_or_default();
        if let Some((line, start, len)) = &self.place {
            let (line, before, carets) = window(line, *start, *len);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {line}\n  {:before$}{}", "", "^".repeat(carets));
        }
        text.push_str(&origin);
        text.push_str(&self.message);
        text
    }
}

/// What failed, as a program reads it.
#[derive(Serialize)]
struct AllTold<'a> {
    errors: Vec<Told<'a>>,
}

/// One thing wrong, as a program reads it.
#[derive(Default, Serialize)]
struct Told<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    path: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<usize>,
    /// The file; null where lines have a number and no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Option<&'a str>>,
}

/// The part of the line around the wrong word, the columns before the word, and its columns.
fn window(line: &str, start: usize, len: usize) -> (String, usize, usize) {
    let clean: Vec<char> = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let start = start.min(clean.len() + 1);
    let from = match clean.len() > WINDOW {
        true => start
            .saturating_sub(WINDOW / 2)
            .min(clean.len().saturating_sub(WINDOW / 2)),
        false => 0,
    };
    let to = clean.len().min(from + WINDOW);
    let width = |chars: &[char]| chars.iter().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    let shown: String = clean.get(from..to).unwrap_or_default().iter().collect();
    let (head, mut before) = if from > 0 { ("…", 1) } else { ("", 0) };
    let tail = if to < clean.len() { "…" } else { "" };
    before += width(clean.get(from..start.min(to)).unwrap_or_default())
        + start.saturating_sub(clean.len());
    let word = clean
        .get(start.min(to)..(start + len).min(to))
        .unwrap_or_default();
    let carets = width(word).max(1);
    debug_assert!(before <= shown.width() + 2);
    (format!("{head}{shown}{tail}"), before, carets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, start: usize, len: usize) -> String {
        Failure::at(line, start, len, "wrong").shown()
    }

    #[test]
    fn the_caret_is_under_the_word() {
        assert_eq!(
            shown("set flow recrod R", 9, 6),
            "  set flow recrod R\n           ^^^^^^\nwrong"
        );
        assert_eq!(shown("show", 5, 1), "  show\n       ^\nwrong");
    }

    #[test]
    fn wide_and_control_characters_keep_the_caret_in_place() {
        assert_eq!(shown("a 漢字 b", 5, 1), "  a 漢字 b\n         ^\nwrong");
        assert_eq!(shown("a\tb\u{1b}[2J", 2, 1), "  a b [2J\n    ^\nwrong");
    }

    #[test]
    fn a_huge_line_is_cut_around_the_word() {
        let line = "x".repeat(10_000_000) + " bad";
        let text = shown(&line, 10_000_001, 3);
        assert!(text.len() < 400, "{}", text.len());
        let lines: Vec<&str> = text.lines().collect();
        let column = lines[1].find('^').unwrap();
        assert_eq!(
            lines[0].chars().skip(column).take(3).collect::<String>(),
            "bad"
        );
        assert!(
            shown(&"y".repeat(500), 0, 500)
                .lines()
                .all(|line| line.chars().count() < 110)
        );
    }

    #[test]
    fn an_answer_without_a_place_is_put_under_the_word_it_names() {
        let about = |message: &str, subject: &[&str]| {
            Failure::from(Error::Refused(vec![Refusal {
                subject: subject.iter().map(|word| (*word).to_owned()).collect(),
                ..Refusal::new(Code::NotFound, message)
            }]))
        };
        let failure =
            about("there is no flow monitor M1", &["M1"]).at_its_word("show flow monitor M1 cache");
        assert_eq!(
            failure.shown().lines().nth(1),
            Some("                    ^^")
        );
        let failure = about("the disk is full", &[]).at_its_word("show flow monitor M1 cache");
        assert_eq!(failure.shown(), "the disk is full");
        let line = "show flow monitor M cache sort ipv4 x | match ipv4 x";
        let failure = about("no field ipv4 x", &["ipv4", "x"]).at_its_word(line);
        let caret = format!("  {:31}^^^^^^", "");
        assert_eq!(failure.shown().lines().nth(1), Some(caret.as_str()));
    }

    #[test]
    fn findings_name_their_path_once() {
        for (path, message, shown) in [
            (
                "flow exporter E",
                "destination is missing",
                "flow exporter E: destination is missing",
            ),
            (
                "flow exporter E",
                "flow exporter E: destination is missing",
                "flow exporter E: destination is missing",
            ),
            (
                "system flow-accounting",
                "flow-accounting: interface is missing",
                "system flow-accounting: interface is missing",
            ),
            (
                "flow monitor M record",
                "record R does not exist",
                "flow monitor M record R does not exist",
            ),
            // E1 is not E.
            (
                "flow exporter E",
                "E1 has its port already",
                "flow exporter E: E1 has its port already",
            ),
            ("", "the disk is full", "the disk is full"),
        ] {
            let refusal = Refusal {
                path: Some(path.split_whitespace().map(str::to_owned).collect()),
                ..Refusal::new(Code::Invalid, message)
            };
            assert_eq!(Trouble::from(refusal).message, shown);
        }
    }
}
