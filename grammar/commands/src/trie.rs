//! The rows as a trie, and how words walk down it.

use std::sync::LazyLock;

use super::conditions::{take_conditions, take_fields};
use super::fields::{Fields, take_field};
use super::ios;
use super::split;
use super::table::{Arg, CONFIGURATION, ELSEWHERE, Id, OPERATIONAL, Row};
use super::words::{self, Word, brief, problem};
use language::Submode;
use language::interface_of_two_words;
use language::near;
use language::{Code, Problem};

/// What stands at a place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Keyword(&'static str),
    /// As written in the pattern, and what it is.
    Argument(&'static str, Arg),
}

/// One place of the patterns.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) token: Token,
    pub(crate) help: &'static str,
    pub(crate) id: Option<Id>,
    chain: bool,
    children: Vec<usize>,
}

/// The rows of one mode.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
}

/// How far the words have come.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    node: usize,
    /// The chain it is in, and the options of it that were given.
    chain: Option<usize>,
    used: Vec<usize>,
    /// The first word.
    first: Option<usize>,
}

/// Something that can stand at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next<'a> {
    pub(crate) at: usize,
    pub(crate) node: &'a Node,
}

/// One step down.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) state: State,
    /// Words it took.
    pub(crate) taken: usize,
    /// What they are, spelled out.
    pub(crate) text: String,
    pub(crate) token: Token,
}

/// Every mode's trie.
pub(crate) struct Tries {
    pub(crate) operational: Trie,
    pub(crate) configuration: Trie,
    ios: [Trie; 7],
}

impl Tries {
    pub(crate) fn ios(&self, submode: Submode) -> &Trie {
        &self.ios[submode as usize]
    }
}

/// The tries, built on first use.
pub(crate) fn tries() -> &'static Tries {
    static TRIES: LazyLock<Tries> = LazyLock::new(|| Tries {
        operational: Trie::new(OPERATIONAL),
        configuration: Trie::new(CONFIGURATION),
        ios: Submode::ALL.map(|submode| Trie::new(&ios::rows(submode))),
    });
    &TRIES
}

impl Trie {
    pub(crate) fn new(rows: &[Row]) -> Trie {
        let root = Node {
            token: Token::Keyword(""),
            help: "",
            id: None,
            chain: false,
            children: Vec::new(),
        };
        let mut trie = Trie { nodes: vec![root] };
        for row in rows {
            let mut at = 0;
            for word in row.pattern.split(' ') {
                let token = match word.starts_with('<') {
                    true => Token::Argument(word, Arg::named(word)),
                    false => Token::Keyword(word),
                };
                at = trie.child(at, token);
            }
            let node = &mut trie.nodes[at];
            (node.help, node.id, node.chain) = (row.help, row.id, row.chain);
        }
        trie
    }

    fn child(&mut self, parent: usize, token: Token) -> usize {
        let found = self.nodes[parent]
            .children
            .iter()
            .copied()
            .find(|child| self.nodes[*child].token == token);
        found.unwrap_or_else(|| {
            self.nodes.push(Node {
                token,
                help: "",
                id: None,
                chain: false,
                children: Vec::new(),
            });
            let new = self.nodes.len() - 1;
            self.nodes[parent].children.push(new);
            new
        })
    }

