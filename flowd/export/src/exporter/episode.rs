//! Drops in the log: a line when they begin, and one when they are over.

use std::time::Duration;

use flow::RecordTally;
use loss::DropReason;
use tracing::{info, warn};

use super::link::Link;
use super::{Exporter, after};

/// Drops for one reason that are closer together than this are one episode in the log.
const QUIET: Duration = Duration::from_secs(10);

/// Drops for one reason, from the first until it has been quiet for a while.
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
                // That the link is down is told already.
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
            // The protocol will never carry these: one line of the log is enough.
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
