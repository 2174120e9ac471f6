//! Rates of the host's interfaces: their counters are read every few seconds, and a rate is what they gained over the last
//! minute or the last five.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use api::host::TrafficRates;
use parking_lot::Mutex;

use crate::interface::{Interface, Traffic};

/// The shorter time that rates are averages of.
const MINUTE: Duration = Duration::from_secs(60);
/// The longer time.
const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// The counters of interfaces over the last five minutes.
#[derive(Debug, Default)]
pub struct TrafficHistory(Mutex<HashMap<u32, VecDeque<Sample>>>);

/// The counters of an interface at a moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    received: Traffic,
    sent: Traffic,
}

impl TrafficHistory {
    /// Notes the counters of all interfaces. One that is gone is forgotten.
    pub fn note(&self, interfaces: &[Interface], at: Instant) {
        let mut history = self.0.lock();
        history.retain(|index, _| interfaces.iter().any(|one| one.index == *index));
        for interface in interfaces {
            let samples = history.entry(interface.index).or_default();
            let sample = Sample {
                at,
                received: interface.received,
                sent: interface.sent,
            };
            // Counters that went back are another interface's, or were cleared by its driver.
            let back = |last: &Sample| {
                last.received.packets > sample.received.packets
                    || last.sent.packets > sample.sent.packets
            };
            if samples.back().is_some_and(back) {
                samples.clear();
            }
            samples.push_back(sample);
            while samples.len() > 2 && at.saturating_duration_since(samples[1].at) >= FIVE_MINUTES {
                samples.pop_front();
            }
        }
    }

    /// Returns the rates at which an interface receives and sends.
    pub fn rates(&self, index: u32) -> (TrafficRates, TrafficRates) {
        let history = self.0.lock();
        let samples = history.get(&index);
        let rates = |of: fn(&Sample) -> Traffic| {
            let over = |time| samples.and_then(|samples| rate(samples, time, of)).unzip();
            let ((packets_1m, bits_1m), (packets_5m, bits_5m)) = (over(MINUTE), over(FIVE_MINUTES));
            TrafficRates {
                packets_1m,
                packets_5m,
                bits_1m,
                bits_5m,
            }
        };
        (rates(|sample| sample.received), rates(|sample| sample.sent))
    }
}

/// Returns packets and bits a second over a time, or over as much of it as was seen.
fn rate(
    samples: &VecDeque<Sample>,
    time: Duration,
    of: fn(&Sample) -> Traffic,
) -> Option<(f64, f64)> {
    let last = samples.back()?;
    let age = |sample: &&Sample| last.at.saturating_duration_since(sample.at);
    let first = samples.iter().rfind(|sample| age(sample) >= time);
    let first = first.or(samples.front())?;
    let seconds = age(&first).as_secs_f64();
    let (first, last) = (of(first), of(last));
    let a_second = |first: u64, last: u64| last.saturating_sub(first) as f64 / seconds;
    (seconds > 0.0).then(|| {
        (
            a_second(first.packets, last.packets),
            a_second(first.octets, last.octets) * 8.0,
        )
    })
}

#[cfg(test)]
mod tests;
