//! The settings of a samplicator, and the checks that need no look at the host.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use crate::error::{Error, Place, Problem};

/// Most receivers of one samplicator, disabled ones included.
pub const MAX_RECEIVERS: usize = 256;
/// Most threads a listening address may have.
pub const MAX_THREADS: usize = 64;

/// One samplicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// The listening addresses, each with each port. None: every address of both families.
    pub listen: Vec<Listen>,
    /// The UDP ports of every address in [`Settings::listen`], at least one.
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

impl Settings {
    /// Returns the settings of a samplicator of which nothing is configured: it listens on port 2000 of every address.
    pub fn new(name: &str) -> Settings {
        Settings {
            name: name.into(),
            listen: Vec::new(),
            ports: vec![Settings::DEFAULT_PORT],
            receive_buffer: Settings::DEFAULT_RECEIVE_BUFFER,
            threads: 1,
            silent_after: Settings::DEFAULT_SILENT_AFTER,
            receivers: Vec::new(),
            rules: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// The port it listens on, and that receivers are sent to, when none is configured: `samplicate`'s.
    pub const DEFAULT_PORT: u16 = 2000;
    /// How long a source sends nothing before it is called silent, when nothing else is configured.
    pub const DEFAULT_SILENT_AFTER: Duration = Duration::from_secs(300);
    /// Octets of receive queue: a second of 10,000 datagrams of the size of an Ethernet frame, as the kernel charges them.
    pub const DEFAULT_RECEIVE_BUFFER: usize = 32 << 20;

    /// Checks everything that can be checked without looking at the host.
    ///
    /// # Errors
    /// The first problem, and its place.
    pub fn check(&self) -> Result<(), Error> {
        let fail = |place, problem| Err(Error { place, problem });
        if self.ports.is_empty() || self.ports.contains(&0) {
            return fail(Place::Port, Problem::PortRange);
        }
        if !(1..=MAX_THREADS).contains(&self.threads) {
            return fail(Place::Threads, Problem::Threads(self.threads));
        }
        if self.receivers.len() > MAX_RECEIVERS {
            return fail(Place::Receivers, Problem::TooManyReceivers);
        }
        let mut names = BTreeSet::new();
        for receiver in &self.receivers {
            let place = || Place::Receiver(receiver.name.clone());
            if !names.insert(receiver.name.as_str()) {
                return fail(place(), Problem::NameTwice);
            }
            receiver.check().or_else(|problem| fail(place(), problem))?;
            self.check_family(receiver)
                .or_else(|problem| fail(place(), problem))?;
        }
        for group in &self.groups {
            let place = || Place::Group(group.name.clone());
            if !names.insert(group.name.as_str()) {
                return fail(place(), Problem::NameTwice);
            }
            if group.receivers.is_empty() {
                return fail(place(), Problem::EmptyGroup);
            }
            if let Some(unknown) = self.unknown(&group.receivers, false) {
                return fail(place(), Problem::UnknownReceiver(unknown));
            }
        }
        let mut prefixes = BTreeSet::new();
        for rule in &self.rules {
            let place = || Place::Rule(rule.prefix);
            if !prefixes.insert(rule.prefix.trunc()) {
                return fail(place(), Problem::PrefixTwice);
            }
            if let Action::Relay(targets) = &rule.action {
                if targets.is_empty() {
                    return fail(place(), Problem::EmptyRule);
                }
                if let Some(unknown) = self.unknown(targets, true) {
                    return fail(place(), Problem::UnknownReceiver(unknown));
                }
            }
        }
        Ok(())
    }

    /// Checks that a spoofed receiver is of a family that the samplicator listens on: otherwise it would never get anything.
    fn check_family(&self, receiver: &Receiver) -> Result<(), Problem> {
        let Ok(address) = receiver.destination.parse::<IpAddr>() else {
            return Ok(());
        };
        let same = |listen: &Listen| listen.address.is_ipv4() == address.is_ipv4();
        if receiver.spoof_source && !self.listen.is_empty() && !self.listen.iter().any(same) {
            return Err(Problem::SpoofFamily(address));
        }
        Ok(())
    }

    fn unknown(&self, names: &[String], groups: bool) -> Option<String> {
        let known = |name: &&String| {
            self.receivers
                .iter()
                .any(|receiver| receiver.name == **name)
                || groups && self.groups.iter().any(|group| group.name == **name)
        };
        names.iter().find(|name| !known(name)).cloned()
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

/// A receiver of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Address or host name.
    pub destination: String,
    /// UDP port.
    pub port: u16,
    /// Whether copies are sent from the exporter's address instead of this host's.
    pub spoof_source: bool,
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
            destination: destination.into(),
            port: Settings::DEFAULT_PORT,
            spoof_source: false,
            source_port: SourcePort::Preserve,
            sampling: 1,
            ttl: None,
            dscp: 0,
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
                (one.port, one.source_port),
                (one.spoof_source, one.no_checksum, one.disabled),
                (one.ttl, one.dscp),
            )
        }
        path(self) == path(other)
    }

