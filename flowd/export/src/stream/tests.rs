use std::collections::{HashMap, VecDeque};

use flow::{Batch, Totals};
use netflow_parser::NetflowParser;
use proptest::prelude::*;

use super::*;
use crate::pieces::Piece;
use crate::settings::SamplerMode;
use crate::testing::{
    BOOT_NS, Message, SECOND, Seen, Set, any_batch, any_layout, batch, decode, everything,
    expected, layout, monitor, original, sampler,
};

mod datagrams;
mod options;
mod times;

const BOOT_MS: u64 = BOOT_NS / 1_000_000;
const LIMIT: usize = 1472;

fn settings(protocol: Protocol) -> Settings {
    let mut settings = crate::testing::settings("E", "192.0.2.1");
    settings.protocol = protocol;
    settings.boot_ns = BOOT_NS;
    settings.source_id = 77;
    settings.engine = (3, 4);
    settings
}

fn stream(settings: &Settings, monitors: &[&Monitor]) -> Stream {
    let mut stream = Stream::new(settings, LIMIT);
    stream.configure(settings, monitors, &[]);
    stream
}

fn nothing_dropped(reason: DropReason, tally: RecordTally) {
    panic!("{reason:?} {tally:?}");
}

/// Decodes a stream's datagrams and checks what every stream promises.
#[derive(Default)]
struct Collector {
    parser: NetflowParser,
    templates: HashMap<u16, Seen>,
    /// What the next sequence number must be.
    sequence: u32,
    datagrams: u64,
    /// Datagrams since each template was seen.
    stale: HashMap<u16, u64>,
}

impl Collector {
    fn take(&mut self, stream: &mut Stream) -> Vec<Message> {
        let limit = stream.limit();
        let (protocol, source_id) = (stream.protocol(), stream.packer.source_id());
        let datagrams = stream.take();
        let messages = datagrams.iter().map(|datagram| {
            assert!(
                datagram.bytes.len() <= limit,
                "{} octets",
                datagram.bytes.len()
            );
            let message = decode(&mut self.parser, &datagram.bytes);
            self.check(protocol, source_id, &message);
            message
        });
        let messages: Vec<_> = messages.collect();
        stream.recycle(datagrams);
        messages
    }

    fn check(&mut self, protocol: Protocol, source_id: u32, message: &Message) {
        assert_eq!(message.sequence, self.sequence, "sequence number");
        let templates = message.templates().count();
        let step = match protocol {
            Protocol::NetflowV5 => {
                assert_eq!(message.count, message.records());
                assert_eq!(message.source_id, 0x0304);
                let header_ns = u64::from(message.secs) * SECOND + u64::from(message.nsecs);
                self.instant(u64::from(message.uptime_ms), header_ns / 1_000_000);
                message.count
            }
            Protocol::NetflowV9 => {
                assert_eq!(message.count, message.records() + templates);
                assert_eq!(message.source_id, source_id);
                self.instant(u64::from(message.uptime_ms), u64::from(message.secs) * 1000);
                1
            }
            Protocol::Ipfix => {
                assert_eq!(message.source_id, source_id);
                message.records()
            }
        };
        self.sequence = self.sequence.wrapping_add(step as u32);
        self.datagrams += 1;
        self.stale.values_mut().for_each(|since| *since += 1);
        for (id, seen) in message.templates() {
            assert!(id >= 256);
            if let Some(known) = self.templates.insert(id, seen.clone()) {
                assert_eq!(known, *seen, "template {id} changed its meaning");
            }
            self.stale.insert(id, 0);
        }
        for set in &message.sets {
            if let Set::Data { id, .. } | Set::Options { id, .. } = set {
                assert!(
                    self.stale[id] < 20,
                    "template {id} not repeated for {} datagrams",
                    self.stale[id]
                );
            }
        }
    }

    /// Asserts that time and uptime in the header give the boot time exactly, or a multiple of 2³¹ ms after it.
    fn instant(&self, uptime_ms: u64, unix_ms: u64) {
        assert_eq!((unix_ms - uptime_ms - BOOT_MS) % (1 << 31), 0);
    }

