//! What the configuration says about the probe, resolved: records looked up, defaults filled in,
//! `system flow-accounting` unfolded into the record, exporters, sampler and monitor it stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use export::{Options, Protocol, Source};
use flow::{Record, RecordError};
use grammar::{Finding, Tree};
use meter::{CacheType, Kept, Mode, Reading, Timeouts};
use wire::{Tunnel, Tunnels};

use crate::named::{self, Before, Named};

/// The monitor, sampler and record that `system flow-accounting` makes.
pub const ACCOUNTING: &str = "flow-accounting";

/// Everything the probe does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `flow record`, by name.
    pub records: Named<NamedRecord>,
    /// `flow sampler`, by name.
    pub samplers: Named<SamplerSettings>,
    /// `flow exporter`, by name.
    pub exporters: Named<ExporterSettings>,
    /// `flow monitor`, by name.
    pub monitors: Named<MonitorSettings>,
    /// Interfaces with at least one monitor, by name.
    pub ports: Named<PortSettings>,
    /// `system flow-accounting` is configured; false in it: without its in-memory table.
    pub accounting_table: Option<bool>,
}

/// A record and its description.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedRecord {
    /// The record.
    pub record: Record,
    /// Its description.
    pub description: Option<String>,
}

/// A sampler: one out of `rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerSettings {
    /// How the one is chosen.
    pub mode: Mode,
    /// Out of how many.
    pub rate: u32,
}

/// An exporter and its description.
#[derive(Clone, Debug, PartialEq)]
pub struct ExporterSettings {
    /// What the exporting process needs.
    pub export: export::Settings,
    /// Its description.
    pub description: Option<String>,
}

/// A monitor: a record, where its flows go, and when they end.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorSettings {
    /// Its description.
    pub description: Option<String>,
    /// What to match and collect.
    pub record: Record,
    /// Names of its exporters.
    pub exporters: Vec<String>,
    /// Flows a capture thread's cache holds.
    pub entries: usize,
    /// Normal, immediate or permanent.
    pub cache_type: CacheType,
    /// When flows end.
    pub timeouts: Timeouts,
    /// Packet statistics to keep.
    pub statistics: Kept,
}

/// An interface that is captured on.
#[derive(Clone, Debug, PartialEq)]
pub struct PortSettings {
    /// How it is captured.
    pub capture: CaptureSettings,
    /// How much of a packet is read; the ring does not depend on it.
    pub reading: Reading,
    /// The monitors on it.
    pub attachments: Vec<Attachment>,
}

/// `interfaces ethernet IF capture` and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSettings {
    /// Through libpcap instead of the packet ring.
    pub libpcap: bool,
    /// Capture threads.
    pub threads: u16,
    /// Octets of each packet that are captured.
    pub snaplen: u32,
    /// The ring, MiB a thread.
    pub ring_mib: u32,
    /// A filter in libpcap's language.
    pub filter: Option<String>,
    /// Whether frames for others are taken.
    pub promiscuous: bool,
}

/// What a ring depends on: while it stays the same, the ring stays open.
#[derive(Clone, Debug, PartialEq)]
pub struct RingKey {
    /// How it is captured.
    pub capture: CaptureSettings,
    /// Packets that come in are wanted.
    pub incoming: bool,
    /// Packets that go out are wanted.
    pub outgoing: bool,
}

/// A monitor on an interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// Its name.
    pub monitor: String,
    /// Meters what comes in.
    pub input: bool,
    /// Meters what goes out.
    pub output: bool,
    /// Meters IPv4, IPv6.
    pub families: [bool; 2],
    /// The sampler's name.
    pub sampler: Option<String>,
}

/// Octets captured of a packet: link header with tags, IPv6 with some extension headers, TCP.
const SNAPLEN: u32 = 192;
/// MiB of ring a capture thread has.
const RING_MIB: u32 = 16;
/// Flexible NetFlow's default cache.
const ENTRIES: usize = 4096;
/// Between two records of a permanent flow, unless configured.
const UPDATE: Duration = Duration::from_secs(1800);
/// The cache of `system flow-accounting` without `max-flows`.
const ACCOUNTING_ENTRIES: usize = 131_072;

type Findings = Vec<Finding>;

