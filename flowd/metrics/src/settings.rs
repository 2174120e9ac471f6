//! `service metrics`: from the tree to settings.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use language::Tree;
use language::schema::default_u16;

/// The path of the service's node.
pub(crate) const PATH: &[&str] = &["service", "metrics"];
/// TCP port without `port`.
const PORT: u16 = default_u16("service metrics port");

/// Where metrics can be had, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Addresses and ports to listen on; empty while the service is off.
    pub endpoints: BTreeSet<SocketAddr>,
    /// Prefixes whose hosts may ask; any host where there is none.
    pub allow: Vec<IpNet>,
}

impl Settings {
    /// Reads a tree that was checked against the schema.
    pub(crate) fn from_tree(tree: &Tree) -> Settings {
        let at = |leaf| [PATH, &[leaf]].concat();
        let addresses: Vec<IpAddr> = values(tree, &at("listen-address"));
        let allow: Vec<IpNet> = values(tree, &at("allow"));
        let port = tree.value(&at("port"));
        if addresses.is_empty() && allow.is_empty() && port.is_none() {
            return Settings::default();
        }
        let any = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        let addresses = match addresses.is_empty() {
            true => any.to_vec(),
            false => addresses,
        };
        let port = port.and_then(|port| port.parse().ok()).unwrap_or(PORT);
        Settings {
            endpoints: addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, port))
                .collect(),
            allow,
        }
    }

    /// Whether a host may ask.
    pub(crate) fn allows(&self, host: IpAddr) -> bool {
        let host = host.to_canonical();
        self.allow.is_empty() || self.allow.iter().any(|prefix| prefix.contains(&host))
    }
}

fn values<T: std::str::FromStr>(tree: &Tree, path: &[&str]) -> Vec<T> {
    let words = tree.values(path).iter();
    words.filter_map(|word| word.parse().ok()).collect()
}
