//! Options of a samplicator's receivers: templates for sampled copies and after an absence, DSCP and TTL, and multicast groups.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

use flow_tests::collectors::Nfcapd;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Site, skip, until};
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::Value as Json;

/// The fields of the records, by element and length (RFC 3954 §8): source and destination address and port, protocol, packets
/// and octets.
const FIELDS: [(u16, u16); 7] = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 4), (1, 4)];
/// Number of records in a datagram.
const RECORDS: u16 = 10;

/// An exporter of NetFlow v9 that sends its template only once.
struct Exporter {
    socket: UdpSocket,
    sequence: u32,
}

impl Exporter {
    fn new(site: &Site) -> Exporter {
        let socket = site
            .exporter
            .enter(|| UdpSocket::bind("192.168.3.1:5000").expect("the port is free"));
        socket.connect("192.168.3.2:2055").expect("a route");
        Exporter {
            socket,
            sequence: 0,
        }
    }

    fn send(&mut self, count: u16, set: u16, content: &[u8]) {
        let mut octets = Vec::new();
        octets.extend([9_u16.to_be_bytes(), count.to_be_bytes()].concat());
        // Uptime, time, sequence, source identifier.
        for word in [60_000, 1_700_000_000, self.sequence, 7] {
            octets.extend(u32::to_be_bytes(word));
        }
        self.sequence += 1;
        let len = (4 + content.len()).next_multiple_of(4);
        octets.extend([set.to_be_bytes(), (len as u16).to_be_bytes()].concat());
        octets.extend(content);
        octets.resize(20 + len, 0);
        self.socket.send(&octets).expect("the exporter sends");
    }

    fn template(&mut self) {
        let mut content = [300_u16, FIELDS.len() as u16]
            .map(u16::to_be_bytes)
            .concat();
        for (element, len) in FIELDS {
            content.extend([element, len].map(u16::to_be_bytes).concat());
        }
        self.send(1, 0, &content);
    }

    fn data(&mut self) {
        let content: Vec<u8> = (0..RECORDS)
            .flat_map(|number| {
                let mut record = vec![10, 0, 0, 1, 10, 0, 0, 2];
                record.extend([1000 + number, 53].map(u16::to_be_bytes).concat());
                record.push(17);
                record.extend([3_u32, 300].map(u32::to_be_bytes).concat());
                record
            })
            .collect();
        self.send(RECORDS, 300, &content);
    }
}

fn named<'a>(receivers: &'a Json, name: &str) -> &'a Json {
    let all = receivers.as_array().expect("receivers");
    let found = all.iter().find(|receiver| receiver["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {receivers:#}"))
}

fn tally(receiver: &Json, what: &str) -> u64 {
    receiver[what]["datagrams"].as_u64().unwrap_or_default()
}

/// Waits until the samplicator has sent or left out the `wanted` number of datagrams for each receiver. Returns the receivers.
#[track_caller]
fn offered(flowd: &Flowd, wanted: &[(&str, u64)]) -> Json {
    until("all datagrams at the relay", SOON, || {
        let receivers = flowd.get("/v1/samplicators/S/receivers")["receivers"].clone();
        let done = (wanted.iter())
            .all(|(name, offered)| tally(named(&receivers, name), "offered") >= *offered);
        done.then_some(receivers)
    })
}

