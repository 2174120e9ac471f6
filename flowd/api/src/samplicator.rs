//! Samplicators: listeners, receivers, sources and the templates kept for replay.
//!
//! A member `…_ns` is a moment in nanoseconds since 1970, the member `…_seconds_ago` beside it how long ago that was.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::DatagramTally;
use crate::value::ByName;
use crate::word::words;

words! {
    /// How a receiver is.
    pub enum ReceiverState "state" {
        /// Datagrams go out.
        Up = "up",
        /// Datagrams are refused or cannot be sent. They still are tried.
        Failed = "failed",
        /// The receiver's name has no address yet.
        Unresolved = "unresolved",
        /// The receiver's name resolves to the samplicator itself.
        Loop = "loop",
        /// The configuration has switched it off.
        Disabled = "disabled",
    }
}

/// Samplicators.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Samplicators {
    /// The samplicators, by name.
    pub samplicators: Vec<Samplicator>,
}

/// A samplicator: received = relayed + denied + unrouted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Samplicator {
    /// The samplicator's name.
    pub name: String,
    /// Datagrams that came in.
    pub received: DatagramTally,
    /// Datagrams that were offered to at least one receiver.
    pub relayed: DatagramTally,
    /// Datagrams from a source that a rule denies.
    pub denied: DatagramTally,
    /// Datagrams that no rule and no receiver is for.
    pub unrouted: DatagramTally,
    /// Datagrams that the kernel dropped because a receive queue was full or a checksum wrong.
    pub kernel_drops: u64,
    /// The rates of `received`.
    pub rates: Rates,
    /// The listening addresses and ports.
    pub listeners: Vec<Listener>,
    /// The receivers, in the configuration's order.
    pub receivers: Vec<Receiver>,
    /// What receivers that were removed since had been offered.
    pub retired: RetiredReceivers,
    /// The number of exporters known at the moment.
    pub sources: u64,
    /// Exporters that were forgotten to make room for others.
    pub sources_recycled: u64,
    /// What is kept for replay.
    pub templates: TemplateStore,
    /// Sockets that send under an exporter's address.
    pub spoofing_sockets: u64,
    /// Events that could not be written to the log in time.
    pub events_lost: u64,
    /// The configured description.
    pub description: Option<String>,
    /// Whether nothing is unaccounted for, overall and at every receiver.
    pub balanced: bool,
}

/// Averages a second over the last minute and the last five, with exponential weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// Datagrams a second over one minute.
    pub datagrams_1m: f64,
    /// Datagrams a second over five minutes.
    pub datagrams_5m: f64,
    /// Bits of UDP payload a second over one minute.
    pub bits_1m: f64,
    /// Bits of UDP payload a second over five minutes.
    pub bits_5m: f64,
}

/// A listening address and port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listener {
    /// The address.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// The UDP port.
    pub port: u16,
    /// The interface it is bound to.
    pub interface: Option<String>,
    /// Why nothing can be received there yet; null while it can. It is tried again.
    #[serde(default)]
    pub down: Option<String>,
    /// Sockets, each with a thread of its own.
    pub threads: u64,
    /// Datagrams that came in.
    pub received: DatagramTally,
    /// Datagrams that the kernel dropped because a receive queue was full or a checksum wrong.
    pub kernel_drops: u64,
    /// Octets of receive buffer that the kernel granted each socket.
    pub receive_buffer: u64,
}

/// A receiver: offered = sent + queued + dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receiver {
    /// The receiver's name.
    pub name: String,
    /// The address or host name as configured.
    pub destination: String,
    /// The UDP port.
    pub port: u16,
    /// The address that datagrams go to at the moment.
    #[schemars(with = "Option<String>")]
    pub address: Option<IpAddr>,
    /// Whether the exporter's address is kept.
    pub spoof_source: bool,
    /// The address of this host that copies are sent from; null while there is none, and where the exporter's is kept.
    #[schemars(with = "Option<String>")]
    #[serde(default)]
    pub source_address: Option<IpAddr>,
    /// How it is.
    pub state: ReceiverState,
    /// Why copies do not go out or arrive; null while they do.
    #[serde(default)]
    pub reason: Option<String>,
    /// Datagrams that the rules chose the receiver for.
    pub offered: DatagramTally,
    /// Datagrams that the kernel took.
    pub sent: DatagramTally,
    /// Datagrams that wait for their time.
    pub queued: DatagramTally,
    /// Datagrams that were not sent, by reason.
    pub dropped: ByName<DatagramTally>,
    /// ICMP messages that said the receiver cannot be reached, for datagrams that are counted as sent.
    pub icmp_unreachable: u64,
    /// Datagrams of templates and options made for it, beside those offered.
    pub replayed: DatagramTally,
    /// The rates of `sent`.
    pub rates: Rates,
    /// When the last datagram was sent.
    pub last_sent_ns: Option<u64>,
    /// Why the last datagram that could not be sent was not.
    pub last_failure: Option<String>,
    /// When that was.
    pub last_failure_ns: Option<u64>,
    /// The configured description.
    pub description: Option<String>,
    /// Seconds since `last_sent_ns`.
    pub last_sent_seconds_ago: Option<f64>,
    /// Seconds since `last_failure_ns`.
    pub last_failure_seconds_ago: Option<f64>,
}

