//! Exporters: settings, statistics, templates.

use serde_json::{Map, Value as Json, json};

use super::super::settings::{ExporterSettings, Settings};
use service::clock;

/// `exporters`.
pub(crate) fn exporters(
    settings: &Settings,
    statistics: &[export::ExporterStatistics],
    name: Option<&str>,
) -> Json {
    let wanted = settings
        .exporters
        .iter()
        .filter(|(exporter, _)| name.is_none_or(|name| name == *exporter));
    // By name, both.
    let of = |name: &String| {
        let at = statistics.binary_search_by(|one| one.name.as_str().cmp(name));
        at.ok().and_then(|at| statistics.get(at))
    };
    let exporters: Vec<_> = wanted
        .map(|(name, exporter)| exporter_json(exporter, of(name)))
        .collect();
    json!({ "exporters": exporters })
}

fn exporter_json(
    exporter: &ExporterSettings,
    statistics: Option<&export::ExporterStatistics>,
) -> Json {
    let export = &exporter.export;
    let mut object = json!({
        "name": export.name,
        "description": exporter.description.as_deref().unwrap_or("User defined"),
        "protocol": match export.protocol {
            export::Protocol::NetflowV5 => "netflow-v5",
            export::Protocol::NetflowV9 => "netflow-v9",
            export::Protocol::Ipfix => "ipfix",
        },
        "destination": export.destination,
        "port": export.port,
        "source": match &export.source {
            export::Source::Any => Json::Null,
            export::Source::Address(address) => json!(address.to_string()),
            export::Source::Interface(interface) => json!(interface),
        },
        "vrf": export.vrf,
        "dscp": export.dscp,
        "ttl": export.ttl,
        "template_timeout": export.template_timeout.as_secs(),
    });
    let (Some(object_map), Some(statistics)) = (object.as_object_mut(), statistics) else {
        return object;
    };
    object_map.insert("source_id".into(), json!(statistics.source_id));
    object_map.insert(
        "destination_address".into(),
        json!(
            statistics
                .destination
                .map(|address| address.ip().to_string())
        ),
    );
    object_map.insert(
        "source_address".into(),
        json!(statistics.source.map(|address| address.ip().to_string())),
    );
    object_map.insert(
        "source_port".into(),
        json!(statistics.source.map(|address| address.port())),
    );
    object_map.insert(
        "state".into(),
        json!(match (statistics.unused, statistics.down.is_some()) {
            (true, _) => "unused",
            (_, true) => "down",
            (_, false) => "up",
        }),
    );
    object_map.insert("reason".into(), json!(statistics.down));
    object_map.insert(
        "statistics".into(),
        json!({
            "cleared_seconds": clock::steady_ns().saturating_sub(statistics.cleared_ns) / 1_000_000_000,
            "datagrams": statistics.datagrams,
            "octets": statistics.octets,
            "unreachable": statistics.unreachable_notices,
            "failures": statistics.failures.iter().map(|failure| {
                (failure.reason.name().into(), json!({"datagrams": failure.datagrams, "octets": failure.octets}))
            }).collect::<Map<_, _>>(),
        }),
    );
    let client = |client: &export::ClientStatistics| {
        json!({
            "monitor": client.monitor,
            "records_added": client.records_added, "records_sent": client.records_sent, "records_failed": client.records_failed,
            "octets_added": client.bytes_added, "octets_sent": client.bytes_sent, "octets_failed": client.bytes_failed,
        })
    };
    object_map.insert(
        "clients".into(),
        statistics.clients.iter().map(client).collect(),
    );
    object_map.insert(
        "templates".into(),
        statistics.templates.iter().map(template_json).collect(),
    );
    object
}

fn template_json(template: &export::TemplateStatistics) -> Json {
    let field = |field: &export::TemplateField| {
        let enterprise = (field.enterprise != 0).then_some(field.enterprise);
        json!({
            "words": field.words,
            "element": field.element,
            "enterprise": enterprise,
            "scope": field.scope,
            "offset": field.offset,
            "size": field.size,
        })
    };
    json!({
        "id": template.id,
        "client": template.client,
        "record": template.record,
        "options": template.options,
        "record_size": template.record_size,
        "fields": template.fields.iter().map(field).collect::<Vec<_>>(),
    })
}
