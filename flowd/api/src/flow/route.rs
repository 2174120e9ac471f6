//! State of the host's routing tables, and which way a flow takes.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::Direction;
use crate::value::nullable;
use crate::word::words;

words! {
    /// What a route does with a packet.
    pub enum RouteKind "kind of route" {
        /// It is forwarded.
        Forward = "forward",
        /// This host takes it.
        Local = "local",
        /// It is discarded.
        Discard = "discard",
        /// No route is there for it.
        None = "none",
    }
}

/// State of the host's routing tables. All members but `wanted` are missing while no record has a field that needs
/// routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Routes {
    /// Whether a record in use has a field that needs routes.
    pub wanted: bool,
    /// IPv4 prefixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4_prefixes: Option<u64>,
    /// IPv6 prefixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_prefixes: Option<u64>,
    /// Changes that the kernel told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<u64>,
    /// Tables that were handed to the capture threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<u64>,
    /// Times that everything was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<u64>,
    /// Seconds since everything was read last; null before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<u64>", extend("x-nullable" = true))]
    pub seconds_since_reading: Option<Option<u64>>,
    /// How long reading everything took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading_microseconds: Option<u64>,
    /// Times that the kernel had more changes than the socket's buffer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruns: Option<u64>,
    /// Messages of the kernel that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_messages: Option<u64>,
    /// Routes that are not looked at: for one type of service or one IPv6 source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out_routes: Option<u64>,
    /// Rules with conditions that are not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_rules: Option<u64>,
    /// Why the routes cannot be read; null while they can.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<String>", extend("x-nullable" = true))]
    pub error: Option<Option<String>>,
}

/// Which way a flow takes: in, out, and the monitors and exporters on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowPath {
    /// The source address.
    #[schemars(with = "String")]
    pub source: IpAddr,
    /// The destination address.
    #[schemars(with = "String")]
    pub destination: IpAddr,
    /// The IP protocol.
    pub protocol: u8,
    /// The source port.
    pub source_port: u16,
    /// The destination port.
    pub destination_port: u16,
    /// The interface where it comes in; null where the host itself sends it.
    pub input: Option<String>,
    /// Whether that interface is where the route to the source leads, not one that was asked for.
    pub input_assumed: bool,
    /// The route.
    pub route: FlowRoute,
    /// The monitors that meter it.
    pub monitors: Vec<PathMonitor>,
}

/// The route of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowRoute {
    /// What it does with a packet.
    pub kind: RouteKind,
    /// The prefix; null where there is no route.
    pub prefix: Option<String>,
    /// The interface where packets go out.
    pub output: Option<String>,
    /// The next hop; null where the destination is on the link.
    #[schemars(with = "Option<String>")]
    pub next_hop: Option<IpAddr>,
}

/// A monitor that meters a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathMonitor {
    /// The monitor's name.
    pub monitor: String,
    /// The interface where it does.
    pub interface: String,
    /// Whether it sees the packets coming in or going out.
    pub direction: Direction,
    /// The record's name.
    pub record: String,
    /// The sampler before it.
    pub sampler: Option<PathSampler>,
    /// The capture filter of the interface.
    pub filter: Option<String>,
    /// The exporters it exports to.
    pub exporters: Vec<PathExporter>,
}

/// The sampler before a monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathSampler {
    /// The sampler's name.
    pub name: String,
    /// It chooses one packet out of so many.
    pub rate: u32,
}

/// An exporter behind a monitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathExporter {
    /// The exporter's name.
    pub name: String,
    /// The export format's full name, such as `NetFlow Version 9`.
    pub protocol: String,
    /// The collector's address or host name.
    pub destination: String,
    /// The collector's UDP port.
    pub port: u16,
    /// Whether the format can carry the flow: NetFlow v5 knows no IPv6.
    pub carries: bool,
}
