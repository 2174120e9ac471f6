//! `/v1/flow…` and `/v1/clear…`: the probe's answers.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::{Answer, Body, Params, Shared, blocking};
use crate::probe::{AccountingQuery, CacheQuery};

/// What `/v1/flow/…` knows.
const WHAT: [&str; 6] = [
    "records",
    "samplers",
    "interfaces",
    "monitors",
    "exporters",
    "loss",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: Option<String>,
}

pub(super) async fn show(
    State(control): Shared,
    Path(what): Path<String>,
    Params(Named { name }): Params<Named>,
) -> Answer {
    if !WHAT.contains(&what.as_str()) {
        let message = format!("there is no /v1/flow/{what}; possible: {}", WHAT.join(" "));
        return Err(ApiError::new(axum::http::StatusCode::NOT_FOUND, message));
    }
    Ok(Json(
        blocking(move || control.probe.show(&what, name.as_deref())).await??,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cache {
    sort: Option<String>,
    #[serde(default)]
    lowest: bool,
    top: Option<usize>,
    limit: Option<usize>,
}

pub(super) async fn cache(
    State(control): Shared,
    Path(name): Path<String>,
    Params(cache): Params<Cache>,
) -> Answer {
    let top = [cache.top, cache.limit].into_iter().flatten().min();
    let query = CacheQuery {
        sort: cache.sort,
        lowest: cache.lowest,
        top,
    };
    Ok(Json(
        blocking(move || control.probe.cache(&name, &query)).await??,
    ))
}

pub(super) async fn accounting(
    State(control): Shared,
    Params(query): Params<AccountingQuery>,
) -> Answer {
    Ok(Json(
        blocking(move || control.probe.accounting(&query)).await??,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clear {
    what: String,
}

pub(super) async fn clear_monitor(
    State(control): Shared,
    Path(name): Path<String>,
    Body(Clear { what }): Body<Clear>,
) -> Answer {
    if !["cache", "statistics", "force-export"].contains(&what.as_str()) {
        return Err(ApiError::bad(format!(
            "cannot clear {what}; possible: cache statistics force-export"
        )));
    }
    let flows = blocking(move || control.probe.clear_monitor(&name, &what)).await??;
    Ok(Json(json!({ "flows": flows })))
}

pub(super) async fn clear_exporter(State(control): Shared, Path(name): Path<String>) -> Answer {
    blocking(move || control.probe.clear_exporter(&name)).await??;
    Ok(Json(json!({})))
}

pub(super) async fn clear_accounting(State(control): Shared) -> Answer {
    let flows = blocking(move || control.probe.clear_accounting()).await??;
    Ok(Json(json!({ "flows": flows })))
}
