//! The refusal of unknown names.

use api::{Code, Refusal};

/// Returns the refusal of a name that no object of a kind has; `names` are the existing ones, for the hint.
pub fn unknown<'a>(kind: &str, name: &str, names: impl IntoIterator<Item = &'a String>) -> Refusal {
    let hint = language::which(name, names.into_iter().map(String::as_str));
    Refusal::new(Code::NotFound, format!("there is no {kind} {name}"))
        .hint(hint)
        .about(name)
}
