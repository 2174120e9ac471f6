//! One exporter's stream: it packs flows, templates and options tables into datagrams. Pure: time is an argument.

mod announce;

use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use flow::{Batch, Flow, Layout, RecordTally};
use loss::DropReason;
use wire::{Family, MIN_TEMPLATE_ID, v5 as v5_wire};

use crate::options::{Facts, Kind, Table};
use crate::packer::{Content, Datagram, Packer};
use crate::pieces;
use crate::settings::{Interface, Monitor, Protocol, Sampling, Settings};
use crate::statistics::TemplateStatistics;
use crate::template::Template;
use crate::v5;

/// Most datagrams between two sendings of the templates, so that under load a collector that has lost one, or was restarted, does not
/// wait for long.
const DATAGRAMS_PER_REFRESH: u64 = 20;
/// Oldest templates that records are sent after, so that a collector that is started late misses few records, however few there are.
const OLDEST: Duration = Duration::from_secs(1);
/// The same while the collector is known to be away: it may be back with every datagram.
const OLDEST_AWAY: Duration = Duration::from_millis(250);
/// How often templates are sent to a collector that is away while there are no records: whether they are refused shows when it is back.
const PROBE: Duration = Duration::from_secs(1);
/// Most templates of one exporter. Layouts come from the configuration; this only bounds what a defect
/// elsewhere could do.
const MAX_TEMPLATES: usize = 4_096;

/// How templates reach the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// In datagrams, any of which may be lost: they are repeated.
    Datagrams,
    /// In a session on a stream: once, at its begin or with their first record (RFC 7011 §8).
    Session {
        /// Whether there is a session now.
        open: bool,
    },
}

/// A monitor whose flows are sent.
#[derive(Debug)]
struct Client {
    name: Arc<str>,
    sampling: Sampling,
    /// Its sampling as the NetFlow v5 header has it.
    v5_sampling: (v5_wire::SamplingMode, u16),
    /// The layouts seen, and where each has the fields of a NetFlow v5 record.
    v5_maps: Vec<(Arc<Layout>, v5::Map)>,
}

/// One exporter's stream of datagrams.
#[derive(Debug)]
pub(crate) struct Stream {
    packer: Packer,
    clients: Vec<Client>,
    templates: Vec<Template>,
    tables: Vec<Table>,
    facts: Facts,
    template_timeout: Duration,
    delivery: Delivery,
    /// Whether the collector is known to be away.
    away: bool,
    /// The next template identifier to try. Identifiers are used again only after all others have been used.
    next_id: u16,
    /// When the templates were sent last; `None`: they are due.
    refreshed_ns: Option<u64>,
    /// How many datagrams were finished when the templates were sent last.
    refreshed_at: u64,
}

/// Whether `timeout` has passed, or the clock stepped back.
fn due(now_ns: u64, then_ns: Option<u64>, timeout: Duration) -> bool {
    then_ns
        .and_then(|then_ns| now_ns.checked_sub(then_ns))
        .is_none_or(|waited| Duration::from_nanos(waited) >= timeout)
}

impl Stream {
    /// Makes a stream without clients whose datagrams have at most `limit` octets of UDP payload.
    pub(crate) fn new(settings: &Settings, limit: usize) -> Stream {
        Stream {
            packer: Packer::new(settings, limit),
            clients: Vec::new(),
            templates: Vec::new(),
            tables: Vec::new(),
            facts: Facts::default(),
            template_timeout: settings.template_timeout,
            delivery: match settings.is_stream() {
                true => Delivery::Session { open: false },
                false => Delivery::Datagrams,
            },
            away: false,
            next_id: MIN_TEMPLATE_ID,
            refreshed_ns: None,
            refreshed_at: 0,
        }
    }

