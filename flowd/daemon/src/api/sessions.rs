//! `/v1/sessions` and `/v1/confirm`.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use language::{Dialect, Mode};
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::flow::Waiting;
use super::{Answer, Body, Nothing, Shared, blocking};
use config::{Hold, Request, Start};
use probe::Cancelled;
use service::clock;

use crate::control::Control;
use crate::peer::Peer;

/// Characters of a comment.
const COMMENT: usize = 1024;
/// Characters of `via`.
const VIA: usize = 32;
/// Longest wait for a confirmation, minutes (45 days, as Junos and VyOS have it).
const CONFIRM_MINUTES: u64 = 65_535;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    via: Option<String>,
    exclusive: Option<Exclusive>,
}

/// How long nobody else may change anything.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Exclusive {
    /// As long as there is the session.
    Session,
    /// As long as this connection is open, too.
    Connection,
}

pub(super) async fn begin(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(Begin { via, exclusive }): Body<Begin>,
) -> Answer {
    let via = line(via, "via", VIA)?;
    let via = if via.is_empty() {
        "api".to_owned()
    } else {
        via
    };
    let mut random = [0; 8];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(|error| {
            ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("/dev/urandom: {error}"),
            )
        })?;
    let id = format!("{:016x}", u64::from_ne_bytes(random));
    let running = control.engine.running();
    let mut sessions = control.engine.sessions();
    let (now, now_ms) = (clock::monotonic(), clock::unix_ms());
    let start = Start {
        user: &peer.user,
        uid: peer.uid,
        via: &via,
        running: &running.tree,
        base_id: running.id,
        started_ms: now_ms,
        exclusive: exclusive.map(|exclusive| Hold {
            since_ms: now_ms,
            connection: match exclusive {
                Exclusive::Session => None,
                Exclusive::Connection => Some(peer.connection),
            },
        }),
    };
    sessions.begin(id.clone(), start, now)?;
    Ok(Json(json!({ "session": id })))
}

pub(super) async fn list(State(control): Shared) -> Answer {
    let mut sessions = control.engine.sessions();
    let now = clock::monotonic();
    let list: Vec<_> = sessions
        .list(now)
        .map(|(id, session)| {
            json!({
                "session": id,
                "user": session.user,
                "via": session.via,
                "started": clock::rfc3339(session.started_ms),
                "changed": session.changed(),
                "idle_seconds": session.idle(now).as_secs(),
                "exclusive": session.exclusive_ms().map(clock::rfc3339),
            })
        })
        .collect();
    Ok(Json(json!({ "sessions": list })))
}

pub(super) async fn end(State(control): Shared, Path(id): Path<String>) -> Answer {
    control.engine.sessions().end(&id)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    text: String,
    dialect: Option<String>,
    mode: Option<String>,
    #[serde(default)]
    path: Vec<String>,
}

pub(super) async fn edit(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Body(edit): Body<Edit>,
) -> Answer {
    let dialect = edit.dialect.as_deref().map(dialect).transpose()?;
    let mode = match edit.mode.as_deref() {
        None | Some("merge") => Mode::Merge,
        Some("replace") => Mode::Replace,
        Some("override") => Mode::Override,
        Some(other) => {
            return Err(ApiError::bad(format!(
                "no mode {other}; possible: merge replace override"
            )));
        }
    };
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    blocking(move || {
        let before = {
            let running = control.engine.running();
            let mut sessions = control.engine.sessions();
            sessions.permit(&id, &peer.connection, clock::monotonic())?;
            let session = sessions.of(&id, peer.uid, clock::monotonic())?;
            // Where it meets what others committed it stays on its base; the commit says so.
            let _ = session.rebase(&running.tree, running.id);
            session.candidate.clone()
        };
        let loaded = language::load_noted(&before, &edit.path, &edit.text, dialect, mode)?;
        let after = config::seal(&before, loaded.tree)?;
        let changes = language::diff(&before, &after).len();
        let mut sessions = control.engine.sessions();
        let session = sessions.of(&id, peer.uid, clock::monotonic())?;
        if session.candidate != before {
            let message = "another request changed this session at the same time; try again";
            return Err(ApiError::new(StatusCode::CONFLICT, message));
        }
        // Whoever gave up must not find later that it was done.
        if cancelled.load(Ordering::Relaxed) {
            return Err(ApiError::new(StatusCode::CONFLICT, "nobody waits for it"));
        }
        session.candidate = after;
        let mut answer = json!({ "changes": changes });
        if !loaded.notes.is_empty() {
            answer["notes"] = json!(loaded.notes);
        }
        Ok(Json(answer))
    })
    .await?
}