impl Settings {
    /// Resolves a checked tree. What it shares with `before` is taken over from there.
    ///
    /// # Errors
    /// What a check without the host cannot see: a field that cannot be known here, and the like.
    pub fn from_tree(
        tree: &Tree,
        before: Option<Before<'_, Settings>>,
    ) -> Result<Settings, Vec<Finding>> {
        let mut findings = Vec::new();
        let same = |before: &Before<'_, Settings>, path: &[&str]| match (
            before.tree.get(path),
            tree.get(path),
        ) {
            (Some(was), Some(is)) => was.is(is),
            (None, None) => true,
            _ => false,
        };
        // What it unfolds to would have to be told from what is configured under these names.
        let accounts = |tree: &Tree| tree.has(&["system", ACCOUNTING]);
        let before = before.filter(|before| !accounts(tree) && !accounts(before.tree));
        let records = named::resolve(
            tree,
            &["flow", "record"],
            before.map(|before| before.part(|settings| &settings.records)),
            |name, node| {
                Some(NamedRecord {
                    record: record(name, node, &mut findings),
                    description: text(node, &["description"]),
                })
            },
        );
        let samplers = named::resolve(
            tree,
            &["flow", "sampler"],
            before.map(|before| before.part(|settings| &settings.samplers)),
            |_, node| Some(sampler(node)),
        );
        let exporters = named::resolve(
            tree,
            &["flow", "exporter"],
            before.map(|before| before.part(|settings| &settings.exporters)),
            |name, node| {
                Some(ExporterSettings {
                    export: exporter(name, node),
                    description: text(node, &["description"]),
                })
            },
        );
        let monitors = named::resolve(
            tree,
            &["flow", "monitor"],
            // A monitor has its record's fields.
            before
                .filter(|before| same(before, &["flow", "record"]))
                .map(|before| before.part(|settings| &settings.monitors)),
            |name, node| monitor(name, node, &records, &mut findings),
        );
        let ports = named::resolve(
            tree,
            &["interfaces", "ethernet"],
            before.map(|before| before.part(|settings| &settings.ports)),
            |name, node| port(name, node, &mut findings),
        );
        let mut settings = Settings {
            records,
            samplers,
            exporters,
            monitors,
            ports,
            accounting_table: None,
        };
        if let Some(node) = tree.get(&["system", ACCOUNTING]) {
            accounting(tree, node, &mut settings, &mut findings);
        }
        check_bidirectional(&settings, &mut findings);
        if findings.is_empty() {
            Ok(settings)
        } else {
            Err(findings)
        }
    }

    /// The same monitors are on the same interfaces.
    pub fn uses_as(&self, other: &Settings) -> bool {
        Arc::ptr_eq(&self.ports, &other.ports) && Arc::ptr_eq(&self.monitors, &other.monitors)
    }

    /// The exporters that flows come to: those of monitors on an interface.
    pub fn used_exporters(&self) -> BTreeSet<&str> {
        let attachments = self.ports.values().flat_map(|port| &port.attachments);
        let monitors: BTreeSet<&str> = attachments.map(|at| at.monitor.as_str()).collect();
        let monitors = monitors.iter().filter_map(|name| self.monitors.get(*name));
        monitors
            .flat_map(|monitor| monitor.exporters.iter().map(String::as_str))
            .collect()
    }
}

impl PortSettings {
    /// What its ring depends on.
    pub fn ring_key(&self) -> RingKey {
        RingKey {
            capture: self.capture.clone(),
            incoming: self.attachments.iter().any(|at| at.input),
            outgoing: self.attachments.iter().any(|at| at.output),
        }
    }
}

impl MonitorSettings {
    /// What the meter does on an interface in both directions, for both families, with every packet.
    pub fn meter(&self) -> meter::Settings {
        meter::Settings {
            record: self.record.clone(),
            entries: self.entries,
            cache_type: self.cache_type,
            timeouts: self.timeouts,
            input: true,
            output: true,
            families: [true, true],
            sampler: None,
            statistics: self.statistics,
        }
    }

    /// Exporters have to know nothing else of it than of `other`.
    pub fn exports_as(&self, other: &MonitorSettings) -> bool {
        (&self.record, &self.exporters) == (&other.record, &other.exporters)
    }
}

fn sampler(node: &Tree) -> SamplerSettings {
    SamplerSettings {
        mode: match node.value(&["mode"]) {
            Some("deterministic") => Mode::Deterministic,
            _ => Mode::Random,
        },
        rate: number(node, &["rate"]).unwrap_or(1),
    }
}

