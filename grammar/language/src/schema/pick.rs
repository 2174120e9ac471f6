//! Finding a word among those that are possible, and saying which are.

use crate::near::near;

/// What a word picks among others.
pub(crate) enum Pick {
    /// The word, or the only one that it is the beginning of.
    One(&'static str),
    /// Nothing.
    None,
    /// It is the beginning of all of these.
    Many(Vec<&'static str>),
}

/// Finds `word` in `words`, or the only one it is the beginning of.
pub(crate) fn pick(
    word: &str,
    words: impl Iterator<Item = &'static str> + Clone,
    abbreviate: bool,
) -> Pick {
    if let Some(exact) = words.clone().find(|candidate| *candidate == word) {
        return Pick::One(exact);
    }
    if !abbreviate || word.is_empty() {
        return Pick::None;
    }
    let many: Vec<&str> = words
        .filter(|candidate| candidate.starts_with(word))
        .collect();
    match many[..] {
        [] => Pick::None,
        [one] => Pick::One(one),
        _ => Pick::Many(many),
    }
}

/// The word nearest to a wrong one, or all that are possible.
pub(crate) fn suggest(word: &str, words: impl Iterator<Item = &'static str> + Clone) -> String {
    match near(word, words.clone()) {
        Some(near) => format!("did you mean {near}?"),
        None => list("possible", words),
    }
}

/// `title: a, b, c`; a long list ends in an ellipsis.
pub(crate) fn list(title: &str, words: impl IntoIterator<Item = &'static str>) -> String {
    const MOST: usize = 24;
    let words: Vec<&str> = words.into_iter().collect();
    match words.len() {
        0 => "the command ends here".to_owned(),
        1..=MOST => format!("{title}: {}", words.join(", ")),
        _ => format!("{title}: {}, …", words[..MOST].join(", ")),
    }
}
