//! The live screens of `monitor`.

use std::time::Duration;

use commands::Pipe;

use super::talkers::Talkers;
use super::top::Top;
use super::{Done, Outcome, Shell};
use crate::live::{self, Watched};
use crate::screen::{self, View};
use crate::terminal::Size;
use crate::trouble::Failure;
use crate::wrap::wrapped;

/// How often a screen is drawn.
const EVERY: Duration = Duration::from_secs(1);

/// What a live screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// A samplicator's receivers.
    Samplicator(String),
    /// The largest flows of a monitor.
    Monitor(Talkers),
    /// The flows of flow-accounting that move most.
    Accounting(Top),
}

impl Watch {
    /// Shows the screen until the operator has seen enough.
    pub(crate) fn run(self, shell: &mut Shell) -> Result<(), Failure> {
        live::watch(&mut Live { shell, watch: self }, EVERY)
    }
}

/// A live screen and the shell that asks for it.
struct Live<'a> {
    shell: &'a mut Shell,
    watch: Watch,
}

impl Watched for Live<'_> {
    fn frame(&mut self, size: Option<Size>) -> Result<String, Failure> {
        let view = View {
            columns: size.map(|size| size.columns),
            ..self.shell.view.clone()
        };
        let text = match &mut self.watch {
            Watch::Samplicator(name) => {
                let answer = self.shell.samplicators(Some(name), None, "")?;
                screen::samplicator_frame(&answer.answer, &view)
            }
            Watch::Monitor(talkers) => {
                talkers.frame(self.shell, size.map(|size| size.rows), &view)?
            }
            Watch::Accounting(top) => top.frame(self.shell, size.map(|size| size.rows), &view)?,
        };
        Ok(match view.columns {
            Some(columns) => wrapped(&text, columns),
            None => text,
        })
    }

    fn key(&mut self, key: char) -> bool {
        match &mut self.watch {
            Watch::Samplicator(_) => false,
            Watch::Monitor(talkers) => talkers.key(key),
            Watch::Accounting(top) => top.key(key),
        }
    }
}

impl Shell {
    /// Begins `monitor …`. It asks once at first, so that a wrong name fails as in any command.
    pub(super) fn watched(&mut self, mut watch: Watch, pipes: &[Pipe], line: &str) -> Done {
        if !pipes.is_empty() {
            return Err(Failure::plain("live output cannot be piped"));
        }
        match &mut watch {
            Watch::Samplicator(name) => drop(self.samplicators(Some(name), None, line)?),
            Watch::Monitor(talkers) => {
                let rows = talkers.ask(self, 1);
                rows.map_err(|failure| failure.at_its_word(line))?;
            }
            Watch::Accounting(top) => {
                let rates = top.ask(self, 1);
                rates.map_err(|failure| failure.at_its_word(line))?;
                // Rates since this moment would be of no time at all.
                top.forget();
            }
        }
        Ok(Outcome {
            watch: Some(watch),
            ..Outcome::default()
        })
    }
}
