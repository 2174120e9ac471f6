//! Names that nothing has.

use api::{Code, Refusal};

/// The refusal of a name that no `kind` of thing has; `names` are those that there are, for the hint.
pub fn unknown<'a>(kind: &str, name: &str, names: impl IntoIterator<Item = &'a String>) -> Refusal {
    let hint = language::which(name, names.into_iter().map(String::as_str));
    Refusal::new(Code::NotFound, format!("there is no {kind} {name}"))
        .hint(hint)
        .about(name)
}
