//! What every stage shares: the registry of information elements, the layout of a flow, batches of
//! flows, and the tallies that the loss ledger is made of. No I/O, no clock.

pub mod batch;
pub mod field;
pub mod json;
pub mod layout;
pub mod record;
pub mod reverse;
pub mod tally;
pub mod value;

pub use batch::{Batch, EndReason, Flow, Totals};
pub use field::{Aggregate, FIELDS, Field, Parameter, Source};
pub use layout::{Layout, Place, Slot};
pub use record::{PREDEFINED, Record, RecordError};
pub use tally::{RecordTally, Tally};
pub use value::Value;