/// `node` is that of `interfaces ethernet NAME`; none: no monitor is on it.
fn port(name: &str, node: &Tree, findings: &mut Findings) -> Option<PortSettings> {
    let attachments: Vec<_> = node
        .children(&["flow", "monitor"])
        .map(|(name, node)| attachment(name, node))
        .collect();
    if attachments.is_empty() {
        return None;
    }
    Some(PortSettings {
        capture: capture(name, node, findings),
        reading: reading(name, node, findings),
        attachments,
    })
}

fn record(name: &str, node: &Tree, findings: &mut Findings) -> Record {
    let mut record = Record {
        name: name.into(),
        keys: Vec::new(),
        collects: Vec::new(),
    };
    let mut look_up = |leaf: &str, find: fn(&str) -> Result<&'static flow::Field, RecordError>| {
        let mut fields = Vec::new();
        for words in node.values(&[leaf]) {
            match find(words) {
                Ok(field) => fields.push(field),
                Err(error) => findings.push(finding(
                    &["flow", "record", name, leaf, words],
                    error.to_string(),
                )),
            }
        }
        fields
    };
    record.keys = look_up("match", Record::key_field);
    record.collects = look_up("collect", Record::collect_field);
    if record.keys.len() + record.collects.len() > flow::record::MAX_FIELDS {
        findings.push(finding(
            &["flow", "record", name],
            format!("more than {} fields", flow::record::MAX_FIELDS),
        ));
    }
    record
}

fn monitor(
    name: &str,
    node: &Tree,
    records: &Named<NamedRecord>,
    findings: &mut Findings,
) -> Option<MonitorSettings> {
    let record_name = node.value(&["record"])?;
    let record = match records.get(record_name) {
        Some(named) => named.record.clone(),
        None => match Record::by_name(record_name) {
            Some(record) => record,
            None => {
                let path = ["flow", "monitor", name, "record", record_name];
                findings.push(finding(
                    &path,
                    format!("there is no flow record {record_name}"),
                ));
                return None;
            }
        },
    };
    let record = match node.has(&["cache", "bidirectional"]) {
        true => bidirectional(name, node, record, findings),
        false => record,
    };
    let timeout = |leaf| number::<u64>(node, &["cache", "timeout", leaf]).map(Duration::from_secs);
    let cache_type = match node.value(&["cache", "type"]) {
        Some("immediate") => CacheType::Immediate,
        Some("permanent") => CacheType::Permanent {
            update: timeout("update").unwrap_or(UPDATE),
        },
        _ => CacheType::Normal,
    };
    let defaults = Timeouts::FLEXIBLE_NETFLOW;
    let mut timeouts = Timeouts::active_inactive(
        timeout("active").unwrap_or(defaults.active),
        timeout("inactive").unwrap_or(defaults.generic),
    );
    let kept = |which: &str| {
        node.values(&["statistics", "packet"])
            .iter()
            .any(|word| word == which)
    };
    timeouts.transaction_end = node.has(&["cache", "timeout", "event"]);
    Some(MonitorSettings {
        description: text(node, &["description"]),
        record,
        exporters: node.values(&["exporter"]).to_vec(),
        entries: number(node, &["cache", "entries"]).unwrap_or(ENTRIES),
        cache_type,
        timeouts,
        statistics: Kept {
            protocol: kept("protocol"),
            size: kept("size"),
        },
    })
}

/// The record of a monitor whose flows are bidirectional; `node` is that of `flow monitor NAME`.
fn bidirectional(name: &str, node: &Tree, record: Record, findings: &mut Findings) -> Record {
    let path = ["flow", "monitor", name, "cache", "bidirectional"];
    if node.value(&["cache", "type"]) == Some("immediate") {
        let why = "every packet of an immediate cache is a flow, which nothing answers";
        findings.push(finding(&path, why.into()));
    }
    record.bidirectional().unwrap_or_else(|wrong| {
        findings.extend(wrong.iter().map(|(words, why)| {
            finding(
                &path,
                format!("record {}, match {words}: {why}", record.name),
            )
        }));
        record
    })
}

/// Only IPFIX has words for what comes back.
fn check_bidirectional(settings: &Settings, findings: &mut Findings) {
    let monitors = settings.monitors.iter();
    for (name, monitor) in monitors.filter(|(_, monitor)| monitor.record.is_bidirectional()) {
        let exporters = monitor.exporters.iter();
        let known = exporters.filter_map(|exporter| settings.exporters.get(exporter));
        for exporter in known.filter(|exporter| exporter.export.protocol != Protocol::Ipfix) {
            let version = match exporter.export.protocol {
                Protocol::NetflowV5 => "NetFlow version 5",
                _ => "NetFlow version 9",
            };
            findings.push(finding(
                &["flow", "monitor", name, "cache", "bidirectional"],
                format!(
                    "exporter {} speaks {version}, which has no words for what comes back; export-protocol ipfix has",
                    exporter.export.name
                ),
            ));
        }
    }
}

