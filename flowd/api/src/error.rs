//! Refusals: the body of every answer whose status is not 200.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::word::words;

/// Why a request was refused. There is at least one error; a text has one for each thing wrong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Errors {
    /// The errors, in the order of the text or the configuration.
    pub errors: Vec<Refusal>,
}

/// One thing wrong with a request, with its place where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// What is wrong, for a reader.
    pub message: String,
    /// What is wrong, for a program: it stays the same when the message is worded otherwise.
    #[serde(default, deserialize_with = "known_code")]
    pub code: Code,
    /// The configuration node that is wrong, as its words from the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<String>>,
    /// The line of the text, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The number of characters that are wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// What would have been right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Box<str>>,
    /// The words of the request that are wrong, such as a name that nothing has; missing where the place says it, or
    /// where no word is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<String>,
}

/// The code, or `invalid` for one that this release does not know.
fn known_code<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    Ok(word.parse().unwrap_or_default())
}

/// Takes the numbers out that Rust writes behind errors of the system, ` (os error 22)`: the words before them say what
/// they mean.
pub fn without_error_numbers(message: &mut String) {
    const BEGIN: &str = " (os error ";
    while let Some(at) = message.find(BEGIN) {
        let digits = &message[at + BEGIN.len()..];
        let Some(end) = digits
            .find(')')
            .filter(|end| *end > 0 && digits[..*end].bytes().all(|octet| octet.is_ascii_digit()))
        else {
            return;
        };
        message.replace_range(at..at + BEGIN.len() + end + 1, "");
    }
}

impl Refusal {
    /// A refusal that has neither place nor hint.
    pub fn new(code: Code, message: impl Into<String>) -> Refusal {
        let mut message = message.into();
        without_error_numbers(&mut message);
        Refusal {
            message,
            code,
            path: None,
            line: None,
            column: None,
            length: None,
            hint: None,
            subject: Vec::new(),
        }
    }

    /// The refusal with what would have been right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Box<str>>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }

    /// The refusal with the words of the request that it is about, separated by spaces.
    #[must_use]
    pub fn about(mut self, words: &str) -> Refusal {
        self.subject = words.split_whitespace().map(str::to_owned).collect();
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

words! {
    /// What kind of thing a refusal is about. More may be added; a program treats one it does not know as `invalid`.
    pub enum Code "code" {
        /// A word of a text or a command that nothing has at its place.
        UnknownWord = "unknown-word",
        /// The beginning of several words.
        Ambiguous = "ambiguous",
        /// A word or a value is missing.
        MissingValue = "missing-value",
        /// A value that is not of the type it should be.
        InvalidValue = "invalid-value",
        /// A value outside the range it may have.
        OutOfRange = "out-of-range",
        /// A word that is right elsewhere, not at its place.
        NotHere = "not-here",
        /// A text that is not formed as its dialect wants.
        Syntax = "syntax",
        /// A configuration that refers to something that it does not hold.
        DanglingReference = "dangling-reference",
        /// A configuration in which something necessary is missing.
        MissingLeaf = "missing-leaf",
        /// A configuration with two parts that exclude each other.
        Conflict = "conflict",
        /// A configuration that this host cannot apply: a port in use, no privilege, no such interface.
        HostRefuses = "host-refuses",
        /// A word of another release, which is understood.
        OldWord = "old-word",
        /// A statement of another router, which is read as what it means here.
        Translated = "translated",
        /// A router's name of an interface that no alias explains, which is taken as an interface of this host.
        Guessed = "guessed",
        /// A leaf that this release keeps but does not apply.
        NotApplied = "not-applied",
        /// A masked secret where no secret is configured.
        MaskedSecret = "masked-secret",
        /// Anything else that is wrong with a request.
        Invalid = "invalid",
        /// A query parameter that the route does not have.
        UnknownParameter = "unknown-parameter",
        /// A path that the API does not have.
        UnknownRoute = "unknown-route",
        /// A method that the route does not have.
        UnknownMethod = "unknown-method",
        /// A body above the limit.
        TooLarge = "too-large",
        /// Something of that name is not there: a monitor, a session, a revision.
        NotFound = "not-found",
        /// The user may not do it.
        Forbidden = "forbidden",
        /// The session belongs to another user.
        ForeignSession = "foreign-session",
        /// Too many sessions are open.
        TooManySessions = "too-many-sessions",
        /// Somebody configures exclusively.
        Locked = "locked",
        /// Another commit changed the same nodes meanwhile.
        Overlap = "overlap",
        /// Another request changed the session at the same time.
        ChangedMeanwhile = "changed-meanwhile",
        /// A commit waits for confirmation.
        ConfirmationPending = "confirmation-pending",
        /// No commit waits for confirmation.
        NothingToConfirm = "nothing-to-confirm",
        /// A commit is scheduled already.
        CommitScheduled = "commit-scheduled",
        /// No commit is scheduled.
        NothingScheduled = "nothing-scheduled",
        /// The client closed the connection before the request was done.
        ClientGone = "client-gone",
        /// The disk is full.
        NoSpace = "no-space",
        /// Something failed inside flowd; its log says more.
        Internal = "internal",
    }
}

impl Default for Code {
    /// The code of a refusal that does not say one.
    fn default() -> Code {
        Code::Invalid
    }
}

impl Code {
    /// The HTTP status of a refusal with this code. Problems of a text or a configuration are 400 whatever their codes.
    pub fn status(self) -> u16 {
        match self {
            Code::Forbidden | Code::ForeignSession => 403,
            Code::NotFound | Code::UnknownRoute => 404,
            Code::UnknownMethod => 405,
            Code::Overlap
            | Code::ChangedMeanwhile
            | Code::ConfirmationPending
            | Code::NothingToConfirm
            | Code::CommitScheduled
            | Code::NothingScheduled
            | Code::ClientGone => 409,
            Code::TooLarge => 413,
            Code::Locked => 423,
            Code::TooManySessions => 429,
            Code::Internal => 500,
            Code::NoSpace => 507,
            _ => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_errors_are_left_out_of_messages() {
        let without = |text: &str| {
            let mut message = text.to_owned();
            without_error_numbers(&mut message);
            message
        };
        let error = std::io::Error::from_raw_os_error(28);
        assert_eq!(
            without(&format!(
                "db: {error}; link: {}",
                std::io::Error::from_raw_os_error(22)
            )),
            "db: No space left on device; link: Invalid argument"
        );
        assert_eq!(
            without("nothing (os error x) here"),
            "nothing (os error x) here"
        );
        assert_eq!(without("cut (os error 2"), "cut (os error 2");
    }
}
