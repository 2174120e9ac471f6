//! The lines that were typed in this session: `show history`.

use std::collections::VecDeque;

use commands::split;
use language::{MASK, schema};
use serde::Serialize;

use crate::json::JsonText;
use crate::output::Answer;

/// The most lines that are kept.
const MOST: usize = 1000;

/// Words of this and of other systems behind which a secret stands.
const SECRETS: &[&str] = &[
    "community",
    "key",
    "key-string",
    "passwd",
    "pre-shared-key",
    "pre-shared-secret",
    "secret",
];

/// The lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<String>);

/// The lines as JSON.
#[derive(Serialize)]
struct Lines<'a> {
    lines: &'a VecDeque<String>,
}

impl History {
    /// Adds a line that was typed at an edit level, unless it is empty or the last one was the same.
    pub(super) fn add(&mut self, line: &str, level: &[String]) {
        let line = masked(line.trim(), level);
        if line.is_empty() || self.0.back() == Some(&line) {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    /// Returns the output of `show history`.
    pub(super) fn answer(&self) -> Answer {
        let text = self.0.iter().flat_map(|line| [line, "\n"]).collect();
        Answer::screen(text, JsonText::of(&Lines { lines: &self.0 }))
    }
}

/// Returns a line that was typed at an edit level as everybody may see it: without passwords, and without what stands behind them.
pub(super) fn masked(line: &str, level: &[String]) -> String {
    let words = split(line);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    // Behind `set` and the like; at the level; a whole path, which an IOS line may be.
    let readings = [(level, 1), (level, 0), (&[], 0)];
    let secrets = readings.into_iter().filter_map(|(level, skipped)| {
        let path = texts.get(skipped..)?;
        Some(schema::secret_at(level, path)? + skipped)
    });
    let named = texts.iter().position(|word| {
        let word = word.to_ascii_lowercase();
        word.contains("password") || SECRETS.contains(&word.as_str())
    });
    let first = secrets.chain(named.map(|at| at + 1)).min();
    let (shown, mask) = match first.and_then(|first| words.get(first)) {
        Some(word) => (line.chars().take(word.start).collect(), MASK),
        None => (line.to_owned(), ""),
    };
    let urls = shown.split(' ').map(|word| {
        let masked = schema::masked_url(word);
        masked.unwrap_or_else(|| word.to_owned())
    });
    urls.collect::<Vec<_>>().join(" ") + mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_kept() {
        let level = "system login user ann"
            .split(' ')
            .map(str::to_owned)
            .collect::<Vec<_>>();
        for (line, level, shown) in [
            (
                "set system login user ann authentication plaintext-password \"a b\"",
                &[][..],
                "set system login user ann authentication plaintext-password ********",
            ),
            (
                "se sys log us ann auth pl geheim",
                &[],
                "se sys log us ann auth pl ********",
            ),
            (
                "system login user ann authentication encrypted $6$x$y",
                &[],
                "system login user ann authentication encrypted ********",
            ),
            (
                "set auth plain geheim | x",
                &level,
                "set auth plain ********",
            ),
            ("auth plain geheim", &level, "auth plain ********"),
            (
                "username ann secret 5 $1$x",
                &[],
                "username ann secret ********",
            ),
            (
                "snmp-server community public RO",
                &[],
                "snmp-server community ********",
            ),
            (
                "load sftp://ann:a:b@192.0.2.1/x  y",
                &[],
                "load sftp://ann:********@192.0.2.1/x  y",
            ),
            (
                "set flow exporter E destination 192.0.2.1",
                &level,
                "set flow exporter E destination 192.0.2.1",
            ),
            (
                "show configuration secrets",
                &[],
                "show configuration secrets",
            ),
            ("set auth plain", &level, "set auth plain"),
        ] {
            assert_eq!(masked(line, level), shown);
        }
    }

    #[test]
    fn lines_are_kept_once_and_only_so_many() {
        let mut history = History::default();
        for line in ["a", " a ", "", "b", "a"] {
            history.add(line, &[]);
        }
        assert_eq!(history.answer().text, "a\nb\na\n");
        (0..2 * MOST).for_each(|n| history.add(&n.to_string(), &[]));
        assert_eq!(history.0.len(), MOST);
    }
}
