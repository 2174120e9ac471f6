//! The flow-accounting table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Flow;

/// The flow-accounting table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accounting {
    /// The table's part of each interface.
    pub interfaces: Vec<AccountedInterface>,
}

/// The flow-accounting table's part of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountedInterface {
    /// The interface's name.
    pub interface: String,
    /// The number of flows.
    pub entries: u64,
    /// The number of flows, again: VyOS has both.
    pub total_flows: u64,
    /// The packets of these flows.
    pub total_packets: u64,
    /// The octets of these flows.
    pub total_octets: u64,
    /// The flows.
    pub flows: Vec<Flow>,
}
