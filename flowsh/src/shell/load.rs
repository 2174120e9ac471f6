//! `load` and `merge`: texts of several lines, of which each wrong statement costs itself only.

use std::io::IsTerminal as _;

use api::Code;
use api::routes;
use api::session::{Dialect, Edit, EditMode, LeftOut, Parts};
use commands::{LoadFrom, LoadMode};

use super::refused::in_text;
use super::{Done, Outcome, Reading, Shell};
use crate::client::Error;
use crate::file;
use crate::output::Answer;
use crate::trouble::{Failure, Trouble};

/// What is to be loaded from a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loading {
    /// All of it.
    Plain(LoadMode),
    /// The flow parts of a router's configuration.
    Flow {
        merge: bool,
        host: bool,
        detail: bool,
    },
}

impl Shell {
    pub(super) fn load(&mut self, loading: Loading, from: LoadFrom, line: &str) -> Done {
        match from {
            LoadFrom::Terminal => {
                self.reading = Reading::Text {
                    loading,
                    text: String::new(),
                };
                if !std::io::stdin().is_terminal() {
                    return Ok(Outcome::default());
                }
                let how = "Type or paste the text; Ctrl-D on a line of its own ends it.";
                Ok(Outcome::from(Answer::line(how)))
            }
            LoadFrom::File(file) => {
                let path = file::resolved(&file.text, self.home.as_deref());
                let text = match loading {
                    Loading::Plain(_) => file::read(&path),
                    // What is not read may be in any encoding.
                    Loading::Flow { .. } => file::read_lossy(&path),
                };
                let text = text.map_err(|error| error.failure(&path, line, &file))?;
                self.load_text(loading, &text, &format!("{}:", file::shown(&path)))
            }
        }
    }

    /// Sends a text of several lines. What is right in it is kept; `left` are the lines of the text before what is sent.
    pub(super) fn edit_text(
        &mut self,
        edit: Edit,
        origin: &str,
        before: u32,
    ) -> Result<Edited, Failure> {
        let edit = Edit {
            partial: true,
            ..edit
        };
        let result = self.ask(routes::EDIT, &edit);
        let changes = result.map_err(|error| in_text(error, &edit.text, origin, before))?;
        let answer = changes.answer;
        // That what is not there cannot be deleted is of no interest in a text.
        let told = answer.notes.iter().flatten();
        for note in told.filter(|note| note.code != Code::NotFound) {
            if !self.notes.contains(&note.message) {
                self.notes.push(note.message.clone());
            }
        }
        let mut troubles = Vec::new();
        if !answer.refused.is_empty()
            && let Failure::Wrong(wrong) =
                in_text(Error::Refused(answer.refused), &edit.text, origin, before)
        {
            troubles = wrong;
        }
        if let Some(message) = language::more_wrong(answer.refused_more) {
            troubles.push(Trouble {
                message,
                ..Trouble::default()
            });
        }
        Ok(Edited {
            changes: answer.changes,
            troubles,
            left_out: answer.left_out,
        })
    }

    pub(super) fn load_text(&mut self, loading: Loading, text: &str, origin: &str) -> Done {
        let mode = match loading {
            Loading::Plain(LoadMode::Override) => EditMode::Override,
            Loading::Plain(LoadMode::Replace) | Loading::Flow { merge: false, .. } => {
                EditMode::Replace
            }
            Loading::Plain(LoadMode::Merge | LoadMode::Set) | Loading::Flow { .. } => {
                EditMode::Merge
            }
        };
        let edit = Edit {
            text: text.to_owned(),
            dialect: (loading == Loading::Plain(LoadMode::Set)).then_some(Dialect::Set),
            mode: Some(mode),
            parts: match loading {
                Loading::Plain(_) => None,
                Loading::Flow { host: false, .. } => Some(Parts::Flow),
                Loading::Flow { host: true, .. } => Some(Parts::FlowAndHost),
            },
            ..Edit::default()
        };
        let edited = self.edit_text(edit, origin, 0)?;
        let mut said = String::new();
        if let Loading::Flow { detail, .. } = loading
            && !edited.left_out.is_empty()
        {
            said = left_out(&edited.left_out, detail);
        }
        let wrong = match edited.troubles.is_empty() {
            true => "",
            false => " What is wrong above was left out.",
        };
        said += &match edited.changes {
            0 => format!("Loaded; nothing changed.{wrong}"),
            1 => {
                format!("Loaded: 1 change. `compare` shows it, `commit` puts it into force.{wrong}")
            }
            changes => format!(
                "Loaded: {changes} changes. `compare` shows them, `commit` puts them into force.{wrong}"
            ),
        };
        edited.done(&said)
    }
}

/// What became of a text.
pub(super) struct Edited {
    pub(super) changes: u64,
    /// What was wrong in it; the rest was kept.
    troubles: Vec<Trouble>,
    /// Lines that were not read.
    left_out: Vec<LeftOut>,
}

impl Edited {
    /// What the shell says: that something is wrong, with `said` behind it, or else `said`.
    pub(super) fn done(mut self, said: &str) -> Done {
        if self.troubles.is_empty() {
            return Ok(match said {
                "" => Outcome::default(),
                said => Answer::line(said).into(),
            });
        }
        if !said.is_empty() {
            self.troubles.push(Trouble {
                message: said.to_owned(),
                ..Trouble::default()
            });
        }
        Err(Failure::Wrong(self.troubles))
    }
}

/// The lines that were not read, in one line; `detail` adds one for each part.
fn left_out(parts: &[LeftOut], detail: bool) -> String {
    let parts: Vec<language::LeftOut> = parts
        .iter()
        .map(|part| language::LeftOut {
            line: part.line,
            lines: part.lines,
            section: part.section.clone(),
        })
        .collect();
    let mut text = format!("{}\n", language::left_out(&parts));
    for part in parts.iter().filter(|_| detail) {
        let last = part.line + part.lines - 1;
        let lines = match part.lines {
            1 => format!("{last}"),
            _ => format!("{}-{last}", part.line),
        };
        text += &format!("  {lines:<12} {}\n", part.section);
    }
    text
}
