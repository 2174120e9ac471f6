//! The settings of the samplicators: what the configuration says of them, resolved.

mod tree;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
pub use language::schema::MAX_RECEIVERS;
use language::schema::{default_seconds, default_u8, default_u16, default_usize};
use service::Named;
use udp::Source;

const PORT: u16 = default_u16("flow samplicator * port");
const RECEIVE_BUFFER: usize = default_usize("flow samplicator * receive-buffer");
const THREADS: usize = default_usize("flow samplicator * threads");
const SILENT_AFTER: Duration = default_seconds("flow samplicator * silent-after");
const RECEIVER_PORT: u16 = default_u16("flow samplicator * receiver * port");
const DSCP: u8 = default_u8("flow samplicator * receiver * dscp");

/// The settings of every samplicator, by name.
pub type Settings = Named<SamplicatorSettings>;

pub(crate) use tree::{finding, from_tree};

/// The settings of one samplicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplicatorSettings {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The listening addresses, each with each port. None: every address of both families.
    pub listen: Vec<Listen>,
    /// The UDP ports of every address in [`SamplicatorSettings::listen`], at least one.
    pub ports: Vec<u16>,
    /// Octets of receive buffer asked of the kernel for each socket.
    pub receive_buffer: usize,
    /// Threads, each with a socket of its own, for each listening address and port.
    pub threads: usize,
    /// How long a source sends nothing before it is silent.
    pub silent_after: Duration,
    /// The receivers of copies.
    pub receivers: Vec<Receiver>,
    /// The rules by which sources are relayed to receivers and groups. Without any, every source is relayed to all.
    ///
    /// The rule of the longest matching prefix alone decides. A source that no rule matches is relayed to every receiver and
    /// group that no rule names; a rule for `0.0.0.0/0` or `::/0` changes that. Members of a group are reached through it, unless
    /// a rule names them.
    pub rules: Vec<Rule>,
    /// Groups of receivers that share the load.
    pub groups: Vec<Group>,
}

impl SamplicatorSettings {
    /// Returns the settings of a samplicator of which nothing is configured: it listens on port 2000 of every address.
    pub fn new(name: &str) -> SamplicatorSettings {
        SamplicatorSettings {
            name: name.into(),
            description: None,
            listen: Vec::new(),
            ports: vec![PORT],
            receive_buffer: RECEIVE_BUFFER,
            threads: THREADS,
            silent_after: SILENT_AFTER,
            receivers: Vec::new(),
            rules: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Whether these settings and `other` differ in descriptions at most.
    pub(crate) fn relays_alike(&self, other: &SamplicatorSettings) -> bool {
        self.undescribed() == other.undescribed()
    }

    fn undescribed(&self) -> SamplicatorSettings {
        let mut settings = self.clone();
        settings.description = None;
        for receiver in &mut settings.receivers {
            receiver.description = None;
        }
        settings
    }

    /// Returns every address and port that the samplicator listens on.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let any = [Listen::any_v4(), Listen::any_v6()];
        let listen = if self.listen.is_empty() {
            &any[..]
        } else {
            &self.listen
        };
        let mut endpoints: Vec<Endpoint> = listen
            .iter()
            .flat_map(|listen| {
                self.ports.iter().map(|port| Endpoint {
                    listen: listen.clone(),
                    port: *port,
                })
            })
            .collect();
        endpoints.sort();
        endpoints.dedup();
        endpoints
    }

    /// Whether a datagram to `destination` would come back in. `local` says which addresses are this host's.
    pub fn listens_on(&self, destination: SocketAddr, local: impl Fn(IpAddr) -> bool) -> bool {
        self.endpoints().iter().any(|endpoint| {
            let address = endpoint.listen.address;
            endpoint.port == destination.port()
                && address.is_ipv4() == destination.is_ipv4()
                && (address == destination.ip()
                    || destination.ip().is_unspecified()
                    || address.is_unspecified() && local(destination.ip()))
        })
    }
}

/// A listening address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listen {
    /// An address of this host, an unspecified address for all of its family, or a multicast group to join.
    pub address: IpAddr,
    /// For a multicast group and a link-local address: the interface; without one the route to the group chooses.
    pub interface: Option<String>,
}

impl Listen {
    fn any_v4() -> Listen {
        Listen::from(IpAddr::from([0; 4]))
    }

    fn any_v6() -> Listen {
        Listen::from(IpAddr::from([0; 16]))
    }
}

impl fmt::Display for Listen {
    /// Writes `ADDRESS` or `ADDRESS%INTERFACE`, as the configuration has it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.address)?;
        match &self.interface {
            Some(interface) => write!(out, "%{interface}"),
            None => Ok(()),
        }
    }
}

impl From<IpAddr> for Listen {
    fn from(address: IpAddr) -> Listen {
        Listen {
            address,
            interface: None,
        }
    }
}

