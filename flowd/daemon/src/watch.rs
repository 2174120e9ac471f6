//! Looks after everything that can go wrong by itself, every few seconds: interfaces, capture rings, caches, exporters and
//! receivers. What begins and what ends is a line of the log.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use api::flow::{ExporterState, RingState};
use api::host::AlarmKind;
use api::samplicator::ReceiverState;
use health::{Finding, Seen};
use service::clock;
use tokio::runtime::Handle;

use crate::control::Control;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(2);

/// Looks for ever.
pub(crate) async fn watch(control: Arc<Control>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let control = control.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || look(&control)).await {
            tracing::error!("alarms: {error}");
        }
    }
}

/// Waits for signs of life of everything that must not hang, the threads of the management API included. Returns what has given
/// none.
pub(crate) fn hanging(control: &Control, api: &Handle, within: Duration) -> Vec<String> {
    let by = clock::monotonic() + within;
    let (sender, receiver) = mpsc::channel();
    api.spawn(async move { sender.send(()) });
    let mut hanging = control.engine.hanging(by);
    let left = by.saturating_duration_since(clock::monotonic());
    if receiver.recv_timeout(left).is_err() {
        hanging.push("the management API".to_owned());
    }
    hanging
}

/// Notes the traffic of interfaces, and raises and ends alarms.
pub(crate) fn look(control: &Control) {
    let mut seen = Vec::new();
    let now = clock::monotonic();
    let host = system::interfaces().unwrap_or_default();
    control.traffic.note(&host, now);
    captures(control, &host, &mut seen);
    flows(control, &mut seen);
    receivers(control, &mut seen);
    for event in control.alarms.update(seen, now, clock::unix_ms()) {
        // The probe, the exporters and the samplicator tell of these themselves, with more detail.
        let told = matches!(
            event.kind,
            AlarmKind::CaptureDown | AlarmKind::ExporterDown | AlarmKind::ReceiverFailed
        );
        match event.begins {
            _ if told => {}
            true => tracing::warn!(msgid = event.kind.msgid(), "{}", event.text),
            false => tracing::info!(msgid = event.kind.msgid(), "{}", event.text),
        }
    }
    let revision = control.engine.running().id;
    let revision =
        revision.map_or_else(|| "nothing committed".into(), |id| format!("revision {id}"));
    supervisor::status(&format!("{revision}, alarms: {}", control.alarms.count()));
}

/// Looks at the links of metered interfaces, and at their rings.
fn captures(control: &Control, host: &[system::Interface], seen: &mut Vec<Seen>) {
    let metered = control.probe.interfaces(None).unwrap_or_default();
    for interface in metered.interfaces {
        let subject = format!("interface {}", interface.interface);
        let link = host.iter().find(|one| one.name == interface.interface);
        let why = match link {
            None => Some("is not there"),
            Some(link) if !link.up => Some("is down by configuration"),
            Some(link) if !link.running => Some("is down"),
            Some(_) => None,
        };
        if let Some(why) = why {
            seen.push(wrong(AlarmKind::InterfaceDown, &subject, why));
        } else if let Some(ring) = interface
            .threads
            .iter()
            .find(|ring| ring.state == RingState::Down)
        {
            let why = ring.reason.as_deref().unwrap_or("for an unknown reason");
            seen.push(wrong(
                AlarmKind::CaptureDown,
                &subject,
                &format!("is not captured: {why}"),
            ));
        }
        let dropped = interface.threads.iter().map(|ring| ring.dropped).sum();
        seen.push(Seen {
            kind: AlarmKind::RingDrops,
            subject,
            finding: Finding::Counted(dropped),
        });
    }
}

/// Looks at caches and exporters.
fn flows(control: &Control, seen: &mut Vec<Seen>) {
    let monitors = control.probe.monitors(None).unwrap_or_default();
    for monitor in monitors.monitors {
        seen.push(Seen {
            kind: AlarmKind::EmergencyExpiry,
            subject: format!("flow monitor {}", monitor.name),
            finding: Finding::Counted(monitor.cache.aged.emergency),
        });
    }
    let ledger = control.engine.services.ledger();
    let mut full = std::collections::BTreeMap::<String, u64>::new();
    for monitor in ledger.monitors {
        let dropped = monitor.dropped.get("cache-full");
        *full.entry(monitor.monitor).or_default() += dropped.map_or(0, |tally| tally.packets);
    }
    for (monitor, packets) in full {
        seen.push(Seen {
            kind: AlarmKind::CacheFull,
            subject: format!("flow monitor {monitor}"),
            finding: Finding::Counted(packets),
        });
    }
    let exporters = control.probe.exporters(None).unwrap_or_default();
    for exporter in exporters.exporters {
        let state = exporter.state.unwrap_or(ExporterState::Up);
        if !matches!(state, ExporterState::Up | ExporterState::Unused) {
            let why = exporter.reason.flatten();
            let why = why.map_or_else(|| format!("is {state}"), |why| format!("is {state}: {why}"));
            let subject = format!("flow exporter {}", exporter.name);
            seen.push(wrong(AlarmKind::ExporterDown, &subject, &why));
        }
    }
}

/// Looks at the receivers of samplicators.
fn receivers(control: &Control, seen: &mut Vec<Seen>) {
    let samplicators = control.relay.samplicators(None).unwrap_or_default();
    for samplicator in samplicators.samplicators {
        for receiver in samplicator.receivers {
            if !matches!(receiver.state, ReceiverState::Up | ReceiverState::Disabled) {
                let subject = format!(
                    "samplicator {} receiver {}",
                    samplicator.name, receiver.name
                );
                let why = format!("is {}", receiver.state);
                seen.push(wrong(AlarmKind::ReceiverFailed, &subject, &why));
            }
        }
    }
}

fn wrong(kind: AlarmKind, subject: &str, why: &str) -> Seen {
    Seen {
        kind,
        subject: subject.to_owned(),
        finding: Finding::Wrong(why.to_owned()),
    }
}
