//! The output of a command, and the pipes behind it (`| match …`, `| json`, `| save …`).

use std::collections::VecDeque;
use std::path::Path;

use commands::{Pipe, Tail};
use regex::Regex;
use serde::Serialize;

use crate::client::Received;
use crate::file::{Writer, resolved};
use crate::json::JsonText;
use crate::terminal::Look;
use crate::trouble::Failure;

/// The memory that a compiled regular expression may take, in octets.
const EXPRESSION_LIMIT: usize = 1 << 20;

/// The output of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// The text that is shown; it ends with a newline unless it is empty.
    pub(crate) text: String,
    /// The answer of the API that the text shows, if there is one.
    pub(crate) json: Option<JsonText>,
    /// Whether lines begin with the marks `+`, `-` and `>`.
    pub(crate) marked: bool,
    /// Whether lines that are longer than the terminal are left to it: they may be copied.
    pub(crate) verbatim: bool,
    /// Whether the output goes on at the end of the screen without waiting for a key.
    pub(crate) no_more: bool,
}

impl Answer {
    pub(crate) fn text(text: impl Into<String>) -> Answer {
        Answer {
            text: text.into(),
            ..Answer::default()
        }
    }

    pub(crate) fn line(line: impl Into<String>) -> Answer {
        let mut text = line.into();
        text.push('\n');
        Answer::text(text)
    }

    /// Returns a text with the answer that it shows.
    pub(crate) fn screen(text: String, json: JsonText) -> Answer {
        Answer {
            text,
            json: Some(json),
            ..Answer::default()
        }
    }

    /// Returns the text that `show` makes of an answer, or the line `none` where that text is empty.
    pub(crate) fn shown<A>(
        received: Received<A>,
        none: &str,
        show: impl FnOnce(&A) -> String,
    ) -> Answer {
        let text = show(&received.answer);
        match text.is_empty() {
            true => Answer {
                json: Some(received.json),
                ..Answer::line(none)
            },
            false => Answer::screen(text, received.json),
        }
    }

    /// Returns the output as JSON: the API's answer, or the text in an object, or an empty object without a text.
    pub(crate) fn to_json(&self) -> JsonText {
        match &self.json {
            Some(json) => json.clone(),
            None if self.text.is_empty() => JsonText::of(&api::Nothing {}),
            None => JsonText::of(&Text { text: &self.text }),
        }
    }

    /// Returns the text as it is shown on a terminal: marked lines have the colour of their mark.
    pub(crate) fn painted(&self, look: Look) -> String {
        if !look.colour || !self.marked {
            return self.text.clone();
        }
        let mut text = String::new();
        for line in self.text.lines() {
            let colour = match line.bytes().next() {
                Some(b'+') => "\x1b[32m",
                Some(b'-') => "\x1b[31m",
                Some(b'>') => "\x1b[33m",
                _ => "",
            };
            text.push_str(colour);
            text.push_str(line);
            text.push_str(if colour.is_empty() { "\n" } else { "\x1b[0m\n" });
        }
        text
    }

    /// Sends the output through the pipes, in order. Errors point into `line`, the typed line.
    pub(crate) fn through(
        mut self,
        pipes: &[Pipe],
        line: &str,
        home: Option<&Path>,
    ) -> Result<Answer, Failure> {
        if pipes.is_empty() {
            return Ok(self);
        }
        self.no_more |= pipes.contains(&Pipe::NoMore);
        // `json` begins anew with what the API said; what stands before it has been done nevertheless.
        let last_json = pipes.iter().rposition(|pipe| *pipe == Pipe::Json);
        let (before, after) = pipes.split_at(last_json.map_or(0, |at| at + 1));
        if last_json.is_some() {
            Pipeline::new(before, line, home)?.whole(&self.text)?;
            let json = self.json.take();
            let json = json.unwrap_or_else(|| JsonText::of(&Text { text: &self.text }));
            self.text = json.pretty() + "\n";
            self.marked = false;
            self.verbatim = true;
        }
        self.text = Pipeline::new(after, line, home)?.whole(&self.text)?;
        Ok(self)
    }
}

/// The output of a command that shows no answer of the API.
#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

/// The pipes behind a command. They take a text in parts.
pub(crate) struct Pipeline {
    stages: Vec<Stage>,
    line: String,
}

enum Stage {
    Keep {
        wanted: Regex,
        matching: bool,
    },
    Begin {
        wanted: Regex,
        begun: bool,
    },
    Section {
        wanted: Regex,
        section: Section,
    },
    Count(u64),
    Last {
        wanted: usize,
        lines: VecDeque<String>,
    },
    Save {
        to: Tail,
        /// The file that is written; `None` once it is complete.
        file: Option<Writer>,
        lines: u64,
    },
}

