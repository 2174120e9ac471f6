//! Which configuration a request means, and in which dialect.

use std::sync::Arc;

use api::session::Dialect;
use api::{Code, Refusal};
use language::Tree;

use super::error::ApiError;
use crate::control::Control;
use crate::peer::Peer;
use service::clock;

/// Returns the language's dialect for that of a request.
pub(super) fn dialect(dialect: Dialect) -> language::Dialect {
    match dialect {
        Dialect::Curly => language::Dialect::Curly,
        Dialect::Set => language::Dialect::Set,
        Dialect::Ios => language::Dialect::Ios,
        Dialect::Json => language::Dialect::Json,
    }
}

/// Returns the tree of a source: `running`, `candidate` (of a session), `scheduled`, a revision's identifier as `@14`, or
/// how many revisions are newer than it.
pub(super) fn source_tree(
    control: &Arc<Control>,
    source: &str,
    session: Option<&str>,
    peer: &Peer,
) -> Result<Tree, ApiError> {
    match (source, session) {
        ("running", _) => Ok(control.engine.running().tree.clone()),
        ("candidate", None) => Err(ApiError::bad(
            "a candidate belongs to a session: add session=ID",
        )),
        ("candidate", Some(id)) => {
            let running = control.engine.running();
            let mut sessions = control.engine.sessions();
            let session = sessions.of(id, peer.uid, clock::monotonic())?;
            // It is shown on top of the running configuration, as a commit would take it, where that is possible.
            let _ = session.rebase(&running.tree, running.id);
            Ok(session.candidate.clone())
        }
        ("scheduled", _) => control
            .engine
            .scheduled_tree()
            .ok_or_else(|| ApiError::new(Code::NotFound, "no commit is scheduled")),
        (id, _) if id.starts_with('@') => identified(control, &id[1..]),
        (number, _) => match number.parse() {
            Ok(number) => revision(control, number),
            Err(_) => Err(ApiError::bad(format!(
                "no source {number}; possible: running candidate scheduled REVISION"
            ))),
        },
    }
}

/// Returns the tree of a revision by how many are newer; 0 is the newest.
pub(super) fn revision(control: &Control, number: u64) -> Result<Tree, ApiError> {
    let at = usize::try_from(number).ok();
    let id = at
        .and_then(|at| control.engine.revision_id(at))
        .ok_or_else(|| {
            let message = match control.engine.revisions.list().len() {
                0 => "nothing is committed yet".to_owned(),
                count => format!("no revision {number}; there are 0 to {}", count - 1),
            };
            Refusal::new(Code::NotFound, message).about(&number.to_string())
        })?;
    Ok(control.engine.revisions.get(id)?.1)
}

/// Returns the tree of a revision by its identifier.
pub(super) fn identified(control: &Control, id: &str) -> Result<Tree, ApiError> {
    let list = control.engine.revisions.list();
    let known = id
        .parse()
        .ok()
        .filter(|id| list.iter().any(|one| one.id == *id));
    let id = known.ok_or_else(|| {
        let message = match (list.last(), list.first()) {
            (Some(oldest), Some(newest)) => {
                format!("no revision {id}; there are {} to {}", oldest.id, newest.id)
            }
            _ => "nothing is committed yet".to_owned(),
        };
        Refusal::new(Code::NotFound, message).about(id)
    })?;
    Ok(control.engine.revisions.get(id)?.1)
}
