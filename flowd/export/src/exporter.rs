//! One running exporter: its stream, its socket, and the account of every record.

mod episode;
mod link;
mod session;

use std::sync::Arc;
use std::time::Duration;

use flow::{Batch, RecordTally};
use loss::DropReason;
use tracing::{info, warn};

use crate::client::Client;
use crate::health::{Health, HealthChange, is_failure};
use crate::lane::Lane;
use crate::ledger::{Drops, Ledger, count_drop, minus};
use crate::open_error::OpenError;
use crate::outbox::Outbox;
use crate::settings::{Interface, Monitor, Settings};
use crate::socket::{Prepared, payload_limit};
use crate::statistics::{ExporterStatistics, Failure, Retired, State, TemplateStatistics};
use crate::stream::Stream;
use episode::Episode;
use link::{FAILING, FOLLOW, Link, Name};

/// Counts of datagrams since they were cleared last.
#[derive(Debug, Default)]
struct Counters {
    cleared_ns: u64,
    datagrams: u64,
    octets: u64,
    refused_datagrams: u64,
    refused_octets: u64,
    failures: Vec<Failure>,
    notices: u64,
    sessions: u64,
}

#[derive(Debug)]
pub(crate) struct Exporter {
    settings: Settings,
    stream: Stream,
    link: Link,
    /// What waits for the collector where the transport is a stream.
    outbox: Option<Outbox>,
    clients: Vec<Client>,
    counters: Counters,
    episodes: Vec<Episode>,
    /// Whether a thread is opening a socket.
    opening: bool,
    /// The earliest time to try to open a socket again.
    retry_ns: u64,
    /// Attempts to connect that have failed one after the other.
    attempts: u32,
    /// The earliest time to try whether another socket would be better.
    follow_ns: u64,
    /// What is known of the destination, if it is a name.
    name: Name,
    /// When the link got its present state.
    since_ns: u64,
    health: Health,
}

fn after(since_ns: u64, span: Duration) -> u64 {
    since_ns.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}

impl Exporter {
    /// Makes an exporter that no monitor uses yet.
    pub(crate) fn new(settings: &Settings, prepared: Option<Prepared>, now_ns: u64) -> Exporter {
        let (link, resolved) = Link::from(prepared);
        let mut exporter = Exporter {
            stream: Stream::new(settings, link.limit(settings)),
            settings: settings.clone(),
            outbox: session::outbox(settings),
            link,
            clients: Vec::new(),
            counters: Counters {
                cleared_ns: now_ns,
                ..Counters::default()
            },
            episodes: Vec::new(),
            opening: false,
            retry_ns: now_ns,
            attempts: 0,
            follow_ns: after(now_ns, FOLLOW),
            name: Name::default(),
            since_ns: now_ns,
            health: Health::default(),
        };
        exporter.name.learn(resolved, now_ns);
        exporter.link_changed(now_ns);
        exporter
    }

    /// Puts new settings into force. Everything that was packed by the old ones is sent first. The socket stays when it leads to
    /// the same place, and sequence and templates stay when the stream continues.
    pub(crate) fn configure(
        &mut self,
        settings: &Settings,
        prepared: Option<Prepared>,
        now_ns: u64,
    ) {
        self.flush(now_ns);
        let same_socket = self.settings.same_socket(settings);
        let continues = self.continues(settings);
        if !continues {
            self.give_up(now_ns);
        }
        let unused = |link: &Link| matches!(link, Link::Down(OpenError::Unused));
        if !same_socket {
            self.name = Name::default();
            self.health = Health::default();
        }
        let change = prepared.map(|prepared| Link::from(Some(prepared)));
        let (change, resolved) = change.unzip();
        self.name.learn(resolved.flatten(), now_ns);
        match &self.link {
            // It comes into use, or is no longer used.
            link if change
                .as_ref()
                .is_some_and(|new| unused(new) != unused(link)) =>
            {
                self.link = change.unwrap_or(Link::Down(OpenError::NotYet));
                self.link_changed(now_ns);
            }
            Link::Up(socket) if same_socket => {
                if let Err(error) = socket.mark(settings) {
                    warn!(
                        "exporter {}: DSCP and TTL stay as they were: {}",
                        settings.name,
                        loss::describe(&error)
                    );
                }
            }
            Link::Connected(connection) if continues => {
                let _ = connection.mark(settings);
            }
            Link::Down(_) if same_socket && !matches!(change, Some(Link::Up(_))) => {}
            _ => {
                self.link = change.unwrap_or(Link::Down(OpenError::NotYet));
                self.link_changed(now_ns);
            }
        }
        if !continues {
            self.stream = Stream::new(settings, self.link.limit(settings));
            self.episodes
                .retain(|episode| episode.reason != DropReason::Ipv6InNetflowV5);
        }
        self.settings = settings.clone();
        self.keep_outbox(continues);
        self.stream.set_limit(self.link.limit(settings), now_ns);
    }

