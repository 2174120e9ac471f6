//! A route with its handler. The types tie the two: a handler gets what the route's query and body hold, and returns
//! what the route answers.

use std::marker::PhantomData;
use std::sync::Arc;

use api::host::Role;
use api::routes::{Method, Route};
use api::{Code, Nothing};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BODY_LIMIT;
use super::error::ApiError;
use crate::control::Control;
use crate::peer::Peer;

/// A request, as a handler gets it.
pub(super) struct Call<Q = Nothing, B = Nothing> {
    /// The daemon.
    pub(super) control: Arc<Control>,
    /// Who is asking.
    pub(super) peer: Peer,
    /// The segment of the path in the place of `{…}`; empty where the path has no such place.
    pub(super) name: String,
    /// The query.
    pub(super) query: Q,
    /// The body.
    pub(super) body: B,
}

/// The result of a handler.
pub(super) type Answer<A> = Result<A, ApiError>;

/// An answer of type `A` that is JSON text already.
pub(super) struct Written<A>(Vec<u8>, PhantomData<fn() -> A>);

impl<A> Written<A> {
    /// Writes `value`, whose JSON is that of an `A`.
    pub(super) fn new(value: &impl Serialize) -> Answer<Written<A>> {
        let text = serde_json::to_vec(value).map_err(ApiError::internal)?;
        Ok(Written(text, PhantomData))
    }
}

/// A value that can be the answer of a route whose answer is an `A`.
pub(super) trait Answers<A> {
    fn response(self) -> Response;
}

impl<A: Serialize> Answers<A> for A {
    fn response(self) -> Response {
        Json(self).into_response()
    }
}

impl<A> Answers<A> for Written<A> {
    fn response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

/// A route with its handler, and the schemas of its types.
pub(super) struct Endpoint {
    pub(super) method: Method,
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// The least role that may call it.
    pub(super) role: Role,
    pub(super) query: fn(&mut SchemaGenerator) -> Schema,
    pub(super) body: fn(&mut SchemaGenerator) -> Schema,
    pub(super) answer: fn(&mut SchemaGenerator) -> Schema,
    pub(super) handler: Box<dyn Fn() -> MethodRouter<Arc<Control>> + Send + Sync>,
}

impl Endpoint {
    /// Ties a route to its handler. Operators may call a route that shows something; one that changes something is for
    /// administrators.
    pub(super) fn new<Q, B, A, R, F>(
        route: Route<Q, B, A>,
        handler: impl Fn(Call<Q, B>) -> F + Copy + Send + Sync + 'static,
    ) -> Endpoint
    where
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: JsonSchema + 'static,
        R: Answers<A>,
        F: Future<Output = Answer<R>> + Send,
    {
        let serve = move |State(control), ConnectInfo(peer), request| async move {
            let answer = async {
                let call = call(route.method, control, peer, request).await?;
                handler(call).await
            };
            answer
                .await
                .map_or_else(IntoResponse::into_response, Answers::response)
        };
        let shows = route.method == Method::Get;
        Endpoint {
            method: route.method,
            name: route.name,
            path: route.path,
            summary: route.summary.trim(),
            role: if shows { Role::Operator } else { Role::Admin },
            query: SchemaGenerator::subschema_for::<Q>,
            body: SchemaGenerator::subschema_for::<B>,
            answer: SchemaGenerator::subschema_for::<A>,
            handler: Box::new(move || match route.method {
                Method::Get => get(serve),
                Method::Post => post(serve),
                Method::Delete => delete(serve),
            }),
        }
    }
}

async fn call<Q: DeserializeOwned, B: DeserializeOwned>(
    method: Method,
    control: Arc<Control>,
    peer: Peer,
    request: Request,
) -> Answer<Call<Q, B>> {
    let (mut parts, body) = request.into_parts();
    let query = query(parts.uri.query().unwrap_or_default())?;
    let segments = RawPathParams::from_request_parts(&mut parts, &()).await;
    let segments = segments.map_err(|rejection| ApiError::bad(rejection.body_text()))?;
    let name = segments
        .iter()
        .next()
        .map(|(_, segment)| segment.to_owned());
    let body = match method {
        Method::Post => read_body(Request::from_parts(parts, body)).await?,
        Method::Get | Method::Delete => Bytes::new(),
    };
    Ok(Call {
        control,
        peer,
        name: name.unwrap_or_default(),
        query,
        body: parse_body(&body)?,
    })
}

fn query<Q: DeserializeOwned>(text: &str) -> Answer<Q> {
    let pairs = serde_html_form::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let parameter = error.path().to_string();
        let error = error.into_inner();
        // A parameter that is missing has no path.
        match parameter.as_str() {
            "." => ApiError::bad(error.to_string()),
            parameter => ApiError::bad(format!("{parameter}: {error}")),
        }
    })
}

async fn read_body(request: Request) -> Answer<Bytes> {
    Bytes::from_request(request, &())
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let message = format!("the body is larger than {} MiB", BODY_LIMIT >> 20);
                ApiError::new(Code::TooLarge, message)
            }
            _ => ApiError::bad(rejection.body_text()),
        })
}

/// Reads a body. No body at all is an empty object, so that `curl -X POST` is enough where no member is required.
fn parse_body<B: DeserializeOwned>(body: &[u8]) -> Answer<B> {
    let text: &[u8] = match body.iter().all(u8::is_ascii_whitespace) {
        true => b"{}",
        false => body,
    };
    serde_json::from_slice(text)
        .map_err(|error| ApiError::bad(format!("the body is not what this route takes: {error}")))
}
