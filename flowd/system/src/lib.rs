//! The host that flowd runs on: its interfaces, its name, its routes, and what the configuration changes of them.
//!
//! ```text
//! (Settings, Settings) --difference--> Steps --Host::stage--> Staged --Host::carry_out--> lines for the operator
//! ```
//!
//! Only what a step names is changed: an address that flowd did not add stays, and a link that is not configured
//! keeps its state. Promiscuous mode is not set here, because the capture ring requests it by packet membership.

mod difference;
mod host;
mod interface;
mod machine;
mod netlink;
pub mod routes;
mod settings;
mod traffic;
mod worker;

use std::io;
use std::sync::Arc;

use language::{Finding, Tree};
use service::{Before, Name, NameKind, Occasion, Service};

pub use difference::{Step, difference};
pub use host::{Host, Staged};
pub use interface::{Interface, Traffic};
pub use machine::{machine, memory, processes};
pub use settings::{Link, Settings};
pub use traffic::TrafficHistory;

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

impl Service for Host {
    type Settings = Settings;
    type Difference = Vec<Step>;
    type Staged = Staged;

    const NAME: &'static str = "system";
    const ROWS: &'static [&'static str] = &[
        "system host-name",
        "system console",
        "system sflow",
        "interfaces ethernet",
        "interfaces loopback",
    ];

    fn start() -> io::Result<Arc<Host>> {
        let host = Arc::default();
        worker::mind_new_interfaces(Arc::downgrade(&host))?;
        Ok(host)
    }

    fn settings(tree: &Tree, _: Option<Before<'_, Settings>>) -> Result<Settings, Vec<Finding>> {
        Ok(Settings::from_tree(tree))
    }

    fn difference(old: &Settings, new: &Settings) -> Option<Vec<Step>> {
        Some(difference(old, new)).filter(|steps| !steps.is_empty())
    }

    fn prepare(
        &self,
        new: &Settings,
        steps: Vec<Step>,
        _: Occasion,
    ) -> Result<Staged, Vec<Finding>> {
        Ok(self.stage_for(steps, new.links.clone()))
    }

    fn warnings(staged: &Staged) -> Vec<String> {
        staged.warnings().to_vec()
    }

    fn apply(&self, staged: Staged) -> Vec<String> {
        self.carry_out(staged)
    }

    fn names(_: &Settings, kind: NameKind, _: &str) -> Vec<Name> {
        match kind {
            NameKind::Interface => interfaces().map_or_else(|_| Vec::new(), interface_names),
            _ => Vec::new(),
        }
    }

    fn stop(&self) {}
}

fn interface_names(interfaces: Vec<Interface>) -> Vec<Name> {
    let help = |interface: &Interface| match (&interface.description, interface.addresses.first()) {
        (Some(text), _) => text.clone(),
        (None, Some(net)) => net.to_string(),
        (None, None) => if interface.up { "up" } else { "down" }.to_owned(),
    };
    interfaces
        .into_iter()
        .map(|interface| Name {
            help: help(&interface),
            name: interface.name,
        })
        .collect()
}
