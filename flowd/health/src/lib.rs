//! What the daemon remembers to tell how the appliance is: alarms, the counters of interfaces over the last minutes, and readings
//! of counters that rates are made of. Pure: time and numbers are arguments.

mod alarms;
mod readings;
mod traffic;

pub use alarms::{Alarms, Event, Finding, Seen};
pub use readings::{Counters, Reading, Readings};
pub use traffic::History;
