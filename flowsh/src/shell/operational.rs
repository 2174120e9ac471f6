//! Operational commands that show and clear.

use api::configuration::{Compare, Configuration, DiffFormat, ShowConfiguration, Text};
use api::flow::{Clear, ClearTarget, Cleared as ClearedFlows, Exporters};
use api::query::{AccountingQuery, InterfacesQuery, NameQuery, PathQuery, SamplicatorsQuery};
use api::routes::{self, Get};
use api::session::Dialect;
use api::{Code, Nothing};
use commands::{AccountingView, Cleared, Command, FlowPath, Form, Line, Part};
use serde::de::DeserializeOwned;

use super::Shell;
use crate::client::{Error, Received};
use crate::json::JsonText;
use crate::output::Answer;
use crate::screen;
use crate::trouble::{Failure, with_hint};

pub(super) type Said = Result<Answer, Failure>;

impl Shell {
    /// Takes `show` of something that is no path of the configuration as an operational command, which needs no `run`
    /// then.
    pub(super) fn as_operational(&self, parsed: Line, line: &str) -> Result<Line, Failure> {
        let Command::Show { path, .. } = &parsed.command else {
            return Ok(parsed);
        };
        let Err(no_path) = self.spelled_out(&self.level, path, line) else {
            return Ok(parsed);
        };
        let operational = commands::operational_instead(line);
        match operational.map_err(|problem| Failure::in_line(line, &problem)) {
            Ok(Some(operational)) => Ok(operational),
            // Of two meanings, the one that is right further on was meant.
            Err(failure) if failure.column() > no_path.column() => Err(failure),
            _ => Ok(parsed),
        }
    }

    pub(super) fn operational(&mut self, command: Command, line: &str) -> Said {
        match command {
            Command::ShowRunningInterface { form, name } => {
                self.show_running_interface(form, &name)
            }
            Command::ShowConfiguration { form, path } => {
                self.show_configuration(form, &path, false, line)
            }
            Command::ShowSecrets { path } => {
                self.show_configuration(Form::Curly, &path, true, line)
            }
            Command::Ask(ask) => {
                let json = self.client.show(&ask)?;
                let text = screen::of(&ask, &json, &self.view)?;
                Ok(Answer::screen(text, json))
            }
            Command::ShowScheduled => self.show_scheduled(),
            Command::ClearScheduled => {
                self.client.post(routes::CLEAR_COMMIT, &[], &Nothing {})?;
                Ok(Answer::line(
                    "The scheduled commit is cancelled; its changes are gone.",
                ))
            }
            Command::ShowCommitDiff { revision } => self.show_commit_diff(revision),
            Command::ShowInterfaces { loopback, name } => {
                let query = InterfacesQuery { name, loopback };
                let one = query.name.is_some();
                let view = self.view.clone();
                self.screen(routes::INTERFACES, &query, |answer| {
                    match &answer.interfaces[..] {
                        [only] if one => screen::interface(only, &view),
                        _ => screen::interfaces(answer, &view),
                    }
                })
            }
            Command::ShowTraffic { rates } => {
                let query = InterfacesQuery::default();
                let view = self.view.clone();
                self.screen(routes::INTERFACES, &query, |answer| {
                    let all: Vec<_> = answer.interfaces.iter().collect();
                    match rates {
                        true => screen::rates(&all, &view),
                        false => screen::counters(&all, &view),
                    }
                })
            }
            Command::ShowFlow { part, name } => self.show_flow(part, name.as_deref(), line),
            Command::ShowMonitorStatistics { monitor } => {
                let monitors =
                    self.named(routes::MONITORS, "flow monitor", Some(&monitor), line)?;
                let monitor = monitors.answer.monitors.first();
                let text = monitor.map_or_else(String::new, screen::monitor_statistics);
                Ok(Answer::screen(text, monitors.json))
            }
            Command::ShowExporterStatistics { exporter } => {
                self.show_exporters(exporter.as_deref(), line, screen::exporter_statistics)
            }
            Command::ShowExporterTemplates { exporter } => {
                self.show_exporters(exporter.as_deref(), line, screen::exporter_templates)
            }
            Command::ShowAccounting(view) => self.show_accounting(&view),
            Command::TestFlowPath(path) => self.test_flow_path(&path),
            Command::ShowSamplicator {
                part,
                name,
                receiver,
            } => self.show_samplicator(part, name.as_deref(), receiver.as_deref(), line),
            Command::ClearSamplicator { name } => self.clear_samplicator(&name),
            Command::ReplaySamplicator { name, receiver } => {
                self.replay_samplicator(&name, receiver.as_deref())
            }
            Command::ReplayExporter { exporter } => self.replay_exporter(&exporter),
            Command::ShowVersion => {
                let version = self.client.get(routes::VERSION, &[], &Nothing {})?;
                let text = screen::version(&version.answer, &self.view);
                Ok(Answer::screen(text, version.json))
            }
            Command::ShowTech => self.show_tech(),
            Command::ShowHistory => Ok(self.history.answer()),
            Command::ClearCounters => self.clear_counters(),
            Command::ClearMonitor { monitor, what } => self.clear_monitor(&monitor, what),
            Command::ClearExporter { exporter } => self.clear_exporter(exporter),
            Command::ClearAccounting => {
                let cleared = self
                    .client
                    .post(routes::CLEAR_ACCOUNTING, &[], &Nothing {})?;
                let line = format!(
                    "flow-accounting: {}",
                    ended_flows(&cleared.answer, "exported")
                );
                Ok(Answer {
                    json: Some(cleared.json),
                    ..Answer::line(line)
                })
            }
            // The tables of commands let no other command through to here.
            _ => Err(Failure::plain(
                "this command belongs to configuration mode: type `configure` first",
            )),
        }
    }

