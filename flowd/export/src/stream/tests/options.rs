//! Options tables: sampling, interfaces and the exporter itself.

use super::*;

#[test]
fn netflow_v5_tells_each_monitors_sampling() {
    let one = |name: &str, mode, rate| {
        monitor(
            name,
            vec![original(Family::V4)],
            Sampling::One(sampler(1, mode, rate)),
        )
    };
    let monitors = [
        one("A", SamplerMode::Deterministic, 100),
        one("B", SamplerMode::Random, 16_383),
        one("C", SamplerMode::Random, 16_384),
        monitor("D", vec![original(Family::V4)], Sampling::None),
    ];
    let mut stream = stream(&settings(Protocol::NetflowV5), &monitors.each_ref());
    let now_ns = BOOT_NS + SECOND;
    for client in 0..4 {
        stream.add(
            client,
            &batch(&original(Family::V4), 2, now_ns),
            now_ns,
            &mut nothing_dropped,
        );
    }
    stream.flush(now_ns);
    let told: Vec<u16> = Collector::default()
        .take(&mut stream)
        .iter()
        .map(|message| message.sampling)
        .collect();
    // A rate beyond 14 bits is not announced, rather than wrongly.
    assert_eq!(told, [0x4000 | 100, 0x8000 | 16_383, 0]);
    assert_eq!(
        stream
            .unannounced_sampling()
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>(),
        ["C"]
    );
}

#[test]
fn options_tell_samplers_interfaces_and_statistics() {
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        let mut settings = settings(protocol);
        settings.options.interface_table = Some(Duration::from_secs(30));
        settings.options.exporter_stats = Some(crate::testing::TABLE_TIMEOUT);
        let sampling = Sampling::One(sampler(7, SamplerMode::Deterministic, 100));
        let monitor = monitor("M", vec![original(Family::V4)], sampling);
        let interfaces: Vec<Interface> = (1..40)
            .map(|index| Interface {
                index,
                name: format!("eth{index}"),
                description: "uplink".into(),
            })
            .collect();
        let mut stream = Stream::new(&settings, LIMIT);
        stream.configure(&settings, &[&monitor], &interfaces);
        stream.poll(BOOT_NS);
        let mut collector = Collector::default();
        let rows = |messages: &[Message], collector: &Collector, element: u16| {
            let mut found = Vec::new();
            for set in messages.iter().flat_map(|message| &message.sets) {
                let Set::Options { id, records } = set else {
                    continue;
                };
                let seen = &collector.templates[id];
                let elements = || {
                    seen.scopes
                        .iter()
                        .chain(&seen.fields)
                        .map(|(element, _)| *element)
                };
                if elements().skip(1).any(|known| known == element) {
                    found.extend(records.iter().map(|record| {
                        elements()
                            .skip(1)
                            .zip(record.iter().skip(1).cloned())
                            .collect::<HashMap<_, _>>()
                    }));
                }
            }
            found
        };
        let messages = collector.take(&mut stream);
        assert!(messages.len() > 1);
        let interval = rows(&messages, &collector, 34);
        assert_eq!(
            interval,
            [HashMap::from([(34, 100_u32.to_be_bytes().to_vec())])]
        );
        let samplers = rows(&messages, &collector, 48);
        assert_eq!(samplers[0][&48], [7]);
        assert_eq!(samplers[0][&50], 100_u32.to_be_bytes());
        assert_eq!(&samplers[0][&84][..2], b"S7");
        assert_eq!(samplers[0][&304], 1_u16.to_be_bytes());
        assert_eq!(samplers[0][&305], 1_u32.to_be_bytes());
        assert_eq!(samplers[0][&306], 99_u32.to_be_bytes());
        let names = rows(&messages, &collector, 82);
        assert_eq!(names.len(), 39);
        assert!(names[38][&82].starts_with(b"eth39") && names[38][&83].starts_with(b"uplink"));
        assert_eq!(rows(&messages, &collector, 42)[0][&42], 0_u64.to_be_bytes());
        // Interfaces are due again and statistics are not yet; samplers are sent with the templates.
        stream.poll(BOOT_NS + 31 * SECOND);
        let messages = collector.take(&mut stream);
        assert_eq!(rows(&messages, &collector, 82).len(), 39);
        assert_eq!(
            (
                rows(&messages, &collector, 42).len(),
                rows(&messages, &collector, 48).len()
            ),
            (0, 0)
        );
        let now_ns = BOOT_NS + 32 * SECOND;
        let flows = batch(&original(Family::V4), 3, now_ns);
        stream.add(0, &flows, now_ns, &mut nothing_dropped);
        stream.flush(now_ns);
        let messages = collector.take(&mut stream);
        collector.records(&messages, &[flows], Some(7));
        // The templates went out with the flows, and are due 600 s after that.
        stream.poll(BOOT_NS + 633 * SECOND);
        let messages = collector.take(&mut stream);
        assert_eq!(rows(&messages, &collector, 48).len(), 1);
        let statistics = &rows(&messages, &collector, 42)[0];
        assert_eq!(statistics[&42], 3_u64.to_be_bytes());
        assert_ne!(statistics[&40], 0_u64.to_be_bytes());
        // A changed rate is announced at once.
        let changed = Monitor {
            sampling: Sampling::One(sampler(7, SamplerMode::Random, 50)),
            ..monitor
        };
        stream.configure(&settings, &[&changed], &interfaces);
        stream.poll(BOOT_NS + 634 * SECOND);
        let messages = collector.take(&mut stream);
        assert_eq!(
            rows(&messages, &collector, 34)[0][&34],
            50_u32.to_be_bytes()
        );
        let random = &rows(&messages, &collector, 48)[0];
        match protocol {
            Protocol::Ipfix => {
                assert_eq!(random[&304], 3_u16.to_be_bytes());
                assert_eq!((&random[&309][3], &random[&310][3]), (&1, &50));
            }
            _ => assert_eq!(random[&49], [2]),
        }
    }
}

