//! A worker's counts. Each answer is of one moment.

use std::net::SocketAddr;

use super::{MAX_TEMPLATE_OCTETS, Worker, WorkerStatistics};
use crate::socket;
use crate::source::Source;
use crate::statistics::{Ledger, SourceStatistics, Tally, TemplateStatistics, TrackerStatistics};

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
