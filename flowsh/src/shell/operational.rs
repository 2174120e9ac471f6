//! `show` and `clear`.

use commands::{AccountingView, Command, FlowPath, Form, Part};
use serde_json::{Value as Json, json};

use super::Shell;
use crate::client::escaped;
use crate::output::Answer;
use crate::screen;
use crate::trouble::Failure;

type Said = Result<Answer, Failure>;

impl Shell {
    pub(super) fn operational(&mut self, command: Command, line: &str) -> Said {
        match command {
            Command::ShowConfiguration { form, path } => {
                self.show_configuration(form, &path, false, line)
            }
            Command::ShowSecrets { path } => {
                self.show_configuration(Form::Curly, &path, true, line)
            }
            Command::ShowCommits => {
                let answer = self.client.get("/v1/revisions", &[])?;
                Ok(Answer::screen(screen::commits(&answer, &self.view), answer))
            }
            Command::ShowScheduled => self.show_scheduled(),
            Command::ClearScheduled => {
                self.client.post("/v1/clear/commit", &json!({}))?;
                Ok(Answer::line(
                    "The scheduled commit is cancelled; its changes are gone.",
                ))
            }
            Command::ShowCommitDiff { revision } => self.show_commit_diff(revision),
            Command::ShowInterfaces { loopback, name } => {
                self.show_interfaces(loopback, name.as_deref())
            }
            Command::ShowFlow { part, name } => self.show_flow(part, name.as_deref(), line),
            Command::ShowMonitorStatistics { monitor } => {
                let answer = self.objects(
                    "/v1/flow/monitors",
                    "monitors",
                    Some(&monitor),
                    "flow monitor",
                    line,
                )?;
                let text = screen::monitor_statistics(&answer["monitors"][0]);
                Ok(Answer::screen(text, answer))
            }
            Command::ShowExporterStatistics { exporter } => {
                self.show_exporter_statistics(exporter.as_deref(), line)
            }
            Command::ShowExporterTemplates { exporter } => {
                self.show_exporters(exporter.as_deref(), line, screen::exporter_templates)
            }
            Command::ShowAccounting(view) => self.show_accounting(&view),
            Command::ShowLoss => self.screen("/v1/flow/loss", &[], screen::loss),
            Command::TestFlowPath(path) => self.test_flow_path(&path),
            Command::ShowRoutes => self.screen("/v1/flow/routes", &[], screen::routes),
            Command::ShowSamplicator {
                part,
                name,
                receiver,
            } => self.show_samplicator(part, name.as_deref(), receiver.as_deref(), line),
            Command::ClearSamplicator { name } => self.clear_samplicator(&name),
            Command::ReplaySamplicator { name, receiver } => {
                self.replay_samplicator(&name, receiver.as_deref())
            }
            Command::ShowLog { lines } => {
                let answer = self
                    .client
                    .get("/v1/log", &[("lines", &lines.to_string())])?;
                Ok(Answer::screen(screen::log(&answer, &self.view), answer))
            }
            Command::ShowVersion => {
                let answer = self.client.get("/v1/version", &[])?;
                Ok(Answer::screen(screen::version(&answer, &self.view), answer))
            }
            Command::ClearMonitor { monitor, what } => {
                let target = format!("/v1/clear/monitor/{}", escaped(&monitor));
                let answer = self.client.post(&target, &json!({ "what": what }))?;
                let flows = answer["flows"].as_u64().unwrap_or_default();
                Ok(match what {
                    "statistics" => {
                        Answer::line(format!("Flow monitor {monitor}: statistics cleared"))
                    }
                    "force-export" => {
                        Answer::line(format!("Flow monitor {monitor}: {flows} flows exported"))
                    }
                    _ => Answer::line(format!("Flow monitor {monitor}: {flows} flows cleared")),
                })
            }
            Command::ClearExporter { exporter } => self.clear_exporter(exporter),
            Command::ClearAccounting => {
                let answer = self.client.post("/v1/clear/flow-accounting", &json!({}))?;
                let flows = answer["flows"].as_u64().unwrap_or_default();
                Ok(Answer::line(format!(
                    "flow-accounting: {flows} flows cleared"
                )))
            }
            // The tables of commands let no other command through to here.
            _ => Err(Failure::plain(
                "this command belongs to configuration mode: type `configure` first",
            )),
        }
    }

