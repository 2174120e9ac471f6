//! Why an exporter has no socket.

use std::io;
use std::net::SocketAddr;

use loss::DropReason;
use udp::SourceError;

/// Why a socket cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The destination's name has no address.
    #[error("`{host}` does not resolve: {why}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// The source has no address to send from.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No VRF device of that name.
    #[error("there is no VRF device `{0}`")]
    NoVrf(String),
    /// The network of the destination is absent at the moment.
    #[error("no route to {destination}: {why}")]
    NoRoute {
        /// The collector.
        destination: SocketAddr,
        /// The error.
        why: String,
    },
    /// A thread is opening the socket.
    #[error("its socket is being opened")]
    NotYet,
    /// The exporter needs no socket: no monitor hands it flows.
    #[error("no monitor on an interface exports to it")]
    Unused,
    /// Another call failed.
    #[error("{what} is not possible: {why}")]
    System {
        /// What the call was for.
        what: String,
        /// The error, in words.
        why: String,
        /// Its number.
        errno: i32,
    },
}

impl OpenError {
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> OpenError {
        let what = what.into();
        move |error| OpenError::System {
            what,
            why: loss::describe(&error),
            errno: error.raw_os_error().unwrap_or(0),
        }
    }

    /// Whether the error passes by itself when a network or an address comes up. Then it is no reason to refuse a configuration.
    pub(crate) fn passes(&self) -> bool {
        match self {
            OpenError::NoRoute { .. } | OpenError::NotYet => true,
            OpenError::Source(error) => error.awaits_address(),
            _ => false,
        }
    }

    /// Returns why records are dropped while the error lasts.
    pub(crate) fn reason(&self) -> DropReason {
        match self {
            OpenError::Unresolved { .. } => DropReason::Unresolved,
            OpenError::Source(_) => DropReason::NoSource,
            OpenError::NoVrf(_) | OpenError::NoRoute { .. } | OpenError::NotYet => {
                DropReason::NoRoute
            }
            OpenError::Unused => DropReason::Removed,
            OpenError::System { errno, .. } => DropReason::of_errno(*errno),
        }
    }
}
