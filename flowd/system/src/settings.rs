//! What the configuration wants of the host. Pure.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use language::Tree;

/// What the configuration says about the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `system host-name`.
    pub host_name: Option<String>,
    /// `interfaces ethernet IF` and `interfaces loopback IF`.
    pub links: BTreeMap<String, Link>,
}

/// What the configuration says about one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// `address` (static ones).
    pub addresses: BTreeSet<IpNet>,
    /// `description`.
    pub description: Option<String>,
    /// `disable`.
    pub disable: bool,
    /// `mtu`, octets.
    pub mtu: Option<u32>,
}

impl Settings {
    /// What a checked tree says about the host.
    pub fn from_tree(tree: &Tree) -> Settings {
        let mut settings = Settings {
            host_name: tree.value(&["system", "host-name"]).map(str::to_owned),
            ..Default::default()
        };
        for kind in ["ethernet", "loopback"] {
            for (name, node) in tree.children(&["interfaces", kind]) {
                let link = Link {
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
}
