//! `flow sampler`.

use language::Tree;
use language::schema::default_word;
use meter::Mode;

use super::{number, word};

/// A sampler: one out of `rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerSettings {
    /// How the one is chosen.
    pub mode: Mode,
    /// Out of how many.
    pub rate: u32,
}

impl SamplerSettings {
    /// `node` is that of `flow sampler NAME`; none: it has no rate, which a check refuses.
    pub(super) fn from_node(node: &Tree) -> Option<SamplerSettings> {
        Some(SamplerSettings {
            mode: match word(
                node,
                &["mode"],
                const { default_word("flow sampler * mode") },
            ) {
                "deterministic" => Mode::Deterministic,
                _ => Mode::Random,
            },
            rate: number(node, &["rate"])?,
        })
    }
}
