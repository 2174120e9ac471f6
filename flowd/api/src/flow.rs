//! The flow probe: records, samplers, interfaces, monitors, exporters, the flows in caches, and the way of one flow.

use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::ledger::{DatagramTally, RecordTally};
use crate::value::ByName;
use crate::word::words;

words! {
    /// How a sampler chooses packets.
    pub enum SamplingMode "mode" {
        /// Each packet with the same probability.
        Random = "random",
        /// Every so many packets one.
        Deterministic = "deterministic",
    }

    /// Which packets of an interface a monitor sees.
    pub enum Direction "direction" {
        /// Packets that come in.
        Input = "input",
        /// Packets that go out.
        Output = "output",
        /// Packets of both directions.
        Both = "both",
    }

    /// A family of IP addresses, as the configuration names it.
    pub enum Family "family" {
        /// IPv4.
        Ip = "ip",
        /// IPv6.
        Ipv6 = "ipv6",
    }

    /// How packets are captured.
    pub enum Engine "engine" {
        /// A memory-mapped ring of the kernel (AF_PACKET).
        AfPacket = "afpacket",
        /// libpcap.
        Pcap = "pcap",
    }

    /// Whether a capture ring works.
    pub enum RingState "state" {
        /// Packets are captured.
        Up = "up",
        /// No packets are captured; the reason says why.
        Down = "down",
    }

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

    /// How a field's values are shown.
    pub enum FieldKind "kind of field" {
        /// A decimal number.
        Number = "number",
        /// A hexadecimal number.
        Hex = "hex",
        /// An IPv4 address.
        Ipv4 = "ipv4",
        /// An IPv6 address.
        Ipv6 = "ipv6",
        /// A MAC address.
        Mac = "mac",
        /// An interface's index.
        Interface = "interface",
        /// A flow direction: 0 for input, 1 for output.
        Direction = "direction",
        /// Milliseconds since 1970.
        Millis = "millis",
        /// Microseconds since 1970.
        Micros = "micros",
        /// Nanoseconds since 1970.
        Nanos = "nanos",
        /// Why a flow ended, as IANA's flowEndReason numbers it.
        EndReason = "end-reason",
        /// An MPLS label stack entry.
        Label = "label",
        /// Octets in hexadecimal.
        Octets = "octets",
    }

    /// An export format.
    pub enum ExportProtocol "protocol" {
        /// NetFlow version 5.
        NetflowV5 = "netflow-v5",
        /// NetFlow version 9 (RFC 3954).
        NetflowV9 = "netflow-v9",
        /// IPFIX (RFC 7011).
        Ipfix = "ipfix",
    }

    /// How an exporter is.
    pub enum ExporterState "state" {
        /// Its socket is open.
        Up = "up",
        /// It has no socket; the reason says why.
        Down = "down",
        /// No monitor uses it.
        Unused = "unused",
    }

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

/// Flow records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Records {
    /// The records.
    pub records: Vec<Record>,
}

/// A flow record: what tells flows apart and what is collected of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The record's name.
    pub name: String,
    /// The configured description, or that it is predefined.
    pub description: String,
    /// The number of monitors that use it.
    pub users: u64,
    /// The octets of all its fields.
    pub total_field_space: u64,
    /// The fields, keys first.
    pub fields: Vec<RecordField>,
}

/// A field of a flow record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordField {
    /// Whether it is a key field (`match`); otherwise it is collected.
    #[serde(rename = "match")]
    pub is_key: bool,
    /// The field's words in the configuration.
    pub words: String,
    /// The information element's name in IANA's registry.
    pub name: String,
}

/// Samplers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Samplers {
    /// The samplers, by name.
    pub samplers: Vec<Sampler>,
}

/// A sampler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sampler {
    /// The sampler's name.
    pub name: String,
    /// The number by which exported records name it; null while no interface uses it.
    pub id: Option<u8>,
    /// How it chooses packets.
    pub mode: SamplingMode,
    /// It chooses one packet out of so many.
    pub rate: u32,
    /// The number of monitors on interfaces that use it.
    pub users: u64,
}

/// Interfaces with flow monitors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeteredInterfaces {
    /// The interfaces, by name.
    pub interfaces: Vec<MeteredInterface>,
}

