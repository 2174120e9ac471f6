//! The live screens of `monitor`.

use std::time::Duration;

use commands::Pipe;

use super::top::Top;
use super::{Done, Outcome, Shell};
use crate::live::Watched;
use crate::screen;
use crate::terminal::Size;
use crate::trouble::Failure;

/// What a live screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// A samplicator's receivers.
    Samplicator(String),
    /// The flows of flow-accounting that move most.
    Accounting(Top),
}

impl Watch {
    /// Returns how often the screen is drawn.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// A live screen and the shell that asks for it.
pub(crate) struct Live<'a> {
    pub(crate) shell: &'a mut Shell,
    pub(crate) watch: Watch,
}

impl Watched for Live<'_> {
    fn frame(&mut self, size: Option<Size>) -> Result<String, Failure> {
        match &mut self.watch {
            Watch::Samplicator(name) => {
                let answer = self.shell.samplicators(Some(name), None, "")?;
                Ok(screen::samplicator_frame(&answer.answer, size.is_some()))
            }
            Watch::Accounting(top) => top.frame(self.shell, size.map(|size| size.rows)),
        }
    }

    fn key(&mut self, key: char) -> bool {
        match &mut self.watch {
            Watch::Samplicator(_) => false,
            Watch::Accounting(top) => top.key(key),
        }
    }
}

impl Shell {
    /// Begins `monitor …`. It asks once at first, so that a wrong name fails as in any command.
    pub(super) fn watched(&mut self, watch: Watch, pipes: &[Pipe], line: &str) -> Done {
        if !pipes.is_empty() {
            return Err(Failure::plain("what is shown live goes through no pipe"));
        }
        match &watch {
            Watch::Samplicator(name) => drop(self.samplicators(Some(name), None, line)?),
            Watch::Accounting(top) => {
                let table = self.accounting_table(top.interface.as_deref(), 1);
                table.map_err(|failure| failure.at_its_word(line))?;
            }
        }
        Ok(Outcome {
            watch: Some(watch),
            ..Outcome::default()
        })
    }
}
