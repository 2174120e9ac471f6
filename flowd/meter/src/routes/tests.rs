use fib::{Action, Change, Entry, Hop, Hops, Kind, Link, Prefix, Rib, Route, Rule};
use flow::EndReason;
use wire::Lines;

use super::*;
use crate::burst::Burst;
use crate::{CacheType, Monitor, Settings, Timeouts};

const OURS: [u8; 6] = [2, 0, 0, 0, 0, 1];
const THEIRS: [u8; 6] = [2, 0, 0, 0, 0, 2];
const LAN: u32 = 4;
const UPLINK: u32 = 7;
const BACKUP: u32 = 8;

fn route(output: u32, gateway: Option<&str>) -> Route {
    let hop = Hop {
        output,
        gateway: gateway.and_then(|gateway| gateway.parse().ok()),
        weight: 1,
        dead: false,
    };
    Route {
        priority: 0,
        kind: Kind::Forward,
        hops: Hops::List([hop].into()),
        shadows: false,
    }
}

fn change(rib: &mut Rib, prefix: (&str, u8), route: Route) {
    let table = 254;
    rib.apply(match prefix.0.parse().unwrap() {
        IpAddr::V4(address) => Change::V4(Entry::AddRoute {
            table,
            prefix: Prefix::new(address.into(), prefix.1),
            route,
            replace: true,
        }),
        IpAddr::V6(address) => Change::V6(Entry::AddRoute {
            table,
            prefix: Prefix::new(address.into(), prefix.1),
            route,
            replace: true,
        }),
    });
}

/// 10.0.0.0/24 and 2001:db8::/64 on the LAN; everything else through a router on the uplink.
fn rib() -> Rib {
    let mut rib = Rib::default();
    rib.apply(Change::V4(Entry::AddRule(Rule::new(0, Action::Table(254)))));
    rib.apply(Change::V6(Entry::AddRule(Rule::new(0, Action::Table(254)))));
    for link in [LAN, UPLINK, BACKUP] {
        rib.apply(Change::Link(Link {
            index: link,
            name: format!("eth{link}"),
            state: (true, true),
            master: None,
            vrf_table: None,
            mac: (link == LAN).then_some(OURS),
        }));
    }
    change(&mut rib, ("10.0.0.0", 24), route(LAN, None));
    change(
        &mut rib,
        ("198.51.0.0", 16),
        route(UPLINK, Some("192.0.2.1")),
    );
    change(&mut rib, ("2001:db8::", 64), route(LAN, None));
    change(&mut rib, ("::", 0), route(UPLINK, Some("2001:db8:f::1")));
    rib
}

fn routing(rib: &mut Rib) -> Option<Routing> {
    Some(Routing {
        fib: Arc::new(rib.fib()),
        interface: LAN,
    })
}

/// A frame of a UDP datagram from 10.0.0.`host` to 198.51.100.9.
fn frame(to: [u8; 6], host: u8) -> Vec<u8> {
    let ip = [
        0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, host, 198, 51, 100, 9,
    ];
    let udp = [0x13, 0x88, 0, 53, 0, 8, 0, 0];
    [&to[..], &THEIRS, &[8, 0], &ip, &udp].concat()
}

fn observe(burst: &mut Burst, data: &[u8], outgoing: bool) {
    burst.observe(&wire::Packet {
        time_ns: 1_000_000_000,
        data,
        wire_len: data.len() as u32,
        link: wire::LinkType::Ethernet,
        tag: None,
        outgoing,
    });
}

fn burst(routing: Option<Routing>) -> Burst {
    let mut burst = Burst::default();
    burst.set_wanted_lines(Lines::ALL);
    burst.set_routing(routing);
    burst
}

const ALL: RouteValues = RouteValues(7);

/// Output, next hop, source prefix length and prefix, destination prefix length and prefix of an IPv4 packet.
fn said(burst: &mut Burst) -> (u32, [u8; 4], u8, [u8; 4], u8, [u8; 4]) {
    let (packets, routing) = burst.parts();
    if let Some(routing) = routing {
        routing.fill(&mut packets[0], ALL);
    }
    let header = &packets[0].header;
    let four = |span| -> [u8; 4] { header.get(span).try_into().unwrap() };
    let said = (
        u32::from_be_bytes(four(at::OUTPUT)),
        four(at::NEXT_HOP_IPV4),
        header.get(at::SOURCE_MASK)[0],
        four(at::SOURCE_PREFIX_IPV4),
        header.get(at::DESTINATION_MASK)[0],
        four(at::DESTINATION_PREFIX_IPV4),
    );
    burst.clear();
    said
}

#[test]
fn a_packet_for_this_host_to_forward_has_all_its_routes() {
    let mut burst = burst(routing(&mut rib()));
    observe(&mut burst, &frame(OURS, 5), false);
    assert_eq!(
        said(&mut burst),
        (
            UPLINK,
            [192, 0, 2, 1],
            24,
            [10, 0, 0, 0],
            16,
            [198, 51, 0, 0]
        )
    );
}