/// What became of datagrams for receivers that are gone: offered = sent + queued + dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetiredReceivers {
    /// Datagrams that the rules chose the receivers for.
    pub offered: DatagramTally,
    /// Datagrams that the kernel took.
    pub sent: DatagramTally,
    /// Datagrams that wait for their time.
    pub queued: DatagramTally,
    /// Datagrams that were not sent, by reason.
    pub dropped: ByName<DatagramTally>,
}

/// What a samplicator keeps for replay, and what it had no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateStore {
    /// Observation domains.
    pub domains: u64,
    /// Templates and options templates.
    pub templates: u64,
    /// Options records.
    pub options_records: u64,
    /// Octets of all these.
    pub octets: u64,
    /// Templates and options that were not kept because a bound was reached.
    pub refused: u64,
    /// Datagrams with sets or templates that could not be read; they are relayed all the same.
    pub malformed: u64,
}

/// The receivers of a samplicator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receivers {
    /// The samplicator's name.
    pub samplicator: String,
    /// The receivers, in the configuration's order.
    pub receivers: Vec<Receiver>,
}

/// The exporters that send to a samplicator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sources {
    /// The samplicator's name.
    pub samplicator: String,
    /// The exporters.
    pub sources: Vec<Source>,
}

/// An exporter that sends to a samplicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The exporter's address.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// The exporter's UDP port.
    pub port: u16,
    /// Datagrams from it.
    pub received: DatagramTally,
    /// Datagrams that a rule denies, or that no receiver is for.
    pub not_relayed: DatagramTally,
    /// The prefix of the rule that decides; null where none does.
    pub rule: Option<String>,
    /// Observation domains that were seen.
    pub domains: u64,
    /// Templates that are kept.
    pub templates: u64,
    /// When its first datagram came.
    pub first_ns: u64,
    /// When its last datagram came.
    pub last_ns: u64,
    /// Whether nothing came for longer than an exporter is usually silent.
    pub silent: bool,
    /// Seconds since `first_ns`.
    pub first_seconds_ago: f64,
    /// Seconds since `last_ns`.
    pub last_seconds_ago: f64,
}

/// The templates that a samplicator keeps for replay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeptTemplates {
    /// The samplicator's name.
    pub samplicator: String,
    /// The templates.
    pub templates: Vec<KeptTemplate>,
}

/// A template that a samplicator keeps for replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeptTemplate {
    /// The exporter's address and port.
    pub source: String,
    /// The observation domain (IPFIX) or source identifier (NetFlow v9).
    pub domain: u32,
    /// The version of the format, 9 or 10.
    pub version: u16,
    /// The template's identifier.
    pub id: u16,
    /// Whether it describes options.
    pub options: bool,
    /// The number of its fields, scope included.
    pub fields: u64,
    /// The number of options records that are kept.
    pub records: u64,
    /// When the exporter last sent it.
    pub last_ns: u64,
    /// Seconds since `last_ns`.
    pub last_seconds_ago: f64,
}

/// Sends all templates again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The receiver they are sent to; every receiver where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
}

/// Receivers that get all templates again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replayed {
    /// The receivers' names.
    pub receivers: Vec<String>,
}

crate::route::routes! {
    /// Samplicators.
    SAMPLICATORS: Get<crate::query::SamplicatorsQuery, Samplicators> = Get "/v1/samplicators";
    /// The receivers of a samplicator.
    RECEIVERS: Get<Nothing, Receivers> = Get "/v1/samplicators/{name}/receivers";
    /// The exporters that send to a samplicator.
    SOURCES: Get<Nothing, Sources> = Get "/v1/samplicators/{name}/sources";
    /// The templates that a samplicator keeps for replay.
    TEMPLATES: Get<Nothing, KeptTemplates> = Get "/v1/samplicators/{name}/templates";
    /// Clears the counters of a samplicator; templates and sources stay.
    CLEAR_SAMPLICATOR: Post<Nothing, Nothing> = Post "/v1/clear/samplicator/{name}";
    /// Sends receivers of a samplicator all templates again, each before its exporter's next datagram.
    REPLAY: Post<Replay, Replayed> = Post "/v1/replay/samplicator/{name}";
}
