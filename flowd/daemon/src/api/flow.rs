//! `/v1/flow…` and `/v1/clear…`: the probe's answers.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::{Answer, Body, Nothing, Params, Shared, blocking};
use probe::{AccountingQuery, CacheQuery, Cancelled, Condition, MOST, PathQuery};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: Option<String>,
}

/// `records`, `samplers`, `interfaces`, `monitors` or `exporters`.
pub(super) async fn show(
    what: &'static str,
    State(control): Shared,
    Params(Named { name }): Params<Named>,
) -> Answer {
    let answer = blocking(move || control.probe.show(what, name.as_deref())).await??;
    Ok(Json(answer))
}

pub(super) async fn routes(State(control): Shared) -> Answer {
    let answer = blocking(move || control.probe.show("routes", None)).await??;
    Ok(Json(answer))
}

/// The ledgers of every service.
pub(super) async fn loss(State(control): Shared) -> Answer {
    let answer = blocking(move || {
        let mut answer = Map::new();
        let mut balanced = true;
        for ledger in control.engine.services.ledgers() {
            answer.extend(ledger.accounts);
            balanced &= ledger.balanced;
        }
        answer.insert("balanced".into(), balanced.into());
        Value::Object(answer)
    });
    Ok(Json(answer.await?))
}

/// `filter=FIELD=VALUE` and `filter=FIELD~REGEXP` (several hold together), `aggregate=FIELD`, `collect=FIELD` (several),
/// `sort=FIELD`, `lowest=true`, `top=N` or `limit=N`, `after=CURSOR`.
fn cache_query(pairs: Vec<(String, String)>) -> Result<CacheQuery, ApiError> {
    let mut query = CacheQuery::default();
    for (key, value) in pairs {
        match key.as_str() {
            "filter" => query.filter.push(condition(&value)?),
            "aggregate" => query.aggregate.push(value),
            "collect" => query.collect.push(value),
            "sort" => query.sort = Some(value),
            "lowest" => {
                query.lowest = value.parse().map_err(|_| {
                    ApiError::bad(format!("lowest={value} is neither true nor false"))
                })?;
            }
            "top" | "limit" => {
                let rows = value.parse().ok().filter(|rows| (1..=MOST).contains(rows));
                let rows = rows.ok_or_else(|| {
                    ApiError::bad(format!("{key}={value} is no number from 1 to {MOST}"))
                })?;
                query.top = Some(query.top.unwrap_or(rows).min(rows));
            }
            "after" => query.after = Some(value),
            _ => return Err(ApiError::bad(format!("there is no parameter {key}"))),
        }
    }
    if query.after.is_some() && (query.sort.is_some() || !query.aggregate.is_empty()) {
        return Err(ApiError::bad(
            "only a listing goes on, what is sorted or aggregated is one answer",
        ));
    }
    Ok(query)
}

fn condition(text: &str) -> Result<Condition, ApiError> {
    let (at, operator) = text
        .char_indices()
        .find(|(_, c)| matches!(c, '=' | '~'))
        .ok_or_else(|| {
            ApiError::bad(format!(
                "filter={text} is neither FIELD=VALUE nor FIELD~REGEXP"
            ))
        })?;
    Ok(Condition {
        field: text[..at].to_owned(),
        regexp: operator == '~',
        value: text[at + 1..].to_owned(),
    })
}

/// Tells, when it is dropped, the one who works for this request: the client may have gone away.
pub(super) struct Waiting(pub(super) Cancelled);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) async fn cache(
    State(control): Shared,
    Path(name): Path<String>,
    Params(pairs): Params<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let query = cache_query(pairs)?;
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    let body = blocking(move || -> Result<Vec<u8>, ApiError> {
        let answer = control.probe.cache(&name, &query, &cancelled)?;
        serde_json::to_vec(&answer)
            .map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    })
    .await??;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

pub(super) async fn accounting(
    State(control): Shared,
    Params(query): Params<AccountingQuery>,
) -> Answer {
    let waiting = Waiting(Cancelled::default());
    let cancelled = waiting.0.clone();
    Ok(Json(
        blocking(move || control.probe.accounting(&query, &cancelled)).await??,
    ))
}

pub(super) async fn path(State(control): Shared, Params(query): Params<PathQuery>) -> Answer {
    Ok(Json(blocking(move || control.probe.path(&query)).await??))
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
    tracing::info!("flow monitor {name}: {what}");
    let flows = blocking(move || control.probe.clear_monitor(&name, &what)).await??;
    Ok(Json(json!({ "flows": flows })))
}

pub(super) async fn clear_exporter(
    State(control): Shared,
    Path(name): Path<String>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    blocking(move || control.probe.clear_exporter(&name)).await??;
    Ok(Json(json!({})))
}

pub(super) async fn clear_accounting(
    State(control): Shared,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let flows = blocking(move || control.probe.clear_accounting()).await??;
    Ok(Json(json!({ "flows": flows })))
}
