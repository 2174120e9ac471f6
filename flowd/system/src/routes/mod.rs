//! The kernel's routes, read once and then kept by what netlink tells: no packet costs a system call.
//!
//! ```text
//! netlink --socket--> octets --decode--> fib::Change --worker--> fib::Fib, for whoever looks routes up
//! ```

mod decode;
mod nexthop;
mod rule;
mod socket;
mod worker;

pub use worker::{Clock, Reader, Routes, Statistics};
