//! The loss ledger: what became of every packet, record and datagram.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::ByName;

/// Packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PacketTally {
    /// The number of packets.
    pub packets: u64,
    /// The octets of their IP datagrams.
    pub octets: u64,
}

/// Flow records, and the packets they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordTally {
    /// The number of flow records.
    pub records: u64,
    /// The packets that the records count.
    pub packets: u64,
    /// The octets of these packets' IP datagrams.
    pub octets: u64,
}

/// Export datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatagramTally {
    /// The number of datagrams.
    pub datagrams: u64,
    /// The octets of their UDP payload.
    pub octets: u64,
}

/// The loss ledger. Each service fills in the lists it has accounts for; added up they are the whole ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LossLedger {
    /// The packets of each monitor on each interface, one entry a capture thread.
    pub monitors: Vec<MonitorLedger>,
    /// The records of each exporter, by the monitor they come from.
    pub exporters: Vec<ExporterLedger>,
    /// The datagrams of each samplicator.
    pub samplicators: Vec<SamplicatorLedger>,
    /// Whether nothing is unaccounted for in any ledger.
    pub balanced: bool,
}

impl Default for LossLedger {
    /// The ledger of a service that carries no packets, records or datagrams.
    fn default() -> LossLedger {
        LossLedger {
            monitors: Vec::new(),
            exporters: Vec::new(),
            samplicators: Vec::new(),
            balanced: true,
        }
    }
}

impl std::iter::Sum for LossLedger {
    fn sum<I: Iterator<Item = LossLedger>>(ledgers: I) -> LossLedger {
        ledgers.fold(LossLedger::default(), |mut sum, ledger| {
            sum.monitors.extend(ledger.monitors);
            sum.exporters.extend(ledger.exporters);
            sum.samplicators.extend(ledger.samplicators);
            sum.balanced &= ledger.balanced;
            sum
        })
    }
}

/// Packets of a monitor on an interface: captured = metered + unsampled + skipped + dropped, and metered = cached +
/// expired + cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonitorLedger {
    /// The monitor's name.
    pub monitor: String,
    /// The interface's name.
    pub interface: String,
    /// Packets that came in.
    pub captured: PacketTally,
    /// Packets that were counted in a flow.
    pub metered: PacketTally,
    /// Packets that the sampler left out.
    pub unsampled: PacketTally,
    /// Packets that are not for this monitor, by reason.
    pub skipped: ByName<PacketTally>,
    /// Packets that were lost, by reason.
    pub dropped: ByName<PacketTally>,
    /// Flows that are in the cache.
    pub cached: RecordTally,
    /// Flows that ended and were handed to the exporters.
    pub expired: RecordTally,
    /// Flows that were discarded on an operator's command.
    pub cleared: RecordTally,
    /// Whether nothing is unaccounted for.
    pub balanced: bool,
}

/// Records that an exporter has of a monitor: received = sent + queued + dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExporterLedger {
    /// The exporter's name.
    pub exporter: String,
    /// The monitor's name.
    pub monitor: String,
    /// Records that the monitor handed over.
    pub received: RecordTally,
    /// Records that the kernel took.
    pub sent: RecordTally,
    /// Those of the sent records that did not arrive: the collector's host or a router refused their datagrams.
    #[serde(default)]
    pub refused: RecordTally,
    /// Records that wait for a datagram.
    pub queued: RecordTally,
    /// Records that were lost, by reason.
    pub dropped: ByName<RecordTally>,
    /// Whether nothing is unaccounted for.
    pub balanced: bool,
}

/// Datagrams of a samplicator: received = relayed + denied + unrouted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SamplicatorLedger {
    /// The samplicator's name.
    pub samplicator: String,
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
    /// What became of them at each receiver; `(removed)` for receivers that are gone.
    pub receivers: Vec<ReceiverLedger>,
    /// Whether nothing is unaccounted for.
    pub balanced: bool,
}

/// Datagrams for a receiver: offered = sent + queued + dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiverLedger {
    /// Datagrams that the rules chose the receiver for.
    pub offered: DatagramTally,
    /// Datagrams that the kernel took.
    pub sent: DatagramTally,
    /// Datagrams that wait for their time.
    pub queued: DatagramTally,
    /// Datagrams that were not sent, by reason.
    pub dropped: ByName<DatagramTally>,
    /// The receiver's name.
    pub receiver: String,
    /// Whether nothing is unaccounted for.
    pub balanced: bool,
}

crate::route::routes! {
    /// The loss ledger: what became of every packet, record and datagram.
    LOSS: Get<Nothing, LossLedger> = Get "/v1/flow/loss";
}