    /// Applies other settings and monitors. Clients are numbered by their place in `monitors` from here on, so everything must have
    /// been flushed and taken. A template whose layout stays keeps its identifier; one whose layout goes is kept until the next
    /// change, for the flows that are still on their way.
    pub(crate) fn configure(
        &mut self,
        settings: &Settings,
        monitors: &[&Monitor],
        interfaces: &[Interface],
    ) {
        debug_assert!(self.packer.pending().next().is_none());
        let old: Vec<Arc<str>> = self
            .clients
            .iter()
            .map(|client| Arc::clone(&client.name))
            .collect();
        self.clients = monitors
            .iter()
            .map(|monitor| Client::new(monitor))
            .collect();
        self.template_timeout = settings.template_timeout;

        if self.protocol() == Protocol::NetflowV5 {
            return;
        }
        let mut kept = Vec::new();
        for template in std::mem::take(&mut self.templates) {
            let name = &old[template.client];
            let Some(client) = self.clients.iter().position(|client| client.name == *name) else {
                continue;
            };
            let monitor = monitors[client];
            let leaves = !monitor.layouts.contains(&template.layout);
            // Messages that wait for a session may have records of it.
            let waits = self.delivery == Delivery::Session { open: false };
            if leaves && template.leaving && !waits {
                continue;
            }
            let mut fresh = Template::new(
                template.id,
                client,
                &template.layout,
                self.protocol(),
                &monitor.sampling,
            );
            if fresh.same_fields(&template) {
                // A template that comes back was not repeated meanwhile.
                fresh.announced = template.announced && (leaves || !template.leaving);
                fresh.oversized = template.oversized;
                fresh.leaving = leaves;
                kept.push(fresh);
            }
        }
        self.templates = kept;
        for (client, monitor) in monitors.iter().enumerate() {
            for layout in &monitor.layouts {
                self.template(client, layout);
            }
        }
        let facts = Facts::new(settings, monitors, interfaces);
        let mut tables = std::mem::take(&mut self.tables);
        for kind in Kind::ALL.into_iter().filter(|kind| facts.has(*kind)) {
            let mut table = match tables.iter().position(|table| table.kind == kind) {
                Some(known) => tables.swap_remove(known),
                None => Table::new(kind, self.fresh_id(), self.protocol()),
            };
            table.timeout = Facts::timeout(kind, &settings.options);
            self.tables.push(table);
        }
        if facts != self.facts {
            self.facts = facts;
            self.tables
                .iter_mut()
                .for_each(|table| table.sent_ns = None);
            self.refreshed_ns = None;
        }
    }

