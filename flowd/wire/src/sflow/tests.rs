//! sFlow in both directions: octets by the documents' text, and what is packed can be read.

use super::*;
use crate::writer::Full;
use crate::{Header as PacketHeader, at, parse};

const AGENT: Address = Address::V4([192, 0, 2, 1]);

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}
fn header() -> Header {
    Header {
        agent: AGENT,
        sub_agent: 2,
        sequence: 3,
        uptime_ms: 4,
    }
}

/// The first words of a datagram with this many samples.
fn datagram(samples: u32) -> Vec<u8> {
    words(&[5, 1, 0xc000_0201, 2, 3, 4, samples])
}

fn samples(datagram: &[u8]) -> Vec<Result<Sample<'_>, DecodeError>> {
    Message::parse(datagram).unwrap().samples().collect()
}

/// An IPv4 packet of UDP from 10.0.0.1:53 to 10.0.0.2:1234 on Ethernet, cut off behind the ports.
#[rustfmt::skip]
const FRAME: [u8; 42] = [
    2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
    0x45, 0, 1, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    0, 53, 4, 210, 0, 236, 0, 0,
];

#[test]
fn a_flow_sample_by_the_octets_of_its_document() {
    let mut expected = datagram(1);
    expected.extend(words(&[
        1,
        148,
        7,
        0x0100_0005,
        1000,
        5000,
        6,
        3,
        0x8000_0002,
        3,
    ]));
    expected.extend(words(&[1, 60, 1, 274, 4, 42]));
    expected.extend(FRAME);
    expected.extend([0; 2]);
    expected.extend(words(&[1001, 16, 10, 1, 20, 2]));
    expected.extend(words(&[1002, 16, 1, 0xcb00_7101, 24, 16]));
    let flow = FlowHeader {
        sequence: 7,
        source: DataSource { class: 1, index: 5 },
        rate: 1000,
        pool: 5000,
        drops: 6,
        input: Interface::single(3),
        output: Interface {
            format: Interface::MULTIPLE,
            value: 2,
        },
    };
    let sampled = SampledHeader {
        protocol: header_protocol::ETHERNET,
        frame_length: 274,
        stripped: 4,
        header: &FRAME,
    };
    let records = [
        FlowRecord::Header(sampled),
        FlowRecord::Switch(ExtendedSwitch {
            source_vlan: 10,
            source_priority: 1,
            destination_vlan: 20,
            destination_priority: 2,
        }),
        FlowRecord::Router(ExtendedRouter {
            next_hop: Address::V4([203, 0, 113, 1]),
            source_mask: 24,
            destination_mask: 16,
        }),
    ];
    let mut packer = Packer::new(1400, AGENT);
    packer.flow(&flow, &records).unwrap();
    assert_eq!((packer.count(), packer.len()), (1, expected.len()));
    let packed = packer.finish(&header()).to_vec();
    assert_eq!(packed, expected);
    assert!(packer.is_empty());

    let message = Message::parse(&packed).unwrap();
    assert_eq!((message.header, message.count), (header(), 1));
    let [Ok(Sample::Flow(sample))] = samples(&packed)[..] else {
        panic!("one flow sample");
    };
    assert_eq!((sample.header, sample.expanded), (flow, false));
    assert_eq!(sample.header.input.index(), Some(3));
    assert_eq!(sample.header.output.index(), None);
    let read: Vec<_> = sample.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(read, records);
    // The sampled octets are a packet as any other.
    let packet = sampled.packet().unwrap();
    let mut parsed = PacketHeader::empty();
    parse(&packet, &mut parsed).unwrap();
    assert_eq!((parsed.octets, packet.wire_len), (256, 270));
    assert_eq!(parsed.get(at::DESTINATION_PORT), [4, 210]);
}

