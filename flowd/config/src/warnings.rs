//! Warnings about nodes that are accepted but have no effect on this host, so that nothing is silently ignored. The
//! language's tables [`language::schema::UNAPPLIED`] and [`BY_CACHE_TYPE`] name them.

use std::sync::Arc;

use language::Tree;
use language::schema::{BY_CACHE_TYPE, default_word};
use language::tree::unlike;

use service::named::Before;

/// A node that has no effect on this host, with its warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unapplied {
    path: Vec<String>,
    /// The warning that the operator reads.
    pub text: String,
}

/// The depth at which two trees are compared, in words (`flow monitor NAME`): for a node that they share down to here,
/// warnings are taken over.
const SHARED_DEPTH: usize = 3;

/// Returns the warnings about a tree. Those about nodes that it shares with `before` are taken over from there.
pub(crate) fn of(tree: &Tree, before: Option<Before<'_, Vec<Unapplied>>>) -> Vec<Unapplied> {
    let old = before.map(|before| before.tree);
    let had = before.map_or(&[][..], |before| before.settings.as_slice());
    let kept = had
        .iter()
        .filter(|line| old.is_some_and(|old| same(old, tree, &line.path)));
    let mut lines: Vec<Unapplied> = kept.cloned().collect();
    let mut warn = |path: Vec<String>, why: &str| {
        let text = format!("{} is not applied: {why}", path.join(" "));
        lines.push(Unapplied { path, text });
    };
    for finding in language::unapplied_from(old, tree, SHARED_DEPTH) {
        warn(finding.path, &finding.message);
    }
    let monitors = |tree: Option<&Tree>| match tree.and_then(|tree| tree.get(&["flow", "monitor"]))
    {
        Some(Tree::Branch(monitors)) => Arc::clone(monitors),
        _ => Arc::default(),
    };
    let (was, is) = (monitors(old), monitors(Some(tree)));
    let changed = unlike(&was, &is).filter_map(|(name, _, monitor)| Some((name, monitor?)));
    for (name, monitor) in changed.filter(|_| !Arc::ptr_eq(&was, &is)) {
        let kind = monitor
            .value(&["cache", "type"])
            .unwrap_or(const { default_word("flow monitor * cache type") });
        for (path, kinds, why) in BY_CACHE_TYPE {
            let words: Vec<&str> = path.split(' ').collect();
            if monitor.has(&words) && !kinds.contains(&kind) {
                let path = ["flow", "monitor", name].into_iter().chain(words);
                warn(path.map(str::to_owned).collect(), why);
            }
        }
    }
    lines
}

/// Returns the warnings about nodes of a tree that have no effect on this host, a line each.
pub fn unapplied(tree: &Tree) -> Vec<String> {
    of(tree, None).into_iter().map(|line| line.text).collect()
}

/// Whether two trees share the node at `path` or one above it, down to [`SHARED_DEPTH`].
fn same(one: &Tree, other: &Tree, path: &[String]) -> bool {
    let (mut one, mut other) = (one, other);
    for word in path.iter().take(SHARED_DEPTH) {
        if one.is(other) {
            return true;
        }
        let word = [word.as_str()];
        match (one.get(&word), other.get(&word)) {
            (Some(a), Some(b)) => (one, other) = (a, b),
            _ => return false,
        }
    }
    one.is(other)
}

#[cfg(test)]
mod tests {
    use language::{Dialect, Mode, Tree};
    use service::Before;

    fn load(base: &Tree, text: &str) -> Option<Tree> {
        language::load(base, &[], text, Some(Dialect::Set), Mode::Merge).ok()
    }

    #[test]
    fn lines_are_taken_over_and_made_anew_as_the_tree_changes() {
        let old = load(
            &Tree::default(),
            "set flow monitor M record netflow-original
set flow monitor M cache timeout update 9
set flow monitor N record netflow-original
set flow monitor N cache timeout update 9
set flow exporter E destination 192.0.2.1
set flow exporter E ttl 3",
        )
        .unwrap();
        let had = super::of(&old, None);
        assert_eq!(had.len(), 2, "{had:?}");
        for change in [
            "set flow monitor M cache type permanent",
            "set flow monitor M description x",
            "delete flow monitor M",
            "set flow monitor O record netflow-original\nset flow monitor O cache timeout update 9",
            "set flow exporter E ttl 4",
            "delete flow",
        ] {
            let tree = load(&old, change).unwrap();
            let before = Before {
                tree: &old,
                settings: &had,
            };
            let sorted = |mut lines: Vec<super::Unapplied>| {
                lines.sort_by(|a, b| a.text.cmp(&b.text));
                lines
            };
            let lines = sorted(super::of(&tree, Some(before)));
            assert_eq!(lines, sorted(super::of(&tree, None)), "{change}");
        }
    }
}
