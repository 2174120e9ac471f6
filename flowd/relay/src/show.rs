//! Answers of the management API about samplicators. For screens, each time is also given as the seconds passed since then.

use std::sync::Arc;

use api::Refusal;
use api::ledger::{DatagramTally, LossLedger, ReceiverLedger, SamplicatorLedger};
use api::samplicator as answer;
use service::{clock, unknown};

use crate::settings::SamplicatorSettings;
use crate::statistics::{
    Ledger, ListenerStatistics, Rates, ReceiverState, ReceiverStatistics, SourceStatistics,
    Statistics, Tally, TemplateStatistics, TrackerStatistics,
};
use crate::{Relay, Samplicator};

impl Relay {
    /// Returns every samplicator with its listeners and receivers, or the one of that name.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn samplicators(&self, name: Option<&str>) -> Result<answer::Samplicators, Refusal> {
        let all: Vec<(Samplicator, Arc<SamplicatorSettings>)> = {
            let state = self.state();
            let named = |own: &String| name.is_none_or(|name| name == own);
            let running = state.running.iter().filter(|(own, _)| named(own));
            running
                .filter_map(|(name, running)| {
                    Some((running.clone(), state.settings.get(name)?.clone()))
                })
                .collect()
        };
        if let (Some(name), true) = (name, all.is_empty()) {
            self.named(name)?;
        }
        let now_ns = clock::unix_ns();
        Ok(answer::Samplicators {
            samplicators: all
                .iter()
                .map(|(running, settings)| samplicator(running.statistics(), settings, now_ns))
                .collect(),
        })
    }

    /// Returns the samplicators, or the one of that name, that have a receiver called `receiver`, each with this one
    /// only. Where there is no samplicator at all there is nothing to refuse.
    ///
    /// # Errors
    /// There is no samplicator of that name, or no such receiver.
    pub fn samplicators_with(
        &self,
        name: Option<&str>,
        receiver: &str,
    ) -> Result<answer::Samplicators, Refusal> {
        let mut all = self.samplicators(name)?;
        let receivers = all.samplicators.iter().flat_map(|one| &one.receivers);
        let names: Vec<String> = receivers.map(|one| one.name.clone()).collect();
        if !all.samplicators.is_empty() && !names.iter().any(|one| one == receiver) {
            return Err(unknown("receiver", receiver, &names));
        }
        for samplicator in &mut all.samplicators {
            samplicator.receivers.retain(|one| one.name == receiver);
        }
        all.samplicators.retain(|one| !one.receivers.is_empty());
        Ok(all)
    }

    /// Returns the receivers of a samplicator.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn receivers(&self, name: &str) -> Result<answer::Receivers, Refusal> {
        let all = self.samplicators(Some(name))?.samplicators;
        Ok(answer::Receivers {
            samplicator: name.to_owned(),
            receivers: all.into_iter().flat_map(|one| one.receivers).collect(),
        })
    }

    /// Returns the exporters that send to a samplicator.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn sources(&self, name: &str) -> Result<answer::Sources, Refusal> {
        let sources = self.named(name)?.sources();
        let now_ns = clock::unix_ns();
        Ok(answer::Sources {
            samplicator: name.to_owned(),
            sources: sources.into_iter().map(|one| source(one, now_ns)).collect(),
        })
    }

    /// Returns the templates that a samplicator keeps for replay.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn templates(&self, name: &str) -> Result<answer::KeptTemplates, Refusal> {
        let templates = self.named(name)?.templates();
        let now_ns = clock::unix_ns();
        let kept = |one| kept_template(one, now_ns);
        Ok(answer::KeptTemplates {
            samplicator: name.to_owned(),
            templates: templates.into_iter().map(kept).collect(),
        })
    }

    /// Returns the samplicators' part of the loss ledger.
    pub(crate) fn loss(&self) -> LossLedger {
        let running: Vec<Samplicator> = self.state().running.values().cloned().collect();
        let all: Vec<Statistics> = running.iter().map(Samplicator::statistics).collect();
        LossLedger {
            samplicators: all.iter().map(ledger).collect(),
            balanced: all.iter().all(Statistics::balanced),
            ..LossLedger::default()
        }
    }
}

/// Returns the seconds between a moment and now; 0 for a moment to come.
fn seconds_ago(then_ns: u64, now_ns: u64) -> f64 {
    now_ns.saturating_sub(then_ns) as f64 / 1e9
}

fn samplicator(
    statistics: Statistics,
    settings: &SamplicatorSettings,
    now_ns: u64,
) -> answer::Samplicator {
    let balanced = statistics.balanced();
    let receivers = statistics.receivers.into_iter().map(|one| {
        let configured = settings.receivers.iter().find(|own| own.name == one.name);
        let description = configured.and_then(|own| own.description.clone());
        receiver(one, description, now_ns)
    });
    answer::Samplicator {
        name: statistics.name,
        received: statistics.received.into(),
        relayed: statistics.relayed.into(),
        denied: statistics.denied.into(),
        unrouted: statistics.unrouted.into(),
        kernel_drops: statistics.kernel_drops,
        rates: statistics.rates.into(),
        listeners: statistics.listeners.into_iter().map(Into::into).collect(),
        receivers: receivers.collect(),
        retired: statistics.retired.into(),
        sources: statistics.sources,
        sources_recycled: statistics.sources_recycled,
        templates: statistics.templates.into(),
        spoofing_sockets: statistics.spoofing_sockets,
        events_lost: statistics.events_lost,
        description: settings.description.clone(),
        balanced,
    }
}

