//! The management API: HTTP with JSON over a Unix socket (the table is in ARCHITECTURE.md). Handlers turn a request
//! into one call and its outcome into JSON; what they call blocks, so it runs on the blocking pool.

mod complete;
mod configuration;
mod door;
mod error;
mod flow;
mod host;
mod relay;
mod sessions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{
    ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, Query, Request, State,
};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::de::DeserializeOwned;

use crate::control::Control;
use crate::peer::{Peer, Role};
pub use door::Door;
pub(crate) use door::make_way;
use error::ApiError;

/// Octets of a request's body: a configuration of some hundred thousand lines.
pub const BODY_LIMIT: usize = 64 << 20;

type Answer = Result<axum::Json<serde_json::Value>, ApiError>;
type Shared = State<Arc<Control>>;

/// The routes.
pub fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/v1/version", get(host::version))
        .route("/v1/whoami", get(host::whoami))
        .route("/v1/interfaces", get(host::interfaces))
        .route("/v1/names", get(host::names))
        .route("/v1/log", get(host::log))
        .route("/v1/complete", get(complete::complete))
        .route("/v1/sessions", get(sessions::list).post(sessions::begin))
        .route("/v1/sessions/{id}", delete(sessions::end))
        .route("/v1/sessions/{id}/edit", post(sessions::edit))
        .route("/v1/sessions/{id}/check", post(sessions::check))
        .route("/v1/sessions/{id}/commit", post(sessions::commit))
        .route("/v1/sessions/{id}/discard", post(sessions::discard))
        .route("/v1/sessions/{id}/rollback", post(sessions::rollback))
        .route("/v1/confirm", post(sessions::confirm))
        .route("/v1/configuration", get(configuration::show))
        .route("/v1/compare", get(configuration::compare))
        .route("/v1/revisions", get(configuration::revisions))
        .route("/v1/flow/monitors/{name}/cache", get(flow::cache))
        .route("/v1/flow/path", get(flow::path))
        .route("/v1/flow/{what}", get(flow::show))
        .route("/v1/flow-accounting", get(flow::accounting))
        .route("/v1/samplicators", get(relay::samplicators))
        .route("/v1/samplicators/{name}/{part}", get(relay::part))
        .route("/v1/clear/samplicator/{name}", post(relay::clear))
        .route("/v1/clear/monitor/{name}", post(flow::clear_monitor))
        .route("/v1/clear/exporter/{name}", post(flow::clear_exporter))
        .route("/v1/clear/flow-accounting", post(flow::clear_accounting))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn(admit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(control)
}

/// Operators look; administrators do the rest. Peers that may do nothing do not come this far.
async fn admit(ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next) -> Response {
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    match peer.role {
        Some(Role::Admin) => next.run(request).await,
        Some(Role::Operator) if looks => next.run(request).await,
        _ => ApiError::forbidden(&peer.user).into_response(),
    }
}

async fn no_route(uri: Uri) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, format!("there is no {}", uri.path()))
}

async fn no_method(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not possible on {}", uri.path()),
    )
}

/// Runs what blocks where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!("a request failed: {error}");
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this request failed inside flowd; its log says more",
        )
    })
}

/// A JSON body. None at all is an empty object, so that `curl -X POST` is enough where nothing is to be said.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                let message = match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => {
                        format!("the body is larger than {} MiB", BODY_LIMIT >> 20)
                    }
                    _ => rejection.body_text(),
                };
                ApiError::new(rejection.status(), message)
            })?;
        let text: &[u8] = if bytes.iter().all(u8::is_ascii_whitespace) {
            b"{}"
        } else {
            &bytes
        };
        serde_json::from_slice(text).map(Body).map_err(|error| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                format!("the body is not what this route takes: {error}"),
            )
        })
    }
}

/// The query of the address.
struct Params<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Params(query))
            .map_err(|rejection| ApiError::new(StatusCode::BAD_REQUEST, rejection.body_text()))
    }
}
