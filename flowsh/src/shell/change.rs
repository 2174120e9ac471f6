//! Changes among several people, and changes for later: `configure exclusive`, `status`, `commit at`, `compare`.

use commands::Version;
use serde_json::json;

use super::candidate::warnings;
use super::operational::difference;
use super::{Done, Shell, file};
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

/// The file that `save` writes.
pub(super) const SAVED: &str = "~/config.boot";

impl Shell {
    /// Who else is in configuration mode.
    pub(super) fn others(&mut self) -> Result<String, Failure> {
        let answer = self.client.get("/v1/sessions", &[])?;
        Ok(screen::others(&answer, self.session(), &self.view))
    }

    pub(super) fn status(&mut self) -> Done {
        let answer = self.client.get("/v1/sessions", &[])?;
        let text = screen::status(&answer, self.session(), &self.view);
        Ok(Answer::screen(text, answer).into())
    }

    pub(super) fn commit_at(&mut self, time: &str, comment: Option<String>) -> Done {
        let mut body = json!({ "at": time });
        if let Some(comment) = comment {
            body["comment"] = comment.into();
        }
        let answer = self.ask("commit", &body)?;
        let mut text = warnings(&answer);
        if answer["scheduled"].is_null() {
            text.push_str("No configuration changes to commit\n");
            return Ok(Answer::screen(text, answer).into());
        }
        text.push_str("The candidate configuration is valid.\n");
        text.push_str(&screen::impact(&answer));
        text.push_str(&format!(
            "It will be committed at {}. `run show system commit pending` shows it, `run clear system commit` cancels it.\n",
            screen::when(&answer["scheduled"], &self.view)
        ));
        Ok(Answer::screen(text, answer).into())
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
            Some(Version::Revision(number)) => number.to_string(),
            Some(Version::Running) => "running".to_owned(),
            Some(Version::Saved) => "text".to_owned(),
        };
        let (from, to) = (source(from, "running"), source(to, "candidate"));
        let format = if commands { "set" } else { "diff" };
        let answer = if [&from, &to].contains(&&"text".to_owned()) {
            let path = file::resolved(SAVED, self.home.as_deref());
            let text = file::read(&path).map_err(|error| error.plainly(&path))?;
            let body = json!({"from": from, "to": to, "text": text, "format": format});
            let origin = format!("{}:", path.display());
            self.text_answer("compare", &body, &text, &origin)?
        } else {
            let query = [
                ("from", from.as_str()),
                ("to", &to),
                ("session", &session),
                ("format", format),
            ];
            self.ask_about("/v1/compare", &query)?
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
                    number => format!("revision {number}"),
                };
                format!("No changes between {} and {}.", name(from), name(to))
            }
        };
        Ok(Answer {
            marked: !commands,
            ..difference(answer, &none)
        }
        .into())
    }
}
