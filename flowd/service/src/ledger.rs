//! A service's part of the loss ledger (`show flow loss`).

use serde_json::{Map, Value};

/// One service's part of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// Lists of accounts by the name of what they are about: `monitors`, `exporters`, `samplicators`.
    pub accounts: Map<String, Value>,
    /// Whether each account adds up, computed from its numbers.
    pub balanced: bool,
}

impl Default for Ledger {
    /// The ledger of a service that carries no packets, records or datagrams.
    fn default() -> Self {
        Ledger {
            accounts: Map::new(),
            balanced: true,
        }
    }
}
