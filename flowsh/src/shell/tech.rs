//! `show tech-support`: what somebody wants to see who is asked for help, in one output.

use commands::Mode;
use serde_json::{Map, Value};

use super::Shell;
use super::operational::Said;
use crate::json::JsonText;
use crate::output::Answer;

/// The commands, in their order. Secrets are in none of them.
const COMMANDS: &[&str] = &[
    "show version",
    "show clock",
    "show users",
    "show processes",
    "show memory",
    "show interfaces",
    "show configuration",
    "show system commit",
    "show flow interface",
    "show flow record",
    "show flow sampler",
    "show flow monitor",
    "show flow exporter",
    "show flow exporter statistics",
    "show flow exporter templates",
    "show flow routes",
    "show flow loss",
    "show samplicator",
    "show samplicator receiver",
    "show log 1000",
];

impl Shell {
    /// Runs every command. What fails is told in its place, and the others follow all the same.
    pub(super) fn show_tech(&mut self) -> Said {
        let mut text = String::new();
        let mut answers = Map::new();
        for line in COMMANDS {
            text += &format!("------------------ {line} ------------------\n\n");
            let parsed = commands::parse(line, Mode::Operational);
            let said = match parsed {
                Ok(Some(parsed)) => self.operational(parsed.command, line),
                _ => continue,
            };
            match said {
                Ok(answer) => {
                    text += &answer.text;
                    answers.insert(
                        (*line).to_owned(),
                        answer.to_json().read().unwrap_or(Value::Null),
                    );
                }
                Err(failure) => text += &format!("{}\n", failure.shown()),
            }
            text.push('\n');
        }
        Ok(Answer::screen(text, JsonText::of(&answers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_it_is_one() {
        for line in COMMANDS {
            assert!(
                matches!(commands::parse(line, Mode::Operational), Ok(Some(_))),
                "{line}"
            );
        }
    }
}
