//! A worker's counts. Each answer is of one moment.

use std::net::SocketAddr;

use super::{MAX_TEMPLATE_OCTETS, Worker};
use crate::account::Account;
use crate::routes::Slot;
use crate::socket;
use crate::source::Source;
use crate::statistics::{
    Ledger, Rates, SourceStatistics, Tally, TemplateStatistics, TrackerStatistics,
};

/// The counts of one worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkerStatistics {
    pub(crate) received: Tally,
    pub(crate) relayed: Tally,
    pub(crate) denied: Tally,
    pub(crate) unrouted: Tally,
    pub(crate) kernel_drops: u64,
    pub(crate) rates: Rates,
    pub(crate) receivers: Vec<(Slot, Account)>,
    /// The ledgers of removed receivers, added up.
    pub(crate) retired: Ledger,
    pub(crate) sources: u64,
    pub(crate) sources_recycled: u64,
    pub(crate) templates: TrackerStatistics,
    pub(crate) carriers: u64,
}

impl WorkerStatistics {
    pub(crate) fn add(&mut self, other: WorkerStatistics) {
        self.received += other.received;
        self.relayed += other.relayed;
        self.denied += other.denied;
        self.unrouted += other.unrouted;
        self.kernel_drops += other.kernel_drops;
        self.rates += other.rates;
        self.receivers.extend(other.receivers);
        self.retired += &other.retired;
        self.sources += other.sources;
        self.sources_recycled += other.sources_recycled;
        self.templates += other.templates;
        self.carriers += other.carriers;
    }

    /// Returns the counts that remain when the worker has ended.
    pub(crate) fn retired(mut self) -> WorkerStatistics {
        for (_, account) in self.receivers.drain(..) {
            self.retired += &account.ledger;
        }
        WorkerStatistics {
            received: self.received,
            relayed: self.relayed,
            denied: self.denied,
            unrouted: self.unrouted,
            kernel_drops: self.kernel_drops,
            retired: self.retired,
            sources_recycled: self.sources_recycled,
            ..WorkerStatistics::default()
        }
    }
}

impl Worker {
    pub(super) fn statistics(&self) -> WorkerStatistics {
        let mut templates = TrackerStatistics {
            octets: (MAX_TEMPLATE_OCTETS - self.budget.left) as u64,
            refused: self.budget.refused,
            malformed: self.budget.malformed,
            ..TrackerStatistics::default()
        };
        for (_, source) in self.sources.iter() {
            for domain in source.tracker.domains() {
                templates.domains += 1;
                templates.templates += domain.templates().len() as u64;
                templates.options_records += domain
                    .templates()
                    .iter()
                    .map(|kept| kept.records() as u64)
                    .sum::<u64>();
            }
        }
        WorkerStatistics {
            received: self.received,
            relayed: self.relayed,
            denied: self.denied,
            unrouted: self.unrouted,
            kernel_drops: socket::kernel_drops(&self.socket) - self.drops_cleared,
            rates: self.meter.rates(),
            receivers: self
                .lanes
                .iter()
                .flatten()
                .map(|lane| (lane.planned.slot, lane.account.clone()))
                .collect(),
            retired: self.retired.clone(),
            sources: self.sources.len() as u64,
            sources_recycled: self.sources.recycled(),
            templates,
            carriers: self.carriers.len() as u64,
        }
    }

    pub(super) fn source_statistics(&self) -> Vec<SourceStatistics> {
        let statistics = |(address, source): (&SocketAddr, &Source)| {
            let rule = self.plan.routes.get(source.route).prefix;
            source.statistics(*address, rule.map(|prefix| prefix.to_string()))
        };
        self.sources.iter().map(statistics).collect()
    }

    pub(super) fn template_statistics(&self) -> Vec<TemplateStatistics> {
        let mut all = Vec::new();
        for (address, source) in self.sources.iter() {
            for domain in source.tracker.domains() {
                all.extend(domain.templates().iter().map(|kept| TemplateStatistics {
                    source: *address,
                    domain: domain.id(),
                    version: domain.version(),
                    id: kept.template.id,
                    options: kept.template.options,
                    fields: kept.template.fields.len() as u64,
                    records: kept.records() as u64,
                    last_ns: kept.last_ns,
                }));
            }
        }
        all
    }

    pub(super) fn clear(&mut self) {
        for tally in [
            &mut self.received,
            &mut self.relayed,
            &mut self.denied,
            &mut self.unrouted,
        ] {
            *tally = Tally::default();
        }
        self.meter.restart(Tally::default());
        self.retired = Ledger::default();
        self.drops_cleared = socket::kernel_drops(&self.socket);
        self.sources.clear_recycled();
        self.budget.refused = 0;
        self.budget.malformed = 0;
        for lane in self.lanes.iter_mut().flatten() {
            lane.account.clear();
        }
        for (_, source) in self.sources.iter_mut() {
            source.received = Tally::default();
            source.not_relayed = Tally::default();
        }
    }
}
