//! Flow monitors, the counters of their caches, and what clears them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::unsampled;
use crate::word::words;

words! {
    /// What a cache does with flows.
    pub enum CacheType "type" {
        /// Flows end by timeout.
        Normal = "normal",
        /// Each packet is a flow of its own.
        Immediate = "immediate",
        /// Flows never end, and are exported periodically.
        Permanent = "permanent",
    }

    /// Whether a monitor has a cache.
    pub enum MonitorStatus "status" {
        /// An interface uses the monitor.
        Allocated = "allocated",
        /// No interface uses the monitor.
        NotAllocated = "not allocated",
    }

    /// What of a monitor to clear.
    pub enum ClearTarget "target" {
        /// The flows of the cache; they are discarded.
        Cache = "cache",
        /// The counters.
        Statistics = "statistics",
        /// The flows of the cache; they end and are exported.
        ForceExport = "force-export",
    }
}

/// Flow monitors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Monitors {
    /// The monitors, by name.
    pub monitors: Vec<Monitor>,
}

/// A flow monitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Monitor {
    /// The monitor's name.
    pub name: String,
    /// The configured description.
    pub description: String,
    /// The record's name.
    pub record: String,
    /// The names of the exporters.
    pub exporters: Vec<String>,
    /// Whether it has a cache.
    pub status: MonitorStatus,
    /// The sampler before it chooses one packet out of so many, 1 without a sampler; null where its interfaces have
    /// different samplers.
    #[serde(default = "unsampled")]
    pub sampling_rate: Option<u32>,
    /// The cache.
    pub cache: Cache,
}

/// A monitor's cache over all its capture threads; timeouts are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cache {
    /// What it does with flows.
    #[serde(rename = "type")]
    pub cache_type: CacheType,
    /// Whether both directions of a conversation are one flow (RFC 5103).
    pub bidirectional: bool,
    /// The most flows it can hold.
    pub size: u64,
    /// Its parts: each capture thread has one, and all are of one size.
    #[serde(default)]
    pub parts: u64,
    /// Octets of memory when it is full.
    pub octets: u64,
    /// Flows that are in it.
    pub entries: u64,
    /// The most flows that were in it.
    pub high_watermark: u64,
    /// Flows that were added.
    pub added: u64,
    /// Flows that ended.
    pub aged_total: u64,
    /// Flows that ended, by reason.
    pub aged: Aged,
    /// Packet statistics; null where none are kept.
    pub statistics: Option<PacketStatistics>,
    /// Records that a permanent cache exported of flows that go on.
    pub updates: u64,
    /// How often a permanent cache exports a flow; null for other types.
    pub update_timeout: Option<u64>,
    /// The longest that a flow stays in the cache.
    pub active_timeout: u64,
    /// The longest that a flow stays in the cache without a packet.
    pub inactive_timeout: u64,
    /// The timeouts by protocol.
    pub timeouts: Timeouts,
}

/// Flows that ended, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Aged {
    /// The active timeout.
    pub active: u64,
    /// The inactive timeout.
    pub inactive: u64,
    /// Something in the packets, such as TCP FIN.
    pub event: u64,
    /// The cache was nearly full.
    pub watermark: u64,
    /// The cache was full.
    pub emergency: u64,
    /// An operator's command or a commit.
    pub forced: u64,
}

/// Timeouts by protocol, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Timeouts {
    /// TCP without FIN and RST.
    pub tcp_generic: u64,
    /// TCP after FIN.
    pub tcp_fin: u64,
    /// TCP after RST.
    pub tcp_rst: u64,
    /// UDP.
    pub udp: u64,
    /// ICMP.
    pub icmp: u64,
    /// Everything else.
    pub flow_generic: u64,
    /// How often the cache looks for flows that ended.
    pub expiry_interval: u64,
}

/// Packets by size and by protocol (`statistics packet`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PacketStatistics {
    /// Seconds since counting began.
    pub seconds: f64,
    /// Packets by size; null where that is not counted.
    pub sizes: Option<Vec<SizeClass>>,
    /// Packets by protocol; null where that is not counted.
    pub protocols: Option<Vec<ProtocolTally>>,
}

/// Packets of a class of sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SizeClass {
    /// The largest size of the class in octets; null for the class of all larger ones.
    pub largest: Option<u64>,
    /// The number of packets.
    pub packets: u64,
}

/// Packets of a protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProtocolTally {
    /// The protocol's name.
    pub name: String,
    /// The number of flows.
    pub flows: u64,
    /// The number of packets.
    pub packets: u64,
    /// The octets of their IP datagrams.
    pub octets: u64,
}

/// Clears something of a monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clear {
    /// What to clear.
    pub what: ClearTarget,
}

/// What was cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cleared {
    /// The number of flows that ended.
    pub flows: u64,
    /// The packets that these flows had counted since they were last exported.
    #[serde(default)]
    pub packets: u64,
    /// The octets of these packets' IP datagrams.
    #[serde(default)]
    pub octets: u64,
}
