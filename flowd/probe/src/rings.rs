//! The rings of an interface with their capture threads. They are opened and started while a commit is prepared, and put
//! to work when it is applied.

use capture::{Engine, Fanout, Source};
use service::{Occasion, clock};

use super::cutover::Window;
use super::settings::RingKey;
use super::worker::{MonitorConfig, SourceConfig, Worker};

/// The capture threads of one interface.
#[derive(Default)]
pub(super) struct InterfaceRings {
    pub(super) workers: Vec<Worker>,
}

/// New rings, with threads that wait for them. Dropping it closes the rings and ends the threads.
pub(super) struct OpenedRings {
    /// The source of each thread; `None` if the interface does not exist, so that the thread waits for it.
    sources: Vec<(SourceConfig, Option<Source>)>,
    /// The threads that the interface needs beside those it has.
    started: Vec<Worker>,
}

/// Why the rings of an interface cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// The ring cannot be opened.
    #[error(transparent)]
    Capture(#[from] capture::Error),
    /// The system refuses a thread.
    #[error("a capture thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl InterfaceRings {
    /// Gives the new rings to the interface's threads, those that were started for them included, and ends surplus threads.
    /// Packets are metered from the old rings up to one moment and from the new ones, which are open already, after it.
    pub(super) fn switch_to(&mut self, opened: OpenedRings, monitor_configs: &[MonitorConfig]) {
        // Whatever a paused thread has metered is from before the cutover; its ring may have more of that.
        self.workers.iter().for_each(Worker::pause);
        let cutover_ns = Window::next_microsecond(clock::unix_ns());
        while clock::unix_ns() < cutover_ns {
            std::hint::spin_loop();
        }
        let OpenedRings { sources, started } = opened;
        let surplus = self
            .workers
            .split_off(sources.len().min(self.workers.len()));
        for worker in started {
            // The thread has its monitors before it reads the first packet.
            worker.configure(monitor_configs.to_vec());
            self.workers.push(worker);
        }
        for (worker, (source_config, source)) in self.workers.iter().zip(sources) {
            worker.replace(source_config, source, cutover_ns);
        }
        let reports = surplus
            .into_iter()
            .filter_map(|worker| worker.stop(cutover_ns));
        for report in reports {
            if let Some(first) = self.workers.first() {
                first.inherit(report.monitors);
            }
        }
    }

    /// Meters what the rings have, ends every flow and ends the threads.
    pub(super) fn stop(self) {
        for worker in self.workers {
            worker.stop(u64::MAX);
        }
    }
}

impl OpenedRings {
    /// Opens the rings of an interface that has `running` threads, and starts those that it lacks. An interface that does
    /// not exist is no error: its threads wait for it, and a warning says so. The same holds for whatever else keeps a ring
    /// from being opened when a configuration is restored.
    ///
    /// # Errors
    /// When a ring cannot be opened for another reason, or a thread cannot be started.
    pub(super) fn new(
        interface: &str,
        key: &RingKey,
        group: u16,
        running: usize,
        occasion: Occasion,
        warnings: &mut Vec<String>,
    ) -> Result<OpenedRings, OpenError> {
        let capture = &key.capture;
        let source_config = SourceConfig {
            engine: if capture.libpcap {
                Engine::Pcap
            } else {
                Engine::AfPacket
            },
            config: capture::Config {
                interface: interface.to_owned(),
                promiscuous: capture.promiscuous,
                snaplen: capture.snaplen,
                ring_bytes: (capture.ring_mib as usize) << 20,
                filter: capture.filter.clone(),
                incoming: key.incoming,
                outgoing: key.outgoing,
                fanout: (capture.threads > 1).then_some(Fanout { group }),
            },
        };
        let mut sources = Vec::new();
        for _ in 0..capture.threads.max(1) {
            let source = match source_config.open() {
                Ok(source) => Some(source),
                Err(error @ capture::Error::NoInterface { .. }) => {
                    warnings.push(format!("{error}; metering starts when it is there"));
                    None
                }
                Err(error) if occasion == Occasion::Restore => {
                    warnings.push(format!("{error}; trying again"));
                    None
                }
                Err(error) => return Err(error.into()),
            };
            sources.push((source_config.clone(), source));
        }
        warnings.dedup();
        let missing = sources.len().saturating_sub(running);
        let started = (0..missing).map(|_| Worker::start(source_config.clone()));
        Ok(OpenedRings {
            started: started.collect::<std::io::Result<_>>()?,
            sources,
        })
    }
}
