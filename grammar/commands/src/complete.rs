//! What can be typed next: the words for Tab, and words, values and their help for `?`.
//!
//! ```text
//! line up to the cursor --split--> words + the one begun
//! words --command table | schema | IOS statements--> candidates --begun--> those that fit
//! ```
//! Names come from the tree; what only the host knows (interfaces, revisions, files) from [`Names`].

mod path;

use std::collections::HashSet;

use crate::condition::ValueKind;
use crate::{
    Arg, Fields, Mode, Next, OTHER_PIPES, PIPES, Place, State, Submode, Token, Trie, Word,
    find_pipe, next_words, place, split, starts_command, tries,
};
use language::Tree;
use language::submode_path;
use registry::field::word_help;

/// What only the host or the daemon knows.
pub trait Names {
    /// Names of a kind, each with a line of help. `begun` is the word as far as it is typed; others may be left out.
    fn names(&self, kind: NameKind, begun: &str) -> Vec<(String, String)>;
}

/// Kinds of such names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// Interfaces of the host.
    Interface,
    /// Revisions of the configuration.
    Revision,
    /// Files of the shell's host.
    File,
    /// Flow monitors that run, those of `system flow-accounting` too.
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

/// Nothing is known of the host.
impl Names for () {
    fn names(&self, _: NameKind, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Where a line is typed and what is there.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The mode and the IOS submode.
    pub mode: Mode,
    /// The edit level.
    pub level: &'a [String],
    /// The IOS line that opened the submode; empty where none is open.
    pub opener: &'a str,
    /// The candidate in configuration mode, the running configuration in operational mode.
    pub tree: &'a Tree,
    /// What only the host knows.
    pub names: &'a dyn Names,
}

/// One thing that can be typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Candidate {
    /// A word as it is typed, or a placeholder such as `<1-65535>`.
    pub text: String,
    /// One line of help, with range, unit and default.
    pub help: String,
    /// A word as it is typed: Tab may write it.
    pub literal: bool,
    /// What is below: `>` words, `+` several values, `+>` names with words; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mark: String,
    /// Its parent is refused without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// What the leaf is set to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

/// What can follow a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Completion {
    /// Octet of the line where the word begins that the candidates are for.
    pub start: usize,
    /// Sorted as declared.
    pub candidates: Vec<Candidate>,
    /// The line may end before that word.
    pub end: bool,
    /// What the leaf is set to whose value can be typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
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
}

/// What can follow the line up to `cursor` (an octet of it). A line that is wrong before gives nothing.
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
        .retain(|candidate| !candidate.literal || candidate.text.starts_with(&begun));
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
        // In a submode its statements are what is looked for.
        let at = if submode == Submode::Global {
            all.candidates.len()
        } else {
            0
        };
        all.candidates.splice(at..at, statements);
        all.candidates
            .push(Candidate::word("no", "Delete what an IOS statement set"));
        if submode == Submode::Global && !begun.is_empty() {
            all.candidates
                .extend(path::follow(&[], words, begun, context).candidates);
        }
        return all;
    };
    match starts_command(first, submode) {
        Ok(true) => commands(&tries().configuration, words, begun, context),
        Ok(false) => statement(words, begun, submode, context),
        Err(_) => Completion::default(),
    }
}

/// IOS statements: those of the submode, then of global configuration, then paths as one line.
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

/// Walks a command table.
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
        found.candidates.push(Candidate::placeholder(
            "|",
            "Send the output through a pipe",
        ));
    }
    found
}

