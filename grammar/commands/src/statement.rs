//! Lines of configuration mode that are no commands of the shell but statements of a dialect, and the IOS submode
//! that a statement leads to.

use language::{Problem, Submode, schema};

use super::ios;
use super::keyword::{self, Found, ambiguous, beginning_with, nearest, one_of, shortest};
use super::modes::tries;
use super::row::End;
use super::trie::{State, Trie};
use super::words::{Word, split};

/// Whether a word is a command of configuration mode, spelled out.
pub(crate) fn is_command(word: &str) -> bool {
    tries().configuration.first_words().contains(&word)
}

/// Whether a line that starts with this word is a command of configuration mode, as opposed to a statement.
///
/// # Errors
/// The word abbreviates a command and a statement.
pub(crate) fn starts_command(word: &Word, submode: Submode) -> Result<bool, Problem> {
    let commands = tries().configuration.first_words();
    if commands.contains(&word.text.as_str()) {
        return Ok(true);
    }
    let statements = tries().ios(submode).first_words();
    if word.quoted || statements.contains(&word.text.as_str()) {
        return Ok(false);
    }
    let commands = beginning_with(&word.text, &commands);
    let statements = beginning_with(&word.text, &statements);
    match (commands.len(), statements.len()) {
        (0, _) => Ok(false),
        (1, 0) => Ok(true),
        (_, 0) if shortest(&commands).is_some() => Ok(true),
        _ => Err(ambiguous(word, &[commands, statements].concat())),
    }
}

/// Whether a line of configuration mode is a statement: it opens a brace, or its first word is no command.
///
/// # Errors
/// As [`starts_command`].
pub(crate) fn is_statement(line: &str, first: &Word, submode: Submode) -> Result<bool, Problem> {
    if is_command(&first.text) {
        return Ok(false);
    }
    Ok(opens_brace(line) || !starts_command(first, submode)?)
}

/// Whether the line has an opening brace outside of quotes: it begins a block in braces, or JSON.
pub fn opens_brace(line: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '{' if !quoted => return true,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    false
}

/// Returns a hint for the unknown first word of a line in configuration mode: what would have been right instead.
pub fn first_word_hint(typed: &str, submode: Submode) -> String {
    for below in Submode::ALL {
        let there = tries().ios(below).first_words();
        if below != submode
            && there.contains(&typed)
            && let Some(opener) = ios::opener(below)
        {
            return format!("it stands below {opener}");
        }
    }
    let mut here = tries().ios(submode).first_words();
    if submode != Submode::Global {
        here.extend(tries().ios(Submode::Global).first_words());
    }
    let paths = schema::root().children().iter().map(|child| child.word());
    let mut possible = here.clone();
    possible.extend(paths);
    possible.extend(tries().configuration.first_words());
    match nearest(typed, &possible) {
        close if close.starts_with("did") => close,
        _ if submode == Submode::Global => {
            "set, delete, show, commit and other commands, or an IOS statement; ? lists them".into()
        }
        _ => one_of(&here),
    }
}

/// Returns the operational command that the first word of a line of configuration mode begins, if nothing else that
/// could stand there begins so: no command, no statement and no path.
pub(crate) fn operational_only(word: &Word, submode: Submode) -> Option<&'static str> {
    /// Shorter words begin too many commands.
    const FEWEST_LETTERS: usize = 2;
    let text = word.text.as_str();
    if word.quoted || text.len() < FEWEST_LETTERS {
        return None;
    }
    let mut others = tries().configuration.first_words();
    others.extend(tries().ios(submode).first_words());
    others.extend(tries().ios(Submode::Global).first_words());
    others.extend(schema::root().children().iter().map(|child| child.word()));
    let operational = only_operational();
    match beginning_with(text, &operational)[..] {
        _ if others.iter().any(|other| other.starts_with(text)) => None,
        [command] => Some(command),
        _ => operational.into_iter().find(|command| *command == text),
    }
}

/// Whether a line of configuration mode begins as an operational command and as nothing else.
pub fn is_only_operational(line: &str, submode: Submode) -> bool {
    let words = split(line);
    let first = words.first();
    first.is_some_and(|first| operational_only(first, submode).is_some())
}

/// Returns the commands of operational mode that configuration mode has not.
pub(crate) fn only_operational() -> Vec<&'static str> {
    let here = tries().configuration.first_words();
    let mut there = tries().operational.first_words();
    there.retain(|command| !here.contains(command));
    there
}

/// Returns the IOS submode that a statement leads to, and the line that opened it: the statement itself, or `None`
/// where it leads back to global configuration. `None` for a statement that stays in the submode.
pub fn submode_after(statement: &str, submode: Submode) -> Option<(Submode, Option<String>)> {
    // Keywords of IOS may be in letters of any case.
    let words = split(&statement.to_ascii_lowercase());
    let (negated, words) = match words.split_first() {
        Some((first, rest)) if matches!(first.text.as_str(), "no" | "default") => (true, rest),
        _ => (false, &words[..]),
    };
    let first = words.first()?;
    let here = tries().ios(submode).first_words();
    if submode != Submode::Global && !matches!(keyword::find(first, &here, 1), Found::None) {
        return None;
    }
    match opened_by(tries().ios(Submode::Global), words) {
        Some(to) if !negated => Some((to, Some(statement.trim().to_owned()))),
        _ if submode == Submode::Global => None,
        _ => Some((Submode::Global, None)),
    }
}

/// Returns the submode that a statement opens.
fn opened_by(trie: &Trie, mut words: &[Word]) -> Option<Submode> {
    let opens = |state: &State| match trie.end(state) {
        Some(End::Opens(submode)) => Some(submode),
        _ => None,
    };
    let mut state = State::default();
    while !words.is_empty() {
        let Ok(step) = trie.step(&state, words) else {
            // The name of an interface may be several words.
            return opens(&state).filter(|submode| *submode == Submode::Interface);
        };
        state = step.state;
        words = words.get(step.taken..).unwrap_or_default();
    }
    opens(&state)
}