    fn screen<Q: serde::Serialize, A: DeserializeOwned>(
        &mut self,
        route: Get<Q, A>,
        query: &Q,
        show: impl FnOnce(&A) -> String,
    ) -> Said {
        let received = self.client.get(route, &[], query)?;
        Ok(Answer::screen(show(&received.answer), received.json))
    }

    fn test_flow_path(&mut self, path: &FlowPath) -> Said {
        let query = PathQuery {
            source: path.source,
            destination: path.destination,
            protocol: path.protocol,
            source_port: path.ports.0,
            destination_port: path.ports.1,
            interface: path.interface.clone(),
        };
        self.screen(routes::FLOW_PATH, &query, screen::path)
    }

    fn clear_monitor(&mut self, monitor: &str, what: Cleared) -> Said {
        let target = match what {
            Cleared::Cache => ClearTarget::Cache,
            Cleared::Statistics => ClearTarget::Statistics,
            Cleared::ForceExport => ClearTarget::ForceExport,
        };
        let body = Clear { what: target };
        let cleared = self.client.post(routes::CLEAR_MONITOR, &[monitor], &body)?;
        let said = match what {
            Cleared::Statistics => "statistics cleared".to_owned(),
            Cleared::ForceExport => ended_flows(&cleared.answer, "exported"),
            Cleared::Cache => ended_flows(&cleared.answer, "discarded"),
        };
        Ok(Answer {
            json: Some(cleared.json),
            ..Answer::line(format!("Flow monitor {monitor}: {said}"))
        })
    }

    /// Clears the counters of an exporter, or of all.
    fn replay_exporter(&mut self, exporter: &str) -> Said {
        let route = routes::REPLAY_EXPORTER;
        let replayed = self.client.post(route, &[exporter], &Nothing {})?;
        let line = match replayed.answer.sent {
            true => format!("Flow exporter {exporter}: templates and options sent again"),
            false => format!(
                "Flow exporter {exporter}: nothing was sent; NetFlow v5 has no templates, and an exporter that is down or unused \
                 sends none"
            ),
        };
        Ok(Answer {
            json: Some(replayed.json),
            ..Answer::line(line)
        })
    }

    fn clear_exporter(&mut self, exporter: Option<String>) -> Said {
        let exporters = match exporter {
            Some(exporter) => vec![exporter],
            None => {
                let all = self
                    .client
                    .get(routes::EXPORTERS, &[], &NameQuery::default())?;
                let all = all.answer.exporters.into_iter();
                all.map(|exporter| exporter.name).collect()
            }
        };
        let mut told = String::new();
        for exporter in &exporters {
            self.client
                .post(routes::CLEAR_EXPORTER, &[exporter], &Nothing {})?;
            told += &format!("Flow exporter {exporter}: statistics cleared\n");
        }
        if exporters.is_empty() {
            return Ok(Answer::line("There is no flow exporter."));
        }
        Ok(Answer::text(told))
    }