#[test]
fn an_interface_that_does_not_fit_makes_a_sample_expanded() {
    let mut expected = datagram(2);
    expected.extend(words(&[
        3,
        44,
        7,
        0,
        0x0100_0000,
        1,
        2,
        3,
        0,
        0x4000_0000,
        0,
        0x3fff_ffff,
        0,
    ]));
    expected.extend(words(&[4, 16, 8, 0, 0x0100_0000, 0]));
    let source = DataSource::interface(0x0100_0000);
    let flow = FlowHeader {
        sequence: 7,
        source,
        rate: 1,
        pool: 2,
        drops: 3,
        input: Interface::single(0x4000_0000),
        output: Interface::INTERNAL,
    };
    let mut packer = Packer::new(1400, AGENT);
    packer.flow(&flow, &[]).unwrap();
    packer.counters(8, source, &[]).unwrap();
    let packed = packer.finish(&header()).to_vec();
    assert_eq!(packed, expected);
    let [Ok(Sample::Flow(sample)), Ok(Sample::Counters(counters))] = samples(&packed)[..] else {
        panic!("two samples");
    };
    assert_eq!((sample.header, sample.expanded), (flow, true));
    assert_eq!(sample.header.output.index(), None);
    assert_eq!(
        (counters.source, counters.expanded, counters.sequence),
        (source, true, 8)
    );
}

#[test]
fn a_discarded_packet_by_the_octets_of_its_document() {
    let mut expected = datagram(1);
    expected.extend(words(&[5, 84, 9, 2, 1, 10, 11, 12, 258, 3]));
    expected.extend(words(&[1038, 12, 6]));
    expected.extend(b"ip_rcv\0\0");
    expected.extend(words(&[1042, 8, 3]));
    expected.extend(b"acl\0");
    expected.extend(words(&[1041, 8, 0, 0]));
    let discarded = DiscardedHeader {
        sequence: 9,
        source: DataSource { class: 2, index: 1 },
        drops: 10,
        input: 11,
        output: 12,
        reason: drop_reason_code("acl").unwrap(),
    };
    let records = [
        FlowRecord::Function(ExtendedFunction { symbol: b"ip_rcv" }),
        FlowRecord::LinuxReason(ExtendedLinuxReason { reason: b"acl" }),
        FlowRecord::HardwareTrap(ExtendedHardwareTrap::default()),
    ];
    let mut packer = Packer::new(1400, AGENT);
    packer.discarded(&discarded, &records).unwrap();
    let packed = packer.finish(&header()).to_vec();
    assert_eq!(packed, expected);
    let [Ok(Sample::Discarded(sample))] = samples(&packed)[..] else {
        panic!("one discarded packet");
    };
    assert_eq!(sample.header, discarded);
    let read: Vec<_> = sample.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(read, records);
}