#[test]
fn a_sample_and_what_follows_an_absence_have_their_templates() {
    if !skip::able(
        "templates for receivers",
        &["ip", "ethtool", "ping", "nfcapd", "nfdump"],
    ) {
        return;
    }
    let site = Site::new();
    let sampled = Nfcapd::start(&site.left, "192.168.4.1", 2055);
    let relay = Flowd::start(&site.relay);
    relay.configure(
        "set flow samplicator S listen-address 192.168.3.2
         set flow samplicator S port 2055
         set flow samplicator S receiver sampled address 192.168.4.1
         set flow samplicator S receiver sampled port 2055
         set flow samplicator S receiver sampled sampling 10
         set flow samplicator S receiver away address 192.168.5.1
         set flow samplicator S receiver away port 2055
         set flow samplicator S receiver away disable",
    );
    let mut exporter = Exporter::new(&site);
    exporter.template();
    (0..200).for_each(|_| exporter.data());
    let receivers = offered(&relay, &[("sampled", 201)]);
    let sent = tally(named(&receivers, "sampled"), "sent");
    // One datagram in ten, and the template.
    assert!((20..=22).contains(&sent), "{receivers:#}");

    let away = Nfcapd::start(&site.right, "192.168.5.1", 2055);
    relay.ok(&[
        "configure",
        "delete flow samplicator S receiver away disable",
        "commit",
    ]);
    (0..50).for_each(|_| exporter.data());
    let receivers = offered(&relay, &[("sampled", 251), ("away", 50)]);
    let away_now = named(&receivers, "away");
    assert_eq!(tally(away_now, "sent"), 50, "{away_now:#}");
    let replayed = tally(away_now, "replayed");
    assert!(replayed >= 1, "{away_now:#}");

    // Only its administrator can know that a collector was restarted.
    let said = relay.ok(&["replay samplicator S receiver away"]);
    assert!(said.contains("again to away"), "{said}");
    exporter.data();
    let receivers = offered(&relay, &[("sampled", 252), ("away", 51)]);
    let away_now = named(&receivers, "away");
    assert_eq!(tally(away_now, "replayed"), 2 * replayed, "{away_now:#}");
    assert_eq!(tally(named(&receivers, "sampled"), "replayed"), 0);
    let wrong = relay.sh(&["replay samplicator S receiver awya"]);
    assert!(wrong.code == 1 && wrong.err.contains("away"), "{wrong:?}");
    let sampled_data = tally(named(&receivers, "sampled"), "sent") - 1;

    // Both collectors have decoded every record: none came before its template.
    let complete = |collector: Nfcapd, datagrams: u64| {
        let printed = collector.output();
        let records = collector.records();
        let packets: u64 = (records.iter())
            .filter_map(|record| record["in_packets"].as_u64())
            .sum();
        assert_eq!(
            records.len() as u64,
            datagrams * u64::from(RECORDS),
            "{printed}"
        );
        assert_eq!(packets, 3 * records.len() as u64);
    };
    complete(sampled, sampled_data);
    complete(away, 51);
}

#[test]
fn copies_carry_their_marks_and_groups_are_listened_to() {
    if !skip::able("marks and groups", &["ip", "ethtool", "ping", "tshark"]) {
        return;
    }
    let site = Site::new();
    let relay = Flowd::start(&site.relay);
    relay.configure(
        "set flow samplicator S listen-address 239.1.2.3%eth0
         set flow samplicator S listen-address ff15::7%eth0
         set flow samplicator S port 2055
         set flow samplicator S receiver own address 192.168.4.1
         set flow samplicator S receiver own port 3001
         set flow samplicator S receiver own dscp 46
         set flow samplicator S receiver own ttl 33
         set flow samplicator S receiver six address 2001:db8:4::1
         set flow samplicator S receiver six port 3002
         set flow samplicator S receiver six dscp 10
         set flow samplicator S receiver six ttl 77
         set flow samplicator S receiver kept address 192.168.4.1
         set flow samplicator S receiver kept port 3003
         set flow samplicator S receiver kept dscp 8
         set flow samplicator S receiver kept ttl 9
         set flow samplicator S receiver kept spoof-source",
    );
    let mut capture = site.left.spawn(&[
        "tshark",
        "-l",
        "-i",
        "eth0",
        "-f",
        "udp portrange 3001-3003",
        "-T",
        "fields",
        "-E",
        "separator=/s",
        "-e",
        "udp.dstport",
        "-e",
        "ip.dsfield.dscp",
        "-e",
        "ip.ttl",
        "-e",
        "ipv6.tclass.dscp",
        "-e",
        "ipv6.hlim",
    ]);
    capture.printed("Capture started");
    let (four, six) = site.exporter.enter(|| {
        let four = UdpSocket::bind("192.168.3.1:5000").expect("the port is free");
        let six = UdpSocket::bind("[2001:db8:3::1]:5000").expect("the port is free");
        (four, six)
    });
    setsockopt(&four.as_fd(), sockopt::IpMulticastTtl, &1).expect("a time to live");
    four.send_to(b"to a group", (Ipv4Addr::new(239, 1, 2, 3), 2055))
        .expect("a route to the group");
    offered(&relay, &[("own", 1), ("kept", 1)]);
    let index = site
        .exporter
        .enter(|| nix::net::if_::if_nametoindex("eth0"));
    let group = std::net::SocketAddrV6::new(
        "ff15::7".parse().expect("a group"),
        2055,
        0,
        index.expect("eth0"),
    );
    six.send_to(b"to a group", SocketAddr::from(group))
        .expect("a route to the group");
    offered(&relay, &[("own", 2), ("six", 2)]);
    // A datagram from an IPv6 exporter cannot be sent under its address over IPv4, which is a drop reason of its own.
    for line in ["3001 46 33", "3002   10 77", "3003 8 9"] {
        capture.printed(line);
    }
}
