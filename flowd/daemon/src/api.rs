//! The management API: HTTP with JSON over a Unix socket. Here are the routes with their handlers, and the router that
//! is made of them; `guard.rs` is what happens before each. Handlers turn a request into one call and its outcome into
//! an answer; what they call blocks, so it runs on the blocking pool.

mod accounting;
mod complete;
mod configuration;
mod endpoint;
mod error;
mod flow;
mod guard;
mod host;
mod openapi;
mod relay;
mod sessions;
mod socket;
mod source;
#[cfg(test)]
mod tests;
mod top;

use std::sync::Arc;

use api::{Code, routes};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};

use crate::control::Control;
use crate::peer::Peer;
use endpoint::Endpoint;
use error::ApiError;
use guard::Guard;
pub(crate) use socket::{ManagementSocket, clear_path};

/// The most octets of a request's body; the largest one is a configuration.
const BODY_LIMIT: usize = language::MAX_TEXT;

/// The routes, each with its handler.
fn endpoints() -> Vec<Endpoint> {
    [
        vec![Endpoint::new(routes::OPENAPI, openapi::serve)],
        host::endpoints(),
        complete::endpoints(),
        sessions::endpoints(),
        configuration::endpoints(),
        flow::endpoints(),
        top::endpoints(),
        accounting::endpoints(),
        relay::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Makes the router of the routes.
pub(crate) fn router(control: Arc<Control>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let guard = Guard::of(&endpoint);
        let guard = from_fn(move |ConnectInfo(peer): ConnectInfo<Peer>, request, next| {
            guard.clone().watch(peer, request, next)
        });
        router = router.route(endpoint.path, (endpoint.handler)().route_layer(guard));
    }
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(control.clone(), guard::admit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(control)
}

async fn no_route(uri: Uri) -> ApiError {
    ApiError::new(Code::UnknownRoute, format!("there is no {}", uri.path()))
}

async fn no_method(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        Code::UnknownMethod,
        format!("{method} is not possible on {}", uri.path()),
    )
}

/// Runs blocking work on the pool of threads for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!("a request failed: {error}");
        ApiError::internal("this request failed inside flowd; its log says more")
    })
}
