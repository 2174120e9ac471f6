//! What all stages share: records, the layout of a flow in memory, batches of flows, and the counters of the loss
//! ledger. No I/O, no clock.

pub mod batch;
pub mod biflow;
pub mod json;
pub mod layout;
pub mod record;
pub mod tally;
pub mod value;

pub use batch::{Batch, EndReason, Flow, Totals};
pub use layout::{Layout, Place, Slot};
pub use record::{Record, RecordError};
pub use tally::{RecordTally, Tally};
pub use value::Value;
