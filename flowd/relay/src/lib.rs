//! The samplicator: it receives datagrams of flow export and sends copies to many receivers, byte for byte, under the exporter's
//! source address where that is configured.
//!
//! ```text
//! socket --recvmmsg--> batch --> source, route, templates --> lanes --sendmmsg, UDP GSO--> receivers
//! ```
//!
//! A thread for each listening socket ([`Settings::threads`]) reads a batch, sorts it by exporter, looks at the
//! set headers of NetFlow v9 and IPFIX, offers each datagram to the receivers that the rules name, and sends each
//! receiver its share in as few calls as the order within an exporter allows. It never waits for a receiver. Host names are resolved,
//! and receivers with a `delay` are served, by threads of their own.
//!
//! A commit opens sockets with [`Samplicator::prepare`], which has no visible effect, and puts the configuration into force with
//! [`Prepared::apply`].

mod account;
mod batch;
mod carrier;
mod error;
mod event;
mod lane;
mod pace;
mod paced;
mod plan;
mod resolver;
mod routes;
mod samplicator;
mod settings;
mod socket;
mod source;
mod statistics;
mod table;
mod tracker;
mod worker;

pub use error::{Error, Place, Problem};
pub use event::{Event, What};
pub use samplicator::{Clock, Context, Prepared, Samplicator};
pub use settings::{
    Action, BalanceBy, Endpoint, Group, Listen, MAX_RECEIVERS, MAX_THREADS, Receiver, Rule,
    Settings, SourcePort,
};
pub use statistics::{
    Ledger, ListenerStatistics, Rates, ReceiverStatistics, SourceStatistics, State, Statistics,
    Tally, TemplateStatistics, TrackerStatistics,
};

/// Feeds the template tracker with datagrams, each behind its length in two octets, and checks its properties.
///
/// # Panics
/// When a property does not hold.
#[cfg(feature = "fuzz")]
pub fn exercise(input: &[u8]) {
    tracker::exercise::exercise(input);
}