/// `node` is that of `flow exporter NAME`.
fn exporter(name: &str, node: &Tree) -> export::Settings {
    let option = |table: &str| {
        let timeout = number(node, &["option", table, "timeout"])
            .map_or(Options::DEFAULT_TIMEOUT, Duration::from_secs);
        node.has(&["option", table]).then_some(timeout)
    };
    let mut export = export::Settings::new(name, node.value(&["destination"]).unwrap_or_default());
    export.port = number(node, &["transport", "udp"]).unwrap_or(export.port);
    export.source = node.value(&["source"]).map_or(Source::Any, source);
    export.vrf = text(node, &["vrf"]);
    export.dscp = number(node, &["dscp"]).unwrap_or(export.dscp);
    export.ttl = number(node, &["ttl"]).unwrap_or(export.ttl);
    export.protocol = match node.value(&["export-protocol"]) {
        Some("netflow-v5") => Protocol::NetflowV5,
        Some("ipfix") => Protocol::Ipfix,
        _ => Protocol::NetflowV9,
    };
    export.template_timeout = number(node, &["template", "data", "timeout"])
        .map_or(export.template_timeout, Duration::from_secs);
    export.options = Options {
        interface_table: option("interface-table"),
        exporter_stats: option("exporter-stats"),
        sampler_table: option("sampler-table"),
    };
    export
}

/// `server_node` is that of `netflow server SERVER`, `node` that of `system flow-accounting`.
fn accounting_exporter(
    name: &str,
    server: &str,
    server_node: &Tree,
    node: &Tree,
) -> export::Settings {
    let mut export = export::Settings::new(name, server);
    export.port = number(server_node, &["port"]).unwrap_or(2055);
    let address = server_node
        .value(&["source-address"])
        .or(node.value(&["netflow", "source-address"]));
    export.source = match server_node.value(&["source-interface"]) {
        Some(interface) => Source::Interface(interface.into()),
        None => address.map_or(Source::Any, source),
    };
    export.vrf = text(node, &["vrf"]);
    export.protocol = match node.value(&["netflow", "version"]) {
        Some("5") => Protocol::NetflowV5,
        Some("10") => Protocol::Ipfix,
        _ => Protocol::NetflowV9,
    };
    if let Some(engine) = node.value(&["netflow", "engine-id"]) {
        match engine.split_once(':') {
            Some((kind, id)) => {
                export.engine = (kind.parse().unwrap_or(0), id.parse().unwrap_or(0))
            }
            None if export.protocol == Protocol::NetflowV5 => {
                export.engine = (0, engine.parse().unwrap_or(0))
            }
            None => export.source_id = engine.parse().unwrap_or(0),
        }
    }
    export
}

fn source(text: &str) -> Source {
    text.parse()
        .map_or_else(|_| Source::Interface(text.to_owned()), Source::Address)
}

fn attachment(monitor: &str, node: &Tree) -> Attachment {
    let direction = node.value(&["direction"]).unwrap_or("input");
    let families = node.values(&["family"]);
    let family = |word: &str| {
        families.is_empty()
            || families
                .iter()
                .any(|family| family == word || family == "datalink")
    };
    Attachment {
        monitor: monitor.into(),
        input: direction != "output",
        output: direction != "input",
        families: [family("ip"), family("ipv6")],
        sampler: text(node, &["sampler"]),
    }
}

/// `node` is that of `interfaces ethernet NAME`.
fn capture(name: &str, node: &Tree, findings: &mut Findings) -> CaptureSettings {
    if node.value(&["capture", "engine"]) == Some("ebpf") {
        let path = ["interfaces", "ethernet", name, "capture", "engine", "ebpf"];
        findings.push(finding(
            &path,
            "not in this release; afpacket or pcap".into(),
        ));
    }
    CaptureSettings {
        libpcap: node.value(&["capture", "engine"]) == Some("pcap"),
        threads: number(node, &["capture", "threads"]).unwrap_or(1),
        snaplen: number(node, &["capture", "snaplen"]).unwrap_or(SNAPLEN),
        ring_mib: number(node, &["capture", "ring-size"]).unwrap_or(RING_MIB),
        filter: text(node, &["capture", "filter"]),
        promiscuous: node.has(&["promiscuous"]),
    }
}

