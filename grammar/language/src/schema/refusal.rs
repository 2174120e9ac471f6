//! Why a value is refused, and how messages quote it.

use crate::Code;

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What kind of thing is wrong.
    pub code: Code,
    /// What would be right.
    pub hint: Option<String>,
}

/// Refuses a value that is not of its type.
pub(in crate::schema) fn refuse<T>(message: String, hint: impl Into<String>) -> Result<T, Refusal> {
    refuse_as(Code::InvalidValue, message, hint)
}

/// Refuses a value with a code of its own.
pub(in crate::schema) fn refuse_as<T>(
    code: Code,
    message: String,
    hint: impl Into<String>,
) -> Result<T, Refusal> {
    Err(Refusal {
        message,
        code,
        hint: Some(hint.into()),
    })
}

/// Quotes a word for a message and cuts a long one.
pub fn shown(word: &str) -> String {
    const MOST: usize = 40;
    match word.char_indices().nth(MOST) {
        Some((end, _)) => format!("\"{}…\"", &word[..end]),
        None => format!("\"{word}\""),
    }
}
