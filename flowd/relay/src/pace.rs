//! Rate limits and rate averages of datagrams. Time is an argument.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::statistics::{Rates, Tally};

const SECOND_NS: u64 = 1_000_000_000;

/// A limit of datagrams a second that all threads share: the generic cell rate algorithm, whose only state is the
/// time at which the next datagram is due. A tenth of a second's worth may go at once.
#[derive(Debug)]
pub(crate) struct Limit {
    interval_ns: u64,
    burst_ns: u64,
    due_ns: AtomicU64,
}

impl Limit {
    pub(crate) fn new(per_second: u32) -> Limit {
        let interval_ns = SECOND_NS / u64::from(per_second.max(1));
        Limit {
            interval_ns,
            burst_ns: (SECOND_NS / 10).max(interval_ns),
            due_ns: AtomicU64::new(0),
        }
    }

    /// Asks to send one datagram. Returns `false` when the limit is reached.
    pub(crate) fn take(&self, now_ns: u64) -> bool {
        let mut due_ns = self.due_ns.load(Ordering::Relaxed);
        loop {
            let next_ns = due_ns.max(now_ns) + self.interval_ns;
            if next_ns > now_ns + self.burst_ns {
                // A clock that was set back must not close the gate for as long as it was wrong.
                if due_ns <= now_ns + self.burst_ns + self.interval_ns {
                    return false;
                }
                self.due_ns.store(now_ns, Ordering::Relaxed);
                due_ns = now_ns;
                continue;
            }
            match self.due_ns.compare_exchange_weak(
                due_ns,
                next_ns,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(seen) => due_ns = seen,
            }
        }
    }
}

/// Averages of a tally that only grows, over the last 1 and 5 minutes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    rates: Rates,
    last: Tally,
    at_ns: Option<u64>,
}

impl Meter {
    /// Takes the present tally. To be called about every second.
    pub(crate) fn tick(&mut self, tally: Tally, now_ns: u64) {
        let last = std::mem::replace(&mut self.last, tally);
        let Some(at_ns) = self.at_ns.replace(now_ns) else {
            return;
        };
        let seconds = now_ns.saturating_sub(at_ns) as f64 / SECOND_NS as f64;
        if seconds <= 0.0 {
            return;
        }
        let rate = |now: u64, last: u64| now.saturating_sub(last) as f64 / seconds;
        let datagrams = rate(tally.datagrams, last.datagrams);
        let bits = 8.0 * rate(tally.octets, last.octets);
        let towards = |average: &mut f64, now: f64, window: f64| {
            *average += (now - *average) * (1.0 - (-seconds / window).exp());
        };
        towards(&mut self.rates.datagrams_1m, datagrams, 60.0);
        towards(&mut self.rates.datagrams_5m, datagrams, 300.0);
        towards(&mut self.rates.bits_1m, bits, 60.0);
        towards(&mut self.rates.bits_5m, bits, 300.0);
    }

    /// Continues with another tally, because the counts were cleared. The averages stay.
    pub(crate) fn restart(&mut self, tally: Tally) {
        self.last = tally;
    }

    pub(crate) fn rates(&self) -> Rates {
        self.rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_over_time_and_allows_a_short_burst() {
        let limit = Limit::new(1000);
        let start = 1_700_000_000 * SECOND_NS;
        let burst = (0..500).filter(|_| limit.take(start)).count();
        assert_eq!(burst, 100);
        let mut taken = 0;
        // Ten times too many for two seconds.
        for n in 0..20_000 {
            taken += u64::from(limit.take(start + n * SECOND_NS / 10_000));
        }
        assert!((1990..=2010).contains(&taken), "{taken}");
        // The clock is set back an hour.
        assert!(limit.take(start - 3600 * SECOND_NS));
        let limit = Limit::new(2);
        assert!(limit.take(start) && !limit.take(start) && limit.take(start + SECOND_NS / 2));
    }

    #[test]
    fn averages_follow_the_rate() {
        let mut meter = Meter::default();
        for second in 0..=300_u64 {
            let tally = Tally {
                datagrams: 1000 * second,
                octets: 100_000 * second,
            };
            meter.tick(tally, (7 + second) * SECOND_NS);
        }
        let rates = meter.rates();
        assert!((985.0..=1000.0).contains(&rates.datagrams_1m), "{rates:?}");
        assert!((600.0..=660.0).contains(&rates.datagrams_5m), "{rates:?}");
        assert!((rates.bits_1m / rates.datagrams_1m - 800.0).abs() < 1e-6);
    }
}
