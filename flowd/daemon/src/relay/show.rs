//! Samplicators as the management API shows them. Times are also given as seconds that have gone by, as a screen shows
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::ByName;
use api::Refusal;
use api::ledger::{DatagramTally, LossLedger, ReceiverLedger, SamplicatorLedger};
use api::samplicator::{self as answer, ReceiverState};
use loss::DropReason;
use relay::{
    ListenerStatistics, Rates, ReceiverStatistics, Samplicator, SourceStatistics, Statistics,
    Tally, TemplateStatistics, TrackerStatistics,
};

use super::Relay;
use super::settings;
use service::clock;

impl Relay {
    /// `GET /v1/samplicators`: every samplicator with its listeners and receivers, or the one called `name`.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn samplicators(&self, name: Option<&str>) -> Result<answer::Samplicators, Refusal> {
        let all: Vec<(Samplicator, Arc<settings::Samplicator>)> = {
            let state = self.state();
            let named = |own: &String| name.is_none_or(|name| name == own);
            let running = state.running.iter().filter(|(own, _)| named(own));
            running
                .filter_map(|(name, samplicator)| {
                    let settings = state.settings.get(name)?;
                    Some((samplicator.clone(), settings.clone()))
                })
                .collect()
        };
        if let (Some(name), true) = (name, all.is_empty()) {
            self.named(name)?;
        }
        let now = clock::unix_ns();
        let samplicators = all
            .iter()
            .map(|(samplicator, settings)| one(samplicator.statistics(), settings, now));
        Ok(answer::Samplicators {
            samplicators: samplicators.collect(),
        })
    }

    /// `GET /v1/samplicators/NAME/receivers`.
    ///
    /// # Errors
    /// When there is no samplicator of that name.
    pub(crate) fn receivers(&self, name: &str) -> Result<answer::Receivers, Refusal> {
        let samplicators = self.samplicators(Some(name))?.samplicators.into_iter();
        Ok(answer::Receivers {
            samplicator: name.to_owned(),
            receivers: samplicators.flat_map(|one| one.receivers).collect(),
        })
    }

    /// `GET /v1/samplicators/NAME/sources`.
    ///
    /// # Errors
    /// When there is no samplicator of that name.
    pub(crate) fn sources(&self, name: &str) -> Result<answer::Sources, Refusal> {
        let samplicator = self.named(name)?;
        let now = clock::unix_ns();
        let sources = samplicator.sources().into_iter();
        Ok(answer::Sources {
            samplicator: name.to_owned(),
            sources: sources.map(|one| source(one, now)).collect(),
        })
    }

    /// `GET /v1/samplicators/NAME/templates`.
    ///
    /// # Errors
    /// When there is no samplicator of that name.
    pub(crate) fn templates(&self, name: &str) -> Result<answer::KeptTemplates, Refusal> {
        let samplicator = self.named(name)?;
        let now = clock::unix_ns();
        let templates = samplicator.templates().into_iter();
        Ok(answer::KeptTemplates {
            samplicator: name.to_owned(),
            templates: templates.map(|one| template(&one, now)).collect(),
        })
    }

    /// The samplicators' part of the loss ledger.
    pub(super) fn loss(&self) -> LossLedger {
        let running: Vec<Samplicator> = self.state().running.values().cloned().collect();
        let all: Vec<Statistics> = running.iter().map(Samplicator::statistics).collect();
        LossLedger {
            samplicators: all.iter().map(ledger).collect(),
            balanced: all.iter().all(Statistics::balanced),
            ..LossLedger::default()
        }
    }
}

/// Seconds since a moment.
fn ago(then_ns: u64, now_ns: u64) -> f64 {
    now_ns.saturating_sub(then_ns) as f64 / 1e9
}

fn tally(tally: Tally) -> DatagramTally {
    DatagramTally {
        datagrams: tally.datagrams,
        octets: tally.octets,
    }
}

fn reasons(dropped: &BTreeMap<DropReason, Tally>) -> ByName<DatagramTally> {
    let dropped = dropped.iter();
    dropped
        .map(|(reason, dropped)| (reason.name().into_owned(), tally(*dropped)))
        .collect()
}

fn rates(rates: Rates) -> answer::Rates {
    answer::Rates {
        datagrams_1m: rates.datagrams_1m,
        datagrams_5m: rates.datagrams_5m,
        bits_1m: rates.bits_1m,
        bits_5m: rates.bits_5m,
    }
}