/// `node` is that of `interfaces ethernet NAME`.
fn reading(name: &str, node: &Tree, findings: &mut Findings) -> Reading {
    let words = node.values(&["capture", "decapsulate"]);
    let ports = node.values(&["capture", "vxlan-port"]);
    let tunnels = words.iter().filter_map(|word| Tunnel::by_name(word));
    let vxlan_ports: Vec<u16> = ports.iter().filter_map(|port| port.parse().ok()).collect();
    let tunnels = Tunnels::new(tunnels, &vxlan_ports);
    if !vxlan_ports.is_empty() && !tunnels.has(Tunnel::Vxlan) {
        findings.push(finding(
            &["interfaces", "ethernet", name, "capture", "vxlan-port"],
            "nothing asks for it: `capture decapsulate vxlan` is not there".into(),
        ));
    }
    Reading {
        tunnels,
        fragment_ports: node.has(&["capture", "fragment-ports"]),
    }
}

/// Unfolds `system flow-accounting`; `node` is its subtree.
fn accounting(tree: &Tree, node: &Tree, settings: &mut Settings, findings: &mut Findings) {
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
        let export = accounting_exporter(&name, server, server_node, node);
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
        entries: number(node, &["netflow", "max-flows"]).unwrap_or(ACCOUNTING_ENTRIES),
        cache_type: CacheType::Normal,
        timeouts: accounting_timeouts(node),
        statistics: Kept::default(),
    };
    insert(&mut settings.monitors, ACCOUNTING, monitor);
    for interface in node.values(&["interface"]) {
        let at = ["interfaces", "ethernet", interface];
        let attachment = Attachment {
            monitor: ACCOUNTING.into(),
            input: true,
            output: node.has(&["enable-egress"]),
            families: [true, true],
            sampler: sampler.clone(),
        };
        let ports: &mut BTreeMap<_, _> = Arc::make_mut(&mut settings.ports);
        let port = ports.entry(interface.clone()).or_insert_with(|| {
            let empty = Tree::default();
            let ethernet = tree.get(&at).unwrap_or(&empty);
            let mut capture = capture(interface, ethernet, findings);
            // The interface's own capture leaves are the closer ones.
            if let (Some(octets), false) = (
                number(node, &["packet-length"]),
                ethernet.has(&["capture", "snaplen"]),
            ) {
                capture.snaplen = octets;
            }
            if let (Some(mib), false) = (
                number(node, &["buffer-size"]),
                ethernet.has(&["capture", "ring-size"]),
            ) {
                capture.ring_mib = mib;
            }
            Arc::new(PortSettings {
                capture,
                reading: reading(interface, ethernet, findings),
                attachments: Vec::new(),
            })
        });
        Arc::make_mut(port).attachments.push(attachment);
    }
}

fn insert<T>(named: &mut Named<T>, name: &str, thing: T)
where
    T: Clone,
{
    Arc::make_mut(named).insert(name.to_owned(), Arc::new(thing));
}

/// VyOS 1.1 and 1.4 have a timeout a protocol, 1.5 has active and inactive: where both are given, the
/// protocol's own word wins over `inactive-timeout`, and the shorter of `active-timeout` and `max-active-life` holds.
fn accounting_timeouts(node: &Tree) -> Timeouts {
    let seconds = |path: &[&str]| number::<u64>(node, path).map(Duration::from_secs);
    let inactive = seconds(&["netflow", "inactive-timeout"]);
    let timeout = |leaf, default| {
        seconds(&["netflow", "timeout", leaf])
            .or(inactive)
            .unwrap_or(default)
    };
    let defaults = Timeouts::VYOS;
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
        // Flows that end after seconds are not left for a minute: 1.5 has no expiry interval.
        expiry_interval: seconds(&["netflow", "timeout", "expiry-interval"]).unwrap_or(
            if inactive.or(active).is_some() {
                Duration::from_secs(1)
            } else {
                defaults.expiry_interval
            },
        ),
    }
}

/// One thing wrong, at `path`.
pub fn finding(path: &[&str], message: String) -> Finding {
    Finding {
        path: path.iter().map(|word| (*word).to_owned()).collect(),
        message,
    }
}

fn text(node: &Tree, path: &[&str]) -> Option<String> {
    node.value(path).map(str::to_owned)
}

/// A number that the schema has checked.
fn number<T: std::str::FromStr>(node: &Tree, path: &[&str]) -> Option<T> {
    node.value(path)?.parse().ok()
}
