//! What stands at a place of a pattern: a keyword, or an argument with what it accepts.

use std::net::IpAddr;

use language::schema::root;
use language::{Code, Problem, interface_of_two_words, near};

use super::conditions::{take_conditions, take_fields};
use super::fields::{Fields, take_field};
use super::words::{Word, brief, joined, not_closed, problem};

/// What stands at a place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Keyword(&'static str),
    /// An argument, as the pattern writes it, and its kind.
    Argument(&'static str, Arg),
}

impl Token {
    /// Reads a word of a pattern.
    pub(crate) fn of(word: &'static str) -> Token {
        match word.starts_with('<') {
            true => Token::Argument(word, Arg::named(word)),
            false => Token::Keyword(word),
        }
    }

    /// Returns the word as the pattern has it and `?` lists it.
    pub(crate) fn shown(&self) -> &'static str {
        match self {
            Token::Keyword(word) => word,
            Token::Argument(name, _) => name,
        }
    }
}

/// The kind of an argument: what it accepts, and where completion finds its candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arg {
    Monitor,
    Exporter,
    Record,
    Sampler,
    Samplicator,
    /// A receiver of the samplicator named before it, or of any.
    Receiver,
    Interface,
    Revision,
    File,
    /// A number from the first to the second.
    Number(u32, u32),
    Address,
    /// Ports: `22`, `80-89` or `53,123`.
    Ports,
    /// A field of a flow; its name has several words.
    Field,
    /// A field that flows are sorted by; its name has several words.
    SortField,
    /// Fields of a flow.
    Fields,
    /// Fields of a flow, each with a value.
    Conditions,
    /// A path of the configuration, up to a pipe.
    Path,
    /// A path of the configuration, up to the keyword `to`.
    From,
    /// The rest of the line, which a dialect of the configuration reads.
    Statement,
    /// Any text, to the end of the line.
    Text,
    /// A regular expression, up to a pipe: what is shown goes through the pipe `section` with it.
    Expression,
    /// A time of day, with or without a date before it.
    Time,
    /// Any word.
    Word,
    /// An operational command, to the end of the line.
    Operational,
}

impl Arg {
    fn named(name: &str) -> Arg {
        match name {
            "<monitor>" => Arg::Monitor,
            "<exporter>" => Arg::Exporter,
            "<record>" => Arg::Record,
            "<sampler>" => Arg::Sampler,
            "<samplicator>" => Arg::Samplicator,
            "<receiver>" => Arg::Receiver,
            "<interface>" => Arg::Interface,
            "<revision>" => Arg::Revision,
            "<file>" => Arg::File,
            "<address>" => Arg::Address,
            "<port>" => Arg::Ports,
            "<field>" => Arg::Field,
            "<sort-field>" => Arg::SortField,
            "<fields>" => Arg::Fields,
            "<conditions>" => Arg::Conditions,
            "<path>" => Arg::Path,
            "<from>" => Arg::From,
            "<statement>" => Arg::Statement,
            "<text>" => Arg::Text,
            "<expression>" => Arg::Expression,
            "<command>" => Arg::Operational,
            "<time>" => Arg::Time,
            range => match range
                .trim_matches(['<', '>'])
                .split_once('-')
                .map(|(a, b)| (a.parse(), b.parse()))
            {
                Some((Ok(low), Ok(high))) => Arg::Number(low, high),
                _ => Arg::Word,
            },
        }
    }

    /// Whether the keyword `name` may stand before it, as on Cisco's: `show flow monitor name M`.
    pub(crate) fn may_follow_name(self) -> bool {
        matches!(
            self,
            Arg::Monitor | Arg::Exporter | Arg::Record | Arg::Sampler
        )
    }

    /// Returns how many letters an abbreviated keyword must have where this argument can stand as well: enough not to
    /// be taken for a short name.
    pub(crate) fn letters_of_a_keyword(self) -> usize {
        match self {
            Arg::Number(..) | Arg::Revision | Arg::Address | Arg::Time => 1,
            Arg::Path => 2,
            _ => 4,
        }
    }

