//! Commands that show, commit and save the candidate: `show`, `commit`, `save`.

use api::configuration::{Compare, DiffFormat, ShowConfiguration};
use api::session::{Commit, Dialect};
use api::{Nothing, routes};
use commands::{Form, Tail};

use super::operational::{configuration, dialect};
use super::{Done, Shell, short_name};
use crate::file::{self, SAVED};
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

impl Shell {
    pub(super) fn show(&mut self, path: &[String], line: &str) -> Done {
        let spelled = self.spelled_out(&self.level, path, line)?;
        let mut at = self.level.clone();
        at.extend(spelled);
        let query = ShowConfiguration {
            source: Some("candidate".into()),
            session: Some(self.session().to_owned()),
            format: Some(Dialect::Curly),
            ..ShowConfiguration::default()
        };
        let candidate = self.ask_about(routes::CONFIGURATION, &query)?;
        let query = Compare {
            from: Some("running".into()),
            to: Some("candidate".into()),
            session: query.session,
            format: Some(DiffFormat::Marks),
            path: at.clone(),
        };
        let marked = self.ask_about(routes::COMPARE, &query)?.answer.text;
        Ok(match (marked.is_empty(), at.is_empty()) {
            (false, _) => Answer {
                marked: true,
                ..Answer::screen(marked, candidate.json)
            }
            .into(),
            (true, true) => Answer::line("The configuration is empty.").into(),
            (true, false) => Answer::line("Configuration under specified path is empty").into(),
        })
    }

    /// Shows the candidate at and below a path in another form, without marks of what differs.
    pub(super) fn show_as(&mut self, form: Form, path: &[String], line: &str) -> Done {
        let mut at = self.level.clone();
        at.extend(self.spelled_out(&self.level, path, line)?);
        let query = ShowConfiguration {
            source: Some("candidate".into()),
            session: Some(self.session().to_owned()),
            format: Some(dialect(form)),
            path: (!at.is_empty()).then(|| at.join(" ")),
            ..ShowConfiguration::default()
        };
        let candidate = self.ask_about(routes::CONFIGURATION, &query)?;
        Ok(configuration(candidate, form, at.is_empty()).into())
    }

    pub(super) fn commit(&mut self, comment: Option<String>, minutes: Option<u32>) -> Done {
        let body = Commit {
            comment,
            confirm_minutes: minutes.map(u64::from),
            at: None,
        };
        let committed = self.ask(routes::COMMIT, &body)?;
        let answer = committed.answer;
        let mut text = warnings(&answer.warnings);
        if answer.revision.is_none() {
            text.push_str("No configuration changes to commit\n");
            return Ok(Answer::screen(text, committed.json).into());
        }
        text.push_str("Commit complete\n");
        text.push_str(&screen::rebuilt(&answer.impact));
        if let Some(seconds) = answer.confirm_seconds {
            let time = match seconds {
                60 => "1 minute".to_owned(),
                seconds if seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
                seconds => format!("{seconds} seconds"),
            };
            text.push_str(&format!(
                "It is rolled back in {time} unless you type `confirm`\n"
            ));
        }
        // The commit may have changed it; the old one stands until the next answer.
        if let Ok(version) = self.client.get(routes::VERSION, &[], &Nothing {}) {
            self.host = short_name(&version.answer.host_name);
        }
        Ok(Answer::screen(text, committed.json).into())
    }

    pub(super) fn save(&mut self, name: Option<Tail>, line: &str) -> Done {
        let query = ShowConfiguration {
            source: Some("running".into()),
            format: Some(Dialect::Curly),
            secrets: Some(true),
            ..ShowConfiguration::default()
        };
        let running = self.client.get(routes::CONFIGURATION, &[], &query)?;
        let running = running.answer.text.unwrap_or_default();
        let name = name.unwrap_or_else(|| Tail {
            text: SAVED.into(),
            start: 0,
        });
        let path = file::resolved(&name.text, self.home.as_deref());
        if let Err(error) = file::write(&path, &running) {
            let length = name.text.chars().count();
            return Err(Failure::at(
                line,
                name.start,
                length,
                format!(
                    "cannot write {}: {error}; name a file in a folder that is there and yours",
                    file::shown(&path)
                ),
            ));
        }
        let place = match transfer::is_url(&name.text) {
            true => file::shown(&path),
            false => std::path::absolute(&path)
                .unwrap_or(path)
                .display()
                .to_string(),
        };
        let mut text = format!("Saved the running configuration to {place}\n");
        if self.prompts.is_vyos() {
            // The last word of VyOS, by which libraries know that it was saved.
            text += "Done\n";
        }
        let session = self.session().to_owned();
        if self.changed(&session)? {
            text.push_str("The candidate's uncommitted changes are not in it.\n");
        }
        Ok(Answer::text(text).into())
    }
}

/// Writes the warnings of a check or a commit, a line each.
pub(super) fn warnings(warnings: &[String]) -> String {
    warnings
        .iter()
        .flat_map(|warning| ["Warning: ", warning, "\n"])
        .collect()
}
