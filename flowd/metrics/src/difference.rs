//! The difference between two settings, and what it is told as.

use std::net::SocketAddr;

use api::session::{Impact, ImpactAction, ImpactKind};

use crate::settings::{PATH, Settings};

/// What changes from one configuration to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Addresses and ports that are listened on from then on.
    pub opens: Vec<SocketAddr>,
    /// Addresses and ports that no longer are.
    pub closes: Vec<SocketAddr>,
}

/// Returns what changes from `old` to `new`; `None` if nothing does.
pub(crate) fn difference(old: &Settings, new: &Settings) -> Option<Difference> {
    (old != new).then(|| Difference {
        opens: new.endpoints.difference(&old.endpoints).copied().collect(),
        closes: old.endpoints.difference(&new.endpoints).copied().collect(),
    })
}

/// Describes what applying a difference does.
pub(crate) fn impact(difference: &Difference) -> Vec<Impact> {
    let told = |at: &SocketAddr, action, verb| {
        let text = format!("metrics: 1 socket on {at} {verb}");
        Impact::new(ImpactKind::Listener, action, PATH, text)
    };
    let opens = difference.opens.iter();
    let closes = difference.closes.iter();
    opens
        .map(|at| told(at, ImpactAction::Open, "opened"))
        .chain(closes.map(|at| told(at, ImpactAction::Close, "closed")))
        .collect()
}
