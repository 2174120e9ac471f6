//! Settings of `flow sampler`.

use language::Tree;
use language::schema::default_word;
use meter::Mode;

use super::{number, word};

/// The settings of a sampler, which selects one packet out of `rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerSettings {
    /// How the packet is selected.
    pub mode: Mode,
    /// The number of packets out of which one is selected.
    pub rate: u32,
}

impl SamplerSettings {
    /// Reads the subtree of `flow sampler NAME`. Returns `None` without a rate, which the schema's check reports.
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
