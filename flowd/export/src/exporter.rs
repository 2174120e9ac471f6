//! One running exporter: its stream, its socket, and the account of every record.

use std::sync::Arc;
use std::time::Duration;

use flow::{Batch, RecordTally};
use loss::DropReason;
use tracing::{debug, info, warn};

use crate::client::Client;
use crate::lane::Lane;
use crate::ledger::{Drops, Ledger, count_drop, minus};
use crate::settings::{Interface, Monitor, Settings};
use crate::socket::{OpenError, Prepared, Socket, payload_limit};
use crate::statistics::{ExporterStatistics, Failure, Retired, TemplateStatistics};
use crate::stream::Stream;

/// How often an exporter without a socket tries to open one.
const RETRY: Duration = Duration::from_secs(5);
/// How long sends may fail before a new socket is tried: the route or the collector's address may have changed.
const FAILING: Duration = Duration::from_secs(10);
/// How often a new socket is tried while sends fail.
const REOPEN: Duration = Duration::from_secs(60);
/// Drops for one reason that are closer together than this are one episode in the log.
const QUIET: Duration = Duration::from_secs(10);

/// The socket, or why there is none.
#[derive(Debug)]
enum Link {
    Up(Socket),
    Down(OpenError),
}

/// Drops for one reason, from the first until it has been quiet for a while.
#[derive(Debug)]
struct Episode {
    reason: DropReason,
    began_ns: u64,
    last_ns: u64,
    tally: RecordTally,
}

/// Counts of datagrams, since cleared.
#[derive(Debug, Default)]
struct Counters {
    cleared_ns: u64,
    datagrams: u64,
    octets: u64,
    failures: Vec<Failure>,
    notices: u64,
}

#[derive(Debug)]
pub(crate) struct Exporter {
    settings: Settings,
    stream: Stream,
    link: Link,
    clients: Vec<Client>,
    counters: Counters,
    episodes: Vec<Episode>,
    /// Whether a thread is opening a socket.
    opening: bool,
    /// The earliest time to try to open a socket again.
    retry_ns: u64,
    /// The time since which the kernel has taken no datagram.
    failing_ns: Option<u64>,
    /// The time since which the collector's host has answered that nobody listens.
    refused_ns: Option<u64>,
}

fn after(since_ns: u64, span: Duration) -> u64 {
    since_ns.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}

