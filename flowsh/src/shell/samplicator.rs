//! `show samplicator`, `clear samplicator` and `replay samplicator`.

use api::Nothing;
use api::query::SamplicatorsQuery;
use api::routes::{self, Get};
use api::samplicator::{Replay, Samplicators};
use commands::RelayPart;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Shell;
use super::operational::{Said, unknown};
use crate::client::Received;
use crate::json::JsonText;
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

/// The sources or the templates of each samplicator.
#[derive(Serialize)]
struct Parts<A> {
    samplicators: Vec<A>,
}

impl Shell {
    /// Asks for all samplicators or the one of that name, with all receivers or those called `receiver`.
    pub(super) fn samplicators(
        &mut self,
        name: Option<&str>,
        receiver: Option<&str>,
        line: &str,
    ) -> Result<Received<Samplicators>, Failure> {
        let query = SamplicatorsQuery {
            name: name.map(str::to_owned),
            receiver: receiver.map(str::to_owned),
        };
        let result = self.client.get(routes::SAMPLICATORS, &[], &query);
        result.map_err(|error| {
            unknown(
                error,
                &[("samplicator", name), ("receiver", receiver)],
                line,
            )
        })
    }

    pub(super) fn show_samplicator(
        &mut self,
        part: RelayPart,
        name: Option<&str>,
        receiver: Option<&str>,
        line: &str,
    ) -> Said {
        let samplicators = self.samplicators(name, receiver, line)?;
        if samplicators.answer.samplicators.is_empty() {
            return Ok(Answer {
                json: Some(samplicators.json),
                ..Answer::line("There is no samplicator.")
            });
        }
        Ok(match part {
            RelayPart::Samplicator => {
                let text = screen::samplicators(&samplicators.answer, &self.view);
                Answer::screen(text, samplicators.json)
            }
            RelayPart::Receivers => {
                let text = screen::samplicator_receivers(&samplicators.answer, &self.view);
                Answer::screen(text, samplicators.json)
            }
            RelayPart::Sources => {
                let parts = self.parts(&samplicators.answer, routes::SOURCES)?;
                let text = screen::samplicator_sources(&parts.samplicators, &self.view);
                Answer::screen(text, JsonText::of(&parts))
            }
            RelayPart::Templates => {
                let parts = self.parts(&samplicators.answer, routes::TEMPLATES)?;
                let text = screen::samplicator_templates(&parts.samplicators, &self.view);
                Answer::screen(text, JsonText::of(&parts))
            }
        })
    }

    fn parts<A: DeserializeOwned>(
        &mut self,
        answer: &Samplicators,
        route: Get<Nothing, A>,
    ) -> Result<Parts<A>, Failure> {
        let mut samplicators = Vec::new();
        for samplicator in &answer.samplicators {
            let part = self.client.get(route, &[&samplicator.name], &Nothing {})?;
            samplicators.push(part.answer);
        }
        Ok(Parts { samplicators })
    }

    pub(super) fn clear_samplicator(&mut self, name: &str) -> Said {
        self.client
            .post(routes::CLEAR_SAMPLICATOR, &[name], &Nothing {})?;
        Ok(Answer::line(format!(
            "Samplicator {name}: statistics cleared"
        )))
    }

    pub(super) fn replay_samplicator(&mut self, name: &str, receiver: Option<&str>) -> Said {
        let body = Replay {
            receiver: receiver.map(str::to_owned),
        };
        let replayed = self.client.post(routes::REPLAY, &[name], &body)?;
        let line = match &replayed.answer.receivers[..] {
            [] => format!("Samplicator {name} has no receiver."),
            receivers => format!(
                "All templates will be sent again to {}, before each exporter's next datagram.",
                receivers.join(", ")
            ),
        };
        Ok(Answer {
            json: Some(replayed.json),
            ..Answer::line(line)
        })
    }
}
