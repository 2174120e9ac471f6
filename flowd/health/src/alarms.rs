//! Alarms: what is wrong now and since when. Each is a line of the log when it begins and when it ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api::host::{Alarm, AlarmKind};
use parking_lot::Mutex;
use service::clock;
use service::metric::{Family, Labels};

/// How long something has to stop before an alarm about its number ends: it comes in bursts.
const QUIET: Duration = Duration::from_secs(30);

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What may be wrong with it.
    pub kind: AlarmKind,
    /// Its name, such as `interface eth1`.
    pub subject: String,
    /// How it is.
    pub finding: Finding,
}

/// How something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is wrong, as this says: `is down`.
    Wrong(String),
    /// So many were counted altogether. More of them are wrong.
    Counted(u64),
}

/// The alarms, and what they are told by.
#[derive(Default)]
pub struct Alarms(Mutex<State>);

type Key = (AlarmKind, String);

#[derive(Default)]
struct State {
    raised: BTreeMap<Key, Raised>,
    /// What was counted when it was looked at last.
    counted: BTreeMap<Key, u64>,
}

struct Raised {
    since_ms: i64,
    /// How it is now.
    text: String,
    /// What was counted before it began; `None` where nothing is counted.
    from: Option<u64>,
    /// When it was last wrong.
    last: Instant,
}

/// An alarm that begins or ends, as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub kind: AlarmKind,
    /// Whether it begins; it ends otherwise.
    pub begins: bool,
    /// The line of the log.
    pub text: String,
}

impl Alarms {
    /// Takes what was seen of everything there is, and returns what begins and what ends.
    pub fn update(&self, seen: Vec<Seen>, now: Instant, now_ms: i64) -> Vec<Event> {
        let mut state = self.0.lock();
        let State { raised, counted } = &mut *state;
        let mut events = Vec::new();
        let before = std::mem::take(counted);
        for Seen {
            kind,
            subject,
            finding,
        } in seen
        {
            let key = (kind, subject);
            let (text, from) = match finding {
                Finding::Wrong(text) => (text, None),
                Finding::Counted(count) => {
                    // Counters that were cleared count from 0 again.
                    let since_clear = |number: u64| if number > count { 0 } else { number };
                    // What is new has counted from 0, also before it is first looked at.
                    let old = since_clear(before.get(&key).copied().unwrap_or(0));
                    counted.insert(key.clone(), count);
                    let from = raised.get(&key).and_then(|one| one.from);
                    let from = since_clear(from.unwrap_or(old));
                    if count == old {
                        continue;
                    }
                    (format!("{}: {}", noun(kind), count - from), Some(from))
                }
            };
            let alarm = raised.entry(key).or_insert_with_key(|(kind, subject)| {
                events.push(Event {
                    kind: *kind,
                    begins: true,
                    text: match from {
                        None => format!("{subject} {text}"),
                        Some(_) => format!("{subject}: {} began", noun(*kind)),
                    },
                });
                Raised {
                    since_ms: now_ms,
                    text: String::new(),
                    from,
                    last: now,
                }
            });
            (alarm.text, alarm.from, alarm.last) = (text, from, now);
        }
        raised.retain(|(kind, subject), alarm| {
            let quiet = match alarm.from {
                Some(_) => QUIET,
                None => Duration::from_nanos(1),
            };
            if now.saturating_duration_since(alarm.last) < quiet {
                return true;
            }
            let lasted = now_ms.saturating_sub(alarm.since_ms) / 1000;
            let text = match alarm.from {
                None => format!("{subject} {} after {lasted} s", again(*kind)),
                Some(_) => format!("{subject}: {} (ended, begun {lasted} s ago)", alarm.text),
            };
            events.push(Event {
                kind: *kind,
                begins: false,
                text,
            });
            false
        });
        events
    }

    /// Returns the alarms there are, the oldest first.
    pub fn list(&self) -> Vec<Alarm> {
        let state = self.0.lock();
        let mut alarms: Vec<(i64, Alarm)> = state
            .raised
            .iter()
            .map(|((kind, subject), raised)| {
                let separator = if raised.from.is_some() { ": " } else { " " };
                let alarm = Alarm {
                    kind: *kind,
                    subject: subject.clone(),
                    since: clock::rfc3339(raised.since_ms).into(),
                    text: format!("{subject}{separator}{}", raised.text),
                };
                (raised.since_ms, alarm)
            })
            .collect();
        alarms.sort_by_key(|(since_ms, _)| *since_ms);
        alarms.into_iter().map(|(_, alarm)| alarm).collect()
    }

    /// Returns the number of alarms of each kind.
    pub fn metrics(&self) -> Family {
        let state = self.0.lock();
        let mut family = Family::gauge("flowd_alarms", "Alarms that there are, by kind");
        for kind in AlarmKind::ALL {
            let number = state.raised.keys().filter(|(one, _)| one == kind).count();
            family.add(&Labels::of(&[("kind", kind.word())]), number as u64);
        }
        family
    }

    /// Returns how many alarms there are.
    pub fn count(&self) -> u64 {
        self.0.lock().raised.len() as u64
    }
}

/// What an alarm counts.
fn noun(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::RingDrops => "packets that the capture ring had no room for",
        AlarmKind::EmergencyExpiry => "flows that ended early because the cache was full",
        AlarmKind::CacheFull => "packets of new flows that a full cache dropped",
        _ => "events",
    }
}

/// How something is again when an alarm ends.
fn again(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::InterfaceDown => "is up again",
        AlarmKind::CaptureDown => "is captured again",
        AlarmKind::ExporterDown => "is in order again",
        AlarmKind::ReceiverFailed => "is in order again",
        _ => "is in order again",
    }
}

#[cfg(test)]
mod tests;
