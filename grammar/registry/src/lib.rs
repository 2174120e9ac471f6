//! The registry: one row for every information element of IPFIX, for every field of a flow record, and for every predefined
//! record. Pure data, which the language, the meter, exporters and screens share.
//!
//! Whoever speaks of an element takes its number, name and type from [`element`]. Adding a field to the probe is a value in
//! `wire::Header`, and a row in `field/table.rs`.

pub mod element;
pub mod field;
pub mod names;
pub mod record;

pub use element::Element;
pub use field::{Aggregate, Biflow, FIELDS, Field, Kind, Parameter, Reverse, Source};
pub use record::{PREDEFINED, Predefined};
