//! The ring of a capture thread: waiting for packets, opening it again after a failure, draining and closing it.

use std::os::fd::AsFd;
use std::time::Duration;

use capture::{Config, Engine, LinkState, Source, Statistics};

use super::Capture;
use service::clock;

/// Longest time the thread sleeps: flows are expired, and partly filled blocks read, at least this often.
const MAX_WAIT: Duration = Duration::from_millis(200);
/// How often capture on an interface that is gone is tried again.
const REOPEN_INTERVAL_NS: u64 = 2_000_000_000;
/// Longest time a stopped ring is read for the packets it still has; the kernel hands blocks over sooner.
const MAX_DRAIN_NS: u64 = 500_000_000;
/// How long after its timestamp the kernel may still put a packet into a ring.
const STAMP_DELAY_NS: u64 = 20_000_000;

/// How packets are captured from an interface.
#[derive(Clone, Debug)]
pub(crate) struct SourceConfig {
    /// Packet ring or libpcap.
    pub engine: Engine,
    /// Interface, directions, filter.
    pub config: Config,
}

impl SourceConfig {
    /// Opens the source. It has packets from this moment on.
    ///
    /// # Errors
    /// If the source cannot be opened.
    pub(crate) fn open(&self) -> Result<Source, capture::Error> {
        Source::open(self.engine, &self.config)
    }
}

impl Capture {
    /// Waits for packets, a request, or [`MAX_WAIT`].
    pub(super) fn wait(&mut self) {
        let Some(source) = &mut self.source else {
            self.wait_without_source();
            return;
        };
        match source.wait(self.mailbox.as_fd(), MAX_WAIT) {
            Ok(ready) if ready.link == Some(LinkState::Gone) => {
                self.read();
                self.close_after_failure("the interface is gone");
            }
            Ok(_) => {}
            Err(error) => self.close_after_failure(&error.to_string()),
        }
    }

    /// Waits for a request or [`MAX_WAIT`], and opens the source again when it is time to try.
    fn wait_without_source(&mut self) {
        let mut polled = [nix::poll::PollFd::new(
            self.mailbox.as_fd(),
            nix::poll::PollFlags::POLLIN,
        )];
        let _ = nix::poll::poll(
            &mut polled,
            u16::try_from(MAX_WAIT.as_millis()).unwrap_or(u16::MAX),
        );
        let now_ns = clock::unix_ns();
        if now_ns.abs_diff(self.retry_ns) < REOPEN_INTERVAL_NS {
            return;
        }
        self.retry_ns = now_ns;
        match self.source_config.open() {
            Ok(source) => {
                tracing::info!(interface = %self.interface, "capture started");
                self.source = Some(source);
                self.down = None;
            }
            Err(error) => self.down = Some(error.to_string()),
        }
    }

    /// Closes the source after a failure; it is opened again later.
    pub(super) fn close_after_failure(&mut self, why: &str) {
        tracing::warn!(interface = %self.interface, why, "capture stopped; trying again every 2 s");
        self.down = Some(why.to_owned());
        self.close_ring();
        self.retry_ns = clock::unix_ns();
    }

    /// Stops the ring, and meters the packets in it that are from before the cutover.
    pub(super) fn drain(&mut self, cutover_ns: u64) {
        self.window = self.window.until(cutover_ns);
        // The kernel gives a packet its timestamp a little before the ring gets it.
        while cutover_ns < u64::MAX && clock::unix_ns() < cutover_ns + STAMP_DELAY_NS {
            self.read();
            let Some(source) = &mut self.source else {
                return;
            };
            let _ = source.wait(self.mailbox.as_fd(), Duration::from_millis(2));
            self.mailbox.silence();
        }
        let until_ns = clock::steady_ns() + MAX_DRAIN_NS;
        if let Some(source) = &mut self.source
            && let Err(error) = source.stop()
        {
            tracing::warn!(interface = %self.interface, %error, "the ring cannot be stopped");
        }
        while clock::steady_ns() < until_ns {
            self.read();
            let Some(source) = &mut self.source else {
                return;
            };
            if source
                .statistics()
                .is_ok_and(|statistics| statistics.waiting() == 0)
            {
                return;
            }
            let _ = source.wait(self.mailbox.as_fd(), MAX_WAIT);
            self.mailbox.silence();
        }
    }

    /// Closes the ring. Packets that are still in it count as dropped.
    pub(super) fn close_ring(&mut self) {
        let ring = self.ring();
        let drops = ring.dropped + ring.waiting();
        for attached in &mut self.monitors {
            attached.ring_closed(drops);
        }
        self.source = None;
    }

    /// Returns how many packets the present ring has dropped.
    pub(super) fn drops(&mut self) -> u64 {
        self.ring().dropped
    }

    /// Returns the counters of the present ring.
    pub(super) fn ring(&mut self) -> Statistics {
        self.source
            .as_mut()
            .and_then(|source| source.statistics().ok())
            .unwrap_or_default()
    }
}
