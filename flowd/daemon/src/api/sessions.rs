//! `/v1/sessions` and `/v1/confirm`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use api::routes;
use api::session::{
    Begin, Begun, Changes, Checked, Commit, Committed, Edit, EditMode, Exclusive, LeftOut, Parts,
    Rollback, Session, Sessions,
};
use api::{Code, Nothing};

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};
use super::error::{ApiError, problem};
use super::flow::Waiting;
use super::source;
use crate::control::Control;
use crate::peer::Peer;
use config::{ExclusiveLock, Request, Start};
use probe::Cancelled;
use service::clock;

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::SESSIONS, list),
        Endpoint::new(routes::BEGIN_SESSION, begin),
        Endpoint::new(routes::END_SESSION, end),
        Endpoint::new(routes::EDIT, edit),
        Endpoint::new(routes::CHECK, check),
        Endpoint::new(routes::COMMIT, commit),
        Endpoint::new(routes::DISCARD, discard),
        Endpoint::new(routes::ROLLBACK, rollback),
        Endpoint::new(routes::CLEAR_COMMIT, unschedule),
        Endpoint::new(routes::CONFIRM, confirm),
    ]
}

/// The most characters of a comment.
const COMMENT: usize = 1024;
/// The most characters of `via`.
const VIA: usize = 32;
/// The most characters of `from`.
const FROM: usize = 64;
/// The longest wait for a confirmation in minutes (45 days, as Junos and VyOS have it).
const CONFIRM_MINUTES: u64 = 65_535;

pub(super) async fn begin(call: Call<Nothing, Begin>) -> Answer<Begun> {
    let Call {
        control,
        peer,
        body: begin,
        ..
    } = call;
    let from = line(begin.from, "from", FROM)?;
    let via = line(begin.via, "via", VIA)?;
    let via = if via.is_empty() {
        "api".to_owned()
    } else {
        via
    };
    let random = getrandom::u64().map_err(|error| ApiError::internal(error.to_string()))?;
    let id = format!("{random:016x}");
    let running = control.engine.running();
    let mut sessions = control.engine.sessions();
    let (now, now_ms) = (clock::monotonic(), clock::unix_ms());
    let start = Start {
        user: &peer.user,
        uid: peer.uid,
        via: &via,
        from: &from,
        running: &running.tree,
        base_id: running.id,
        started_ms: now_ms,
        connection: begin
            .with_connection
            .unwrap_or(false)
            .then(|| peer.connection.clone()),
        exclusive: begin.exclusive.map(|exclusive| ExclusiveLock {
            since_ms: now_ms,
            connection: match exclusive {
                Exclusive::Session => None,
                Exclusive::Connection => Some(peer.connection),
            },
        }),
    };
    sessions.begin(id.clone(), start, now)?;
    Ok(Begun { session: id })
}

pub(super) async fn list(call: Call) -> Answer<Sessions> {
    let mut sessions = call.control.engine.sessions();
    let now = clock::monotonic();
    let list = sessions.list(now).map(|(id, session)| Session {
        session: id.to_string(),
        user: session.user.clone(),
        via: session.via.clone(),
        from: (!session.from.is_empty()).then(|| session.from.clone()),
        started: clock::rfc3339(session.started_ms).into(),
        changed: session.changed(),
        idle_seconds: session.idle(now).as_secs(),
        exclusive: session
            .exclusive_ms()
            .map(|since_ms| clock::rfc3339(since_ms).into()),
    });
    Ok(Sessions {
        sessions: list.collect(),
    })
}

pub(super) async fn end(call: Call) -> Answer<Nothing> {
    call.control.engine.sessions().end(&call.name)?;
    Ok(Nothing {})
}

