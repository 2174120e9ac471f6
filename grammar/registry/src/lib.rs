//! The registry: one row for every information element of IPFIX, for every field of a flow record, and for every predefined
//! record. Pure data, which the language, the meter, exporters and screens share.
//!
//! Numbers, names and types of elements are defined in [`element`] only. To add a field to the probe, add its value to
//! `wire::Header` and a row to `field/table.rs`.

pub mod element;
pub mod field;
pub mod names;
pub mod record;

pub use element::Element;
pub use field::{Aggregate, Biflow, FIELDS, Field, Kind, Parameter, Reverse, Source};
pub use record::{PREDEFINED, Predefined};
