//! What `monitor` shows live.

use std::time::Duration;

use grammar::command::Pipe;

use super::{Done, Outcome, Shell};
use crate::live::{Size, Watched};
use crate::screen;
use crate::trouble::Failure;

/// Something to be shown live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// A samplicator's receivers.
    Samplicator(String),
}

impl Watch {
    /// How often it is drawn.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// A shell and what it shows.
pub(crate) struct Live<'a> {
    pub(crate) shell: &'a mut Shell,
    pub(crate) watch: Watch,
}

impl Watched for Live<'_> {
    fn frame(&mut self, size: Option<Size>) -> Result<String, Failure> {
        match &self.watch {
            Watch::Samplicator(name) => {
                let answer = self.shell.samplicators(Some(name), "")?;
                Ok(screen::samplicator_frame(&answer, size.is_some()))
            }
        }
    }
}

impl Shell {
    /// `monitor …`: once now, so that what is wrong is told as that of any command.
    pub(super) fn watched(&mut self, watch: Watch, pipes: &[Pipe], line: &str) -> Done {
        if !pipes.is_empty() {
            return Err(Failure::plain("what is shown live goes through no pipe"));
        }
        match &watch {
            Watch::Samplicator(name) => drop(self.samplicators(Some(name), line)?),
        }
        Ok(Outcome {
            watch: Some(watch),
            ..Outcome::default()
        })
    }
}
