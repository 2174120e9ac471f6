//! The metering process: packets → flows. Pure: no I/O, no clock; time comes with the packets.
//!
//! One [`Monitor`] is one `flow monitor` on one capture thread. [`Monitor::burst`] is the whole path:
//! direction, family, sampler, key, cache; [`Monitor::expire`] ages the cache; what ends is handed out by
//! [`Monitor::drain`] in batches.

mod burst;
mod cache;
mod deep;
mod fragments;
mod index;
mod key;
mod ledger;
mod memory;
mod monitor;
mod outbox;
mod routes;
mod sampler;
mod simd;
mod statistics;
mod timeouts;
mod watermark;
mod wheel;

pub use burst::{Burst, Observed};
pub use cache::Cache;
pub use deep::{Reading, ReadingCounts};
pub use fragments::FragmentCounts;
pub use ledger::{Aged, Ledger};
pub use monitor::{
    CacheType, Clear, Copied, Monitor, PIECE, Position, Rebuilt, Settings, full_octets, rebuilds,
};
pub use routes::{Routing, wants_routes};
pub use sampler::{Mode, Sampler};
pub use statistics::{Kept, PROTOCOLS, Protocol, SIZES, Statistics};
pub use timeouts::Timeouts;
