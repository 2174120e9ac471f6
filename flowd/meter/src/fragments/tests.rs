use wire::protocol::{TCP, UDP};

use super::*;

const S: u64 = 1_000_000_000;

/// A fragment of a packet from host `host`.
fn fragment(host: u32, id: u32, protocol: u8, offset: u16, more: bool, ports: [u8; 4]) -> Header {
    let mut header = Header::empty();
    header.protocol = protocol;
    header.set(at::PROTOCOL, &[protocol]);
    header.set(at::SOURCE_IPV4, &host.to_be_bytes());
    header.set(at::FRAGMENT_ID, &id.to_be_bytes());
    header.set(at::FRAGMENT_OFFSET, &offset.to_be_bytes());
    header.set(at::FRAGMENT_FLAGS, &[if more { MORE } else { 0 }]);
    header.set(PORTS, &ports);
    header
}

const P: [u8; 4] = [0, 53, 0x80, 1];
const NONE: [u8; 4] = [0; 4];

fn ports(header: &Header) -> [u8; 4] {
    octets(header, PORTS)
}

/// The table and its counters.
#[derive(Default)]
struct Table {
    fragments: Fragments,
    counts: FragmentCounts,
}

impl Table {
    fn observe(&mut self, header: &mut Header, time_ns: u64) {
        self.fragments.observe(header, time_ns, &mut self.counts);
    }
}

#[test]
fn later_fragments_get_the_ports_of_their_first() {
    let mut table = Table::default();
    table.observe(&mut fragment(1, 7, UDP, 0, true, P), S);
    let mut later = fragment(1, 7, UDP, 185, true, NONE);
    table.observe(&mut later, S);
    assert_eq!(ports(&later), P);
    assert_eq!(later.get(at::UDP_DESTINATION_PORT), [0x80, 1]);
    // Another packet, host, protocol, VLAN or family; and one that comes before its first fragment.
    let others = [
        fragment(1, 8, UDP, 185, false, NONE),
        fragment(2, 7, UDP, 185, false, NONE),
        fragment(1, 7, TCP, 185, false, NONE),
        {
            let mut tagged = fragment(1, 7, UDP, 185, false, NONE);
            tagged.set(at::VLAN, &[0, 5]);
            tagged
        },
        {
            let mut v6 = fragment(1, 7, UDP, 185, false, NONE);
            v6.family = Family::V6;
            v6
        },
    ];
    for mut other in others {
        table.observe(&mut other, S);
        assert_eq!(ports(&other), NONE);
    }
    let counts = FragmentCounts {
        given: 1,
        unknown: 5,
        forgotten: 0,
    };
    assert_eq!(table.counts, counts);
    // ESP has no ports.
    table.observe(&mut fragment(1, 9, 50, 185, false, NONE), S);
    // A packet that is not fragmented is not remembered.
    table.observe(&mut fragment(1, 10, UDP, 0, false, P), S);
    assert_eq!(table.counts, counts);
}

#[test]
fn icmp_has_a_type_and_ipv6_a_protocol() {
    let mut table = Table::default();
    let echo = [0, 0, 128, 0];
    let mut first = fragment(1, 7, 58, 0, true, echo);
    first.family = Family::V6;
    table.observe(&mut first, S);
    // Destination options follow the fragment header; only the first fragment shows what is behind them.
    let mut later = fragment(1, 7, 60, 185, false, NONE);
    later.family = Family::V6;
    table.observe(&mut later, S);
    assert_eq!((later.protocol, later.get(at::PROTOCOL)), (58, &[58][..]));
    assert_eq!(ports(&later), echo);
    assert_eq!(later.get(at::ICMP_TYPE_CODE), [128, 0]);
}

#[test]
fn packets_are_forgotten_by_the_packets_own_time() {
    let mut table = Table::default();
    table.observe(&mut fragment(1, 7, UDP, 0, true, P), 100 * S);
    for (at, known) in [(130, true), (131, false), (71, true), (69, false)] {
        let mut later = fragment(1, 7, UDP, 185, false, NONE);
        table.observe(&mut later, at * S);
        assert_eq!(ports(&later) == P, known, "{at}");
    }
    // The identification is used again.
    let again = [0, 1, 0, 2];
    table.observe(&mut fragment(1, 7, UDP, 0, true, again), 101 * S);
    let mut later = fragment(1, 7, UDP, 185, false, NONE);
    table.observe(&mut later, 101 * S);
    assert_eq!(ports(&later), again);
    assert_eq!(table.counts.forgotten, 0);
}

#[test]
fn a_full_table_forgets_the_oldest_and_says_so() {
    let mut table = Table::default();
    let packets = 3 * (SETS * WAYS) as u32;
    for id in 0..packets {
        table.observe(&mut fragment(1, id, UDP, 0, true, P), S + u64::from(id));
    }
    let counts = table.counts;
    assert!(counts.forgotten >= u64::from(packets) - (SETS * WAYS) as u64);
    let mut known = 0;
    for id in 0..packets {
        let mut later = fragment(1, id, UDP, 185, false, NONE);
        table.observe(&mut later, 2 * S);
        known += u64::from(ports(&later) == P);
    }
    assert_eq!(known, u64::from(packets) - counts.forgotten);
    assert_eq!(table.counts.given, known);
    // The newest ones are remembered.
    let mut newest = fragment(1, packets - 1, UDP, 185, false, NONE);
    table.observe(&mut newest, 2 * S);
    assert_eq!(ports(&newest), P);
    // Stale entries are replaced without being counted, everywhere in the table. Which set a packet falls into
    // differs from run to run, so packets whose set is full already are left out.
    let mut taken = 0;
    for id in 0.. {
        if taken == SETS * WAYS {
            break;
        }
        let mut first = fragment(2, id, UDP, 0, true, P);
        let set = table.fragments.set(&key(&first));
        if set.iter().any(|entry| entry.time_ns != 60 * S) {
            table.observe(&mut first, 60 * S);
            taken += 1;
        }
    }
    assert_eq!(table.counts.forgotten, counts.forgotten);
    // Now no entry is stale, and one more packet replaces another.
    table.observe(&mut fragment(3, 0, UDP, 0, true, P), 60 * S);
    assert_eq!(table.counts.forgotten, counts.forgotten + 1);
}
