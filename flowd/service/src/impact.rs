//! What a commit does to what runs, told before it is done: made of the same plan that is carried out.

use std::collections::BTreeMap;

use serde::Serialize;

/// One thing that becomes of something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impact {
    /// What it is: `exporter`, `template`, `ring`, `cache`, `listener`, `receiver` or `memory`.
    pub kind: &'static str,
    /// What becomes of it: `open`, `reopen`, `close`, `restart`, `keep`, `rebuild`, `make`, `drop`, `send`, `withdraw`,
    /// `expect`.
    pub action: &'static str,
    /// Where it is configured.
    pub path: Vec<String>,
    /// The same in words.
    pub text: String,
    /// `sockets`, `flows`, `template`, `fields`, `octets`, `octets_before`.
    #[serde(flatten)]
    pub numbers: BTreeMap<&'static str, u64>,
}

impl Impact {
    /// Without numbers.
    pub fn new(
        kind: &'static str,
        action: &'static str,
        path: &[&str],
        text: impl Into<String>,
    ) -> Impact {
        Impact {
            kind,
            action,
            path: path.iter().map(|word| (*word).to_owned()).collect(),
            text: text.into(),
            numbers: BTreeMap::new(),
        }
    }

    /// With a number.
    pub fn with(mut self, name: &'static str, number: u64) -> Impact {
        self.numbers.insert(name, number);
        self
    }
}
