//! `/v1/samplicators…` and `/v1/clear/samplicator/NAME`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::{Answer, Params, Shared, blocking};

/// What `/v1/samplicators/NAME/…` knows.
const PARTS: [&str; 3] = ["receivers", "sources", "templates"];

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

pub(super) async fn part(
    State(control): Shared,
    Path((name, part)): Path<(String, String)>,
) -> Answer {
    if !PARTS.contains(&part.as_str()) {
        let message = format!(
            "there is no /v1/samplicators/{name}/{part}; possible: {}",
            PARTS.join(" ")
        );
        return Err(ApiError::new(StatusCode::NOT_FOUND, message));
    }
    let answer = blocking(move || control.relay.part(&name, &part)).await??;
    Ok(Json(answer))
}

pub(super) async fn clear(State(control): Shared, Path(name): Path<String>) -> Answer {
    blocking(move || control.relay.clear(&name)).await??;
    Ok(Json(json!({})))
}