    /// What can follow; options of a chain that were given are left out.
    pub(crate) fn next(&self, state: &State) -> Vec<Next<'_>> {
        let own = &self.nodes[state.node].children;
        let mut at: Vec<usize> = own
            .iter()
            .copied()
            .filter(|child| !state.used.contains(child))
            .collect();
        if let Some(chain) = state.chain
            && chain != state.node
            && self.nodes[state.node].id == Some(Id::Option)
        {
            at.extend(
                self.nodes[chain]
                    .children
                    .iter()
                    .copied()
                    .filter(|child| !state.used.contains(child)),
            );
        }
        at.into_iter()
            .map(|at| Next {
                at,
                node: &self.nodes[at],
            })
            .collect()
    }

    /// Whether the line may end here, and as what.
    pub(crate) fn end(&self, state: &State) -> Option<Id> {
        match (self.nodes[state.node].id, state.chain) {
            (Some(Id::Option), Some(chain)) => self.nodes[chain].id,
            (id, _) => id,
        }
    }

    /// Whether the next word is a keyword there.
    pub(crate) fn is_keyword(&self, state: &State, word: &Word) -> bool {
        let next = self.next(state);
        let argument = next.iter().find_map(|next| match next.node.token {
            Token::Argument(_, arg) => Some(arg),
            Token::Keyword(_) => None,
        });
        !matches!(find_keyword(word, &keywords(&next), argument), Found::None)
    }

    /// The keyword that the line starts with.
    pub(crate) fn first_word(&self, state: &State) -> Option<&'static str> {
        state.first.map(|first| self.nodes[first].token.shown())
    }

    /// As if the argument at a node had been taken.
    pub(crate) fn after(&self, state: &State, argument: usize) -> State {
        self.moved(state, argument)
    }

    /// The help of a node.
    pub(crate) fn help(&self, at: usize) -> &'static str {
        self.nodes[at].help
    }

    /// Takes the next words.
    pub(crate) fn step(&self, state: &State, words: &[Word]) -> Result<Step, Problem> {
        let Some(word) = words.first() else {
            return Err(problem(Code::InvalidValue, 0, 1, "nothing to take", None));
        };
        let next = self.next(state);
        let argument = next.iter().find_map(|next| match next.node.token {
            Token::Argument(_, arg) => Some((*next, arg)),
            Token::Keyword(_) => None,
        });
        let keywords = keywords(&next);
        let hit = match find_keyword(word, &keywords, argument.map(|(_, arg)| arg)) {
            Found::One(hit) => hit,
            Found::Many(hits) => {
                return Err(word.problem(
                    Code::Ambiguous,
                    format!("\"{}\" is ambiguous", brief(&word.text)),
                    Some(format!("one of {}", list(hits))),
                ));
            }
            Found::None => {
                let Some((next, arg)) = argument else {
                    return Err(self.unknown(state, word));
                };
                if slipped(arg, words, &keywords) {
                    return Err(self.unknown(state, word));
                }
                let after = self.moved(state, next.at);
                // Cisco's optional keyword before a name.
                let skipped = usize::from(arg.is_named() && self.is_name_keyword(&after, words));
                let (text, taken) = take(arg, &words[skipped..])?;
                let taken = taken + skipped;
                return Ok(Step {
                    state: after,
                    taken,
                    text,
                    token: next.node.token,
                });
            }
        };
        let Some(next) = next
            .iter()
            .find(|next| next.node.token == Token::Keyword(hit))
        else {
            return Err(self.unknown(state, word));
        };
        Ok(Step {
            state: self.moved(state, next.at),
            taken: 1,
            text: hit.to_owned(),
            token: next.node.token,
        })
    }

    /// Whether the first word is the keyword `name`: it has a name behind it, not what follows one.
    fn is_name_keyword(&self, after: &State, words: &[Word]) -> bool {
        let [keyword, name, ..] = words else {
            return false;
        };
        keyword.text == "name"
            && !keyword.quoted
            && !name.is_pipe()
            && !self.is_keyword(after, name)
    }

    fn moved(&self, state: &State, to: usize) -> State {
        let mut used = state.used.clone();
        if let Some(chain) = state.chain
            && self.nodes[chain].children.contains(&to)
        {
            used.push(to);
        }
        let chain = if self.nodes[to].chain {
            Some(to)
        } else {
            state.chain
        };
        State {
            node: to,
            chain,
            used,
            first: state.first.or(Some(to)),
        }
    }

    fn unknown(&self, state: &State, word: &Word) -> Problem {
        let next = self.next(state);
        let words = keywords(&next);
        if let Some(hint) = self.elsewhere(state, word) {
            let message = format!("there is no \"{}\" here", brief(&word.text));
            return word.problem(Code::NotHere, message, Some(hint.to_owned()));
        }
        let given = |used: &&usize| self.nodes[**used].token.shown() == word.text;
        if !words.is_empty() && state.used.iter().find(given).is_some() {
            let message = format!("\"{}\" stands there already", brief(&word.text));
            return word.problem(
                Code::NotHere,
                message,
                Some(format!("one of {}", list(words))),
            );
        }
        if words.is_empty() {
            return word.problem(
                Code::NotHere,
                format!("\"{}\" is one word too many", brief(&word.text)),
                Some("the command ends before it, or goes on with a pipe |".into()),
            );
        }
        word.problem(
            Code::UnknownWord,
            format!("unknown word \"{}\"", brief(&word.text)),
            Some(nearest(&word.text, &words)),
        )
    }

    /// What to do in place of a command that other systems have.
    fn elsewhere(&self, state: &State, word: &Word) -> Option<&'static str> {
        let before = match state.node {
            0 => "",
            node => self.nodes[node].token.shown(),
        };
        let known = ELSEWHERE.iter();
        let mut known =
            known.filter(|(after, command, _)| *after == before && *command == word.text);
        known.next().map(|(_, _, hint)| *hint)
    }

    /// The line ends too early.
    pub(crate) fn incomplete(&self, state: &State, end: usize) -> Problem {
        let next = self.next(state);
        let expected: Vec<String> = next
            .iter()
            .map(|next| next.node.token.shown().to_owned())
            .collect();
        let hint = match expected.len() {
            0 => None,
            1 => Some(format!("{} is missing: {}", expected[0], next[0].node.help)),
            _ => Some(format!("what can follow: {}", expected.join(", "))),
        };
        problem(
            Code::MissingValue,
            end,
            1,
            "the command is not complete",
            hint,
        )
    }
}

