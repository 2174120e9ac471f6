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
use config::Running;
use service::clock;

use crate::control::Control;
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
        let running = control.engine.running();
        let names = Known {
            control: &control,
            running: &running,
            files: Cell::new(false),
        };
        let tree = match &asked.session {
            None => running.tree.clone(),
            Some(id) => control
                .engine
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
        let kind = match kind {
            NameKind::Revision => return host::revisions(self.control),
            NameKind::File => {
                self.files.set(true);
                return Vec::new();
            }
            NameKind::Interface => service::NameKind::Interface,
            NameKind::Monitor => service::NameKind::Monitor,
            NameKind::Exporter => service::NameKind::Exporter,
            NameKind::Record => service::NameKind::Record,
            NameKind::Sampler => service::NameKind::Sampler,
            NameKind::Samplicator => service::NameKind::Samplicator,
            NameKind::Receiver => service::NameKind::Receiver,
        };
        host::names_of(self.control, self.running, kind, begun)
    }
}