impl Pipeline {
    /// Builds the stages of these pipes. `json` and `no-more` have no stage.
    ///
    /// # Errors
    /// A text is no regular expression, or a file cannot be written.
    pub(crate) fn new(
        pipes: &[Pipe],
        line: &str,
        home: Option<&Path>,
    ) -> Result<Pipeline, Failure> {
        let mut pipeline = Pipeline {
            stages: Vec::new(),
            line: line.to_owned(),
        };
        for pipe in pipes {
            pipeline.stages.push(match pipe {
                Pipe::Match(tail) | Pipe::Except(tail) => Stage::Keep {
                    wanted: expression(line, tail)?,
                    matching: matches!(pipe, Pipe::Match(_)),
                },
                Pipe::Begin(tail) => Stage::Begin {
                    wanted: expression(line, tail)?,
                    begun: false,
                },
                Pipe::Section(tail) => Stage::Section {
                    wanted: expression(line, tail)?,
                    section: Section::default(),
                },
                Pipe::Count => Stage::Count(0),
                Pipe::Last(wanted) => Stage::Last {
                    wanted: *wanted as usize,
                    lines: VecDeque::new(),
                },
                Pipe::Save(to) => Stage::Save {
                    file: Some(
                        Writer::create(&resolved(&to.text, home))
                            .map_err(|error| unsaved(line, to, &error))?,
                    ),
                    to: to.clone(),
                    lines: 0,
                },
                Pipe::NoMore | Pipe::Json => continue,
            });
        }
        Ok(pipeline)
    }

    /// Takes a whole text, and returns what comes out.
    fn whole(mut self, text: &str) -> Result<String, Failure> {
        let begun = self.text(text.to_owned())?;
        Ok(begun + &self.end()?)
    }

    /// Takes a part, which consists of whole lines, and returns what comes out of it already.
    pub(crate) fn text(&mut self, text: String) -> Result<String, Failure> {
        let line = &self.line;
        self.stages
            .iter_mut()
            .try_fold(text, |text, stage| stage.text(text, line))
    }

    /// Ends the text, and returns what comes out only now.
    pub(crate) fn end(&mut self) -> Result<String, Failure> {
        let line = &self.line;
        self.stages
            .iter_mut()
            .try_fold(String::new(), |text, stage| {
                let begun = stage.text(text, line)?;
                Ok(begun + &stage.end(line)?)
            })
    }
}

impl Stage {
    fn text(&mut self, text: String, line: &str) -> Result<String, Failure> {
        Ok(match self {
            Stage::Keep { wanted, matching } => lines(
                text.lines()
                    .filter(|line| wanted.is_match(line) == *matching),
            ),
            Stage::Begin { wanted, begun } => lines(text.lines().skip_while(|line| {
                *begun |= wanted.is_match(line);
                !*begun
            })),
            Stage::Section { wanted, section } => text
                .lines()
                .flat_map(|line| section.line(line, wanted.is_match(line)))
                .flat_map(|line| [line, "\n".to_owned()])
                .collect(),
            Stage::Count(count) => {
                *count += text.lines().count() as u64;
                String::new()
            }
            Stage::Last { wanted, lines } => {
                for line in text.lines() {
                    lines.push_back(line.to_owned());
                    if lines.len() > *wanted {
                        lines.pop_front();
                    }
                }
                String::new()
            }
            Stage::Save {
                to,
                file,
                lines: count,
            } => {
                *count += text.lines().count() as u64;
                if let Some(file) = file {
                    file.add(&text).map_err(|error| unsaved(line, to, &error))?;
                }
                String::new()
            }
        })
    }

    fn end(&mut self, line: &str) -> Result<String, Failure> {
        Ok(match self {
            Stage::Keep { .. } | Stage::Begin { .. } | Stage::Section { .. } => String::new(),
            Stage::Count(count) => format!("Count: {count} lines\n"),
            Stage::Last { lines: last, .. } => lines(last.iter().map(String::as_str)),
            Stage::Save { to, file, lines } => {
                if let Some(file) = file.take() {
                    file.finish().map_err(|error| unsaved(line, to, &error))?;
                }
                format!("Saved {lines} lines to {}\n", to.text)
            }
        })
    }
}

/// The state of `section`: lines that match are shown with the lines indented below them and the headings above.
#[derive(Default)]
struct Section {
    /// The indentation of the line that matched, while the lines below it are read.
    inside: Option<usize>,
    /// The lines above, each indented more than the one before: indentation, line, whether it was shown.
    above: Vec<(usize, String, bool)>,
}

