//! The host that flowd runs on: its interfaces, its name, its routes, and what the configuration changes of them.
//!
//! ```text
//! (Settings, Settings) --plan--> Steps --Host::prepare--> Staged --Host::apply--> lines for the operator
//! ```
//!
//! Only what a step names is changed: an address that flowd did not add stays, and a link that is not configured
//! keeps its state. Promiscuous mode is not set here, because the capture ring requests it by packet membership.

mod host;
mod interface;
mod netlink;
mod plan;
pub mod routes;

pub use host::{Host, Staged};
pub use interface::Interface;
pub use plan::{Link, Settings, Step, plan};

/// Why the host could not be asked or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no netlink socket or async runtime.
    #[error("netlink: {0}")]
    Io(#[from] std::io::Error),
    /// The kernel answered with an error.
    #[error("netlink: {0}")]
    Netlink(#[source] std::io::Error),
    /// The kernel's answer could not be decoded.
    #[error("netlink: {0}")]
    Answer(String),
}

impl From<rtnetlink::Error> for Error {
    fn from(error: rtnetlink::Error) -> Self {
        match error {
            rtnetlink::Error::NetlinkError(message) => Error::Netlink(message.to_io()),
            other => Error::Answer(other.to_string()),
        }
    }
}

/// The interfaces of this network namespace, by index.
///
/// # Errors
/// Netlink is not available. Must not be called from an async task, because it runs a small async runtime of its
/// own.
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    netlink::run(async |handle| interface::list(&handle).await)
}
