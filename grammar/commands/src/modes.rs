//! The commands and statements of every mode as trees of words.

use std::sync::LazyLock;

use language::Submode;

use super::ios;
use super::table::{CONFIGURATION, ELSEWHERE, OPERATIONAL};
use super::trie::Trie;

/// The trees of all modes.
pub(crate) struct Tries {
    /// The commands of operational mode.
    pub(crate) operational: Trie,
    /// The commands of configuration mode.
    pub(crate) configuration: Trie,
    ios: [Trie; Submode::ALL.len()],
}

impl Tries {
    /// Returns the IOS statements of a submode.
    pub(crate) fn ios(&self, submode: Submode) -> &Trie {
        &self.ios[submode as usize]
    }
}

/// Returns the trees, which are made on first use.
pub(crate) fn tries() -> &'static Tries {
    static TRIES: LazyLock<Tries> = LazyLock::new(|| Tries {
        operational: Trie::new(OPERATIONAL, ELSEWHERE),
        configuration: Trie::new(CONFIGURATION, ELSEWHERE),
        ios: Submode::ALL.map(|submode| Trie::new(&ios::rows(submode), &[])),
    });
    &TRIES
}
