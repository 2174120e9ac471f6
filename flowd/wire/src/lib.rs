//! Bytes ↔ meaning, both ways in one file a format. No I/O, no clock.

pub mod header;

pub use header::{Family, Header, Link, Packet, Skip, Span, Tag, at};