impl Section {
    /// Takes the next line, and returns the lines to show.
    fn line(&mut self, line: &str, matches: bool) -> Vec<String> {
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let closes = line.trim_start().starts_with('}');
        // A brace at the same depth belongs to the block it closes.
        if closes && let Some(heading) = self.above.iter().rev().find(|(at, ..)| *at == indent) {
            let shown = heading.2;
            self.above.retain(|(at, ..)| *at < indent);
            self.inside = self.inside.filter(|inside| *inside < indent);
            return if shown {
                vec![line.to_owned()]
            } else {
                Vec::new()
            };
        }
        self.above.retain(|(at, ..)| *at < indent);
        self.inside = self.inside.filter(|inside| *inside < indent);
        let mut lines = Vec::new();
        let wanted = matches || self.inside.is_some();
        if wanted {
            for (_, heading, shown) in self.above.iter_mut().filter(|(.., shown)| !shown) {
                lines.push(heading.clone());
                *shown = true;
            }
            lines.push(line.to_owned());
            self.inside = self.inside.or(Some(indent));
        }
        self.above.push((indent, line.to_owned(), wanted));
        lines
    }
}

fn unsaved(line: &str, to: &Tail, error: &std::io::Error) -> Failure {
    let length = to.text.chars().count();
    Failure::at(
        line,
        to.start,
        length,
        format!(
            "cannot write {}: {error}; name a file in a folder that is there and yours",
            to.text
        ),
    )
}

/// Compiles the regular expression that was typed at this place.
pub(crate) fn expression(line: &str, tail: &Tail) -> Result<Regex, Failure> {
    regex::RegexBuilder::new(&tail.text)
        .size_limit(EXPRESSION_LIMIT)
        .build()
        .map_err(|error| {
            let why = error.to_string();
            let why = why
                .lines()
                .last()
                .unwrap_or("it does not parse")
                .trim_start_matches("error: ");
            let message =
                format!("not a regular expression: {why}; such as ^10\\. is expected, \\ before a sign that is meant itself");
            Failure::at(line, tail.start, tail.text.chars().count(), message)
        })
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str, typed: &str) -> String {
        let line = format!("show version {typed}");
        let parsed = commands::parse(&line, commands::Mode::Operational)
            .unwrap()
            .unwrap();
        match Answer::text(text).through(&parsed.pipes, &line, None) {
            Ok(answer) => answer.text,
            Err(failure) => failure.shown(),
        }
    }

    #[test]
    fn a_text_in_parts_is_piped_as_one_in_one() {
        let line = "show version | except x | begin b | last 3 | count";
        let pipes = commands::parse(line, commands::Mode::Operational)
            .unwrap()
            .unwrap()
            .pipes;
        for most in 1..=pipes.len() {
            let mut parts = Pipeline::new(&pipes[..most], line, None).unwrap();
            let mut text = String::new();
            for part in ["a\nx\n", "b\na\n", "", "x\nc\nd\n"] {
                text += &parts.text(part.into()).unwrap();
            }
            text += &parts.end().unwrap();
            let whole = Pipeline::new(&pipes[..most], line, None).unwrap();
            assert_eq!(text, whole.whole("a\nx\nb\na\nx\nc\nd\n").unwrap());
        }
    }

    #[test]
    fn pipes_filter_lines() {
        let text = "one\ntwo\nthree\nfour\n";
        assert_eq!(through(text, "| match o"), "one\ntwo\nfour\n");
        assert_eq!(through(text, "| except \"o|x\""), "three\n");
        assert_eq!(through(text, "| begin ^t | last 1"), "four\n");
        let running = "flow exporter A\n ttl 1\n!\nflow monitor M\n record R\n exporter A\n!\n";
        assert_eq!(
            through(running, "| section exporter"),
            "flow exporter A\n ttl 1\nflow monitor M\n exporter A\n"
        );
        let braces = "flow {\n    exporter A {\n        ttl 1\n    }\n    monitor M {\n    }\n}\nsystem {\n}\n";
        assert_eq!(
            through(braces, "| section exporter"),
            "flow {\n    exporter A {\n        ttl 1\n    }\n}\n"
        );
        assert_eq!(through(text, "| match zzz | count"), "Count: 0 lines\n");
        assert_eq!(through("", "| count"), "Count: 0 lines\n");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x");
        let name = file.display();
        assert_eq!(
            through(text, &format!("| except one | save {name}")),
            format!("Saved 3 lines to {name}\n")
        );
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            "two\nthree\nfour\n"
        );
        assert_eq!(through("x\n", "| json"), "{\n  \"text\": \"x\\n\"\n}\n");
    }

    #[test]
    fn a_wrong_expression_is_shown_in_its_place() {
        let shown = through("x\n", "| match a(b");
        assert!(
            shown.starts_with("  show version | match a(b\n                       ^^^\n"),
            "{shown}"
        );
        assert!(shown.contains("unclosed group"), "{shown}");
        assert!(
            through("x\n", "| match (((a{1000}){1000}){1000})")
                .contains("not a regular expression")
        );
    }
}
