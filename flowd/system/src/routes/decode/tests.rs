use std::net::Ipv4Addr;

use fib::{Effect, NextHop, Packet, Rib};
use rtnetlink::packet_core::Emitable;
use rtnetlink::packet_route::link::InfoKind;
use rtnetlink::packet_route::route::RouteHeader;

use super::*;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWNEXTHOP: u16 = 104;

fn encoded(message_type: u16, body: &impl Emitable) -> Decoded {
    let mut octets = vec![0; body.buffer_len()];
    body.emit(&mut octets);
    raw(message_type, &octets)
}

fn raw(message_type: u16, body: &[u8]) -> Decoded {
    let mut header = NetlinkHeader::default();
    header.message_type = message_type;
    message(&header, body)
}

fn interface(index: u32, name: &str, attributes: Vec<LinkAttribute>) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up | LinkFlags::LowerUp;
    message.attributes = vec![LinkAttribute::IfName(name.into())];
    message.attributes.extend(attributes);
    message
}

fn default_route(attributes: Vec<RouteAttribute>) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: AddressFamily::Inet,
        table: 254,
        kind: RouteType::Unicast,
        ..RouteHeader::default()
    };
    message.attributes = attributes;
    message
}

fn change(decoded: Decoded) -> Change {
    match decoded {
        Decoded::Change(change) => change,
        other => panic!("{other:?}"),
    }
}

/// VRF devices as the kernel reports them. The message is made by hand, because many kernels are built without VRF.
#[test]
fn members_of_a_vrf_are_known_by_its_device() {
    let vrf = LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Vrf),
        LinkInfo::Data(InfoData::Vrf(vec![InfoVrf::TableId(1001)])),
    ]);
    let mut rib = Rib::default();
    for message in [
        interface(7, "blue", vec![vrf]),
        interface(3, "eth1", vec![LinkAttribute::Controller(7)]),
        interface(
            4,
            "eth2",
            vec![LinkAttribute::Address(vec![2, 0, 0, 0, 0, 4])],
        ),
    ] {
        assert_eq!(
            rib.apply(change(encoded(RTM_NEWLINK, &message))),
            Effect::Changed
        );
    }
    let fib = rib.fib();
    assert_eq!((fib.vrf(3), fib.vrf(7), fib.vrf(4)), (7, 7, 0));
    assert!(fib.has_mac([2, 0, 0, 0, 0, 4]));
}

#[test]
fn a_gateway_of_the_other_family_is_one() {
    let via = RouteAttribute::Via(RouteVia::Inet6("fe80::1".parse().unwrap()));
    let message = default_route(vec![via, RouteAttribute::Oif(3)]);
    let Change::V4(Entry::AddRoute { route, .. }) = change(encoded(RTM_NEWROUTE, &message)) else {
        panic!("an IPv4 route")
    };
    let Hops::List(hops) = route.hops else {
        panic!("a hop")
    };
    assert_eq!(
        (hops[0].output, hops[0].gateway),
        (3, "fe80::1".parse().ok())
    );
}

#[test]
fn routes_for_a_type_of_service_are_left_out() {
    let mut message = default_route(vec![RouteAttribute::Oif(3)]);
    message.header.tos = 0x10;
    assert!(matches!(
        encoded(RTM_NEWROUTE, &message),
        Decoded::Unsupported
    ));
    message.header.tos = 0;
    message.header.flags = RouteFlags::Cloned;
    assert!(matches!(encoded(RTM_NEWROUTE, &message), Decoded::Ignored));
}

#[test]
fn nexthop_objects_lead_their_routes() {
    let gateway = Ipv4Addr::new(10, 0, 0, 9).octets();
    let one = [
        &[
            2, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 5, 0, 0, 0, 8, 0, 5, 0, 3, 0, 0, 0, 8, 0, 6, 0,
        ][..],
        &gateway,
    ]
    .concat();
    let Change::NextHop(5, NextHop::Hop(hop)) = change(raw(RTM_NEWNEXTHOP, &one)) else {
        panic!("a hop")
    };
    assert_eq!(
        (hop.output, hop.gateway, hop.dead),
        (3, Some(gateway.into()), false)
    );
    let group = [
        0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 6, 0, 0, 0, 20, 0, 2, 0, 5, 0, 0, 0, 2, 0, 0, 0, 9, 0,
        0, 0, 255, 1, 0, 0,
    ];
    let Change::NextHop(6, NextHop::Group(members)) = change(raw(RTM_NEWNEXTHOP, &group)) else {
        panic!("a group")
    };
    assert_eq!(members, [(5, 3), (9, 512)]);
    let by_object = default_route(vec![RouteAttribute::NhId(5)]);
    let mut rib = Rib::default();
    let rule = fib::Rule::new(0, fib::Action::Table(254));
    rib.apply(Change::V4(Entry::AddRule(rule)));
    rib.apply(change(raw(RTM_NEWNEXTHOP, &one)));
    rib.apply(change(encoded(RTM_NEWROUTE, &by_object)));
    let packet = Packet {
        source: 1,
        destination: 2,
        interface: 9,
        outgoing: false,
        tos: 0,
        protocol: 6,
        ports: (1, 2),
    };
    let fib = rib.fib();
    assert_eq!(
        fib.v4.find(&packet).hop(&packet).map(|hop| hop.output),
        Some(3)
    );
}

#[test]
fn messages_cut_anywhere_are_read_or_not_and_nothing_else() {
    let message = interface(3, "eth1", vec![LinkAttribute::Controller(7)]);
    let mut octets = vec![0; message.buffer_len()];
    message.emit(&mut octets);
    for (kind, octets) in [(RTM_NEWLINK, octets), (RTM_NEWNEXTHOP, vec![8; 40])] {
        for len in 0..octets.len() {
            raw(kind, &octets[..len]);
        }
    }
    assert!(matches!(raw(RTM_NEWROUTE, &[2, 0]), Decoded::Undecodable));
}
