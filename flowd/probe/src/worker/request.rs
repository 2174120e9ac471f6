//! Requests to a capture thread, and how it handles them.

use std::sync::Arc;

use capture::Source;
use flow::{Batch, EndReason, Flow, Layout, RecordTally};
use mailbox::Reply;
use meter::{Clear, Copied, Position, ReadOptions};

use super::super::cutover::Window;
use super::super::query::Keep;
use super::attached::AttachedMonitor;
use super::{Capture, MonitorConfig, MonitorReport, Report, SourceConfig};

/// The layouts of a monitor's flows, by family.
pub(crate) type Layouts = [Option<Arc<Layout>>; 2];

/// A request to copy a piece of a monitor's cache.
pub(crate) struct Piece {
    /// The monitor's name.
    pub monitor: Arc<str>,
    /// Where the piece begins.
    pub from: Position,
    /// Most flows to copy.
    pub room: usize,
    /// Which flows to copy; `None` for all.
    pub keep: Option<Keep>,
    /// Where to copy them. Its memory is allocated already, so that the capture thread allocates none.
    pub into: Batch,
}

/// A request to a capture thread. Requests are handled in the order they arrive; [`Worker`](super::Worker) has a method for
/// each, which says what it does.
pub(super) enum Request {
    Configure(Vec<MonitorConfig>),
    SetReadOptions(ReadOptions),
    Pause(Reply<()>),
    Replace(SourceConfig, Option<Source>, u64),
    Inherit(Vec<MonitorReport>),
    Report(Reply<Report>),
    Ping(Reply<()>),
    Layouts(Arc<str>, Reply<Option<Layouts>>),
    Copy(Piece, Reply<(Batch, Copied)>),
    Clear(Arc<str>, Clear, Reply<RecordTally>),
    ClearStatistics(Arc<str>),
    Stop(u64, Reply<Report>),
}

impl Capture {
    /// Handles a request. Returns false if the thread is to end.
    pub(super) fn handle(&mut self, request: Request) -> bool {
        match request {
            Request::Configure(configs) => self.configure(configs),
            Request::SetReadOptions(reading) => self.burst.set_read_options(reading),
            Request::Pause(reply) => {
                self.paused = true;
                reply.send(());
            }
            Request::Replace(source_config, source, cutover_ns) => {
                self.paused = false;
                self.drain(cutover_ns);
                self.close_ring();
                self.window = Window::from(cutover_ns);
                self.down = source.is_none().then(|| "not there yet".to_owned());
                (self.source_config, self.source, self.retry_ns) = (source_config, source, 0);
            }
            Request::Inherit(reports) => {
                for report in reports {
                    if let Some(attached) = self.monitors_named(&report.monitor.clone()).next() {
                        attached.inherit(report);
                    }
                }
            }
            Request::Report(reply) => reply.send(self.report()),
            Request::Ping(reply) => reply.send(()),
            Request::Layouts(monitor, reply) => {
                let layouts = self
                    .monitors_named(&monitor)
                    .map(|attached| attached.monitor.layouts());
                let layouts = layouts.last();
                reply.send(layouts);
            }
            Request::Copy(piece, reply) => reply.send(self.copy(piece)),
            Request::Clear(monitor, how, reply) => {
                let mut ended = RecordTally::default();
                for attached in self.monitors_named(&monitor) {
                    ended += attached.monitor.clear(how);
                }
                self.deliver_batches(false);
                reply.send(ended);
            }
            Request::ClearStatistics(monitor) => self
                .monitors_named(&monitor)
                .for_each(AttachedMonitor::clear_statistics),
            Request::Stop(cutover_ns, reply) => {
                self.drain(cutover_ns);
                for attached in &mut self.monitors {
                    attached.monitor.flush(EndReason::Forced);
                }
                self.deliver_batches(true);
                reply.send(self.report());
                return false;
            }
        }
        true
    }

    fn copy(&mut self, piece: Piece) -> (Batch, Copied) {
        let Piece {
            monitor,
            from,
            room,
            keep,
            mut into,
        } = piece;
        let copied = self.monitors_named(&monitor).last().map(|attached| {
            let keep = |flow: &Flow<'_>| keep.as_ref().is_none_or(|keep| keep(flow));
            attached.monitor.copy(from, room, keep, &mut into)
        });
        let nothing = Copied {
            seen: 0,
            next: None,
        };
        (into, copied.unwrap_or(nothing))
    }
}
