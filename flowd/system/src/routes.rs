//! The kernel's routes, read once and then kept up to date by netlink notifications, so that no packet costs a
//! system call.
//!
//! ```text
//! netlink --socket--> octets --decode--> fib::Change --worker--> fib::Fib, for lookups
//! ```

mod decode;
mod socket;
mod worker;

pub use worker::{Clock, Reader, Routes, Statistics};
