//! Timestamps of packets that were captured before the clock of day was set and are read after that.

/// How long after a step such packets are expected: longer than a ring keeps any.
const SPAN_NS: u64 = 10_000_000_000;

/// A recent step of the clock of day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockStep {
    /// By how much the clock was set.
    by_ns: i64,
    /// The present time of that clock.
    now_ns: u64,
    /// When the step ceases to matter, on a clock that nobody sets.
    until_ns: u64,
}

impl ClockStep {
    /// A step by `by_ns` that has just happened. `now_ns` is the time of the clock that was set, `steady_ns` that of a clock
    /// that nobody sets.
    pub(crate) fn new(by_ns: i64, now_ns: u64, steady_ns: u64) -> ClockStep {
        ClockStep {
            by_ns,
            now_ns,
            until_ns: steady_ns.saturating_add(SPAN_NS),
        }
    }

    /// Returns the step at a later time; `None` once no packets from before it are left.
    pub(crate) fn at(self, now_ns: u64, steady_ns: u64) -> Option<ClockStep> {
        (steady_ns < self.until_ns).then_some(ClockStep { now_ns, ..self })
    }

    /// Returns a packet's timestamp on the clock as it is set now. Both readings of the timestamp are tried, and the one
    /// nearer to the present is taken, since a packet is only moments old.
    #[inline]
    pub(crate) fn time_ns(&self, time_ns: u64) -> u64 {
        let moved_ns = time_ns.saturating_add_signed(self.by_ns);
        if moved_ns.abs_diff(self.now_ns) < time_ns.abs_diff(self.now_ns) {
            moved_ns
        } else {
            time_ns
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_before_get_the_time_of_now_and_those_after_keep_theirs() {
        const S: u64 = 1_000_000_000;
        const HOUR: i64 = 3600 * S as i64;
        for by_ns in [2 * HOUR, -2 * HOUR, HOUR / 3600] {
            let before_ns = 1_000_000 * S;
            let now_ns = before_ns.strict_add_signed(by_ns);
            let settling = ClockStep::new(by_ns, now_ns, 50 * S);
            assert_eq!(settling.time_ns(before_ns - 7), now_ns - 7, "{by_ns}");
            assert_eq!(settling.time_ns(now_ns - 7), now_ns - 7, "{by_ns}");
            let later = settling.at(now_ns + 5 * S, 55 * S).unwrap();
            assert_eq!(later.time_ns(now_ns + 5 * S), now_ns + 5 * S, "{by_ns}");
            assert!(later.at(now_ns + 10 * S, 60 * S).is_none());
        }
    }
}
