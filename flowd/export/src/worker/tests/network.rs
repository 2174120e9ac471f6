use super::*;

/// Moves this thread, and those it starts, to a network namespace of their own. `None` without the privilege.
fn network_namespace() -> Option<()> {
    match nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
        Ok(()) => Some(()),
        Err(errno) => {
            println!("skipped: no network namespace can be made ({errno})");
            None
        }
    }
}

fn ip(arguments: &str) {
    let done = Command::new("ip")
        .args(arguments.split(' '))
        .status()
        .expect("the ip command");
    assert!(done.success(), "ip {arguments}");
}

#[test]
fn an_absent_network_is_waited_for() {
    if network_namespace().is_none() {
        return;
    }
    let (clock, now_ns) = clock();
    let worker = Worker::start(clock, no_interfaces(), 64).unwrap();
    let layout = original(Family::V4);
    let mut settings = crate::testing::settings("E", "192.0.2.9");
    settings.boot_ns = BOOT_NS;
    let plan = plan(&[&settings], vec![user("M", &["E"], &layout)]);
    assert!(
        plan.exporters[0]
            .1
            .as_ref()
            .unwrap()
            .down()
            .unwrap()
            .to_string()
            .starts_with("no route to 192.0.2.9:9995")
    );
    worker.apply(plan);
    let feed = worker.feed("M");
    let _ = feed.offer(batch(&layout, 5, START_NS));
    let statistics = worker.statistics();
    balanced(&statistics);
    assert!(statistics[0].down().is_some());
    assert_eq!(
        client(&statistics, "E", "M").ledger.dropped[0].0,
        DropReason::NoRoute
    );
    ip("link add d0 mtu 1400 type veth peer name d1");
    ip("address add 192.0.2.1/24 dev d0");
    ip("link set d1 up");
    ip("link set d0 up");
    let up = (0..1000).any(|_| {
        now_ns.fetch_add(SECOND, Ordering::SeqCst);
        std::thread::park_timeout(Duration::from_millis(10));
        worker.statistics()[0].down().is_none()
    });
    assert!(up);
    let statistics = worker.statistics();
    assert_eq!(statistics[0].source.unwrap().ip().to_string(), "192.0.2.1");
    assert_eq!(statistics[0].payload_limit, 1372);
    let _ = feed.offer(batch(&layout, 6, START_NS));
    worker.flush();
    // The network is removed again.
    ip("link set d0 down");
    let _ = feed.offer(batch(&layout, 7, START_NS));
    worker.flush();
    let statistics = worker.statistics();
    balanced(&statistics);
    let ledger = &client(&statistics, "E", "M").ledger;
    let drops: HashMap<_, _> = ledger
        .dropped
        .iter()
        .map(|(reason, tally)| (*reason, tally.records))
        .collect();
    assert_eq!(
        (ledger.sent.records, drops),
        (6, HashMap::from([(DropReason::NoRoute, 12)]))
    );
    assert_eq!(statistics[0].failures[0].datagrams, 1);
}

#[test]
fn a_source_address_that_goes_is_waited_for() {
    if network_namespace().is_none() {
        return;
    }
    ip("link add d0 type veth peer name d1");
    ip("link set d1 up");
    ip("link set d0 up");
    ip("address add 192.0.2.1/24 dev d0");
    ip("address add 198.51.100.1/24 dev d0");
    let (clock, now_ns) = clock();
    let worker = Worker::start(clock, no_interfaces(), 64).unwrap();
    let layout = original(Family::V4);
    let mut settings = crate::testing::settings("E", "192.0.2.9");
    settings.boot_ns = BOOT_NS;
    settings.source = udp::Source::Address("198.51.100.1".parse().unwrap());
    worker.apply(plan(&[&settings], vec![user("M", &["E"], &layout)]));
    let feed = worker.feed("M");
    let until = |down: bool| {
        let reached = (0..1000).any(|_| {
            now_ns.fetch_add(SECOND, Ordering::SeqCst);
            let _ = feed.offer(batch(&layout, 1, START_NS));
            worker.flush();
            std::thread::park_timeout(Duration::from_millis(10));
            worker.statistics()[0].down().is_some() == down
        });
        assert!(reached, "down: {down}");
    };
    let _ = feed.offer(batch(&layout, 5, START_NS));
    worker.flush();
    assert_eq!(
        client(&worker.statistics(), "E", "M").ledger.sent.records,
        5
    );
    ip("address del 198.51.100.1/24 dev d0");
    until(true);
    let _ = feed.offer(batch(&layout, 9, START_NS));
    let statistics = worker.statistics();
    let down = statistics[0].down().unwrap();
    assert_eq!(
        down,
        "source address 198.51.100.1 is not an address of this host"
    );
    let drops = &client(&statistics, "E", "M").ledger.dropped;
    assert!(
        drops
            .iter()
            .any(|(reason, tally)| *reason == DropReason::NoSource && tally.records >= 9)
    );
    ip("address add 198.51.100.1/24 dev d0");
    until(false);
    balanced(&worker.statistics());
}

