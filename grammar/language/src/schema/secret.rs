//! Values that are not for every eye: how they are masked, and what a masked one means that is read back.
//!
//! A masked value stands for the one that is configured: a configuration that was shown can be loaded again, and
//! keeps the secrets. Where nothing is configured for it to stand for, it is refused.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::{TABLE, Type, lookup};
use crate::Tree;
use crate::walk::walk;

/// What is shown in place of a secret.
pub const MASK: &str = "********";
/// What a comparison shows of a secret that another one replaces.
const REPLACED: &str = "******** (another one)";

/// The paths of rows that may have a secret.
static ROWS: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let rows = TABLE.iter().filter(|row| row.value.is_secret());
    rows.map(|row| row.path.split(' ').collect()).collect()
});

impl Type {
    /// Whether values may be secret, or have something secret in them.
    pub fn is_secret(self) -> bool {
        matches!(self, Type::Password | Type::PasswordHash | Type::Location)
    }

    /// The value as everybody may see it; `None`: as it is.
    pub(crate) fn masked(self, value: &str) -> Option<String> {
        match self {
            Type::Password | Type::PasswordHash => Some(MASK.to_owned()),
            Type::Location => masked_url(value),
            _ => None,
        }
    }
}

/// A URL as everybody may see it; `None` for one without a password.
pub fn masked_url(url: &str) -> Option<String> {
    let (start, end) = url_password(url)?;
    Some(format!("{}{MASK}{}", &url[..start], &url[end..]))
}

/// Where the password of a URL stands in it: `scheme://user:PASSWORD@host/…`.
pub(super) fn url_password(url: &str) -> Option<(usize, usize)> {
    let authority = url.find("://")? + 3;
    let end = url[authority..]
        .find('/')
        .map_or(url.len(), |at| authority + at);
    let user = url[authority..end].rfind('@').map(|at| authority + at)?;
    let start = url[authority..user]
        .find(':')
        .map(|at| authority + at + 1)?;
    Some((start, user))
}

/// Calls `visit` for each leaf that has something secret.
fn secrets(tree: &Tree, mut visit: impl FnMut(&[String], Type, &[String])) {
    for row in ROWS.iter() {
        walk(tree, row, &mut Vec::new(), &mut |path, node| {
            let place = lookup(path.iter().map(String::as_str));
            if let (Some(place), Tree::Leaf(values)) = (place, node) {
                let kind = place.node().row.value;
                if values.iter().any(|value| kind.masked(value).is_some()) {
                    visit(path, kind, values);
                }
            }
        });
    }
}

/// The leaves with secrets, each with its values.
pub(crate) fn known(tree: &Tree) -> Vec<(Vec<String>, Vec<String>)> {
    let mut known = Vec::new();
    secrets(tree, |path, _, values| {
        known.push((path.to_vec(), values.to_vec()))
    });
    known
}

/// A leaf's values as everybody may see them. Those that look alike are numbered, so that each stands for one.
pub fn masked_values(kind: Type, values: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        let Some(masked) = kind.masked(value) else {
            shown.push(value.clone());
            continue;
        };
        let numbered = (2..).map(|number| masked.replacen(MASK, &format!("{MASK}{number}"), 1));
        let own = std::iter::once(masked.clone())
            .chain(numbered)
            .find(|text| !shown.contains(text));
        shown.extend(own);
    }
    shown
}

/// The tree as everybody may see it.
pub fn masked(tree: &Tree) -> Cow<'_, Tree> {
    let mut shown = Cow::Borrowed(tree);
    secrets(tree, |path, kind, values| {
        let leaf = shown.to_mut().make(path, Tree::default);
        *leaf = Tree::Leaf(masked_values(kind, values));
    });
    shown
}

/// Two trees as everybody may see them, to be compared: where a secret differs, what is shown differs.
pub fn masked_both<'a>(old: &'a Tree, new: &'a Tree) -> (Cow<'a, Tree>, Cow<'a, Tree>) {
    let mut changed = Vec::new();
    secrets(new, |path, kind, values| {
        if let Some(Tree::Leaf(before)) = old.at(path)
            && before != values
            && masked_values(kind, before) == masked_values(kind, values)
        {
            changed.push((path.to_vec(), kind, values.len()));
        }
    });
    let mut shown = masked(new);
    for (path, kind, _) in changed {
        if let Tree::Leaf(values) = shown.to_mut().make(&path, Tree::default) {
            for value in values {
                let replaced = value.replacen(MASK, REPLACED, 1);
                *value = match kind {
                    Type::Location => value.replacen(MASK, "(another one)", 1),
                    _ => replaced,
                };
            }
        }
    }
    (masked(old), shown)
}

