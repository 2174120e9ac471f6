//! The ring of a capture thread: waited on, lost, tried again, drained and given up.

use std::os::fd::AsFd;
use std::time::Duration;

use capture::{Config, Engine, LinkState, Source, Statistics};

use super::Capture;
use service::clock;

/// Longest the thread sleeps: flows age, and a ring block is handed over, at least this often.
const WAIT: Duration = Duration::from_millis(200);
/// How often an interface that is gone is tried again.
const REOPEN_NS: u64 = 2_000_000_000;
/// How long a ring that takes no new packets is read for those it has; the kernel hands blocks over sooner.
const DRAIN_NS: u64 = 500_000_000;
/// How long a ring that is replaced may still be given packets that were stamped before.
const STAMPED_NS: u64 = 20_000_000;

/// How an interface is captured.
#[derive(Clone, Debug)]
pub(crate) struct Capturing {
    /// Ring or libpcap.
    pub engine: Engine,
    /// Interface, direction, filter.
    pub config: Config,
}

impl Capturing {
    /// Opens it: packets from this moment on.
    ///
    /// # Errors
    /// What the capture says.
    pub(crate) fn open(&self) -> Result<Source, capture::Error> {
        Source::open(self.engine, &self.config)
    }
}

impl Capture {
    pub(super) fn wait(&mut self) {
        let Some(source) = &mut self.source else {
            self.wait_without_source();
            return;
        };
        match source.wait(self.mailbox.as_fd(), WAIT) {
            Ok(ready) if ready.link == Some(LinkState::Gone) => {
                self.read();
                self.lose("the interface is gone");
            }
            Ok(_) => {}
            Err(error) => self.lose(&error.to_string()),
        }
    }

    fn wait_without_source(&mut self) {
        let mut polled = [nix::poll::PollFd::new(
            self.mailbox.as_fd(),
            nix::poll::PollFlags::POLLIN,
        )];
        let _ = nix::poll::poll(
            &mut polled,
            u16::try_from(WAIT.as_millis()).unwrap_or(u16::MAX),
        );
        let now_ns = clock::unix_ns();
        if now_ns.abs_diff(self.retry_ns) < REOPEN_NS {
            return;
        }
        self.retry_ns = now_ns;
        match self.capturing.open() {
            Ok(source) => {
                tracing::info!(interface = %self.interface, "capture started");
                self.source = Some(source);
                self.down = None;
            }
            Err(error) => self.down = Some(error.to_string()),
        }
    }

    pub(super) fn lose(&mut self, why: &str) {
        tracing::warn!(interface = %self.interface, why, "capture stopped; trying again every 2 s");
        self.down = Some(why.to_owned());
        self.part_from_ring();
        self.retry_ns = clock::unix_ns();
    }

    /// Takes no new packets, and meters what the ring still has from before a moment.
    pub(super) fn drain(&mut self, moment_ns: u64) {
        self.window = self.window.until(moment_ns);
        // The kernel stamps a packet a little before the ring gets it.
        while moment_ns < u64::MAX && clock::unix_ns() < moment_ns + STAMPED_NS {
            self.read();
            let Some(source) = &mut self.source else {
                return;
            };
            let _ = source.wait(self.mailbox.as_fd(), Duration::from_millis(2));
            self.mailbox.silence();
        }
        let until_ns = clock::steady_ns() + DRAIN_NS;
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
            let _ = source.wait(self.mailbox.as_fd(), WAIT);
            self.mailbox.silence();
        }
    }

    /// Closes the ring; what it has dropped is remembered, and what it still has is dropped.
    pub(super) fn part_from_ring(&mut self) {
        let ring = self.ring();
        let drops = ring.dropped + ring.waiting();
        for port in &mut self.ports {
            port.part_from_ring(drops);
        }
        self.source = None;
    }

    pub(super) fn drops(&mut self) -> u64 {
        self.ring().dropped
    }

    pub(super) fn ring(&mut self) -> Statistics {
        self.source
            .as_mut()
            .and_then(|source| source.statistics().ok())
            .unwrap_or_default()
    }
}
