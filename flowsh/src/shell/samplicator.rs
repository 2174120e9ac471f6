//! `show samplicator`, `clear samplicator`, and samplicate's configuration.

use grammar::command::{RelayPart, Tail};
use grammar::import::samplicate::{self, Arguments};
use grammar::import::{Imported, Origin};
use serde_json::{Value as Json, json};

use super::{Done, Shell, file};
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

    pub(super) fn load_samplicate(&mut self, name: &Tail, line: &str) -> Done {
        let text = self.read(name, line)?;
        let path = name.text.clone();
        self.imported(&samplicate::file(&text), &[path])
    }

    pub(super) fn load_samplicate_arguments(&mut self, tail: &Tail, line: &str) -> Done {
        let arguments = Arguments::parse(&tail.text);
        let mut paths = Vec::new();
        let mut texts = Vec::new();
        for given in &arguments.files {
            let at = line
                .find(&given.path)
                .map_or(tail.start, |at| line[..at].chars().count());
            let name = Tail {
                text: given.path.clone(),
                start: at,
            };
            texts.push(self.read(&name, line)?);
            paths.push(given.path.clone());
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.imported(&samplicate::import(&arguments, &texts), &paths)
    }

    fn read(&self, name: &Tail, line: &str) -> Result<String, Failure> {
        let path = file::resolved(&name.text, self.home.as_deref());
        file::read(&path).map_err(|error| error.failure(&path, line, name))
    }

    /// Puts the statements into the candidate and tells what is not among them.
    fn imported(&mut self, imported: &Imported, paths: &[String]) -> Done {
        let report: String = imported
            .remarks
            .iter()
            .map(|remark| {
                let origin = match remark.origin {
                    Origin::Arguments => "arguments".to_owned(),
                    Origin::Whole => "samplicate".to_owned(),
                    Origin::File(index) => {
                        let path = paths.get(index).map_or("file", String::as_str);
                        format!("{path}:{}", remark.line)
                    }
                };
                format!("{origin}: {}\n", remark.message())
            })
            .collect();
        if imported.text.is_empty() {
            return Err(Failure::plain(format!(
                "{report}nothing of it can be a samplicator; nothing was loaded"
            )));
        }
        let body = json!({"text": imported.text, "dialect": "set", "mode": "replace", "path": []});
        let answer = self.edit_text(body, &imported.text, "samplicate:")?;
        let lost = imported.remarks.iter().filter(|remark| remark.lost).count();
        let loaded = match answer["changes"].as_u64() {
            Some(0) => "nothing changed".to_owned(),
            _ => format!(
                "`compare` shows it, `commit` puts it into force{}",
                match lost {
                    0 => String::new(),
                    1 => "; 1 piece has no counterpart here".to_owned(),
                    lost => format!("; {lost} pieces have no counterpart here"),
                }
            ),
        };
        let said = format!("Loaded as samplicator {}: {loaded}.", samplicate::NAME);
        Ok(Answer::text(format!("{report}{said}\n")).into())
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
        let message = format!("no receiver \"{name}\"; there is {}", names.join(", "));
        let words = grammar::command::split(line);
        let word = words.into_iter().rev().find(|word| word.text == name);
        return Err(match word {
            Some(word) => Failure::at(line, word.start, word.len, message),
            None => Failure::plain(message),
        });
    }
    answer["samplicators"] = kept.into();
    Ok(())
}
