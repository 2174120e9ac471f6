//! The words of a line that matched a row of the table, as the function of the row reads them.

use std::net::IpAddr;

use language::Problem;

use super::argument::{Arg, Token};
use super::command::Command;
use super::words::{Tail, Word, rest};

/// A line that matched a row.
pub(crate) struct Matched<'a> {
    /// The line as typed.
    pub(crate) line: &'a str,
    /// Its keywords and arguments, in order.
    pub(crate) parts: Vec<Part<'a>>,
}

/// A keyword or an argument of a line.
pub(crate) struct Part<'a> {
    /// Which one it is.
    pub(crate) token: Token,
    /// Its text with abbreviations written out.
    pub(crate) text: String,
    /// The words of the line that it was made of.
    pub(crate) words: &'a [Word],
}

/// A function that makes the command of a line that matched its row.
pub(crate) type Build = fn(&Matched<'_>) -> Result<Command, Problem>;

impl Matched<'_> {
    fn argument(&self, wanted: Arg) -> Option<&Part<'_>> {
        let is_it =
            |part: &&Part<'_>| matches!(part.token, Token::Argument(_, arg) if arg == wanted);
        self.parts.iter().find(is_it)
    }

    /// Returns the parts behind a keyword.
    fn behind(&self, keyword: &str) -> Option<&[Part<'_>]> {
        let is_it = |part: &Part<'_>| matches!(part.token, Token::Keyword(word) if word == keyword);
        let at = self.parts.iter().position(is_it)?;
        self.parts.get(at + 1..)
    }

    /// Whether the line has a keyword.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        self.behind(keyword).is_some()
    }

    /// Returns the words of what follows a keyword.
    pub(crate) fn words_after(&self, keyword: &str) -> &[Word] {
        let next = self.behind(keyword).and_then(<[Part<'_>]>::first);
        next.map_or(&[], |part| part.words)
    }

    /// Returns the text of an argument that the line may have.
    pub(crate) fn optional(&self, wanted: Arg) -> Option<String> {
        self.argument(wanted).map(|part| part.text.clone())
    }

    /// Returns the text of an argument that every row of this command has.
    pub(crate) fn required(&self, wanted: Arg) -> String {
        self.optional(wanted).unwrap_or_default()
    }

    /// Returns the words of an argument.
    pub(crate) fn words(&self, wanted: Arg) -> &[Word] {
        self.argument(wanted).map_or(&[], |part| part.words)
    }

    /// Returns the path of the configuration that the line ends with.
    pub(crate) fn path(&self) -> Vec<String> {
        let words = self.words(Arg::Path).iter();
        words.map(|word| word.text.clone()).collect()
    }

    /// Returns the first number of the line.
    pub(crate) fn number(&self) -> Option<u32> {
        number_in(&self.parts)
    }

    /// Returns the first number behind a keyword.
    pub(crate) fn number_after(&self, keyword: &str) -> Option<u32> {
        number_in(self.behind(keyword)?)
    }

    /// Returns the addresses of the line.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let is_address = |part: &&Part<'_>| matches!(part.token, Token::Argument(_, Arg::Address));
        let parts = self.parts.iter().filter(is_address);
        parts.filter_map(|part| part.text.parse().ok())
    }

    /// Returns an argument of one word with its place.
    pub(crate) fn placed(&self, wanted: Arg) -> Option<Tail> {
        let part = self.argument(wanted)?;
        Some(Tail {
            text: part.text.clone(),
            start: part.words.first().map_or(0, |word| word.start),
        })
    }

    /// Returns the line from an argument on, as typed.
    pub(crate) fn tail(&self, from: Arg) -> Tail {
        let start = self.words(from).first().map_or(0, |word| word.start);
        Tail {
            text: rest(self.line, start).trim_end().to_owned(),
            start,
        }
    }

    /// Returns the text that ends the line, without the quotes that may stand around it.
    pub(crate) fn text(&self) -> Tail {
        match self.words(Arg::Text) {
            [only] if only.quoted => Tail {
                text: only.text.clone(),
                start: only.start + 1,
            },
            _ => self.tail(Arg::Text),
        }
    }

    /// Returns the comment that ends the line, without the quotes that may stand around it.
    pub(crate) fn comment(&self) -> Option<String> {
        self.argument(Arg::Text).map(|_| self.text().text)
    }
}

fn number_in(parts: &[Part<'_>]) -> Option<u32> {
    let is_number = |part: &&Part<'_>| {
        matches!(
            part.token,
            Token::Argument(_, Arg::Number(..) | Arg::Revision)
        )
    };
    parts.iter().find(is_number)?.text.parse().ok()
}
