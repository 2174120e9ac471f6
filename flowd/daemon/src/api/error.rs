//! Refusals in the API's form: `{"errors": [{"message", "path"?, "line"?, "column"?, "length"?, "hint"?}]}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use language::{Finding, Problem};
use serde_json::{Value, json};

use config::{Overlap, Refused, SessionError, revisions};
use probe::{Refused as CacheRefused, Unknown, Wrong};

use crate::peer::GROUPS;
use crate::relay;

/// A refusal.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    errors: Vec<Value>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            errors: vec![json!({ "message": message.into() })],
        }
    }

    /// As [`ApiError::new`], with what would have been right behind a semicolon.
    fn hinted(status: StatusCode, text: &str) -> ApiError {
        let (message, hint) = text.split_once("; ").unwrap_or((text, ""));
        let mut error = ApiError::new(status, message);
        if !hint.is_empty() {
            error.errors[0]["hint"] = hint.into();
        }
        error
    }

    pub(super) fn bad(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn forbidden(user: &str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, forbidden(user))
    }

    pub(super) fn body(&self) -> Value {
        json!({ "errors": self.errors })
    }
}

/// Why a user may not.
pub(super) fn forbidden(user: &str) -> String {
    format!(
        "{user} may not: group {} configures, group {} shows",
        GROUPS.admin, GROUPS.operator
    )
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

impl From<Vec<Problem>> for ApiError {
    fn from(problems: Vec<Problem>) -> Self {
        let errors = problems.iter().map(|problem| json!(problem)).collect();
        ApiError {
            status: StatusCode::BAD_REQUEST,
            errors,
        }
    }
}

impl From<Vec<Finding>> for ApiError {
    fn from(findings: Vec<Finding>) -> Self {
        let errors = findings.iter().map(|finding| json!(finding)).collect();
        ApiError {
            status: StatusCode::BAD_REQUEST,
            errors,
        }
    }
}

impl From<Vec<Overlap>> for ApiError {
    fn from(overlaps: Vec<Overlap>) -> Self {
        let side = |value: &Option<String>, verb: &str| match value.as_deref() {
            None => "deleted".to_owned(),
            Some("") => verb.to_owned(),
            Some(value) => format!("{verb} to {value}"),
        };
        let error = |overlap: &Overlap| {
            let message = match language::is_secret(overlap.path.iter().map(String::as_str)) {
                true => "changed by another commit meanwhile".to_owned(),
                false => format!(
                    "changed by another commit meanwhile: {} there, {} here",
                    side(&overlap.running, "set"),
                    side(&overlap.wanted, "set"),
                ),
            };
            json!({
                "message": message,
                "path": overlap.path,
                "hint": "discard this session's changes, or set the node to what it should be in a new one",
            })
        };
        ApiError {
            status: StatusCode::CONFLICT,
            errors: overlaps.iter().map(error).collect(),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Findings(findings) => findings.into(),
            Refused::Overlaps(overlaps) => overlaps.into(),
            Refused::Waiting { .. }
            | Refused::NothingWaits
            | Refused::Scheduled { .. }
            | Refused::NothingScheduled => ApiError::new(StatusCode::CONFLICT, refused.to_string()),
            Refused::Revisions(error) => error.into(),
            Refused::Session(error) => error.into(),
        }
    }
}

impl From<revisions::Error> for ApiError {
    fn from(error: revisions::Error) -> Self {
        let status = match error {
            revisions::Error::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
            revisions::Error::Unknown(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ApiError::new(status, error.to_string())
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        let status = match error {
            SessionError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            SessionError::Unknown(_) => StatusCode::NOT_FOUND,
            SessionError::Foreign { .. } => StatusCode::FORBIDDEN,
            SessionError::Locked { .. } => StatusCode::LOCKED,
        };
        ApiError::new(status, error.to_string())
    }
}

impl From<Wrong> for ApiError {
    fn from(wrong: Wrong) -> Self {
        ApiError::hinted(StatusCode::BAD_REQUEST, &wrong.0)
    }
}

impl From<CacheRefused> for ApiError {
    fn from(refused: CacheRefused) -> Self {
        match refused {
            CacheRefused::Unknown(unknown) => unknown.into(),
            CacheRefused::Wrong(wrong) => wrong.into(),
        }
    }
}

impl From<Unknown> for ApiError {
    fn from(unknown: Unknown) -> Self {
        ApiError::hinted(StatusCode::NOT_FOUND, &unknown.to_string())
    }
}

impl From<relay::Unknown> for ApiError {
    fn from(unknown: relay::Unknown) -> Self {
        ApiError::hinted(StatusCode::NOT_FOUND, &unknown.to_string())
    }
}
