//! Feeds: capture threads hand batches of flows to the export thread without ever waiting for it.

use std::sync::Arc;

use crossbeam_channel::{Sender, TrySendError};
use flow::{Batch, RecordTally};
use parking_lot::RwLock;

use crate::lane::Lanes;
use crate::message::Message;

/// The result of offering a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Offered {
    /// The batch is queued for every exporter of the monitor.
    Queued(RecordTally),
    /// The batch was dropped, and counted for each exporter: `queue-full` when the channel was full, `removed` when the worker has
    /// ended.
    Dropped(RecordTally),
    /// The monitor has no exporter: nothing is sent, and nothing is lost.
    NoExporter(RecordTally),
}

/// The path from one monitor to its exporters. Clones share it. Any number of threads may use it while commits add and remove
/// exporters.
#[derive(Clone, Debug)]
pub struct Feed {
    monitor: Arc<str>,
    lanes: Arc<RwLock<Lanes>>,
    sender: Sender<Message>,
}

impl Feed {
    pub(crate) fn new(monitor: &str, sender: Sender<Message>) -> Feed {
        Feed {
            monitor: monitor.into(),
            lanes: Arc::new(RwLock::new(Lanes::from([]))),
            sender,
        }
    }

    /// Replaces the lanes. Waits for threads that are handing over a batch, which takes no longer than to enter it into the channel.
    pub(crate) fn set_lanes(&self, lanes: Lanes) {
        *self.lanes.write() = lanes;
    }

    pub(crate) fn lanes(&self) -> Lanes {
        Arc::clone(&self.lanes.read())
    }

    /// The monitor's name.
    pub fn monitor(&self) -> &str {
        &self.monitor
    }

    /// Hands a batch over. Never waits: when the worker is too far behind, the batch is dropped and counted.
    pub fn offer(&self, batch: Arc<Batch>) -> Offered {
        self.hand_over(batch, |sender, message| match sender.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(Gone::Full),
            Err(TrySendError::Disconnected(_)) => Err(Gone::Ended),
        })
    }

    /// Hands a batch over and waits for room: for savefiles, whose packets can wait.
    pub fn deliver(&self, batch: Arc<Batch>) -> Offered {
        self.hand_over(batch, |sender, message| {
            sender.send(message).map_err(|_| Gone::Ended)
        })
    }

    fn hand_over(
        &self,
        batch: Arc<Batch>,
        send: impl FnOnce(&Sender<Message>, Message) -> Result<(), Gone>,
    ) -> Offered {
        let mut tally = RecordTally::default();
        for flow in batch.iter() {
            tally.count(flow.totals.packets, flow.totals.octets);
        }
        // Held while sending: once a commit has the lock, every batch for the lanes it replaces is in the
        // channel, ahead of the message that applies the commit.
        let lanes = self.lanes.read();
        if lanes.is_empty() {
            return Offered::NoExporter(tally);
        }
        for lane in lanes.iter() {
            lane.count(|fed| fed.received += tally);
        }
        let message = Message::Batch {
            batch,
            tally,
            lanes: Arc::clone(&lanes),
        };
        match send(&self.sender, message) {
            Ok(()) => Offered::Queued(tally),
            Err(gone) => {
                for lane in lanes.iter() {
                    lane.count(|fed| match gone {
                        Gone::Full => fed.queue_full += tally,
                        Gone::Ended => fed.removed += tally,
                    });
                }
                Offered::Dropped(tally)
            }
        }
    }
}

/// Why a batch could not be queued.
#[derive(Clone, Copy)]
enum Gone {
    Full,
    Ended,
}
