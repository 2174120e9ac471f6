//! The session of an exporter whose transport is a stream: messages wait for the connection within a bound, and what becomes of each is
//! counted.

use std::io;
use std::time::Duration;

use flow::RecordTally;
use loss::DropReason;
use tracing::warn;

use super::Exporter;
use super::link::Link;
use crate::connection::Connection;
use crate::ledger::count_drop;
use crate::open_error::OpenError;
use crate::outbox::Outbox;
use crate::packer::Datagram;
use crate::settings::{Settings, Transport};
use crate::statistics::Session;

/// How long a collector may take to read what waits when its exporter ends.
const LAST: Duration = Duration::from_millis(500);

/// Makes the outbox of an exporter, if its transport is a stream.
pub(super) fn outbox(settings: &Settings) -> Option<Outbox> {
    match settings.transport {
        Transport::Udp => None,
        Transport::Tcp { buffer } => Some(Outbox::new(buffer)),
    }
}

impl Exporter {
    /// Takes a new connection into use: its session begins with the templates.
    pub(super) fn connected(&mut self, connection: Connection, now_ns: u64) {
        if !matches!(self.link, Link::Down(_)) {
            return;
        }
        // What is packed already comes behind the templates.
        self.flush(now_ns);
        self.link = Link::Connected(connection);
        self.counters.sessions += 1;
        self.link_changed(now_ns);
        self.stream.open_session(now_ns);
        let announcements = self.stream.take();
        if let Some(outbox) = &mut self.outbox {
            outbox.begin(announcements);
        }
        self.write(now_ns);
    }

    /// Has messages wait for their turn, and writes what the connection takes.
    pub(super) fn send_by_session(&mut self, messages: Vec<Datagram>, now_ns: u64) {
        for message in messages {
            let refused = match (&self.link, &mut self.outbox) {
                (Link::Down(OpenError::Unused), _) | (_, None) => {
                    Some((DropReason::Removed, message))
                }
                (_, Some(outbox)) => outbox
                    .push(message)
                    .err()
                    .map(|message| (DropReason::QueueFull, message)),
            };
            if let Some((reason, message)) = refused {
                self.drop_message(reason, &message, now_ns);
            }
        }
        self.write(now_ns);
    }

    fn drop_message(&mut self, reason: DropReason, message: &Datagram, now_ns: u64) {
        self.counters.fail(reason, message.bytes.len() as u64);
        let mut sum = RecordTally::default();
        for content in &message.contents {
            let client = &mut self.clients[content.client];
            count_drop(&mut client.drops, reason, content.tally);
            client.bytes_failed += content.bytes;
            sum += content.tally;
        }
        self.note_drop(reason, sum, now_ns);
    }

    /// Writes what waits, as far as the kernel takes it.
    fn write(&mut self, now_ns: u64) {
        let (Link::Connected(connection), Some(outbox)) = (&mut self.link, &mut self.outbox) else {
            return;
        };
        let (clients, counters) = (&mut self.clients, &mut self.counters);
        let written = outbox.write(
            |octets| connection.write(octets),
            |message| {
                counters.datagrams += 1;
                counters.octets += message.bytes.len() as u64;
                for content in &message.contents {
                    clients[content.client].sent += content.tally;
                    clients[content.client].bytes_sent += content.bytes;
                }
            },
        );
        if let Err(error) = written {
            self.disconnected(&error, now_ns);
        }
    }

    /// Does what is due in a session. To be called every [`crate::worker::TICK`].
    pub(super) fn tick_session(&mut self, now_ns: u64) {
        let Link::Connected(connection) = &mut self.link else {
            return;
        };
        if let Some(error) = connection.ended() {
            return self.disconnected(&error, now_ns);
        }
        let arrived = connection.acknowledged();
        if let Some(outbox) = &mut self.outbox {
            outbox.acknowledged(arrived);
        }
        self.stream.poll(now_ns);
        self.send(now_ns);
    }

    /// Ends the session, because the connection has ended: what the kernel had taken and nobody acknowledged is counted as refused.
    fn disconnected(&mut self, error: &io::Error, now_ns: u64) {
        let Link::Connected(connection) = &self.link else {
            return;
        };
        let arrived = connection.acknowledged();
        let peer = connection.peer;
        let Some(outbox) = &mut self.outbox else {
            return;
        };
        outbox.acknowledged(arrived);
        let lost = outbox.end();
        self.counters.refused_datagrams += lost.messages;
        self.counters.refused_octets += lost.octets;
        let mut records = 0;
        for content in lost.contents {
            self.clients[content.client].refused += content.tally;
            records += content.tally.records;
        }
        if records > 0 {
            warn!(
                exporter = self.settings.name,
                "{records} records in {} messages were sent and not acknowledged when the connection ended",
                lost.messages
            );
        }
        self.stream.close_session();
        self.link = Link::Down(OpenError::System {
            what: format!(
                "the connection to {} port {} has ended; another",
                peer.ip(),
                peer.port()
            ),
            why: loss::describe(error),
            errno: error.raw_os_error().unwrap_or(0),
        });
        self.link_changed(now_ns);
    }

    /// Writes what waits for as long as the collector reads it, and gives up the rest.
    pub(super) fn give_up(&mut self, now_ns: u64) {
        if let Link::Connected(connection) = &self.link
            && self
                .outbox
                .as_ref()
                .is_some_and(|outbox| !outbox.is_empty())
            && connection.wait(LAST)
        {
            self.write(now_ns);
        }
        let rest = self.outbox.as_mut().map(Outbox::give_up);
        for message in rest.into_iter().flatten() {
            self.drop_message(DropReason::Removed, &message, now_ns);
        }
    }

    /// Has an outbox as the settings want it, and no session without a connection.
    pub(super) fn keep_outbox(&mut self, continues: bool) {
        match (self.settings.transport, &mut self.outbox) {
            (Transport::Tcp { buffer }, Some(outbox)) if continues => outbox.set_limit(buffer),
            _ => self.outbox = outbox(&self.settings),
        }
        if self.outbox.is_some() && !matches!(self.link, Link::Connected(_)) {
            self.stream.close_session();
        }
    }

    /// Returns the state of the session, if the transport is a stream.
    pub(super) fn session_statistics(&self) -> Option<Session> {
        let (waiting, limit) = self.outbox.as_ref()?.room();
        Some(Session {
            waiting_octets: waiting as u64,
            buffer_octets: limit as u64,
            connections: self.counters.sessions,
        })
    }
}