impl Exporter {
    /// Makes an exporter that no monitor uses yet.
    pub(crate) fn new(settings: &Settings, prepared: Option<Prepared>, now_ns: u64) -> Exporter {
        let link = Link::from(prepared);
        let mut exporter = Exporter {
            stream: Stream::new(settings, link.limit(settings)),
            settings: settings.clone(),
            link,
            clients: Vec::new(),
            counters: Counters {
                cleared_ns: now_ns,
                ..Counters::default()
            },
            episodes: Vec::new(),
            opening: false,
            retry_ns: now_ns,
            failing_ns: None,
            refused_ns: None,
        };
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
        let unused = |link: &Link| matches!(link, Link::Down(OpenError::Unused));
        let change = prepared.map(|prepared| Link::from(Some(prepared)));
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
                    warn!(exporter = %settings.name, "DSCP and TTL stay as they were: {error}");
                }
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
            warn!(exporter = %self.settings.name, monitor, "collectors cannot scale the sampled counters: {why}");
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
            Link::Down(error) => drops.push((error.reason(), tally)),
        }
        for (reason, tally) in drops {
            count_drop(&mut self.clients[index].drops, reason, tally);
            self.note_drop(reason, tally, now_ns);
        }
        self.send(now_ns);
        true
    }

    /// Sends templates, tables and waiting records that are due, and ends episodes in the log. To be called every
    /// [`crate::worker::TICK`].
    pub(crate) fn tick(&mut self, now_ns: u64) {
        if let Link::Up(socket) = &self.link {
            let limit = socket.payload_limit(self.settings.mtu);
            self.stream.set_limit(limit, now_ns);
            self.stream.poll(now_ns);
            self.send(now_ns);
        }
        for index in 0..self.clients.len() {
            let client = &mut self.clients[index];
            let refused = client.lane.fed().queue_full;
            let more = minus(refused, std::mem::replace(&mut client.refused, refused));
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
        if datagrams.is_empty() {
            self.stream.recycle(datagrams);
            return;
        }
        let mut failed: Vec<(usize, DropReason)> = Vec::new();
        let mut taken = 0_u64;
        match &mut self.link {
            Link::Up(socket) => {
                let (clients, counters) = (&mut self.clients, &mut self.counters);
                let notices = socket.send(&datagrams, &mut |range, result| match result {
                    Ok(()) => {
                        for datagram in &datagrams[range] {
                            taken += 1;
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
                counters.notices += notices;
                self.refused_ns = (notices > 0).then(|| self.refused_ns.unwrap_or(now_ns));
            }
            Link::Down(error) => failed.extend((0..datagrams.len()).map(|i| (i, error.reason()))),
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
            self.note_drop(reason, sum, now_ns);
        }
        self.failing_ns = (taken == 0).then(|| self.failing_ns.unwrap_or(now_ns));
        self.stream.recycle(datagrams);
    }

    /// Returns the settings to open a socket for, when it is time to. The caller hands the result to [`Exporter::opened`].
    pub(crate) fn wants_socket(&mut self, now_ns: u64) -> Option<Settings> {
        let wanted = match &self.link {
            Link::Down(OpenError::Unused) => false,
            Link::Down(_) => true,
            Link::Up(_) => {
                let long = |since: Option<u64>, span| {
                    since.is_some_and(|since| now_ns >= after(since, span))
                };
                // Where nobody listens any more, the collector's name may have another address by now.
                let named = self
                    .settings
                    .destination
                    .parse::<std::net::IpAddr>()
                    .is_err();
                long(self.failing_ns, FAILING) || named && long(self.refused_ns, REOPEN)
            }
        };
        if !wanted || self.opening || now_ns < self.retry_ns {
            return None;
        }
        self.opening = true;
        let pause = if matches!(self.link, Link::Down(_)) {
            RETRY
        } else {
            REOPEN
        };
        self.retry_ns = after(now_ns, pause);
        Some(self.settings.clone())
    }

    /// Takes the socket that was opened for `settings`, or the error why it was not.
    pub(crate) fn opened(
        &mut self,
        settings: &Settings,
        result: Result<Socket, OpenError>,
        now_ns: u64,
    ) {
        self.opening = false;
        if matches!(self.link, Link::Down(OpenError::Unused)) {
            return;
        }
        if !self.settings.same_socket(settings) {
            self.retry_ns = now_ns;
            return;
        }
        match (&self.link, result) {
            (Link::Up(old), Ok(new)) if old.peer == new.peer && self.failing_ns.is_none() => {}
            (_, Ok(socket)) => {
                self.flush(now_ns);
                if let Err(error) = socket.mark(&self.settings) {
                    warn!(exporter = %self.settings.name, "DSCP and TTL cannot be set: {error}");
                }
                self.link = Link::Up(socket);
                self.link_changed(now_ns);
                self.stream
                    .set_limit(self.link.limit(&self.settings), now_ns);
                self.stream.announce_again();
            }
            // A socket whose source address has gone cannot recover by itself, as one whose route has can.
            (Link::Up(_), Err(error))
                if self.failing_ns.is_some() && error.reason() == DropReason::NoSource =>
            {
                self.flush(now_ns);
                self.link = Link::Down(error);
                self.link_changed(now_ns);
            }
            (Link::Down(old), Err(new)) if *old != new => {
                self.link = Link::Down(new);
                self.link_changed(now_ns);
            }
            (_, Err(error)) => debug!(exporter = %self.settings.name, "still no socket: {error}"),
        }
    }

    fn link_changed(&mut self, now_ns: u64) {
        (self.failing_ns, self.refused_ns) = (None, None);
        match &self.link {
            Link::Up(socket) => {
                info!(exporter = %self.settings.name, destination = %socket.peer, "exporting");
            }
            Link::Down(OpenError::NotYet) => self.retry_ns = now_ns,
            Link::Down(OpenError::Unused) => {
                debug!(exporter = %self.settings.name, "not used");
            }
            Link::Down(error) => {
                self.retry_ns = after(now_ns, RETRY);
                warn!(exporter = %self.settings.name, "cannot export: {error}");
            }
        }
    }

    fn note_drop(&mut self, reason: DropReason, tally: RecordTally, now_ns: u64) {
        match self
            .episodes
            .iter_mut()
            .find(|episode| episode.reason == reason)
        {
            Some(episode) => {
                episode.last_ns = now_ns;
                episode.tally += tally;
            }
            None => {
                warn!(exporter = %self.settings.name, reason = %reason.name(), "dropping records: {}", reason.text());
                self.episodes.push(Episode {
                    reason,
                    began_ns: now_ns,
                    last_ns: now_ns,
                    tally,
                });
            }
        }
    }

    fn end_episodes(&mut self, now_ns: u64) {
        let name = &self.settings.name;
        self.episodes.retain(|episode| {
            // The protocol will never carry these: one line of the log is enough.
            let over = episode.reason != DropReason::Ipv6InNetflowV5
                && now_ns >= after(episode.last_ns, QUIET);
            if over {
                let seconds = episode
                    .last_ns
                    .saturating_sub(episode.began_ns)
                    .div_ceil(1_000_000_000);
                info!(
                    exporter = %name,
                    reason = %episode.reason.name(),
                    records = episode.tally.records,
                    packets = episode.tally.packets,
                    octets = episode.tally.octets,
                    seconds,
                    "no longer dropping records"
                );
            }
            !over
        });
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
        for content in self
            .stream
            .pending()
            .filter(|content| content.client == client)
        {
            pending += content.tally;
            bytes += content.bytes;
        }
        (self.clients[client].ledger(pending), bytes)
    }

    pub(crate) fn statistics(&self) -> ExporterStatistics {
        let clients = (0..self.clients.len()).map(|index| {
            let (ledger, bytes_pending) = self.ledger(index);
            self.clients[index].statistics(ledger, bytes_pending)
        });
        let (socket, down) = match &self.link {
            Link::Up(socket) => (Some(socket), None),
            Link::Down(error) => (None, Some(error.to_string())),
        };
        ExporterStatistics {
            name: self.settings.name.clone(),
            protocol: self.settings.protocol,
            source_id: self.settings.source_id,
            destination: socket.map(|socket| socket.peer),
            source: socket.and_then(|socket| socket.local),
            down,
            unused: matches!(self.link, Link::Down(OpenError::Unused)),
            payload_limit: self.stream.limit(),
            cleared_ns: self.counters.cleared_ns,
            datagrams: self.counters.datagrams,
            octets: self.counters.octets,
            failures: self.counters.failures.clone(),
            unreachable_notices: self.counters.notices,
            clients: clients.collect(),
            templates: self.stream.templates(),
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

impl Link {
    fn from(prepared: Option<Prepared>) -> Link {
        match prepared {
            Some(Prepared(Ok(socket))) => Link::Up(socket),
            Some(Prepared(Err(error))) => Link::Down(error),
            None => Link::Down(OpenError::NotYet),
        }
    }

    fn limit(&self, settings: &Settings) -> usize {
        match self {
            Link::Up(socket) => socket.payload_limit(settings.mtu),
            Link::Down(_) => payload_limit(true, None, settings.mtu),
        }
    }
}
