//! `/v1/samplicators…`, `/v1/clear/samplicator/NAME` and `/v1/replay/samplicator/NAME`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Body, Nothing, Params, Shared, blocking};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: Option<String>,
}

pub(super) async fn samplicators(
    State(control): Shared,
    Params(Named { name }): Params<Named>,
) -> Answer {
    let answer = blocking(move || control.relay.samplicators(name.as_deref())).await??;
    Ok(Json(answer))
}

/// Its `receivers`, `sources` or `templates`.
pub(super) async fn part(
    part: &'static str,
    State(control): Shared,
    Path(name): Path<String>,
) -> Answer {
    let answer = blocking(move || control.relay.part(&name, part)).await??;
    Ok(Json(answer))
}

pub(super) async fn clear(
    State(control): Shared,
    Path(name): Path<String>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    blocking(move || control.relay.clear(&name)).await??;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    receiver: Option<String>,
}

pub(super) async fn replay(
    State(control): Shared,
    Path(name): Path<String>,
    Body(Replay { receiver }): Body<Replay>,
) -> Answer {
    let receivers = blocking(move || control.relay.replay(&name, receiver.as_deref())).await??;
    Ok(Json(json!({ "receivers": receivers })))
}
