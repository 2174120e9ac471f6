//! The host's routing policy rules and routes, for looking up where packets go. Pure: what the kernel reports comes
//! in as [`Change`]s, whatever reads them.
//!
//! ```text
//! Change --Rib::apply--> Rib --Rib::fib--> Fib --Routes::find--> Match --Match::hop--> Hop
//! ```
//!
//! A [`Rib`] belongs to the thread that changes it. A [`Fib`] is its state at one moment: immutable, shared between
//! threads, and cheap to make after a change, because states share the prefix trees that did not change.
//!
//! As in the kernel, rules choose tables, the longest prefix in a table decides, and among its routes the one with
//! the lowest metric. Packets do not show everything that the kernel routes by: firewall marks count as 0, IPv4
//! routes for a type of service and IPv6 routes for a source are left out by the reader, and one of several hops is
//! chosen by a hash other than the kernel's.

mod address;
mod fib;
mod link;
mod rib;
mod route;
mod route_lists;
mod rule;
mod tree;

pub use address::{Address, Prefix};
pub use fib::{Fib, Match, Routes};
pub use link::Link;
pub use rib::{Change, Effect, Entry, Rib};
pub use route::{Hop, Hops, Kind, NextHop, Route};
pub use rule::{Action, Packet, Rule};
