//! A worker's view of one receiver: which datagrams of a batch go to it, and sending them.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::Thread;

use loss::DropReason;
use udp::{Control, SendOptions, Sender};

use crate::account::Account;
use crate::batch::{Batch, Datagram};
use crate::carrier::{self, Carriers};
use crate::plan::{Destination, Events, PlannedReceiver, note_failure, note_recovery};
use crate::queue::Item;
use crate::routes::Slots;
use crate::socket::Target;
use crate::source::Source;
use crate::statistics::Tally;
use crate::table::Table;

/// Longest datagram that templates are replayed in, in octets. It fits an Ethernet frame, also inside a tunnel.
const REPLAY_LIMIT: usize = 1400;

/// The exporters that a worker knows, by address and port.
pub(crate) type Sources = Table<SocketAddr, Source>;

/// Everything that sending needs beside the lane itself.
pub(crate) struct SendContext<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) octets: &'a [u8],
    pub(crate) sources: &'a mut Sources,
    pub(crate) sender: &'a mut Sender,
    pub(crate) carriers: &'a mut Carriers,
    pub(crate) events: &'a Events,
    pub(crate) pacer: Option<&'a Thread>,
    pub(crate) now_ns: u64,
}

/// One receiver as one worker serves it. A worker has a lane for each receiver.
pub(crate) struct Lane {
    pub(crate) planned: Arc<PlannedReceiver>,
    pub(crate) account: Account,
    destination: Destination,
    version: u64,
    /// The path's [`replay epoch`](crate::plan::Path::replay_epoch) that this lane has acted on.
    pub(crate) replay_epoch: u64,
    segment_max: usize,
    /// When it was probed last.
    probed_ns: Option<u64>,
    /// Datagrams left out by sampling since the last one that was sent.
    skipped: u32,
    /// The datagrams of the present batch that go to the receiver, grouped by exporter.
    list: Vec<u32>,
    /// Those of them before which the templates of their observation domain are replayed.
    replay_before: Vec<u32>,
}

impl Lane {
    pub(crate) fn new(planned: Arc<PlannedReceiver>) -> Lane {
        let mut lane = Lane {
            replay_epoch: planned.path.replay_epoch(),
            planned,
            account: Account::default(),
            destination: Destination::Nowhere(DropReason::Unresolved),
            version: 0,
            segment_max: 0,
            probed_ns: None,
            skipped: 0,
            list: Vec::new(),
            replay_before: Vec::new(),
        };
        lane.take_destination();
        lane
    }

    /// Takes another configuration. Returns whether all templates have to be replayed.
    pub(crate) fn configure(&mut self, planned: Arc<PlannedReceiver>) -> bool {
        let moved = !Arc::ptr_eq(&self.planned.path, &planned.path);
        self.planned = planned;
        self.take_destination();
        if moved {
            self.replay_epoch = self.planned.path.replay_epoch();
        }
        moved
    }

    fn take_destination(&mut self) {
        (self.version, self.destination) = self.planned.path.destination();
        self.segment_max = match &self.destination {
            Destination::At(target) => target.segment_max,
            Destination::Nowhere(_) => 0,
        };
    }

    /// Takes the receiver's present destination. Returns whether all templates have to be replayed.
    #[inline]
    pub(crate) fn follow(&mut self) -> bool {
        let path = &self.planned.path;
        if path.version() != self.version {
            self.take_destination();
        }
        let epoch = self.planned.path.replay_epoch();
        std::mem::replace(&mut self.replay_epoch, epoch) != epoch
    }

    /// Whether datagrams do not go out to the receiver, or do not arrive.
    #[inline]
    pub(crate) fn has_failed(&self) -> bool {
        self.planned.path.has_failed() || matches!(self.destination, Destination::Nowhere(_))
    }

    /// Whether templates can be replayed to the receiver at the moment.
    #[inline]
    fn can_replay(&self) -> bool {
        !self.has_failed()
    }