    /// Clears the counters of all flow monitors, exporters and samplicators.
    fn clear_counters(&mut self) -> Said {
        let all = NameQuery::default();
        let monitors = self.client.get(routes::MONITORS, &[], &all)?;
        let mut told = String::new();
        for monitor in &monitors.answer.monitors {
            told += &self.clear_monitor(&monitor.name, Cleared::Statistics)?.text;
        }
        told += &self.clear_exporter(None)?.text;
        let all = SamplicatorsQuery::default();
        let samplicators = self.client.get(routes::SAMPLICATORS, &[], &all)?;
        for samplicator in &samplicators.answer.samplicators {
            told += &self.clear_samplicator(&samplicator.name)?.text;
        }
        Ok(Answer::text(told))
    }

    pub(super) fn show_configuration(
        &mut self,
        form: Form,
        path: &[String],
        secrets: bool,
        line: &str,
    ) -> Said {
        let path = self.spelled_out(&[], path, line)?.join(" ");
        self.show_running(form, &path, secrets)
    }

    /// Shows an interface's part of the running configuration, by its name or a router's name for it.
    pub(super) fn show_running_interface(&mut self, form: Form, name: &str) -> Said {
        let name = language::host_interface(name, &self.tree(false)?);
        let kind = if name == "lo" { "loopback" } else { "ethernet" };
        self.show_running(form, &format!("interfaces {kind} {name}"), false)
    }

    fn show_running(&mut self, form: Form, path: &str, secrets: bool) -> Said {
        let query = ShowConfiguration {
            source: Some("running".into()),
            format: Some(dialect(form)),
            path: (!path.is_empty()).then(|| path.to_owned()),
            secrets: secrets.then_some(true),
            session: None,
        };
        let received = self.client.get(routes::CONFIGURATION, &[], &query)?;
        Ok(configuration(received, form, path.is_empty()))
    }

    /// Shows the commit that is scheduled, and what it will change.
    fn show_scheduled(&mut self) -> Said {
        let revisions = self.client.get(routes::REVISIONS, &[], &Nothing {})?;
        let scheduled = revisions.answer.scheduled;
        let mut text = screen::scheduled(scheduled.as_ref(), &self.view);
        if scheduled.is_some() {
            let changes = self.difference_of("running", "scheduled")?;
            text.push_str(&changes.answer.text);
        }
        Ok(Answer {
            marked: true,
            ..Answer::screen(text, JsonText::of(&scheduled))
        })
    }

    fn difference_of(&mut self, from: &str, to: &str) -> Result<Received<Text>, Error> {
        let query = Compare {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            format: Some(DiffFormat::Diff),
            ..Compare::default()
        };
        self.client.get(routes::COMPARE, &[], &query)
    }

    /// Shows what a commit changed: the difference of its revision to the one before.
    fn show_commit_diff(&mut self, id: u32) -> Said {
        let revisions = self.client.get(routes::REVISIONS, &[], &Nothing {})?.answer;
        let list = &revisions.revisions;
        let at = list.iter().position(|one| one.id == u64::from(id));
        let to = format!("@{id}");
        let Some(at) = at else {
            let there = match (list.last(), list.first()) {
                (Some(oldest), Some(newest)) => format!("there are {} to {}", oldest.id, newest.id),
                _ => "there is none".to_owned(),
            };
            let id = id.to_string();
            return Err(Failure::about(&id, format!("no revision {id}; {there}")));
        };
        let Some(before) = list.get(at + 1) else {
            let query = ShowConfiguration {
                source: Some(to),
                format: Some(Dialect::Set),
                ..ShowConfiguration::default()
            };
            let oldest = self.client.get(routes::CONFIGURATION, &[], &query)?;
            let text = oldest.answer.text.unwrap_or_default();
            let text: String = text.lines().flat_map(|line| ["+ ", line, "\n"]).collect();
            let first = format!("Revision {id} is the oldest that is kept. It has:\n{text}");
            return Ok(Answer {
                marked: true,
                ..Answer::screen(first, oldest.json)
            });
        };
        let text = self.difference_of(&format!("@{}", before.id), &to)?;
        Ok(difference(text, "The revision changed nothing."))
    }

    fn show_flow(&mut self, part: Part, name: Option<&str>, line: &str) -> Said {
        Ok(match part {
            Part::Record => {
                let records = self.named(routes::RECORDS, "flow record", name, line)?;
                Answer::shown(records, "There is no flow record.", screen::records)
            }
            Part::Monitor => {
                let monitors = self.named(routes::MONITORS, "flow monitor", name, line)?;
                Answer::shown(monitors, "There is no flow monitor.", screen::monitors)
            }
            Part::Exporter => return self.show_exporters(name, line, screen::exporters),
            Part::Interface => {
                let route = routes::METERED_INTERFACES;
                let interfaces = self.named(route, "flow interface", name, line)?;
                let none = "No interface has a flow monitor.";
                Answer::shown(interfaces, none, screen::flow_interfaces)
            }
            Part::Sampler => {
                let samplers = self.named(routes::SAMPLERS, "sampler", name, line)?;
                Answer::shown(samplers, "There is no sampler.", screen::samplers)
            }
        })
    }

