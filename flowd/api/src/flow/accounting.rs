//! The flow-accounting table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Flow;
use crate::value::unsampled;

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
    /// The sampler before it chooses one packet out of so many; 1 without a sampler.
    #[serde(default = "unsampled")]
    pub sampling_rate: Option<u32>,
    /// Whether numbers are estimates: those of the sampled packets, times the sampling rate.
    #[serde(default)]
    pub scaled: bool,
    /// The number of flows that were asked for, shown or not.
    pub entries: u64,
    /// The number of flows, again: VyOS has both.
    pub total_flows: u64,
    /// The packets of all these flows.
    pub total_packets: u64,
    /// The octets of all these flows.
    pub total_octets: u64,
    /// The largest of them.
    pub flows: Vec<Flow>,
}
