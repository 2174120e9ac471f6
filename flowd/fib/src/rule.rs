//! Routing policy rules (`ip rule`, the kernel's `fib_rules`), which decide on the table to look in.

use crate::address::{Address, Prefix};

/// What a matching rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Looks up the destination in this table.
    Table(u32),
    /// Looks up the destination in the table of the VRF the packet came in by (`l3mdev`).
    Vrf,
    /// Continues at the rule of this priority.
    Goto(u32),
    /// Continues at the next rule.
    Nop,
    /// Discards the packet: `blackhole`, `unreachable`, `prohibit`.
    Discard,
}

/// A routing policy rule. It matches packets that meet all its criteria, or with `not` all other packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<A> {
    /// Priority; the rule with the lowest one is evaluated first.
    pub priority: u32,
    /// What the rule does with a matching packet.
    pub action: Action,
    /// `not`
    pub not: bool,
    /// `from`
    pub source: Option<Prefix<A>>,
    /// `to`
    pub destination: Option<Prefix<A>>,
    /// `iif`, an interface name.
    pub input: Option<String>,
    /// `oif`, an interface name. It never matches a forwarded packet, which has no output interface yet.
    pub output: Option<String>,
    /// `tos` or `dsfield`; 0 matches any.
    pub tos: u8,
    /// `fwmark VALUE/MASK`. The capture does not see firewall marks: packets count as having mark 0.
    pub mark: Option<(u32, u32)>,
    /// `ipproto`
    pub protocol: Option<u8>,
    /// `sport`, first and last port.
    pub source_ports: Option<(u16, u16)>,
    /// `dport`, first and last port.
    pub destination_ports: Option<(u16, u16)>,
    /// `suppress_prefixlength`: routes of this prefix length or a shorter one are ignored.
    pub suppress_len: Option<u8>,
    /// Whether it has a criterion that cannot be known here. Such a rule never matches.
    pub unknown: bool,
}

impl<A> Rule<A> {
    /// A rule that matches every packet.
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

/// A packet whose route is looked up, with all that rules can match.
#[derive(Clone, Copy, Debug)]
pub struct Packet<A> {
    /// Source address.
    pub source: A,
    /// Destination address, whose route is wanted.
    pub destination: A,
    /// `ifIndex` the packet was captured on.
    pub interface: u32,
    /// Whether this host sent the packet; false if it received it.
    pub outgoing: bool,
    /// Type of service or traffic class.
    pub tos: u8,
    /// IP protocol.
    pub protocol: u8,
    /// Source port and destination port.
    pub ports: (u16, u16),
}

impl<A> Packet<A> {
    /// The packet in the reverse direction: its route leads back to the source.
    pub fn reversed(self) -> Packet<A> {
        Packet {
            source: self.destination,
            destination: self.source,
            ports: (self.ports.1, self.ports.0),
            ..self
        }
    }
}

/// A rule prepared for lookups: interface names are resolved to their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Selector<A> {
    rule: Rule<A>,
    /// `ifIndex` of `iif`; 0 if there is no such interface.
    input: Option<u32>,
    /// Whether the rule matches every packet.
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

    /// Whether the rule matches. `input` is the interface the packet is routed on, 0 for a packet this host sent.
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