/// Every structure by its octets: words that count up, so that a field at the wrong place is seen.
#[test]
fn every_structure_by_its_octets() {
    let counting = |count: usize| -> Vec<u8> { (0..count).map(|at| at as u8 + 1).collect() };
    // Structures of fixed length and their octets by the documents.
    let flows = [
        (2, 24),
        (3, 32),
        (4, 56),
        (1001, 16),
        (1011, 4),
        (1020, 8),
        (1021, 24),
        (1022, 24),
        (1023, 32),
        (1024, 32),
        (1025, 56),
        (1026, 56),
        (1027, 4),
        (1028, 4),
        (1029, 4),
        (1030, 4),
        (1036, 4),
        (1039, 4),
        (1040, 4),
        (2100, 20),
        (2101, 44),
    ];
    let counters = [
        (1, 88),
        (2, 52),
        (3, 72),
        (4, 80),
        (5, 28),
        (6, 80),
        (7, 56),
        (1001, 28),
        (1002, 12),
        (1004, 12),
        (2002, 8),
        (2003, 80),
        (2004, 72),
        (2005, 52),
        (2006, 40),
        (2007, 76),
        (2008, 100),
        (2009, 60),
        (2010, 28),
        (2100, 28),
        (2101, 12),
        (2102, 16),
        (2103, 52),
        (2104, 40),
    ];
    let mac_padding = |flow: bool, format: u32| -> &'static [usize] {
        match (flow, format) {
            (true, 2 | 1021 | 1022) => &[10, 11, 18, 19],
            (false, 7) => &[6, 7, 14, 15],
            _ => &[],
        }
    };
    for (flow, format, len) in flows
        .map(|(format, len)| (true, format, len))
        .into_iter()
        .chain(counters.map(|(format, len)| (false, format, len)))
    {
        let mut octets = counting(len);
        for at in mac_padding(flow, format) {
            octets[*at] = 0;
        }
        let mut out = crate::Writer::new(200);
        // With octets to spare and with one too few.
        let longer = [&octets[..], &[0xff; 4]].concat();
        let (name, short) = if flow {
            let record = FlowRecord::read(Structure::new(0, format, &longer)).unwrap();
            record.put(&mut out).unwrap();
            (
                record.name(),
                FlowRecord::read(Structure::new(0, format, &octets[1..])).is_err(),
            )
        } else {
            let record = CounterRecord::read(Structure::new(0, format, &longer)).unwrap();
            record.put(&mut out).unwrap();
            (
                record.name(),
                CounterRecord::read(Structure::new(0, format, &octets[1..])).is_err(),
            )
        };
        // What is behind the fields of host_cpu is read as those added later.
        assert_eq!(out.as_bytes(), octets, "{format} {name:?}");
        assert!(name.is_some() && short, "{format}");
    }
}

#[test]
fn structures_of_variable_length_by_their_octets() {
    let text = |text: &str| {
        let mut octets = words(&[text.len() as u32]);
        octets.extend(text.as_bytes());
        octets.resize(octets.len().next_multiple_of(4), 0);
        octets
    };
    let v6 = [&words(&[2])[..], &[0x20; 16]].concat();
    let flows = [
        (1002, [&v6[..], &words(&[64, 48])].concat()),
        // A path of a sequence of two and a set of one, one community.
        (
            1003,
            words(&[
                1,
                0xc000_0201,
                65000,
                65001,
                65002,
                2,
                2,
                2,
                65003,
                65004,
                1,
                1,
                65005,
                1,
                0xfde8_0001,
                100,
            ]),
        ),
        (
            1004,
            [words(&[106]), text("alice"), words(&[106]), text("bob")].concat(),
        ),
        (
            1005,
            [words(&[2]), text("/index.html"), text("example.org")].concat(),
        ),
        (
            1006,
            words(&[0, 1, 0x0001_0148, 2, 0x0002_0040, 0x0003_0140]),
        ),
        (1007, [&words(&[1, 0x0a00_0001])[..], &v6].concat()),
        (1008, [text("lsp"), words(&[1, 2])].concat()),
        (1009, [text("vc"), words(&[1, 2])].concat()),
        (1010, [text("ftn"), words(&[3])].concat()),
        (1012, words(&[2, 0x8100_0064, 0x88a8_00c8])),
        (1037, [words(&[7]), text("deny-all"), words(&[1])].concat()),
        (
            1041,
            [text("l2_drops"), text("ingress_vlan_filter")].concat(),
        ),
    ];
    for (format, octets) in &flows {
        let record = FlowRecord::read(Structure::new(0, *format, octets)).unwrap();
        assert_eq!(
            (record.number(), record.name().is_some()),
            ((0, *format), true)
        );
        let mut out = crate::Writer::new(200);
        record.put(&mut out).unwrap();
        assert_eq!(out.as_bytes(), octets, "{format}");
    }
    let FlowRecord::Gateway(gateway) =
        FlowRecord::read(Structure::new(0, 1003, &flows[1].1)).unwrap()
    else {
        panic!("a gateway");
    };
    assert_eq!(
        gateway.destination_path.systems().collect::<Vec<_>>(),
        [65003, 65004, 65005]
    );
    let ordered: Vec<bool> = gateway
        .destination_path
        .segments()
        .map(|it| it.ordered)
        .collect();
    assert_eq!(ordered, [true, false]);
    assert_eq!(
        (gateway.local_preference, gateway.communities.iter().next()),
        (100, Some(0xfde8_0001))
    );

    let mut buffer = Vec::new();
    let adapters = Adapters::pack(
        &[(2, [2, 0, 0, 0, 0, 1]), (3, [2, 0, 0, 0, 0, 2])],
        &mut buffer,
    );
    #[rustfmt::skip]
    let adapter_octets = [
        0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0,
        0, 0, 0, 3, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 0,
    ];
    let mut uuid = [0; 16];
    uuid[15] = 9;
    let counters = [
        (
            1005,
            text("eth0"),
            CounterRecord::PortName(PortName { name: b"eth0" }),
        ),
        (
            2000,
            [&text("router")[..], &uuid, &words(&[3, 2]), &text("6.1.0")].concat(),
            CounterRecord::HostDescription(HostDescription {
                hostname: b"router",
                uuid: Uuid(uuid),
                machine_type: 3,
                os_name: 2,
                os_release: b"6.1.0",
            }),
        ),
        (
            2001,
            adapter_octets.to_vec(),
            CounterRecord::HostAdapters(HostAdapters { adapters }),
        ),
    ];
    for (format, octets, record) in &counters {
        assert_eq!(
            CounterRecord::read(Structure::new(0, *format, octets)).as_ref(),
            Ok(record)
        );
        let mut out = crate::Writer::new(200);
        record.put(&mut out).unwrap();
        assert_eq!(out.as_bytes(), octets, "{format}");
    }
    let macs: Vec<_> = adapters.iter().flat_map(|it| it.macs()).collect();
    assert_eq!(macs, [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]]);
}

