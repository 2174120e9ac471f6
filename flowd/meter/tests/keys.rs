//! Two packets belong to one flow if and only if every value the record matches is the same in both: what is
//! exported of the key distinguishes the flows of one record, and nothing else does.

use std::time::Duration;

use flow::{EndReason, Record, Value};
use meter::{Burst, CacheType, KeptTables, Monitor, Settings, Timeouts};
use proptest::prelude::*;
use registry::{FIELDS, Field};
use wire::{Family, LinkType, Packet};

/// Every field that can be matched, and some variants of those with a parameter.
fn keys() -> Vec<&'static Field> {
    let plain = FIELDS
        .iter()
        .filter(|field| field.key && field.parameter().is_none());
    let some = [
        "transport tcp flags syn",
        "transport tcp flags ack fin rst",
        "ipv4 section header size 9",
        "ipv4 section payload size 64",
        "ipv6 section header size 64",
        "ipv6 section payload size 3",
    ];
    let some = some.iter().map(|words| Field::by_words(words).unwrap());
    plain.chain(some).collect()
}

/// Frames with something in every line of a header.
fn frames() -> Vec<Vec<u8>> {
    let ethernet = |kinds: &[u8], rest: &[&[u8]]| {
        let macs = [2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 9, 9];
        [&macs, kinds, &rest.concat()].concat()
    };
    let ipv4 = |protocol: u8, behind: u8| {
        let mut header = vec![0x46, 0xb8, 0, 24 + behind, 0x12, 0x34, 0, 0];
        header.extend([64, protocol, 0, 0]);
        header.extend([192, 0, 2, 1, 198, 51, 100, 2, 0x94, 4, 0, 0]);
        header
    };
    let ipv6 = |next: u8, behind: u8| {
        let mut header = vec![0x6b, 0x85, 0x43, 0x21, 0, behind, next, 62];
        for last in [1, 2] {
            header.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        header
    };
    let tcp = [
        0x12, 0x34, 1, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x12, 0xfa, 0xf0, 0, 0, 0, 7,
    ];
    let udp = [0, 53, 0x82, 0x35, 0, 10, 0, 0, 1, 2];
    let options = [17, 0, 1, 4, 0, 0, 0, 0];
    let tags = [0x88, 0xa8, 0xa0, 0x64, 0x81, 0, 0x60, 0xc8, 8, 0];
    let labels = [0x88, 0x47, 0x12, 0x34, 0x50, 9, 0, 0, 0x31, 64];
    vec![
        ethernet(&tags, &[&ipv4(6, 20), &tcp]),
        ethernet(&labels, &[&ipv4(17, 10), &udp]),
        ethernet(&[8, 0], &[&ipv4(1, 8), &[3, 13, 0, 0, 0, 0, 0, 0]]),
        ethernet(&[0x86, 0xdd], &[&ipv6(60, 18), &options, &udp]),
        ethernet(&[0x86, 0xdd], &[&ipv6(6, 20), &tcp]),
    ]
}

/// A frame, and another that differs from it in a few octets or not at all.
fn two_frames() -> impl Strategy<Value = [Vec<u8>; 2]> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let changes = prop::collection::vec(change, 0..4);
    (prop::sample::select(frames()), changes).prop_map(|(one, changes)| {
        let mut other = one.clone();
        for (at, octet) in changes {
            let at = at.index(other.len());
            other[at] ^= octet;
        }
        [one, other]
    })
}

/// The flows of these frames, each sent or received: family and values of the key.
fn flows(record: &Record, frames: &[(&[u8], bool)]) -> Vec<(Family, Vec<Value>)> {
    let settings = Settings {
        record: record.clone(),
        entries: 16,
        cache_type: CacheType::Normal,
        timeouts: Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15)),
        input: true,
        output: true,
        families: [true, true],
        sampler: None,
        statistics: KeptTables::default(),
    };
    let mut monitor = Monitor::new(settings, 1);
    let mut burst = Burst::default();
    burst.set_wanted_lines(monitor.wanted_lines());
    for (frame, outgoing) in frames {
        burst.observe(&Packet {
            time_ns: 1,
            data: frame,
            wire_len: frame.len() as u32,
            link: LinkType::Ethernet,
            tag: None,
            outgoing: *outgoing,
        });
    }
    monitor.burst(&mut burst);
    monitor.flush(EndReason::Forced);
    let batches: Vec<_> = monitor.drain().collect();
    let flows = batches.iter().flat_map(|batch| batch.iter());
    flows
        .map(|flow| {
            let keys = flow.layout.slots.iter().filter(|slot| slot.key);
            let values = keys.map(|slot| flow.value(slot)).collect();
            (flow.layout.family, values)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_flow_means_one_key_and_one_key_means_one_flow(
        fields in prop::sample::subsequence(keys(), 1..5),
        frames in two_frames(),
        leaving in any::<[bool; 2]>(),
    ) {
        let record = Record { keys: fields, collects: Vec::new(), ..Record::netflow_original() };
        let [one, other] = &frames;
        let (one, other) = ((&one[..], leaving[0]), (&other[..], leaving[1]));
        // A packet of another family, or one that has become unreadable, makes no flow.
        let mut alone = flows(&record, &[one]);
        alone.extend(flows(&record, &[other]));
        let together = flows(&record, &[one, other]);
        let mut distinct = alone.clone();
        distinct.dedup();
        prop_assert_eq!(together.len(), distinct.len(), "{:?}", alone);
        for flow in &together {
            prop_assert!(alone.contains(flow), "{:?} of {:?}", flow, alone);
        }
    }
}
