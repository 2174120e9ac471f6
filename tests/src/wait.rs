//! Waiting for a condition with a deadline, in place of sleeping for a while and hoping.

use std::time::Duration;

use crate::clock;

/// How long something may take that normally takes a fraction of a second: generous, because CI machines are slow.
pub const SOON: Duration = Duration::from_secs(20);

/// Asks `probe` until it has an answer, and returns that.
///
/// # Panics
/// When there is none within `limit`.
#[track_caller]
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    match within(limit, &mut probe) {
        Some(answer) => answer,
        None => panic!("waited {limit:?} in vain for {what}"),
    }
}

/// Asks `probe` until it has an answer or `limit` is over.
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
