//! The rings of one interface with their capture threads: opened and started while a commit is prepared, put to work
//! when it is applied.

use capture::{Engine, Fanout, Source};
use service::clock;

use super::settings::RingKey;
use super::window::Window;
use super::worker::{Capturing, Metering, Worker};

/// The capture threads of one interface.
#[derive(Default)]
pub(super) struct InterfaceRings {
    pub(super) workers: Vec<Worker>,
}

/// Rings that are open and threads that wait for them. Dropping it closes the rings and ends the threads.
pub(super) struct Opened {
    /// How each thread captures, with its ring; `None` where the interface is not there, so that the thread waits for
    /// it.
    sources: Vec<(Capturing, Option<Source>)>,
    /// The threads that come to those of the interface.
    started: Vec<Worker>,
}

/// Why rings cannot be had.
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
    /// Gives the new rings to the threads there are and to those that were started for them, and ends the threads that
    /// are too many. Packets are metered from the old rings until one moment, and from the new ones, which have been
    /// open for a while, after it.
    pub(super) fn adopt(&mut self, opened: Opened, meterings: &[Metering]) {
        // What a thread has metered by now is before the moment, what is still in its ring may be.
        self.workers.iter().for_each(Worker::hold);
        let moment_ns = Window::moment(clock::unix_ns());
        while clock::unix_ns() < moment_ns {
            std::hint::spin_loop();
        }
        let Opened { sources, started } = opened;
        let surplus = self
            .workers
            .split_off(sources.len().min(self.workers.len()));
        for worker in started {
            // Before the first packet is read.
            worker.configure(meterings.to_vec());
            self.workers.push(worker);
        }
        for (worker, (capturing, source)) in self.workers.iter().zip(sources) {
            worker.replace(capturing, source, moment_ns);
        }
        let reports = surplus
            .into_iter()
            .filter_map(|worker| worker.stop(moment_ns));
        for report in reports {
            if let Some(heir) = self.workers.first() {
                heir.inherit(report.monitors);
            }
        }
    }

    pub(super) fn stop(self) {
        for worker in self.workers {
            worker.stop(u64::MAX);
        }
    }
}

impl Opened {
    /// Opens the rings of an interface and starts the threads that it lacks, `running` being those it has. An
    /// interface that is not there is no error: its threads wait for it, and a warning says so.
    ///
    /// # Errors
    /// When a ring cannot be opened for another reason, or a thread cannot be started.
    pub(super) fn new(
        interface: &str,
        key: &RingKey,
        group: u16,
        running: usize,
        warnings: &mut Vec<String>,
    ) -> Result<Opened, OpenError> {
        let capture = &key.capture;
        let capturing = Capturing {
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
            let source = match capturing.open() {
                Ok(source) => Some(source),
                Err(error @ capture::Error::NoInterface { .. }) => {
                    warnings.push(format!("{error}; metering starts when it is there"));
                    None
                }
                Err(error) => return Err(error.into()),
            };
            sources.push((capturing.clone(), source));
        }
        warnings.dedup();
        let missing = sources.len().saturating_sub(running);
        let started = (0..missing).map(|_| Worker::start(capturing.clone()));
        Ok(Opened {
            started: started.collect::<std::io::Result<_>>()?,
            sources,
        })
    }
}
