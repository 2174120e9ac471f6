//! What a configuration means, resolved for those who carry it out. Pure.

use ipnet::IpNet;
use language::{Finding, Tree};

use crate::named::Before;
use crate::{log, probe, relay};

/// Revisions that are kept when the configuration does not say.
const COMMIT_REVISIONS: usize = 100;

/// Everything a commit puts into force.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Metering and export.
    pub probe: probe::Settings,
    /// Samplicators.
    pub relay: relay::Settings,
    /// Interfaces and host name.
    pub host: system::Settings,
    /// flowd's own log.
    pub log: log::Settings,
    /// `system config-management commit-revisions`.
    pub commit_revisions: usize,
}

impl Settings {
    /// Resolves a checked tree. What it shares with `before` is taken over from there.
    ///
    /// # Errors
    /// What the probe or a samplicator cannot resolve.
    pub fn from_tree(
        tree: &Tree,
        before: Option<Before<'_, Settings>>,
    ) -> Result<Settings, Vec<Finding>> {
        let probe = before.map(|before| before.part(|settings| &settings.probe));
        let relay = before.map(|before| before.part(|settings| &settings.relay));
        Ok(Settings {
            probe: probe::Settings::from_tree(tree, probe)?,
            relay: relay::from_tree(tree, relay)?,
            host: host(tree),
            log: log::Settings::from_tree(tree),
            commit_revisions: tree
                .value(&["system", "config-management", "commit-revisions"])
                .and_then(|number| number.parse().ok())
                .unwrap_or(COMMIT_REVISIONS),
        })
    }
}

impl Default for Settings {
    /// Those of the empty configuration.
    fn default() -> Self {
        Settings {
            probe: probe::Settings::default(),
            relay: relay::Settings::default(),
            host: system::Settings::default(),
            log: log::Settings::default(),
            commit_revisions: COMMIT_REVISIONS,
        }
    }
}

fn host(tree: &Tree) -> system::Settings {
    let mut settings = system::Settings {
        host_name: tree.value(&["system", "host-name"]).map(str::to_owned),
        ..Default::default()
    };
    for kind in ["ethernet", "loopback"] {
        for (name, node) in tree.children(&["interfaces", kind]) {
            let link = system::Link {
                // What is no prefix is `dhcp`, which a commit warns of.
                addresses: node
                    .values(&["address"])
                    .iter()
                    .filter_map(|text| text.parse::<IpNet>().ok())
                    .collect(),
                description: node.value(&["description"]).map(str::to_owned),
                disable: node.has(&["disable"]),
                mtu: node.value(&["mtu"]).and_then(|text| text.parse().ok()),
            };
            settings.links.insert(name.to_owned(), link);
        }
    }
    settings
}
