//! Decodes netlink messages about routing policy rules.

use std::net::IpAddr;

use fib::{Action, Address, Change, Entry, Prefix, Rule};
use rtnetlink::packet_core::{DefaultNla, Nla};
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage};

use super::{Decoded, Net};

/// Attributes newer than the netlink library (linux/fib_rules.h).
const FRA_DSCP: u16 = 25;
const FRA_SPORT_MASK: u16 = 28;
const FRA_DPORT_MASK: u16 = 29;
/// Value of "no prefix length is suppressed", −1.
const NO_SUPPRESSION: u32 = u32::MAX;

pub(super) fn message(message: &RuleMessage, added: bool) -> Decoded {
    let change = match message.header.family {
        AddressFamily::Inet => rule(message, v4).map(|rule| Change::V4(entry(rule, added))),
        AddressFamily::Inet6 => rule(message, v6).map(|rule| Change::V6(entry(rule, added))),
        _ => None,
    };
    change.map_or(Decoded::Ignored, Decoded::Change)
}

fn entry<A>(rule: Rule<A>, added: bool) -> Entry<A> {
    if added {
        Entry::AddRule(rule)
    } else {
        Entry::RemoveRule(rule)
    }
}

fn v4(address: IpAddr, len: u8) -> Option<Prefix<u32>> {
    match Net::new(AddressFamily::Inet, Some(address), len) {
        Some(Net::V4(prefix)) => Some(prefix),
        _ => None,
    }
}

fn v6(address: IpAddr, len: u8) -> Option<Prefix<u128>> {
    match Net::new(AddressFamily::Inet6, Some(address), len) {
        Some(Net::V6(prefix)) => Some(prefix),
        _ => None,
    }
}

fn rule<A: Address>(
    message: &RuleMessage,
    prefix: impl Fn(IpAddr, u8) -> Option<Prefix<A>>,
) -> Option<Rule<A>> {
    let header = &message.header;
    let mut table = u32::from(header.table);
    let (mut goto, mut vrf) = (0, false);
    let mut mark = (None, u32::MAX);
    let mut rule = Rule::new(0, Action::Nop);
    rule.not = header.flags.contains(RuleFlags::Invert);
    rule.tos = header.tos;
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Priority(priority) => rule.priority = *priority,
            RuleAttribute::Table(number) => table = *number,
            RuleAttribute::Goto(priority) => goto = *priority,
            RuleAttribute::L3MDev(on) => vrf = *on,
            RuleAttribute::Source(address) => rule.source = prefix(*address, header.src_len),
            RuleAttribute::Destination(address) => {
                rule.destination = prefix(*address, header.dst_len);
            }
            RuleAttribute::Iifname(name) => rule.input = Some(name.clone()),
            RuleAttribute::Oifname(name) => rule.output = Some(name.clone()),
            RuleAttribute::FwMark(value) => mark.0 = Some(*value),
            RuleAttribute::FwMask(mask) => mark.1 = *mask,
            RuleAttribute::IpProtocol(protocol) => rule.protocol = Some(u8::from(*protocol)),
            RuleAttribute::SourcePortRange(range) => {
                rule.source_ports = Some((range.start, range.end));
            }
            RuleAttribute::DestinationPortRange(range) => {
                rule.destination_ports = Some((range.start, range.end));
            }
            RuleAttribute::SuppressPrefixLen(len) if *len != NO_SUPPRESSION => {
                rule.suppress_len = Some(u8::try_from(*len).unwrap_or(u8::MAX));
            }
            // Packets forwarded by the host belong to no user.
            RuleAttribute::UidRange(range) => rule.unknown |= range.start != 0,
            RuleAttribute::TunId(_) | RuleAttribute::SuppressIfGroup(_) => rule.unknown = true,
            RuleAttribute::Other(other) => newer(&mut rule, other),
            _ => {}
        }
    }
    rule.mark = match mark {
        (None, u32::MAX) => None,
        (value, mask) => Some((value.unwrap_or(0), mask)),
    };
    rule.action = match header.action {
        RuleAction::ToTable if vrf => Action::Vrf,
        RuleAction::ToTable => Action::Table(table),
        RuleAction::Goto => Action::Goto(goto),
        RuleAction::Nop => Action::Nop,
        RuleAction::Blackhole | RuleAction::Unreachable | RuleAction::Prohibit => Action::Discard,
        _ => return None,
    };
    Some(rule)
}

fn newer<A>(rule: &mut Rule<A>, attribute: &DefaultNla) {
    let mut value = vec![0; attribute.value_len()];
    attribute.emit_value(&mut value);
    match (attribute.kind(), value.as_slice()) {
        (FRA_DSCP, [dscp, ..]) => rule.tos = dscp << 2,
        (FRA_SPORT_MASK | FRA_DPORT_MASK, [0xff, 0xff]) => {}
        _ => rule.unknown = true,
    }
}
