//! Routing policy: which table decides (`ip rule`, the kernel's `fib_rules`).

use crate::address::{Address, Prefix};

/// What a rule that applies does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Looks in this table.
    Table(u32),
    /// Looks in the table of the VRF the packet came in by (`l3mdev`).
    Vrf,
    /// Goes on at the rule of this priority.
    Goto(u32),
    /// Goes on.
    Nop,
    /// The packet goes nowhere: `blackhole`, `unreachable`, `prohibit`.
    Discard,
}

/// One rule. It applies to the packets that are like all it names; `not` turns that round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<A> {
    /// Its place: the lowest is asked first.
    pub priority: u32,
    /// What it does.
    pub action: Action,
    /// `not`
    pub not: bool,
    /// `from`
    pub source: Option<Prefix<A>>,
    /// `to`
    pub destination: Option<Prefix<A>>,
    /// `iif`, a name.
    pub input: Option<String>,
    /// `oif`, a name. Packets on their way through the host have no output yet.
    pub output: Option<String>,
    /// `tos` or `dsfield`; 0: any.
    pub tos: u8,
    /// `fwmark VALUE/MASK`. Marks are made in the kernel and not seen here: packets have mark 0.
    pub mark: Option<(u32, u32)>,
    /// `ipproto`
    pub protocol: Option<u8>,
    /// `sport`, from and to.
    pub source_ports: Option<(u16, u16)>,
    /// `dport`, from and to.
    pub destination_ports: Option<(u16, u16)>,
    /// `suppress_prefixlength`: routes of so many bits or fewer do not count.
    pub suppress_len: Option<u8>,
    /// It names something that cannot be known here: it never applies.
    pub unknown: bool,
}

impl<A> Rule<A> {
    /// A rule for every packet.
    pub fn new(priority: u32, action: Action) -> Rule<A> {
        Rule {
            priority,
            action,
            not: false,
            source: None,
            destination: None,
            input: None,
            output: None,
            tos: 0,
            mark: None,
            protocol: None,
            source_ports: None,
            destination_ports: None,
            suppress_len: None,
            unknown: false,
        }
    }
}

/// What is looked up: a packet as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Packet<A> {
    /// Source address.
    pub source: A,
    /// Destination address, whose route is wanted.
    pub destination: A,
    /// `ifIndex` the packet was captured on.
    pub interface: u32,
    /// It was sent by this host, not received.
    pub outgoing: bool,
    /// Type of service or traffic class.
    pub tos: u8,
    /// IP protocol.
    pub protocol: u8,
    /// Source port and destination port.
    pub ports: (u16, u16),
}

impl<A> Packet<A> {
    /// The packet the other way: its route is the one back to the source.
    pub fn back(self) -> Packet<A> {
        Packet {
            source: self.destination,
            destination: self.source,
            ports: (self.ports.1, self.ports.0),
            ..self
        }
    }
}

/// A rule as it is asked: interface names are numbers.
#[derive(Clone, Debug)]
pub(crate) struct Selector<A> {
    rule: Rule<A>,
    /// The `ifIndex` of `iif`; 0 when there is no such interface.
    input: Option<u32>,
    /// Nothing to compare.
    all: bool,
}

impl<A: Address> Selector<A> {
    pub(crate) fn new(rule: &Rule<A>, index: impl Fn(&str) -> Option<u32>) -> Selector<A> {
        let everything = Rule {
            suppress_len: rule.suppress_len,
            ..Rule::new(rule.priority, rule.action)
        };
        Selector {
            input: rule.input.as_deref().map(|name| index(name).unwrap_or(0)),
            all: *rule == everything,
            rule: rule.clone(),
        }
    }

    /// It applies; `input` is the interface the packet is routed on, 0 for one that this host sent.
    #[inline]
    pub(crate) fn applies(&self, packet: &Packet<A>, input: u32) -> bool {
        self.all || self.compare(packet, input)
    }

    fn compare(&self, packet: &Packet<A>, input: u32) -> bool {
        let rule = &self.rule;
        if rule.unknown {
            return false;
        }
        let within = |prefix: Option<Prefix<A>>, address: A| {
            prefix.is_none_or(|prefix| prefix.address() <= address && address <= prefix.last())
        };
        let port = |range: Option<(u16, u16)>, port: u16| {
            range.is_none_or(|(from, to)| (from..=to).contains(&port))
        };
        let like = within(rule.source, packet.source)
            && within(rule.destination, packet.destination)
            && self
                .input
                .is_none_or(|wanted| wanted != 0 && wanted == input)
            && rule.output.is_none()
            && (rule.tos == 0 || rule.tos == packet.tos & 0xfc)
            && rule.mark.is_none_or(|(value, mask)| value & mask == 0)
            && rule
                .protocol
                .is_none_or(|protocol| protocol == packet.protocol)
            && port(rule.source_ports, packet.ports.0)
            && port(rule.destination_ports, packet.ports.1);
        like != rule.not
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Packet<u32> = Packet {
        source: 0x0a00_0001,
        destination: 0xc000_0201,
        interface: 3,
        outgoing: false,
        tos: 0x11,
        protocol: 6,
        ports: (40_000, 443),
    };

    fn applies(change: impl FnOnce(&mut Rule<u32>)) -> bool {
        let mut rule = Rule::new(100, Action::Table(100));
        change(&mut rule);
        let index = |name: &str| (name == "eth3").then_some(3);
        Selector::new(&rule, index).applies(&PACKET, 3)
    }

    #[test]
    fn a_rule_applies_to_packets_like_all_it_names() {
        assert!(applies(|_| ()));
        assert!(applies(
            |rule| rule.source = Some(Prefix::new(0x0a00_0000, 8))
        ));
        assert!(!applies(
            |rule| rule.source = Some(Prefix::new(0x0b00_0000, 8))
        ));
        assert!(!applies(
            |rule| rule.destination = Some(Prefix::new(0x0a00_0000, 8))
        ));
        assert!(applies(|rule| rule.input = Some("eth3".into())));
        assert!(!applies(|rule| rule.input = Some("gone0".into())));
        assert!(!applies(|rule| rule.output = Some("eth3".into())));
        assert!(applies(|rule| rule.tos = 0x10));
        assert!(!applies(|rule| rule.tos = 0x08));
        assert!(
            applies(|rule| rule.protocol = Some(6)) && !applies(|rule| rule.protocol = Some(17))
        );
        assert!(applies(|rule| rule.destination_ports = Some((400, 500))));
        assert!(!applies(|rule| rule.source_ports = Some((400, 500))));
        assert!(!applies(|rule| rule.unknown = true));
    }

    #[test]
    fn packets_have_no_mark() {
        assert!(!applies(|rule| rule.mark = Some((0xca6c, u32::MAX))));
        assert!(applies(|rule| {
            rule.mark = Some((0xca6c, u32::MAX));
            rule.not = true;
        }));
    }
}
