//! What is checked before each handler: who may call it, and which parameters there are.

use std::sync::Arc;

use api::Code;
use api::host::Role;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::endpoint::Endpoint;
use super::error::ApiError;
use super::openapi;
use crate::control::Control;
use crate::peer::Peer;

/// What is checked before a handler is called.
pub(super) struct Guard {
    role: Role,
    /// Names of the parameters that the query may have.
    parameters: Vec<String>,
}

impl Guard {
    /// The guard of a route.
    pub(super) fn of(endpoint: &Endpoint) -> Arc<Guard> {
        Arc::new(Guard {
            role: endpoint.role,
            parameters: openapi::parameter_names(endpoint),
        })
    }

    /// Refuses a peer that may not call the handler, and parameters that the route does not have.
    pub(super) async fn watch(
        self: Arc<Guard>,
        peer: Peer,
        request: Request,
        next: Next,
    ) -> Response {
        if self.role == Role::Admin && peer.role != Some(Role::Admin) {
            return forbidden(&peer);
        }
        if let Err(error) = self.known_parameters(request.uri()) {
            return error.into_response();
        }
        next.run(request).await
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

/// Lets operators look, and administrators do the rest. Peers that may do nothing do not come this far. What the peer
/// may do is looked up for each request, since a commit may have changed it.
pub(super) async fn admit(
    State(control): State<Arc<Control>>,
    ConnectInfo(mut peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    peer.role = peer.allowed(control.engine.configured_role(&peer.user));
    let role = peer.role;
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    match role {
        Some(Role::Operator) if !looks => forbidden(&peer),
        None => forbidden(&peer),
        Some(_) => {
            request.extensions_mut().insert(ConnectInfo(peer));
            next.run(request).await
        }
    }
}

fn forbidden(peer: &Peer) -> Response {
    tracing::warn!(
        msgid = "FORBIDDEN",
        "{peer} was refused: {}",
        match peer.role {
            Some(_) => "an operator shows and changes nothing",
            None => "the user is in no group of flowd",
        }
    );
    ApiError::forbidden(&peer.user).into_response()
}