#[test]
fn fields_have_their_names_in_order() {
    let record = FlowRecord::Function(ExtendedFunction { symbol: b"ip_rcv" });
    let mut seen = Vec::new();
    record.each(&mut |name, value| seen.push((name, format!("{value:?}"))));
    assert_eq!(
        seen,
        [("symbol", format!("{:?}", Value::Octets(b"ip_rcv")))]
    );
    let record = CounterRecord::HostCpu(HostCpu::default());
    let mut names = Vec::new();
    record.each(&mut |name, _| names.push(name));
    assert_eq!(
        (names.len(), names[0], names[19]),
        (20, "load_one", "cpu_guest_nice")
    );
}

#[test]
fn an_older_agent_has_fewer_fields_of_its_processors() {
    let octets = words(&[
        0x3f80_0000,
        0,
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
    ]);
    let Ok(CounterRecord::HostCpu(cpu)) = CounterRecord::read(Structure::new(0, 2003, &octets))
    else {
        panic!("host_cpu");
    };
    assert_eq!(
        (cpu.load_one, cpu.contexts, cpu.steal_ms),
        (1.0, 14, u32::MAX)
    );
}

#[test]
fn damage_costs_what_is_damaged_only() {
    let flow = |records: &[u8], count| {
        [
            &words(&[1, 32 + records.len() as u32, 1, 2, 3, 4, 5, 6, 7, count])[..],
            records,
        ]
        .concat()
    };
    let counters = words(&[2, 12, 1, 2, 0]);
    let good = words(&[1001, 16, 1, 2, 3, 4]);
    let long = words(&[1002, 400, 1]);
    // A record that runs out of its sample: the ones before it and the next sample are read.
    let octets = [
        &datagram(2)[..],
        &flow(&[&good[..], &long].concat(), 3),
        &counters,
    ]
    .concat();
    let read = samples(&octets);
    let [Ok(Sample::Flow(sample)), Ok(Sample::Counters(_))] = read[..] else {
        panic!("{read:?}");
    };
    let records: Vec<_> = sample.records().collect();
    assert!(records.len() == 2 && records[0].is_ok());
    let error = records[1].unwrap_err();
    assert_eq!(
        error.to_string(),
        "offset 100: 400 octets of a sample expected, 4 left"
    );
    assert_eq!(error.problem.reason(), "sample");
    // A record that its own length cuts off costs itself.
    let short = words(&[1001, 8, 1, 2]);
    let octets = [&datagram(1)[..], &flow(&[&short[..], &good].concat(), 2)].concat();
    let [Ok(Sample::Flow(sample))] = samples(&octets)[..] else {
        panic!("one sample");
    };
    let records: Vec<_> = sample.records().map(|it| it.is_ok()).collect();
    assert_eq!(records, [false, true]);
    // A sample shorter than its head, of an unknown format, of an unknown enterprise.
    let octets = [
        &datagram(4)[..],
        &words(&[1, 4, 1]),
        &words(&[6, 4, 1]),
        &words(&[4300 << 12 | 1002, 4, 1]),
        &counters,
    ]
    .concat();
    let read = samples(&octets);
    let [
        Err(error),
        Ok(Sample::Other(six)),
        Ok(Sample::Other(foreign)),
        Ok(Sample::Counters(_)),
    ] = read[..]
    else {
        panic!("{read:?}");
    };
    assert_eq!(error.problem.reason(), "sample");
    assert_eq!(
        (six.format, foreign.enterprise, foreign.format),
        (6, 4300, 1002)
    );
    assert_eq!(foreign.octets(), [0, 0, 0, 1]);
    // A sample that the datagram cuts off is there as far as it goes; so is a datagram with fewer samples than it says.
    let octets = [&datagram(3)[..], &counters, &flow(&good, 1)].concat();
    let read = samples(&octets[..octets.len() - 4]);
    let [Ok(_), Ok(Sample::Flow(cut)), Err(error)] = read[..] else {
        panic!("{read:?}");
    };
    assert_eq!(
        (cut.header.output.value, error.problem.reason()),
        (7, "truncated")
    );
    let read = samples(&octets);
    assert!(matches!(read[..], [Ok(_), Ok(_), Err(_)]));
    // Whole datagrams.
    let error = |octets: &[u8]| Message::parse(octets).unwrap_err().to_string();
    assert_eq!(error(&words(&[4, 1, 1, 1, 1, 1, 0])), "offset 0: version 4");
    assert_eq!(
        error(&words(&[0x0009_0001, 1, 1, 1, 1, 1, 0])),
        "offset 0: version 9"
    );
    assert_eq!(
        error(&words(&[5, 3, 1, 1, 1, 1, 0])),
        "offset 4: address type 3"
    );
    assert_eq!(
        error(&words(&[5, 1, 1, 1])),
        "offset 16: 4 octets expected, 0 left"
    );
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let name = CounterRecord::PortName(PortName { name: b"eth0" });
    let source = DataSource::interface(1);
    let one = 28 + 20 + 16;
    for (limit, fits) in [
        (27, 0),
        (one - 1, 0),
        (one, 1),
        (one + 35, 1),
        (one + 36, 2),
    ] {
        let mut packer = Packer::new(limit, AGENT);
        for round in 0..2 {
            for sequence in 0..fits {
                packer.counters(sequence, source, &[name]).unwrap();
            }
            assert_eq!(
                packer.counters(9, source, &[name]),
                Err(Full),
                "limit {limit}, round {round}"
            );
            let packed = packer.finish(&header()).to_vec();
            if fits > 0 {
                assert_eq!(samples(&packed).len(), fits as usize);
            }
        }
    }
    let mut packer = Packer::new(1400, Address::V6([1; 16]));
    packer.counters(1, source, &[name]).unwrap();
    let v6 = Header {
        agent: Address::V6([1; 16]),
        ..header()
    };
    let packed = packer.finish(&v6).to_vec();
    assert_eq!(Message::parse(&packed).unwrap().header, v6);
}
