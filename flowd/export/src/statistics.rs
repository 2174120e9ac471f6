//! The counts of exporters, for `show flow exporter …` and the loss ledger.

use std::net::SocketAddr;

use loss::DropReason;

use crate::ledger::Ledger;
use crate::settings::Protocol;

/// A session of an exporter whose transport is a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Octets of messages that wait.
    pub waiting_octets: u64,
    /// Most octets that may wait.
    pub buffer_octets: u64,
    /// Connections that were made since the counters were cleared.
    pub connections: u64,
}

/// Datagrams that were not sent for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub reason: DropReason,
    /// How many.
    pub datagrams: u64,
    /// Octets of UDP payload in them.
    pub octets: u64,
}

/// The state of an exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The collector takes its datagrams, as far as is known.
    Up,
    /// The collector's host, a router or the kernel refuses its datagrams. They are still tried.
    Failed {
        /// Why.
        why: String,
        /// Datagrams that were refused since it failed.
        refused: u64,
        /// Datagrams that were sent or refused since.
        datagrams: u64,
    },
    /// It has no socket, for this reason, and tries to open one.
    Down(String),
    /// It has no socket because no monitor hands it flows.
    Unused,
}

impl ExporterStatistics {
    /// Returns why there is no socket.
    pub fn down(&self) -> Option<&str> {
        match &self.state {
            State::Down(why) => Some(why),
            _ => None,
        }
    }
}

/// One exporter.
#[derive(Clone, Debug)]
pub struct ExporterStatistics {
    /// Its name.
    pub name: String,
    /// Its export protocol.
    pub protocol: Protocol,
    /// NetFlow v9 source identifier or IPFIX observation domain.
    pub source_id: u32,
    /// The collector's address and port, when it is known.
    pub destination: Option<SocketAddr>,
    /// The source address and port, when there is a socket.
    pub source: Option<SocketAddr>,
    /// What waits for the connection, where the transport is a stream.
    pub session: Option<Session>,
    /// Its state.
    pub state: State,
    /// When that state began, nanoseconds of the steady clock.
    pub since_ns: u64,
    /// Most octets of UDP payload in a datagram.
    pub payload_limit: usize,
    /// When the counts below were cleared last, nanoseconds since 1970.
    pub cleared_ns: u64,
    /// Datagrams that the kernel took, since cleared.
    pub datagrams: u64,
    /// Octets of UDP payload in them.
    pub octets: u64,
    /// Datagrams that the kernel did not take, since cleared.
    pub failures: Vec<Failure>,
    /// Those of the datagrams that the kernel took which the collector's host or a router refused, since cleared.
    pub refused_datagrams: u64,
    /// Octets of UDP payload in them.
    pub refused_octets: u64,
    /// ICMP errors from the collector's host or a router that datagrams did not arrive, since cleared.
    pub unreachable_notices: u64,
    /// The monitors that use it.
    pub clients: Vec<ClientStatistics>,
    /// Its templates in order of their identifiers.
    pub templates: Vec<TemplateStatistics>,
}

/// The counts of one monitor at one exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientStatistics {
    /// The monitor's name.
    pub monitor: String,
    /// The ledger of every record since the two were joined. It is never cleared.
    pub ledger: Ledger,
    /// Records handed over, since cleared.
    pub records_added: u64,
    /// Records sent, since cleared.
    pub records_sent: u64,
    /// Those of the sent records that the collector's host or a router refused, since cleared.
    pub records_refused: u64,
    /// Records dropped, for whatever reason, since cleared.
    pub records_failed: u64,
    /// Octets of records encoded, since cleared.
    pub bytes_added: u64,
    /// Octets of records sent, since cleared.
    pub bytes_sent: u64,
    /// Octets of records encoded and not sent, since cleared.
    pub bytes_failed: u64,
}

/// The final account of a monitor at an exporter that it no longer uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The exporter's name.
    pub exporter: String,
    /// The monitor's name.
    pub monitor: String,
    /// The final ledger; nothing is queued.
    pub ledger: Ledger,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateStatistics {
    /// Identifier, from 256.
    pub id: u16,
    /// The client whose records it describes: `Flow Monitor M` or `Option options interface-table`.
    pub client: String,
    /// The flow record's name; empty for options.
    pub record: String,
    /// Whether it is an options template.
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
    /// Whether it belongs to the scope of an options template.
    pub scope: bool,
    /// First octet in the record.
    pub offset: usize,
    /// Octets.
    pub size: usize,
}
