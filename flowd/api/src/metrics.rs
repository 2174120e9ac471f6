//! The metrics service: where Prometheus can ask.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of `service metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// Where it listens; empty while it is not configured.
    pub listeners: Vec<MetricsListener>,
    /// Prefixes whose hosts may ask; empty where every host may.
    pub allow: Vec<String>,
    /// Answers with metrics.
    pub scrapes: u64,
    /// Connections of hosts that may not ask.
    pub denied: u64,
}

/// A listening address and port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetricsListener {
    /// The address.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// The TCP port.
    pub port: u16,
    /// Why nobody can ask there yet; null while it is possible. It is tried again.
    pub down: Option<String>,
}

crate::route::routes! {
    /// The state of `service metrics`.
    METRICS: Get<Nothing, Metrics> = Get "/v1/service/metrics";
}
