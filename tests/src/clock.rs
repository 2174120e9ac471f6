//! The clock of the tests. Deadlines and the times of generated traffic are real time here.
#![allow(clippy::disallowed_methods)] // the one place the harness reads a clock

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Reads the monotonic clock, for deadlines.
pub fn now() -> Instant {
    Instant::now()
}

/// Reads the clock of day, nanoseconds since 1970.
pub fn wall_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
