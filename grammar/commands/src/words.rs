//! A typed line cut into words, each with its place in the line.

use language::{Code, Problem};

/// A piece of the typed line that another crate parses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The text as typed.
    pub text: String,
    /// The place of its first character in the line, from 0.
    pub start: usize,
}

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text without its quotes and escapes.
    pub text: String,
    /// The place of its first character in the line, from 0.
    pub start: usize,
    /// Its length in the line in characters, with its quotes.
    pub len: usize,
    /// Whether it was typed in quotes; a quoted word is neither a keyword nor a pipe.
    pub quoted: bool,
    /// Whether its quote is still open at the end of the line.
    pub open: bool,
}

impl Word {
    /// Returns the place behind its last character, from 0.
    pub fn end(&self) -> usize {
        self.start + self.len
    }

    /// Whether it is an unquoted `|`.
    pub fn is_pipe(&self) -> bool {
        !self.quoted && self.text == "|"
    }

    /// Returns a problem that points at this word.
    pub fn problem(&self, code: Code, message: impl Into<String>, hint: Option<String>) -> Problem {
        problem(code, self.start, self.len, message, hint)
    }
}

/// Returns a problem of `len` characters of the line from `start` (from 0) on.
pub(crate) fn problem(
    code: Code,
    start: usize,
    len: usize,
    message: impl Into<String>,
    hint: Option<String>,
) -> Problem {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Problem {
        line: 1,
        column: number(start + 1),
        length: number(len.max(1)),
        message: message.into(),
        code,
        hint,
    }
}

/// Cuts a line into words at white space.
///
/// A word in double quotes may have white space and pipes, and `\"` and `\\` for a quote and a backslash; the quote opens only at
/// the start of a word. Single quotes, with which VyOS writes values, do the same without escapes; they must close at the end
/// of a word, as an apostrophe inside of a word is a letter. An unquoted `|` at the start of a word is a word of its own.
///
/// A quote that is still open at the end of the line makes the last word `open`, which is no error during completion.
pub fn split(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut apostrophes = Apostrophes::of(line);
    let mut chars = line.chars().enumerate().peekable();
    while let Some(&(start, first)) = chars.peek() {
        if first.is_whitespace() {
            chars.next();
            continue;
        }
        if first == '|' {
            chars.next();
            words.push(Word {
                text: "|".into(),
                start,
                len: 1,
                quoted: false,
                open: false,
            });
            continue;
        }
        if first == '\''
            && let Some(end) = apostrophes.closing(start)
        {
            let inside = chars.by_ref().take(end - start + 1).map(|(_, c)| c);
            let quoted: String = inside.collect();
            words.push(Word {
                text: quoted[1..quoted.len() - 1].to_owned(),
                start,
                len: end - start + 1,
                quoted: true,
                open: false,
            });
            continue;
        }
        let mut word = Word {
            text: String::new(),
            start,
            len: 0,
            quoted: first == '"',
            open: first == '"',
        };
        if word.quoted {
            chars.next();
            word.len = 1;
        }
        while let Some(&(_, c)) = chars.peek() {
            if !word.open && c.is_whitespace() {
                break;
            }
            chars.next();
            word.len += 1;
            match c {
                '"' if word.open => word.open = false,
                '\\' if word.open => match chars.peek() {
                    Some(&(_, escaped @ ('"' | '\\'))) => {
                        word.text.push(escaped);
                        word.len += 1;
                        chars.next();
                    }
                    _ => word.text.push('\\'),
                },
                c => word.text.push(c),
            }
        }
        words.push(word);
    }
    words
}

/// The places of a line's apostrophes, in characters, and for each whether a word ends with it.
struct Apostrophes(std::collections::VecDeque<(usize, bool)>);

impl Apostrophes {
    fn of(line: &str) -> Apostrophes {
        let mut all = std::collections::VecDeque::new();
        let mut chars = line.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\'' {
                let ends = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
                all.push_back((at, ends));
            }
        }
        Apostrophes(all)
    }

    /// Returns the place where the quote that opens at `open` closes. Calls must come in the order of the line.
    fn closing(&mut self, open: usize) -> Option<usize> {
        while self.0.front().is_some_and(|(at, _)| *at <= open) {
            self.0.pop_front();
        }
        self.0.front().filter(|(_, ends)| *ends).map(|(at, _)| *at)
    }
}

/// Returns the text of the line from the character `start` (from 0) on.
pub(crate) fn rest(line: &str, start: usize) -> &str {
    let at = line
        .char_indices()
        .nth(start)
        .map_or(line.len(), |(at, _)| at);
    line.get(at..).unwrap_or_default()
}

/// Returns the texts of words, joined by spaces.
pub(crate) fn joined(words: &[Word]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

/// Returns the problem of a word whose quote is open.
pub(crate) fn not_closed(word: &Word) -> Problem {
    let hint = Some("close it with \"".into());
    word.problem(Code::Syntax, "the quote is not closed", hint)
}

/// Returns as much of a text as fits into a message, without control characters.
pub(crate) fn brief(text: &str) -> String {
    const LONGEST: usize = 40;
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut brief: String = text.chars().take(LONGEST).map(shown).collect();
    if text.chars().nth(LONGEST).is_some() {
        brief.push('…');
    }
    brief
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<(String, usize, usize)> {
        split(line)
            .into_iter()
            .map(|word| (word.text, word.start, word.len))
            .collect()
    }

    #[test]
    fn words_have_their_places_in_characters() {
        assert_eq!(
            texts("  set ü \"a b\"  c"),
            [
                ("set".into(), 2, 3),
                ("ü".into(), 6, 1),
                ("a b".into(), 8, 5),
                ("c".into(), 15, 1)
            ]
        );
    }

    #[test]
    fn single_quotes_are_quotes_around_a_word_only() {
        assert_eq!(
            texts("set 'eth 0' 'tis it's 'a'b ' '' |'x|y'"),
            [
                ("set".into(), 0, 3),
                ("eth 0".into(), 4, 7),
                ("'tis".into(), 12, 4),
                ("it's".into(), 17, 4),
                ("'a'b".into(), 22, 4),
                ("'".into(), 27, 1),
                (String::new(), 29, 2),
                ("|".into(), 32, 1),
                ("x|y".into(), 33, 5),
            ]
        );
    }

    #[test]
    fn pipes_only_count_unquoted_at_the_start_of_a_word() {
        let words = split(r#"show | match "a|b" x|y |count"#);
        let pipes: Vec<usize> = words
            .iter()
            .filter(|word| word.is_pipe())
            .map(|word| word.start)
            .collect();
        assert_eq!(pipes, [5, 23]);
        assert_eq!(words[3].text, "a|b");
        assert_eq!(words[4].text, "x|y");
    }

    #[test]
    fn escapes_and_open_quotes() {
        let words = split(r#""a\"b\\" "open end"#);
        assert_eq!((words[0].text.as_str(), words[0].open), (r#"a"b\"#, false));
        assert_eq!((words[1].text.as_str(), words[1].open), ("open end", true));
    }
}
