//! What a command has to say, and the pipes it goes through.

use grammar::command::{Pipe, Tail};
use regex::Regex;
use serde_json::{Value as Json, json};

use crate::trouble::Failure;

/// Memory that a pipe's expression may take once compiled, in octets.
const EXPRESSION_LIMIT: usize = 1 << 20;

/// The output of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// As it is shown; ends with a newline unless it is empty.
    pub(crate) text: String,
    /// As the API had it.
    pub(crate) json: Option<Json>,
    /// Lines start with the marks `+`, `-` and `>`.
    pub(crate) marked: bool,
    /// Not stopped at the end of the screen.
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

    pub(crate) fn screen(text: String, json: Json) -> Answer {
        Answer {
            text,
            json: Some(json),
            ..Answer::default()
        }
    }

    /// Through the pipes, in order. `line` is the typed line, for errors; `save` writes a file.
    pub(crate) fn through(
        mut self,
        pipes: &[Pipe],
        line: &str,
        save: impl Fn(&str, &str) -> std::io::Result<()>,
    ) -> Result<Answer, Failure> {
        for pipe in pipes {
            match pipe {
                Pipe::Match(tail) => self.keep_lines(&expression(line, tail)?, true),
                Pipe::Except(tail) => self.keep_lines(&expression(line, tail)?, false),
                Pipe::Begin(tail) => {
                    let wanted = expression(line, tail)?;
                    let mut begun = false;
                    self.text = lines(self.text.lines().skip_while(|line| {
                        begun |= wanted.is_match(line);
                        !begun
                    }));
                }
                Pipe::Count => self.text = format!("Count: {} lines\n", self.text.lines().count()),
                Pipe::Last(wanted) => {
                    let skipped = self.text.lines().count().saturating_sub(*wanted as usize);
                    self.text = lines(self.text.lines().skip(skipped));
                }
                Pipe::NoMore => self.no_more = true,
                Pipe::Json => {
                    let json = self
                        .json
                        .take()
                        .unwrap_or_else(|| json!({ "text": self.text }));
                    self.text = serde_json::to_string_pretty(&json)
                        .unwrap_or_else(|_| json.to_string())
                        + "\n";
                    self.marked = false;
                }
                Pipe::Save(tail) => {
                    if let Err(error) = save(&tail.text, &self.text) {
                        let length = tail.text.chars().count();
                        return Err(Failure::at(
                            line,
                            tail.start,
                            length,
                            format!("cannot write {}: {error}", tail.text),
                        ));
                    }
                    self.text = format!(
                        "Saved {} lines to {}\n",
                        self.text.lines().count(),
                        tail.text
                    );
                }
            }
        }
        Ok(self)
    }

    fn keep_lines(&mut self, wanted: &Regex, matching: bool) {
        self.text = lines(
            self.text
                .lines()
                .filter(|line| wanted.is_match(line) == matching),
        );
    }
}

fn expression(line: &str, tail: &Tail) -> Result<Regex, Failure> {
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
            let message = format!("not a regular expression: {why}");
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
        let parsed = grammar::command::parse(&line, grammar::command::Mode::Operational)
            .unwrap()
            .unwrap();
        match Answer::text(text).through(&parsed.pipes, &line, |_, _| Ok(())) {
            Ok(answer) => answer.text,
            Err(failure) => failure.shown(),
        }
    }

    #[test]
    fn pipes_filter_lines() {
        let text = "one\ntwo\nthree\nfour\n";
        assert_eq!(through(text, "| match o"), "one\ntwo\nfour\n");
        assert_eq!(through(text, "| except \"o|x\""), "three\n");
        assert_eq!(through(text, "| begin ^t | last 1"), "four\n");
        assert_eq!(through(text, "| match zzz | count"), "Count: 0 lines\n");
        assert_eq!(through("", "| count"), "Count: 0 lines\n");
        assert_eq!(through(text, "| save /tmp/x"), "Saved 4 lines to /tmp/x\n");
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
