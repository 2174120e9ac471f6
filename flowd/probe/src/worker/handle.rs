//! The handle of a capture thread: starts it, tells it, asks it, ends it.

use std::sync::Arc;
use std::thread::JoinHandle;

use capture::Source;
use flow::{Batch, RecordTally};
use mailbox::{Reply, Sender};
use meter::{Clear, Copied, ReadOptions};

use super::asks::{Ask, Layouts, Piece};
use super::{Capture, Capturing, Metering, MonitorReport, Report};

/// The handle of a capture thread.
pub(crate) struct Worker {
    asker: Asker,
    thread: Option<JoinHandle<()>>,
}

/// Asks a capture thread, as long as it runs.
#[derive(Clone)]
pub(crate) struct Asker(Sender<Ask>);

impl Worker {
    /// Starts a thread that reads no packets until it is told which source to [take](Worker::replace).
    ///
    /// # Errors
    /// When the thread or its wake-up descriptor cannot be made.
    pub(crate) fn start(capturing: Capturing) -> std::io::Result<Worker> {
        let (asks, mailbox) = mailbox::mailbox()?;
        let mut capture = Capture::new(capturing, mailbox);
        let name = format!("cap {}", capture.interface)
            .chars()
            .take(15)
            .collect();
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || capture.run())?;
        Ok(Worker {
            asker: Asker(asks),
            thread: Some(thread),
        })
    }

    /// Sets the monitors.
    pub(crate) fn configure(&self, meterings: Vec<Metering>) {
        self.asker.ask(Ask::Configure(meterings));
    }

    /// Sets how much of a packet is read.
    pub(crate) fn read_as(&self, reading: ReadOptions) {
        self.asker.ask(Ask::ReadAs(reading));
    }

    /// Has the thread read no more packets until it is told to [replace](Worker::replace) its source or to
    /// [stop](Worker::stop). All that it has metered was captured before this returns.
    pub(crate) fn hold(&self) {
        self.asker.answer(Ask::Hold);
    }

    /// Meters the packets of another source from `moment_ns` on, and those of the present one until then.
    pub(crate) fn replace(&self, capturing: Capturing, source: Option<Source>, moment_ns: u64) {
        self.asker.ask(Ask::Replace(capturing, source, moment_ns));
    }

    /// Goes on from what a thread that has ended said of its monitors.
    pub(crate) fn inherit(&self, reports: Vec<MonitorReport>) {
        self.asker.ask(Ask::Inherit(reports));
    }

    /// A consistent moment of everything the thread counts.
    pub(crate) fn report(&self) -> Option<Report> {
        self.asker.answer(Ask::Report)
    }

    /// What asks it for flows while others change the probe.
    pub(crate) fn asker(&self) -> Asker {
        self.asker.clone()
    }

    /// Empties a monitor's cache. Returns the flows it had, with the packets in them that had not been exported.
    pub(crate) fn clear(&self, monitor: &str, how: Clear) -> RecordTally {
        self.asker
            .answer(|reply| Ask::Clear(monitor.into(), how, reply))
            .unwrap_or_default()
    }

    /// Sets a monitor's screen counters to zero.
    pub(crate) fn clear_statistics(&self, monitor: &str) {
        self.asker.ask(Ask::ClearStatistics(monitor.into()));
    }

    /// Meters what the ring holds from before `moment_ns`, ends every flow, hands them on, and ends the thread. Returns
    /// the last it has to say.
    pub(crate) fn stop(mut self, moment_ns: u64) -> Option<Report> {
        let report = self.asker.answer(|reply| Ask::Stop(moment_ns, reply));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a capture thread panicked");
        }
        report
    }
}

impl Asker {
    /// How a monitor's flows lie; `None` when it is not there.
    pub(crate) fn layouts(&self, monitor: &Arc<str>) -> Option<Layouts> {
        self.answer(|reply| Ask::Layouts(monitor.clone(), reply))?
    }

    /// A piece of a monitor's cache; `None` when the thread has ended.
    pub(crate) fn copy(&self, piece: Piece) -> Option<(Batch, Copied)> {
        self.answer(|reply| Ask::Copy(piece, reply))
    }

    fn ask(&self, ask: Ask) {
        // A thread that is gone has nothing to say; stop() reports why.
        self.0.send(ask);
    }

    fn answer<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Option<T> {
        self.0.ask(ask)
    }
}
