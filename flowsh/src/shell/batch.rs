//! Pasted lines that only change the candidate are sent in one request: one request for each of thousands would be
//! slow. Wrong lines are reported one by one; the others take effect all the same.

use std::collections::{BTreeMap, BTreeSet};

use api::session::{Dialect, Edit, EditMode};
use api::{Code, Refusal};
use commands::{Command, Mode, Submode, operational_hint};

use super::Shell;
use crate::client::Error;
use crate::trouble::{Failure, with_hint};

/// How often lines are sent again without those that were wrong.
const ROUNDS: usize = 16;

/// The dialect of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Set,
    Ios,
}

/// The lines at the beginning of a text that are sent in one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    language: Language,
    /// The number of lines.
    pub(crate) lines: usize,
    /// The last line that opens or leaves an IOS submode: its place, the submode, and the line that opened that.
    opens: Option<(usize, Submode, String)>,
}

/// The lines of a batch that did not take effect.
#[derive(Debug, Default)]
pub(crate) struct Undone {
    /// What is wrong, by the line's place in the batch.
    pub(crate) wrong: BTreeMap<usize, Failure>,
    /// Lines that were left out because they stood below a wrong one.
    pub(crate) left_out: usize,
}

impl Shell {
    /// Returns the first lines that can be sent in one request; `None` where the first line has to be run alone.
    pub(crate) fn batch(&self, lines: &[&str]) -> Option<Batch> {
        let Mode::Configuration(mut submode) = self.mode() else {
            return None;
        };
        let mut batch: Option<Batch> = None;
        for line in lines.iter().filter(|_| self.wants_command()) {
            let text = line.trim();
            // Nothing to do, in either language.
            let language = match text.is_empty() || text.starts_with('!') {
                true => batch.as_ref().map(|batch| batch.language),
                false => language(line, submode),
            };
            let Some(language) = language else { break };
            let batch = batch.get_or_insert(Batch {
                language,
                lines: 0,
                opens: None,
            });
            if batch.language != language {
                break;
            }
            batch.lines += 1;
            if language == Language::Ios
                && let Some((next, opener)) = commands::submode_after(text, submode)
            {
                submode = next;
                batch.opens = Some((batch.lines - 1, next, opener.unwrap_or_default()));
            }
        }
        batch.filter(|batch| batch.lines > 1)
    }

    /// Runs the lines of a batch.
    ///
    /// # Errors
    /// Something concerns all of them; none took effect.
    pub(crate) fn run_batch(&mut self, batch: Batch, lines: &[&str]) -> Result<Undone, Failure> {
        let mut undone = Undone::default();
        let mut left: Vec<usize> = (0..lines.len()).collect();
        for _ in 0..ROUNDS {
            if left.is_empty() {
                break;
            }
            let refusals = match self.send(batch.language, lines, &left) {
                Ok(()) => {
                    left.clear();
                    break;
                }
                Err(Error::Refused(refusals)) => refusals,
                Err(other) => return Err(other.into()),
            };
            if refusals
                .iter()
                .any(|refusal| place(refusal, &left).is_none())
            {
                return Err(Error::Refused(refusals).into());
            }
            for (refusal, at) in refusals
                .iter()
                .filter_map(|one| Some((one, place(one, &left)?)))
            {
                if undone.wrong.contains_key(&at) {
                    continue;
                }
                let column = refusal.column.unwrap_or(1).saturating_sub(1) as usize;
                let first = lines[at].trim_start();
                let indent = lines[at].chars().count() - first.chars().count();
                let hint = match refusal.code == Code::UnknownWord && column == indent {
                    true => operational_hint(first),
                    false => None,
                };
                let hint = hint.or_else(|| refusal.hint.clone().map(String::from));
                let mut message = with_hint(&refusal.message, hint.as_deref());
                let below = below(batch.language, lines, at);
                if below > 0 {
                    let lines = if below == 1 { "line" } else { "lines" };
                    message += &format!("\nThe {below} {lines} below it were left out.");
                    undone.left_out += below;
                }
                let length = refusal.length.unwrap_or(1) as usize;
                let failure = Failure::at(lines[at], column, length, message);
                undone.wrong.insert(at, failure);
            }
            let gone: BTreeSet<usize> = undone
                .wrong
                .keys()
                .flat_map(|at| *at..=at + below(batch.language, lines, *at))
                .collect();
            left.retain(|at| !gone.contains(at));
        }
        if let (true, Some((at, submode, opener))) = (left.is_empty(), batch.opens) {
            (self.submode, self.opener) = match undone.wrong.contains_key(&at) {
                true => (Submode::Global, String::new()),
                false => (submode, opener),
            };
        }
        // So many are wrong that one by one is quicker.
        for at in left {
            if let Err(failure) = self.run(lines[at]) {
                undone.wrong.insert(at, failure);
            }
        }
        Ok(undone)
    }

    fn send(&mut self, language: Language, lines: &[&str], left: &[usize]) -> Result<(), Error> {
        let mut text: Vec<&str> = left.iter().map(|at| lines[*at]).collect();
        let opener = self.opener.clone();
        let (dialect, path) = match language {
            Language::Set => (Dialect::Set, self.level.clone()),
            Language::Ios => (Dialect::Ios, Vec::new()),
        };
        let before = language == Language::Ios && self.submode != Submode::Global;
        if before {
            text.insert(0, &opener);
        }
        let edit = Edit {
            text: text.join("\n"),
            dialect: Some(dialect),
            mode: Some(EditMode::Merge),
            path,
        };
        let result = self.ask_edit(&edit);
        result.map(drop).map_err(|mut error| {
            if let (true, Error::Refused(refusals)) = (before, &mut error) {
                for refusal in refusals {
                    refusal.line = refusal.line.map(|line| line.saturating_sub(1));
                }
            }
            error
        })
    }
}

/// Returns the dialect of a line that changes the candidate and nothing else.
fn language(line: &str, submode: Submode) -> Option<Language> {
    let text = line.trim();
    if text.starts_with("set ") || text.starts_with("delete ") {
        return Some(Language::Set);
    }
    let parsed = commands::parse(line, Mode::Configuration(submode)).ok()??;
    let statement =
        matches!(&parsed.command, Command::Statement(tail) if !commands::opens_brace(&tail.text));
    statement.then_some(Language::Ios)
}

/// Returns the place of the line that a refusal is about.
fn place(refusal: &Refusal, sent: &[usize]) -> Option<usize> {
    sent.get(refusal.line?.checked_sub(1)? as usize).copied()
}

/// Returns the number of IOS lines that are indented below a line, which opens a submode.
fn below(language: Language, lines: &[&str], at: usize) -> usize {
    if language == Language::Set || lines[at].starts_with(char::is_whitespace) {
        return 0;
    }
    let after = lines.get(at + 1..).unwrap_or_default();
    after
        .iter()
        .take_while(|line| line.starts_with(char::is_whitespace) && !line.trim().is_empty())
        .count()
}
