//! The only crate that reads clocks. All others take the time as an argument or ask here.
#![allow(clippy::disallowed_methods)]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

/// A reading of the clock of day, with the sum of all steps by which the clock has been set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970 by the clock of day.
    pub now_ns: u64,
    /// The sum of all steps by which the clock of day has been set since the process started, nanoseconds.
    pub stepped_ns: i64,
}

impl Moment {
    /// Returns the time as if nobody had set the clock, in nanoseconds since 1970. It never goes back, so timers use it.
    pub fn steady_ns(self) -> u64 {
        self.now_ns
            .saturating_add_signed(self.stepped_ns.saturating_neg())
    }
}

impl From<u64> for Moment {
    /// Makes a reading of a clock that nobody sets.
    fn from(now_ns: u64) -> Moment {
        Moment {
            now_ns,
            stepped_ns: 0,
        }
    }
}

/// Returns the time of day in milliseconds since 1970, UTC; 0 if the clock is set before that.
pub fn unix_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the time of day in nanoseconds since 1970, UTC.
pub fn unix_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Reads a clock that never goes back, for intervals.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// The first reading of both clocks together: the monotonic one, and the clock of day in nanoseconds since 1970.
static ORIGIN: LazyLock<(Instant, u64)> = LazyLock::new(|| (Instant::now(), unix_ns()));
/// The sum of all steps of the clock of day that were noticed since then.
static STEPPED_NS: AtomicI64 = AtomicI64::new(0);
/// Longest time between the readings of the two clocks, one after the other. If more has passed, the process was not
/// running in between, and the readings are not compared.
const PAUSE: Duration = Duration::from_millis(10);

/// Returns the time of day, and by how much the clock has been set since the process started.
///
/// NTP slews both clocks alike, so they differ only if somebody has set the clock of day.
pub fn moment() -> Moment {
    let (origin, origin_ns) = *ORIGIN;
    let before = Instant::now();
    let now_ns = unix_ns();
    let elapsed = before.saturating_duration_since(origin);
    let known_ns = STEPPED_NS.load(Ordering::Relaxed);
    let stepped_ns = if before.elapsed() < PAUSE {
        stepped(known_ns, origin_ns, elapsed, now_ns)
    } else {
        known_ns
    };
    if stepped_ns != known_ns {
        STEPPED_NS.store(stepped_ns, Ordering::Relaxed);
    }
    Moment { now_ns, stepped_ns }
}

/// Returns the time of day as if nobody had set the clock since the process started, in nanoseconds since 1970. Timers and
/// timeouts use it.
pub fn steady_ns() -> u64 {
    moment().steady_ns()
}

/// Returns by how much the clock has been set since it showed `origin_ns`, `elapsed` ago. A change of less than a tenth of
/// a second from `known_ns` is ignored.
fn stepped(known_ns: i64, origin_ns: u64, elapsed: Duration, now_ns: u64) -> i64 {
    const LEAST_NS: u64 = 100_000_000;
    let steady_ns = i128::from(origin_ns) + elapsed.as_nanos().cast_signed();
    let stepped_ns = i64::try_from(i128::from(now_ns) - steady_ns).unwrap_or(known_ns);
    if stepped_ns.abs_diff(known_ns) < LEAST_NS {
        known_ns
    } else {
        stepped_ns
    }
}

/// Formats milliseconds since 1970 as RFC 3339 with whole seconds, UTC.
pub fn rfc3339(unix_ms: i64) -> String {
    let seconds = unix_ms.div_euclid(1000);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// Returns the host's time zone.
pub fn zone() -> TimeZone {
    TimeZone::system()
}

/// Formats milliseconds since 1970 in the host's time zone, for people.
pub fn local(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(
        |_| unix_ms.to_string(),
        |time| {
            time.to_zoned(zone())
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}

/// Formats milliseconds since 1970 as RFC 3339 with milliseconds, UTC.
pub fn rfc3339_millis(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| unix_ms.to_string(), |time| format!("{time:.3}"))
}

/// Formats milliseconds since 1970 for names of files, UTC: `20150330_085303`.
pub fn stamp(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(
        |_| unix_ms.to_string(),
        |time| time.strftime("%Y%m%d_%H%M%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_runs_is_not() {
        const HOUR_NS: i64 = 3_600_000_000_000;
        let origin_ns = 1_700_000_000_000_000_000;
        let after = |known_ns, seconds, off_ns: i64| {
            let now_ns = origin_ns + seconds * 1_000_000_000;
            let elapsed = Duration::from_secs(seconds);
            stepped(
                known_ns,
                origin_ns,
                elapsed,
                now_ns.strict_add_signed(off_ns),
            )
        };
        assert_eq!(after(0, 0, 0), 0);
        assert_eq!(after(0, 86_400, 50_000_000), 0);
        assert_eq!(after(0, 86_400, 2 * HOUR_NS), 2 * HOUR_NS);
        assert_eq!(after(2 * HOUR_NS, 86_401, 2 * HOUR_NS + 7), 2 * HOUR_NS);
        assert_eq!(after(2 * HOUR_NS, 86_402, -HOUR_NS), -HOUR_NS);
        assert_eq!(after(-HOUR_NS, 86_403, 0), 0);
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(rfc3339(1_700_000_000_123), "2023-11-14T22:13:20Z");
        assert_eq!(
            rfc3339_millis(1_700_000_000_120),
            "2023-11-14T22:13:20.120Z"
        );
    }
}
