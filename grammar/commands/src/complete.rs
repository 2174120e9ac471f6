//! What can be typed next: words for Tab, and words and values with their help for `?`.
//!
//! ```text
//! line up to the cursor --split--> complete words, and the word that is begun
//! complete words --commands, IOS statements or schema--> candidates --word begun--> those that fit it
//! ```
//! Names come from the tree of the configuration; what only the host knows (interfaces, revisions, files) from [`Names`].

mod path;

use std::collections::HashSet;

use language::{Submode, Tree, schema, submode_path};
use registry::field::word_help;

use super::argument::{Arg, Token};
use super::condition::ValueKind;
use super::conditions::{Place, place};
use super::fields::{Fields, next_words};
use super::modes::tries;
use super::parse::Mode;
use super::pipe::{self, FORMS, HABITS, PIPES, Takes};
use super::statement::{only_operational, operational_only, starts_command};
use super::trie::{State, Trie, argument};
use super::words::{Word, split};

/// Names that only the host or the daemon knows.
pub trait Names {
    /// Returns names of a kind, each with a line of help. Names that do not begin with `begun` may be left out.
    fn names(&self, kind: NameKind, begun: &str) -> Vec<(String, String)>;
}

/// Kinds of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// Interfaces of the host.
    Interface,
    /// Revisions of the configuration.
    Revision,
    /// Files of the shell's host.
    File,
    /// Flow monitors that run, also those of `system flow-accounting`.
    Monitor,
    /// Flow exporters that run.
    Exporter,
    /// Flow records that run.
    Record,
    /// Samplers that run.
    Sampler,
    /// Samplicators that run.
    Samplicator,
    /// Receivers of samplicators that run.
    Receiver,
}

/// Knows no names.
impl Names for () {
    fn names(&self, _: NameKind, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Where a line is typed, and what is known there.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The mode and the IOS submode.
    pub mode: Mode,
    /// The edit level.
    pub level: &'a [String],
    /// The IOS line that opened the submode; empty outside of submodes.
    pub opener: &'a str,
    /// The candidate in configuration mode, the running configuration in operational mode.
    pub tree: &'a Tree,
    /// The names that only the host knows.
    pub names: &'a dyn Names,
}

/// A word or a value that can be typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Candidate {
    /// The word as it is typed, or a placeholder such as `<1-65535>`.
    pub text: String,
    /// A line of help, with range, unit and default.
    pub help: String,
    /// Whether the text can be typed as it is, so that Tab may write it.
    pub literal: bool,
    /// VyOS's mark for what can follow: `>` words, `+` several values, `+>` names with words; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mark: String,
    /// Whether the node above is refused without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// The present value of the leaf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

/// What can follow a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Completion {
    /// The octet of the line at which the word begins that the candidates are for.
    pub start: usize,
    /// What can be typed, in the order of the declarations.
    pub candidates: Vec<Candidate>,
    /// Whether the line may end before that word.
    pub end: bool,
    /// The present value of the leaf whose value is to be typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

impl Completion {
    fn of(candidates: Vec<Candidate>, end: bool) -> Completion {
        Completion {
            candidates,
            end,
            ..Completion::default()
        }
    }
}

impl Candidate {
    fn word(text: impl Into<String>, help: impl Into<String>) -> Candidate {
        Candidate {
            text: text.into(),
            help: help.into(),
            literal: true,
            ..Candidate::default()
        }
    }

    fn placeholder(text: impl Into<String>, help: impl Into<String>) -> Candidate {
        Candidate {
            text: text.into(),
            help: help.into(),
            ..Candidate::default()
        }
    }

