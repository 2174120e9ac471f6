//! `/v1/complete`: what can follow a line, for Tab and `?`.

use std::cell::Cell;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use commands::complete::{Completion, Context, NameKind, Names};
use commands::{Mode, Submode};
use language::Tree;
use serde::Serialize;

use super::error::ApiError;
use super::{Params, Shared, blocking, host};
use crate::clock;
use crate::control::{Control, Running};
use crate::peer::Peer;

/// A line and where it is typed.
#[derive(Default)]
struct Asked {
    line: String,
    cursor: Option<usize>,
    configures: bool,
    submode: Submode,
    session: Option<String>,
    level: Vec<String>,
    opener: String,
}

impl Asked {
    fn from_pairs(pairs: Vec<(String, String)>) -> Result<Asked, ApiError> {
        let mut asked = Asked::default();
        for (key, value) in pairs {
            match key.as_str() {
                "line" => asked.line = value,
                "cursor" => {
                    let cursor = value.parse();
                    asked.cursor = Some(cursor.map_err(|_| {
                        ApiError::bad(format!("cursor={value} is no octet of the line"))
                    })?);
                }
                "mode" => {
                    asked.configures = match value.as_str() {
                        "operational" => false,
                        "configuration" => true,
                        _ => {
                            return Err(ApiError::bad(format!(
                                "no mode {value}; possible: operational configuration"
                            )));
                        }
                    }
                }
                "submode" => {
                    let submode = Submode::by_suffix(&format!("-{value}"));
                    asked.submode = submode.ok_or_else(|| {
                        let all = Submode::ALL.iter().skip(1);
                        let all: Vec<&str> = all
                            .map(|one| one.suffix().trim_start_matches('-'))
                            .collect();
                        let all = all.join(" ");
                        ApiError::bad(format!("no submode {value}; possible: {all}"))
                    })?;
                }
                "session" => asked.session = Some(value),
                "level" => asked.level.push(value),
                "opener" => asked.opener = value,
                _ => {
                    let possible = "line cursor mode submode session level opener";
                    return Err(ApiError::bad(format!(
                        "there is no parameter {key}; possible: {possible}"
                    )));
                }
            }
        }
        Ok(asked)
    }

    fn mode(&self) -> Mode {
        match self.configures {
            true => Mode::Configuration(self.submode),
            false => Mode::Operational,
        }
    }

    fn complete(&self, tree: &Tree, names: &Known<'_>) -> Completion {
        let context = Context {
            mode: self.mode(),
            level: &self.level,
            opener: &self.opener,
            tree,
            names,
        };
        let cursor = self.cursor.unwrap_or(self.line.len());
        commands::complete::complete(&self.line, cursor, &context)
    }
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    completion: Completion,
    /// Names of files can follow, too.
    files: bool,
}

pub(super) async fn complete(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Params(pairs): Params<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let asked = Asked::from_pairs(pairs)?;
    let answer = blocking(move || -> Result<Answer, ApiError> {
        let running = control.running();
        let names = Known {
            control: &control,
            running: &running,
            files: Cell::new(false),
        };
        let tree = match &asked.session {
            None => running.tree.clone(),
            Some(id) => control
                .sessions()
                .of(id, peer.uid, clock::monotonic())?
                .candidate
                .clone(),
        };
        let completion = asked.complete(&language::masked(&tree), &names);
        Ok(Answer {
            completion,
            files: names.files.get(),
        })
    })
    .await??;
    Ok(Json(answer).into_response())
}

/// Names that the daemon knows.
struct Known<'a> {
    control: &'a Control,
    running: &'a Running,
    /// Names of files were asked for, which the shell knows.
    files: Cell<bool>,
}

impl Names for Known<'_> {
    fn names(&self, kind: NameKind, begun: &str) -> Vec<(String, String)> {
        let probe = &self.running.settings.probe;
        let described = |(name, description): (&String, &Option<String>)| {
            let begins = name.starts_with(begun);
            begins.then(|| (name.clone(), description.clone().unwrap_or_default()))
        };
        match kind {
            NameKind::Interface => {
                host::host_interfaces().map_or_else(|_| Vec::new(), host::interface_names)
            }
            NameKind::Revision => host::revisions(self.control),
            NameKind::File => {
                self.files.set(true);
                Vec::new()
            }
            NameKind::Monitor => {
                let all = probe.monitors.iter();
                all.filter_map(|(name, one)| described((name, &one.description)))
                    .collect()
            }
            NameKind::Exporter => {
                let all = probe.exporters.iter();
                all.filter_map(|(name, one)| described((name, &one.description)))
                    .collect()
            }
            NameKind::Record => {
                let all = probe.records.iter();
                let all = all.filter_map(|(name, one)| described((name, &one.description)));
                let original = ("netflow-original".to_owned(), "Predefined".to_owned());
                all.chain([original]).collect()
            }
            NameKind::Sampler => {
                let all = probe.samplers.iter();
                all.map(|(name, one)| (name.clone(), format!("One out of {}", one.rate)))
                    .collect()
            }
            NameKind::Samplicator => {
                let all = self.running.tree.children(&["flow", "samplicator"]);
                let help =
                    |node: &Tree| node.value(&["description"]).unwrap_or_default().to_owned();
                all.map(|(name, node)| (name.to_owned(), help(node)))
                    .collect()
            }
            NameKind::Receiver => self.control.relay.receiver_names(),
        }
    }
}
