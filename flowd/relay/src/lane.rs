//! A receiver as one worker sees it: what a batch has for it, and sending that.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::Thread;

use loss::DropReason;
use udp::{Control, Sender, Way};

use crate::account::Account;
use crate::batch::{Batch, Datagram};
use crate::carrier::{self, Carriers};
use crate::paced::{Item, source};
use crate::plan::{Aim, Events, Receiving, watch, watch_recovery};
use crate::source::Source;
use crate::statistics::Tally;
use crate::table::Table;

/// Octets of the datagrams that templates are replayed in: what fits an Ethernet frame, also in a tunnel.
const REPLAY_LIMIT: usize = 1400;

/// All exporters a worker knows.
pub(crate) type Sources = Table<SocketAddr, Source>;

/// What sending needs beside a lane.
pub(crate) struct Means<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) octets: &'a [u8],
    pub(crate) sources: &'a mut Sources,
    pub(crate) sender: &'a mut Sender,
    pub(crate) carriers: &'a mut Carriers,
    pub(crate) events: &'a Events,
    pub(crate) pacer: Option<&'a Thread>,
    pub(crate) now_ns: u64,
}

/// A receiver, with one worker.
pub(crate) struct Lane {
    pub(crate) receiving: Arc<Receiving>,
    pub(crate) account: Account,
    aim: Aim,
    version: u64,
    /// What [`crate::plan::Way::told`] said when the receiver was last told everything again.
    pub(crate) tell: u64,
    segment_max: usize,
    /// Datagrams since the last one that sampling let through.
    skipped: u32,
    /// Of the batch at hand: what goes to the receiver, exporter by exporter.
    list: Vec<u32>,
    /// Of these: before which ones their domain's templates are to be told.
    tell_before: Vec<u32>,
}

impl Lane {
    pub(crate) fn new(receiving: Arc<Receiving>) -> Lane {
        let mut lane = Lane {
            tell: receiving.way.told(),
            receiving,
            account: Account::default(),
            aim: Aim::Nowhere(DropReason::Unresolved),
            version: 0,
            segment_max: 0,
            skipped: 0,
            list: Vec::new(),
            tell_before: Vec::new(),
        };
        lane.take_aim();
        lane
    }

    /// Goes on under another configuration. `true`: the receiver has to be told everything again.
    pub(crate) fn configure(&mut self, receiving: Arc<Receiving>) -> bool {
        let moved = !Arc::ptr_eq(&self.receiving.way, &receiving.way);
        self.receiving = receiving;
        self.take_aim();
        if moved {
            self.tell = self.receiving.way.told();
        }
        moved
    }

    fn take_aim(&mut self) {
        (self.version, self.aim) = self.receiving.way.aim();
        self.segment_max = match &self.aim {
            Aim::At(target) => target.segment_max,
            Aim::Nowhere(_) => 0,
        };
    }

    /// Follows where the receiver's datagrams are to go. `true`: it has to be told everything again.
    #[inline]
    pub(crate) fn follow(&mut self) -> bool {
        let way = &self.receiving.way;
        if way.version() != self.version {
            self.take_aim();
        }
        let tell = self.receiving.way.told();
        std::mem::replace(&mut self.tell, tell) != tell
    }

    /// The receiver can be told templates.
    #[inline]
    fn listens(&self) -> bool {
        matches!(self.aim, Aim::At(_)) && !self.receiving.way.has_failed()
    }

