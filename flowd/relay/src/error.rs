//! Errors: why a samplicator's configuration cannot be put into force, and its wrong place.

use std::fmt;
use std::io;
use std::net::IpAddr;

use thiserror::Error;
use udp::SourceError;

use crate::settings::{Endpoint, MAX_RECEIVERS};

/// A problem of a samplicator's configuration, and its place.
#[derive(Debug, Error)]
#[error("{place}: {problem}")]
pub struct Error {
    /// The part of the configuration that is wrong.
    pub place: Place,
    /// What is wrong with it.
    pub problem: Problem,
}

/// The part of a configuration that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `threads`.
    Threads,
    /// The receivers as a whole.
    Receivers,
    /// A listening address.
    Listen(Endpoint),
    /// `receiver NAME`.
    Receiver(String),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Threads => write!(out, "threads"),
            Place::Receivers => write!(out, "receiver"),
            Place::Listen(Endpoint { listen, port }) => {
                write!(out, "listen-address {} port {port}", listen.address)
            }
            Place::Receiver(name) => write!(out, "receiver {name}"),
        }
    }
}

/// What is wrong with a part of a samplicator's configuration.
#[derive(Debug, Error)]
pub enum Problem {
    /// Too many receivers.
    #[error("more than {MAX_RECEIVERS} receivers")]
    TooManyReceivers,
    /// The receiver is the samplicator itself.
    #[error(
        "this is the samplicator's own listening address: each datagram would come back for ever"
    )]
    Loop,
    /// The process lacks a privilege that spoofing needs.
    #[error("spoof-source needs the capability CAP_NET_RAW or CAP_NET_ADMIN")]
    Privilege,
    /// A receiver's source has no address.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An interface that is not there.
    #[error("there is no interface `{0}`")]
    NoInterface(String),
    /// A listening address that is not this host's.
    #[error("{0} is not an address of this host")]
    NotLocal(IpAddr),
    /// Another program listens on the address and port.
    #[error("the address is in use by another program")]
    InUse,
    /// A system call failed.
    #[error("{call} is not possible: {}", loss::describe(.error))]
    System {
        /// What the call was for.
        call: &'static str,
        /// The kernel's error.
        error: io::Error,
    },
}
