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
#[rustfmt::skip]
fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::OPENAPI, openapi::serve),
        Endpoint::new(routes::VERSION, host::version),
        Endpoint::new(routes::WHOAMI, host::whoami),
        Endpoint::new(routes::INTERFACES, host::interfaces),
        Endpoint::new(routes::NAMES, host::names),
        Endpoint::new(routes::COMPLETE, complete::complete),
        Endpoint::new(routes::LOG, host::log),

        Endpoint::new(routes::SESSIONS, sessions::list),
        Endpoint::new(routes::BEGIN_SESSION, sessions::begin).quiet(),
        Endpoint::new(routes::END_SESSION, sessions::end).quiet(),
        Endpoint::new(routes::EDIT, sessions::edit).quiet(),
        Endpoint::new(routes::CHECK, sessions::check).quiet(),
        Endpoint::new(routes::COMMIT, sessions::commit),
        Endpoint::new(routes::DISCARD, sessions::discard).quiet(),
        Endpoint::new(routes::ROLLBACK, sessions::rollback).quiet(),
        Endpoint::new(routes::COMPARE_TEXT, configuration::compare_text).quiet(),
        Endpoint::new(routes::CLEAR_COMMIT, sessions::unschedule),
        Endpoint::new(routes::CONFIRM, sessions::confirm),

        Endpoint::new(routes::CONFIGURATION, configuration::show),
        Endpoint::new(routes::COMPARE, configuration::compare),
        Endpoint::new(routes::REVISIONS, configuration::revisions),

        Endpoint::new(routes::RECORDS, flow::records),
        Endpoint::new(routes::SAMPLERS, flow::samplers),
        Endpoint::new(routes::METERED_INTERFACES, flow::interfaces),
        Endpoint::new(routes::MONITORS, flow::monitors),
        Endpoint::new(routes::EXPORTERS, flow::exporters),
        Endpoint::new(routes::ROUTES, flow::routes),
        Endpoint::new(routes::LOSS, flow::loss),
        Endpoint::new(routes::CACHE, flow::cache),
        Endpoint::new(routes::FLOW_PATH, flow::path),
        Endpoint::new(routes::ACCOUNTING, accounting::table),
        Endpoint::new(routes::ACCOUNTING_RATES, accounting::rates),

        Endpoint::new(routes::SAMPLICATORS, relay::samplicators),
        Endpoint::new(routes::RECEIVERS, relay::receivers),
        Endpoint::new(routes::SOURCES, relay::sources),
        Endpoint::new(routes::TEMPLATES, relay::templates),

        Endpoint::new(routes::CLEAR_MONITOR, flow::clear_monitor),
        Endpoint::new(routes::CLEAR_EXPORTER, flow::clear_exporter),
        Endpoint::new(routes::CLEAR_SAMPLICATOR, relay::clear),
        Endpoint::new(routes::REPLAY, relay::replay),
        Endpoint::new(routes::CLEAR_ACCOUNTING, accounting::clear),
    ]
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
