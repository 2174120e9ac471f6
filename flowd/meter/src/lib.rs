//! The metering process: turns packets into flows. No I/O and no clock; time comes with the packets.
//!
//! A [`Monitor`] is one `flow monitor` on one capture thread. [`Monitor::burst`] is the whole path: direction,
//! family, sampler, key, cache. [`Monitor::expire`] ends flows whose timeouts have passed, and [`Monitor::drain`]
//! returns ended flows in batches.

mod burst;
mod cache;
mod fragments;
mod index;
mod key;
mod ledger;
mod memory;
mod monitor;
mod observed;
mod outbox;
mod reading;
mod routes;
mod sampler;
mod simd;
mod statistics;
mod timeouts;
mod wanted_routes;
mod watermark;
mod wheel;

pub use burst::Burst;
pub use cache::Cache;
pub use fragments::FragmentCounts;
pub use ledger::{Aged, Ledger};
pub use monitor::{
    CacheType, Clear, Copied, Monitor, Position, RebuildReason, SLOTS_PER_COPY, Settings,
    full_cache_octets, rebuild_reason,
};
pub use observed::Observed;
pub use reading::{ReadCounts, ReadOptions};
pub use routes::{Routing, wants_routes};
pub use sampler::{Mode, Sampler};
pub use statistics::{KeptTables, PROTOCOLS, Protocol, SIZES, Statistics};
pub use timeouts::Timeouts;
