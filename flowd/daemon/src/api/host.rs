//! `/v1/version`, `/v1/whoami`, `/v1/interfaces`, `/v1/names` and `/v1/log`.

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{Answer, Params, Shared, blocking};
use config::Running;
use config::access::Role;
use service::NameKind;
use service::clock;

use crate::control::Control;
use crate::peer::Peer;

pub(super) async fn version(State(control): Shared) -> Answer {
    let host_name = nix::unistd::gethostname().unwrap_or_default();
    Ok(Json(json!({
        "program": "flowd",
        "version": env!("CARGO_PKG_VERSION"),
        "host_name": host_name.to_string_lossy(),
        "pid": std::process::id(),
        "started": clock::rfc3339(control.started_ms),
        "uptime_seconds": clock::monotonic().saturating_duration_since(control.started).as_secs(),
        "revision": control.engine.running().id,
    })))
}

pub(super) async fn whoami(ConnectInfo(peer): ConnectInfo<Peer>) -> Answer {
    Ok(Json(
        json!({ "user": peer.user, "uid": peer.uid, "role": peer.role.map(Role::word) }),
    ))
}

pub(super) async fn interfaces() -> Answer {
    let list: Vec<Value> = blocking(host_interfaces)
        .await??
        .into_iter()
        .map(|interface| {
            json!({
                "name": interface.name,
                "index": interface.index,
                "mac": interface.mac,
                "mtu": interface.mtu,
                "up": interface.up,
                "running": interface.running,
                "promiscuous": interface.promiscuous,
                "loopback": interface.loopback,
                "description": interface.description,
                "addresses": interface.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Json(json!({ "interfaces": list })))
}

fn host_interfaces() -> Result<Vec<system::Interface>, ApiError> {
    system::interfaces()
        .map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kind {
    kind: String,
}

/// Names that a command line completes. Files are not among them: the shell reads those with its user's rights.
pub(super) async fn names(State(control): Shared, Params(Kind { kind }): Params<Kind>) -> Answer {
    let names = blocking(move || {
        let kind = match kind.as_str() {
            "record" | "exporter" | "monitor" | "sampler" | "samplicator" => {
                return Ok(configured(&control, &kind));
            }
            "revision" => return Ok(revisions(&control)),
            "interface" => NameKind::Interface,
            "receiver" => NameKind::Receiver,
            other => {
                return Err(ApiError::bad(format!(
                    "no kind {other}; possible: interface record exporter monitor sampler samplicator receiver revision"
                )));
            }
        };
        Ok(names_of(&control, &control.engine.running(), kind, ""))
    })
    .await??;
    let names: Vec<Value> = names
        .into_iter()
        .map(|(name, help)| json!({ "name": name, "help": help }))
        .collect();
    Ok(Json(json!({ "names": names })))
}

/// Names of a kind that services know, each with its help.
pub(super) fn names_of(
    control: &Control,
    running: &Running,
    kind: NameKind,
    begun: &str,
) -> Vec<(String, String)> {
    let names = control
        .engine
        .services
        .names(&running.settings, kind, begun);
    names
        .into_iter()
        .map(|name| (name.name, name.help))
        .collect()
}

fn configured(control: &Control, kind: &str) -> Vec<(String, String)> {
    let running = control.engine.running();
    let help = |name: &str| {
        running
            .tree
            .value(&["flow", kind, name, "description"])
            .unwrap_or_default()
            .to_owned()
    };
    running
        .tree
        .children(&["flow", kind])
        .map(|(name, _)| (name.to_owned(), help(name)))
        .collect()
}

pub(super) fn revisions(control: &Control) -> Vec<(String, String)> {
    let help = |summary: &config::revisions::Summary| {
        format!(
            "{} by {} via {} {}",
            clock::rfc3339(summary.time_ms),
            summary.user,
            summary.via,
            summary.comment
        )
    };
    let list = control.engine.revisions.list();
    list.iter()
        .enumerate()
        .map(|(number, summary)| (number.to_string(), help(summary).trim_end().to_owned()))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lines {
    lines: Option<usize>,
    after: Option<u64>,
}

pub(super) async fn log(State(control): Shared, Params(asked): Params<Lines>) -> Answer {
    let part = match (asked.after, asked.lines) {
        (None, lines) => control.log.last(lines.unwrap_or(100)),
        (Some(after), None) => control.log.after(after),
        (Some(_), Some(_)) => {
            return Err(ApiError::bad("lines or after, not both"));
        }
    };
    let lines: Vec<Value> = part
        .lines
        .iter()
        .map(|line| {
            json!({
                "time": clock::rfc3339_millis(line.time_ms),
                "level": line.level.word(),
                "target": line.target,
                "message": line.message,
            })
        })
        .collect();
    Ok(Json(
        json!({ "lines": lines, "missed": part.missed, "next": part.last }),
    ))
}