fn one(
    statistics: Statistics,
    settings: &settings::Samplicator,
    now_ns: u64,
) -> answer::Samplicator {
    let balanced = statistics.balanced();
    let described = |one: &ReceiverStatistics| settings.receivers.get(&one.name).cloned();
    let retired = &statistics.retired;
    answer::Samplicator {
        received: tally(statistics.received),
        relayed: tally(statistics.relayed),
        denied: tally(statistics.denied),
        unrouted: tally(statistics.unrouted),
        kernel_drops: statistics.kernel_drops,
        rates: rates(statistics.rates),
        retired: answer::RetiredReceivers {
            offered: tally(retired.offered),
            sent: tally(retired.sent),
            queued: tally(retired.queued),
            dropped: reasons(&retired.dropped),
        },
        sources: statistics.sources,
        sources_recycled: statistics.sources_recycled,
        templates: kept(statistics.templates),
        spoofing_sockets: statistics.spoofing_sockets,
        events_lost: statistics.events_lost,
        description: settings.description.clone(),
        balanced,
        listeners: statistics.listeners.into_iter().map(listener).collect(),
        receivers: statistics
            .receivers
            .into_iter()
            .map(|one| receiver(described(&one), one, now_ns))
            .collect(),
        name: statistics.name,
    }
}

fn kept(kept: TrackerStatistics) -> answer::TemplateStore {
    answer::TemplateStore {
        domains: kept.domains,
        templates: kept.templates,
        options_records: kept.options_records,
        octets: kept.octets,
        refused: kept.refused,
        malformed: kept.malformed,
    }
}

fn listener(listener: ListenerStatistics) -> answer::Listener {
    answer::Listener {
        address: listener.address,
        port: listener.port,
        interface: listener.interface,
        threads: listener.threads,
        received: tally(listener.received),
        kernel_drops: listener.kernel_drops,
        receive_buffer: listener.receive_buffer,
    }
}

fn receiver(
    description: Option<String>,
    receiver: ReceiverStatistics,
    now_ns: u64,
) -> answer::Receiver {
    let ago = |then_ns: Option<u64>| then_ns.map(|then_ns| ago(then_ns, now_ns));
    let last_failure = receiver.last_failure;
    answer::Receiver {
        name: receiver.name,
        destination: receiver.destination,
        port: receiver.port,
        address: receiver.address,
        spoof_source: receiver.spoof_source,
        state: match receiver.state {
            relay::State::Up => ReceiverState::Up,
            relay::State::Failed => ReceiverState::Failed,
            relay::State::Unresolved => ReceiverState::Unresolved,
            relay::State::Loop => ReceiverState::Loop,
            relay::State::Disabled => ReceiverState::Disabled,
        },
        offered: tally(receiver.ledger.offered),
        sent: tally(receiver.ledger.sent),
        queued: tally(receiver.ledger.queued),
        dropped: reasons(&receiver.ledger.dropped),
        icmp_unreachable: receiver.icmp_unreachable,
        replayed: tally(receiver.replayed),
        rates: rates(receiver.rates),
        last_sent_ns: receiver.last_sent_ns,
        last_failure: last_failure.map(|reason| reason.name().into_owned()),
        last_failure_ns: receiver.last_failure_ns,
        description,
        last_sent_seconds_ago: ago(receiver.last_sent_ns),
        last_failure_seconds_ago: ago(receiver.last_failure_ns),
    }
}

fn source(source: SourceStatistics, now_ns: u64) -> answer::Source {
    answer::Source {
        address: source.address,
        port: source.port,
        received: tally(source.received),
        not_relayed: tally(source.not_relayed),
        rule: source.rule,
        domains: source.domains,
        templates: source.templates,
        first_ns: source.first_ns,
        last_ns: source.last_ns,
        silent: source.silent,
        first_seconds_ago: ago(source.first_ns, now_ns),
        last_seconds_ago: ago(source.last_ns, now_ns),
    }
}

fn template(template: &TemplateStatistics, now_ns: u64) -> answer::KeptTemplate {
    answer::KeptTemplate {
        source: template.source.to_string(),
        domain: template.domain,
        version: template.version,
        id: template.id,
        options: template.options,
        fields: template.fields,
        records: template.records,
        last_ns: template.last_ns,
        last_seconds_ago: ago(template.last_ns, now_ns),
    }
}

fn ledger(statistics: &Statistics) -> SamplicatorLedger {
    let receivers = statistics.receivers.iter();
    let mut receivers: Vec<ReceiverLedger> = receivers
        .map(|receiver| receiver_ledger(&receiver.name, &receiver.ledger))
        .collect();
    // Those that are gone still have had their part of what came in.
    if statistics.retired.offered.datagrams > 0 {
        receivers.push(receiver_ledger("(removed)", &statistics.retired));
    }
    SamplicatorLedger {
        samplicator: statistics.name.clone(),
        received: tally(statistics.received),
        relayed: tally(statistics.relayed),
        denied: tally(statistics.denied),
        unrouted: tally(statistics.unrouted),
        kernel_drops: statistics.kernel_drops,
        receivers,
        balanced: statistics.balanced(),
    }
}

fn receiver_ledger(name: &str, ledger: &relay::Ledger) -> ReceiverLedger {
    ReceiverLedger {
        offered: tally(ledger.offered),
        sent: tally(ledger.sent),
        queued: tally(ledger.queued),
        dropped: reasons(&ledger.dropped),
        receiver: name.to_owned(),
        balanced: ledger.balanced(),
    }
}
