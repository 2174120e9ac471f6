//! Events that the operator should know of at once. They are written to the log.

pub(crate) mod log;

use std::net::SocketAddr;

use loss::DropReason;

use crate::settings::Endpoint;

/// An event of a samplicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The samplicator's name.
    pub samplicator: String,
    /// What happened.
    pub what: What,
}

/// What happened to an exporter or receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An exporter has sent its first datagram, or the first after it was silent.
    SourceAppeared {
        /// The exporter.
        source: SocketAddr,
    },
    /// An exporter has sent nothing for [`crate::SamplicatorSettings::silent_after`].
    SourceSilent {
        /// The exporter.
        source: SocketAddr,
        /// The time of its last datagram, nanoseconds since 1970.
        last_ns: u64,
    },
    /// Nothing can be received on an address and port. It is tried again.
    ListenerDown {
        /// The address and port.
        endpoint: Endpoint,
        /// Why.
        why: String,
    },
    /// Datagrams are received on an address and port that was down.
    ListenerUp {
        /// The address and port.
        endpoint: Endpoint,
    },
    /// Datagrams to a receiver are refused or cannot be sent.
    ReceiverFailed {
        /// Its name.
        receiver: String,
        /// Why.
        reason: DropReason,
    },
    /// A receiver that had failed takes datagrams again.
    ReceiverRecovered {
        /// Its name.
        receiver: String,
    },
    /// A receiver's name has another address.
    Resolved {
        /// The receiver.
        receiver: String,
        /// Its address now.
        address: SocketAddr,
    },
    /// A receiver's name does not resolve (any more). An address known before stays in use.
    Unresolved {
        /// The receiver.
        receiver: String,
        /// What the resolver said.
        why: String,
    },
}
