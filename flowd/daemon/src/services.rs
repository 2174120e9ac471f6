//! The list of services. Everything that loops over services loops over it, and nothing else names them all.

use flowd_log::Log;
use metrics::Metrics;
use probe::Probe;
use relay::Relay;
use service::Kind;
use system::Host;

/// The services, in the order in which a commit prepares and applies them.
pub(crate) const SERVICES: &[Kind] = &[
    Kind::of::<Probe>(),
    Kind::of::<Relay>(),
    Kind::of::<Log>(),
    Kind::of::<Host>(),
    Kind::of::<Metrics>(),
];

#[cfg(test)]
mod tests;
