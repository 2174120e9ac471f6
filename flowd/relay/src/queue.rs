//! The queues of receivers with a `delay`.

use std::collections::VecDeque;
use std::net::SocketAddr;

use loss::DropReason;
use parking_lot::Mutex;

use crate::account::Account;
use crate::statistics::{Ledger, Tally};

/// Most octets that wait for one receiver.
pub(crate) const MAX_QUEUE: usize = 8 << 20;
/// Octets that a queued datagram is charged beside its payload.
const OVERHEAD: usize = 64;

/// The queue of a receiver and its account, under one lock so that they always agree.
#[derive(Debug, Default)]
pub(crate) struct SharedQueue(Mutex<Queue>);

#[derive(Debug, Default)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
    octets: VecDeque<u8>,
    pub(crate) account: Account,
}

/// A datagram that waits in a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) source: SocketAddr,
    pub(crate) len: usize,
    /// Whether it replays templates, and is not one of the datagrams offered to the receiver.
    pub(crate) replay: bool,
}

impl SharedQueue {
    pub(crate) fn lock(&self) -> parking_lot::MutexGuard<'_, Queue> {
        self.0.lock()
    }
}

impl Queue {
    /// Appends a datagram, unless the queue is full. The caller has counted it as offered.
    pub(crate) fn push(&mut self, item: Item, payload: &[u8], now_ns: u64) -> bool {
        let tally = Tally::one(payload.len());
        if self.octets.len() + payload.len() + (self.items.len() + 1) * OVERHEAD > MAX_QUEUE {
            if !item.replay {
                self.account.dropped(tally, DropReason::QueueFull, now_ns);
            }
            return false;
        }
        self.octets.extend(payload);
        self.items.push_back(item);
        if !item.replay {
            self.account.ledger.queued += tally;
        }
        true
    }

    /// Takes the first datagram; its octets are written to `payload`.
    pub(crate) fn pop(&mut self, payload: &mut Vec<u8>) -> Option<Item> {
        let item = self.items.pop_front()?;
        payload.clear();
        payload.extend(self.octets.drain(..item.len));
        Some(item)
    }

    /// Counts the item that was popped last as sent or dropped.
    pub(crate) fn settle(&mut self, item: Item, result: Result<(), DropReason>, now_ns: u64) {
        let tally = Tally::one(item.len);
        let queued = &mut self.account.ledger.queued;
        match (result, item.replay) {
            (Ok(()), true) => self.account.replayed += tally,
            (Err(_), true) => {}
            // The receiver was removed while the datagram was being sent, and the datagram is counted as removed already.
            _ if queued.datagrams == 0 => {}
            (result, false) => {
                queued.datagrams -= 1;
                queued.octets -= tally.octets;
                match result {
                    Ok(()) => self.account.sent(tally, now_ns),
                    Err(reason) => self.account.dropped(tally, reason, now_ns),
                }
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Drops what waits for a receiver that was removed. Returns the final ledger.
    pub(crate) fn retire(&mut self, now_ns: u64) -> Ledger {
        let queued = std::mem::take(&mut self.account.ledger.queued);
        if queued.datagrams > 0 {
            self.account.dropped(queued, DropReason::Removed, now_ns);
        }
        self.items.clear();
        self.octets.clear();
        std::mem::take(&mut self.account.ledger)
    }
}
