//! The host's routes, for looking up where packets go. Pure: what the kernel tells comes in as [`Change`]s, and who
//! tells it is no matter here.
//!
//! ```text
//! Change --Rib::change--> Rib --Rib::fib--> Fib --Routes::find--> Match --Match::hop--> Hop
//! ```
//!
//! A [`Rib`] belongs to the one who changes it. A [`Fib`] is its state at one moment: immutable, shared between threads,
//! and cheap to make after a change, since states share the trees of prefixes that did not change.
//!
//! As in the kernel, rules choose tables, the longest prefix of a table decides, and of its routes the one of the
//! lowest metric. What packets do not show is not known here: marks are 0, IPv4 routes for a type of service and IPv6
//! routes for a source are left out by the reader, and of several hops one is chosen by a hash that is not the kernel's.

mod address;
mod fib;
mod link;
mod rib;
mod route;
mod rule;
mod sets;
mod tree;

pub use address::{Address, Prefix};
pub use fib::{Fib, Match, Routes};
pub use link::Link;
pub use rib::{Change, Effect, Entry, Rib};
pub use route::{Hop, Hops, Kind, NextHop, Route};
pub use rule::{Action, Packet, Rule};