    /// Makes a copy that has the templates and nothing to send, to try [`Stream::configure`] on.
    pub(crate) fn plan(&self, settings: &Settings) -> Stream {
        let client = |client: &Client| Client {
            name: Arc::clone(&client.name),
            sampling: client.sampling.clone(),
            v5_sampling: client.v5_sampling,
            v5_maps: Vec::new(),
        };
        Stream {
            packer: Packer::new(settings, self.limit()),
            clients: self.clients.iter().map(client).collect(),
            templates: self.templates.clone(),
            tables: self.tables.clone(),
            facts: self.facts.clone(),
            template_timeout: self.template_timeout,
            delivery: self.delivery,
            away: self.away,
            next_id: self.next_id,
            refreshed_ns: None,
            refreshed_at: 0,
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.packer.protocol()
    }

    pub(crate) fn limit(&self) -> usize {
        self.packer.limit()
    }

    /// Sets the longest UDP payload that the path takes.
    pub(crate) fn set_limit(&mut self, limit: usize, now_ns: u64) {
        if limit != self.limit() {
            self.packer.set_limit(limit, now_ns);
            self.templates
                .iter_mut()
                .for_each(|template| template.oversized = false);
        }
    }

    /// Adjusts to a step of the clock of day; `stepped_ns` is the sum of all its steps since the start. Uptimes go on, and the moment
    /// that they count from moves. `now_ns` here and elsewhere is a time without steps.
    pub(crate) fn set_stepped(&mut self, stepped_ns: i64, now_ns: u64) {
        self.packer.set_stepped(stepped_ns, now_ns);
    }

    /// Has all templates and options sent again before the next record: the collector may be another one, or have forgotten them.
    pub(crate) fn announce_again(&mut self) {
        self.refreshed_ns = None;
        self.templates
            .iter_mut()
            .for_each(|template| template.announced = false);
        self.tables
            .iter_mut()
            .for_each(|table| table.sent_ns = None);
    }

    /// Takes over whether the collector is known to be away.
    pub(crate) fn set_away(&mut self, away: bool) {
        self.away = away;
    }

    /// Begins a session: packs what its collector has to know first. What was packed before has been taken.
    pub(crate) fn open_session(&mut self, now_ns: u64) {
        self.delivery = Delivery::Session { open: true };
        self.replay(now_ns);
    }

    /// Ends the session. Records are packed for the next one.
    pub(crate) fn close_session(&mut self) {
        self.delivery = Delivery::Session { open: false };
        self.announce_again();
    }

    /// Sends all templates and options now. Returns whether the protocol has any.
    pub(crate) fn replay(&mut self, now_ns: u64) -> bool {
        if self.protocol() == Protocol::NetflowV5 || self.clients.is_empty() {
            return false;
        }
        self.announce_again();
        self.refresh(now_ns);
        for table in 0..self.tables.len() {
            if self.tables[table].sent_ns.is_none() {
                self.send_table(table, now_ns);
            }
        }
        self.packer.finish(now_ns);
        true
    }

    /// Packs the flows of a client. Those that cannot be sent are handed to `dropped`.
    pub(crate) fn add(
        &mut self,
        client: usize,
        batch: &Batch,
        now_ns: u64,
        dropped: &mut dyn FnMut(DropReason, RecordTally),
    ) {
        self.packer.set_base(now_ns);
        match self.protocol() {
            Protocol::NetflowV5 => self.add_v5(client, batch, now_ns, dropped),
            Protocol::NetflowV9 | Protocol::Ipfix => {
                self.add_by_template(client, batch, now_ns, dropped)
            }
        }
    }

    fn add_by_template(
        &mut self,
        client: usize,
        batch: &Batch,
        now_ns: u64,
        dropped: &mut dyn FnMut(DropReason, RecordTally),
    ) {
        let Some(template) = self.template(client, &batch.layout) else {
            dropped(DropReason::NoFields, tally(batch.iter()));
            return;
        };
        let narrow = self.templates[template].narrow();
        if narrow && batch.iter().any(|flow| pieces::needed(flow.totals)) {
            let split = pieces::split(batch);
            let pieces = split.iter().map(|piece| {
                let totals = &piece.totals;
                let flow = Flow {
                    totals,
                    ..piece.flow
                };
                (flow, piece.count)
            });
            self.pack(template, client, pieces, now_ns, dropped);
        } else {
            let flows = batch.iter().map(|flow| (flow, 1));
            self.pack(template, client, flows, now_ns, dropped);
        }
    }

    /// Packs flows by a template. The number that comes with each flow is how many flows it counts as: 1, or 0 for a further piece of
    /// the flow before it.
    fn pack<'a>(
        &mut self,
        template: usize,
        client: usize,
        mut flows: impl ExactSizeIterator<Item = (Flow<'a>, u64)>,
        now_ns: u64,
        dropped: &mut dyn FnMut(DropReason, RecordTally),
    ) {
        let boot_ms = self.packer.boot_ms();
        while flows.len() > 0 {
            let (id, len) = (self.templates[template].id, self.templates[template].len);
            self.packer.make_room(id, len, now_ns);
            if self.refresh_due(now_ns) {
                self.refresh(now_ns);
            }
            let template = &mut self.templates[template];
            if !template.announced && self.delivery != (Delivery::Session { open: false }) {
                template.announce(&mut self.packer, now_ns);
            }
            let place = match template.oversized {
                false => self.packer.records(id, len, flows.len(), now_ns),
                true => Err(wire::Full),
            };
            let Ok(place) = place else {
                dropped(
                    DropReason::MessageTooLong,
                    flows
                        .map(one)
                        .fold(RecordTally::default(), RecordTally::add),
                );
                return;
            };
            let (mut sum, mut latest_ns) = (RecordTally::default(), 0);
            let octets = place.len() as u64;
            for (out, (flow, count)) in place.chunks_exact_mut(len).zip(&mut flows) {
                template.encode(&flow, count, boot_ms, out);
                sum += one((flow, count));
                latest_ns = latest_ns.max(flow.totals.last_ns).max(flow.totals.first_ns);
            }
            self.packer.note(client, sum, octets, latest_ns);
        }
    }

    fn add_v5(
        &mut self,
        client: usize,
        batch: &Batch,
        now_ns: u64,
        dropped: &mut dyn FnMut(DropReason, RecordTally),
    ) {
        if batch.layout.family == Family::V6 {
            dropped(DropReason::Ipv6InNetflowV5, tally(batch.iter()));
            return;
        }
        let boot_ms = self.packer.boot_ms();
        self.packer
            .set_sampling(self.clients[client].v5_sampling, now_ns);
        let map = self.clients[client].v5_map(&batch.layout);
        for flow in batch.iter() {
            let mut record = map.record(&flow, boot_ms);
            let latest_ns = flow.totals.last_ns.max(flow.totals.first_ns);
            let mut records = 1;
            for (packets, octets) in pieces::of(flow.totals) {
                (record.packets, record.octets) = (packets, octets);
                // The flow counts once, with its first piece.
                let sum = RecordTally {
                    records: std::mem::take(&mut records),
                    packets: packets.into(),
                    octets: octets.into(),
                };
                match self.packer.v5_record(&record, now_ns) {
                    Ok(()) => self
                        .packer
                        .note(client, sum, v5_wire::RECORD_LEN as u64, latest_ns),
                    Err(wire::Full) => dropped(DropReason::MessageTooLong, sum),
                }
            }
        }
    }

    /// Returns the template for flows of a client, which is made when there is none; `None` when it would have no fields.
    fn template(&mut self, client: usize, layout: &Arc<Layout>) -> Option<usize> {
        if let Some(known) = self
            .templates
            .iter()
            .position(|template| template.describes(client, layout))
        {
            return Some(known);
        }
        let id = self.fresh_id();
        let sampling = &self.clients[client].sampling;
        let template = Template::new(id, client, layout, self.protocol(), sampling);
        if template.len == 0 || self.templates.len() >= MAX_TEMPLATES {
            return None;
        }
        self.templates.push(template);
        Some(self.templates.len() - 1)
    }

    fn fresh_id(&mut self) -> u16 {
        loop {
            let id = self.next_id;
            self.next_id = self.next_id.checked_add(1).unwrap_or(MIN_TEMPLATE_ID);
            let used = self.templates.iter().map(|template| template.id);
            if !used
                .chain(self.tables.iter().map(|table| table.id))
                .any(|used| used == id)
            {
                return id;
            }
        }
    }

    /// Repeats templates and tables that are due, and ends a datagram whose records have waited long enough.
    pub(crate) fn poll(&mut self, now_ns: u64) {
        self.packer.expire(now_ns);
        if self.protocol() == Protocol::NetflowV5 || self.clients.is_empty() {
            return;
        }
        let timeout = match self.away {
            true => self.template_timeout.min(PROBE),
            false => self.template_timeout,
        };
        if self.delivery == Delivery::Datagrams && due(now_ns, self.refreshed_ns, timeout) {
            self.refresh(now_ns);
            self.packer.finish(now_ns);
        }
        for table in 0..self.tables.len() {
            let new = self.delivery != Delivery::Datagrams && self.tables[table].sent_ns.is_none();
            if new || self.table_due(table, now_ns) {
                self.send_table(table, now_ns);
                self.packer.finish(now_ns);
            }
        }
    }

    /// Ends the datagram that is being filled.
    pub(crate) fn flush(&mut self, now_ns: u64) {
        self.packer.finish(now_ns);
    }

    /// Takes the finished datagrams.
    pub(crate) fn take(&mut self) -> Vec<Datagram> {
        self.packer.take()
    }

    /// Takes datagrams back, to use their memory again.
    pub(crate) fn recycle(&mut self, datagrams: Vec<Datagram>) {
        self.packer.recycle(datagrams);
    }

    /// Returns the records that are in no datagram taken yet.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Content> {
        self.packer.pending()
    }

