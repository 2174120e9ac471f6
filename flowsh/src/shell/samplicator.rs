//! `show samplicator`, `clear samplicator` and `replay samplicator`.

use commands::RelayPart;
use serde_json::{Value as Json, json};

use super::Shell;
use crate::client::escaped;
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

type Said = Result<Answer, Failure>;

impl Shell {
    /// All samplicators, or the one of that name.
    pub(super) fn samplicators(&mut self, name: Option<&str>, line: &str) -> Result<Json, Failure> {
        self.objects(
            "/v1/samplicators",
            "samplicators",
            name,
            "samplicator",
            line,
        )
    }

    pub(super) fn show_samplicator(
        &mut self,
        part: RelayPart,
        name: Option<&str>,
        receiver: Option<&str>,
        line: &str,
    ) -> Said {
        let mut answer = self.samplicators(name, line)?;
        if answer["samplicators"].as_array().is_none_or(Vec::is_empty) {
            return Ok(Answer {
                json: Some(answer),
                ..Answer::line("There is no samplicator.")
            });
        }
        let text = match part {
            RelayPart::Samplicator => screen::samplicators(&answer),
            RelayPart::Receivers => {
                if let Some(receiver) = receiver {
                    only(&mut answer, receiver, line)?;
                }
                screen::samplicator_receivers(&answer, &self.view)
            }
            RelayPart::Sources => {
                answer = self.parts(&answer, "sources")?;
                screen::samplicator_sources(&answer)
            }
            RelayPart::Templates => {
                answer = self.parts(&answer, "templates")?;
                screen::samplicator_templates(&answer)
            }
        };
        Ok(Answer::screen(text, answer))
    }

    /// A part that has a route of its own, of each samplicator.
    fn parts(&mut self, answer: &Json, part: &str) -> Result<Json, Failure> {
        let mut all = Vec::new();
        for samplicator in answer["samplicators"].as_array().into_iter().flatten() {
            let name = samplicator["name"].as_str().unwrap_or_default();
            all.push(
                self.client
                    .get(&format!("/v1/samplicators/{}/{part}", escaped(name)), &[])?,
            );
        }
        Ok(json!({ "samplicators": all }))
    }

    pub(super) fn clear_samplicator(&mut self, name: &str) -> Said {
        let target = format!("/v1/clear/samplicator/{}", escaped(name));
        self.client.post(&target, &json!({}))?;
        Ok(Answer::line(format!(
            "Samplicator {name}: statistics cleared"
        )))
    }

    pub(super) fn replay_samplicator(&mut self, name: &str, receiver: Option<&str>) -> Said {
        let target = format!("/v1/replay/samplicator/{}", escaped(name));
        let body = match receiver {
            Some(receiver) => json!({ "receiver": receiver }),
            None => json!({}),
        };
        let answer = self.client.post(&target, &body)?;
        let receivers: Vec<&str> = answer["receivers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        let line = match receivers[..] {
            [] => format!("Samplicator {name} has no receiver."),
            _ => format!(
                "All templates go again to {}, before each exporter's next datagram.",
                receivers.join(", ")
            ),
        };
        Ok(Answer {
            json: Some(answer),
            ..Answer::line(line)
        })
    }
}

/// Keeps the receivers of a name; there must be one.
fn only(answer: &mut Json, name: &str, line: &str) -> Result<(), Failure> {
    let mut names = Vec::new();
    let mut kept = Vec::new();
    for mut samplicator in answer["samplicators"]
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default()
    {
        let receivers = samplicator["receivers"].as_array_mut();
        let all = receivers.map(std::mem::take).unwrap_or_default();
        names.extend(
            all.iter()
                .filter_map(|one| one["name"].as_str().map(str::to_owned)),
        );
        let found: Vec<Json> = all.into_iter().filter(|one| one["name"] == name).collect();
        if !found.is_empty() {
            samplicator["receivers"] = found.into();
            kept.push(samplicator);
        }
    }
    if kept.is_empty() {
        let message = {
            let there = language::which(name, names.iter().map(|name| &**name));
            format!("no receiver \"{name}\"; {there}")
        };
        let words = commands::split(line);
        let word = words.into_iter().rev().find(|word| word.text == name);
        return Err(match word {
            Some(word) => Failure::at(line, word.start, word.len, message),
            None => Failure::plain(message),
        });
    }
    answer["samplicators"] = kept.into();
    Ok(())
}