/// An interface with flow monitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeteredInterface {
    /// The interface's name.
    pub interface: String,
    /// The monitors on it.
    pub monitors: Vec<Attachment>,
    /// How its packets are captured.
    pub engine: Engine,
    /// Whether frames for other stations are captured, too.
    pub promiscuous: bool,
    /// Octets of a packet that are read at most.
    pub snaplen: u32,
    /// The tunnels whose inner packets are metered.
    pub decapsulate: Vec<String>,
    /// Whether later fragments get the ports of the first one.
    pub fragment_ports: bool,
    /// The ring of each capture thread.
    pub threads: Vec<Ring>,
}

/// A monitor on an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The monitor's name.
    pub monitor: String,
    /// Which packets it sees.
    pub direction: Direction,
    /// The families it sees.
    pub families: Vec<Family>,
    /// The sampler before it.
    pub sampler: Option<String>,
}

/// The ring of a capture thread; numbers are packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ring {
    /// Whether it works.
    pub state: RingState,
    /// Why it does not.
    pub reason: Option<String>,
    /// Packets that the kernel put into the ring or had no room for.
    pub captured: u64,
    /// Packets that the thread took from the ring.
    pub delivered: u64,
    /// Packets that the ring had no room for.
    pub dropped: u64,
    /// What came of packets in tunnels, where their inner packets are metered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnels: Option<TunnelCounts>,
    /// What came of fragments, where later ones get the first one's ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragments: Option<FragmentCounts>,
}

/// Packets in tunnels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TunnelCounts {
    /// Packets whose inner packet was metered.
    pub entered: u64,
    /// Packets whose inner packet could not be read.
    pub unread: u64,
}

/// Fragments after the first of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FragmentCounts {
    /// Fragments that got the ports of the first one.
    pub given: u64,
    /// Fragments whose first one was not seen.
    pub unknown: u64,
    /// First fragments that were forgotten to make room for others.
    pub forgotten: u64,
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

/// Flow exporters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exporters {
    /// The exporters, by name.
    pub exporters: Vec<Exporter>,
}

/// A flow exporter. Members from `source_id` on are present while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exporter {
    /// The exporter's name.
    pub name: String,
    /// The configured description.
    pub description: String,
    /// The export format.
    pub protocol: ExportProtocol,
    /// The collector's address or host name as configured.
    pub destination: String,
    /// The collector's UDP port.
    pub port: u16,
    /// The configured source: an address or an interface; null where the kernel chooses.
    pub source: Option<String>,
    /// The VRF whose routes lead to the collector.
    pub vrf: Option<String>,
    /// The DSCP of its datagrams.
    pub dscp: u8,
    /// The TTL or hop limit of its datagrams.
    pub ttl: u8,
    /// Seconds after which templates are sent again.
    pub template_timeout: u64,
    /// The source identifier (NetFlow v9) or observation domain (IPFIX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<u32>,
    /// The address that datagrams go to; null while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<String>", extend("x-nullable" = true))]
    pub destination_address: Option<Option<String>>,
    /// The address that datagrams come from; null while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<String>", extend("x-nullable" = true))]
    pub source_address: Option<Option<String>>,
    /// The UDP port that datagrams come from; null while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<u16>", extend("x-nullable" = true))]
    pub source_port: Option<Option<u16>>,
    /// How it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ExporterState>,
    /// Why it has no socket; null while it has one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<String>", extend("x-nullable" = true))]
    pub reason: Option<Option<String>>,
    /// What it sent since its counters were cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<ExporterStatistics>,
    /// What each monitor gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<Vec<ExporterClient>>,
    /// The templates it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templates: Option<Vec<Template>>,
}

/// A member that is missing (`None`), null (`Some(None)`) or has a value.
mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        member: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        member
            .as_ref()
            .and_then(Option::as_ref)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

/// What an exporter sent since its counters were cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExporterStatistics {
    /// Seconds since the counters were cleared, or the exporter began.
    pub cleared_seconds: u64,
    /// Datagrams that were sent.
    pub datagrams: u64,
    /// The octets of their UDP payload.
    pub octets: u64,
    /// ICMP messages that said the collector cannot be reached.
    pub unreachable: u64,
    /// Datagrams that could not be sent, by reason.
    pub failures: ByName<DatagramTally>,
}