impl Token {
    /// As `?` lists it.
    pub(crate) fn shown(&self) -> &'static str {
        match self {
            Token::Keyword(word) => word,
            Token::Argument(name, _) => name,
        }
    }
}

fn keywords(next: &[Next<'_>]) -> Vec<&'static str> {
    next.iter()
        .filter_map(|next| match next.node.token {
            Token::Keyword(word) => Some(word),
            Token::Argument(..) => None,
        })
        .collect()
}

pub(crate) enum Found {
    One(&'static str),
    Many(Vec<&'static str>),
    None,
}

/// A keyword by its name or a unique abbreviation. Where an argument could stand too, an abbreviation needs
/// enough letters not to hide a name.
pub(crate) fn find_keyword(word: &Word, keywords: &[&'static str], argument: Option<Arg>) -> Found {
    if word.quoted || word.text.is_empty() {
        return Found::None;
    }
    if let Some(exact) = keywords.iter().find(|keyword| **keyword == word.text) {
        return Found::One(exact);
    }
    let letters = match argument {
        None | Some(Arg::Number(..) | Arg::Revision | Arg::Address | Arg::Time) => 1,
        Some(Arg::Path) => 2,
        Some(_) => 4,
    };
    let hits: Vec<&'static str> = match word.text.chars().count() >= letters {
        true => keywords
            .iter()
            .copied()
            .filter(|keyword| keyword.starts_with(&word.text))
            .collect(),
        false => Vec::new(),
    };
    match (&hits[..], shortest(&hits)) {
        ([], _) => Found::None,
        ([one], _) | (_, Some(one)) => Found::One(one),
        _ => Found::Many(hits),
    }
}

/// The word that all the others only lengthen: `fl` is `flow`, for `flow-accounting` there is `flow-`.
fn shortest<'a>(words: &'a [&'static str]) -> Option<&'a &'static str> {
    let short = words.iter().min_by_key(|word| word.len())?;
    let longer = |word: &str| {
        word.strip_prefix(short)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    words.iter().all(|word| longer(word)).then_some(short)
}

/// What would have been right: the one of `possible` that is spelled nearly so (`did you mean …?`), or all of them.
pub fn nearest(typed: &str, possible: &[&str]) -> String {
    match near(typed, possible.iter().copied()) {
        Some(word) => format!("did you mean {word}?"),
        None => format!("one of {}", list(possible.iter().copied())),
    }
}

fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// Whether a word that could be an argument is a keyword mistyped: what it could be has other words, or ends the line.
fn slipped(arg: Arg, words: &[Word], keywords: &[&'static str]) -> bool {
    let word = &words[0];
    if word.quoted || near(&word.text, keywords.iter().copied()).is_none() {
        return false;
    }
    match arg {
        Arg::File => words.get(1).is_some_and(|next| !next.is_pipe()),
        Arg::SortField => take_field(words, Fields::Sort).is_err(),
        Arg::Path => {
            let roots = language::schema::root().children().iter();
            let mut roots = roots.map(|child| child.word());
            !roots.any(|root| root.starts_with(&word.text))
                && near(
                    &word.text,
                    language::schema::root()
                        .children()
                        .iter()
                        .map(|child| child.word()),
                )
                .is_none()
        }
        _ => false,
    }
}

/// Takes an argument's words; the text is the words joined by spaces.
fn take(arg: Arg, words: &[Word]) -> Result<(String, usize), Problem> {
    let word = &words[0];
    if word.is_pipe() && !matches!(arg, Arg::Text | Arg::Statement | Arg::Operational) {
        return Err(word.problem(
            Code::MissingValue,
            "a word is missing before the pipe",
            Some(format!("{} is wanted", arg.wanted())),
        ));
    }
    let refuse = |code, what: &str, hint: String| {
        Err(word.problem(
            code,
            format!("\"{}\" is {what}", brief(&word.text)),
            Some(hint),
        ))
    };
    match arg {
        Arg::Number(low, high) => match word.text.parse::<u32>() {
            Ok(number) if (low..=high).contains(&number) => {}
            Ok(_) => return refuse(Code::OutOfRange, "out of range", arg.wanted()),
            Err(_) => return refuse(Code::InvalidValue, "no number", arg.wanted()),
        },
        Arg::Revision => {
            if word.text.parse::<u32>().is_err() {
                return refuse(
                    Code::InvalidValue,
                    "no revision",
                    "a number; 0 is the newest, `run show system commit` lists them".into(),
                );
            }
        }
        Arg::Address => {
            if word.text.parse::<std::net::IpAddr>().is_err() {
                return refuse(
                    Code::InvalidValue,
                    "no address",
                    "an IPv4 or IPv6 address".into(),
                );
            }
        }
        Arg::Ports => {
            let port = |text: &str| text.parse::<u16>().ok();
            let good = word.text.split(',').all(|part| match part.split_once('-') {
                Some((low, high)) => port(low)
                    .zip(port(high))
                    .is_some_and(|(low, high)| low <= high),
                None => port(part).is_some(),
            });
            if !good {
                return refuse(Code::InvalidValue, "no port", "22, 80-89 or 53,123".into());
            }
        }
        Arg::Interface
            if let Some(name) = words
                .get(1)
                .and_then(|number| interface_of_two_words(&word.text, &number.text)) =>
        {
            return Ok((name, 2));
        }
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
            let (_, taken) = take_conditions(words)?;
            return Ok((joined(&words[..taken]), taken));
        }
        Arg::Fields => {
            let (fields, taken) = take_fields(words)?;
            return Ok((fields.join(" "), taken));
        }
        Arg::Path | Arg::Expression => {
            let taken = words.iter().take_while(|word| !word.is_pipe()).count();
            return Ok((joined(&words[..taken]), taken));
        }
        Arg::From => {
            let Some(taken) = words
                .iter()
                .position(|word| !word.quoted && word.text == "to")
            else {
                let end = words.last().map_or(0, Word::end);
                return Err(problem(
                    Code::MissingValue,
                    end,
                    1,
                    "`to` and the new path are missing",
                    Some("the old path, to, the new path".into()),
                ));
            };
            if taken == 0 {
                return Err(word.problem(
                    Code::MissingValue,
                    "the path to copy is missing before `to`",
                    Some("the old path, to, the new path".into()),
                ));
            }
            return Ok((joined(&words[..taken]), taken));
        }
        Arg::Time => {
            let day = is_date(&word.text);
            let time = words.get(1).filter(|_| day && !word.quoted);
            let (text, taken) = match time {
                Some(time) => (format!("{} {}", word.text, time.text), 2),
                None => (word.text.clone(), 1),
            };
            let good = match text.split_once(' ') {
                Some((date, time)) => is_date(date) && is_time(time.trim()),
                None => is_time(&text),
            };
            if !good {
                return refuse(
                    Code::InvalidValue,
                    "no time",
                    "HH:MM, or \"YYYY-MM-DD HH:MM\"".into(),
                );
            }
            return Ok((text, taken));
        }
        Arg::Statement | Arg::Text | Arg::Operational => return Ok((joined(words), words.len())),
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
                return Err(word.problem(
                    Code::Syntax,
                    "the quote is not closed",
                    Some(words::CLOSE.into()),
                ));
            }
        }
    }
    Ok((word.text.clone(), 1))
}

/// `YYYY-MM-DD`, whatever the month's length.
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

/// `HH:MM` or `HH:MM:SS`.
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

fn joined(words: &[Word]) -> String {
    words
        .iter()
        .map(|word| word.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a word is a command of configuration mode, spelled out.
pub(crate) fn is_command(word: &str) -> bool {
    keywords(&tries().configuration.next(&State::default())).contains(&word)
}

/// Whether a line that starts with this word is a command of configuration mode; if not, it is a statement.
///
/// # Errors
/// An abbreviation that could be both.
pub(crate) fn starts_command(word: &Word, submode: Submode) -> Result<bool, Problem> {
    let commands = keywords(&tries().configuration.next(&State::default()));
    if commands.contains(&word.text.as_str()) {
        return Ok(true);
    }
    let statements = keywords(&tries().ios(submode).next(&State::default()));
    if word.quoted || statements.contains(&word.text.as_str()) {
        return Ok(false);
    }
    let starting = |words: &[&'static str]| -> Vec<&'static str> {
        words
            .iter()
            .copied()
            .filter(|candidate| candidate.starts_with(&word.text))
            .collect()
    };
    let (commands, statements) = (starting(&commands), starting(&statements));
    match (commands.len(), statements.len()) {
        (0, _) => Ok(false),
        (1, 0) => Ok(true),
        (_, 0) if shortest(&commands).is_some() => Ok(true),
        _ => Err(word.problem(
            Code::Ambiguous,
            format!("\"{}\" is ambiguous", brief(&word.text)),
            Some(format!(
                "one of {}",
                list(commands.into_iter().chain(statements))
            )),
        )),
    }
}

/// What would have been right where a statement or a command of configuration mode begins.
pub(crate) fn first_word_hint(typed: &str, submode: Submode) -> String {
    for below in Submode::ALL {
        let there = keywords(&tries().ios(below).next(&State::default()));
        if below != submode
            && there.contains(&typed)
            && let Some(opener) = ios::opener(below)
        {
            return format!("it stands below {opener}");
        }
    }
    let mut possible = keywords(&tries().ios(submode).next(&State::default()));
    if submode != Submode::Global {
        possible.extend(keywords(
            &tries().ios(Submode::Global).next(&State::default()),
        ));
    }
    let here = possible.clone();
    possible.extend(
        language::schema::root()
            .children()
            .iter()
            .map(|child| child.word()),
    );
    possible.extend(keywords(&tries().configuration.next(&State::default())));
    match nearest(typed, &possible) {
        close if close.starts_with("did") => close,
        _ if submode == Submode::Global => {
            "set, delete, show, commit and other commands, or an IOS statement; ? lists them".into()
        }
        _ => format!("one of {}", list(here)),
    }
}

/// The operational command that a word begins, if it begins one only and is no word of configuration mode.
pub(crate) fn operational_only(word: &str) -> Option<&'static str> {
    // Fewer letters are the beginning of too much.
    const FEWEST: usize = 2;
    let here = keywords(&tries().configuration.next(&State::default()));
    let mut there = keywords(&tries().operational.next(&State::default()));
    there.retain(|command| command.starts_with(word) && !here.contains(command));
    match there[..] {
        _ if word.len() < FEWEST => None,
        [command] => Some(command),
        _ => there.into_iter().find(|command| *command == word),
    }
}

/// See [`super::submode_after`].
pub(crate) fn submode_after(
    statement: &str,
    submode: Submode,
) -> Option<(Submode, Option<String>)> {
    let words = split(statement);
    let (negated, words) = match words.split_first() {
        Some((first, rest)) if first.text == "no" => (true, rest),
        _ => (false, &words[..]),
    };
    let first = words.first()?;
    let here = keywords(&tries().ios(submode).next(&State::default()));
    if submode != Submode::Global && !matches!(find_keyword(first, &here, None), Found::None) {
        return None;
    }
    match walk(tries().ios(Submode::Global), words) {
        Some(Id::Opens(to)) if !negated => Some((to, Some(statement.trim().to_owned()))),
        _ if submode == Submode::Global => None,
        _ => Some((Submode::Global, None)),
    }
}

/// What the words are, when all of them are understood. An interface's name may be several words.
fn walk(trie: &Trie, mut words: &[Word]) -> Option<Id> {
    let mut state = State::default();
    while !words.is_empty() {
        let Ok(step) = trie.step(&state, words) else {
            return trie
                .end(&state)
                .filter(|id| *id == Id::Opens(Submode::Interface));
        };
        state = step.state;
        words = words.get(step.taken..).unwrap_or_default();
    }
    trie.end(&state)
}
