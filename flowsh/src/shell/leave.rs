//! Leaving configuration mode, and the lines that are left out in it: texts such as banners, and what stands below a refused line.

use api::{Code, Refusal};
use commands::{Command, Submode, is_only_operational};

use super::{Done, Outcome, Place, Reading, Shell};
use crate::output::Answer;
use crate::terminal;
use crate::trouble::Failure;

impl Shell {
    /// Leaves the submode, else the edit level, else the mode, as `exit` does.
    pub(super) fn exit(&mut self, discard: bool) -> Done {
        if discard {
            return self.leave(true);
        }
        if self.submode != Submode::Global {
            self.submode = Submode::Global;
        } else if !self.level.is_empty() {
            self.level.clear();
        } else {
            return self.leave(false);
        }
        Ok(Outcome::default())
    }

    /// `end`: commits what waits where nobody can be asked, asks on a terminal, and leaves the mode.
    pub(super) fn end(&mut self) -> Done {
        let session = self.session().to_owned();
        let ios = matches!(self.place, Place::Configuration { ios: true, .. });
        if !ios || !self.changed(&session).unwrap_or_default() {
            return self.leave(false);
        }
        if self.via == "cli" && !terminal::is_automated() {
            self.reading = Reading::Leaving;
            return Ok(Outcome::default());
        }
        self.commit_and_leave(None)
    }

    /// Commits, and leaves the mode.
    pub(super) fn commit_and_leave(&mut self, comment: Option<String>) -> Done {
        let committed = self.commit(comment, None)?;
        self.leave(false)?;
        Ok(committed)
    }

    /// The answer to the question whether what waits is to be committed before the mode is left.
    pub(super) fn leaving(&mut self, answer: &str) -> Done {
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => self.commit_and_leave(None),
            "n" | "no" => self.leave(true),
            _ => Ok(Answer::line("You stay in configuration mode.").into()),
        }
    }

    fn leave(&mut self, discard: bool) -> Done {
        let session = self.session().to_owned();
        let changed = match self.changed(&session) {
            // A session that is gone has nothing to lose.
            Err(error) if error.is_not_found() => false,
            other => other?,
        };
        if changed && !discard {
            return Err(Failure::plain(
                "Cannot exit: configuration modified.\nUse 'commit' to put the changes into force, or 'exit discard' to give \
                 them up and exit.",
            ));
        }
        self.close();
        self.level.clear();
        self.submode = Submode::Global;
        Ok(Outcome::default())
    }

    /// After a refused line that opens a submode, or begins with a word that nothing has, the shell is in no submode, and what stands
    /// below the line is left out.
    pub(super) fn refused_statement(&mut self, refusals: &[Refusal], opener: bool, lines: u32) {
        let unknown = refusals.iter().any(|refusal| {
            let slip = refusal
                .hint
                .as_deref()
                .is_some_and(|hint| hint.starts_with("did you mean"));
            refusal.code == Code::UnknownWord
                && refusal.line == Some(lines + 1)
                && refusal.column == Some(1)
                && !slip
        });
        if opener || unknown {
            self.submode = Submode::Global;
            self.below_refused = true;
        }
    }

    /// Leaves a line out that stands below a refused one, and a text such as a banner. `None`: it is to be run.
    pub(super) fn left_out(&mut self, line: &str) -> Option<Outcome> {
        let Place::Configuration { ios, .. } = self.place else {
            self.below_refused = false;
            return None;
        };
        if let Some(ends) = language::begins_text(line)
            && !language::begins_statement(line)
        {
            self.submode = Submode::Global;
            self.reading = Reading::LeftOut { ends, lines: 1 };
            let said = format!(
                "\"{}\" begins a text that is left out, to its end.",
                line.trim()
            );
            return Some(Answer::line(said).into());
        }
        if !self.below_refused {
            return None;
        }
        let text = line.trim();
        let indented = line.starts_with(char::is_whitespace);
        let ends = text.starts_with('!')
            || matches!(text, "exit" | "end")
            || language::begins_statement(text);
        if (ends && !indented) || text == "end" {
            self.below_refused = false;
            // What ends the block is not a command of the shell, but for `end`.
            let over = text.starts_with('!') || text == "exit";
            return over.then(|| Answer::line("The lines below the refused one end here.").into());
        }
        let mode = self.mode();
        // A word that begins an operational command may be meant as anything there.
        let statement = || {
            is_only_operational(line, self.submode)
                || match commands::parse(line, mode) {
                    Ok(Some(parsed)) => matches!(parsed.command, Command::Statement(_)),
                    Ok(None) => true,
                    Err(_) => false,
                }
        };
        let set = ios && (text.starts_with("set ") || text.starts_with("delete "));
        if text.is_empty() {
            return None;
        }
        if indented || set || statement() {
            let said = format!("Left out, below a line that was refused: {text}");
            return Some(Answer::line(said).into());
        }
        self.below_refused = false;
        None
    }
}