/// Whether a leaf at `path` has secret values.
pub fn is_secret<'a>(path: impl IntoIterator<Item = &'a str>) -> bool {
    lookup(path).is_some_and(|place| place.node().row.value.is_secret())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Mode, load, render};

    const HASH: &str = "$6$saltsalt$abcdefghijklmnopqrstuv";

    fn tree(text: &str) -> Tree {
        load(&Tree::default(), &[], text, Some(Dialect::Set), Mode::Merge).unwrap()
    }

    fn sample() -> Tree {
        tree(&format!(
            "set system login user ann authentication encrypted-password \"{HASH}\"\n\
             set system login user ann level operator\n\
             set system config-management commit-archive location sftp://ann:open@192.0.2.1/a\n\
             set system config-management commit-archive location sftp://ann:opener@192.0.2.1/a\n\
             set system config-management commit-archive location /var/archive\n"
        ))
    }

    #[test]
    fn no_dialect_shows_a_secret_and_what_it_shows_is_read_back_as_it_was() {
        let whole = sample();
        for dialect in [Dialect::Curly, Dialect::Set, Dialect::Ios, Dialect::Json] {
            let text = render(&masked(&whole), dialect);
            assert!(text.contains(MASK) && text.contains("operator"), "{text}");
            assert!(!text.contains("salt") && !text.contains("open"), "{text}");
            assert!(text.contains("sftp://ann:********@192.0.2.1/a"), "{text}");
            for mode in [Mode::Merge, Mode::Replace, Mode::Override] {
                let read = load(&whole, &[], &text, Some(dialect), mode);
                assert_eq!(read.as_ref(), Ok(&whole), "{dialect:?} {mode:?}\n{text}");
            }
            let problems = load(&Tree::default(), &[], &text, Some(dialect), Mode::Merge);
            let problems = problems.unwrap_err();
            assert!(problems[0].message.contains("masked"), "{problems:?}");
        }
        let plain = tree("set system login user ann level admin");
        assert!(matches!(masked(&plain), Cow::Borrowed(_)));
    }

    #[test]
    fn a_secret_that_changes_is_seen_to_change() {
        let old = sample();
        let other = format!(
            "set system login user ann authentication encrypted-password \"{HASH}x\"\n\
             set system config-management commit-archive location sftp://ann:other@192.0.2.1/a"
        );
        let new = load(&old, &[], &other, Some(Dialect::Set), Mode::Merge).unwrap();
        let (a, b) = masked_both(&old, &new);
        let text = crate::compare(&a, &b);
        assert!(text.contains(REPLACED), "{text}");
        assert!(!text.contains("salt") && !text.contains("other@"), "{text}");
        let (a, b) = masked_both(&old, &old);
        assert_eq!(crate::compare(&a, &b), "");
    }

    #[test]
    fn a_refused_secret_is_not_repeated() {
        for (leaf, value) in [
            ("authentication encrypted-password", "geheim123"),
            ("authentication plaintext-password", ""),
        ] {
            let line = format!("set system login user ann {leaf} \"{value}\"");
            let problems = load(
                &Tree::default(),
                &[],
                &line,
                Some(Dialect::Set),
                Mode::Merge,
            )
            .unwrap_err();
            assert!(!format!("{problems:?}").contains("geheim"), "{problems:?}");
        }
    }

    #[test]
    fn the_password_of_a_url_is_found() {
        for (url, password) in [
            ("sftp://a:b@c/d", Some("b")),
            ("https://a:b:@c@d", Some("b:@c")),
            ("https://a@c/d:e@f", None),
            ("/dir/a:b@c", None),
            ("http://[::1]:80/x", None),
        ] {
            let found = url_password(url).map(|(start, end)| &url[start..end]);
            assert_eq!(found, password, "{url}");
        }
    }
}