pub(super) async fn edit(call: Call<Nothing, Edit>) -> Answer<Changes> {
    let Call {
        control,
        peer,
        name: id,
        body: edit,
        ..
    } = call;
    let dialect = edit.dialect.map(source::dialect);
    let mode = match edit.mode {
        None | Some(EditMode::Merge) => language::Mode::Merge,
        Some(EditMode::Replace) => language::Mode::Replace,
        Some(EditMode::Override) => language::Mode::Override,
    };
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    blocking(move || {
        let before = {
            let running = control.engine.running();
            let mut sessions = control.engine.sessions();
            sessions.permit(&id, &peer.connection, clock::monotonic())?;
            let session = sessions.of(&id, peer.uid, clock::monotonic())?;
            // Where its changes overlap with those of other commits it stays on its base, and the commit says so.
            let _ = session.rebase(&running.tree, running.id);
            session.candidate.clone()
        };
        let mut reading = match edit.parts {
            None => language::read(&before, &edit.path, &edit.text, dialect, mode),
            Some(parts) => {
                let select = match parts {
                    Parts::Flow => language::Select::Flow,
                    Parts::FlowAndHost => language::Select::FlowAndHost,
                };
                language::read_parts(&before, &edit.text, dialect, mode, select)
            }
        };
        if !edit.partial && !reading.problems.is_empty() {
            return Err(reading.problems.into());
        }
        let after = config::encrypt_passwords(&before, std::mem::take(&mut reading.tree))?;
        let changes = language::diff(&before, &after).len();
        let mut sessions = control.engine.sessions();
        let session = sessions.of(&id, peer.uid, clock::monotonic())?;
        if session.candidate != before {
            let message = "another request changed this session at the same time; try again";
            return Err(ApiError::new(Code::ChangedMeanwhile, message));
        }
        // A client that gave up must not find later that the edit was done.
        if cancelled.load(Ordering::Relaxed) {
            return Err(ApiError::new(
                Code::ClientGone,
                "the client closed the connection",
            ));
        }
        session.candidate = after;
        let notes: Vec<_> = reading.notes.into_iter().map(problem).collect();
        let left_out = reading.left_out.into_iter().map(|part| LeftOut {
            line: part.line,
            lines: part.lines,
            section: part.section,
        });
        Ok(Changes {
            changes: changes as u64,
            notes: (!notes.is_empty()).then_some(notes),
            refused: reading.problems.into_iter().map(problem).collect(),
            refused_more: reading.more.into(),
            left_out: left_out.collect(),
        })
    })
    .await?
}

pub(super) async fn check(call: Call) -> Answer<Checked> {
    let check = move || call.control.engine.check_session(&call.name, call.peer.uid);
    let checked = blocking(check).await??;
    Ok(Checked {
        warnings: without_numbers(checked.warnings),
        impact: checked.impact,
    })
}

pub(super) async fn commit(call: Call<Nothing, Commit>) -> Answer<Committed> {
    let Call {
        control,
        peer,
        name: id,
        body: commit,
        ..
    } = call;
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
    let (via, from) = {
        let mut sessions = control.engine.sessions();
        let session = sessions.of(&id, peer.uid, clock::monotonic())?;
        (session.via.clone(), session.from.clone())
    };
    let request = Request {
        user: peer.user.clone(),
        via,
        from,
        comment,
        confirm,
    };
    if let Some(at) = commit.at {
        if confirm.is_some() {
            return Err(ApiError::bad(
                "at and confirm_minutes exclude each other: nobody may be there to confirm",
            ));
        }
        return schedule(control, id, peer, request, &at).await;
    }
    let logged = request.clone();
    let committed = blocking(move || {
        control
            .engine
            .commit_session(&id, peer.uid, &peer.connection, &request)
    })
    .await?;
    match &committed {
        Ok(committed) => log_commit(&logged, committed),
        Err(refused) => log_refusal(&logged, refused),
    }
    Ok(answer(committed?))
}

