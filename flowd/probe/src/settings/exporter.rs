//! Settings of `flow exporter`.

use std::time::Duration;

use export::{Options, Protocol, Source, Transport};
use language::Tree;
use language::schema::{default_seconds, default_u8, default_u16, default_usize, default_word};

use super::{number, text, word};

/// The settings of an exporter.
#[derive(Clone, Debug, PartialEq)]
pub struct ExporterSettings {
    /// The settings of the exporting process.
    pub export: export::Settings,
    /// The configured description.
    pub description: Option<String>,
}

impl ExporterSettings {
    /// Reads the subtree of `flow exporter NAME`.
    pub(super) fn from_node(name: &str, node: &Tree) -> ExporterSettings {
        ExporterSettings {
            export: exporter(name, node),
            description: text(node, &["description"]),
        }
    }
}

const PORT: u16 = default_u16("flow exporter * transport udp");
const TCP_PORT: u16 = default_u16("flow exporter * transport tcp");
const BUFFER: usize = default_usize("flow exporter * transport buffer");
const DSCP: u8 = default_u8("flow exporter * dscp");
const TTL: u8 = default_u8("flow exporter * ttl");
const TEMPLATE_TIMEOUT: Duration = default_seconds("flow exporter * template data timeout");
const OPTION_TIMEOUT: Duration = default_seconds("flow exporter * option * timeout");

const PROTOCOL: &str = default_word("flow exporter * export-protocol");
/// Largest IP packet to export in: Ethernet's.
const MTU: u16 = 1500;

/// Returns the settings of an exporter of which only name and destination are configured.
pub(crate) fn exporter_defaults(name: &str, destination: &str) -> export::Settings {
    export::Settings {
        name: name.into(),
        destination: destination.into(),
        port: PORT,
        transport: Transport::Udp,
        source: Source::Any,
        vrf: None,
        dscp: DSCP,
        ttl: TTL,
        protocol: protocol(PROTOCOL),
        template_timeout: TEMPLATE_TIMEOUT,
        options: Options::default(),
        engine: (0, 0),
        source_id: 0,
        boot_ns: 0,
        mtu: MTU,
    }
}

fn protocol(word: &str) -> Protocol {
    match word {
        "netflow-v5" => Protocol::NetflowV5,
        "ipfix" => Protocol::Ipfix,
        _ => Protocol::NetflowV9,
    }
}

fn exporter(name: &str, node: &Tree) -> export::Settings {
    let option = |table: &str| {
        let timeout =
            number(node, &["option", table, "timeout"]).map_or(OPTION_TIMEOUT, Duration::from_secs);
        node.has(&["option", table]).then_some(timeout)
    };
    let mut export = exporter_defaults(name, node.value(&["destination"]).unwrap_or_default());
    export.port = number(node, &["transport", "udp"]).unwrap_or(export.port);
    if node.has(&["transport", "tcp"]) {
        export.port = number(node, &["transport", "tcp"]).unwrap_or(TCP_PORT);
        export.transport = Transport::Tcp {
            buffer: number(node, &["transport", "buffer"]).unwrap_or(BUFFER),
        };
    }
    export.source = node.value(&["source"]).map_or(Source::Any, source);
    export.vrf = text(node, &["vrf"]);
    export.dscp = number(node, &["dscp"]).unwrap_or(export.dscp);
    export.ttl = number(node, &["ttl"]).unwrap_or(export.ttl);
    export.protocol = protocol(word(node, &["export-protocol"], PROTOCOL));
    export.template_timeout = number(node, &["template", "data", "timeout"])
        .map_or(export.template_timeout, Duration::from_secs);
    export.options = Options {
        interface_table: option("interface-table"),
        exporter_stats: option("exporter-stats"),
        sampler_table: option("sampler-table"),
    };
    export
}

/// Parses a source: an address, or the name of an interface.
pub(super) fn source(text: &str) -> Source {
    text.parse()
        .map_or_else(|_| Source::Interface(text.to_owned()), Source::Address)
}
