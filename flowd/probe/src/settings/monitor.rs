//! Settings of `flow monitor`: its record, bidirectional or not, its cache and its timeouts.

use std::sync::Arc;
use std::time::Duration;

use export::Protocol;
use flow::Record;
use language::schema::{default_seconds, default_usize, default_word};
use language::{Finding, Tree};
use meter::{CacheType, KeptTables, Timeouts};

use super::{ExporterSettings, NamedRecord, Settings, finding, number, text, word};
use service::named::{Named, changed};

const ENTRIES: usize = default_usize("flow monitor * cache entries");
const CACHE_TYPE: &str = default_word("flow monitor * cache type");
const UPDATE: Duration = default_seconds("flow monitor * cache timeout update");
/// The default timeouts.
pub(crate) const TIMEOUTS: Timeouts = Timeouts::active_inactive(
    default_seconds("flow monitor * cache timeout active"),
    default_seconds("flow monitor * cache timeout inactive"),
);

/// The settings of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorSettings {
    /// The configured description.
    pub description: Option<String>,
    /// The record: key fields and collected fields.
    pub record: Record,
    /// The names of its exporters.
    pub exporters: Vec<String>,
    /// Most flows in the cache of a capture thread.
    pub entries: usize,
    /// The type of its cache.
    pub cache_type: CacheType,
    /// When flows end.
    pub timeouts: Timeouts,
    /// Packet statistics to keep.
    pub statistics: KeptTables,
}

impl MonitorSettings {
    /// Reads the subtree of `flow monitor NAME`. Returns `None` if its record does not exist.
    pub(super) fn from_node(
        name: &str,
        node: &Tree,
        records: &Named<NamedRecord>,
        findings: &mut Vec<Finding>,
    ) -> Option<MonitorSettings> {
        let record_name = node.value(&["record"])?;
        let record = match records.get(record_name) {
            Some(named) => named.record.clone(),
            None => Record::by_name(record_name)?,
        };
        let record = match node.has(&["cache", "bidirectional"]) {
            true => bidirectional(name, node, record, findings),
            false => record,
        };
        let timeout =
            |leaf| number::<u64>(node, &["cache", "timeout", leaf]).map(Duration::from_secs);
        let cache_type = match word(node, &["cache", "type"], CACHE_TYPE) {
            "immediate" => CacheType::Immediate,
            "permanent" => CacheType::Permanent {
                update: timeout("update").unwrap_or(UPDATE),
            },
            _ => CacheType::Normal,
        };
        let defaults = TIMEOUTS;
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
            statistics: KeptTables {
                protocol: kept("protocol"),
                size: kept("size"),
            },
        })
    }

    /// Returns the settings of the metering process, for both directions, both families and no sampler.
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

    /// Whether the two monitors are the same to exporters.
    pub fn same_for_exporters(&self, other: &MonitorSettings) -> bool {
        (&self.record, &self.exporters) == (&other.record, &other.exporters)
    }
}

/// Returns the bidirectional form of a monitor's record; `node` is the subtree of `flow monitor NAME`.
fn bidirectional(name: &str, node: &Tree, record: Record, findings: &mut Vec<Finding>) -> Record {
    let path = ["flow", "monitor", name, "cache", "bidirectional"];
    if node.value(&["cache", "type"]) == Some("immediate") {
        let why =
            "in an immediate cache every packet is a flow of its own, so none is bidirectional";
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

/// Checks that bidirectional flows are exported by IPFIX only, which alone has elements of the reverse direction (RFC 5103).
/// Nothing is wrong with `checked`, so unless an exporter's protocol has changed, only changed monitors are looked at.
pub(super) fn check_bidirectional(
    settings: &Settings,
    checked: Option<&Settings>,
    findings: &mut Vec<Finding>,
) {
    let protocol = |exporter: &Arc<ExporterSettings>| exporter.export.protocol;
    let speak_as_before = |checked: &&Settings| {
        changed(&checked.exporters, &settings.exporters).all(|(_, was, is)| {
            is.is_none_or(|is| {
                let as_before = |was| protocol(was) == protocol(is);
                protocol(is) == Protocol::Ipfix || was.is_some_and(as_before)
            })
        })
    };
    let none = Named::default();
    let known = checked.filter(speak_as_before);
    let known = known.map_or(&none, |checked| &checked.monitors);
    let monitors = changed(known, &settings.monitors);
    let monitors = monitors.filter_map(|(name, _, monitor)| Some((name, monitor?)));
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
                    "exporter {} uses {version}, which has no fields for the reverse direction; use export-protocol ipfix",
                    exporter.export.name
                ),
            ));
        }
    }
}