fn receiver(
    statistics: ReceiverStatistics,
    description: Option<String>,
    now_ns: u64,
) -> answer::Receiver {
    let answer::RetiredReceivers {
        offered,
        sent,
        queued,
        dropped,
    } = statistics.ledger.into();
    let ago = |then_ns: Option<u64>| then_ns.map(|then_ns| seconds_ago(then_ns, now_ns));
    answer::Receiver {
        name: statistics.name,
        destination: statistics.destination,
        port: statistics.port,
        address: statistics.address,
        spoof_source: statistics.spoof_source,
        source_address: statistics.source,
        state: statistics.state.into(),
        reason: statistics.trouble.map(|reason| reason.text().into_owned()),
        offered,
        sent,
        queued,
        dropped,
        icmp_unreachable: statistics.icmp_unreachable,
        replayed: statistics.replayed.into(),
        rates: statistics.rates.into(),
        last_sent_ns: statistics.last_sent_ns,
        last_failure: statistics.last_failure.map(|reason| reason.to_string()),
        last_failure_ns: statistics.last_failure_ns,
        description,
        last_sent_seconds_ago: ago(statistics.last_sent_ns),
        last_failure_seconds_ago: ago(statistics.last_failure_ns),
    }
}

fn source(statistics: SourceStatistics, now_ns: u64) -> answer::Source {
    answer::Source {
        address: statistics.address,
        port: statistics.port,
        received: statistics.received.into(),
        not_relayed: statistics.not_relayed.into(),
        rule: statistics.rule,
        domains: statistics.domains,
        templates: statistics.templates,
        first_ns: statistics.first_ns,
        last_ns: statistics.last_ns,
        silent: statistics.silent,
        first_seconds_ago: seconds_ago(statistics.first_ns, now_ns),
        last_seconds_ago: seconds_ago(statistics.last_ns, now_ns),
    }
}

fn kept_template(statistics: TemplateStatistics, now_ns: u64) -> answer::KeptTemplate {
    answer::KeptTemplate {
        source: statistics.source.to_string(),
        domain: statistics.domain,
        version: statistics.version,
        id: statistics.id,
        options: statistics.options,
        fields: statistics.fields,
        records: statistics.records,
        last_ns: statistics.last_ns,
        last_seconds_ago: seconds_ago(statistics.last_ns, now_ns),
    }
}

/// Returns a samplicator's account, with one entry for all receivers that were removed.
fn ledger(statistics: &Statistics) -> SamplicatorLedger {
    let present = statistics
        .receivers
        .iter()
        .map(|receiver| receiver_ledger(&receiver.name, &receiver.ledger));
    // Removed receivers got a part of what came in, too.
    let removed = (statistics.retired.offered.datagrams > 0)
        .then(|| receiver_ledger("(removed)", &statistics.retired));
    SamplicatorLedger {
        samplicator: statistics.name.clone(),
        received: statistics.received.into(),
        relayed: statistics.relayed.into(),
        denied: statistics.denied.into(),
        unrouted: statistics.unrouted.into(),
        kernel_drops: statistics.kernel_drops,
        receivers: present.chain(removed).collect(),
        balanced: statistics.balanced(),
    }
}

fn receiver_ledger(name: &str, ledger: &Ledger) -> ReceiverLedger {
    let answer::RetiredReceivers {
        offered,
        sent,
        queued,
        dropped,
    } = ledger.clone().into();
    ReceiverLedger {
        offered,
        sent,
        queued,
        dropped,
        receiver: name.to_owned(),
        balanced: ledger.balanced(),
    }
}

impl From<Tally> for DatagramTally {
    fn from(Tally { datagrams, octets }: Tally) -> DatagramTally {
        DatagramTally { datagrams, octets }
    }
}

impl From<Ledger> for answer::RetiredReceivers {
    fn from(ledger: Ledger) -> answer::RetiredReceivers {
        let dropped = ledger.dropped.into_iter();
        answer::RetiredReceivers {
            offered: ledger.offered.into(),
            sent: ledger.sent.into(),
            queued: ledger.queued.into(),
            dropped: dropped
                .map(|(reason, tally)| (reason.to_string(), tally.into()))
                .collect(),
        }
    }
}

impl From<Rates> for answer::Rates {
    fn from(rates: Rates) -> answer::Rates {
        answer::Rates {
            datagrams_1m: rates.datagrams_1m,
            datagrams_5m: rates.datagrams_5m,
            bits_1m: rates.bits_1m,
            bits_5m: rates.bits_5m,
        }
    }
}

impl From<ListenerStatistics> for answer::Listener {
    fn from(statistics: ListenerStatistics) -> answer::Listener {
        answer::Listener {
            address: statistics.address,
            port: statistics.port,
            interface: statistics.interface,
            down: statistics.down,
            threads: statistics.threads,
            received: statistics.received.into(),
            kernel_drops: statistics.kernel_drops,
            receive_buffer: statistics.receive_buffer,
        }
    }
}

impl From<ReceiverState> for answer::ReceiverState {
    fn from(state: ReceiverState) -> answer::ReceiverState {
        match state {
            ReceiverState::Up => answer::ReceiverState::Up,
            ReceiverState::Failed => answer::ReceiverState::Failed,
            ReceiverState::Unresolved => answer::ReceiverState::Unresolved,
            ReceiverState::Loop => answer::ReceiverState::Loop,
            ReceiverState::Disabled => answer::ReceiverState::Disabled,
        }
    }
}

impl From<TrackerStatistics> for answer::TemplateStore {
    fn from(statistics: TrackerStatistics) -> answer::TemplateStore {
        answer::TemplateStore {
            domains: statistics.domains,
            templates: statistics.templates,
            options_records: statistics.options_records,
            octets: statistics.octets,
            refused: statistics.refused,
            malformed: statistics.malformed,
        }
    }
}
