//! Exporters: settings, state, statistics and templates.

use api::flow::{
    ExportProtocol, Exporter, ExporterClient, ExporterState, ExporterStatistics, Exporters,
    Template, TemplateField,
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
        reason: running.map(|running| running.down.clone()),
        statistics: running.map(statistics),
        clients: running.map(|running| running.clients.iter().map(client).collect()),
        templates: running.map(|running| running.templates.iter().map(template).collect()),
    }
}

fn state(running: &export::ExporterStatistics) -> ExporterState {
    match (running.unused, running.down.is_some()) {
        (true, _) => ExporterState::Unused,
        (_, true) => ExporterState::Down,
        (_, false) => ExporterState::Up,
    }
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
        cleared_seconds: clock::steady_ns().saturating_sub(running.cleared_ns) / 1_000_000_000,
        datagrams: running.datagrams,
        octets: running.octets,
        unreachable: running.unreachable_notices,
        failures: failures.collect(),
    }
}

fn client(client: &export::ClientStatistics) -> ExporterClient {
    ExporterClient {
        monitor: client.monitor.to_string(),
        records_added: client.records_added,
        records_sent: client.records_sent,
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