    fn screen(&mut self, path: &str, query: &[(&str, &str)], show: fn(&Json) -> String) -> Said {
        let answer = self.client.get(path, query)?;
        Ok(Answer::screen(show(&answer), answer))
    }

    fn test_flow_path(&mut self, path: &FlowPath) -> Said {
        let words = [
            ("source", path.source.to_string()),
            ("destination", path.destination.to_string()),
            ("protocol", path.protocol.to_string()),
            ("source_port", path.ports.0.to_string()),
            ("destination_port", path.ports.1.to_string()),
        ];
        let mut query: Vec<(&str, &str)> = words
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        query.extend(
            path.interface
                .iter()
                .map(|name| ("interface", name.as_str())),
        );
        self.screen("/v1/flow/path", &query, screen::path)
    }

    /// One exporter, or all.
    fn clear_exporter(&mut self, exporter: Option<String>) -> Said {
        let exporters = match exporter {
            Some(exporter) => vec![exporter],
            None => {
                let all = self.client.get("/v1/flow/exporters", &[])?;
                let all = all["exporters"].as_array().into_iter().flatten();
                all.filter_map(|one| one["name"].as_str().map(str::to_owned))
                    .collect()
            }
        };
        let mut told = String::new();
        for exporter in &exporters {
            let target = format!("/v1/clear/exporter/{}", escaped(exporter));
            self.client.post(&target, &json!({}))?;
            told += &format!("Flow exporter {exporter}: statistics cleared\n");
        }
        if exporters.is_empty() {
            return Ok(Answer::line("There is no flow exporter."));
        }
        Ok(Answer::text(told))
    }

    /// The interface that a router's name stands for.
    fn host_interface(&mut self, name: &str) -> Result<String, Failure> {
        match name.contains('/') {
            true => Ok(language::host_interface(name, &self.tree(false)?)),
            false => Ok(name.to_owned()),
        }
    }

    fn show_interfaces(&mut self, loopback: Option<bool>, name: Option<&str>) -> Said {
        let name = name.map(|name| self.host_interface(name)).transpose()?;
        let name = name.as_deref();
        let mut answer = self.client.get("/v1/interfaces", &[])?;
        if let Some(list) = answer["interfaces"].as_array_mut() {
            list.retain(|one| loopback.is_none_or(|wanted| one["loopback"] == wanted));
            let mut names: Vec<String> = list
                .iter()
                .filter_map(|one| one["name"].as_str())
                .map(str::to_owned)
                .collect();
            names.sort();
            list.retain(|one| name.is_none_or(|name| one["name"] == name));
            if let Some(name) = name
                && list.is_empty()
            {
                let hint = language::which(name, names.iter().map(String::as_str));
                let message = format!("there is no interface {name}; {hint}");
                return Err(Failure::plain(message));
            }
        }
        Ok(Answer::screen(screen::interfaces(&answer), answer))
    }

    fn show_configuration(
        &mut self,
        form: Form,
        path: &[String],
        secrets: bool,
        line: &str,
    ) -> Said {
        let path = self.spelled_out(&[], path, line)?.join(" ");
        let format = match form {
            Form::Curly => "curly",
            Form::Commands => "set",
            Form::Ios => "ios",
            Form::Json => "json",
        };
        let mut query = vec![("source", "running"), ("format", format)];
        if !path.is_empty() {
            query.push(("path", &path));
        }
        if secrets {
            query.push(("secrets", "true"));
        }
        let answer = self.client.get("/v1/configuration", &query)?;
        if form == Form::Json {
            let text = serde_json::to_string_pretty(&answer["tree"]).unwrap_or_default();
            return Ok(Answer::screen(text + "\n", answer["tree"].clone()));
        }
        let text = ended(answer["text"].as_str().unwrap_or_default());
        if !text.trim().is_empty() {
            return Ok(Answer::screen(text, answer));
        }
        let empty = if path.is_empty() {
            "Nothing is configured."
        } else {
            "Nothing is configured there."
        };
        Ok(Answer {
            json: Some(answer),
            ..Answer::line(empty)
        })
    }

