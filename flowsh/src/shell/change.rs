//! Changes among several people, and changes for later: `configure exclusive`, `status`, `commit at`, `compare`.

use api::configuration::{Compare, CompareText, DiffFormat};
use api::session::Commit;
use api::{Nothing, routes};
use commands::Version;

use super::candidate::warnings;
use super::operational::difference;
use super::refused::in_text;
use super::{Done, Shell};
use crate::file::{self, SAVED};
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

impl Shell {
    /// Returns who else is in configuration mode, a line each.
    pub(super) fn others(&mut self) -> Result<String, Failure> {
        let sessions = self.client.get(routes::SESSIONS, &[], &Nothing {})?;
        Ok(screen::others(&sessions.answer, self.session(), &self.view))
    }

    pub(super) fn status(&mut self) -> Done {
        let sessions = self.client.get(routes::SESSIONS, &[], &Nothing {})?;
        let text = screen::status(&sessions.answer, self.session(), &self.view);
        Ok(Answer::screen(text, sessions.json).into())
    }

    pub(super) fn commit_at(&mut self, time: &str, comment: Option<String>) -> Done {
        let body = Commit {
            at: Some(time.to_owned()),
            comment,
            confirm_minutes: None,
        };
        let committed = self.ask(routes::COMMIT, &body)?;
        let answer = committed.answer;
        let mut text = warnings(&answer.warnings);
        let Some(at) = &answer.scheduled else {
            text.push_str("No configuration changes to commit\n");
            return Ok(Answer::screen(text, committed.json).into());
        };
        text.push_str("The candidate configuration is valid.\n");
        text.push_str(&screen::impact(&answer.impact));
        text.push_str(&format!(
            "It will be committed at {}. `run show system commit pending` shows it, `run clear system commit` cancels it.\n",
            screen::when(at, &self.view)
        ));
        Ok(Answer::screen(text, committed.json).into())
    }

    pub(super) fn compare(
        &mut self,
        from: Option<Version>,
        to: Option<Version>,
        commands: bool,
    ) -> Done {
        let session = self.session().to_owned();
        let source = |version: Option<Version>, other: &str| match version {
            None => other.to_owned(),
            Some(Version::Revision(id)) => format!("@{id}"),
            Some(Version::Running) => "running".to_owned(),
            Some(Version::Saved) => "text".to_owned(),
        };
        let (from, to) = (source(from, "running"), source(to, "candidate"));
        let format = Some(match commands {
            true => DiffFormat::Set,
            false => DiffFormat::Diff,
        });
        let text = if [&from, &to].contains(&&"text".to_owned()) {
            let path = file::resolved(SAVED, self.home.as_deref());
            let text = file::read(&path).map_err(|error| error.plainly(&path))?;
            let origin = format!("{}:", path.display());
            let body = CompareText {
                text,
                from: Some(from.clone()),
                to: Some(to.clone()),
                format,
            };
            let result = self.ask(routes::COMPARE_TEXT, &body);
            result.map_err(|error| in_text(error, &body.text, &origin, 0))?
        } else {
            let query = Compare {
                from: Some(from.clone()),
                to: Some(to.clone()),
                session: (!session.is_empty()).then_some(session),
                format,
                path: Vec::new(),
            };
            self.ask_about(routes::COMPARE, &query)?
        };
        let none = match (from.as_str(), to.as_str()) {
            ("running", "candidate") => {
                "No changes between working and active configurations.".to_owned()
            }
            (from, to) => {
                let name = |source: &str| match source {
                    "candidate" => "the candidate".to_owned(),
                    "running" => "the running configuration".to_owned(),
                    "text" => "config.boot".to_owned(),
                    id => format!("revision {}", id.trim_start_matches('@')),
                };
                format!("No changes between {} and {}.", name(from), name(to))
            }
        };
        Ok(Answer {
            marked: !commands,
            ..difference(text, &none)
        }
        .into())
    }
}