    /// Returns what an error says is wanted.
    fn wanted(self) -> String {
        let what = match self {
            Arg::Monitor => "a flow monitor's name",
            Arg::Exporter => "a flow exporter's name",
            Arg::Record => "a flow record's name",
            Arg::Sampler => "a sampler's name",
            Arg::Samplicator => "a samplicator's name",
            Arg::Receiver => "a receiver's name",
            Arg::Interface => "an interface",
            Arg::Revision => "the number of a revision",
            Arg::File => "a file",
            Arg::Number(low, high) => return format!("a number from {low} to {high}"),
            Arg::Address => "an IPv4 or IPv6 address",
            Arg::Ports => "a port, 22, 80-89 or 53,123",
            Arg::Field | Arg::SortField | Arg::Fields => "a field, such as ipv4 source address",
            Arg::Conditions => "a field and its value",
            Arg::Path | Arg::From | Arg::Statement => "words of the configuration",
            Arg::Text | Arg::Word => "a word",
            Arg::Expression => "a regular expression",
            Arg::Operational => "an operational command",
            Arg::Time => "a time, 03:00 or \"2030-01-31 03:00\"",
        };
        what.to_owned()
    }

    /// Returns the question for a line that ends before this argument, whose help is `help`.
    pub(crate) fn question(self, help: &str) -> String {
        let what = match self {
            Arg::Monitor => "which flow monitor? `?` lists them",
            Arg::Exporter => "which flow exporter? `?` lists them",
            Arg::Record => "which flow record? `?` lists them",
            Arg::Sampler => "which sampler? `?` lists them",
            Arg::Samplicator => "which samplicator? `?` lists them",
            Arg::Receiver => "which receiver? `?` lists them",
            Arg::Interface => "which interface? `?` lists them",
            Arg::Revision => "which revision? `show system commit` lists them",
            Arg::File => "which file? a path or a URL",
            Arg::Number(low, high) => return format!("how many? {low} to {high} ({help})"),
            Arg::Address => "which address? IPv4 or IPv6",
            Arg::Ports => "which port? 22, 80-89 or 53,123",
            Arg::Field | Arg::SortField => "which field? such as ipv4 source address",
            Arg::Fields => "which fields? such as ipv4 source address",
            Arg::Conditions => "which field and value? such as ipv4 protocol tcp",
            Arg::Path | Arg::From | Arg::Statement => {
                "which path of the configuration? `?` lists them"
            }
            Arg::Text => "which text? all up to the end of the line",
            Arg::Expression => "which regular expression? such as ^flow",
            Arg::Time => "what time? 03:00 or \"2030-01-31 03:00\"",
            Arg::Word => "which host? a name or an address",
            Arg::Operational => "which operational command? `?` lists them",
        };
        what.to_owned()
    }

