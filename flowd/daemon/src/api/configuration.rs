//! `/v1/configuration`, `/v1/compare` and `/v1/revisions`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use language::{Dialect, Mode, Tree};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{Answer, Body, Params, Shared, blocking, sessions};
use crate::control::Control;
use config::access::Role;
use service::clock;

use crate::peer::Peer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Show {
    source: Option<String>,
    session: Option<String>,
    format: Option<String>,
    path: Option<String>,
    secrets: Option<bool>,
}

pub(super) async fn show(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Params(show): Params<Show>,
) -> Answer {
    let dialect = sessions::dialect(show.format.as_deref().unwrap_or("curly"))?;
    let secrets = show.secrets.unwrap_or(false);
    if secrets && peer.role != Some(Role::Admin) {
        return Err(ApiError::forbidden(&peer.user));
    }
    blocking(move || {
        let source = show.source.as_deref().unwrap_or("running");
        let mut tree = source_tree(&control, source, show.session.as_deref(), &peer)?;
        if let Some(path) = &show.path {
            let words: Vec<&str> = path.split_whitespace().collect();
            if language::schema::lookup(words.iter().copied()).is_none() {
                return Err(ApiError::bad(format!("there is no {}", words.join(" "))));
            }
            tree = below(&tree, &words).unwrap_or_default();
        }
        if !secrets && let Cow::Owned(masked) = language::masked(&tree) {
            tree = masked;
        }
        let nothing = tree == Tree::default() && dialect != Dialect::Json;
        let text = match nothing {
            true => String::new(),
            false => language::render(&tree, dialect),
        };
        if dialect != Dialect::Json {
            return Ok(Json(json!({ "text": text })));
        }
        let tree: Value = serde_json::from_str(&text).map_err(|error| {
            ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("the JSON form is not JSON: {error}"),
            )
        })?;
        Ok(Json(json!({ "tree": tree })))
    })
    .await?
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compare {
    from: Option<String>,
    to: Option<String>,
    session: Option<String>,
    format: Option<String>,
}

