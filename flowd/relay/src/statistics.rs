//! Counts, as they are shown. Every number is since the start, or since they were cleared.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use loss::DropReason;
use serde::Serialize;

/// Datagrams, and octets of their UDP payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Datagrams.
    pub datagrams: u64,
    /// Octets of UDP payload.
    pub octets: u64,
}

impl Tally {
    /// One datagram.
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

/// Datagrams for one receiver: `offered = sent + queued + dropped`. Replayed templates are apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// The rules chose the receiver for them.
    pub offered: Tally,
    /// The kernel took them.
    pub sent: Tally,
    /// They wait for their time (`delay`).
    pub queued: Tally,
    /// Not sent, by reason.
    pub dropped: BTreeMap<DropReason, Tally>,
}

impl Ledger {
    /// Everything dropped.
    pub fn dropped_total(&self) -> Tally {
        self.dropped.values().copied().sum()
    }

    /// Nothing is unaccounted for.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
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

/// All of a samplicator, without its sources and templates, which may be many.
///
/// `received = relayed + denied + unrouted`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// Its name.
    pub name: String,
    /// Datagrams that came in.
    pub received: Tally,
    /// Of these: offered to at least one receiver.
    pub relayed: Tally,
    /// Of these: from a source that a rule denies.
    pub denied: Tally,
    /// Of these: no rule and no receiver is for them.
    pub unrouted: Tally,
    /// Datagrams that the kernel dropped because a receive queue was full, or its checksum wrong.
    pub kernel_drops: u64,
    /// The rates of `received`.
    pub rates: Rates,
    /// Each listening address and port.
    pub listeners: Vec<ListenerStatistics>,
    /// Each receiver, in the configuration's order.
    pub receivers: Vec<ReceiverStatistics>,
    /// What receivers that were removed since had been offered.
    pub retired: Ledger,
    /// Exporters known at the moment.
    pub sources: u64,
    /// Exporters forgotten to make room for others.
    pub sources_recycled: u64,
    /// Templates kept for replay.
    pub templates: TrackerStatistics,
    /// Sockets open that carry an exporter's address.
    pub spoofing_sockets: u64,
    /// Events that nobody took in time.
    pub events_lost: u64,
}

impl Statistics {
    /// Nothing is unaccounted for, overall and at every receiver.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListenerStatistics {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The interface, where one was configured.
    pub interface: Option<String>,
    /// Sockets and threads.
    pub threads: u64,
    /// Datagrams that came in.
    pub received: Tally,
    /// Datagrams that the kernel dropped because the queue was full, or their checksum wrong.
    pub kernel_drops: u64,
    /// Octets of queue that the kernel granted each socket.
    pub receive_buffer: u64,
}

/// How a receiver is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Datagrams go out.
    #[default]
    Up,
    /// Datagrams are refused or cannot be sent. They still are tried.
    Failed,
    /// Its name has no address yet.
    Unresolved,
    /// Its name resolves to the samplicator itself.
    Loop,
    /// Switched off by the configuration.
    Disabled,
}

/// One receiver.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReceiverStatistics {
    /// Its name.
    pub name: String,
    /// Address or host name as configured.
    pub destination: String,
    /// UDP port.
    pub port: u16,
    /// Where datagrams go at the moment.
    pub address: Option<IpAddr>,
    /// The exporter's address is kept.
    pub spoof_source: bool,
    /// How it is.
    pub state: State,
    /// What became of its datagrams.
    #[serde(flatten)]
    pub ledger: Ledger,
    /// Times its host said that nobody listens there, or a router that it cannot be reached (ICMP), for datagrams
    /// counted as sent. Not known for spoofed ones: the exporter is told.
    pub icmp_unreachable: u64,
    /// Datagrams of templates and options made for it, beside those offered.
    pub replayed: Tally,
    /// The rates of `sent`.
    pub rates: Rates,
    /// Its last datagram, nanoseconds since 1970.
    pub last_sent_ns: Option<u64>,
    /// Why the last one that failed did.
    pub last_failure: Option<DropReason>,
    /// When that was, nanoseconds since 1970.
    pub last_failure_ns: Option<u64>,
}

/// One exporter: an address and port that datagrams come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceStatistics {
    /// Its address.
    pub address: IpAddr,
    /// Its UDP port.
    pub port: u16,
    /// Datagrams from it.
    pub received: Tally,
    /// Of these: denied by a rule, or for no receiver.
    pub not_relayed: Tally,
    /// The rule that decides: its prefix, or none.
    pub rule: Option<String>,
    /// Observation domains seen.
    pub domains: u64,
    /// Templates kept.
    pub templates: u64,
    /// Its first datagram, nanoseconds since 1970.
    pub first_ns: u64,
    /// Its last datagram, nanoseconds since 1970.
    pub last_ns: u64,
    /// Nothing for [`crate::Settings::silent_after`].
    pub silent: bool,
}

/// What the template tracker keeps, and what it had no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrackerStatistics {
    /// Observation domains.
    pub domains: u64,
    /// Templates and options templates.
    pub templates: u64,
    /// Options records.
    pub options_records: u64,
    /// Octets of all these.
    pub octets: u64,
    /// Not kept: a bound was reached.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateStatistics {
    /// The exporter.
    pub source: SocketAddr,
    /// Observation domain or source identifier.
    pub domain: u32,
    /// 9 or 10.
    pub version: u16,
    /// Template identifier.
    pub id: u16,
    /// It describes options.
    pub options: bool,
    /// Its fields, scope included.
    pub fields: u64,
    /// Options records kept.
    pub records: u64,
    /// Last announced, nanoseconds since 1970.
    pub last_ns: u64,
}