fn log_commit(request: &Request, committed: &config::Committed) {
    let Some(revision) = committed.revision else {
        return;
    };
    let comment = match request.comment.as_str() {
        "" => String::new(),
        comment => format!(": {comment}"),
    };
    let confirm = match request.confirm {
        Some(time) => format!(
            " (back in {} min unless it is confirmed)",
            time.as_secs() / 60
        ),
        None => String::new(),
    };
    tracing::info!(
        msgid = "COMMIT",
        "{} committed revision {revision} {}{confirm}{comment}",
        request.user,
        request.origin()
    );
}

fn log_refusal(request: &Request, refused: &config::Refused) {
    let lines = refused.lines();
    let first = lines.first().map_or("", String::as_str);
    let more = match lines.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    tracing::warn!(
        msgid = "REFUSED",
        "a commit of {} {} was refused: {first}{more}",
        request.user,
        request.origin()
    );
}

fn answer(committed: config::Committed) -> Committed {
    Committed {
        revision: committed.revision,
        warnings: without_numbers(committed.warnings),
        impact: committed.impact,
        confirm_seconds: committed.confirm.map(|confirm| confirm.as_secs()),
        scheduled: None,
    }
}

async fn schedule(
    control: Arc<Control>,
    id: String,
    peer: Peer,
    request: Request,
    at: &str,
) -> Answer<Committed> {
    let at_ms =
        config::parse_commit_time(at, clock::unix_ms(), &clock::zone()).map_err(ApiError::bad)?;
    let checked = blocking(move || {
        control
            .engine
            .schedule_session(&id, peer.uid, &peer.connection, &request, at_ms)
    })
    .await??;
    // None: the candidate has no changes.
    let Some(checked) = checked else {
        return Ok(Committed::default());
    };
    Ok(Committed {
        warnings: without_numbers(checked.warnings),
        impact: checked.impact,
        scheduled: Some(clock::rfc3339(at_ms).into()),
        ..Committed::default()
    })
}

/// Cancels the commit that is scheduled.
pub(super) async fn unschedule(call: Call) -> Answer<Nothing> {
    blocking(move || call.control.engine.unschedule(&call.peer.user)).await??;
    Ok(Nothing {})
}

pub(super) async fn discard(call: Call) -> Answer<Nothing> {
    let running = call.control.engine.running();
    call.control
        .engine
        .sessions()
        .of(&call.name, call.peer.uid, clock::monotonic())?
        .discard(&running.tree, running.id);
    Ok(Nothing {})
}

pub(super) async fn rollback(call: Call<Nothing, Rollback>) -> Answer<Changes> {
    let Call {
        control,
        peer,
        name: id,
        body: wanted,
        ..
    } = call;
    blocking(move || {
        let tree = match (wanted.id, wanted.revision) {
            (Some(id), None) => source::identified(&control, &id.to_string())?,
            (None, Some(revision)) => source::revision(&control, revision)?,
            _ => {
                return Err(ApiError::bad(
                    "say which revision by its id or by its number",
                ));
            }
        };
        let running = control.engine.running();
        let mut sessions = control.engine.sessions();
        sessions.permit(&id, &peer.connection, clock::monotonic())?;
        let session = sessions.of(&id, peer.uid, clock::monotonic())?;
        let changes = language::diff(&session.candidate, &tree).len();
        session.discard(&running.tree, running.id);
        session.candidate = tree;
        Ok(Changes {
            changes: changes as u64,
            ..Changes::default()
        })
    })
    .await?
}

pub(super) async fn confirm(call: Call) -> Answer<Nothing> {
    blocking(move || call.control.engine.confirm(&call.peer.user)).await??;
    Ok(Nothing {})
}

/// Checks that a text is one line of printable characters.
fn line(text: Option<String>, what: &str, limit: usize) -> Result<String, ApiError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > limit || text.chars().any(char::is_control) {
        return Err(ApiError::bad(format!(
            "{what} is one line of at most {limit} characters"
        )));
    }
    Ok(text)
}

/// Warnings without the numbers of errors.
fn without_numbers(mut warnings: Vec<String>) -> Vec<String> {
    warnings.iter_mut().for_each(api::without_error_numbers);
    warnings
}
