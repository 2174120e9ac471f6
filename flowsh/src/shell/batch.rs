//! Pasted lines that only change the candidate are sent in one request: one request for each of thousands would be
//! slow. Wrong lines are reported one by one; the others take effect all the same.

use std::collections::BTreeMap;

use api::Refusal;
use api::session::{Changes, Dialect, Edit, EditMode};
use commands::{Command, Mode, Submode};

use super::Shell;
use crate::client::Error;
use crate::trouble::{Failure, with_hint};

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
            if ::language::begins_text(line).is_some() || self.below_refused {
                break;
            }
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

    /// Runs the lines of a batch. What is right in them takes effect.
    ///
    /// # Errors
    /// Something concerns all of them; none took effect.
    pub(crate) fn run_batch(&mut self, batch: Batch, lines: &[&str]) -> Result<Undone, Failure> {
        lines
            .iter()
            .for_each(|line| self.history.add(line, &self.level));
        let (changes, before) = self.send(batch.language, lines)?;
        let mut undone = Undone {
            left_out: changes
                .left_out
                .iter()
                .map(|part| part.lines as usize)
                .sum(),
            ..Undone::default()
        };
        for refusal in &changes.refused {
            let line = refusal.line.unwrap_or_default().saturating_sub(1 + before);
            let at = (line as usize).min(lines.len() - 1);
            undone
                .wrong
                .entry(at)
                .or_insert_with(|| failure(refusal, lines[at]));
        }
        if let Some((at, submode, opener)) = batch.opens {
            (self.submode, self.opener) = match undone.wrong.contains_key(&at) {
                true => (Submode::Global, String::new()),
                false => (submode, opener),
            };
            self.below_refused = undone.wrong.contains_key(&at);
        }
        Ok(undone)
    }

    /// Sends the lines; also the number of lines that were sent before them.
    fn send(&mut self, language: Language, lines: &[&str]) -> Result<(Changes, u32), Error> {
        let mut text: Vec<&str> = lines.to_vec();
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
            partial: true,
            ..Edit::default()
        };
        let changes = self.ask_edit(&edit)?;
        Ok((changes.answer, u32::from(before)))
    }
}

/// The failure of a line of a batch.
fn failure(refusal: &Refusal, line: &str) -> Failure {
    let column = refusal.column.unwrap_or(1).saturating_sub(1) as usize;
    let message = with_hint(&refusal.message, refusal.hint.as_deref());
    let length = refusal.length.unwrap_or(1) as usize;
    Failure::at(line, column, length, message)
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
