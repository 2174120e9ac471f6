//! What a capture thread is asked, and what it does then.

use std::sync::Arc;

use capture::Source;
use flow::{Batch, EndReason, Flow, Layout, RecordTally};
use mailbox::Reply;
use meter::{Clear, Copied, Position, ReadOptions};

use super::super::query::Keep;
use super::super::window::Window;
use super::port::Port;
use super::{Capture, Capturing, Metering, MonitorReport, Report};

/// How a monitor's flows lie, by family.
pub(crate) type Layouts = [Option<Arc<Layout>>; 2];

/// A piece of a monitor's cache that is wanted.
pub(crate) struct Piece {
    /// The monitor.
    pub monitor: Arc<str>,
    /// Where to begin.
    pub from: Position,
    /// Flows that are wanted at most.
    pub room: usize,
    /// Which flows are wanted.
    pub keep: Option<Keep>,
    /// Where they go: memory that is there already, so that the capture thread needs none.
    pub into: Batch,
}

/// Obeyed in the order they come; those with a reply are answered.
pub(super) enum Ask {
    Configure(Vec<Metering>),
    ReadAs(ReadOptions),
    Hold(Reply<()>),
    Replace(Capturing, Option<Source>, u64),
    Inherit(Vec<MonitorReport>),
    Report(Reply<Report>),
    Layouts(Arc<str>, Reply<Option<Layouts>>),
    Copy(Piece, Reply<(Batch, Copied)>),
    Clear(Arc<str>, Clear, Reply<RecordTally>),
    ClearStatistics(Arc<str>),
    Stop(u64, Reply<Report>),
}

impl Capture {
    /// Returns whether the thread goes on.
    pub(super) fn obey(&mut self, ask: Ask) -> bool {
        match ask {
            Ask::Configure(meterings) => self.configure(meterings),
            Ask::ReadAs(reading) => self.burst.set_read_options(reading),
            Ask::Hold(reply) => {
                self.held = true;
                reply.send(());
            }
            Ask::Replace(capturing, source, moment_ns) => {
                self.held = false;
                self.drain(moment_ns);
                self.part_from_ring();
                self.window = Window::from(moment_ns);
                self.down = source.is_none().then(|| "not there yet".to_owned());
                (self.capturing, self.source, self.retry_ns) = (capturing, source, 0);
            }
            Ask::Inherit(reports) => {
                for report in reports {
                    if let Some(port) = self.ports_of(&report.monitor.clone()).next() {
                        port.inherit(report);
                    }
                }
            }
            Ask::Report(reply) => reply.send(self.report()),
            Ask::Layouts(monitor, reply) => {
                let layouts = self.ports_of(&monitor).map(|port| port.monitor.layouts());
                let layouts = layouts.last();
                reply.send(layouts);
            }
            Ask::Copy(piece, reply) => reply.send(self.copy(piece)),
            Ask::Clear(monitor, how, reply) => {
                let mut ended = RecordTally::default();
                for port in self.ports_of(&monitor) {
                    ended += port.monitor.clear(how);
                }
                self.hand_on(false);
                reply.send(ended);
            }
            Ask::ClearStatistics(monitor) => {
                self.ports_of(&monitor).for_each(Port::clear_statistics)
            }
            Ask::Stop(moment_ns, reply) => {
                self.drain(moment_ns);
                for port in &mut self.ports {
                    port.monitor.flush(EndReason::Forced);
                }
                self.hand_on(true);
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
        let copied = self.ports_of(&monitor).last().map(|port| {
            let keep = |flow: &Flow<'_>| keep.as_ref().is_none_or(|keep| keep(flow));
            port.monitor.copy(from, room, keep, &mut into)
        });
        let nothing = Copied {
            seen: 0,
            next: None,
        };
        (into, copied.unwrap_or(nothing))
    }
}
