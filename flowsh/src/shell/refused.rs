//! Refusals of the daemon as failures at their places.

use api::Refusal;

use crate::client::Error;
use crate::trouble::{Failure, Trouble, with_hint};

/// Turns refusals of a text of several lines into failures that show the wrong lines, with `origin` and their numbers.
pub(super) fn in_text(error: Error, text: &str, origin: &str, before: u32) -> Failure {
    let Error::Refused(refusals) = error else {
        return error.into();
    };
    let trouble = |refusal: Refusal| {
        let at = refusal.line.zip(refusal.column);
        let length = refusal.length.unwrap_or(1) as usize;
        let Some((at, column)) = at else {
            return refusal.into();
        };
        let wrong = text.lines().nth(at.saturating_sub(1) as usize);
        Trouble {
            origin: Some(format!("{origin}{}:{column}", at + before)),
            place: wrong.map(|line| {
                let start = column.saturating_sub(1) as usize;
                (line.to_owned(), start, length)
            }),
            ..at_its_place(refusal)
        }
    };
    Failure::Wrong(refusals.into_iter().map(trouble).collect())
}

/// Turns a refusal into a failure whose place the caller adds.
pub(super) fn at_its_place(refusal: Refusal) -> Trouble {
    Trouble {
        message: with_hint(&refusal.message, refusal.hint.as_deref()),
        path: refusal.path.unwrap_or_default(),
        code: Some(refusal.code),
        ..Trouble::default()
    }
}
