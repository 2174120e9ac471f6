//! Counters as they were read a while ago: rates are what was counted since.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use api::flow::Rate;
use parking_lot::Mutex;

/// Readings that are kept. Who watches something has one; the oldest one gives way.
const KEPT: usize = 16;

/// Packets and octets, by the name of what is counted.
pub type Counters = HashMap<String, (u64, u64)>;

/// Counters at a moment.
#[derive(Debug)]
pub struct Reading {
    at: Instant,
    counters: Counters,
}

/// The readings that rates are computed from.
#[derive(Default)]
pub struct Readings(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    readings: VecDeque<(u64, Reading)>,
}

impl Reading {
    /// Counters as they are at this moment.
    pub fn new(at: Instant) -> Reading {
        Reading {
            at,
            counters: Counters::new(),
        }
    }

    /// Notes the counters of `name`, and returns them with what they gained a second since the reading before. What that
    /// did not have, or had more of, has counted from nothing.
    pub fn count(
        &mut self,
        name: String,
        (packets, octets): (u64, u64),
        before: Option<&Reading>,
    ) -> Rate {
        let seconds =
            before.map(|before| self.at.saturating_duration_since(before.at).as_secs_f64());
        let seconds = seconds.filter(|seconds| *seconds > 0.0);
        let old = before
            .and_then(|before| before.counters.get(&name))
            .copied()
            .unwrap_or_default();
        let rate = |old: u64, new: u64| {
            let more = new.checked_sub(old).unwrap_or(new);
            seconds.map(|seconds| more as f64 / seconds)
        };
        self.counters.insert(name, (packets, octets));
        Rate {
            packets,
            octets,
            packets_per_second: rate(old.0, packets),
            octets_per_second: rate(old.1, octets),
        }
    }
}

impl Readings {
    /// Takes the reading of this name, unless it has given way to others.
    pub fn take(&self, name: &str) -> Option<Reading> {
        let number: u64 = name.parse().ok()?;
        let mut kept = self.0.lock();
        let at = kept.readings.iter().position(|(one, _)| *one == number)?;
        kept.readings.remove(at).map(|(_, reading)| reading)
    }

    /// Keeps a reading, and returns the name by which it is taken.
    pub fn keep(&self, reading: Reading) -> String {
        let mut kept = self.0.lock();
        kept.last += 1;
        let number = kept.last;
        kept.readings.push_back((number, reading));
        if kept.readings.len() > KEPT {
            kept.readings.pop_front();
        }
        number.to_string()
    }
}

#[cfg(test)]
mod tests;