    /// The commit that is scheduled, and what it will change.
    fn show_scheduled(&mut self) -> Said {
        let mut answer = self.client.get("/v1/revisions", &[])?;
        let mut text = screen::scheduled(&answer, &self.view);
        if !answer["scheduled"].is_null() {
            let query = [("from", "running"), ("to", "scheduled"), ("format", "diff")];
            let changes = self.client.get("/v1/compare", &query)?;
            text.push_str(changes["text"].as_str().unwrap_or_default());
        }
        Ok(Answer {
            marked: true,
            ..Answer::screen(text, answer["scheduled"].take())
        })
    }

    /// What the commit of a revision changed: the difference to the one before it.
    fn show_commit_diff(&mut self, revision: u32) -> Said {
        let revisions = self.client.get("/v1/revisions", &[])?;
        let count = revisions["revisions"].as_array().map_or(0, Vec::len) as u64;
        if u64::from(revision) >= count {
            let there = match count {
                0 => "there is none".to_owned(),
                count => format!("there are 0 to {}", count - 1),
            };
            return Err(Failure::plain(format!("no revision {revision}; {there}")));
        }
        let to = revision.to_string();
        if u64::from(revision) + 1 == count {
            let answer = self
                .client
                .get("/v1/configuration", &[("source", &to), ("format", "set")])?;
            let text: String = answer["text"]
                .as_str()
                .unwrap_or_default()
                .lines()
                .flat_map(|line| ["+ ", line, "\n"])
                .collect();
            let first = format!("Revision {to} is the oldest that is kept. It has:\n{text}");
            return Ok(Answer {
                text: first,
                json: Some(answer),
                marked: true,
                no_more: false,
            });
        }
        let from = (u64::from(revision) + 1).to_string();
        let answer = self.client.get(
            "/v1/compare",
            &[("from", &from), ("to", &to), ("format", "diff")],
        )?;
        Ok(difference(answer, "The revision changed nothing."))
    }

    fn show_flow(&mut self, part: Part, name: Option<&str>, line: &str) -> Said {
        let (path, key, what, show): (_, _, _, fn(&Json) -> String) = match part {
            Part::Record => (
                "/v1/flow/records",
                "records",
                "flow record",
                screen::records,
            ),
            Part::Monitor => (
                "/v1/flow/monitors",
                "monitors",
                "flow monitor",
                screen::monitors,
            ),
            Part::Exporter => (
                "/v1/flow/exporters",
                "exporters",
                "flow exporter",
                screen::exporters,
            ),
            Part::Interface => (
                "/v1/flow/interfaces",
                "interfaces",
                "flow interface",
                screen::flow_interfaces,
            ),
            Part::Sampler => ("/v1/flow/samplers", "samplers", "sampler", screen::samplers),
        };
        let interface = match (part, name) {
            (Part::Interface, Some(name)) => Some(self.host_interface(name)?),
            _ => None,
        };
        let answer = match (part, name) {
            // The list does not have all that are predefined.
            (Part::Record, Some(name)) if name.contains(' ') => {
                self.client.get(path, &[("name", name)])?
            }
            _ => self.objects(path, key, interface.as_deref().or(name), what, line)?,
        };
        let text = show(&answer);
        if text.is_empty() {
            return Ok(Answer {
                json: Some(answer),
                ..Answer::line(format!("There is no {what}."))
            });
        }
        Ok(Answer::screen(text, answer))
    }

    fn show_exporters(
        &mut self,
        name: Option<&str>,
        line: &str,
        show: fn(&Json) -> String,
    ) -> Said {
        let answer = self.objects(
            "/v1/flow/exporters",
            "exporters",
            name,
            "flow exporter",
            line,
        )?;
        let text = show(&answer);
        if text.is_empty() {
            return Ok(Answer {
                json: Some(answer),
                ..Answer::line("There is no flow exporter.")
            });
        }
        Ok(Answer::screen(text, answer))
    }

