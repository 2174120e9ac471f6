//! Drops in the log: a line when they begin, and one when they are over.

use std::time::Duration;

use flow::RecordTally;
use loss::DropReason;
use tracing::{info, warn};

use super::link::Link;
use super::{Exporter, after};

/// Drops for one reason belong to one episode in the log if no more than this lies between them.
const QUIET: Duration = Duration::from_secs(10);

/// Consecutive drops for one reason.
#[derive(Debug)]
pub(super) struct Episode {
    pub(super) reason: DropReason,
    began_ns: u64,
    last_ns: u64,
    tally: RecordTally,
}

impl Exporter {
    pub(super) fn note_drop(&mut self, reason: DropReason, tally: RecordTally, now_ns: u64) {
        match self
            .episodes
            .iter_mut()
            .find(|episode| episode.reason == reason)
        {
            Some(episode) => {
                episode.last_ns = now_ns;
                episode.tally += tally;
            }
            None => {
                // The log has a line already that the link is down.
                if matches!(self.link, Link::Up(_)) || reason == DropReason::QueueFull {
                    let name = &self.settings.name;
                    warn!("exporter {name} drops records: {}", reason.text());
                }
                self.episodes.push(Episode {
                    reason,
                    began_ns: now_ns,
                    last_ns: now_ns,
                    tally,
                });
            }
        }
    }

    pub(super) fn end_episodes(&mut self, now_ns: u64) {
        let name = &self.settings.name;
        self.episodes.retain(|episode| {
            // The protocol can never carry these, so one line of the log is enough.
            let over = episode.reason != DropReason::Ipv6InNetflowV5
                && now_ns >= after(episode.last_ns, QUIET);
            if over {
                let seconds = episode
                    .last_ns
                    .saturating_sub(episode.began_ns)
                    .div_ceil(1_000_000_000);
                info!(
                    "exporter {name} no longer drops records: {} records of {} packets in {seconds} s ({})",
                    episode.tally.records, episode.tally.packets, episode.reason.text()
                );
            }
            !over
        });
    }
}
