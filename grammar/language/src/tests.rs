//! Tests of the whole crate.

mod generate;
mod golden;
mod ios;
mod modes;
#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;
mod refused;
mod round;
mod routers;
mod speed;

use crate::{Dialect, Mode, Problem, Tree, load};

const DIALECTS: [Dialect; 4] = [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json];

/// Loads a text into nothing, the dialect detected.
fn fresh(text: &str) -> Result<Tree, Vec<Problem>> {
    load(&Tree::default(), &[], text, None, Mode::Merge)
}

/// Loads a text that must be right.
#[track_caller]
fn right(text: &str) -> Tree {
    fresh(text).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
        panic!("{text}\n{}", problems.join("\n"))
    })
}

/// Merges a text that must be right into a tree.
#[track_caller]
fn merged(base: &Tree, text: &str) -> Tree {
    load(base, &[], text, None, Mode::Merge)
        .unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}
