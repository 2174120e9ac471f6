//! How fast flows are: what was counted since a reading before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Flow;
use crate::word::words;

words! {
    /// Which flows come first.
    pub enum RateOrder "order" {
        /// Those with most bits a second.
        Bits = "bits",
        /// Those with most packets a second.
        Packets = "packets",
        /// Those with most octets altogether.
        Total = "total",
    }
}

/// Packets and octets, and how many of them a second since the reading before; null where there was none, or a moment ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rate {
    /// The number of packets.
    pub packets: u64,
    /// The octets of their IP datagrams.
    pub octets: u64,
    /// Packets a second.
    pub packets_per_second: Option<f64>,
    /// Octets a second.
    pub octets_per_second: Option<f64>,
}

/// A flow and how fast it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowRate {
    /// The flow.
    pub flow: Flow,
    /// What it counted.
    pub rate: Rate,
}

/// How fast the flows of flow-accounting are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountingRates {
    /// The interfaces that flow-accounting meters.
    pub interfaces: Vec<InterfaceRate>,
    /// The flows, in the order that was asked for.
    pub flows: Vec<FlowRate>,
    /// What `after` takes, so that the next rates are since this reading.
    pub next: String,
}

/// An interface that flow-accounting meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InterfaceRate {
    /// The interface's name.
    pub interface: String,
    /// The number of flows in its table.
    pub flows: u64,
    /// What was metered on it.
    pub rate: Rate,
}