    /// Returns the clients whose sampling the protocol cannot announce, and why.
    pub(crate) fn unannounced_sampling(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let v5 = self.protocol() == Protocol::NetflowV5;
        self.clients
            .iter()
            .enumerate()
            .filter_map(move |(i, client)| {
                let mixed = matches!(client.sampling, Sampling::Mixed(_));
                let mut templates = self
                    .templates
                    .iter()
                    .filter(|template| template.client == i);
                let why = match v5 {
                    true => v5::unannounced_sampling(&client.sampling)?,
                    false if mixed && !templates.all(Template::names_sampler) => {
                        "its attachments have different samplers and its record has no flow sampler"
                    }
                    false => return None,
                };
                Some((&*client.name, why))
            })
    }

    pub(crate) fn templates(&self) -> Vec<TemplateStatistics> {
        let clients = self
            .templates
            .iter()
            .filter(|template| !template.leaving)
            .map(|template| template.statistics(&self.clients[template.client].name));
        let mut all: Vec<_> = clients
            .chain(self.tables.iter().map(Table::statistics))
            .collect();
        all.sort_by_key(|template| template.id);
        all
    }
}

impl Client {
    fn new(monitor: &Monitor) -> Client {
        Client {
            name: monitor.name.as_str().into(),
            sampling: monitor.sampling.clone(),
            v5_sampling: v5::sampling(&monitor.sampling),
            v5_maps: Vec::new(),
        }
    }

    fn v5_map(&mut self, layout: &Arc<Layout>) -> &v5::Map {
        const MOST: usize = 16;
        let same =
            |(known, _): &(Arc<Layout>, v5::Map)| Arc::ptr_eq(known, layout) || known == layout;
        let place = match self.v5_maps.iter().position(same) {
            Some(place) => place,
            None => {
                if self.v5_maps.len() >= MOST {
                    self.v5_maps.clear();
                }
                self.v5_maps
                    .push((Arc::clone(layout), v5::Map::new(layout)));
                self.v5_maps.len() - 1
            }
        };
        &self.v5_maps[place].1
    }
}

impl Template {
    fn announce(&mut self, packer: &mut Packer, now_ns: u64) {
        let written = packer.put(now_ns, |sets| sets.template(self.id, &self.specs));
        self.oversized = written.is_err();
        self.announced = true;
    }
}

/// Returns the tally of one record; of a flow in several pieces only the first counts as a record.
fn one((flow, records): (Flow<'_>, u64)) -> RecordTally {
    RecordTally {
        records,
        packets: flow.totals.packets,
        octets: flow.totals.octets,
    }
}

fn tally<'a>(flows: impl Iterator<Item = Flow<'a>>) -> RecordTally {
    flows
        .map(|flow| one((flow, 1)))
        .fold(RecordTally::default(), RecordTally::add)
}

#[cfg(test)]
mod tests;