    /// Compares the octets of the records with those of the flows, in order.
    fn records(&self, messages: &[Message], batches: &[Arc<Batch>], constant: Option<u8>) {
        let mut flows = batches.iter().flat_map(|batch| batch.iter());
        let mut pieces: VecDeque<Piece<'_>> = VecDeque::new();
        for message in messages {
            for set in &message.sets {
                let Set::Data { id, records } = set else {
                    continue;
                };
                let fields = &self.templates[id].fields;
                let narrow = |(element, len): &(u16, u16)| matches!(element, 1 | 2) && *len == 4;
                for record in records {
                    if pieces.is_empty() {
                        let flow = flows.next().expect("more records than flows");
                        pieces.extend(expected_pieces(flow, fields.iter().any(narrow)));
                    }
                    let piece = pieces.pop_front().unwrap();
                    let flow = Flow {
                        totals: &piece.totals,
                        ..piece.flow
                    };
                    assert!(u64::from(message.secs) * 1000 >= flow.totals.last_ns / 1_000_000);
                    for (spec, got) in fields.iter().zip(record) {
                        let expected = expected(&flow, piece.count as u8, *spec, BOOT_MS);
                        let expected =
                            expected.or(constant.filter(|_| spec.0 == 48).map(|id| vec![id]));
                        assert_eq!(expected.as_ref(), Some(got), "element {}", spec.0);
                        assert_eq!(got.len(), usize::from(spec.1));
                    }
                }
            }
        }
        assert!(pieces.is_empty(), "a flow is not whole");
        assert_eq!(flows.count(), 0, "flows without a record");
    }
}