    fn show_exporters(
        &mut self,
        name: Option<&str>,
        line: &str,
        show: fn(&Exporters) -> String,
    ) -> Said {
        let exporters = self.named(routes::EXPORTERS, "flow exporter", name, line)?;
        Ok(Answer::shown(exporters, "There is no flow exporter.", show))
    }

    /// Asks for all objects of a kind, or the one of that name.
    fn named<A: DeserializeOwned>(
        &mut self,
        route: Get<NameQuery, A>,
        what: &str,
        name: Option<&str>,
        line: &str,
    ) -> Result<Received<A>, Failure> {
        let query = NameQuery {
            name: name.map(str::to_owned),
        };
        let result = self.client.get(route, &[], &query);
        result.map_err(|error| unknown(error, &[(what, name)], line))
    }

    fn show_accounting(&mut self, view: &AccountingView) -> Said {
        let query = AccountingQuery {
            interface: view.interface.clone(),
            host: view.host,
            port: view.port.clone(),
            top: view.top.map(u64::from),
            count: view.count.map(u64::from),
            scaled: Some(!view.unscaled),
        };
        let terminal = self.view.clone();
        let show = |answer: &api::flow::Accounting| screen::accounting(answer, &terminal);
        self.screen(routes::ACCOUNTING, &query, show)
    }
}

/// Returns the dialect of a form.
pub(super) fn dialect(form: Form) -> Dialect {
    match form {
        Form::Curly => Dialect::Curly,
        Form::Commands => Dialect::Set,
        Form::Ios => Dialect::Ios,
        Form::Json => Dialect::Json,
    }
}

/// Returns the output for a configuration, or for a part of it unless it is `whole`.
pub(super) fn configuration(received: Received<Configuration>, form: Form, whole: bool) -> Answer {
    let answer = match form {
        Form::Json => {
            let tree = JsonText::of(&received.answer.tree.unwrap_or_default());
            Answer::screen(tree.pretty() + "\n", tree)
        }
        _ => {
            let none = match whole {
                true => "Nothing is configured.",
                false => "Nothing is configured there.",
            };
            Answer::shown(received, none, |configuration| {
                ended(configuration.text.as_deref().unwrap_or_default())
            })
        }
    };
    Answer {
        verbatim: true,
        ..answer
    }
}

/// Writes how many flows ended, what became of them, and the packets and octets in them.
fn ended_flows(cleared: &ClearedFlows, how: &str) -> String {
    let ClearedFlows {
        flows,
        packets,
        octets,
    } = cleared;
    format!("{flows} flows {how} ({packets} packets, {octets} octets)")
}

/// Turns the error of a request for something by its name into a failure. One that says that nothing has the name
/// points at the name in the line; `kinds` are the kinds of things that were asked for, with the names given.
pub(super) fn unknown(error: Error, kinds: &[(&str, Option<&str>)], line: &str) -> Failure {
    let Error::Refused(refusals) = &error else {
        return error.into();
    };
    let [refusal] = &refusals[..] else {
        return error.into();
    };
    let name = refusal.subject.join(" ");
    let asked = kinds.iter().filter(|(_, name)| name.is_some());
    let kind = asked
        .clone()
        .find(|(_, asked)| *asked == Some(&name))
        .or_else(|| asked.clone().next());
    let (true, Some((kind, _))) = (refusal.code == Code::NotFound && !name.is_empty(), kind) else {
        return error.into();
    };
    let message = with_hint(&format!("no {kind} \"{name}\""), refusal.hint.as_deref());
    Failure::about(&name, message).at_its_word(line)
}

/// Returns the output for a difference; `none` where there is none.
pub(super) fn difference(text: Received<Text>, none: &str) -> Answer {
    let answer = Answer::shown(text, none, |text| match text.text.trim().is_empty() {
        true => String::new(),
        false => ended(&text.text),
    });
    Answer {
        marked: true,
        verbatim: true,
        ..answer
    }
}

/// Adds a newline unless the text is empty or ends with one.
fn ended(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
