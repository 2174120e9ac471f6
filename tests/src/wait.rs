//! Waits for conditions, up to a deadline.

use std::time::Duration;

use crate::clock;

/// The deadline for what normally takes a fraction of a second; generous, because CI machines are slow.
pub const SOON: Duration = Duration::from_secs(20);

/// Calls `probe` until it returns a value, and returns that.
///
/// # Panics
/// When it returns none within `limit`. `what` is waited for, for the message.
#[track_caller]
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    match within(limit, &mut probe) {
        Some(answer) => answer,
        None => panic!("waited {limit:?} in vain for {what}"),
    }
}

/// Calls `probe` until it returns a value or `limit` is over.
pub fn within<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = clock::now() + limit;
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if clock::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(15));
    }
}
