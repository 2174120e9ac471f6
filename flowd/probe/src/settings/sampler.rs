//! `flow sampler`.

use language::Tree;
use meter::Mode;

use super::number;

/// A sampler: one out of `rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerSettings {
    /// How the one is chosen.
    pub mode: Mode,
    /// Out of how many.
    pub rate: u32,
}

impl SamplerSettings {
    /// `node` is that of `flow sampler NAME`.
    pub(super) fn from_node(node: &Tree) -> SamplerSettings {
        SamplerSettings {
            mode: match node.value(&["mode"]) {
                Some("deterministic") => Mode::Deterministic,
                _ => Mode::Random,
            },
            rate: number(node, &["rate"]).unwrap_or(1),
        }
    }
}
