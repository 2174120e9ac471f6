//! The management API: HTTP with JSON over a Unix socket. `table.rs` declares the routes; here are what they are
//! made into and what happens before each. Handlers turn a request into one call and its outcome into JSON; what they
//! call blocks, so it runs on the blocking pool.

mod complete;
mod configuration;
mod door;
mod error;
mod flow;
mod host;
mod openapi;
mod relay;
mod sessions;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{
    ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, Query, Request, State,
};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::control::Control;
use crate::peer::Peer;
use config::access::Role;
pub(crate) use door::Door;
pub(crate) use door::make_way;
use error::ApiError;
use table::{ROUTES, Route};

/// Octets of a request's body: a configuration is the largest.
const BODY_LIMIT: usize = config::LARGEST;

type Answer = Result<axum::Json<serde_json::Value>, ApiError>;
type Shared = State<Arc<Control>>;

/// The routes.
pub(crate) fn router(control: Arc<Control>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let guard = from_fn(move |ConnectInfo(peer): ConnectInfo<Peer>, request, next| {
            guard(route, peer, request, next)
        });
        router = router.route(route.path, (route.handler)().route_layer(guard));
    }
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(control.clone(), admit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(control)
}

/// Operators look; administrators do the rest. Peers that may do nothing do not come this far.
/// What the peer may is looked up for each request: a commit may have changed it.
async fn admit(
    State(control): Shared,
    ConnectInfo(mut peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    peer.role = peer.allowed(control.engine.level(&peer.user));
    let role = peer.role;
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    match role {
        Some(Role::Operator) if !looks => forbidden(&peer, &request),
        None => forbidden(&peer, &request),
        Some(_) => {
            request.extensions_mut().insert(ConnectInfo(peer));
            next.run(request).await
        }
    }
}

/// What the table says of a route: who may, which parameters it has, and whether the log tells of it.
async fn guard(route: &'static Route, peer: Peer, request: Request, next: Next) -> Response {
    if route.role == Role::Admin && peer.role != Some(Role::Admin) {
        return forbidden(&peer, &request);
    }
    if let Err(error) = known_parameters(route, request.uri()) {
        return error.into_response();
    }
    if !route.logged {
        return next.run(request).await;
    }
    let what = format!("{} {}", request.method(), request.uri().path());
    let response = next.run(request).await;
    match response.status() {
        StatusCode::OK => tracing::info!("{peer}: {what}"),
        status => tracing::info!("{peer}: {what} was refused ({})", status.as_u16()),
    }
    response
}

fn forbidden(peer: &Peer, request: &Request) -> Response {
    tracing::warn!(
        "{peer} may not: {} {}",
        request.method(),
        request.uri().path()
    );
    ApiError::forbidden(&peer.user).into_response()
}

/// A mistyped parameter would otherwise be a question that nobody asked.
fn known_parameters(route: &Route, uri: &Uri) -> Result<(), ApiError> {
    let pairs: Query<Vec<(String, String)>> = Query::try_from_uri(uri)
        .map_err(|rejection| ApiError::new(StatusCode::BAD_REQUEST, rejection.body_text()))?;
    let known = |name: &str| route.query.iter().any(|parameter| parameter.name == name);
    let Some((name, _)) = pairs.iter().find(|(name, _)| !known(name)) else {
        return Ok(());
    };
    let names: Vec<&str> = route.query.iter().map(|parameter| parameter.name).collect();
    let possible = match names.is_empty() {
        true => "there are none here".to_owned(),
        false => format!("possible: {}", names.join(" ")),
    };
    Err(ApiError::bad(format!(
        "there is no parameter {name}; {possible}"
    )))
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

/// A body that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

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