/// A listening address and port, which sockets are bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address.
    pub listen: Listen,
    /// The UDP port.
    pub port: u16,
}

/// The UDP source port of a receiver's datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SourcePort {
    /// The exporter's port where its address is kept too, else any that is free.
    #[default]
    Preserve,
    /// This port.
    Fixed(u16),
}

impl SourcePort {
    /// Returns the address and port that a datagram is sent from under its exporter's address.
    #[inline]
    pub(crate) fn of(self, mut exporter: SocketAddr) -> SocketAddr {
        if let SourcePort::Fixed(port) = self {
            exporter.set_port(port);
        }
        exporter
    }
}

/// A receiver of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Address or host name.
    pub destination: String,
    /// UDP port.
    pub port: u16,
    /// Whether copies are sent from the exporter's address instead of this host's.
    pub spoof_source: bool,
    /// The address of this host that copies are sent from, unless they are sent from the exporter's.
    pub source: Source,
    /// The source port of the copies.
    pub source_port: SourcePort,
    /// The N of one datagram out of N that is sent; 1 sends all. Datagrams with templates or options are always sent.
    pub sampling: u32,
    /// Time to live or hop limit; the host's default without one.
    pub ttl: Option<u8>,
    /// Differentiated services code point, 0–63.
    pub dscp: u8,
    /// Whether datagrams are sent without UDP checksum. IPv4 only: over IPv6 it is mandatory (RFC 8200 §8.1).
    pub no_checksum: bool,
    /// Least time between two datagrams to it.
    pub delay: Duration,
    /// Most datagrams a second to it.
    pub rate_limit: Option<u32>,
    /// Whether the receiver gets nothing.
    pub disabled: bool,
}

impl Receiver {
    /// Returns a receiver of which nothing but the address is configured.
    pub fn new(name: &str, destination: &str) -> Receiver {
        Receiver {
            name: name.into(),
            description: None,
            destination: destination.into(),
            port: RECEIVER_PORT,
            spoof_source: false,
            source: Source::Any,
            source_port: SourcePort::Preserve,
            sampling: 1,
            ttl: None,
            dscp: DSCP,
            no_checksum: false,
            delay: Duration::ZERO,
            rate_limit: None,
            disabled: false,
        }
    }

    /// Whether datagrams of `other` are sent alike: by the same sockets, to the same destination.
    pub fn sent_alike(&self, other: &Receiver) -> bool {
        fn path(one: &Receiver) -> impl PartialEq + '_ {
            (
                one.destination.as_str(),
                (one.port, one.source_port, &one.source),
                (one.spoof_source, one.no_checksum, one.disabled),
                (one.ttl, one.dscp),
            )
        }
        path(self) == path(other)
    }
}

/// A rule: what is done with datagrams from a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The prefix of the exporters' addresses.
    pub prefix: IpNet,
    /// What is done with their datagrams.
    pub action: Action,
}

/// What a rule does with datagrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Drops and counts them.
    Deny,
    /// Relays them to these receivers and groups, by name.
    Relay(Vec<String>),
}

/// A balanced group: receivers that share the load. Each datagram goes to one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name, which no receiver has.
    pub name: String,
    /// Its members, by name.
    pub receivers: Vec<String>,
    /// Which datagrams go to the same member.
    pub by: BalanceBy,
}

/// Which datagrams of a balanced group go to the same member. An observation domain is never split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BalanceBy {
    /// Those from one exporter address. The member is chosen by hash.
    #[default]
    Exporter,
    /// Those of one observation domain (source identifier, engine) of an exporter address. The member is chosen by hash.
    Domain,
    /// Those of one observation domain of an exporter address. The domains are assigned to the members in turn as they appear.
    RoundRobin,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> SamplicatorSettings {
        SamplicatorSettings {
            receivers: vec![
                Receiver::new("a", "192.0.2.1"),
                Receiver::new("b", "b.example"),
            ],
            ..SamplicatorSettings::new("s")
        }
    }

    #[test]
    fn it_listens_everywhere_unless_told_and_knows_its_own_addresses() {
        let mut settings = two();
        settings.ports = vec![2000, 2055, 2000];
        assert_eq!(settings.endpoints().len(), 4);
        let own: IpAddr = "198.51.100.1".parse().unwrap();
        let local = |address: IpAddr| address == own || address.is_loopback();
        let here = |settings: &SamplicatorSettings, to: &str| {
            settings.listens_on(to.parse().unwrap(), local)
        };
        assert!(here(&settings, "198.51.100.1:2055") && here(&settings, "[::1]:2000"));
        assert!(!here(&settings, "198.51.100.1:2056") && !here(&settings, "192.0.2.1:2055"));
        settings.listen = vec!["127.0.0.1".parse::<IpAddr>().unwrap().into()];
        assert!(here(&settings, "127.0.0.1:2055") && !here(&settings, "198.51.100.1:2055"));
    }
}
