//! The samplicator: datagrams of flow export in, copies to many receivers out, byte for byte, the exporter's source
//! address kept where that is wanted.
//!
//! ```text
//! socket --recvmmsg--> batch --> source, route, templates --> lanes --sendmmsg, UDP GSO--> receivers
//! ```
//!
//! A thread for each listening socket ([`Settings::threads`]) reads a batch, sorts it by exporter, looks at the
//! set headers of NetFlow v9 and IPFIX, offers each datagram to the receivers that the rules name, and sends each
//! receiver its share in as few calls as the order within an exporter allows. Nothing a receiver does is waited for. Names
//! are resolved, and receivers with a delay are sent to, by threads of their own.
//!
//! A commit opens sockets with [`Samplicator::prepare`], which changes nothing that anybody could see, and puts them into
//! force with [`Prepared::apply`].

mod account;
mod batch;
mod carrier;
mod error;
mod event;
mod keeper;
mod lane;
mod pace;
mod paced;
mod plan;
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

/// Shows the template tracker datagrams, each of them behind its length in two octets.
///
/// # Panics
/// When something that must hold of it does not.
#[cfg(feature = "fuzz")]
pub fn exercise(input: &[u8]) {
    tracker::exercise::exercise(input);
}