    /// The beginning of a pipe, where a command may end.
    fn pipe() -> Candidate {
        Candidate::placeholder("|", "Send the output through a pipe")
    }
}

/// Returns what can be typed at `cursor`, an octet of the line: nothing where the line is wrong before it.
pub fn complete(line: &str, cursor: usize, context: &Context<'_>) -> Completion {
    let cursor = (0..=cursor.min(line.len()))
        .rev()
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(0);
    let text = line.get(..cursor).unwrap_or_default();
    let mut words = split(text);
    let begun = match words.last() {
        Some(last) if last.open || (!text.ends_with(char::is_whitespace) && !last.is_pipe()) => {
            words.pop()
        }
        _ => None,
    };
    let start = begun.as_ref().map_or(cursor, |word| {
        text.char_indices()
            .nth(word.start)
            .map_or(cursor, |(at, _)| at)
    });
    let begun = begun.map(|word| word.text).unwrap_or_default();
    let mut completion = Completion {
        start,
        ..possible(&words, &begun, context)
    };
    completion
        .candidates
        .retain(|candidate| match candidate.text.as_str() {
            "|" => begun.is_empty(),
            text => !candidate.literal || text.starts_with(&begun),
        });
    let mut seen: HashSet<String> = HashSet::with_capacity(completion.candidates.len());
    completion
        .candidates
        .retain(|candidate| seen.insert(candidate.text.clone()));
    completion.end &= begun.is_empty();
    completion
}

fn possible(words: &[Word], begun: &str, context: &Context<'_>) -> Completion {
    let Mode::Configuration(submode) = context.mode else {
        return commands(&tries().operational, words, begun, context);
    };
    let Some(first) = words.first() else {
        let mut all = commands(&tries().configuration, words, begun, context);
        let statements = statement(words, begun, submode, context).candidates;
        // In a submode its own statements come first.
        let at = if submode == Submode::Global {
            all.candidates.len()
        } else {
            0
        };
        all.candidates.splice(at..at, statements);
        all.candidates
            .push(Candidate::word("no", "Delete what an IOS statement set"));
        let operational = only_operational();
        let found = commands(&tries().operational, words, begun, context).candidates;
        // Who is in configuration mode need not enter it.
        let is_only =
            |one: &Candidate| one.text != "configure" && operational.contains(&one.text.as_str());
        all.candidates.extend(found.into_iter().filter(is_only));
        if submode == Submode::Global && !begun.is_empty() {
            all.candidates
                .extend(path::follow(&[], words, begun, context).candidates);
        }
        return all;
    };
    match starts_command(first, submode) {
        Ok(true) => {
            let found = commands(&tries().configuration, words, begun, context);
            match "show".starts_with(&first.text) && first.text.len() > 1 {
                true => shown(found, words, begun, context),
                false => found,
            }
        }
        Ok(false) => match operational_only(first, submode) {
            // The mode is entered already.
            Some("configure") => Completion::default(),
            Some(_) => commands(&tries().operational, words, begun, context),
            None => statement(words, begun, submode, context),
        },
        Err(_) => Completion::default(),
    }
}

/// Adds to what can follow `show` in configuration mode the commands of operational mode that are no paths.
fn shown(mut found: Completion, words: &[Word], begun: &str, context: &Context<'_>) -> Completion {
    let operational = commands(&tries().operational, words, begun, context);
    match words.len() {
        1 => {
            let paths = schema::root().children();
            let is_path = |one: &Candidate| paths.iter().any(|path| path.word() == one.text);
            let others = operational.candidates.into_iter();
            found
                .candidates
                .extend(others.filter(|one| one.literal && !is_path(one)));
            found
        }
        _ if found == Completion::default() => operational,
        _ => found,
    }
}

/// Returns what can follow in an IOS statement: one of the submode, else of global configuration, else a path of the
/// configuration on one line.
fn statement(words: &[Word], begun: &str, submode: Submode, context: &Context<'_>) -> Completion {
    let words = match words.split_first() {
        Some((first, rest)) if first.text == "no" => rest,
        _ => words,
    };
    let mut found = commands(tries().ios(submode), words, begun, context);
    if let Some(level) = submode_path(context.opener, submode, context.tree) {
        path::annotate(&mut found, &level, words, begun, context);
    }
    if submode != Submode::Global && (words.is_empty() || found == Completion::default()) {
        let global = commands(tries().ios(Submode::Global), words, begun, context);
        found.end |= global.end;
        found.candidates.extend(global.candidates);
    }
    if found == Completion::default() {
        found = path::follow(&[], words, begun, context);
    }
    found
}

/// Returns what can follow in a command or statement of a trie.
fn commands(trie: &Trie, words: &[Word], begun: &str, context: &Context<'_>) -> Completion {
    let mut state = State::default();
    let mut at = 0;
    while let Some(left) = words.get(at..).filter(|left| !left.is_empty()) {
        let next = trie.next(&state);
        if left[0].is_pipe() {
            return match trie.end(&state) {
                Some(_) => pipes(left, begun, context),
                None => Completion::default(),
            };
        }
        if let Some(inside) = argument(&next).filter(|_| !trie.is_keyword(&state, &left[0]))
            && let Some(found) = several_words(trie, &state, inside, left, begun, context)
        {
            return found;
        }
        let Ok(step) = trie.step(&state, left) else {
            return Completion::default();
        };
        state = step.state;
        at += step.taken.max(1);
    }
    let mut found = Completion {
        end: trie.end(&state).is_some(),
        ..Completion::default()
    };
    let next = trie.next(&state);
    for next in &next {
        match next.node.token {
            Token::Keyword(word) => found.candidates.push(Candidate::word(word, next.node.help)),
            Token::Argument(name, arg) => {
                let inside = several_words(trie, &state, (arg, next.at), &[], begun, context);
                match inside {
                    Some(inside) => found.candidates.extend(inside.candidates),
                    None => {
                        found
                            .candidates
                            .push(Candidate::placeholder(name, next.node.help));
                        found.candidates.extend(names(arg, begun, context));
                    }
                }
            }
        }
    }
    if found.end && !words.is_empty() {
        found.candidates.push(Candidate::pipe());
    }
    found
}

/// Returns what can follow in an argument of several words, of which `words` are typed. `None` for an argument of one
/// word, and where `words` has more than the argument.
fn several_words(
    trie: &Trie,
    state: &State,
    (arg, at): (Arg, usize),
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Option<Completion> {
    match arg {
        Arg::Path | Arg::From | Arg::Statement => {
            path_words(trie, state, arg, words, begun, context)
        }
        Arg::Operational => {
            let context = Context {
                mode: Mode::Operational,
                ..*context
            };
            Some(commands(&tries().operational, words, begun, &context))
        }
        Arg::Field | Arg::SortField => {
            let fields = match arg {
                Arg::Field => Fields::Record,
                _ => Fields::Sort,
            };
            let step = trie.step(state, words);
            if step.as_ref().is_ok_and(|step| step.taken < words.len()) {
                return None;
            }
            let mut candidates = field_words(words, fields);
            if step.is_ok() {
                candidates.extend(following(trie, state, at));
            }
            Some(Completion::of(candidates, step.is_ok()))
        }
        Arg::Fields | Arg::Conditions => {
            let after = trie.keywords_after(state, at);
            match place(words, arg == Arg::Conditions, &after) {
                Place::Over => None,
                Place::Field { typed, ended } => {
                    let mut candidates = field_words(typed, Fields::Record);
                    if ended {
                        if !typed.is_empty() {
                            candidates.extend(field_words(&[], Fields::Record));
                        }
                        candidates.extend(following(trie, state, at));
                    }
                    Some(Completion::of(candidates, ended))
                }
                Place::Value {
                    typed,
                    field,
                    expression,
                } => {
                    let candidates = values((typed, &field), expression, begun, context);
                    Some(Completion::of(candidates, false))
                }
            }
        }
        Arg::Text | Arg::Expression => {
            if arg == Arg::Expression
                && let Some(pipe) = words.iter().position(Word::is_pipe)
            {
                return Some(pipes(&words[pipe..], begun, context));
            }
            let name = trie.token(at).shown();
            let candidates = vec![Candidate::placeholder(name, trie.help(at))];
            Some(Completion::of(candidates, !words.is_empty()))
        }
        _ => None,
    }
}

/// Returns what can follow in a path of the configuration, of which `words` are typed. `None` where they have the `to`
/// behind the path.
fn path_words(
    trie: &Trie,
    state: &State,
    arg: Arg,
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Option<Completion> {
    if arg == Arg::Path
        && let Some(pipe) = words.iter().position(Word::is_pipe)
    {
        return Some(pipes(&words[pipe..], begun, context));
    }
    if arg == Arg::From && words.iter().any(|word| !word.quoted && word.text == "to") {
        return None;
    }
    let level = match context.mode {
        Mode::Configuration(_) => context.level,
        Mode::Operational => &[],
    };
    let command = trie.first_word(state).unwrap_or_default();
    let may_be_new = match command {
        "copy" | "rename" => arg != Arg::From,
        command => matches!(command, "set" | "edit"),
    };
    let mut found = match may_be_new {
        true => path::follow(level, words, begun, context),
        false => path::existing(level, words, begun, context),
    };
    // A container alone is nothing to set.
    found.end &= command != "set" || !path::is_container(level, words);
    if arg == Arg::From && !words.is_empty() {
        found.candidates.push(Candidate::word("to", "Where to"));
        found.end = false;
    } else if arg == Arg::Path && found.end && !words.is_empty() {
        found.candidates.push(Candidate::pipe());
    }
    Some(found)
}

/// Returns the words that can follow in a field's name.
fn field_words(typed: &[Word], fields: Fields) -> Vec<Candidate> {
    next_words(typed, fields)
        .into_iter()
        .map(|next| {
            Candidate::word(
                next.word,
                next.help
                    .or_else(|| word_help(next.word))
                    .unwrap_or("Fields of that name"),
            )
        })
        .collect()
}

/// Returns what can follow the argument at a node.
fn following(trie: &Trie, state: &State, at: usize) -> Vec<Candidate> {
    let after = trie.after(state, at);
    let mut candidates: Vec<Candidate> = trie
        .next(&after)
        .iter()
        .map(|next| Candidate::word(next.node.token.shown(), next.node.help))
        .collect();
    if trie.end(&after).is_some() {
        candidates.push(Candidate::pipe());
    }
    candidates
}

/// Returns what can follow a field's name in a condition: values, and further words of a longer name.
fn values(
    (typed, field): (&[Word], &str),
    expression: bool,
    begun: &str,
    context: &Context<'_>,
) -> Vec<Candidate> {
    if expression {
        return vec![Candidate::placeholder("<regexp>", "Regular expression")];
    }
    let kind = ValueKind::of_name(field);
    let mut candidates = field_words(typed, Fields::Record);
    candidates.push(Candidate::placeholder(
        "<value>",
        capitalised(&kind.expected()),
    ));
    if kind == ValueKind::Interface {
        candidates.extend(names(Arg::Interface, begun, context));
    }
    let named = kind.names().iter();
    candidates.extend(named.map(|(name, number)| Candidate::word(*name, number.to_string())));
    candidates.push(Candidate::word(
        "regexp",
        "What matches a regular expression",
    ));
    candidates
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Returns the names that an argument can have.
fn names(arg: Arg, begun: &str, context: &Context<'_>) -> Vec<Candidate> {
    let (tag, kind): (&[&str], _) = match arg {
        Arg::Monitor => (&["flow", "monitor"], NameKind::Monitor),
        Arg::Exporter => (&["flow", "exporter"], NameKind::Exporter),
        Arg::Record => (&["flow", "record"], NameKind::Record),
        Arg::Sampler => (&["flow", "sampler"], NameKind::Sampler),
        Arg::Samplicator => (&["flow", "samplicator"], NameKind::Samplicator),
        Arg::Receiver => (&[], NameKind::Receiver),
        Arg::Interface => (&["interfaces", "ethernet"], NameKind::Interface),
        Arg::Revision => (&[], NameKind::Revision),
        Arg::File => (&[], NameKind::File),
        _ => return Vec::new(),
    };
    let mut found = match tag {
        [] => Vec::new(),
        tag => path::names_in(context.tree, tag, begun),
    };
    found.extend(known(kind, begun, context));
    found
}

/// Returns the names of a kind that only the host knows.
fn known(kind: NameKind, begun: &str, context: &Context<'_>) -> impl Iterator<Item = Candidate> {
    let names = context.names.names(kind, begun).into_iter();
    names.map(|(name, help)| Candidate::word(name, help))
}

/// Returns what can follow in the pipes behind a command; `words` start at the first `|`.
fn pipes(words: &[Word], begun: &str, context: &Context<'_>) -> Completion {
    let stage = words.rsplit(Word::is_pipe).next().unwrap_or_default();
    let Some((name, arguments)) = stage.split_first() else {
        let all = PIPES.iter().chain(HABITS);
        let all = all.map(|pipe| Candidate::word(pipe.word, pipe.help));
        return Completion::of(all.collect(), false);
    };
    let Ok(pipe) = pipe::find(name) else {
        return Completion::default();
    };
    let candidates = match (&pipe.takes, arguments.len()) {
        (Takes::Form, 0) => {
            let forms = FORMS.iter();
            forms
                .map(|(word, _, help)| Candidate::word(*word, *help))
                .collect()
        }
        (Takes::Rollback, 0) => {
            let rollback = Candidate::word("rollback", "Of a revision, not of the running one");
            return Completion::of(vec![rollback, Candidate::pipe()], true);
        }
        (Takes::Rollback, 1) => names(Arg::Revision, begun, context),
        (Takes::Nothing(_), _) | (_, 1..) => {
            return Completion::of(vec![Candidate::pipe()], true);
        }
        (takes, 0) => {
            let mut candidates = vec![Candidate::placeholder(takes.placeholder(), pipe.help)];
            if let Takes::File(_) = takes {
                candidates.extend(names(Arg::File, begun, context));
            }
            candidates
        }
    };
    Completion::of(candidates, false)
}

#[cfg(test)]
mod tests;