    /// With the reasons why records were not sent, which the ledger has.
    fn show_exporter_statistics(&mut self, name: Option<&str>, line: &str) -> Said {
        let mut said = self.show_exporters(name, line, |_| String::new())?;
        let Some(answer) = &mut said.json else {
            return Ok(said);
        };
        let loss = self.client.get("/v1/flow/loss", &[])?;
        let ledgers = loss["exporters"].as_array().map_or(&[][..], Vec::as_slice);
        let exporters = answer["exporters"].as_array_mut();
        for exporter in exporters.into_iter().flatten() {
            let name = exporter["name"].clone();
            for client in exporter["clients"].as_array_mut().into_iter().flatten() {
                let ledger = ledgers.iter().find(|ledger| {
                    ledger["exporter"] == name && ledger["monitor"] == client["monitor"]
                });
                if let (Some(ledger), Some(client)) = (ledger, client.as_object_mut()) {
                    client.insert("dropped".into(), ledger["dropped"].clone());
                }
            }
        }
        let text = screen::exporter_statistics(answer);
        if !text.is_empty() {
            said.text = text;
        }
        Ok(said)
    }

    /// All objects of a kind, or the one of that name; a name that is not there is wrong.
    pub(super) fn objects(
        &mut self,
        path: &str,
        key: &str,
        name: Option<&str>,
        what: &str,
        line: &str,
    ) -> Result<Json, Failure> {
        let mut answer = self.client.get(path, &[])?;
        let Some(name) = name else { return Ok(answer) };
        let called = |object: &Json| {
            object["name"]
                .as_str()
                .or(object["interface"].as_str())
                .map(str::to_owned)
        };
        let objects = answer[key]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        let names: Vec<String> = objects.iter().filter_map(called).collect();
        let found: Vec<Json> = objects
            .into_iter()
            .filter(|object| called(object).as_deref() == Some(name))
            .collect();
        if found.is_empty() {
            let there = language::which(name, names.iter().map(String::as_str));
            let message = format!("no {what} \"{name}\"; {there}");
            let word = commands::split(line)
                .into_iter()
                .rev()
                .find(|word| word.text == name);
            return Err(match word {
                Some(word) => Failure::at(line, word.start, word.len, message),
                None => Failure::plain(message),
            });
        }
        answer[key] = found.into();
        Ok(answer)
    }

    /// The table of flow-accounting, up to `count` flows of an interface.
    pub(super) fn accounting_table(
        &mut self,
        interface: Option<&str>,
        count: &str,
    ) -> Result<Json, Failure> {
        let mut query = vec![("count", count)];
        query.extend(interface.map(|interface| ("interface", interface)));
        Ok(self.client.get("/v1/flow-accounting", &query)?)
    }

    fn show_accounting(&mut self, view: &AccountingView) -> Said {
        let host = view.host.map(|host| host.to_string());
        let (top, count) = (
            view.top.map(|top| top.to_string()),
            view.count.map(|count| count.to_string()),
        );
        let all = [
            ("interface", &view.interface),
            ("host", &host),
            ("port", &view.port),
            ("top", &top),
            ("count", &count),
        ];
        let query: Vec<(&str, &str)> = all
            .iter()
            .filter_map(|(key, value)| value.as_deref().map(|value| (*key, value)))
            .collect();
        self.screen("/v1/flow-accounting", &query, screen::accounting)
    }
}

/// A difference as the API has it, or the word for none.
pub(super) fn difference(answer: Json, none: &str) -> Answer {
    let text = ended(answer["text"].as_str().unwrap_or_default());
    match text.trim().is_empty() {
        true => Answer {
            json: Some(answer),
            ..Answer::line(none)
        },
        false => Answer {
            marked: true,
            ..Answer::screen(text, answer)
        },
    }
}

/// With a newline at its end.
fn ended(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
