//! What is wrong with a samplicator: nobody to send to, two meanings at once, a datagram that would come back.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{ALWAYS, Found, family_of};
use crate::schema::default_word;
use crate::{Code, Tree};

/// The port a samplicator receives on when none is given.
const LISTEN_PORT: &str = default_word("flow samplicator * port");
/// The port of a receiver when none is given.
const RECEIVER_PORT: &str = default_word("flow samplicator * receiver * port");

/// Sockets a samplicator may have: each address with each port.
const MAX_SOCKETS: usize = 64;

type Place = (IpAddr, String);

/// Which samplicator receives where.
#[derive(Default)]
struct Taken {
    exact: HashMap<Place, String>,
    /// By family (IPv4 is true) and port: the first on the unspecified address, and the first on any.
    unspecified: HashMap<(bool, String), String>,
    any: HashMap<(bool, String), String>,
}

impl Taken {
    fn owner(&self, place: &Place) -> Option<&String> {
        let wide = (place.0.is_ipv4(), place.1.clone());
        let any = || self.any.get(&wide).filter(|_| place.0.is_unspecified());
        let unspecified = || self.unspecified.get(&wide);
        self.exact.get(place).or_else(unspecified).or_else(any)
    }

    fn take(&mut self, place: Place, name: &str) {
        let wide = (place.0.is_ipv4(), place.1.clone());
        if place.0.is_unspecified() {
            let first = self.unspecified.entry(wide.clone());
            first.or_insert_with(|| name.to_owned());
        }
        self.any.entry(wide).or_insert_with(|| name.to_owned());
        self.exact.insert(place, name.to_owned());
    }
}

impl Found<'_> {
    pub(super) fn samplicators(&mut self) {
        if self.same(&[&["flow", "samplicator"]]) {
            return;
        }
        let mut taken = Taken::default();
        self.each("flow samplicator *", ALWAYS, |found, path, node| {
            let name = path[path.len() - 1];
            let sockets = node.values(&["listen-address"]).len().max(1)
                * node.values(&["port"]).len().max(1);
            if sockets > MAX_SOCKETS {
                let message =
                    format!("flow samplicator {name} has {sockets} addresses with ports; {MAX_SOCKETS} are possible");
                return found.report(Code::OutOfRange, path, message);
            }
            let listening = listening(node);
            // Two on one address and port would each get some of the datagrams.
            let clash = listening
                .iter()
                .find_map(|place| Some((place, taken.owner(place)?)));
            if let Some(((address, port), owner)) = clash {
                let message =
                    format!("{address} port {port} is received by samplicator {owner} already");
                found.conflict(path, message);
            }
            for place in &listening {
                taken.take(place.clone(), name);
            }
            if found.same(&[path]) {
                return;
            }
            for (receiver, node) in node.children(&["receiver"]) {
                let path: Vec<&str> = path.iter().copied().chain(["receiver", receiver]).collect();
                found.receiver(&path, node, &listening);
            }
            found.sources(path, node);
            found.groups(path, node);
        });
    }

    fn receiver(&mut self, path: &[&str], node: &Tree, listening: &[Place]) {
        let Some(host) = node.value(&["address"]) else {
            return;
        };
        let at = |leaf| path.iter().copied().chain([leaf]).collect::<Vec<_>>();
        let sources = ["spoof-source", "source-address", "source-interface"];
        let given: Vec<&str> = sources
            .into_iter()
            .filter(|leaf| node.has(&[leaf]))
            .collect();
        if let [one, other, ..] = given[..] {
            let message = format!("{one} and {other} exclude each other; delete one");
            self.conflict(&at(other), message);
        }
        // What a host name stands for is known when it is resolved.
        let Ok(address) = host.parse::<IpAddr>() else {
            return;
        };
        if let Some(source) = node.value(&["source-address"])
            && source.contains(':') == address.is_ipv4()
        {
            let message = format!(
                "source-address {source} is not of the family of {address}; {}",
                family_of(host)
            );
            self.conflict(&at("source-address"), message);
        }
        let port = node.value(&["port"]).unwrap_or(RECEIVER_PORT);
        if listening
            .iter()
            .any(|(own, there)| *own == address && there == port)
        {
            let message = format!(
                "{address} port {port} is where the samplicator itself receives; datagrams would go round"
            );
            self.conflict(&at("address"), message);
        }
        let same_family = |(own, _): &Place| own.is_ipv4() == address.is_ipv4();
        if node.has(&["spoof-source"]) && !listening.iter().any(same_family) {
            let message = format!(
                "spoof-source: exporters send to {} only, and {address} cannot be sent to from such an address",
                if address.is_ipv4() { "IPv6" } else { "IPv4" },
            );
            self.conflict(&at("spoof-source"), message);
        }
        if node.has(&["no-checksum"]) && address.is_ipv6() {
            let message = format!("no-checksum: {address} is IPv6, where UDP has a checksum");
            self.conflict(&at("no-checksum"), message);
        }
    }

    fn sources(&mut self, path: &[&str], samplicator: &Tree) {
        for (prefix, node) in samplicator.children(&["source"]) {
            let at: Vec<&str> = path.iter().copied().chain(["source", prefix]).collect();
            let receivers = node.values(&["receiver"]);
            match (node.has(&["deny"]), receivers.is_empty()) {
                (true, false) => self.conflict(
                    &at,
                    format!("source {prefix}: deny and receiver exclude each other; delete one"),
                ),
                (false, true) => self.report(
                    Code::MissingLeaf,
                    &at,
                    format!("source {prefix}: a receiver, or deny, is missing"),
                ),
                _ => {}
            }
            for receiver in receivers {
                let Some(to) = samplicator.get(&["receiver", receiver]) else {
                    continue;
                };
                let address = to.value(&["address"]).and_then(|text| text.parse().ok());
                let Some(address) = address.filter(|_| to.has(&["spoof-source"])) else {
                    continue;
                };
                let address: IpAddr = address;
                if address.is_ipv6() != prefix.contains(':') {
                    let at: Vec<&str> = at.iter().copied().chain(["receiver", receiver]).collect();
                    let message = format!(
                        "receiver {receiver} spoofs the source, and {address} is not of the family of {prefix}"
                    );
                    self.conflict(&at, message);
                }
            }
        }
    }

    /// Groups share their names' space with receivers, as a rule may name either.
    fn groups(&mut self, path: &[&str], samplicator: &Tree) {
        for (group, _) in samplicator.children(&["balance", "group"]) {
            let at: Vec<&str> = path
                .iter()
                .copied()
                .chain(["balance", "group", group])
                .collect();
            if samplicator.has(&["receiver", group]) {
                self.conflict(&at, format!("{group} is a receiver's name already"));
            }
        }
    }
}

/// The addresses and ports a samplicator receives on.
fn listening(samplicator: &Tree) -> Vec<Place> {
    let given = samplicator.values(&["listen-address"]);
    let address = |text: &String| text.split('%').next().unwrap_or_default().parse().ok();
    let mut addresses: Vec<IpAddr> = given.iter().filter_map(address).collect();
    if addresses.is_empty() {
        addresses = vec![[0; 4].into(), [0; 16].into()];
    }
    let ports = match samplicator.values(&["port"]) {
        [] => vec![LISTEN_PORT.to_owned()],
        ports => ports.to_vec(),
    };
    addresses
        .iter()
        .flat_map(|address| ports.iter().map(|port| (*address, port.clone())))
        .collect()
}
