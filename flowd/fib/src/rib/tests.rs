use std::net::IpAddr;

use super::*;
use crate::fib::Match;
use crate::rule::{Action, Packet};

const ETH1: u32 = 11;
const ETH2: u32 = 12;
const ETH3: u32 = 13;

fn v4(text: &str) -> u32 {
    text.parse::<std::net::Ipv4Addr>().unwrap().into()
}

fn net(text: &str) -> Prefix<u32> {
    let (address, len) = text.split_once('/').unwrap();
    Prefix::new(v4(address), len.parse().unwrap())
}

fn hop(output: u32, gateway: &str) -> Hop {
    let gateway: Option<IpAddr> = gateway.parse().ok();
    Hop {
        output,
        gateway,
        weight: 1,
        dead: false,
    }
}

fn route(kind: Kind, hops: &[Hop]) -> Route {
    Route {
        priority: 0,
        kind,
        hops: Hops::List(hops.into()),
        shadows: false,
    }
}

fn via(hops: &[Hop]) -> Route {
    route(Kind::Forward, hops)
}

fn add(rib: &mut Rib, table: u32, prefix: &str, route: Route) -> Effect {
    let prefix = net(prefix);
    rib.apply(Change::V4(Entry::AddRoute {
        table,
        prefix,
        route,
        replace: true,
    }))
}

fn remove(rib: &mut Rib, table: u32, prefix: &str, route: Route) -> Effect {
    let prefix = net(prefix);
    rib.apply(Change::V4(Entry::RemoveRoute {
        table,
        prefix,
        route,
    }))
}

fn rule(rib: &mut Rib, rule: Rule<u32>) {
    assert_eq!(rib.apply(Change::V4(Entry::AddRule(rule))), Effect::Changed);
}

fn link(index: u32, name: &str) -> Link {
    Link {
        index,
        name: name.into(),
        state: (true, true),
        master: None,
        vrf_table: None,
        mac: None,
    }
}

fn packet(source: &str, destination: &str) -> Packet<u32> {
    Packet {
        source: v4(source),
        destination: v4(destination),
        interface: ETH1,
        outgoing: false,
        tos: 0,
        protocol: 17,
        ports: (1000, 53),
    }
}

/// Prefix length, kind and output interface of a packet's route.
fn find(rib: &mut Rib, packet: &Packet<u32>) -> (u8, Option<Kind>, u32) {
    let fib = rib.fib();
    let found: Match<'_> = fib.v4.find(packet);
    (
        found.len,
        found.kind,
        found.hop(packet).map_or(0, |hop| hop.output),
    )
}

/// A router with its own addresses, two networks and a default route.
fn router() -> Rib {
    let mut rib = Rib::default();
    for (priority, table) in [(0, 255), (32_766, 254), (32_767, 253)] {
        rule(&mut rib, Rule::new(priority, Action::Table(table)));
    }
    add(
        &mut rib,
        255,
        "10.1.0.1/32",
        route(Kind::Local, &[hop(ETH1, "")]),
    );
    add(&mut rib, 254, "10.1.0.0/24", via(&[hop(ETH1, "")]));
    add(&mut rib, 254, "10.2.0.0/24", via(&[hop(ETH2, "")]));
    add(&mut rib, 254, "0.0.0.0/0", via(&[hop(ETH2, "10.2.0.1")]));
    rib
}

#[test]
fn packets_go_by_the_longest_prefix_of_the_first_table_that_has_one() {
    let mut rib = router();
    let mut to = |destination| find(&mut rib, &packet("10.1.0.2", destination));
    assert_eq!(to("10.1.0.1"), (32, Some(Kind::Local), 0));
    assert_eq!(to("10.1.0.9"), (24, Some(Kind::Forward), ETH1));
    assert_eq!(to("198.51.100.1"), (0, Some(Kind::Forward), ETH2));
    let fib = rib.fib();
    let far = packet("10.1.0.2", "198.51.100.1");
    let gateway = fib.v4.find(&far).hop(&far).unwrap().gateway;
    assert_eq!(gateway, "10.2.0.1".parse().ok());
}

#[test]
fn a_state_stays_while_the_routes_change() {
    let mut rib = router();
    let before = rib.fib();
    let far = packet("10.1.0.2", "198.51.100.1");
    let effect = add(
        &mut rib,
        254,
        "198.51.100.0/24",
        via(&[hop(ETH3, "10.3.0.1")]),
    );
    assert_eq!(effect, Effect::Changed);
    assert_eq!(find(&mut rib, &far), (24, Some(Kind::Forward), ETH3));
    assert_eq!(before.v4.find(&far).len, 0);
    let gone = remove(
        &mut rib,
        254,
        "198.51.100.0/24",
        via(&[hop(ETH3, "10.3.0.1")]),
    );
    assert_eq!(gone, Effect::Changed);
    assert_eq!(find(&mut rib, &far), (0, Some(Kind::Forward), ETH2));
}

