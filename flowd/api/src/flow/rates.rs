//! How fast flows are: what was counted since a reading before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::{Field, Flow};
use crate::value::unsampled;
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

    /// What makes flows the largest.
    pub enum TopMeasure "measure" {
        /// Their octets.
        Bytes = "bytes",
        /// Their packets.
        Packets = "packets",
        /// Their number.
        Flows = "flows",
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
    /// The sampler before it chooses one packet out of so many; numbers and rates are estimates where that is not 1.
    #[serde(default = "unsampled")]
    pub sampling_rate: Option<u32>,
    /// The number of flows in its table.
    pub flows: u64,
    /// What was metered on it.
    pub rate: Rate,
}

/// The largest flows in a monitor's cache. Flows that agree in addresses, protocol and ports are one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonitorTop {
    /// The monitor's name.
    pub monitor: String,
    /// The sampler before it chooses one packet out of so many, 1 without a sampler; null where its interfaces have
    /// different samplers.
    #[serde(default = "unsampled")]
    pub sampling_rate: Option<u32>,
    /// Whether numbers are estimates: those of the sampled packets, times the sampling rate.
    pub scaled: bool,
    /// What is compared.
    pub by: TopMeasure,
    /// The fields in which the flows of a row agree.
    pub fields: Vec<Field>,
    /// The flows in the cache, shown or not.
    pub flows: u64,
    /// What all flows in the cache counted.
    pub total: Rate,
    /// The rows, the largest first.
    pub rows: Vec<TopRow>,
    /// What `after` takes, so that the next rates are since this reading.
    pub next: String,
}

/// Flows of a monitor that agree in what they are put together by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopRow {
    /// The values in which they agree.
    pub key: Flow,
    /// The number of flows.
    pub flows: u64,
    /// What they counted.
    pub rate: Rate,
    /// Their share of all flows, packets or octets, whichever is compared, from 0 to 1.
    pub share: f64,
}
