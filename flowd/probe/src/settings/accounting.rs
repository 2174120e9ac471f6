//! `system flow-accounting`, expanded into the exporters, sampler and monitor that it stands for, on its interfaces.

use std::sync::Arc;
use std::time::Duration;

use export::{Protocol, Source};
use flow::Record;
use language::schema::{default_seconds, default_u16, default_u32, default_usize, default_word};
use language::{Finding, Tree};
use meter::{CacheType, KeptTables, Mode, Timeouts};

use super::exporter::{exporter_defaults, source};
use super::interface::read_options;
use super::{
    Attachment, CaptureSettings, ExporterSettings, InterfaceSettings, MonitorSettings,
    SamplerSettings, Settings, finding, number, text, word,
};
use service::named::Named;

/// The name of the monitor, sampler and record of `system flow-accounting`; names of its exporters begin with it.
pub const ACCOUNTING: &str = "flow-accounting";
const ENTRIES: usize = default_usize("system flow-accounting netflow max-flows");
const SNAPLEN: u32 = default_u32("system flow-accounting packet-length");
const RING_MIB: u32 = default_u32("system flow-accounting buffer-size");
const VERSION: &str = default_word("system flow-accounting netflow version");
const PORT: u16 = default_u16("system flow-accounting netflow server * port");
/// The default timeouts, those of VyOS 1.4.
const TIMEOUTS: Timeouts = Timeouts {
    active: default_seconds("system flow-accounting netflow timeout max-active-life"),
    tcp: default_seconds("system flow-accounting netflow timeout tcp-generic"),
    tcp_fin: default_seconds("system flow-accounting netflow timeout tcp-fin"),
    tcp_rst: default_seconds("system flow-accounting netflow timeout tcp-rst"),
    udp: default_seconds("system flow-accounting netflow timeout udp"),
    icmp: default_seconds("system flow-accounting netflow timeout icmp"),
    generic: default_seconds("system flow-accounting netflow timeout flow-generic"),
    transaction_end: false,
    expiry_interval: default_seconds("system flow-accounting netflow timeout expiry-interval"),
};

