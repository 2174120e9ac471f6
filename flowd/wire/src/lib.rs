//! Bytes ↔ meaning, both ways in one file a format. No I/O, no clock.

#![deny(clippy::cast_possible_truncation)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

pub mod header;
mod ip;
pub mod ipfix;
mod link;
mod packet;
mod sets;
mod transport;
pub mod v5;
pub mod v9;
mod writer;

pub use header::{Family, Header, Link, Packet, Skip, Span, Tag, at};
pub use packet::parse;
pub use sets::{FieldSpec, MIN_TEMPLATE_ID};
pub use writer::{Full, MAX_DATAGRAM, Writer};
