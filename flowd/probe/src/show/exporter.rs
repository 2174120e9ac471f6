//! Exporters: settings, state, statistics and templates.

use api::flow::{
    ExportProtocol, ExportTransport, Exporter, ExporterClient, ExporterFailed, ExporterSession,
    ExporterState, ExporterStatistics, Exporters, Template, TemplateField,
};
use api::ledger::DatagramTally;

use super::super::settings::{ExporterSettings, Settings};
use service::clock;

/// `GET /v1/flow/exporters`.
pub(crate) fn exporters(
    settings: &Settings,
    statistics: &[export::ExporterStatistics],
    name: Option<&str>,
) -> Exporters {
    let wanted = settings
        .exporters
        .iter()
        .filter(|(exporter, _)| name.is_none_or(|name| name == *exporter));
    // Both are sorted by name.
    let of = |name: &String| {
        let at = statistics.binary_search_by(|one| one.name.as_str().cmp(name));
        at.ok().and_then(|at| statistics.get(at))
    };
    Exporters {
        exporters: wanted
            .map(|(name, exporter)| one(exporter, of(name)))
            .collect(),
    }
}

fn one(settings: &ExporterSettings, running: Option<&export::ExporterStatistics>) -> Exporter {
    let export = &settings.export;
    Exporter {
        name: export.name.clone(),
        description: super::description(&settings.description),
        protocol: match export.protocol {
            export::Protocol::NetflowV5 => ExportProtocol::NetflowV5,
            export::Protocol::NetflowV9 => ExportProtocol::NetflowV9,
            export::Protocol::Ipfix => ExportProtocol::Ipfix,
        },
        destination: export.destination.clone(),
        port: export.port,
        transport: match export.transport {
            export::Transport::Udp => ExportTransport::Udp,
            export::Transport::Tcp { .. } => ExportTransport::Tcp,
        },
        session: running.and_then(|running| running.session).map(session),
        source: match &export.source {
            export::Source::Any => None,
            export::Source::Address(address) => Some(address.to_string()),
            export::Source::Interface(interface) => Some(interface.clone()),
        },
        vrf: export.vrf.clone(),
        dscp: export.dscp,
        ttl: export.ttl,
        template_timeout: export.template_timeout.as_secs(),
        source_id: running.map(|running| running.source_id),
        destination_address: running
            .map(|running| running.destination.map(|address| address.ip().to_string())),
        source_address: running
            .map(|running| running.source.map(|address| address.ip().to_string())),
        source_port: running.map(|running| running.source.map(|address| address.port())),
        state: running.map(state),
        reason: running.map(reason),
        state_since_seconds: running.map(|running| seconds_since(running.since_ns)),
        failed: running.and_then(failed),
        statistics: running.map(statistics),
        clients: running.map(|running| running.clients.iter().map(client).collect()),
        templates: running.map(|running| running.templates.iter().map(template).collect()),
    }
}

fn session(session: export::Session) -> ExporterSession {
    ExporterSession {
        connections: session.connections,
        waiting_octets: session.waiting_octets,
        buffer_octets: session.buffer_octets,
    }
}

fn state(running: &export::ExporterStatistics) -> ExporterState {
    match running.state {
        export::State::Up => ExporterState::Up,
        export::State::Failed { .. } => ExporterState::Failed,
        export::State::Down(_) => ExporterState::Down,
        export::State::Unused => ExporterState::Unused,
    }
}

/// Why it is not up.
fn reason(running: &export::ExporterStatistics) -> Option<String> {
    match &running.state {
        export::State::Up => None,
        export::State::Failed { why, .. } | export::State::Down(why) => Some(why.clone()),
        export::State::Unused => Some(export::OpenError::Unused.to_string()),
    }
}

fn failed(running: &export::ExporterStatistics) -> Option<ExporterFailed> {
    match running.state {
        export::State::Failed {
            refused, datagrams, ..
        } => Some(ExporterFailed { refused, datagrams }),
        _ => None,
    }
}

fn seconds_since(then_ns: u64) -> u64 {
    clock::steady_ns().saturating_sub(then_ns) / 1_000_000_000
}

fn statistics(running: &export::ExporterStatistics) -> ExporterStatistics {
    let failures = running.failures.iter().map(|failure| {
        let tally = DatagramTally {
            datagrams: failure.datagrams,
            octets: failure.octets,
        };
        (failure.reason.name().into(), tally)
    });
    ExporterStatistics {
        cleared_seconds: seconds_since(running.cleared_ns),
        datagrams: running.datagrams,
        octets: running.octets,
        refused: DatagramTally {
            datagrams: running.refused_datagrams,
            octets: running.refused_octets,
        },
        unreachable: running.unreachable_notices,
        failures: failures.collect(),
    }
}

fn client(client: &export::ClientStatistics) -> ExporterClient {
    ExporterClient {
        monitor: client.monitor.to_string(),
        records_added: client.records_added,
        records_sent: client.records_sent,
        records_refused: client.records_refused,
        records_failed: client.records_failed,
        octets_added: client.bytes_added,
        octets_sent: client.bytes_sent,
        octets_failed: client.bytes_failed,
        dropped: super::loss::dropped(&client.ledger),
    }
}

fn template(template: &export::TemplateStatistics) -> Template {
    let field = |field: &export::TemplateField| TemplateField {
        words: field.words.into(),
        element: field.element,
        enterprise: (field.enterprise != 0).then_some(field.enterprise),
        scope: field.scope,
        offset: Some(field.offset as u64),
        size: field.size as u64,
    };
    Template {
        id: template.id,
        client: template.client.to_string(),
        record: template.record.to_string(),
        options: template.options,
        record_size: template.record_size as u64,
        fields: template.fields.iter().map(field).collect(),
    }
}
