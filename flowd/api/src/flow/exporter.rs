//! Flow exporters, and the templates that they send.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::{DatagramTally, RecordTally};
use crate::value::{ByName, nullable};
use crate::word::words;

words! {
    /// An export format.
    pub enum ExportProtocol "protocol" {
        /// NetFlow version 5.
        NetflowV5 = "netflow-v5",
        /// NetFlow version 9 (RFC 3954).
        NetflowV9 = "netflow-v9",
        /// IPFIX (RFC 7011).
        Ipfix = "ipfix",
    }

    /// What carries an exporter's messages.
    pub enum ExportTransport "transport" {
        /// Datagrams.
        Udp = "udp",
        /// A connection (RFC 7011 section 10.4).
        Tcp = "tcp",
    }

    /// How an exporter is.
    pub enum ExporterState "state" {
        /// The collector takes its datagrams, as far as is known.
        Up = "up",
        /// The collector's host, a router or the kernel refuses its datagrams; the reason says why. They are still tried.
        Failed = "failed",
        /// It has no socket; the reason says why.
        Down = "down",
        /// No monitor uses it.
        Unused = "unused",
    }
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
    /// The collector's port.
    pub port: u16,
    /// What carries its messages.
    #[serde(default = "datagrams")]
    pub transport: ExportTransport,
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
    /// Why it is not up; null while it is.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    #[schemars(with = "Option<String>", extend("x-nullable" = true))]
    pub reason: Option<Option<String>>,
    /// Seconds since it is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_since_seconds: Option<u64>,
    /// What waits for the connection; missing where datagrams are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<ExporterSession>,
    /// What was refused since it failed; missing while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ExporterFailed>,
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

/// Every exporter's transport in older releases.
fn datagrams() -> ExportTransport {
    ExportTransport::Udp
}

/// The session of an exporter with a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExporterSession {
    /// Connections that were made since the counters were cleared.
    pub connections: u64,
    /// Octets of messages that wait.
    pub waiting_octets: u64,
    /// Most octets that may wait.
    pub buffer_octets: u64,
}

/// What was refused since an exporter failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExporterFailed {
    /// Datagrams that are known to have been refused.
    pub refused: u64,
    /// Datagrams that were sent or tried.
    pub datagrams: u64,
}

/// Whether an exporter sent its templates again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedExporter {
    /// Whether templates and options were sent: false for NetFlow v5, which has none, and while the exporter cannot send.
    pub sent: bool,
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
    /// Those of the sent datagrams that the collector's host or a router refused.
    #[serde(default)]
    pub refused: DatagramTally,
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
    /// Those of the sent records that the collector's host or a router refused.
    #[serde(default)]
    pub records_refused: u64,
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
