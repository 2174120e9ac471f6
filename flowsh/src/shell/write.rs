//! `write memory` and `copy running-config startup-config`. A commit is kept at once, so there is one configuration to
//! start with: the last one that was committed.

use api::{Nothing, routes};

use super::{Done, Place, Shell};
use crate::output::Answer;
use crate::screen;

impl Shell {
    pub(super) fn write(&mut self) -> Done {
        let mut text = String::new();
        if let Place::Configuration { session, .. } = self.place.clone()
            && self.changed(&session)?
        {
            text = self.commit(None, None)?.answer.text;
        }
        let revisions = self.client.get(routes::REVISIONS, &[], &Nothing {})?;
        text.push_str(&screen::startup(&revisions.answer, &self.view));
        Ok(Answer::screen(text, revisions.json).into())
    }
}
