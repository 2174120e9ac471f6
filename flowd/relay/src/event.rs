//! What an operator is told of at once; the daemon writes it to the log.

use std::net::SocketAddr;

use loss::DropReason;

/// Something that happened to a samplicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub samplicator: String,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The first datagram from an exporter, or the first after it was silent.
    SourceAppeared {
        /// The exporter.
        source: SocketAddr,
    },
    /// Nothing from an exporter for [`crate::Settings::silent_after`].
    SourceSilent {
        /// The exporter.
        source: SocketAddr,
        /// Its last datagram, nanoseconds since 1970.
        last_ns: u64,
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
