//! The samplicator: datagrams of flow export in, copies to many receivers out, byte for byte, the exporter's source
//! address kept where that is wanted.

mod error;
mod event;
mod settings;
mod statistics;

pub use error::{Error, Place, Problem};
pub use event::{Event, What};
pub use settings::{
    Action, BalanceBy, Endpoint, Group, Listen, MAX_RECEIVERS, MAX_THREADS, Receiver, Rule,
    Settings, SourcePort,
};
pub use statistics::{
    Ledger, ListenerStatistics, Rates, Reason, ReceiverStatistics, SourceStatistics, State,
    Statistics, Tally, TemplateStatistics, TrackerStatistics,
};
