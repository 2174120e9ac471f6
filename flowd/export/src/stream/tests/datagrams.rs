use super::*;

#[test]
fn templates_come_first_and_again_by_time_and_by_count() {
    let monitor = monitor(
        "M",
        vec![original(Family::V4), original(Family::V6)],
        Sampling::None,
    );
    let mut settings = settings(Protocol::NetflowV9);
    settings.template_timeout = Duration::from_secs(60);
    let mut stream = stream(&settings, &[&monitor]);
    let mut collector = Collector::default();
    // Without flows, templates are sent as soon as there is a client, and after the timeout.
    let mut told = Vec::new();
    for second in 0..150 {
        stream.poll(BOOT_NS + second * SECOND);
        for message in collector.take(&mut stream) {
            // Two templates of flows, and that of the sampling interval with its row.
            assert_eq!((message.templates().count(), message.records()), (3, 1));
            told.push(second);
        }
    }
    assert_eq!(told, [0, 60, 120]);
    // Under load, templates are sent at least in every twentieth datagram (the collector checks that), and not in each.
    let now_ns = BOOT_NS + 150 * SECOND;
    for _ in 0..100 {
        stream.add(
            0,
            &batch(&monitor.layouts[0], 100, now_ns),
            now_ns,
            &mut nothing_dropped,
        );
    }
    let messages = collector.take(&mut stream);
    let with = messages
        .iter()
        .filter(|message| message.templates().count() > 0)
        .count();
    assert!(
        messages.len() > 200 && (10..=messages.len() / 18).contains(&with),
        "{with} of {}",
        messages.len()
    );
}

#[test]
fn a_partly_filled_datagram_leaves_within_a_second() {
    let monitor = monitor("M", vec![original(Family::V4)], Sampling::None);
    for protocol in [Protocol::NetflowV5, Protocol::NetflowV9, Protocol::Ipfix] {
        let mut stream = stream(&settings(protocol), &[&monitor]);
        let start_ns = BOOT_NS + 10 * SECOND;
        stream.poll(start_ns);
        stream.take();
        stream.add(
            0,
            &batch(&monitor.layouts[0], 1, start_ns),
            start_ns,
            &mut nothing_dropped,
        );
        let left = (0..)
            .map(|tick| start_ns + tick * SECOND / 5)
            .find(|now_ns| {
                stream.poll(*now_ns);
                !stream.take().is_empty()
            });
        let waited = left.unwrap() - start_ns;
        assert!(
            (SECOND / 2..=SECOND - SECOND / 5).contains(&waited),
            "{waited} ns"
        );
        // A clock that stepped back does not delay the datagram.
        stream.add(
            0,
            &batch(&monitor.layouts[0], 1, start_ns),
            start_ns,
            &mut nothing_dropped,
        );
        stream.poll(start_ns - 5 * SECOND);
        assert!(!stream.take().is_empty());
    }
}

#[test]
fn data_of_several_monitors_share_datagrams_in_sets_of_their_own() {
    let monitors = [
        monitor("A", vec![original(Family::V4)], Sampling::None),
        monitor("B", vec![original(Family::V4)], Sampling::None),
    ];
    let mut stream = stream(&settings(Protocol::Ipfix), &[&monitors[0], &monitors[1]]);
    let now_ns = BOOT_NS + 10 * SECOND;
    let batches = [
        batch(&monitors[0].layouts[0], 3, now_ns),
        batch(&monitors[1].layouts[0], 5, now_ns),
    ];
    stream.add(0, &batches[0], now_ns, &mut nothing_dropped);
    stream.add(1, &batches[1], now_ns, &mut nothing_dropped);
    stream.flush(now_ns);
    let contents: Vec<_> = stream
        .pending()
        .map(|c| (c.client, c.tally.records, c.bytes))
        .collect();
    assert_eq!(contents, [(0, 3, 3 * 47), (1, 5, 5 * 47)]);
    let mut collector = Collector::default();
    let messages = collector.take(&mut stream);
    assert_eq!(messages.len(), 1);
    let ids = messages[0].sets.iter().filter_map(|set| match set {
        Set::Data { id, records } => Some((*id, records.len())),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), [(256, 3), (257, 5)]);
    collector.records(&messages, &batches, None);
}

#[test]
fn identifiers_stay_with_their_layout_and_are_not_reused() {
    let (first, second) = (original(Family::V4), original(Family::V6));
    let settings = settings(Protocol::NetflowV9);
    let ids = |stream: &Stream| {
        let all = stream.templates().into_iter();
        all.filter(|template| !template.options)
            .map(|template| template.id)
            .collect::<Vec<_>>()
    };
    let with = |layouts: &[&Arc<Layout>], sampling: &Sampling| {
        monitor(
            "M",
            layouts.iter().map(|layout| Arc::clone(layout)).collect(),
            sampling.clone(),
        )
    };
    let none = Sampling::None;
    let mut stream = stream(&settings, &[&with(&[&first, &second], &none)]);
    assert_eq!(ids(&stream), [256, 257]);
    // A commit that changes something else: equal layouts, other pointers, another order of monitors.
    let again = Arc::new(Layout::clone(&first));
    let other = monitor("A", vec![Arc::clone(&first)], Sampling::None);
    stream.configure(&settings, &[&other, &with(&[&again, &second], &none)], &[]);
    // 258 is the options template of the sampling interval.
    assert_eq!(ids(&stream), [256, 257, 259]);
    assert_eq!(stream.templates[0].client, 1);
    // A layout that is removed and comes back gets its old template identifier, and its template is sent again.
    stream.configure(&settings, &[&with(&[&second], &none)], &[]);
    assert_eq!(ids(&stream), [257]);
    stream.templates[0].announced = true;
    stream.configure(&settings, &[&with(&[&first, &second], &none)], &[]);
    assert_eq!(ids(&stream), [256, 257]);
    assert!(!stream.templates[0].announced);
    for _ in 0..2 {
        stream.configure(&settings, &[&with(&[&second], &none)], &[]);
    }
    stream.configure(&settings, &[&with(&[&first, &second], &none)], &[]);
    assert_eq!(ids(&stream), [257, 260]);
    // Adding a sampler changes the fields of the template; another rate does not.
    let one = |id, rate| Sampling::One(sampler(id, SamplerMode::Random, rate));
    stream.configure(&settings, &[&with(&[&second], &one(1, 10))], &[]);
    assert_eq!(stream.templates[0].id, 261);
    stream.configure(&settings, &[&with(&[&second], &one(2, 20))], &[]);
    assert_eq!(stream.templates[0].id, 261);
    // After the last identifier comes the first free one.
    stream.next_id = 65_535;
    stream.configure(&settings, &[&with(&[&first, &second], &one(2, 20))], &[]);
    stream.configure(&settings, &[&with(&[&first, &second], &none)], &[]);
    assert_eq!(ids(&stream), [256, 257]);
}