/// Returns the records that a flow is sent in, whose counters have 32 bits.
fn expected_pieces(flow: Flow<'_>, narrow: bool) -> Vec<Piece<'_>> {
    const MOST: u64 = 0xffff_ffff;
    let totals = *flow.totals;
    let count = match narrow {
        true => [totals.packets, totals.octets]
            .map(|sum| sum.div_ceil(MOST))
            .into_iter()
            .fold(1, u64::max),
        false => 1,
    };
    // The parts are as equal as whole numbers allow, the larger ones first.
    let share = |sum: u64, i: u64| (sum + count - 1 - i) / count;
    let piece = |i| Piece {
        flow,
        totals: Totals {
            packets: share(totals.packets, i),
            octets: share(totals.octets, i),
            ..totals
        },
        count: u64::from(i == 0),
    };
    (0..count).map(piece).collect()
}

fn elements(stream: &Stream, template: usize) -> Vec<u16> {
    stream.templates[template]
        .specs
        .iter()
        .map(|spec| spec.id)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flows_come_out_as_they_went_in(
        v9 in any::<bool>(),
        limit in 700..9000_usize,
        sampled in any::<bool>(),
        late_s in 0..30 * 86_400_u64,
        batches in (any_layout(), any_layout()).prop_flat_map(|(a, b)| {
            let one = prop_oneof![any_batch(a, 120), any_batch(b, 120)];
            proptest::collection::vec(one, 1..12)
        }),
    ) {
        let settings = settings(if v9 { Protocol::NetflowV9 } else { Protocol::Ipfix });
        let sampling = match sampled {
            true => Sampling::One(sampler(9, SamplerMode::Random, 100)),
            false => Sampling::None,
        };
        let monitor = monitor("M", vec![], sampling);
        let mut stream = stream(&settings, &[&monitor]);
        stream.set_limit(limit, 0);
        let now_ns = BOOT_NS + late_s * SECOND;
        for batch in &batches {
            stream.add(0, batch, now_ns, &mut nothing_dropped);
        }
        stream.flush(now_ns);
        let sent = stream.pending().fold(RecordTally::default(), |sum, content| sum + content.tally);
        let mut all = RecordTally::default();
        for flow in batches.iter().flat_map(|batch| batch.iter()) {
            all.count(flow.totals.packets, flow.totals.octets);
        }
        prop_assert_eq!(sent, all);
        let mut collector = Collector::default();
        let messages = collector.take(&mut stream);
        collector.records(&messages, &batches, sampled.then_some(9));
    }

    #[test]
    fn netflow_v5_sums_are_exact(
        limit in 548..9000_usize,
        late_s in 0..30 * 86_400_u64,
        batches in proptest::collection::vec(any_batch(original(Family::V4), 120), 1..6),
    ) {
        let monitor = monitor("M", vec![], Sampling::One(sampler(1, SamplerMode::Random, 100)));
        let mut stream = stream(&settings(Protocol::NetflowV5), &[&monitor]);
        stream.set_limit(limit, 0);
        let now_ns = BOOT_NS + late_s * SECOND;
        for batch in &batches {
            stream.add(0, batch, now_ns, &mut nothing_dropped);
        }
        stream.flush(now_ns);
        let sent = stream.pending().fold(RecordTally::default(), |sum, content| sum + content.tally);
        let messages = Collector::default().take(&mut stream);
        let mut records = messages.iter().flat_map(|message| &message.v5);
        let mut all = RecordTally::default();
        for flow in batches.iter().flat_map(|batch| batch.iter()) {
            all.count(flow.totals.packets, flow.totals.octets);
            let (mut packets, mut octets) = (flow.totals.packets, flow.totals.octets);
            let mut pieces = 0;
            while pieces == 0 || packets + octets > 0 {
                let record = records.next().unwrap();
                let element = |spec| expected(&flow, 1, spec, BOOT_MS).unwrap();
                prop_assert_eq!(element((8, 4)), record.src_addr.octets());
                prop_assert_eq!(element((12, 4)), record.dst_addr.octets());
                prop_assert_eq!(element((7, 2)), record.src_port.to_be_bytes());
                prop_assert_eq!(element((11, 2)), record.dst_port.to_be_bytes());
                prop_assert_eq!(element((4, 1)), [record.protocol_number]);
                prop_assert_eq!(element((5, 1)), [record.tos]);
                prop_assert_eq!(flow.totals.tcp_flags as u8, record.tcp_flags);
                prop_assert_eq!(element((22, 4)), record.first.to_be_bytes());
                prop_assert_eq!(element((21, 4)), record.last.to_be_bytes());
                let input: [u8; 4] = element((10, 4)).try_into().unwrap();
                prop_assert_eq!(u16::try_from(u32::from_be_bytes(input)).unwrap_or(0), record.input);
                packets -= u64::from(record.d_pkts);
                octets -= u64::from(record.d_octets);
                pieces += 1;
            }
        }
        prop_assert_eq!(records.next(), None);
        prop_assert_eq!(sent, all);
        for message in &messages {
            prop_assert_eq!(message.sampling, 0x8000 | 100);
            prop_assert!(message.v5.len() <= 30);
            for record in &message.v5 {
                prop_assert!(record.last <= message.uptime_ms);
            }
        }
    }
}

#[test]
fn the_predefined_record_has_the_times_its_protocol_knows() {
    let layouts = vec![original(Family::V4), original(Family::V6)];
    let monitor = monitor("M", layouts, Sampling::None);
    let v9 = stream(&settings(Protocol::NetflowV9), &[&monitor]);
    assert_eq!(
        elements(&v9, 0),
        [8, 12, 4, 7, 11, 5, 10, 14, 6, 1, 2, 22, 21]
    );
    assert_eq!(
        elements(&v9, 1),
        [27, 28, 4, 7, 11, 5, 10, 14, 6, 1, 2, 22, 21]
    );
    let ipfix = stream(&settings(Protocol::Ipfix), &[&monitor]);
    assert_eq!(
        elements(&ipfix, 0),
        [8, 12, 4, 7, 11, 5, 10, 14, 6, 1, 2, 152, 153]
    );
    // The key is copied in one step, so a record takes few steps.
    let shown = &ipfix.templates()[0];
    assert_eq!(
        (shown.id, shown.record_size, shown.client.as_str()),
        (256, 47, "Flow Monitor M")
    );
    assert_eq!(
        (shown.fields[11].words, shown.fields[11].offset),
        ("timestamp absolute first", 31)
    );
}

#[test]
fn an_operators_uptimes_over_ipfix_come_with_what_they_count_from() {
    let uptimes = [
        "timestamp sys-uptime first",
        "timestamp sys-uptime last",
        "counter bytes",
    ];
    let layout = layout(&["ipv4 protocol"], &uptimes, Family::V4);
    let monitor = monitor("M", vec![layout], Sampling::None);
    assert_eq!(
        elements(&stream(&settings(Protocol::Ipfix), &[&monitor]), 0),
        [4, 22, 21, 1, 160]
    );
    assert_eq!(
        elements(&stream(&settings(Protocol::NetflowV9), &[&monitor]), 0),
        [4, 22, 21, 1]
    );
}

#[test]
fn an_element_is_sent_once() {
    let layout = layout(
        &["flow sampler", "ipv4 ttl"],
        &[
            "ipv4 ttl",
            "counter bytes",
            "counter bytes long",
            "flow sampler",
            "interface input",
            "interface input snmp",
        ],
        Family::V4,
    );
    let monitor = monitor(
        "M",
        vec![layout],
        Sampling::One(sampler(1, SamplerMode::Random, 10)),
    );
    assert_eq!(
        elements(&stream(&settings(Protocol::NetflowV9), &[&monitor]), 0),
        [48, 192, 1, 10]
    );
}

#[test]
fn some_tcp_flags_and_all_are_two_values() {
    let layout = layout(
        &["transport tcp flags syn fin"],
        &["transport tcp flags", "transport tcp flags rst"],
        Family::V4,
    );
    let monitor = monitor("M", vec![Arc::clone(&layout)], Sampling::None);
    let mut stream = stream(&settings(Protocol::Ipfix), &[&monitor]);
    assert_eq!(elements(&stream, 0), [6, 6, 6]);
    let mut flows = Batch::with_capacity(Arc::clone(&layout), 1);
    let mut octets = vec![0; layout.len()];
    let mut header = wire::Header::empty();
    header.set(wire::at::TCP_FLAGS_8, &[0x1b]);
    layout.write_first(&header, &mut octets);
    let totals = Totals {
        tcp_flags: 0x11f,
        ..Totals::default()
    };
    flows.push(totals, &octets);
    stream.add(0, &flows, BOOT_NS, &mut nothing_dropped);
    stream.flush(BOOT_NS);
    let messages = Collector::default().take(&mut stream);
    let Some(Set::Data { records, .. }) = messages[0].sets.last() else {
        panic!("{messages:?}")
    };
    assert_eq!(records[0], [vec![0x03], vec![0x1f], vec![0x04]]);
}

#[test]
fn counters_beyond_32_bits_go_in_several_records_that_add_up() {
    let collects = ["counter bytes", "counter packets long", "counter flows"];
    let layout = layout(&["ipv4 protocol"], &collects, Family::V4);
    let monitor = monitor("M", vec![Arc::clone(&layout)], Sampling::None);
    let mut stream = stream(&settings(Protocol::NetflowV9), &[&monitor]);
    let mut flows = Batch::with_capacity(Arc::clone(&layout), 2);
    for octets in [(1 << 33) + 7, 40] {
        let totals = Totals {
            packets: 10,
            octets,
            ..Totals::default()
        };
        flows.push(totals, &vec![6; layout.len()]);
    }
    stream.add(0, &flows, BOOT_NS, &mut nothing_dropped);
    stream.flush(BOOT_NS);
    // There are two flows, whatever the number of their records.
    let sent: Vec<_> = stream.pending().map(|content| content.tally).collect();
    let sum = RecordTally {
        records: 2,
        packets: 20,
        octets: (1 << 33) + 47,
    };
    assert_eq!(sent, [sum]);
    let messages = Collector::default().take(&mut stream);
    let Some(Set::Data { records, .. }) = messages[0].sets.last() else {
        panic!("{messages:?}")
    };
    let number = |octets: &Vec<u8>| {
        octets
            .iter()
            .fold(0, |sum, octet| sum << 8 | u64::from(*octet))
    };
    let rows: Vec<Vec<u64>> = records
        .iter()
        .map(|record| record.iter().map(number).collect())
        .collect();
    assert_eq!(
        rows,
        [
            [6, 0xaaaa_aaad, 4, 1],
            [6, 0xaaaa_aaad, 3, 0],
            [6, 0xaaaa_aaad, 3, 0],
            [6, 40, 10, 1],
        ]
    );
}

#[test]
fn a_record_of_everything_is_decoded_whole() {
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        for family in [Family::V4, Family::V6] {
            let monitor = monitor("M", vec![everything(family)], Sampling::None);
            let mut stream = stream(&settings(protocol), &[&monitor]);
            let batch = batch(&monitor.layouts[0], 30, BOOT_NS + 60 * SECOND);
            stream.add(0, &batch, BOOT_NS + 60 * SECOND, &mut nothing_dropped);
            stream.flush(BOOT_NS + 60 * SECOND);
            let mut collector = Collector::default();
            let messages = collector.take(&mut stream);
            collector.records(&messages, &[batch], None);
        }
    }
}