pub(super) async fn check(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let checked = blocking(move || control.engine.check_session(&id, peer.uid)).await??;
    Ok(Json(
        json!({ "warnings": checked.warnings, "impact": checked.impact }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    comment: Option<String>,
    confirm_minutes: Option<u64>,
    at: Option<String>,
}

pub(super) async fn commit(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Body(commit): Body<Commit>,
) -> Answer {
    let comment = line(commit.comment, "comment", COMMENT)?;
    let confirm = match commit.confirm_minutes {
        None => None,
        Some(minutes) if (1..=CONFIRM_MINUTES).contains(&minutes) => {
            Some(Duration::from_secs(minutes * 60))
        }
        Some(_) => {
            return Err(ApiError::bad(format!(
                "confirm_minutes is 1 to {CONFIRM_MINUTES}"
            )));
        }
    };
    let via = control
        .engine
        .sessions()
        .of(&id, peer.uid, clock::monotonic())?
        .via
        .clone();
    let request = Request {
        user: peer.user.clone(),
        via,
        comment,
        confirm,
    };
    let origin = request.origin();
    if let Some(at) = commit.at {
        if confirm.is_some() {
            return Err(ApiError::bad(
                "at and confirm_minutes exclude each other: nobody may be there to confirm",
            ));
        }
        return schedule(control, id, peer, request, &at).await;
    }
    let committed = blocking(move || {
        control
            .engine
            .commit_session(&id, peer.uid, &peer.connection, &request)
    })
    .await??;
    if let Some(revision) = committed.revision {
        tracing::info!("revision {revision} is committed by {origin}");
    }
    let mut answer = json!({
        "revision": committed.revision, "warnings": committed.warnings, "impact": committed.impact,
    });
    if let Some(confirm) = committed.confirm {
        answer["confirm_seconds"] = confirm.as_secs().into();
    }
    Ok(Json(answer))
}

async fn schedule(
    control: Arc<Control>,
    id: String,
    peer: Peer,
    request: Request,
    at: &str,
) -> Answer {
    let at_ms = config::moment(at, clock::unix_ms(), &clock::zone()).map_err(ApiError::bad)?;
    let checked = blocking(move || {
        control
            .engine
            .schedule_session(&id, peer.uid, &peer.connection, &request, at_ms)
    })
    .await??;
    let Some(checked) = checked else {
        return Ok(Json(
            json!({ "revision": null, "warnings": [], "impact": [] }),
        ));
    };
    Ok(Json(json!({
        "revision": null,
        "warnings": checked.warnings,
        "impact": checked.impact,
        "scheduled": clock::rfc3339(at_ms),
    })))
}

/// Cancels the commit that is scheduled.
pub(super) async fn unschedule(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    blocking(move || control.engine.unschedule(&peer.user)).await??;
    Ok(Json(json!({})))
}

pub(super) async fn discard(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let running = control.engine.running();
    control
        .engine
        .sessions()
        .of(&id, peer.uid, clock::monotonic())?
        .discard(&running.tree, running.id);
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    revision: usize,
}

pub(super) async fn rollback(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Body(Rollback { revision }): Body<Rollback>,
) -> Answer {
    blocking(move || {
        let tree = super::configuration::revision(&control, revision)?;
        let running = control.engine.running();
        let mut sessions = control.engine.sessions();
        sessions.permit(&id, &peer.connection, clock::monotonic())?;
        let session = sessions.of(&id, peer.uid, clock::monotonic())?;
        let changes = language::diff(&session.candidate, &tree).len();
        session.discard(&running.tree, running.id);
        session.candidate = tree;
        Ok(Json(json!({ "changes": changes })))
    })
    .await?
}

pub(super) async fn confirm(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    blocking(move || control.engine.confirm(&peer.user)).await??;
    Ok(Json(json!({})))
}

/// A dialect by its word.
pub(super) fn dialect(word: &str) -> Result<Dialect, ApiError> {
    match word {
        "curly" => Ok(Dialect::Curly),
        "set" => Ok(Dialect::Set),
        "ios" => Ok(Dialect::Ios),
        "json" => Ok(Dialect::Json),
        other => Err(ApiError::bad(format!(
            "no dialect {other}; possible: curly set ios json"
        ))),
    }
}

/// One line of printable text.
fn line(text: Option<String>, what: &str, limit: usize) -> Result<String, ApiError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > limit || text.chars().any(char::is_control) {
        return Err(ApiError::bad(format!(
            "{what} is one line of at most {limit} characters"
        )));
    }
    Ok(text)
}
