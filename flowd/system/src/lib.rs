//! The host: its interfaces, what the configuration wants of them, and its name.
//!
//! ```text
//! (Settings, Settings) --plan--> Steps --Host::prepare--> Staged --Host::apply--> lines for the operator
//! ```
//!
//! Only what a step names is touched: an address that flowd did not add stays, and a link that is not
//! configured keeps its state. Promiscuous mode is not here; the capture ring asks for it by packet membership.

mod host;
mod interface;
mod netlink;
mod plan;
pub mod routes;

pub use host::{Host, Staged};
pub use interface::Interface;
pub use plan::{Link, Settings, Step, plan};

/// What the host refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The netlink socket or the runtime behind it could not be had.
    #[error("netlink: {0}")]
    Io(#[from] std::io::Error),
    /// The kernel answered with an error.
    #[error("netlink: {0}")]
    Netlink(#[source] std::io::Error),
    /// The kernel's answer could not be understood.
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
/// When netlink cannot be asked. Must not be called from an async task: it runs its own small runtime.
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    netlink::run(async |handle| interface::list(&handle).await)
}
