//! What the configuration says about the engine itself.

use language::Tree;
use language::schema::default_usize;

/// `system config-management commit-revisions` when the configuration does not say.
const COMMIT_REVISIONS: usize = default_usize("system config-management commit-revisions");

/// How many revisions a configuration wants kept.
pub(crate) fn revisions_to_keep(tree: &Tree) -> usize {
    tree.value(&["system", "config-management", "commit-revisions"])
        .and_then(|number| number.parse().ok())
        .unwrap_or(COMMIT_REVISIONS)
}