#[test]
fn mixed_sampling_is_told_by_identifier_only() {
    let samplers = vec![
        sampler(1, SamplerMode::Random, 10),
        sampler(2, SamplerMode::Random, 20),
    ];
    let named = layout(
        &["flow sampler", "ipv4 protocol"],
        &["counter bytes"],
        Family::V4,
    );
    let monitors = [
        monitor("A", vec![named], Sampling::Mixed(samplers.clone())),
        monitor("B", vec![original(Family::V4)], Sampling::Mixed(samplers)),
    ];
    let mut stream = stream(&settings(Protocol::NetflowV9), &monitors.each_ref());
    stream.poll(BOOT_NS);
    let mut collector = Collector::default();
    let messages = collector.take(&mut stream);
    let templates: Vec<u16> = messages[0]
        .templates()
        .flat_map(|(_, seen)| &seen.fields)
        .map(|(element, _)| *element)
        .collect();
    assert!(!templates.contains(&34) && templates.contains(&50));
    // The table also has sampler 0, for packets that no sampler selected.
    assert_eq!(messages[0].records(), 3);
    assert_eq!(elements(&stream, 1).last(), Some(&21));
    // There is a warning that the counters of monitor B cannot be scaled.
    assert_eq!(
        stream
            .unannounced_sampling()
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>(),
        ["B"]
    );
}

#[test]
fn that_nothing_is_sampled_is_told() {
    for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
        let mut settings = settings(protocol);
        settings.options.sampler_table = Some(crate::testing::TABLE_TIMEOUT);
        let monitor = monitor("M", vec![original(Family::V4)], Sampling::None);
        let mut stream = stream(&settings, &[&monitor]);
        stream.poll(BOOT_NS);
        let mut collector = Collector::default();
        let messages = collector.take(&mut stream);
        let told: Vec<Vec<Vec<u8>>> = messages
            .iter()
            .flat_map(|message| &message.sets)
            .filter_map(|set| match set {
                Set::Options { records, .. } => Some(records.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        // Interval 1, and sampler 0 of rate 1.
        assert_eq!(told[0][1], 1_u32.to_be_bytes());
        assert_eq!(told[1][1], [0]);
        assert!(told[1][2].starts_with(b"unsampled"));
        assert_eq!(told[1][3], 1_u32.to_be_bytes());
    }
}

#[test]
fn an_options_template_goes_out_once_before_its_rows() {
    let mut settings = settings(Protocol::Ipfix);
    settings.options.interface_table = Some(Duration::from_secs(30));
    let monitor = monitor("M", vec![original(Family::V4)], Sampling::None);
    let interfaces: Vec<Interface> = (1..9)
        .map(|index| Interface {
            index,
            name: format!("eth{index}"),
            description: "uplink".into(),
        })
        .collect();
    let mut stream = Stream::new(&settings, LIMIT);
    stream.configure(&settings, &[&monitor], &interfaces);
    stream.poll(BOOT_NS);
    let mut collector = Collector::default();
    let messages = collector.take(&mut stream);
    let sets = messages.iter().flat_map(|message| &message.sets);
    // nfdump 1.7.1 reads one row of a set.
    let rows = sets.filter(|set| matches!(set, Set::Options { records, .. } if records.len() == 1));
    assert_eq!(rows.count(), 1 + 8);
    let templates = messages.iter().flat_map(|message| message.templates());
    assert_eq!(templates.count(), 3, "of flows, the interval, interfaces");
}