    /// Offers a datagram of the batch to the receiver, which takes or drops it by its sampling and rate limit. `informed` are the
    /// receivers that have the templates of the datagram's observation domain, if it has one.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        number: u32,
        datagram: &Datagram,
        informed: Option<&mut Slots>,
        now_ns: u64,
    ) {
        let tally = Tally::one(datagram.len as usize);
        self.account.ledger.offered += tally;
        let settings = &self.planned.settings;
        if settings.sampling > 1 && !datagram.announces {
            self.skipped += 1;
            if self.skipped < settings.sampling {
                self.account.ledger.drop(DropReason::Sampled, tally);
                return;
            }
            self.skipped = 0;
        }
        let slot = self.planned.slot;
        if let Some(limit) = &self.planned.limit
            && !limit.take(now_ns)
        {
            self.account.ledger.drop(DropReason::RateLimit, tally);
            if let (true, Some(informed)) = (datagram.announces, informed) {
                informed.set(slot, false);
            }
            return;
        }
        if let Some(informed) = informed
            && !informed.contains(slot)
            && self.can_replay()
        {
            informed.set(slot, true);
            if !datagram.first {
                self.replay_before.push(number);
            }
        }
        self.list.push(number);
    }

    /// Sends the datagrams of the batch that the receiver has taken.
    pub(crate) fn flush(&mut self, context: &mut SendContext<'_>) {
        if self.planned.queue.is_some() {
            self.queue(context);
        } else if !self.list.is_empty() {
            let destination = self.destination.clone();
            match &destination {
                Destination::Nowhere(reason) => {
                    let list = std::mem::take(&mut self.list);
                    self.fail(&list, *reason, context);
                    self.list = list;
                }
                Destination::At(_) if self.planned.settings.spoof_source => {
                    self.send_spoofed(context)
                }
                Destination::At(_) => self.send(context),
            }
        }
        self.list.clear();
        self.replay_before.clear();
    }

    /// Counts datagrams that cannot be sent as dropped.
    fn fail(&mut self, list: &[u32], reason: DropReason, context: &mut SendContext<'_>) {
        let slot = self.planned.slot;
        for number in list {
            let datagram = context.batch.datagram(*number);
            self.account
                .dropped(Tally::one(datagram.len as usize), reason, context.now_ns);
            if let (true, Some(domain)) = (datagram.announces, datagram.domain) {
                let source = context.sources.get_mut(datagram.source);
                source.tracker.domain(domain).informed.set(slot, false);
            }
        }
        note_failure(&self.planned, Some(reason), context.now_ns, context.events);
    }

    /// Makes the datagrams that replay the templates of a datagram's observation domain. Returns them with the exporter.
    fn announcements(
        &self,
        number: u32,
        context: &mut SendContext<'_>,
    ) -> (SocketAddr, Vec<Vec<u8>>) {
        let datagram = context.batch.datagram(number);
        let domain = datagram.domain.unwrap_or(0);
        let live = datagram.of(context.octets);
        let source = context.sources.get_mut(datagram.source);
        (
            datagram.from,
            source.tracker.domain(domain).announce(live, REPLAY_LIMIT),
        )
    }

    /// Sends from this host's address, the datagrams of all exporters together.
    fn send(&mut self, context: &mut SendContext<'_>) {
        let Destination::At(target) = self.destination.clone() else {
            return;
        };
        let control = Control::new();
        for number in std::mem::take(&mut self.replay_before) {
            let (_, datagrams) = self.announcements(number, context);
            let mut failed = false;
            let mut options = SendOptions {
                socket: target.as_fd(),
                to: None,
                control: &control,
                segment_max: &mut self.segment_max,
                share: 2,
                patience: 0,
            };
            let replayed = &mut self.account.replayed;
            let notices = context.sender.send(
                &mut options,
                datagrams.len(),
                |at| &datagrams[at],
                |range, result| match result {
                    Ok(()) => *replayed += tally(range.map(|at| datagrams[at].len())),
                    Err(_) => failed = true,
                },
            );
            if notices > 0 {
                self.take_notices(&target, true, context.now_ns, context.events);
            }
            if failed {
                self.forget_replay(number, context);
            }
        }
        let list = std::mem::take(&mut self.list);
        let mut options = SendOptions {
            socket: target.as_fd(),
            to: None,
            control: &control,
            segment_max: &mut self.segment_max,
            share: 2,
            patience: 0,
        };
        let (batch, octets) = (context.batch, context.octets);
        let account = &mut self.account;
        let now_ns = context.now_ns;
        let mut failures = Vec::new();
        let notices = context.sender.send(
            &mut options,
            list.len(),
            |at| batch.datagram(list[at]).of(octets),
            |range, result| match result {
                Ok(()) => account.sent(batch.tally(&list[range]), now_ns),
                Err(errno) => failures.push((range, DropReason::of_errno(errno))),
            },
        );
        if notices > 0 {
            self.take_notices(&target, true, now_ns, context.events);
        }
        for (range, reason) in failures {
            self.fail(&list[range], reason, context);
        }
        self.list = list;
    }

    /// Sends from each exporter's own address.
    fn send_spoofed(&mut self, context: &mut SendContext<'_>) {
        let Destination::At(target) = self.destination.clone() else {
            return;
        };
        let (port, no_checksum) = {
            let settings = &self.planned.settings;
            (settings.source_port, settings.no_checksum)
        };
        for number in std::mem::take(&mut self.replay_before) {
            let (from, datagrams) = self.announcements(number, context);
            let mut failed = false;
            let replayed = &mut self.account.replayed;
            let batch = carrier::Batch {
                source: port.of(from),
                target: &target,
                no_checksum,
                count: datagrams.len(),
                datagram: |at: usize| &datagrams[at][..],
            };
            context.carriers.send(
                context.sender,
                &batch,
                &mut self.segment_max,
                context.now_ns,
                |range, result| match result {
                    Ok(()) => *replayed += tally(range.map(|at| datagrams[at].len())),
                    Err(_) => failed = true,
                },
            );
            if failed {
                self.forget_replay(number, context);
            }
        }
        let list = std::mem::take(&mut self.list);
        let mut failures = Vec::new();
        let (batch, octets, now_ns) = (context.batch, context.octets, context.now_ns);
        let same = |a: &u32, b: &u32| batch.datagram(*a).source == batch.datagram(*b).source;
        for part in list.chunk_by(same) {
            let account = &mut self.account;
            let own = carrier::Batch {
                source: port.of(batch.datagram(part[0]).from),
                target: &target,
                no_checksum,
                count: part.len(),
                datagram: |at: usize| batch.datagram(part[at]).of(octets),
            };
            context.carriers.send(
                context.sender,
                &own,
                &mut self.segment_max,
                now_ns,
                |range, result| match result {
                    Ok(()) => account.sent(batch.tally(&part[range]), now_ns),
                    Err(reason) => failures.push((&part[range], reason)),
                },
            );
        }
        for (part, reason) in failures {
            self.fail(part, reason, context);
        }
        self.list = list;
    }

    /// Appends to the queue of a receiver with `delay`. Its account is kept with the queue.
    fn queue(&mut self, context: &mut SendContext<'_>) {
        let account = std::mem::take(&mut self.account);
        if account.ledger.offered.datagrams == 0 {
            return;
        }
        let replays: Vec<(u32, SocketAddr, Vec<Vec<u8>>)> = std::mem::take(&mut self.replay_before)
            .into_iter()
            .map(|number| {
                let (from, datagrams) = self.announcements(number, context);
                (number, from, datagrams)
            })
            .collect();
        let Some(queue) = &self.planned.queue else {
            return;
        };
        let mut queue = queue.lock();
        let was_empty = queue.is_empty();
        queue.account.ledger += &account.ledger;
        let now_ns = context.now_ns;
        let mut failed = Vec::new();
        for (number, source, datagrams) in &replays {
            for datagram in datagrams {
                let item = Item {
                    source: *source,
                    len: datagram.len(),
                    replay: true,
                };
                if !queue.push(item, datagram, now_ns) {
                    failed.push(*number);
                }
            }
        }
        for number in &self.list {
            let datagram = context.batch.datagram(*number);
            let item = Item {
                source: datagram.from,
                len: datagram.len as usize,
                replay: false,
            };
            if !queue.push(item, datagram.of(context.octets), now_ns) && datagram.announces {
                failed.push(*number);
            }
        }
        drop(queue);
        for number in failed {
            self.forget_replay(number, context);
        }
        if let (true, Some(pacer)) = (was_empty, context.pacer) {
            pacer.unpark();
        }
    }

    /// Remembers that the templates of a datagram's observation domain have not reached the receiver after all.
    fn forget_replay(&self, number: u32, context: &mut SendContext<'_>) {
        let datagram = context.batch.datagram(number);
        if let Some(domain) = datagram.domain {
            let source = context.sources.get_mut(datagram.source);
            let informed = &mut source.tracker.domain(domain).informed;
            informed.set(self.planned.slot, false);
        }
    }

    /// Takes the notices of the receiver's socket. `pending`: a send has met one.
    fn take_notices(&mut self, target: &Target, pending: bool, now_ns: u64, events: &Events) {
        let taken = match target.take_notices() {
            None if pending => (1, DropReason::IcmpUnreachable),
            None => return,
            Some(taken) => taken,
        };
        let (notices, reason) = taken;
        self.account.count_unreachable(notices, reason, now_ns);
        note_failure(&self.planned, Some(reason), now_ns, events);
    }

    /// Updates rates and health. To be called every second.
    pub(crate) fn tick(&mut self, now_ns: u64, events: &Events) {
        if let Destination::At(target) = self.destination.clone() {
            self.take_notices(&target, false, now_ns, events);
            // The others of its group get its datagrams, so that only this shows when it is back.
            if self.planned.balanced && self.planned.path.has_failed() && target.probe().is_ok() {
                self.probed_ns = Some(now_ns);
            }
        }
        let mut sent_ns = self.probed_ns;
        if self.planned.queue.is_none() {
            self.account.tick(now_ns);
            sent_ns = sent_ns.max(self.account.last_sent_ns);
        }
        note_recovery(&self.planned, sent_ns, now_ns, events);
    }
}

fn tally(lengths: impl Iterator<Item = usize>) -> Tally {
    lengths.map(Tally::one).sum()
}
