//! What the daemon remembers to tell how the appliance is: alarms, and readings of counters that rates are
//! made of. Pure: time and numbers are arguments.

mod alarms;
mod readings;

pub use alarms::{Alarms, Event, Finding, Seen};
pub use readings::{Counters, Reading, Readings};
