//! What the screens `show flow exporter …` and the loss ledger are made of.

use std::net::SocketAddr;

use loss::DropReason;

use crate::ledger::Ledger;
use crate::settings::Protocol;

/// Datagrams that were not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub reason: DropReason,
    /// How many.
    pub datagrams: u64,
    /// Octets of UDP payload in them.
    pub octets: u64,
}

/// One exporter.
#[derive(Clone, Debug)]
pub struct ExporterStatistics {
    /// Its name.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// NetFlow v9 source identifier or IPFIX observation domain.
    pub source_id: u32,
    /// The collector's address and port, when it is known.
    pub destination: Option<SocketAddr>,
    /// The source address and port, when there is a socket.
    pub source: Option<SocketAddr>,
    /// Why nothing can be sent at the moment.
    pub down: Option<String>,
    /// It has no socket because nobody hands it flows.
    pub unused: bool,
    /// Octets of UDP payload a datagram may have.
    pub payload_limit: usize,
    /// When the counts below were cleared last, nanoseconds since 1970.
    pub cleared_ns: u64,
    /// Datagrams that the kernel took, since cleared.
    pub datagrams: u64,
    /// Octets of UDP payload in them.
    pub octets: u64,
    /// Datagrams that the kernel did not take, since cleared.
    pub failures: Vec<Failure>,
    /// Times that the collector's host said nobody listens, since cleared.
    pub unreachable_notices: u64,
    /// The monitors that use it.
    pub clients: Vec<ClientStatistics>,
    /// Its templates in order of their identifiers.
    pub templates: Vec<TemplateStatistics>,
}

/// What one monitor gave to one exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientStatistics {
    /// The monitor's name.
    pub monitor: String,
    /// Every record since the two were joined, whatever was cleared.
    pub ledger: Ledger,
    /// Records handed over, since cleared.
    pub records_added: u64,
    /// Records sent, since cleared.
    pub records_sent: u64,
    /// Records dropped, for whatever reason, since cleared.
    pub records_failed: u64,
    /// Octets of records encoded, since cleared.
    pub bytes_added: u64,
    /// Octets of records sent, since cleared.
    pub bytes_sent: u64,
    /// Octets of records encoded and not sent, since cleared.
    pub bytes_failed: u64,
}

/// What became of the records of a monitor and an exporter that were parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The exporter's name.
    pub exporter: String,
    /// The monitor's name.
    pub monitor: String,
    /// The final account; nothing is queued.
    pub ledger: Ledger,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateStatistics {
    /// Identifier, from 256.
    pub id: u16,
    /// Whose records it describes: `Flow Monitor M` or `Option options interface-table`.
    pub client: String,
    /// The flow record's name; empty for options.
    pub record: String,
    /// It is an options template.
    pub options: bool,
    /// Octets of a record.
    pub record_size: usize,
    /// Its fields in order; those of the scope come first.
    pub fields: Vec<TemplateField>,
}

/// One field of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateField {
    /// Words of Flexible NetFlow.
    pub words: &'static str,
    /// Element number or NetFlow v9 field type; of the scope in NetFlow v9, the scope type.
    pub element: u16,
    /// Private enterprise number of the element; 0 for IANA's.
    pub enterprise: u32,
    /// It is of the scope of an options template.
    pub scope: bool,
    /// First octet in the record.
    pub offset: usize,
    /// Octets.
    pub size: usize,
}