    /// Adjusts to a step of the clock of day. `stepped_ns` is the sum of all its steps since the start.
    pub(crate) fn set_stepped(&mut self, stepped_ns: i64, now_ns: u64) {
        self.stream.set_stepped(stepped_ns, now_ns);
    }

    /// Serves the monitors of these lanes from now on, in this order. Returns the final accounts of monitors that it served before and
    /// does not any more.
    pub(crate) fn join(
        &mut self,
        monitors: &[(&Monitor, Arc<Lane>)],
        interfaces: &[Interface],
        now_ns: u64,
    ) -> Vec<Retired> {
        self.flush(now_ns);
        let mut old = std::mem::take(&mut self.clients);
        let lanes: Vec<Arc<Lane>> = old.iter().map(|client| Arc::clone(&client.lane)).collect();
        let place = |client: usize| {
            let same = |(_, lane): &(&Monitor, Arc<Lane>)| Arc::ptr_eq(lane, &lanes[client]);
            monitors.iter().position(same)
        };
        self.health.renumber(place);
        if let Some(outbox) = &mut self.outbox {
            outbox.renumber(place, |content| {
                count_drop(
                    &mut old[content.client].drops,
                    DropReason::Removed,
                    content.tally,
                );
            });
        }
        for (_, lane) in monitors {
            let known = old
                .iter()
                .position(|client| Arc::ptr_eq(&client.lane, lane));
            self.clients.push(match known {
                Some(known) => old.swap_remove(known),
                None => Client::new(Arc::clone(lane)),
            });
        }
        let described: Vec<&Monitor> = monitors.iter().map(|(monitor, _)| *monitor).collect();
        self.stream
            .configure(&self.settings, &described, interfaces);
        for (monitor, why) in self.stream.unannounced_sampling() {
            let name = &self.settings.name;
            warn!(
                "exporter {name}: collectors cannot scale the sampled counters of monitor {monitor}: {why}"
            );
        }
        old.into_iter()
            .map(|client| client.retire(&self.settings.name))
            .collect()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns its templates.
    pub(crate) fn templates(&self) -> Vec<TemplateStatistics> {
        self.stream.templates()
    }

    /// Returns the templates that it would have under other settings.
    pub(crate) fn templates_with(
        &self,
        settings: &Settings,
        monitors: &[&Monitor],
        interfaces: &[Interface],
    ) -> Vec<TemplateStatistics> {
        if !self.continues(settings) {
            return Exporter::fresh_templates(settings, monitors, interfaces);
        }
        let mut stream = self.stream.plan(settings);
        stream.configure(settings, monitors, interfaces);
        stream.templates()
    }

    /// Returns the templates that a new exporter would have.
    pub(crate) fn fresh_templates(
        settings: &Settings,
        monitors: &[&Monitor],
        interfaces: &[Interface],
    ) -> Vec<TemplateStatistics> {
        let mut stream = Stream::new(settings, payload_limit(true, None, settings.mtu));
        stream.configure(settings, monitors, interfaces);
        stream.templates()
    }

    /// Whether datagrams under these settings continue the sequence numbers and templates of those before.
    fn continues(&self, settings: &Settings) -> bool {
        self.settings.same_socket(settings) && self.settings.same_stream(settings)
    }

    /// Whether it sends a table of the host's interfaces.
    pub(crate) fn lists_interfaces(&self) -> bool {
        self.settings.options.interface_table.is_some()
    }

    /// Returns the lanes of the monitors that use it.
    pub(crate) fn lanes(&self) -> Vec<Arc<Lane>> {
        let lanes = self.clients.iter().map(|client| &client.lane);
        lanes.cloned().collect()
    }

    /// Sends what is waiting, and closes the accounts of all monitors.
    pub(crate) fn retire(mut self, now_ns: u64) -> Vec<Retired> {
        self.flush(now_ns);
        self.give_up(now_ns);
        let name = self.settings.name.clone();
        self.clients
            .drain(..)
            .map(|client| client.retire(&name))
            .collect()
    }

    /// Encodes and sends a batch that was taken out of the channel. Returns `false` when its monitor does not use this exporter any more.
    pub(crate) fn take(
        &mut self,
        lane: &Arc<Lane>,
        batch: &Batch,
        tally: RecordTally,
        now_ns: u64,
    ) -> bool {
        let Some(index) = self
            .clients
            .iter()
            .position(|client| Arc::ptr_eq(&client.lane, lane))
        else {
            return false;
        };
        let client = &mut self.clients[index];
        client.taken += tally;
        let mut drops = Drops::new();
        match &self.link {
            Link::Up(_) => {
                self.stream.add(index, batch, now_ns, &mut |reason, tally| {
                    count_drop(&mut drops, reason, tally)
                });
            }
            Link::Down(error) if self.outbox.is_none() || *error == OpenError::Unused => {
                drops.push((error.reason(), tally));
            }
            // What waits for the connection is packed already.
            Link::Connected(_) | Link::Down(_) => {
                self.stream.add(index, batch, now_ns, &mut |reason, tally| {
                    count_drop(&mut drops, reason, tally)
                });
            }
        }
        for (reason, tally) in drops {
            count_drop(&mut self.clients[index].drops, reason, tally);
            self.note_drop(reason, tally, now_ns);
        }
        self.send(now_ns);
        true
    }

    /// Sends templates, tables and waiting records that are due, and ends episodes in the log. The worker calls it every
    /// [`crate::worker::TICK`].
    pub(crate) fn tick(&mut self, now_ns: u64) {
        if let Link::Up(socket) = &self.link {
            let limit = socket.payload_limit(self.settings.mtu);
            self.stream.set_limit(limit, now_ns);
            self.stream.poll(now_ns);
            self.send(now_ns);
            self.take_notices(now_ns);
            let change = self.health.poll(now_ns);
            self.health_changed(change, now_ns);
        }
        self.tick_session(now_ns);
        for index in 0..self.clients.len() {
            let client = &mut self.clients[index];
            let queue_full = client.lane.fed().queue_full;
            let before = std::mem::replace(&mut client.queue_full, queue_full);
            let more = minus(queue_full, before);
            if more.records > 0 {
                self.note_drop(DropReason::QueueFull, more, now_ns);
            }
        }
        self.end_episodes(now_ns);
    }

    /// Sends whatever is waiting.
    pub(crate) fn flush(&mut self, now_ns: u64) {
        self.stream.flush(now_ns);
        self.send(now_ns);
    }

    fn send(&mut self, now_ns: u64) {
        let datagrams = self.stream.take();
        if self.outbox.is_some() {
            return self.send_by_session(datagrams, now_ns);
        }
        if datagrams.is_empty() {
            self.stream.recycle(datagrams);
            return;
        }
        let mut failed: Vec<(usize, DropReason)> = Vec::new();
        let mut noticed = false;
        match &mut self.link {
            Link::Up(socket) => {
                let (clients, counters) = (&mut self.clients, &mut self.counters);
                let health = &mut self.health;
                let notices = socket.send(&datagrams, &mut |range, result| match result {
                    Ok(()) => {
                        health.sent(&datagrams[range.clone()], now_ns);
                        for datagram in &datagrams[range] {
                            counters.datagrams += 1;
                            counters.octets += datagram.bytes.len() as u64;
                            for content in &datagram.contents {
                                clients[content.client].sent += content.tally;
                                clients[content.client].bytes_sent += content.bytes;
                            }
                        }
                    }
                    Err(errno) => failed.extend(range.map(|i| (i, DropReason::of_errno(errno)))),
                });
                noticed = notices > 0;
            }
            Link::Connected(_) => {}
            Link::Down(error) => failed.extend((0..datagrams.len()).map(|i| (i, error.reason()))),
        }
        if noticed {
            self.take_notices(now_ns);
        }
        for (i, reason) in failed {
            let datagram = &datagrams[i];
            self.counters.fail(reason, datagram.bytes.len() as u64);
            for content in &datagram.contents {
                let client = &mut self.clients[content.client];
                count_drop(&mut client.drops, reason, content.tally);
                client.bytes_failed += content.bytes;
            }
            let sum = datagram
                .contents
                .iter()
                .fold(RecordTally::default(), |sum, content| sum + content.tally);
            if matches!(self.link, Link::Up(_)) && is_failure(reason) {
                let change = self.health.dropped(reason, 1, sum.records, now_ns);
                self.health_changed(change, now_ns);
            } else {
                self.note_drop(reason, sum, now_ns);
            }
        }
        self.stream.recycle(datagrams);
    }

    /// Counts the datagrams that the collector's host or a router refused.
    fn take_notices(&mut self, now_ns: u64) {
        let Link::Up(socket) = &self.link else {
            return;
        };
        let (health, clients, counters) = (&mut self.health, &mut self.clients, &mut self.counters);
        let mut change = None;
        socket.take_notices(|notice| {
            counters.notices += 1;
            let noticed = health.noticed(notice.why, notice.head(), now_ns, |sent| {
                counters.refused_datagrams += sent.datagrams;
                counters.refused_octets += sent.octets;
                for (client, tally) in &sent.contents {
                    clients[*client].refused += *tally;
                }
            });
            change = change.or(noticed);
        });
        self.health_changed(change, now_ns);
    }

    /// Logs a change of the collector's health and adapts the stream to it.
    fn health_changed(&mut self, change: Option<HealthChange>, now_ns: u64) {
        let name = &self.settings.name;
        match change {
            Some(HealthChange::Failed(cause)) => {
                warn!("exporter {name} failed: {} {cause}", self.collector());
                self.stream.set_away(true);
                self.follow_ns = after(now_ns, FAILING);
            }
            Some(HealthChange::Back(failed)) => {
                let seconds = now_ns.saturating_sub(failed.since_ns) / 1_000_000_000;
                info!(
                    "exporter {name} is back after {seconds} s: {} datagrams with {} records were refused ({})",
                    failed.refused, failed.records, failed.cause
                );
                self.stream.set_away(false);
                self.stream.announce_again();
                self.since_ns = now_ns;
            }
            None => {}
        }
    }

    /// Returns the collector's address and port for messages.
    fn collector(&self) -> String {
        match self.link.peer() {
            Some(peer) => format!("{} port {}:", peer.ip(), peer.port()),
            None => format!("{} port {}:", self.settings.destination, self.settings.port),
        }
    }

    /// Sends templates and options again, for a collector whose return cannot be seen from here. Returns `false` when the protocol
    /// has none, or nothing can be sent.
    pub(crate) fn replay(&mut self, now_ns: u64) -> bool {
        self.flush(now_ns);
        let sent = self.link.peer().is_some() && self.stream.replay(now_ns);
        self.send(now_ns);
        sent
    }

    /// Sets the counts that screens show to zero. The ledger is never reset.
    pub(crate) fn clear(&mut self, now_ns: u64) {
        self.counters = Counters {
            cleared_ns: now_ns,
            ..Counters::default()
        };
        for client in 0..self.clients.len() {
            let (ledger, _) = self.ledger(client);
            self.clients[client].clear(&ledger);
        }
    }

    /// Returns the account of a client, and the octets of its records that are packed and not sent.
    fn ledger(&self, client: usize) -> (Ledger, u64) {
        let mut pending = RecordTally::default();
        let mut bytes = 0;
        let waiting = self.outbox.iter().flat_map(Outbox::pending);
        for content in self
            .stream
            .pending()
            .chain(waiting)
            .filter(|content| content.client == client)
        {
            pending += content.tally;
            bytes += content.bytes;
        }
        (self.clients[client].ledger(pending), bytes)
    }

    /// Returns its state and counts, with its templates only if asked for.
    pub(crate) fn statistics(&self, templates: bool) -> ExporterStatistics {
        let clients = (0..self.clients.len()).map(|index| {
            let (ledger, bytes_pending) = self.ledger(index);
            self.clients[index].statistics(ledger, bytes_pending)
        });
        let state = match &self.link {
            Link::Up(_) => match self.health.failed() {
                None => State::Up,
                Some(failed) => State::Failed {
                    why: failed.cause.to_string(),
                    refused: failed.refused,
                    datagrams: failed.refused + self.health.unjudged(),
                },
            },
            Link::Connected(_) => State::Up,
            Link::Down(OpenError::Unused) => State::Unused,
            Link::Down(error) => State::Down(error.to_string()),
        };
        let since_ns = match self.health.failed() {
            Some(failed) => failed.since_ns,
            None => self.since_ns,
        };
        ExporterStatistics {
            name: self.settings.name.clone(),
            protocol: self.settings.protocol,
            source_id: self.settings.source_id,
            destination: self.link.peer(),
            source: self.link.local(),
            session: self.session_statistics(),
            state,
            since_ns,
            payload_limit: self.stream.limit(),
            cleared_ns: self.counters.cleared_ns,
            datagrams: self.counters.datagrams,
            octets: self.counters.octets,
            failures: self.counters.failures.clone(),
            refused_datagrams: self.counters.refused_datagrams,
            refused_octets: self.counters.refused_octets,
            unreachable_notices: self.counters.notices,
            clients: clients.collect(),
            templates: match templates {
                true => self.stream.templates(),
                false => Vec::new(),
            },
        }
    }
}

impl Counters {
    fn fail(&mut self, reason: DropReason, octets: u64) {
        match self
            .failures
            .iter_mut()
            .find(|failure| failure.reason == reason)
        {
            Some(failure) => {
                failure.datagrams += 1;
                failure.octets += octets;
            }
            None => self.failures.push(Failure {
                reason,
                datagrams: 1,
                octets,
            }),
        }
    }
}