    /// Whether the next word is rather one of the keywords mistyped than this argument: it is spelled much like one,
    /// and as the argument it would be wrong.
    pub(crate) fn is_mistyped_keyword(self, words: &[Word], keywords: &[&'static str]) -> bool {
        let word = &words[0];
        if word.quoted || near(&word.text, keywords.iter().copied()).is_none() {
            return false;
        }
        match self {
            Arg::File => words.get(1).is_some_and(|next| !next.is_pipe()),
            Arg::SortField => take_field(words, Fields::Sort).is_err(),
            Arg::Path => {
                let paths: Vec<&str> = root().children().iter().map(|child| child.word()).collect();
                !paths.iter().any(|path| path.starts_with(&word.text))
                    && near(&word.text, paths.iter().copied()).is_none()
            }
            _ => false,
        }
    }

    /// Takes the argument from the front of `words`, of which there is one at least. Returns its text and how many words it has.
    /// `after` are the keywords that can follow it.
    pub(crate) fn take(
        self,
        words: &[Word],
        after: &[&'static str],
    ) -> Result<(String, usize), Problem> {
        let word = &words[0];
        if word.is_pipe() && !matches!(self, Arg::Text | Arg::Statement | Arg::Operational) {
            return Err(word.problem(
                Code::MissingValue,
                "a word is missing before the pipe",
                Some(format!("{} is expected", self.wanted())),
            ));
        }
        let refuse = |code, what: &str, hint: String| {
            Err(word.problem(
                code,
                format!("\"{}\" is {what}", brief(&word.text)),
                Some(hint),
            ))
        };
        match self {
            Arg::Number(low, high) => match word.text.parse::<u32>() {
                Ok(number) if (low..=high).contains(&number) => {}
                Ok(_) => return refuse(Code::OutOfRange, "out of range", self.wanted()),
                Err(_) => return refuse(Code::InvalidValue, "not a number", self.wanted()),
            },
            Arg::Revision => {
                if word.text.parse::<u32>().is_err() {
                    return refuse(
                        Code::InvalidValue,
                        "not a revision",
                        "a number; `run show system commit` lists them".into(),
                    );
                }
            }
            Arg::Address => {
                if word.text.parse::<IpAddr>().is_err() {
                    return refuse(Code::InvalidValue, "not an address", self.wanted());
                }
            }
            Arg::Ports => {
                if !are_ports(&word.text) {
                    return refuse(
                        Code::InvalidValue,
                        "not a port",
                        "22, 80-89 or 53,123".into(),
                    );
                }
            }
            Arg::Interface
                if let Some(name) = words
                    .get(1)
                    .and_then(|number| interface_of_two_words(&word.text, &number.text)) =>
            {
                return Ok((name, 2));
            }
            // A predefined record, whose name has three words.
            Arg::Record
                if word.text == "netflow"
                    && let [_, family, scheme, ..] = words
                    && !scheme.is_pipe() =>
            {
                return Ok((format!("netflow {} {}", family.text, scheme.text), 3));
            }
            Arg::Field => return take_field(words, Fields::Record),
            Arg::SortField => return take_field(words, Fields::Sort),
            Arg::Conditions => {
                let (_, taken) = take_conditions(words, after)?;
                return Ok((joined(&words[..taken]), taken));
            }
            Arg::Fields => {
                let (fields, taken) = take_fields(words, after)?;
                return Ok((fields.join(" "), taken));
            }
            Arg::Path | Arg::Expression => {
                let taken = words.iter().take_while(|word| !word.is_pipe()).count();
                return Ok((joined(&words[..taken]), taken));
            }
            Arg::From => return take_from(words),
            Arg::Time => {
                return match take_time(words) {
                    Some(time) => Ok(time),
                    None => refuse(
                        Code::InvalidValue,
                        "not a time",
                        "HH:MM, or \"YYYY-MM-DD HH:MM\"".into(),
                    ),
                };
            }
            Arg::Statement | Arg::Text | Arg::Operational => {
                return Ok((joined(words), words.len()));
            }
            Arg::Monitor
            | Arg::Exporter
            | Arg::Record
            | Arg::Sampler
            | Arg::Samplicator
            | Arg::Receiver
            | Arg::Interface
            | Arg::File
            | Arg::Word => {
                if word.open {
                    return Err(not_closed(word));
                }
            }
        }
        Ok((word.text.clone(), 1))
    }
}

/// Whether a text is a list of ports and ranges of ports.
fn are_ports(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().ok();
    text.split(',').all(|part| match part.split_once('-') {
        Some((low, high)) => port(low)
            .zip(port(high))
            .is_some_and(|(low, high)| low <= high),
        None => port(part).is_some(),
    })
}

/// Takes the words before the keyword `to`.
fn take_from(words: &[Word]) -> Result<(String, usize), Problem> {
    let order = Some("the old path, to, the new path".to_owned());
    let Some(taken) = words
        .iter()
        .position(|word| !word.quoted && word.text == "to")
    else {
        let end = words.last().map_or(0, Word::end);
        let message = "`to` and the new path are missing";
        return Err(problem(Code::MissingValue, end, 1, message, order));
    };
    if taken == 0 {
        let message = "the path to copy is missing before `to`";
        return Err(words[0].problem(Code::MissingValue, message, order));
    }
    Ok((joined(&words[..taken]), taken))
}

/// Takes a time, or a date and a time, in one word or two.
fn take_time(words: &[Word]) -> Option<(String, usize)> {
    let word = &words[0];
    let time = words.get(1).filter(|_| is_date(&word.text) && !word.quoted);
    let (text, taken) = match time {
        Some(time) => (format!("{} {}", word.text, time.text), 2),
        None => (word.text.clone(), 1),
    };
    let good = match text.split_once(' ') {
        Some((date, time)) => is_date(date) && is_time(time.trim()),
        None => is_time(&text),
    };
    good.then_some((text, taken))
}

/// Whether a text has the form `YYYY-MM-DD`; every month may have 31 days.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    year.len() == 4
        && in_range(year, 1970..=9999)
        && in_range(month, 1..=12)
        && in_range(day, 1..=31)
}

/// Whether a text has the form `HH:MM` or `HH:MM:SS`.
fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [hour, minute] => in_range(hour, 0..=23) && in_range(minute, 0..=59),
        [hour, minute, second] => {
            in_range(hour, 0..=23) && in_range(minute, 0..=59) && in_range(second, 0..=59)
        }
        _ => false,
    }
}

fn in_range(text: &str, range: std::ops::RangeInclusive<u16>) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    digits && text.len() <= 4 && text.parse().is_ok_and(|number| range.contains(&number))
}