#[test]
fn a_mirrored_frame_goes_nowhere_from_here() {
    let mut burst = burst(routing(&mut rib()));
    observe(&mut burst, &frame(THEIRS, 5), false);
    assert_eq!(
        said(&mut burst),
        (0, [0; 4], 24, [10, 0, 0, 0], 16, [198, 51, 0, 0]),
        "the masks are facts of the table"
    );
    observe(&mut burst, &frame([0xff; 6], 5), false);
    assert_eq!(said(&mut burst).0, 0);
}

#[test]
fn a_packet_that_leaves_keeps_the_interface_it_left_by() {
    let mut burst = burst(routing(&mut rib()));
    observe(&mut burst, &frame(THEIRS, 5), true);
    let (output, next_hop, ..) = said(&mut burst);
    assert_eq!(
        (output, next_hop),
        (0, [192, 0, 2, 1]),
        "who captures it sets the output"
    );
}

#[test]
fn without_routes_all_is_zero() {
    let mut burst = burst(None);
    observe(&mut burst, &frame(OURS, 5), false);
    assert_eq!(said(&mut burst), (0, [0; 4], 0, [0; 4], 0, [0; 4]));
}

#[test]
fn ipv6_has_its_own() {
    let mut burst = burst(routing(&mut rib()));
    let ip = [
        &[0x60, 0, 0, 0, 0, 8, 17, 64][..],
        &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
        &[0x20, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
        &[0x13, 0x88, 0, 53, 0, 8, 0, 0],
    ]
    .concat();
    let frame = [&OURS[..], &THEIRS, &[0x86, 0xdd], &ip].concat();
    observe(&mut burst, &frame, false);
    let (packets, routing) = burst.parts();
    routing.unwrap().fill(&mut packets[0], ALL);
    let header = &packets[0].header;
    let sixteen = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    assert_eq!(header.get(at::OUTPUT), UPLINK.to_be_bytes());
    assert_eq!(header.get(at::NEXT_HOP), sixteen("2001:db8:f::1"));
    assert_eq!(header.get(at::SOURCE_MASK), [64]);
    assert_eq!(header.get(at::SOURCE_PREFIX), sixteen("2001:db8::"));
    assert_eq!(header.get(at::DESTINATION_MASK), [0]);
    assert_eq!(header.get(at::DESTINATION_PREFIX), [0; 16]);
}

fn monitor(record: Record, cache_type: CacheType) -> Monitor {
    let settings = Settings {
        record,
        entries: 100,
        cache_type,
        timeouts: Timeouts::FLEXIBLE_NETFLOW,
        input: true,
        output: true,
        families: [true, true],
        sampler: None,
        statistics: Default::default(),
    };
    Monitor::new(settings, 1)
}

/// A packet of each host, and another after the route to their destination has changed. Returns outputs and packets
/// of the flows.
fn rerouted(mut monitor: Monitor) -> Vec<(u32, u64)> {
    assert!(wants_routes(&monitor.settings().record));
    let mut rib = rib();
    let mut burst = burst(routing(&mut rib));
    burst.set_wanted_lines(monitor.wanted_lines());
    observe(&mut burst, &frame(OURS, 5), false);
    monitor.burst(&mut burst);
    burst.clear();
    change(&mut rib, ("198.51.100.0", 24), route(BACKUP, None));
    burst.set_routing(routing(&mut rib));
    observe(&mut burst, &frame(OURS, 5), false);
    observe(&mut burst, &frame(OURS, 6), false);
    monitor.burst(&mut burst);
    monitor.flush(EndReason::Forced);
    let mut flows: Vec<_> = monitor
        .drain()
        .flat_map(|batch| {
            let flows = batch.iter().map(|flow| {
                let output = flow.octets[at::OUTPUT.range()].try_into().unwrap();
                (u32::from_be_bytes(output), flow.totals.packets)
            });
            flows.collect::<Vec<_>>()
        })
        .collect();
    flows.sort_unstable();
    flows
}

#[test]
fn a_collected_output_is_that_of_the_first_packet() {
    let record = Record::netflow_original();
    assert_eq!(
        rerouted(monitor(record.clone(), CacheType::Normal)),
        [(UPLINK, 2), (BACKUP, 1)]
    );
    assert_eq!(
        rerouted(monitor(record, CacheType::Immediate)),
        [(UPLINK, 1), (BACKUP, 1), (BACKUP, 1)]
    );
}

#[test]
fn a_matched_output_parts_the_flow() {
    let mut record = Record::netflow_original();
    record
        .keys
        .push(Record::key_field("interface output").unwrap());
    record
        .collects
        .retain(|field| field.words != "interface output");
    assert_eq!(
        rerouted(monitor(record, CacheType::Normal)),
        [(UPLINK, 1), (BACKUP, 1), (BACKUP, 1)]
    );
}

#[test]
fn a_record_that_does_not_speak_of_routes_wants_none() {
    let record = Record {
        collects: Vec::new(),
        ..Record::netflow_original()
    };
    assert!(!wants_routes(&record));
}
