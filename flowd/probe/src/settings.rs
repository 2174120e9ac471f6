//! What the configuration says about the probe, resolved: records looked up, defaults filled in,
//! `system flow-accounting` unfolded into the record, exporters, sampler and monitor it stands for.

mod accounting;
mod exporter;
mod monitor;
mod port;
mod record;
mod sampler;

use std::collections::BTreeSet;
use std::sync::Arc;

use language::{Code, Finding, Tree};

pub use accounting::ACCOUNTING;
pub(crate) use exporter::{ExporterSettings, unconfigured};
pub(crate) use monitor::{MonitorSettings, TIMEOUTS};
pub(crate) use port::{Attachment, CaptureSettings, PortSettings, RingKey};
pub(crate) use record::NamedRecord;
pub(crate) use sampler::SamplerSettings;
use service::named::{self, Before, Named};
use service::{Name, NameKind};

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
            |name, node| Some(NamedRecord::from_node(name, node, &mut findings)),
        );
        let samplers = named::resolve(
            tree,
            &["flow", "sampler"],
            before.map(|before| before.part(|settings| &settings.samplers)),
            |_, node| SamplerSettings::from_node(node),
        );
        let exporters = named::resolve(
            tree,
            &["flow", "exporter"],
            before.map(|before| before.part(|settings| &settings.exporters)),
            |name, node| Some(ExporterSettings::from_node(name, node)),
        );
        let monitors = named::resolve(
            tree,
            &["flow", "monitor"],
            // A monitor has its record's fields.
            before
                .filter(|before| same(before, &["flow", "record"]))
                .map(|before| before.part(|settings| &settings.monitors)),
            |name, node| MonitorSettings::from_node(name, node, &records, &mut findings),
        );
        let ports = named::resolve(
            tree,
            &["interfaces", "ethernet"],
            before.map(|before| before.part(|settings| &settings.ports)),
            |name, node| PortSettings::from_node(name, node, &mut findings),
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
            accounting::unfold(tree, node, &mut settings, &mut findings);
        }
        let sound = before.map(|before| before.settings);
        monitor::check_bidirectional(&settings, sound, &mut findings);
        if findings.is_empty() {
            Ok(settings)
        } else {
            Err(findings)
        }
    }

    /// Names of a kind that start with `begun`.
    pub fn names(&self, kind: NameKind, begun: &str) -> Vec<Name> {
        let name = |name: &str, help: Option<String>| {
            name.starts_with(begun).then(|| Name {
                name: name.to_owned(),
                help: help.unwrap_or_default(),
            })
        };
        match kind {
            NameKind::Monitor => {
                let all = self.monitors.iter();
                all.filter_map(|(own, it)| name(own, it.description.clone()))
                    .collect()
            }
            NameKind::Exporter => {
                let all = self.exporters.iter();
                all.filter_map(|(own, it)| name(own, it.description.clone()))
                    .collect()
            }
            NameKind::Record => {
                let all = self.records.iter();
                all.filter_map(|(own, it)| name(own, it.description.clone()))
                    .chain(name("netflow-original", Some("Predefined".into())))
                    .collect()
            }
            NameKind::Sampler => {
                let all = self.samplers.iter();
                all.filter_map(|(own, it)| name(own, Some(format!("One out of {}", it.rate))))
                    .collect()
            }
            NameKind::Interface | NameKind::Samplicator | NameKind::Receiver => Vec::new(),
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
        let monitors = monitors.iter().filter_map(|name| self.monitors.get(name));
        monitors
            .flat_map(|monitor| monitor.exporters.iter().map(String::as_str))
            .collect()
    }
}

/// One thing wrong, at `path`.
pub(crate) fn finding(path: &[&str], message: String) -> Finding {
    Finding {
        path: path.iter().map(|word| (*word).to_owned()).collect(),
        message,
        code: Code::Conflict,
    }
}

fn text(node: &Tree, path: &[&str]) -> Option<String> {
    node.value(path).map(str::to_owned)
}

/// One of the words that the schema has for a leaf.
fn word<'a>(node: &'a Tree, path: &[&str], default: &'static str) -> &'a str {
    node.value(path).unwrap_or(default)
}

/// A number that the schema has checked.
fn number<T: std::str::FromStr>(node: &Tree, path: &[&str]) -> Option<T> {
    node.value(path)?.parse().ok()
}
