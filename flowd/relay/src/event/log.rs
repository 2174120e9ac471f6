//! Writes events to the log. Anybody who can send a datagram can be an exporter that appears, so lines about exporters are limited;
//! those left out are counted.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use service::clock;

use super::{Event, What};
use crate::settings::Endpoint;

/// Most lines about exporters in each [`WINDOW`].
const MOST: u32 = 100;
/// The time for which lines are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// Starts a thread that writes events to the log until their senders are gone.
///
/// # Errors
/// When the system refuses a thread.
pub(crate) fn write(events: Receiver<Event>) -> io::Result<()> {
    let write = move || {
        let mut limit = Limit::default();
        loop {
            let event = events.recv_timeout(WINDOW);
            if let Some(more) = limit.turn(clock::monotonic()) {
                tracing::warn!("{more}");
            }
            match event {
                Ok(event) => {
                    if limit.admits(&event.what) {
                        line(&event);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    };
    thread::Builder::new()
        .name("relay-log".into())
        .spawn(write)
        .map(drop)
}

/// Counts the lines about exporters in a window, and those left out.
#[derive(Debug, Default)]
struct Limit {
    since: Option<Instant>,
    written: u32,
    appeared: u64,
    silent: u64,
}

impl Limit {
    /// Begins another window when it is time to. Returns a line about what the last one left out, if it did.
    fn turn(&mut self, now: Instant) -> Option<String> {
        let over = |since| now.saturating_duration_since(since) >= WINDOW;
        if !self.since.is_none_or(over) {
            return None;
        }
        let last = std::mem::replace(
            self,
            Limit {
                since: Some(now),
                ..Limit::default()
            },
        );
        (last.appeared + last.silent > 0).then(|| {
            format!(
                "too many exporters to log each: {} more began to send, {} more are silent",
                last.appeared, last.silent
            )
        })
    }

    fn admits(&mut self, what: &What) -> bool {
        let left_out = match what {
            What::SourceAppeared { .. } => &mut self.appeared,
            What::SourceSilent { .. } => &mut self.silent,
            // There are as many receivers as the configuration has.
            _ => return true,
        };
        if self.written >= MOST {
            *left_out += 1;
            return false;
        }
        self.written += 1;
        true
    }
}

fn line(Event { samplicator, what }: &Event) {
    match what {
        What::SourceAppeared { source } => {
            tracing::info!("samplicator {samplicator}: exporter {source} began to send");
        }
        What::SourceSilent { source, last_ns } => {
            let last = i64::try_from(last_ns / 1_000_000).unwrap_or(i64::MAX);
            let last = clock::rfc3339(last);
            tracing::warn!(
                "samplicator {samplicator}: exporter {source} has been silent since {last}"
            );
        }
        What::ListenerDown { endpoint, why } => {
            let Endpoint { listen, port } = endpoint;
            tracing::warn!("samplicator {samplicator}: {listen} port {port} is down: {why}");
        }
        What::ListenerUp { endpoint } => {
            let Endpoint { listen, port } = endpoint;
            tracing::info!("samplicator {samplicator}: {listen} port {port} is up");
        }
        What::ReceiverFailed { receiver, reason } => {
            let why = reason.text();
            tracing::warn!("samplicator {samplicator}: receiver {receiver} failed: {why}");
        }
        What::ReceiverRecovered { receiver } => {
            tracing::info!("samplicator {samplicator}: receiver {receiver} is back");
        }
        What::Resolved { receiver, address } => {
            tracing::info!("samplicator {samplicator}: receiver {receiver} is at {address} now");
        }
        What::Unresolved { receiver, why } => {
            tracing::warn!(
                "samplicator {samplicator}: receiver {receiver} does not resolve: {why}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_exporters_is_a_line() {
        let begun = clock::monotonic();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut limit = Limit::default();
        assert_eq!(limit.turn(at(0)), None);
        let source = "192.0.2.1:2055".parse().unwrap();
        let appeared = What::SourceAppeared { source };
        let written = (0..1000).filter(|_| limit.admits(&appeared)).count();
        assert_eq!(written as u32, MOST);
        assert!(!limit.admits(&What::SourceSilent { source, last_ns: 0 }));
        let failed = What::ReceiverRecovered {
            receiver: "A".into(),
        };
        assert!(limit.admits(&failed), "receivers are always told of");
        assert_eq!(limit.turn(at(9)), None);
        assert_eq!(
            limit.turn(at(10)).as_deref(),
            Some("too many exporters to log each: 900 more began to send, 1 more are silent")
        );
        assert_eq!(limit.turn(at(20)), None);
        assert!(limit.admits(&appeared));
    }
}