/// Adds to `settings` what `system flow-accounting` stands for; `node` is its subtree.
pub(super) fn unfold(
    tree: &Tree,
    node: &Tree,
    settings: &mut Settings,
    findings: &mut Vec<Finding>,
) {
    let owned = |name: &str| {
        name.strip_prefix(ACCOUNTING)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let monitors = settings.monitors.keys().map(|name| ("monitor", name));
    let samplers = settings.samplers.keys().map(|name| ("sampler", name));
    let exporters = settings.exporters.keys().map(|name| ("exporter", name));
    let taken: Vec<_> = monitors
        .chain(samplers)
        .chain(exporters)
        .filter(|(_, name)| owned(name))
        .collect();
    if !taken.is_empty() {
        let why = "the name belongs to system flow-accounting; choose another";
        findings.extend(
            taken
                .iter()
                .map(|(kind, name)| finding(&["flow", kind, name], why.into())),
        );
        return;
    }
    settings.accounting_table = Some(!node.has(&["disable-imt"]));
    let sampler = number(node, &["netflow", "sampling-rate"])
        .filter(|rate| *rate > 1)
        .map(|rate| {
            let sampler = SamplerSettings {
                mode: Mode::Random,
                rate,
            };
            insert(&mut settings.samplers, ACCOUNTING, sampler);
            ACCOUNTING.to_owned()
        });
    let mut exporters = Vec::new();
    for (server, server_node) in node.children(&["netflow", "server"]) {
        let name = format!("{ACCOUNTING}-{server}");
        let export = exporter(&name, server, server_node, node);
        let exporter = ExporterSettings {
            export,
            description: None,
        };
        insert(&mut settings.exporters, &name, exporter);
        exporters.push(name);
    }
    let monitor = MonitorSettings {
        description: None,
        record: Record::flow_accounting(),
        exporters,
        entries: number(node, &["netflow", "max-flows"]).unwrap_or(ENTRIES),
        cache_type: CacheType::Normal,
        timeouts: timeouts(node),
        statistics: KeptTables::default(),
    };
    insert(&mut settings.monitors, ACCOUNTING, monitor);
    for interface in node.values(&["interface"]) {
        let path = ["interfaces", "ethernet", interface];
        let attachment = Attachment {
            monitor: ACCOUNTING.into(),
            input: true,
            output: node.has(&["enable-egress"]),
            families: [true, true],
            sampler: sampler.clone(),
        };
        let interfaces = Arc::make_mut(&mut settings.interfaces);
        let settings = interfaces.get_or_insert_with(interface, || {
            let empty = Tree::default();
            let ethernet = tree.get(&path).unwrap_or(&empty);
            let mut capture = CaptureSettings::from_node(interface, ethernet, findings);
            // The interface's own `capture` leaves take precedence.
            if !ethernet.has(&["capture", "snaplen"]) {
                capture.snaplen = number(node, &["packet-length"]).unwrap_or(SNAPLEN);
            }
            if !ethernet.has(&["capture", "ring-size"]) {
                capture.ring_mib = number(node, &["buffer-size"]).unwrap_or(RING_MIB);
            }
            Arc::new(InterfaceSettings {
                capture,
                reading: read_options(interface, ethernet, findings),
                attachments: Vec::new(),
            })
        });
        Arc::make_mut(settings).attachments.push(attachment);
    }
}

fn insert<T>(named: &mut Named<T>, name: &str, thing: T)
where
    T: Clone,
{
    Arc::make_mut(named).insert(name.to_owned(), Arc::new(thing));
}

/// Returns the exporter of `netflow server SERVER`, whose subtree is `server_node`; `node` is that of
/// `system flow-accounting`.
fn exporter(name: &str, server: &str, server_node: &Tree, node: &Tree) -> export::Settings {
    let mut export = exporter_defaults(name, server);
    export.port = number(server_node, &["port"]).unwrap_or(PORT);
    let address = server_node
        .value(&["source-address"])
        .or(node.value(&["netflow", "source-address"]));
    export.source = match server_node.value(&["source-interface"]) {
        Some(interface) => Source::Interface(interface.into()),
        None => address.map_or(Source::Any, source),
    };
    export.vrf = text(node, &["vrf"]);
    export.protocol = match word(node, &["netflow", "version"], VERSION) {
        "5" => Protocol::NetflowV5,
        "10" => Protocol::Ipfix,
        _ => Protocol::NetflowV9,
    };
    if let Some(engine) = node.value(&["netflow", "engine-id"]) {
        match engine.split_once(':') {
            Some((kind, id)) => {
                export.engine = (
                    kind.parse().unwrap_or_default(),
                    id.parse().unwrap_or_default(),
                )
            }
            None if export.protocol == Protocol::NetflowV5 => {
                export.engine = (0, engine.parse().unwrap_or_default())
            }
            None => export.source_id = engine.parse().unwrap_or_default(),
        }
    }
    export
}

/// Returns the timeouts. VyOS 1.1 to 1.4 have one for each protocol, 1.5 has `active-timeout` and `inactive-timeout`. Where
/// both are given, a protocol's own timeout takes precedence over `inactive-timeout`, and the shorter one of
/// `active-timeout` and `max-active-life` counts.
fn timeouts(node: &Tree) -> Timeouts {
    let seconds = |path: &[&str]| number::<u64>(node, path).map(Duration::from_secs);
    let inactive = seconds(&["netflow", "inactive-timeout"]);
    let timeout = |leaf, default| {
        seconds(&["netflow", "timeout", leaf])
            .or(inactive)
            .unwrap_or(default)
    };
    let defaults = TIMEOUTS;
    let life = seconds(&["netflow", "timeout", "max-active-life"]);
    let active = seconds(&["netflow", "active-timeout"]);
    Timeouts {
        active: life
            .into_iter()
            .chain(active)
            .min()
            .unwrap_or(defaults.active),
        tcp: timeout("tcp-generic", defaults.tcp),
        tcp_fin: timeout("tcp-fin", defaults.tcp_fin),
        tcp_rst: timeout("tcp-rst", defaults.tcp_rst),
        udp: timeout("udp", defaults.udp),
        icmp: timeout("icmp", defaults.icmp),
        generic: timeout("flow-generic", defaults.generic),
        transaction_end: false,
        // 1.5 has no expiry interval. The default of a minute would keep flows long after a short timeout.
        expiry_interval: seconds(&["netflow", "timeout", "expiry-interval"]).unwrap_or(
            if inactive.or(active).is_some() {
                Duration::from_secs(1)
            } else {
                defaults.expiry_interval
            },
        ),
    }
}