#[test]
fn the_lowest_metric_counts_and_the_next_one_takes_over() {
    let mut rib = router();
    let backup = Route {
        priority: 200,
        ..via(&[hop(ETH3, "10.3.0.1")])
    };
    let main = Route {
        priority: 100,
        ..via(&[hop(ETH2, "10.2.0.1")])
    };
    add(&mut rib, 254, "192.0.2.0/24", backup);
    add(&mut rib, 254, "192.0.2.0/24", main.clone());
    let there = packet("10.1.0.2", "192.0.2.7");
    assert_eq!(find(&mut rib, &there).2, ETH2);
    remove(&mut rib, 254, "192.0.2.0/24", main);
    assert_eq!(find(&mut rib, &there).2, ETH3);
    assert_eq!(rib.len(), (5, 0));
}

#[test]
fn what_is_discarded_or_thrown_goes_nowhere_here() {
    let mut rib = router();
    add(&mut rib, 254, "203.0.113.0/24", route(Kind::Discard, &[]));
    let there = packet("10.1.0.2", "203.0.113.1");
    assert_eq!(find(&mut rib, &there), (24, Some(Kind::Discard), 0));
    add(&mut rib, 253, "203.0.113.0/25", via(&[hop(ETH3, "")]));
    add(&mut rib, 254, "203.0.113.0/24", route(Kind::Throw, &[]));
    assert_eq!(
        find(&mut rib, &there),
        (25, Some(Kind::Forward), ETH3),
        "the next rule decides"
    );
}

#[test]
fn rules_choose_the_table() {
    let mut rib = router();
    rib.apply(Change::Link(link(ETH1, "eth1")));
    add(&mut rib, 100, "0.0.0.0/0", via(&[hop(ETH3, "10.3.0.1")]));
    let from = Rule {
        source: Some(net("10.1.0.128/25")),
        ..Rule::new(90, Action::Table(100))
    };
    rule(&mut rib, from.clone());
    assert_eq!(find(&mut rib, &packet("10.1.0.200", "192.0.2.1")).2, ETH3);
    assert_eq!(find(&mut rib, &packet("10.1.0.2", "192.0.2.1")).2, ETH2);
    rib.apply(Change::V4(Entry::RemoveRule(from)));
    assert_eq!(find(&mut rib, &packet("10.1.0.200", "192.0.2.1")).2, ETH2);
    // A typical VPN setup: the main table without its default route, then everything unmarked into the tunnel.
    rule(
        &mut rib,
        Rule {
            suppress_len: Some(0),
            ..Rule::new(10, Action::Table(254))
        },
    );
    let marked = Rule {
        mark: Some((0xca6c, u32::MAX)),
        not: true,
        ..Rule::new(11, Action::Table(100))
    };
    rule(&mut rib, marked);
    assert_eq!(find(&mut rib, &packet("10.1.0.2", "192.0.2.1")).2, ETH3);
    assert_eq!(find(&mut rib, &packet("10.1.0.2", "10.2.0.9")).2, ETH2);
    rule(
        &mut rib,
        Rule {
            input: Some("eth1".into()),
            ..Rule::new(5, Action::Discard)
        },
    );
    assert_eq!(
        find(&mut rib, &packet("10.1.0.2", "10.2.0.9")).1,
        Some(Kind::Discard)
    );
    let elsewhere = Packet {
        interface: ETH2,
        ..packet("10.1.0.2", "10.2.0.9")
    };
    assert_eq!(find(&mut rib, &elsewhere).2, ETH2);
}

#[test]
fn goto_only_goes_forward() {
    let mut rib = router();
    rule(&mut rib, Rule::new(20, Action::Goto(10)));
    rule(&mut rib, Rule::new(10, Action::Goto(30)));
    rule(&mut rib, Rule::new(15, Action::Discard));
    assert_eq!(find(&mut rib, &packet("10.1.0.2", "10.2.0.9")).2, ETH2);
}