#[test]
fn netflow_v5_counts_ipv6_flows_as_dropped() {
    let monitor = monitor("M", vec![], Sampling::None);
    let mut stream = stream(&settings(Protocol::NetflowV5), &[&monitor]);
    let mut drops = Vec::new();
    let now_ns = BOOT_NS + SECOND;
    let flows = batch(&original(Family::V6), 5, now_ns);
    stream.add(0, &flows, now_ns, &mut |reason, tally| {
        drops.push((reason, tally))
    });
    let tally = RecordTally {
        records: 5,
        packets: 5,
        octets: 500,
    };
    assert_eq!(drops, [(DropReason::Ipv6InNetflowV5, tally)]);
    stream.flush(now_ns);
    assert!(stream.take().is_empty());
}

#[test]
fn what_does_not_fit_is_dropped_by_reason() {
    let wide = everything(Family::V6);
    let monitor = monitor("M", vec![], Sampling::None);
    for limit in [60, 150] {
        let mut stream = stream(&settings(Protocol::NetflowV9), &[&monitor]);
        stream.set_limit(limit, 0);
        let now_ns = BOOT_NS + SECOND;
        let mut drops = Vec::new();
        stream.add(0, &batch(&wide, 3, now_ns), now_ns, &mut |reason, tally| {
            drops.push((reason, tally.records))
        });
        assert_eq!(drops, [(DropReason::MessageTooLong, 3)]);
        // The path widens.
        stream.set_limit(LIMIT, now_ns);
        stream.add(0, &batch(&wide, 3, now_ns), now_ns, &mut nothing_dropped);
    }
    let mut stream = stream(&settings(Protocol::NetflowV9), &[&monitor]);
    let mut drops = Vec::new();
    let empty = layout(&["ipv6 source address"], &[], Family::V4);
    stream.add(
        0,
        &batch(&empty, 2, BOOT_NS + SECOND),
        0,
        &mut |reason, tally| drops.push((reason, tally.records)),
    );
    assert_eq!(drops, [(DropReason::NoFields, 2)]);
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
#[allow(clippy::disallowed_methods)] // measuring is what a clock is for
fn measure_nanoseconds_a_record() {
    let layout = original(Family::V4);
    let flows = batch(&layout, 512, BOOT_NS + 10 * SECOND);
    for protocol in [Protocol::NetflowV5, Protocol::NetflowV9, Protocol::Ipfix] {
        let monitor = monitor("M", vec![Arc::clone(&layout)], Sampling::None);
        let mut stream = stream(&settings(protocol), &[&monitor]);
        let rounds = 10_000;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            stream.add(0, &flows, BOOT_NS + 10 * SECOND, &mut nothing_dropped);
            let datagrams = stream.take();
            std::hint::black_box(&datagrams);
            stream.recycle(datagrams);
        }
        println!(
            "{protocol:?}: {:.1} ns",
            start.elapsed().as_nanos() as f64 / (rounds * 512) as f64
        );
    }
}
