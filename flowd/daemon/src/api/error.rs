//! Errors of the engine and the services as refusals of the API.

use api::{Code, Errors, Refusal};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use language::{Finding, Problem};

use config::{Overlap, Refused, SessionError, revisions};

use crate::peer::GROUPS;

/// A refusal: an answer with another status than 200.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    body: Errors,
}

impl ApiError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> ApiError {
        Refusal::new(code, message).into()
    }

    pub(super) fn bad(message: impl Into<String>) -> ApiError {
        ApiError::new(Code::Invalid, message)
    }

    pub(super) fn internal(error: impl ToString) -> ApiError {
        ApiError::new(Code::Internal, error.to_string())
    }

    pub(super) fn forbidden(user: &str) -> ApiError {
        let (admin, operator) = (GROUPS.admin, GROUPS.operator);
        ApiError::new(
            Code::Forbidden,
            format!("{user} may not: group {admin} configures, group {operator} shows"),
        )
    }

    /// Makes a refusal with several errors and the status that belongs to `code`.
    fn all(code: Code, errors: impl IntoIterator<Item = Refusal>) -> ApiError {
        let errors = errors.into_iter().collect();
        ApiError {
            status: StatusCode::from_u16(code.status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            body: Errors { errors },
        }
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> &Errors {
        &self.body
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        ApiError::all(refusal.code, [refusal])
    }
}

/// Declares the API's code for each code of the language: the one of the same name.
macro_rules! codes {
    ($($name:ident),+ $(,)?) => {
        /// The API's code for a code of the language.
        fn code(code: language::Code) -> Code {
            match code {
                $(language::Code::$name => Code::$name),+
            }
        }

        /// Every code of the language.
        #[cfg(test)]
        const CODES: &[language::Code] = &[$(language::Code::$name),+];
    };
}

codes! {
    UnknownWord, Ambiguous, MissingValue, InvalidValue, OutOfRange, NotHere, Syntax, NotFound, OldWord, Translated, Guessed, MaskedSecret, DanglingReference, MissingLeaf, Conflict, HostRefuses, NotApplied, Invalid,
}

/// Turns a problem of a text into a refusal with its place.
pub(super) fn problem(problem: Problem) -> Refusal {
    Refusal {
        line: Some(problem.line),
        column: Some(problem.column),
        length: Some(problem.length),
        hint: problem.hint.map(Into::into),
        ..Refusal::new(code(problem.code), problem.message)
    }
}

impl From<Vec<Problem>> for ApiError {
    fn from(problems: Vec<Problem>) -> Self {
        ApiError::all(Code::Invalid, problems.into_iter().map(problem))
    }
}

impl From<Vec<Finding>> for ApiError {
    fn from(findings: Vec<Finding>) -> Self {
        ApiError::all(
            Code::Invalid,
            findings.into_iter().map(|finding| Refusal {
                path: Some(finding.path),
                ..Refusal::new(code(finding.code), finding.message)
            }),
        )
    }
}

impl From<Vec<Overlap>> for ApiError {
    fn from(overlaps: Vec<Overlap>) -> Self {
        let side = |value: &Option<String>, verb: &str| match value.as_deref() {
            None => "deleted".to_owned(),
            Some("") => verb.to_owned(),
            Some(value) => format!("{verb} to {value}"),
        };
        let refusal = |overlap: Overlap| {
            let message = match language::is_secret(overlap.path.iter().map(String::as_str)) {
                true => "changed by another commit meanwhile".to_owned(),
                false => format!(
                    "changed by another commit meanwhile: {} there, {} here",
                    side(&overlap.running, "set"),
                    side(&overlap.wanted, "set"),
                ),
            };
            Refusal {
                path: Some(overlap.path),
                ..Refusal::new(Code::Overlap, message).hint(
                    "discard this session's changes, or set the node to what it should be in a new one",
                )
            }
        };
        ApiError::all(Code::Overlap, overlaps.into_iter().map(refusal))
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Findings(findings) => return findings.into(),
            Refused::Overlaps(overlaps) => return overlaps.into(),
            Refused::Revisions(error) => return error.into(),
            Refused::Session(error) => return error.into(),
            Refused::Waiting { .. } => Code::ConfirmationPending,
            Refused::NothingWaits => Code::NothingToConfirm,
            Refused::Scheduled { .. } => Code::CommitScheduled,
            Refused::NothingScheduled => Code::NothingScheduled,
        };
        ApiError::new(code, refused.to_string())
    }
}

impl From<revisions::Error> for ApiError {
    fn from(error: revisions::Error) -> Self {
        let code = match error {
            revisions::Error::Full { .. } => Code::NoSpace,
            revisions::Error::Unknown(_) => Code::NotFound,
            _ => Code::Internal,
        };
        ApiError::new(code, error.to_string())
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        let code = match error {
            SessionError::TooMany => Code::TooManySessions,
            SessionError::Unknown(_) => Code::NotFound,
            SessionError::Foreign { .. } => Code::ForeignSession,
            SessionError::Locked { .. } => Code::Locked,
        };
        ApiError::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_the_language_has_the_same_word_in_the_api() {
        for language in CODES {
            let word = serde_json::to_value(language).unwrap();
            assert_eq!(word, code(*language).word());
        }
    }
}
