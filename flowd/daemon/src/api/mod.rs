//! The management API: HTTP with JSON over a Unix socket. `table.rs` has the routes with their handlers; here are what
//! they are made into and what happens before each. Handlers turn a request into one call and its outcome into an
//! answer; what they call blocks, so it runs on the blocking pool.

mod complete;
mod configuration;
mod door;
mod endpoint;
mod error;
mod flow;
mod host;
mod openapi;
mod relay;
mod sessions;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use api::Code;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::control::Control;
use crate::peer::Peer;
use config::access::Role;
pub(crate) use door::Door;
pub(crate) use door::make_way;
use error::ApiError;

/// Octets of a request's body: a configuration is the largest.
const BODY_LIMIT: usize = config::LARGEST;

/// What is checked before a handler is called.
struct Guard {
    role: Role,
    logged: bool,
    /// Names of the parameters that the query may have.
    parameters: Vec<String>,
}

/// The routes.
pub(crate) fn router(control: Arc<Control>) -> Router {
    let mut router = Router::new();
    for endpoint in table::endpoints() {
        let parameters = openapi::parameters(&endpoint);
        let names = parameters.iter().filter_map(|one| one["name"].as_str());
        let guard = Arc::new(Guard {
            role: endpoint.role,
            logged: endpoint.logged,
            parameters: names.map(str::to_owned).collect(),
        });
        let guard = from_fn(move |ConnectInfo(peer): ConnectInfo<Peer>, request, next| {
            guard.clone().watch(peer, request, next)
        });
        router = router.route(endpoint.path, (endpoint.handler)().route_layer(guard));
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
    State(control): State<Arc<Control>>,
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

impl Guard {
    /// Who may, which parameters there are, and whether the log tells of it.
    async fn watch(self: Arc<Guard>, peer: Peer, request: Request, next: Next) -> Response {
        if self.role == Role::Admin && peer.role != Some(Role::Admin) {
            return forbidden(&peer, &request);
        }
        if let Err(error) = self.known_parameters(request.uri()) {
            return error.into_response();
        }
        if !self.logged {
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

    /// A mistyped parameter would otherwise be a question that nobody asked.
    fn known_parameters(&self, uri: &Uri) -> Result<(), ApiError> {
        let pairs: Query<Vec<(String, String)>> =
            Query::try_from_uri(uri).map_err(|rejection| ApiError::bad(rejection.body_text()))?;
        let Some((name, _)) = pairs
            .iter()
            .find(|(name, _)| !self.parameters.contains(name))
        else {
            return Ok(());
        };
        let possible = match self.parameters.is_empty() {
            true => "there are none here".to_owned(),
            false => format!("possible: {}", self.parameters.join(" ")),
        };
        Err(ApiError::new(
            Code::UnknownParameter,
            format!("there is no parameter {name}; {possible}"),
        ))
    }
}

fn forbidden(peer: &Peer, request: &Request) -> Response {
    tracing::warn!(
        "{peer} may not: {} {}",
        request.method(),
        request.uri().path()
    );
    ApiError::forbidden(&peer.user).into_response()
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

/// Runs what blocks where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!("a request failed: {error}");
        ApiError::internal("this request failed inside flowd; its log says more")
    })
}