#[test]
fn an_interface_without_an_address_is_waited_for() {
    if network_namespace().is_none() {
        return;
    }
    ip("link add d0 type veth peer name d1");
    ip("link set d1 up");
    ip("link set d0 up");
    let mut settings = crate::testing::settings("E", "192.0.2.9");
    settings.source = udp::Source::Interface("d0".into());
    let prepared = prepare(&settings).unwrap();
    assert_eq!(
        prepared.down().unwrap().to_string(),
        "interface `d0` has no IPv4 address to send from"
    );
    ip("address add 192.0.2.1/24 dev d0");
    ip("address add 192.0.2.2/24 dev d0");
    assert!(
        prepare(&settings)
            .unwrap()
            .socket
            .unwrap()
            .local
            .unwrap()
            .ip()
            .to_string()
            == "192.0.2.1"
    );
    // A socket is bound to a VRF device like to any other device, and has the configured DSCP and TTL.
    settings.vrf = Some("d0".into());
    (settings.dscp, settings.ttl) = (46, 7);
    let socket = prepare(&settings).unwrap().socket.unwrap();
    let marks = socket2::SockRef::from(&socket);
    assert_eq!(
        (marks.tos_v4().unwrap(), marks.ttl_v4().unwrap()),
        (46 << 2, 7)
    );
    assert_eq!(marks.device().unwrap().unwrap(), b"d0");
}

#[test]
fn an_interface_that_appears_is_told() {
    let (clock, now_ns) = clock();
    let plugged = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&plugged);
    let interfaces: Interfaces = Arc::new(move || {
        let names = [(1, "lo"), (7, "wan7")];
        let there = &names[..1 + usize::from(seen.load(Ordering::SeqCst))];
        let interface = |(index, name): &(u32, &str)| Interface {
            index: *index,
            name: (*name).into(),
            description: String::new(),
        };
        there.iter().map(interface).collect()
    });
    let worker = Worker::start(clock, interfaces, 64).unwrap();
    let collector = collector("127.0.0.1");
    let mut settings = settings("E", Protocol::Ipfix, &collector);
    settings.options.interface_table = Some(crate::testing::TABLE_TIMEOUT);
    let layout = original(Family::V4);
    assert_eq!(
        worker.apply(plan(&[&settings], vec![user("M", &["E"], &layout)])),
        []
    );
    let told = |name: &[u8]| {
        let mut buffer = [0; 65_536];
        loop {
            let len = collector.recv(&mut buffer).expect("a datagram");
            if buffer[..len].windows(name.len()).any(|text| text == name) {
                return;
            }
        }
    };
    let feed = worker.feed("M");
    assert!(matches!(
        feed.offer(batch(&layout, 1, START_NS)),
        Offered::Queued(_)
    ));
    worker.flush();
    told(b"lo\0");
    plugged.store(true, Ordering::SeqCst);
    now_ns.fetch_add(LIST_NS, Ordering::SeqCst);
    // Neither a commit nor a flow makes the exporter open its socket.
    told(b"wan7\0");
    let statistics = worker.statistics();
    assert_eq!(statistics[0].clients.len(), 1);
    balanced(&statistics);
}
