//! The messages of an exporter whose transport is a stream (RFC 7011 §10.4): those that wait for the connection, and those that the
//! kernel has taken but the collector has not acknowledged. Pure: writing is an argument.

use std::collections::VecDeque;
use std::io;

use crate::packer::{Content, Datagram};

/// Where the sequence number stands in a message header (RFC 7011 §3.1).
const SEQUENCE: std::ops::Range<usize> = 8..12;

/// Messages of a stream, in order.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Most octets that may wait.
    limit: usize,
    waiting: VecDeque<Datagram>,
    octets: usize,
    /// Octets of the first waiting message that the kernel has taken.
    begun: usize,
    /// The sequence number of the next message of this session: data records sent in it so far.
    sequence: u32,
    /// Octets written in this session.
    written: u64,
    unacknowledged: VecDeque<Unacknowledged>,
}

/// A message that the kernel has taken.
#[derive(Debug)]
struct Unacknowledged {
    /// Octets written in the session when it was whole.
    end: u64,
    octets: u64,
    contents: Vec<Content>,
}

/// What a session ends with: messages that the kernel took, of which the collector acknowledged nothing or only a part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) messages: u64,
    pub(crate) octets: u64,
    pub(crate) contents: Vec<Content>,
}

impl Outbox {
    /// Makes an outbox in which at most `limit` octets wait.
    pub(crate) fn new(limit: usize) -> Outbox {
        Outbox {
            limit,
            waiting: VecDeque::new(),
            octets: 0,
            begun: 0,
            sequence: 0,
            written: 0,
            unacknowledged: VecDeque::new(),
        }
    }

    /// Sets how many octets may wait. What waits already stays.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Returns the octets that wait, and how many may.
    pub(crate) fn room(&self) -> (usize, usize) {
        (self.octets, self.limit)
    }

    /// Has a message wait for its turn.
    ///
    /// # Errors
    /// The message, if there is no room for it.
    pub(crate) fn push(&mut self, message: Datagram) -> Result<(), Datagram> {
        if self.octets + message.bytes.len() > self.limit {
            return Err(message);
        }
        self.octets += message.bytes.len();
        self.waiting.push_back(message);
        Ok(())
    }

    /// Begins a session, whose first messages are `announcements`: templates and options. A message that the last session began is sent
    /// whole.
    pub(crate) fn begin(&mut self, announcements: Vec<Datagram>) {
        (self.begun, self.sequence, self.written) = (0, 0, 0);
        self.unacknowledged.clear();
        for message in announcements.into_iter().rev() {
            self.octets += message.bytes.len();
            self.waiting.push_front(message);
        }
    }

    /// Ends a session. Returns what the kernel had taken of it and the collector has not acknowledged.
    pub(crate) fn end(&mut self) -> Lost {
        self.begun = 0;
        let mut lost = Lost::default();
        for message in self.unacknowledged.drain(..) {
            lost.messages += 1;
            lost.octets += message.octets;
            lost.contents.extend(message.contents);
        }
        lost
    }

    /// Writes what waits. `write` takes octets and says how many the kernel took; `sent` is called for each message that it took
    /// whole.
    ///
    /// # Errors
    /// The error of `write`, but not that it would have to wait.
    pub(crate) fn write(
        &mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
        mut sent: impl FnMut(&Datagram),
    ) -> io::Result<()> {
        while let Some(message) = self.waiting.front_mut() {
            if self.begun == 0
                && let Some(place) = message.bytes.get_mut(SEQUENCE)
            {
                place.copy_from_slice(&self.sequence.to_be_bytes());
            }
            let taken = match write(&message.bytes[self.begun..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => taken,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.begun += taken;
            self.written += taken as u64;
            if self.begun < message.bytes.len() {
                continue;
            }
            let Some(message) = self.waiting.pop_front() else {
                continue;
            };
            self.begun = 0;
            self.octets -= message.bytes.len();
            self.sequence = self.sequence.wrapping_add(message.records);
            sent(&message);
            self.unacknowledged.push_back(Unacknowledged {
                end: self.written,
                octets: message.bytes.len() as u64,
                contents: message.contents,
            });
        }
        Ok(())
    }

    /// Takes note that the first `arrived` octets of the session have been acknowledged.
    pub(crate) fn acknowledged(&mut self, arrived: u64) {
        while self
            .unacknowledged
            .front()
            .is_some_and(|message| message.end <= arrived)
        {
            self.unacknowledged.pop_front();
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the records of each client that wait.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Content> {
        self.waiting.iter().flat_map(|message| &message.contents)
    }

    /// Gives up everything that waits, and returns it.
    pub(crate) fn give_up(&mut self) -> VecDeque<Datagram> {
        (self.octets, self.begun) = (0, 0);
        std::mem::take(&mut self.waiting)
    }

    /// Renumbers the clients: `place` returns the new number of one, if it stays. The records of one that does not are handed to
    /// `gone`; they are sent nevertheless.
    pub(crate) fn renumber(
        &mut self,
        place: impl Fn(usize) -> Option<usize>,
        mut gone: impl FnMut(Content),
    ) {
        let renumber = |contents: &mut Vec<Content>, gone: &mut dyn FnMut(Content)| {
            let stay = std::mem::take(contents).into_iter();
            *contents = stay
                .filter_map(|content| match place(content.client) {
                    Some(client) => Some(Content { client, ..content }),
                    None => {
                        gone(content);
                        None
                    }
                })
                .collect();
        };
        for message in &mut self.waiting {
            renumber(&mut message.contents, &mut gone);
        }
        for message in &mut self.unacknowledged {
            renumber(&mut message.contents, &mut |_| {});
        }
    }
}

#[cfg(test)]
mod tests;
