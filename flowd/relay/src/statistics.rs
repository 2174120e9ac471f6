//! The counts of a samplicator, as they are shown. Each is since the start, or since it was cleared.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use loss::DropReason;

/// A number of datagrams, and the octets of their UDP payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Datagrams.
    pub datagrams: u64,
    /// Octets of UDP payload.
    pub octets: u64,
}

impl Tally {
    /// Returns the tally of one datagram.
    pub fn one(octets: usize) -> Tally {
        Tally {
            datagrams: 1,
            octets: octets as u64,
        }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.datagrams += other.datagrams;
        self.octets += other.octets;
    }
}

impl std::ops::Add for Tally {
    type Output = Tally;

    fn add(mut self, other: Tally) -> Tally {
        self += other;
        self
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |sum, tally| sum + tally)
    }
}

/// The ledger of the datagrams for one receiver: `offered = sent + queued + dropped`. Replayed templates are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Datagrams that the rules send to the receiver.
    pub offered: Tally,
    /// Datagrams that the kernel has taken.
    pub sent: Tally,
    /// Datagrams that wait in the queue of a receiver with `delay`.
    pub queued: Tally,
    /// Datagrams that were not sent, by reason.
    pub dropped: BTreeMap<DropReason, Tally>,
}

impl Ledger {
    /// Returns the datagrams dropped for any reason.
    pub fn dropped_total(&self) -> Tally {
        self.dropped.values().copied().sum()
    }

    /// Whether every offered datagram is accounted for.
    pub fn balanced(&self) -> bool {
        self.offered == self.sent + self.queued + self.dropped_total()
    }

    pub(crate) fn drop(&mut self, reason: DropReason, tally: Tally) {
        *self.dropped.entry(reason).or_default() += tally;
    }
}

impl std::ops::AddAssign<&Ledger> for Ledger {
    fn add_assign(&mut self, other: &Ledger) {
        self.offered += other.offered;
        self.sent += other.sent;
        self.queued += other.queued;
        for (reason, tally) in &other.dropped {
            self.drop(*reason, *tally);
        }
    }
}

/// Datagrams and bits a second, averaged over the last 1 and 5 minutes with exponential weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Datagrams a second, 1 minute.
    pub datagrams_1m: f64,
    /// Datagrams a second, 5 minutes.
    pub datagrams_5m: f64,
    /// Bits of UDP payload a second, 1 minute.
    pub bits_1m: f64,
    /// Bits of UDP payload a second, 5 minutes.
    pub bits_5m: f64,
}

impl std::ops::AddAssign for Rates {
    fn add_assign(&mut self, other: Rates) {
        self.datagrams_1m += other.datagrams_1m;
        self.datagrams_5m += other.datagrams_5m;
        self.bits_1m += other.bits_1m;
        self.bits_5m += other.bits_5m;
    }
}

/// The counts of a samplicator, without its sources and templates, which may be many.
///
/// `received = relayed + denied + unrouted`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Its name.
    pub name: String,
    /// Datagrams that came in.
    pub received: Tally,
    /// Those of them that were offered to at least one receiver.
    pub relayed: Tally,
    /// Those of them from a source that a rule denies.
    pub denied: Tally,
    /// Those of them that no receiver is for.
    pub unrouted: Tally,
    /// Datagrams that the kernel dropped because a receive buffer was full, or their checksum wrong.
    pub kernel_drops: u64,
    /// The rates of `received`.
    pub rates: Rates,
    /// Each listening address and port.
    pub listeners: Vec<ListenerStatistics>,
    /// Each receiver, in the configuration's order.
    pub receivers: Vec<ReceiverStatistics>,
    /// The ledgers of removed receivers, added up.
    pub retired: Ledger,
    /// Exporters known at the moment.
    pub sources: u64,
    /// Exporters forgotten to make room for others.
    pub sources_recycled: u64,
    /// Templates kept for replay.
    pub templates: TrackerStatistics,
    /// Open sockets that send under exporters' addresses.
    pub spoofing_sockets: u64,
    /// Events that the log had no room for.
    pub events_lost: u64,
}

impl Statistics {
    /// Whether every datagram is accounted for, overall and at every receiver.
    pub fn balanced(&self) -> bool {
        self.received == self.relayed + self.denied + self.unrouted
            && self.retired.balanced()
            && self
                .receivers
                .iter()
                .all(|receiver| receiver.ledger.balanced())
    }
}