#[test]
fn a_vrf_has_a_table_of_its_own() {
    let mut rib = router();
    rule(&mut rib, Rule::new(1000, Action::Vrf));
    add(&mut rib, 100, "0.0.0.0/0", via(&[hop(ETH3, "10.3.0.1")]));
    rib.apply(Change::Link(Link {
        vrf_table: Some(100),
        ..link(40, "blue")
    }));
    rib.apply(Change::Link(link(ETH1, "eth1")));
    assert_eq!(find(&mut rib, &packet("10.1.0.2", "192.0.2.1")).2, ETH2);
    let joined = rib.apply(Change::Link(Link {
        master: Some(40),
        ..link(ETH1, "eth1")
    }));
    assert_eq!(
        joined,
        Effect::Reread,
        "its connected routes move to the other table"
    );
    assert_eq!(find(&mut rib, &packet("10.1.0.2", "192.0.2.1")).2, ETH3);
    assert_eq!((rib.fib().vrf(ETH1), rib.fib().vrf(ETH2)), (40, 0));
}

#[test]
fn several_hops_share_by_weight_and_a_flow_keeps_its_own() {
    let mut rib = router();
    let heavy = Hop {
        weight: 3,
        ..hop(ETH2, "10.2.0.1")
    };
    let down = Hop {
        dead: true,
        ..hop(ETH1, "10.1.0.9")
    };
    let hops = [heavy, hop(ETH3, "10.3.0.1"), down];
    add(&mut rib, 254, "198.51.100.0/24", via(&hops));
    let fib = rib.fib();
    let mut counts = BTreeMap::new();
    for host in 0..4000_u32 {
        let packet = Packet {
            source: v4("10.1.0.0") + host,
            ..packet("10.1.0.0", "198.51.100.9")
        };
        let output = fib.v4.find(&packet).hop(&packet).unwrap().output;
        assert_eq!(output, fib.v4.find(&packet).hop(&packet).unwrap().output);
        *counts.entry(output).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 2, "none by the hop that is down: {counts:?}");
    assert!((2800..3200).contains(&counts[&ETH2]), "{counts:?}");
    let leaving = Packet {
        interface: ETH3,
        outgoing: true,
        ..packet("10.1.0.2", "198.51.100.9")
    };
    assert_eq!(fib.v4.find(&leaving).hop(&leaving).unwrap().output, ETH3);
}

#[test]
fn routes_follow_their_nexthop_object() {
    let mut rib = router();
    let by_object = |id| Route {
        hops: Hops::Object(id),
        ..via(&[])
    };
    add(&mut rib, 254, "198.51.100.0/24", by_object(7));
    add(&mut rib, 254, "203.0.113.0/24", by_object(8));
    rib.apply(Change::NextHop(7, NextHop::Hop(hop(ETH3, "10.3.0.1"))));
    rib.apply(Change::NextHop(8, NextHop::Group(vec![(7, 1), (9, 1)])));
    let (one, group) = (
        packet("10.1.0.2", "198.51.100.1"),
        packet("10.1.0.2", "203.0.113.1"),
    );
    assert_eq!(
        (find(&mut rib, &one).2, find(&mut rib, &group).2),
        (ETH3, ETH3)
    );
    rib.apply(Change::NextHop(7, NextHop::Hop(hop(ETH2, "10.2.0.9"))));
    assert_eq!(
        (find(&mut rib, &one).2, find(&mut rib, &group).2),
        (ETH2, ETH2)
    );
    rib.apply(Change::NextHop(7, NextHop::Discard));
    assert_eq!(find(&mut rib, &one).1, Some(Kind::Discard));
    assert_eq!(rib.apply(Change::NextHopGone(7)), Effect::Reread);
}

#[test]
fn ipv6_hops_come_one_by_one() {
    let mut rib = Rib::default();
    rib.apply(Change::V6(Entry::AddRule(Rule::new(0, Action::Table(254)))));
    let prefix = Prefix::new(0x2001_0db8_u128 << 96, 32);
    let route = |output| Route {
        priority: 1024,
        ..via(&[hop(output, "fe80::1")])
    };
    let there = Packet {
        source: 1_u128,
        destination: 0x2001_0db8_u128 << 96 | 9,
        interface: ETH1,
        outgoing: true,
        tos: 0,
        protocol: 6,
        ports: (1, 2),
    };
    for output in [ETH1, ETH2] {
        let route = route(output);
        rib.apply(Change::V6(Entry::AddRoute {
            table: 254,
            prefix,
            route,
            replace: false,
        }));
    }
    let output = |rib: &mut Rib, interface| {
        let there = Packet { interface, ..there };
        rib.fib().v6.find(&there).hop(&there).map(|hop| hop.output)
    };
    assert_eq!(
        (output(&mut rib, ETH1), output(&mut rib, ETH2)),
        (Some(ETH1), Some(ETH2))
    );
    let route = route(ETH1);
    rib.apply(Change::V6(Entry::RemoveRoute {
        table: 254,
        prefix,
        route,
    }));
    assert_eq!(output(&mut rib, ETH1), Some(ETH2));
    assert_eq!(rib.len(), (0, 1));
}
