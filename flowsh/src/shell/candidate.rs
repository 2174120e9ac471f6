//! What is said of the candidate, and what becomes of it: `show`, `compare`, `commit`, `save`.

use commands::Tail;
use serde_json::{Value as Json, json};

use super::change::SAVED;
use super::{Done, Shell, file, short_name};
use crate::marks;
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

impl Shell {
    pub(super) fn show(&mut self, path: &[String], line: &str) -> Done {
        let operational = || {
            let first = path.first()?;
            let known = ["running-config", "version", "log", "sampler"]
                .iter()
                .any(|word| word.starts_with(first.as_str()));
            (known && first.len() > 2).then(|| line.trim().to_owned())
        };
        let spelled = match self.spelled_out(&self.level, path, line) {
            Ok(spelled) => spelled,
            Err(Failure::Wrong(mut troubles)) => {
                if let (Some(line), Some(trouble)) = (operational(), troubles.first_mut()) {
                    trouble.message =
                        format!("no such part of the configuration; type `run {line}`");
                }
                return Err(Failure::Wrong(troubles));
            }
            Err(other) => return Err(other),
        };
        let mut at = self.level.clone();
        at.extend(spelled);
        let session = self.session().to_owned();
        let text = |answer: Json| answer["text"].as_str().unwrap_or_default().to_owned();
        let running = text(self.client.get(
            "/v1/configuration",
            &[("source", "running"), ("format", "curly")],
        )?);
        let query = [
            ("source", "candidate"),
            ("session", session.as_str()),
            ("format", "curly"),
        ];
        let answer = self.ask_about("/v1/configuration", &query)?;
        let candidate = text(answer.clone());
        Ok(match marks::marked(&running, &candidate, &at) {
            Some(text) => Answer {
                marked: true,
                ..Answer::screen(text, answer)
            }
            .into(),
            None if at.is_empty() => Answer::line("The configuration is empty.").into(),
            None => Answer::line("Configuration under specified path is empty").into(),
        })
    }

    pub(super) fn commit(&mut self, comment: Option<String>, minutes: Option<u32>) -> Done {
        let mut body = json!({});
        if let Some(comment) = comment {
            body["comment"] = comment.into();
        }
        if let Some(minutes) = minutes {
            body["confirm_minutes"] = minutes.into();
        }
        let answer = self.ask("commit", &body)?;
        let mut text = warnings(&answer);
        if answer["revision"].is_null() {
            text.push_str("No configuration changes to commit\n");
            return Ok(Answer::screen(text, answer).into());
        }
        text.push_str("Commit complete\n");
        text.push_str(&screen::rebuilt(&answer));
        if let Some(seconds) = answer["confirm_seconds"].as_u64() {
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
        if let Ok(version) = self.client.get("/v1/version", &[]) {
            self.host = short_name(version["host_name"].as_str().unwrap_or_default());
        }
        Ok(Answer::screen(text, answer).into())
    }

    pub(super) fn save(&mut self, name: Option<Tail>, line: &str) -> Done {
        let answer = self.client.get(
            "/v1/configuration",
            &[
                ("source", "running"),
                ("format", "curly"),
                ("secrets", "true"),
            ],
        )?;
        let name = name.unwrap_or_else(|| Tail {
            text: SAVED.into(),
            start: 0,
        });
        let path = file::resolved(&name.text, self.home.as_deref());
        if let Err(error) = file::write(&path, answer["text"].as_str().unwrap_or_default()) {
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
        let session = self.session().to_owned();
        if self.changed(&session)? {
            text.push_str("The candidate's uncommitted changes are not in it.\n");
        }
        Ok(Answer::text(text).into())
    }
}

/// The warnings of a check or a commit, a line each.
pub(super) fn warnings(answer: &Json) -> String {
    let warnings = answer["warnings"].as_array().map_or(&[][..], Vec::as_slice);
    warnings
        .iter()
        .filter_map(Json::as_str)
        .flat_map(|warning| ["Warning: ", warning, "\n"])
        .collect()
}