pub(super) async fn compare(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Params(compare): Params<Compare>,
) -> Answer {
    blocking(move || {
        let session = compare.session.as_deref();
        let to_default = if session.is_some() {
            "candidate"
        } else {
            "running"
        };
        let from = compare.from.as_deref().unwrap_or("running");
        let from = source_tree(&control, from, session, &peer)?;
        let to = compare.to.as_deref().unwrap_or(to_default);
        let to = source_tree(&control, to, session, &peer)?;
        difference(&from, &to, compare.format.as_deref())
    })
    .await?
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompareText {
    text: String,
    from: Option<String>,
    to: Option<String>,
    format: Option<String>,
}

/// One side is a text, `text`: a file of whoever asks.
pub(super) async fn compare_text(
    State(control): Shared,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    Body(compare): Body<CompareText>,
) -> Answer {
    blocking(move || {
        let text = language::load(&Tree::default(), &[], &compare.text, None, Mode::Override)?;
        let side = |source: &str| match source {
            "text" => Ok(text.clone()),
            source => source_tree(&control, source, Some(&id), &peer),
        };
        let from = side(compare.from.as_deref().unwrap_or("text"))?;
        let to = side(compare.to.as_deref().unwrap_or("candidate"))?;
        difference(&from, &to, compare.format.as_deref())
    })
    .await?
}

/// What differs, in a format of `compare`; secrets are not in it.
fn difference(from: &Tree, to: &Tree, format: Option<&str>) -> Answer {
    let (from, to) = language::masked_both(from, to);
    let text = match format {
        None | Some("diff") => language::compare(&from, &to),
        Some("set") => language::compare_commands(&from, &to),
        Some(other) => {
            return Err(ApiError::bad(format!(
                "no format {other}; possible: diff set"
            )));
        }
    };
    Ok(Json(json!({ "text": text })))
}

pub(super) async fn revisions(State(control): Shared) -> Answer {
    blocking(move || {
        let revisions: Vec<Value> = control
            .engine
            .revisions
            .list()
            .into_iter()
            .enumerate()
            .map(|(number, summary)| {
                json!({
                    "revision": number,
                    "id": summary.id,
                    "time": clock::rfc3339(summary.time_ms),
                    "user": summary.user,
                    "via": summary.via,
                    "comment": summary.comment,
                    "hash": summary.hash,
                })
            })
            .collect();
        let mut answer = json!({ "revisions": revisions });
        if let Some(scheduled) = control.engine.scheduled() {
            answer["scheduled"] = json!({
                "at": clock::rfc3339(scheduled.at_ms),
                "made": clock::rfc3339(scheduled.made_ms),
                "user": scheduled.user,
                "via": scheduled.via,
                "comment": scheduled.comment,
                "failed": scheduled.failed,
            });
        }
        if let Some(left) = control.engine.confirm_left(clock::monotonic()) {
            answer["confirm"] = json!({ "seconds": left.as_secs() });
        }
        if let Some(report) = control.engine.archive.report() {
            answer["archive"] = report;
        }
        Ok(Json(answer))
    })
    .await?
}

/// `running`, `candidate` (of a session) or a revision's number.
fn source_tree(
    control: &Arc<Control>,
    source: &str,
    session: Option<&str>,
    peer: &Peer,
) -> Result<Tree, ApiError> {
    match (source, session) {
        ("running", _) => Ok(control.engine.running().tree.clone()),
        ("candidate", None) => Err(ApiError::bad(
            "a candidate is a session's: say which with session=ID",
        )),
        ("candidate", Some(id)) => {
            let running = control.engine.running();
            let mut sessions = control.engine.sessions();
            let session = sessions.of(id, peer.uid, clock::monotonic())?;
            // Seen on top of what runs, as it will be committed; where that is not possible, as it is.
            let _ = session.rebase(&running.tree, running.id);
            Ok(session.candidate.clone())
        }
        ("scheduled", _) => control
            .engine
            .scheduled_tree()
            .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "no commit is scheduled")),
        (number, _) => match number.parse() {
            Ok(number) => revision(control, number),
            Err(_) => Err(ApiError::bad(format!(
                "no source {number}; possible: running candidate scheduled REVISION"
            ))),
        },
    }
}

/// The tree of a revision by its number; 0 is the newest.
pub(super) fn revision(control: &Control, number: usize) -> Result<Tree, ApiError> {
    let id = control.engine.revision_id(number).ok_or_else(|| {
        let message = match control.engine.revisions.list().len() {
            0 => "nothing is committed yet".to_owned(),
            count => format!("no revision {number}; there are 0 to {}", count - 1),
        };
        ApiError::new(StatusCode::NOT_FOUND, message)
    })?;
    Ok(control.engine.revisions.get(id)?.1)
}

/// The tree with only what is at and below `path`; none when there is nothing.
fn below(tree: &Tree, path: &[&str]) -> Option<Tree> {
    let Some((word, rest)) = path.split_first() else {
        return Some(tree.clone());
    };
    match tree {
        Tree::Branch(children) => {
            let child = below(children.get(word)?, rest)?;
            Some(Tree::from_iter([((*word).to_owned(), child)]))
        }
        Tree::Leaf(values) => (rest.is_empty() && values.iter().any(|value| value == word))
            .then(|| Tree::Leaf(vec![(*word).to_owned()])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_what_is_below_it() {
        let tree =
            config::tree_from_json(&json!({"a": {"b": ["1", "2"], "c": []}, "d": []})).unwrap();
        let text =
            |path: &[&str]| below(&tree, path).map(|tree| config::tree_to_json(&tree).to_string());
        assert_eq!(
            text(&["a", "b"]).as_deref(),
            Some(r#"{"a":{"b":["1","2"]}}"#)
        );
        assert_eq!(
            text(&["a", "b", "2"]).as_deref(),
            Some(r#"{"a":{"b":["2"]}}"#)
        );
        assert_eq!(text(&["a", "x"]), None);
        assert_eq!(text(&[]), Some(config::tree_to_json(&tree).to_string()));
    }
}