fn argument(next: &[Next<'_>]) -> Option<(Arg, usize)> {
    next.iter().find_map(|next| match next.node.token {
        Token::Argument(_, arg) => Some((arg, next.at)),
        Token::Keyword(_) => None,
    })
}

/// Arguments that are several words: `words` are those of it that are typed. `None` when the words are
/// all taken and the table knows what follows, or when it is an argument of one word.
fn several_words(
    trie: &Trie,
    state: &State,
    (arg, at): (Arg, usize),
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Option<Completion> {
    let piped = words.iter().position(Word::is_pipe);
    match arg {
        Arg::Path | Arg::From | Arg::Statement => {
            if let (Some(piped), true) = (piped, arg == Arg::Path) {
                return Some(pipes(
                    words.get(piped..).unwrap_or_default(),
                    begun,
                    context,
                ));
            }
            if arg == Arg::From && words.iter().any(|word| !word.quoted && word.text == "to") {
                return None;
            }
            let level = if matches!(context.mode, Mode::Configuration(_)) {
                context.level
            } else {
                &[]
            };
            let makes_new = trie
                .first_word(state)
                .is_some_and(|word| matches!(word, "set" | "copy" | "rename"));
            let mut found =
                match makes_new && arg != Arg::From || trie.first_word(state) == Some("edit") {
                    true => path::follow(level, words, begun, context),
                    false => path::existing(level, words, begun, context),
                };
            // A container alone is nothing to set.
            found.end &= trie.first_word(state) != Some("set") || !path::is_container(level, words);
            if arg == Arg::From && !words.is_empty() {
                found.candidates.push(Candidate::word("to", "Where to"));
                found.end = false;
            } else if arg == Arg::Path && found.end && !words.is_empty() {
                found.candidates.push(Candidate::placeholder(
                    "|",
                    "Send the output through a pipe",
                ));
            }
            Some(found)
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
            let whole = trie.step(state, words).is_ok();
            let taken = trie
                .step(state, words)
                .map_or(words.len(), |step| step.taken);
            if taken < words.len() {
                return None;
            }
            let mut candidates = field_words(words, fields);
            if whole {
                candidates.extend(following(trie, state, at));
            }
            Some(Completion {
                candidates,
                end: whole,
                ..Completion::default()
            })
        }
        Arg::Fields | Arg::Conditions => {
            let candidates = match place(words, arg == Arg::Conditions) {
                Place::Over => return None,
                Place::Field { typed, ended } => {
                    let mut candidates = field_words(typed, Fields::Record);
                    if ended {
                        if !typed.is_empty() {
                            candidates.extend(field_words(&[], Fields::Record));
                        }
                        candidates.extend(following(trie, state, at));
                    }
                    return Some(Completion {
                        candidates,
                        end: ended,
                        ..Completion::default()
                    });
                }
                Place::Value {
                    typed,
                    field,
                    expression,
                } => values((typed, &field), expression, begun, context),
            };
            Some(Completion {
                candidates,
                ..Completion::default()
            })
        }
        Arg::Expression if piped.is_some() => Some(pipes(
            words.get(piped.unwrap_or_default()..).unwrap_or_default(),
            begun,
            context,
        )),
        Arg::Text | Arg::Expression => Some(Completion {
            candidates: vec![Candidate::placeholder(
                if arg == Arg::Text {
                    "<text>"
                } else {
                    "<expression>"
                },
                trie.help(at),
            )],
            end: !words.is_empty(),
            ..Completion::default()
        }),
        _ => None,
    }
}

/// The words that go on in a field's name.
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

/// What can follow an argument.
fn following(trie: &Trie, state: &State, at: usize) -> Vec<Candidate> {
    let after = trie.after(state, at);
    let mut candidates: Vec<Candidate> = trie
        .next(&after)
        .iter()
        .map(|next| Candidate::word(next.node.token.shown(), next.node.help))
        .collect();
    if trie.end(&after).is_some() {
        candidates.push(Candidate::placeholder(
            "|",
            "Send the output through a pipe",
        ));
    }
    candidates
}

/// The values of a field in a condition; the field's name may go on, too.
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

/// Names that an argument can be.
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
    let mut found = if tag.is_empty() {
        Vec::new()
    } else {
        path::names_in(context.tree, tag, begun)
    };
    let live = context.names.names(kind, begun);
    found.extend(
        live.into_iter()
            .map(|(name, help)| Candidate::word(name, help)),
    );
    found
}

/// After a command: `words` start at the first `|`.
fn pipes(words: &[Word], begun: &str, context: &Context<'_>) -> Completion {
    let stage = words.rsplit(Word::is_pipe).next().unwrap_or_default();
    let Some((name, arguments)) = stage.split_first() else {
        let other = OTHER_PIPES
            .iter()
            .map(|(name, ours)| Candidate::word(*name, format!("The same as {ours} (IOS)")));
        let candidates = PIPES
            .iter()
            .map(|(name, _, help)| Candidate::word(*name, *help))
            .chain(other)
            .collect();
        return Completion {
            candidates,
            ..Completion::default()
        };
    };
    let Ok(name) = find_pipe(name) else {
        return Completion::default();
    };
    let Some((_, takes, help)) = PIPES.iter().find(|(pipe, ..)| *pipe == name) else {
        return Completion::default();
    };
    if takes.is_empty() || !arguments.is_empty() {
        let candidates = vec![Candidate::placeholder(
            "|",
            "Send the output through a pipe",
        )];
        return Completion {
            candidates,
            end: true,
            ..Completion::default()
        };
    }
    let mut candidates = vec![Candidate::placeholder(*takes, *help)];
    if name == "save" {
        let files = context.names.names(NameKind::File, begun);
        candidates.extend(
            files
                .into_iter()
                .map(|(name, help)| Candidate::word(name, help)),
        );
    }
    Completion {
        candidates,
        ..Completion::default()
    }
}

#[cfg(test)]
mod tests;
