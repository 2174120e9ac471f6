//! The settings of the probe, resolved from the configuration: records are looked up, defaults filled in, and
//! `system flow-accounting` is expanded into the exporters, sampler and monitor that it stands for.

mod accounting;
mod exporter;
mod interface;
mod monitor;
mod record;
mod sampler;

use std::collections::BTreeSet;
use std::sync::Arc;

use language::{Code, Finding, Tree};

pub use accounting::ACCOUNTING;
pub(crate) use exporter::{ExporterSettings, exporter_defaults};
pub(crate) use interface::{Attachment, CaptureSettings, InterfaceSettings, RingKey};
pub(crate) use monitor::{MonitorSettings, TIMEOUTS};
pub(crate) use record::NamedRecord;
pub(crate) use sampler::SamplerSettings;
use service::named::{self, Before, Named};
use service::{Name, NameKind};

/// The settings of the probe.
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
    pub interfaces: Named<InterfaceSettings>,
    /// The addresses that the configuration gives interfaces, by interface: they are there when it is in force.
    pub addresses: export::Coming,
    /// Whether flow accounting keeps its in-memory table; `None` if `system flow-accounting` is not configured.
    pub accounting_table: Option<bool>,
}

impl Settings {
    /// Resolves a checked tree. What it shares with `before` is taken over from there.
    ///
    /// # Errors
    /// What a check against the schema does not find, such as a field that no packet has.
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
        // Flow accounting adds to these settings by name, so they are not those of the tree's nodes alone.
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
            // A monitor's settings include its record.
            before
                .filter(|before| same(before, &["flow", "record"]))
                .map(|before| before.part(|settings| &settings.monitors)),
            |name, node| MonitorSettings::from_node(name, node, &records, &mut findings),
        );
        let interfaces = named::resolve(
            tree,
            &["interfaces", "ethernet"],
            before.map(|before| before.part(|settings| &settings.interfaces)),
            |name, node| InterfaceSettings::from_node(name, node, &mut findings),
        );
        let mut settings = Settings {
            records,
            samplers,
            exporters,
            monitors,
            interfaces,
            addresses: match before.filter(|before| same(before, &["interfaces"])) {
                Some(before) => before.settings.addresses.clone(),
                None => addresses(tree),
            },
            accounting_table: None,
        };
        if let Some(node) = tree.get(&["system", ACCOUNTING]) {
            accounting::unfold(tree, node, &mut settings, &mut findings);
        }
        let checked = before.map(|before| before.settings);
        monitor::check_bidirectional(&settings, checked, &mut findings);
        if findings.is_empty() {
            Ok(settings)
        } else {
            Err(findings)
        }
    }

    /// Returns the names of a kind that start with `begun`, for completion.
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

    /// Whether these settings share interfaces and monitors with others, so that the same exporters are in use.
    pub fn same_monitors_and_interfaces(&self, other: &Settings) -> bool {
        Arc::ptr_eq(&self.interfaces, &other.interfaces)
            && Arc::ptr_eq(&self.monitors, &other.monitors)
    }

    /// Returns the attachments of monitors to all interfaces.
    pub(crate) fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        let interfaces = self.interfaces.values();
        interfaces.flat_map(|interface| &interface.attachments)
    }

    /// Returns the names of exporters in use: those of attached monitors.
    pub fn used_exporters(&self) -> BTreeSet<&str> {
        let attachments = self.attachments();
        let monitors: BTreeSet<&str> = attachments.map(|at| at.monitor.as_str()).collect();
        let monitors = monitors.iter().filter_map(|name| self.monitors.get(name));
        monitors
            .flat_map(|monitor| monitor.exporters.iter().map(String::as_str))
            .collect()
    }
}

/// The addresses that a tree gives interfaces.
fn addresses(tree: &Tree) -> export::Coming {
    let mut all = export::Coming::new();
    for kind in ["ethernet", "loopback"] {
        for (name, node) in tree.children(&["interfaces", kind]) {
            // What is no prefix is `dhcp`.
            let address = |text: &String| text.split('/').next()?.parse().ok();
            let addresses = node.values(&["address"]).iter().filter_map(address);
            let addresses: Vec<_> = addresses.collect();
            if !addresses.is_empty() {
                all.insert(name.to_owned(), addresses);
            }
        }
    }
    all
}

/// A conflict in the configuration, at `path`.
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

/// Returns the word of a leaf, or its default.
fn word<'a>(node: &'a Tree, path: &[&str], default: &'static str) -> &'a str {
    node.value(path).unwrap_or(default)
}

/// Returns the number in a leaf, which the schema has checked.
fn number<T: std::str::FromStr>(node: &Tree, path: &[&str]) -> Option<T> {
    node.value(path)?.parse().ok()
}