    /// A datagram of the batch is for this receiver. `told` is whether it was told all of the datagram's domain, if it has one.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        number: u32,
        datagram: &Datagram,
        told: Option<&mut crate::tracker::Slots>,
        now_ns: u64,
    ) {
        let tally = Tally::one(datagram.len as usize);
        self.account.ledger.offered += tally;
        let settings = &self.receiving.settings;
        if settings.sampling > 1 && !datagram.announces {
            self.skipped += 1;
            if self.skipped < settings.sampling {
                self.account.ledger.drop(DropReason::Sampled, tally);
                return;
            }
            self.skipped = 0;
        }
        let slot = self.receiving.slot;
        if let Some(limit) = &self.receiving.limit
            && !limit.take(now_ns)
        {
            self.account.ledger.drop(DropReason::RateLimit, tally);
            if let (true, Some(told)) = (datagram.announces, told) {
                told.set(slot, false);
            }
            return;
        }
        if let Some(told) = told
            && !told.contains(slot)
            && self.listens()
        {
            told.set(slot, true);
            if !datagram.first {
                self.tell_before.push(number);
            }
        }
        self.list.push(number);
    }

    /// Sends what the batch has for the receiver.
    pub(crate) fn flush(&mut self, means: &mut Means<'_>) {
        if self.receiving.paced.is_some() {
            self.queue(means);
        } else if !self.list.is_empty() {
            let aim = self.aim.clone();
            match &aim {
                Aim::Nowhere(reason) => {
                    let list = std::mem::take(&mut self.list);
                    self.fail(&list, *reason, means);
                    self.list = list;
                }
                Aim::At(_) if self.receiving.settings.spoof_source => self.carry(means),
                Aim::At(_) => self.send(means),
            }
        }
        self.list.clear();
        self.tell_before.clear();
    }

    /// Datagrams that cannot be sent.
    fn fail(&mut self, list: &[u32], reason: DropReason, means: &mut Means<'_>) {
        let slot = self.receiving.slot;
        for number in list {
            let datagram = means.batch.datagram(*number);
            self.account
                .dropped(Tally::one(datagram.len as usize), reason, means.now_ns);
            if let (true, Some(domain)) = (datagram.announces, datagram.domain) {
                let source = means.sources.get_mut(datagram.source);
                source.tracker.domain(domain).told.set(slot, false);
            }
        }
        watch(&self.receiving, Some(reason), means.now_ns, means.events);
    }

    /// The datagrams that tell the templates of the domain of a datagram of the batch.
    fn announcements(&self, number: u32, means: &mut Means<'_>) -> (SocketAddr, Vec<Vec<u8>>) {
        let datagram = means.batch.datagram(number);
        let domain = datagram.domain.unwrap_or(0);
        let live = datagram.of(means.octets);
        let source = means.sources.get_mut(datagram.source);
        (
            datagram.from,
            source.tracker.domain(domain).announce(live, REPLAY_LIMIT),
        )
    }

    /// From this host's address, all exporters together.
    fn send(&mut self, means: &mut Means<'_>) {
        let Aim::At(target) = self.aim.clone() else {
            return;
        };
        let control = Control::new();
        for number in std::mem::take(&mut self.tell_before) {
            let (_, datagrams) = self.announcements(number, means);
            let mut failed = false;
            let mut way = Way {
                socket: target.as_fd(),
                to: None,
                control: &control,
                segment_max: &mut self.segment_max,
                share: 2,
                patience: 0,
            };
            let replayed = &mut self.account.replayed;
            let notices = means.sender.send(
                &mut way,
                datagrams.len(),
                |at| &datagrams[at],
                |range, result| match result {
                    Ok(()) => *replayed += tally(range.map(|at| datagrams[at].len())),
                    Err(_) => failed = true,
                },
            );
            self.noticed(notices, means);
            if failed {
                self.untell(number, means);
            }
        }
        let list = std::mem::take(&mut self.list);
        let mut way = Way {
            socket: target.as_fd(),
            to: None,
            control: &control,
            segment_max: &mut self.segment_max,
            share: 2,
            patience: 0,
        };
        let (batch, octets) = (means.batch, means.octets);
        let account = &mut self.account;
        let now_ns = means.now_ns;
        let mut failures = Vec::new();
        let notices = means.sender.send(
            &mut way,
            list.len(),
            |at| batch.datagram(list[at]).of(octets),
            |range, result| match result {
                Ok(()) => account.sent(batch.tally(&list[range]), now_ns),
                Err(errno) => failures.push((range, DropReason::of_errno(errno))),
            },
        );
        self.noticed(notices, means);
        for (range, reason) in failures {
            self.fail(&list[range], reason, means);
        }
        self.list = list;
    }

    /// From each exporter's own address.
    fn carry(&mut self, means: &mut Means<'_>) {
        let Aim::At(target) = self.aim.clone() else {
            return;
        };
        let (port, no_checksum) = {
            let settings = &self.receiving.settings;
            (settings.source_port, settings.no_checksum)
        };
        for number in std::mem::take(&mut self.tell_before) {
            let (from, datagrams) = self.announcements(number, means);
            let mut failed = false;
            let replayed = &mut self.account.replayed;
            let batch = carrier::Batch {
                source: source(from, port),
                target: &target,
                no_checksum,
                count: datagrams.len(),
                datagram: |at: usize| &datagrams[at][..],
            };
            means.carriers.send(
                means.sender,
                &batch,
                &mut self.segment_max,
                means.now_ns,
                |range, result| match result {
                    Ok(()) => *replayed += tally(range.map(|at| datagrams[at].len())),
                    Err(_) => failed = true,
                },
            );
            if failed {
                self.untell(number, means);
            }
        }
        let list = std::mem::take(&mut self.list);
        let mut failures = Vec::new();
        let (batch, octets, now_ns) = (means.batch, means.octets, means.now_ns);
        let same = |a: &u32, b: &u32| batch.datagram(*a).source == batch.datagram(*b).source;
        for part in list.chunk_by(same) {
            let account = &mut self.account;
            let own = carrier::Batch {
                source: source(batch.datagram(part[0]).from, port),
                target: &target,
                no_checksum,
                count: part.len(),
                datagram: |at: usize| batch.datagram(part[at]).of(octets),
            };
            means.carriers.send(
                means.sender,
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
            self.fail(part, reason, means);
        }
        self.list = list;
    }

    /// Into the queue of a receiver with a delay; the account lives there.
    fn queue(&mut self, means: &mut Means<'_>) {
        let account = std::mem::take(&mut self.account);
        if account.ledger.offered.datagrams == 0 {
            return;
        }
        let told: Vec<(u32, SocketAddr, Vec<Vec<u8>>)> = std::mem::take(&mut self.tell_before)
            .into_iter()
            .map(|number| {
                let (from, datagrams) = self.announcements(number, means);
                (number, from, datagrams)
            })
            .collect();
        let Some(paced) = &self.receiving.paced else {
            return;
        };
        let mut queue = paced.lock();
        let was_empty = queue.is_empty();
        queue.account.ledger += &account.ledger;
        let now_ns = means.now_ns;
        let mut untold = Vec::new();
        for (number, source, datagrams) in &told {
            for datagram in datagrams {
                let item = Item {
                    source: *source,
                    len: datagram.len(),
                    replay: true,
                };
                if !queue.push(item, datagram, now_ns) {
                    untold.push(*number);
                }
            }
        }
        for number in &self.list {
            let datagram = means.batch.datagram(*number);
            let item = Item {
                source: datagram.from,
                len: datagram.len as usize,
                replay: false,
            };
            if !queue.push(item, datagram.of(means.octets), now_ns) && datagram.announces {
                untold.push(*number);
            }
        }
        drop(queue);
        for number in untold {
            self.untell(number, means);
        }
        if let (true, Some(pacer)) = (was_empty, means.pacer) {
            pacer.unpark();
        }
    }

    /// The receiver was not told a domain after all.
    fn untell(&self, number: u32, means: &mut Means<'_>) {
        let datagram = means.batch.datagram(number);
        if let Some(domain) = datagram.domain {
            let source = means.sources.get_mut(datagram.source);
            let told = &mut source.tracker.domain(domain).told;
            told.set(self.receiving.slot, false);
        }
    }

    fn noticed(&mut self, notices: u64, means: &Means<'_>) {
        if notices > 0 {
            self.account.noticed(notices, means.now_ns);
            watch(
                &self.receiving,
                Some(DropReason::IcmpUnreachable),
                means.now_ns,
                means.events,
            );
        }
    }

    /// To be called every second.
    pub(crate) fn tick(&mut self, now_ns: u64, events: &Events) {
        if self.receiving.paced.is_none() {
            self.account.tick(now_ns);
            watch_recovery(&self.receiving, self.account.last_sent_ns, now_ns, events);
        }
    }
}

fn tally(lengths: impl Iterator<Item = usize>) -> Tally {
    lengths.map(Tally::one).sum()
}
