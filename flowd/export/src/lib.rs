//! The exporting process (RFC 5470): it sends flows in datagrams of NetFlow v5, NetFlow v9 and IPFIX over UDP, and in messages of IPFIX
//! over TCP.
//!
//! ```text
//! Feed (any thread) --bounded channel--> Worker (one thread) --> Exporter --> Stream --> Socket
//! ```
//!
//! A meter hands batches of flows to the [`Feed`] of its monitor. The [`Worker`] gives each batch to the
//! stream of every exporter of that monitor; a stream encodes them by templates compiled from the flows'
//! layout and packs them into datagrams no longer than the path takes. Every record is accounted for in
//! the exporter's [`Ledger`]: sent, still queued, or dropped for a [`loss::DropReason`].
//!
//! A commit opens sockets with [`prepare`], which has no visible effect, and puts them
//! into force with [`Worker::apply`].

mod change;
mod client;
mod connection;
mod encoder;
mod exporter;
mod feed;
mod health;
mod lane;
mod ledger;
mod message;
mod ntp;
mod open_error;
mod opener;
mod options;
mod outbox;
mod packer;
mod pieces;
mod settings;
mod socket;
mod statistics;
mod stream;
mod template;
#[cfg(test)]
mod testing;
mod v5;
mod worker;

pub use change::{Change, Plan, Template, TemplateStep};
pub use encoder::Encoder;
pub use feed::{Feed, Offered};
pub use ledger::Ledger;
pub use open_error::OpenError;
pub use settings::{
    Interface, Monitor, Options, Protocol, Sampler, SamplerMode, Sampling, Settings, Transport,
};
pub use socket::{Coming, Prepared, check, prepare, prepare_expecting, restore};
pub use statistics::{
    ClientStatistics, ExporterStatistics, Failure, Retired, Session, State, TemplateField,
    TemplateStatistics,
};
pub use udp::{Source, SourceError};
pub use worker::{Clock, Interfaces, Worker};