/// What a monitor gave an exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExporterClient {
    /// The monitor's name.
    pub monitor: String,
    /// Records that the monitor handed over.
    pub records_added: u64,
    /// Records that were sent.
    pub records_sent: u64,
    /// Records that could not be sent.
    pub records_failed: u64,
    /// Octets of the records that the monitor handed over.
    pub octets_added: u64,
    /// Octets of the records that were sent.
    pub octets_sent: u64,
    /// Octets of the records that could not be sent.
    pub octets_failed: u64,
    /// Records that could not be sent, by reason, as the loss ledger has them.
    #[serde(default)]
    pub dropped: ByName<RecordTally>,
}

/// A template that an exporter sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// The template's identifier.
    pub id: u16,
    /// What it is for: a monitor, or an option.
    pub client: String,
    /// The record, or the kind of options.
    pub record: String,
    /// Whether it is an options template.
    pub options: bool,
    /// The octets of a record.
    pub record_size: u64,
    /// The fields, in their order.
    pub fields: Vec<TemplateField>,
}

/// A field of a template; offset and size are octets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateField {
    /// The field's words in the configuration.
    pub words: String,
    /// The information element's number.
    pub element: u16,
    /// The enterprise number; null for IANA's elements.
    pub enterprise: Option<u32>,
    /// Whether it is a scope field.
    pub scope: bool,
    /// Where it begins in a record; null behind a field of variable length.
    pub offset: Option<u64>,
    /// Its length.
    pub size: u64,
}

/// What is known of the host's routes. All members but `wanted` are missing while no record has a field that needs
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

/// Flows of a cache. `F` is the sequence of flows: a daemon may write them one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CacheFlows")]
pub struct CacheFlows<F = Vec<Flow>> {
    /// The monitor's name.
    pub monitor: String,
    /// The cache's counters.
    pub cache: Cache,
    /// The fields of the flows, in the order of a table's columns.
    pub fields: Vec<Field>,
    /// Flows that were looked at; in a listing without conditions, flows in the cache.
    pub total: u64,
    /// Flows for which the conditions hold; present where there are conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<u64>,
    /// Groups there are, or flows that were sorted; present in an answer that is aggregated or sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregated: Option<u64>,
    /// The number of flows in this answer.
    pub shown: u64,
    /// The flows, or groups of flows.
    pub flows: F,
    /// The `after` with which the listing goes on; null at its end.
    pub next: Option<String>,
}

/// A field of the flows of an answer, and how a table shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// The field's words in the configuration.
    pub words: String,
    /// The member of a flow that has its value.
    pub name: String,
    /// The heading of a column.
    pub column: String,
    /// The label before a single value.
    pub label: String,
    /// The width of a column in characters.
    pub width: u64,
    /// How its values are shown.
    pub kind: FieldKind,
    /// Whether it tells flows apart.
    pub key: bool,
}

/// A flow: its values by the names of IANA's information elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Flow(pub ByName<FlowValue>);

impl Flow {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&FlowValue> {
        self.0.get(name)
    }
}

/// A value of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FlowValue {
    /// A number.
    Number(u64),
    /// An address, or whatever else has a written form.
    Text(String),
    /// The flow has no value.
    #[default]
    Null,
}

impl FlowValue {
    /// The number, if it is one.
    pub fn number(&self) -> Option<u64> {
        match self {
            FlowValue::Number(number) => Some(*number),
            FlowValue::Text(_) | FlowValue::Null => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            FlowValue::Text(text) => Some(text),
            FlowValue::Number(_) | FlowValue::Null => None,
        }
    }
}

impl std::fmt::Display for FlowValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FlowValue::Number(number) => number.fmt(f),
            FlowValue::Text(text) => f.pad(text),
            FlowValue::Null => Ok(()),
        }
    }
}

impl JsonSchema for FlowValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FlowValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "null"] })
    }

    fn inline_schema() -> bool {
        true
    }
}

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