/// One listening address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerStatistics {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The interface, where one was configured.
    pub interface: Option<String>,
    /// Why there are no sockets yet; they are tried again.
    pub down: Option<String>,
    /// Sockets and threads.
    pub threads: u64,
    /// Datagrams that came in.
    pub received: Tally,
    /// Datagrams that the kernel dropped because the queue was full, or their checksum wrong.
    pub kernel_drops: u64,
    /// Octets of receive buffer that the kernel granted each socket.
    pub receive_buffer: u64,
}

/// The state of a receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiverState {
    /// Datagrams go out.
    #[default]
    Up,
    /// Datagrams are refused or cannot be sent. They are still tried.
    Failed,
    /// Its name has no address yet.
    Unresolved,
    /// Its name resolves to the samplicator itself.
    Loop,
    /// Switched off by the configuration.
    Disabled,
}

/// One receiver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReceiverStatistics {
    /// Its name.
    pub name: String,
    /// Address or host name as configured.
    pub destination: String,
    /// UDP port.
    pub port: u16,
    /// The address that datagrams go to at the moment.
    pub address: Option<IpAddr>,
    /// Whether the exporter's address is kept as source.
    pub spoof_source: bool,
    /// The address of this host that datagrams are sent from, unless they are sent from the exporter's.
    pub source: Option<IpAddr>,
    /// Its state.
    pub state: ReceiverState,
    /// Why datagrams do not go out or arrive; `None` while they do.
    pub trouble: Option<DropReason>,
    /// The ledger of its datagrams.
    pub ledger: Ledger,
    /// ICMP errors from its host or a router for datagrams counted as sent: nobody listens there, or it cannot be reached. Those
    /// for spoofed datagrams go to the exporter and are not counted.
    pub icmp_unreachable: u64,
    /// Datagrams that replayed templates and options to it, not among those offered.
    pub replayed: Tally,
    /// The rates of `sent`.
    pub rates: Rates,
    /// The time of its last datagram, nanoseconds since 1970.
    pub last_sent_ns: Option<u64>,
    /// The reason of its last failure.
    pub last_failure: Option<DropReason>,
    /// The time of its last failure, nanoseconds since 1970.
    pub last_failure_ns: Option<u64>,
}

/// One exporter: an address and port that datagrams come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatistics {
    /// Its address.
    pub address: IpAddr,
    /// Its UDP port.
    pub port: u16,
    /// Datagrams from it.
    pub received: Tally,
    /// Those of them that a rule denied, or that no receiver is for.
    pub not_relayed: Tally,
    /// The prefix of the rule that decides, if one does.
    pub rule: Option<String>,
    /// Observation domains seen.
    pub domains: u64,
    /// Templates kept.
    pub templates: u64,
    /// The time of its first datagram, nanoseconds since 1970.
    pub first_ns: u64,
    /// The time of its last datagram, nanoseconds since 1970.
    pub last_ns: u64,
    /// Whether it has sent nothing for [`crate::SamplicatorSettings::silent_after`].
    pub silent: bool,
}

/// The number of templates and options that are kept for replay, and of those that were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackerStatistics {
    /// Observation domains.
    pub domains: u64,
    /// Templates and options templates.
    pub templates: u64,
    /// Options records.
    pub options_records: u64,
    /// Octets of memory for all these.
    pub octets: u64,
    /// Templates and records that were not kept because a bound was reached.
    pub refused: u64,
    /// Datagrams with sets or templates that could not be read; relayed all the same.
    pub malformed: u64,
}

impl std::ops::AddAssign for TrackerStatistics {
    fn add_assign(&mut self, other: TrackerStatistics) {
        self.domains += other.domains;
        self.templates += other.templates;
        self.options_records += other.options_records;
        self.octets += other.octets;
        self.refused += other.refused;
        self.malformed += other.malformed;
    }
}

/// One template kept for replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateStatistics {
    /// The exporter.
    pub source: SocketAddr,
    /// Observation domain or source identifier.
    pub domain: u32,
    /// 9 or 10.
    pub version: u16,
    /// Template identifier.
    pub id: u16,
    /// Whether it is an options template.
    pub options: bool,
    /// Its fields, scope included.
    pub fields: u64,
    /// Options records kept.
    pub records: u64,
    /// When it was last announced, nanoseconds since 1970.
    pub last_ns: u64,
}
