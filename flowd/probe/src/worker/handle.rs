//! The handle of a capture thread, by which others start it, send it requests and end it.

use std::sync::Arc;
use std::thread::JoinHandle;

use capture::Source;
use flow::{Batch, RecordTally};
use mailbox::{Answer, Reply, Sender};
use meter::{Clear, Copied, ReadOptions};

use super::request::{Layouts, Piece, Request};
use super::{Capture, MonitorConfig, MonitorReport, Report, SourceConfig};

/// The handle of a capture thread.
pub(crate) struct Worker {
    requests: ThreadRequests,
    thread: Option<JoinHandle<()>>,
}

/// Sends requests to a capture thread.
#[derive(Clone)]
pub(crate) struct ThreadRequests(Sender<Request>);

impl Worker {
    /// Starts a thread that reads no packets until it is told which source to [take](Worker::replace).
    ///
    /// # Errors
    /// When the thread or its wake-up descriptor cannot be made.
    pub(crate) fn start(source_config: SourceConfig) -> std::io::Result<Worker> {
        let (requests, mailbox) = mailbox::mailbox()?;
        let mut capture = Capture::new(source_config, mailbox);
        let name = format!("cap {}", capture.interface)
            .chars()
            .take(15)
            .collect();
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || capture.run())?;
        Ok(Worker {
            requests: ThreadRequests(requests),
            thread: Some(thread),
        })
    }

    /// Replaces the monitors. Those that stay keep their caches.
    pub(crate) fn configure(&self, configs: Vec<MonitorConfig>) {
        self.requests.send(Request::Configure(configs));
    }

    /// Sets which headers of a packet are read.
    pub(crate) fn set_read_options(&self, reading: ReadOptions) {
        self.requests.send(Request::SetReadOptions(reading));
    }

    /// Pauses the thread until it is told to [replace](Worker::replace) its source or to [stop](Worker::stop). All packets
    /// that it has metered were captured before this returns.
    pub(crate) fn pause(&self) {
        self.requests.answer(Request::Pause);
    }

    /// Replaces the source: packets from before `cutover_ns` are metered from the old one, all others from the new one.
    pub(crate) fn replace(
        &self,
        source_config: SourceConfig,
        source: Option<Source>,
        cutover_ns: u64,
    ) {
        self.requests
            .send(Request::Replace(source_config, source, cutover_ns));
    }

    /// Adds the counters of a thread that has ended to those of this one.
    pub(crate) fn inherit(&self, reports: Vec<MonitorReport>) {
        self.requests.send(Request::Inherit(reports));
    }

    /// Returns everything the thread counts, consistent at one moment; `None` if the thread has ended.
    pub(crate) fn report(&self) -> Option<Report> {
        self.requests.answer(Request::Report)
    }

    /// Asks the thread for a sign of life.
    pub(crate) fn ping(&self) -> Answer<()> {
        self.requests.0.request(Request::Ping)
    }

    /// Returns a way to read caches without holding the probe's lock.
    pub(crate) fn requests(&self) -> ThreadRequests {
        self.requests.clone()
    }

    /// Empties a monitor's cache. Returns the number of its flows, with the packets in them that had not been exported.
    pub(crate) fn clear(&self, monitor: &str, how: Clear) -> RecordTally {
        self.requests
            .answer(|reply| Request::Clear(monitor.into(), how, reply))
            .unwrap_or_default()
    }

    /// Resets a monitor's counters for screens; the ledger is not touched.
    pub(crate) fn clear_statistics(&self, monitor: &str) {
        self.requests.send(Request::ClearStatistics(monitor.into()));
    }

    /// Meters the packets in the ring that are from before `cutover_ns`, exports every flow and ends the thread. Returns its
    /// last report.
    pub(crate) fn stop(mut self, cutover_ns: u64) -> Option<Report> {
        let report = self
            .requests
            .answer(|reply| Request::Stop(cutover_ns, reply));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a capture thread panicked");
        }
        report
    }
}

impl ThreadRequests {
    /// Returns the layouts of a monitor's flows; `None` if the thread has no such monitor or has ended.
    pub(crate) fn layouts(&self, monitor: &Arc<str>) -> Option<Layouts> {
        self.answer(|reply| Request::Layouts(monitor.clone(), reply))?
    }

    /// Copies a piece of a monitor's cache; `None` if the thread has ended.
    pub(crate) fn copy(&self, piece: Piece) -> Option<(Batch, Copied)> {
        self.answer(|reply| Request::Copy(piece, reply))
    }

    fn send(&self, request: Request) {
        // A thread that has ended gets no more requests; `stop` has logged why it ended.
        self.0.send(request);
    }

    fn answer<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Option<T> {
        self.0.ask(request)
    }
}