    fn check(&self) -> Result<(), Problem> {
        let address = self.destination.parse::<IpAddr>().ok();
        match self {
            Receiver { port: 0, .. }
            | Receiver {
                source_port: SourcePort::Fixed(0),
                ..
            } => Err(Problem::PortRange),
            Receiver { sampling: 0, .. } => Err(Problem::SamplingZero),
            Receiver { ttl: Some(0), .. } => Err(Problem::TtlZero),
            Receiver { dscp: 64.., .. } => Err(Problem::Dscp(self.dscp)),
            Receiver {
                rate_limit: Some(0),
                ..
            } => Err(Problem::RateZero),
            _ if self.destination.is_empty() => Err(Problem::NoDestination),
            _ if self.no_checksum && address.is_some_and(|address| address.is_ipv6()) => {
                Err(Problem::ChecksumV6)
            }
            _ => Ok(()),
        }
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
    /// Those of one observation domain of an exporter address. The domains are dealt to the members in turn as they appear.
    RoundRobin,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Settings {
        Settings {
            receivers: vec![
                Receiver::new("a", "192.0.2.1"),
                Receiver::new("b", "b.example"),
            ],
            ..Settings::new("s")
        }
    }

    fn wrong(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = two();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    }

    fn relay(prefix: &str, to: &[&str]) -> Rule {
        Rule {
            prefix: prefix.parse().unwrap(),
            action: Action::Relay(to.iter().map(|name| (*name).into()).collect()),
        }
    }

    #[test]
    fn errors_say_what_and_where() {
        two().check().unwrap();
        assert_eq!(
            wrong(|settings| settings.rules.push(relay("10.0.0.0/8", &["a", "c"]))),
            "source 10.0.0.0/8: there is no receiver `c`"
        );
        assert_eq!(
            wrong(|settings| settings.receivers[1].name = "a".into()),
            "receiver a: another receiver or group has this name"
        );
        assert_eq!(
            wrong(|settings| {
                // The same prefix, with and without host bits.
                settings.rules.push(relay("10.0.0.0/8", &["a"]));
                settings.rules.push(relay("10.1.0.0/8", &["b"]));
            }),
            "source 10.1.0.0/8: another rule has this prefix"
        );
        assert_eq!(
            wrong(|settings| settings.receivers[1].dscp = 64),
            "receiver b: dscp 64; it is 0 to 63"
        );
        let v6 = |settings: &mut Settings| settings.receivers[0].destination = "2001:db8::1".into();
        assert!(
            wrong(|settings| {
                v6(settings);
                settings.receivers[0].no_checksum = true;
            })
            .starts_with("receiver a: no-checksum is for IPv4")
        );
        assert!(
            wrong(|settings| {
                v6(settings);
                settings.receivers[0].spoof_source = true;
                settings.listen = vec![IpAddr::from([192, 0, 2, 9]).into()];
            })
            .starts_with("receiver a: the source cannot be kept towards 2001:db8::1")
        );
    }

    #[test]
    fn it_listens_everywhere_unless_told_and_knows_its_own_addresses() {
        let mut settings = two();
        settings.ports = vec![2000, 2055, 2000];
        assert_eq!(settings.endpoints().len(), 4);
        let own: IpAddr = "198.51.100.1".parse().unwrap();
        let local = |address: IpAddr| address == own || address.is_loopback();
        let here = |settings: &Settings, to: &str| settings.listens_on(to.parse().unwrap(), local);
        assert!(here(&settings, "198.51.100.1:2055") && here(&settings, "[::1]:2000"));
        assert!(!here(&settings, "198.51.100.1:2056") && !here(&settings, "192.0.2.1:2055"));
        settings.listen = vec!["127.0.0.1".parse::<IpAddr>().unwrap().into()];
        assert!(here(&settings, "127.0.0.1:2055") && !here(&settings, "198.51.100.1:2055"));
    }
}
