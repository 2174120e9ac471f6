//! What happens to samplicators, as lines of the log.

use std::io;
use std::thread;

use crossbeam_channel::Receiver;
use relay::{Event, What};

use crate::clock;

/// Writes events until the last samplicator is gone.
///
/// # Errors
/// When the system refuses a thread.
pub(super) fn write(events: Receiver<Event>) -> io::Result<()> {
    let write = move || events.iter().for_each(|event| line(&event));
    thread::Builder::new()
        .name("relay-log".into())
        .spawn(write)
        .map(drop)
}

fn line(Event { samplicator, what }: &Event) {
    match what {
        What::SourceAppeared { source } => {
            tracing::info!(samplicator, "exporter {source} sends");
        }
        What::SourceSilent { source, last_ns } => {
            let last = i64::try_from(last_ns / 1_000_000).unwrap_or(i64::MAX);
            let last = clock::rfc3339(last);
            tracing::warn!(samplicator, "exporter {source} is silent since {last}");
        }
        What::ReceiverFailed { receiver, reason } => {
            let why = reason.text();
            tracing::warn!(samplicator, "receiver {receiver} fails: {why}");
        }
        What::ReceiverRecovered { receiver } => {
            tracing::info!(samplicator, "receiver {receiver} is back");
        }
        What::Resolved { receiver, address } => {
            tracing::info!(samplicator, "receiver {receiver} is at {address} now");
        }
        What::Unresolved { receiver, why } => {
            tracing::warn!(samplicator, "receiver {receiver} does not resolve: {why}");
        }
    }
}
