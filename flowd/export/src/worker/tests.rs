use std::collections::HashMap;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use flow::Layout;
use loss::DropReason;
use netflow_parser::NetflowParser;
use wire::Family;

use super::*;
use crate::feed::Offered;
use crate::settings::{Protocol, Sampling, Settings};
use crate::socket::prepare;
use crate::statistics::ClientStatistics;
use crate::testing::{BOOT_NS, SECOND, Set, batch, decode, monitor, original};

mod network;

const START_NS: u64 = BOOT_NS + 100 * SECOND;

/// A clock that stands until it is set.
fn clock() -> (Clock, Arc<AtomicU64>) {
    let now_ns = Arc::new(AtomicU64::new(START_NS));
    let read = Arc::clone(&now_ns);
    (Arc::new(move || read.load(Ordering::SeqCst).into()), now_ns)
}

fn no_interfaces() -> Interfaces {
    Arc::new(Vec::new)
}

/// A collector on loopback.
fn collector(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    socket
}

fn settings(name: &str, protocol: Protocol, collector: &UdpSocket) -> Settings {
    let address = collector.local_addr().unwrap();
    let mut settings = crate::testing::settings(name, &address.ip().to_string());
    settings.port = address.port();
    settings.protocol = protocol;
    settings.boot_ns = BOOT_NS;
    settings
}

fn plan(exporters: &[&Settings], monitors: Vec<Monitor>) -> Plan {
    let exporters = exporters
        .iter()
        .map(|settings| ((*settings).clone(), Some(prepare(settings).unwrap())));
    Plan {
        exporters: exporters.collect(),
        monitors,
    }
}

fn user(name: &str, exporters: &[&str], layout: &Arc<Layout>) -> Monitor {
    let exporters = exporters.iter().map(|name| name.to_string()).collect();
    Monitor {
        exporters,
        ..monitor(name, vec![Arc::clone(layout)], Sampling::None)
    }
}

/// Reads datagrams until so many data records have come.
fn read_records(socket: &UdpSocket, parser: &mut NetflowParser, wanted: usize) -> usize {
    let (mut records, mut datagrams) = (0, 0);
    let mut buffer = [0; 65_536];
    while records < wanted {
        let len = socket.recv(&mut buffer).expect("a datagram");
        let message = decode(parser, &buffer[..len]);
        records += message.v5.len();
        for set in &message.sets {
            if let Set::Data { records: more, .. } = set {
                records += more.len();
            }
        }
        datagrams += 1;
    }
    assert_eq!(records, wanted);
    datagrams
}

fn client<'a>(
    all: &'a [ExporterStatistics],
    exporter: &str,
    monitor: &str,
) -> &'a ClientStatistics {
    let exporter = all.iter().find(|known| known.name == exporter).unwrap();
    exporter
        .clients
        .iter()
        .find(|known| known.monitor == monitor)
        .unwrap()
}

fn balanced(all: &[ExporterStatistics]) {
    for client in all.iter().flat_map(|exporter| &exporter.clients) {
        assert!(client.ledger.balanced(), "{client:?}");
    }
}

#[test]
fn every_exporter_of_a_monitor_gets_every_flow() {
    let (clock, _) = clock();
    let worker = Worker::start(clock, no_interfaces(), 64).unwrap();
    let layout = original(Family::V4);
    let collectors = [
        collector("127.0.0.1"),
        collector("::1"),
        collector("127.0.0.1"),
    ];
    let protocols = [Protocol::NetflowV9, Protocol::Ipfix, Protocol::NetflowV5];
    let names = ["A", "B", "C"];
    let all: Vec<Settings> = (0..3)
        .map(|i| settings(names[i], protocols[i], &collectors[i]))
        .collect();
    let used = plan(
        &[&all[0], &all[1], &all[2]],
        vec![user("M", &names, &layout), user("N", &["A"], &layout)],
    );
    assert_eq!(worker.apply(used), []);
    let (m, n) = (worker.feed("M"), worker.feed("N"));
    assert!(
        matches!(m.offer(batch(&layout, 100, START_NS)), Offered::Queued(tally) if tally.octets == 10_000)
    );
    assert!(
        matches!(n.offer(batch(&layout, 50, START_NS)), Offered::Queued(tally) if tally.records == 50)
    );
    let nobody = worker.feed("nobody").offer(batch(&layout, 7, START_NS));
    assert!(matches!(nobody, Offered::NoExporter(tally) if tally.records == 7));
    // Before the datagrams are full, what is in them is queued.
    let statistics = worker.statistics();
    balanced(&statistics);
    let queued = client(&statistics, "A", "N").ledger.queued;
    assert!(queued.records > 0 && queued.records < 50);
    assert!(client(&statistics, "A", "N").bytes_added == 50 * 39);
    worker.flush();
    for (i, wanted) in [150, 100, 100].into_iter().enumerate() {
        let datagrams = read_records(&collectors[i], &mut NetflowParser::default(), wanted);
        let statistics = worker.statistics();
        balanced(&statistics);
        let exporter = &statistics[i];
        assert_eq!(exporter.datagrams, datagrams as u64);
        assert_eq!(
            exporter.destination,
            Some(collectors[i].local_addr().unwrap())
        );
        assert_eq!(exporter.payload_limit, if i == 1 { 1452 } else { 1472 });
        let sent = client(&statistics, names[i], "M");
        assert_eq!(
            (sent.ledger.sent.records, sent.ledger.sent.octets),
            (100, 10_000)
        );
        assert_eq!(
            (sent.records_added, sent.records_sent, sent.records_failed),
            (100, 100, 0)
        );
    }
    // Cleared screens, and a ledger that goes on.
    assert!(worker.clear("A") && !worker.clear("nobody"));
    let statistics = worker.statistics();
    let cleared = client(&statistics, "A", "M");
    assert_eq!(
        (
            statistics[0].datagrams,
            cleared.records_sent,
            cleared.bytes_added
        ),
        (0, 0, 0)
    );
    assert_eq!(cleared.ledger.sent.records, 100);
    assert_eq!(statistics[1].templates[0].fields.len(), 13);
}

#[test]
fn a_full_channel_is_a_counted_drop() {
    // The worker asks for the time and is not answered: nothing leaves the channel.
    let gate = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&gate);
    let clock: Clock = Arc::new(move || {
        while closed.load(Ordering::SeqCst) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        START_NS.into()
    });
    let worker = Worker::start(clock, no_interfaces(), 4).unwrap();
    let layout = original(Family::V4);
    let collector = collector("127.0.0.1");
    let settings = settings("E", Protocol::NetflowV9, &collector);
    worker.apply(plan(&[&settings], vec![user("M", &["E"], &layout)]));
    gate.store(true, Ordering::SeqCst);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (feed, layout) = (worker.feed("M"), Arc::clone(&layout));
            std::thread::spawn(move || {
                let offers = (0..20).map(|_| match feed.offer(batch(&layout, 10, START_NS)) {
                    Offered::Queued(_) => 0,
                    Offered::Dropped(tally) => tally.records,
                    Offered::NoExporter(_) => panic!(),
                });
                offers.sum::<u64>()
            })
        })
        .collect();
    let dropped: u64 = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    // One batch may be in the worker's hands, four in the channel.
    assert!((550..=560).contains(&dropped), "{dropped}");
    gate.store(false, Ordering::SeqCst);
    worker.flush();
    let statistics = worker.statistics();
    balanced(&statistics);
    let ledger = &client(&statistics, "E", "M").ledger;
    assert_eq!((ledger.received.records, ledger.queued.records), (600, 0));
    assert_eq!(
        (ledger.dropped[0].0, ledger.dropped[0].1.records),
        (DropReason::QueueFull, dropped)
    );
    read_records(
        &collector,
        &mut NetflowParser::default(),
        600 - dropped as usize,
    );
}

#[test]
fn a_dead_collector_costs_no_datagram() {
    let (clock, _) = clock();
    let worker = Worker::start(clock, no_interfaces(), 64).unwrap();
    let layout = original(Family::V4);
    let dead = collector("127.0.0.1");
    let settings = settings("E", Protocol::NetflowV9, &dead);
    let address = dead.local_addr().unwrap();
    drop(dead);
    worker.apply(plan(&[&settings], vec![user("M", &["E"], &layout)]));
    let feed = worker.feed("M");
    for _ in 0..20 {
        let _ = feed.offer(batch(&layout, 100, START_NS));
    }
    worker.flush();
    let statistics = worker.statistics();
    balanced(&statistics);
    let ledger = &client(&statistics, "E", "M").ledger;
    assert_eq!((ledger.sent.records, &ledger.dropped[..]), (2000, &[][..]));
    assert!(statistics[0].unreachable_notices > 0 && statistics[0].failures.is_empty());
    // The collector starts and gets everything from here on, although the socket still has the last ICMP error.
    let alive = UdpSocket::bind(address).unwrap();
    alive
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    for _ in 0..20 {
        let _ = feed.offer(batch(&layout, 100, START_NS));
    }
    worker.flush();
    let mut buffer = [0; 2000];
    let sent = worker.statistics()[0].datagrams - statistics[0].datagrams;
    assert!((0..sent).all(|_| alive.recv(&mut buffer).is_ok()));
}

#[test]
fn commits_lose_nothing() {
    let (clock, _) = clock();
    let worker = Worker::start(clock, no_interfaces(), 4096).unwrap();
    let layout = original(Family::V4);
    let (stays, goes) = (collector("127.0.0.1"), collector("127.0.0.1"));
    let mut first = settings("A", Protocol::Ipfix, &stays);
    let second = settings("B", Protocol::NetflowV9, &goes);
    let with_both = || vec![user("M", &["A", "B"], &layout)];
    worker.apply(plan(&[&first, &second], with_both()));
    let source = worker.statistics()[0].source;
    let done = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (feed, layout, done) = (worker.feed("M"), Arc::clone(&layout), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut offered = 0;
                while !done.load(Ordering::SeqCst) {
                    assert!(matches!(
                        feed.deliver(batch(&layout, 10, START_NS)),
                        Offered::Queued(_)
                    ));
                    offered += 10;
                }
                offered
            })
        })
        .collect();
    // The collectors' sockets are not read meanwhile, so they may drop datagrams, which the exporter counts as sent.
    let mut retired = Vec::new();
    for round in 0..20 {
        first.dscp = round;
        first.template_timeout = Duration::from_secs(u64::from(round) + 1);
        retired.extend(worker.apply(plan(&[&first], vec![user("M", &["A"], &layout)])));
        first.ttl = 100 + round;
        retired.extend(worker.apply(plan(&[&first, &second], with_both())));
    }
    done.store(true, Ordering::SeqCst);
    let offered: u64 = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    worker.flush();
    let statistics = worker.statistics();
    balanced(&statistics);
    // The exporter that was changed in place has kept its socket and its stream, and lost no record.
    let ledger = &client(&statistics, "A", "M").ledger;
    assert_eq!(
        (ledger.received.records, ledger.sent.records),
        (offered, offered)
    );
    assert_eq!(statistics[0].source, source);
    assert_eq!(statistics[0].templates[0].id, 256);
    // Of the exporter that was removed and added again, each account was closed with nothing queued.
    assert_eq!(retired.len(), 20);
    for account in retired {
        assert_eq!(
            (account.exporter.as_str(), account.monitor.as_str()),
            ("B", "M")
        );
        assert!(account.ledger.balanced() && account.ledger.queued.records == 0);
        assert_eq!(account.ledger.received, account.ledger.sent);
    }
}

#[test]
fn another_destination_is_another_stream() {
    let (clock, _) = clock();
    let worker = Worker::start(clock, no_interfaces(), 64).unwrap();
    let layout = original(Family::V4);
    let (old, new) = (collector("127.0.0.1"), collector("127.0.0.1"));
    let settings_of = |collector| settings("E", Protocol::NetflowV9, collector);
    worker.apply(plan(
        &[&settings_of(&old)],
        vec![user("M", &["E"], &layout)],
    ));
    let feed = worker.feed("M");
    let _ = feed.offer(batch(&layout, 5, START_NS));
    worker.apply(plan(
        &[&settings_of(&new)],
        vec![user("M", &["E"], &layout)],
    ));
    // Records that were waiting went to the old collector.
    read_records(&old, &mut NetflowParser::default(), 5);
    let _ = feed.offer(batch(&layout, 7, START_NS));
    worker.flush();
    let mut buffer = [0; 2000];
    let len = new.recv(&mut buffer).unwrap();
    let message = decode(&mut NetflowParser::default(), &buffer[..len]);
    assert_eq!(
        (
            message.sequence,
            message.templates().count(),
            message.records()
        ),
        // The template of flows, and that of the sampling interval with its row.
        (0, 2, 8)
    );
    let statistics = worker.statistics();
    balanced(&statistics);
    assert_eq!(client(&statistics, "E", "M").ledger.sent.records, 12);
}

#[test]
fn waiting_records_leave_by_time_and_at_the_end() {
    let (clock, now_ns) = clock();
    let worker = Worker::start(clock, no_interfaces(), 64).unwrap();
    let layout = original(Family::V4);
    let collector = collector("127.0.0.1");
    let settings = settings("E", Protocol::NetflowV5, &collector);
    worker.apply(plan(&[&settings], vec![user("M", &["E"], &layout)]));
    let _ = worker.feed("M").offer(batch(&layout, 3, START_NS));
    assert_eq!(
        client(&worker.statistics(), "E", "M").ledger.queued.records,
        3
    );
    now_ns.fetch_add(SECOND, Ordering::SeqCst);
    let mut parser = NetflowParser::default();
    read_records(&collector, &mut parser, 3);
    let feed = worker.feed("M");
    let _ = feed.offer(batch(&layout, 4, START_NS));
    worker.stop();
    read_records(&collector, &mut parser, 4);
    // A batch that is handed over after the end is reported as dropped.
    assert!(matches!(
        feed.offer(batch(&layout, 1, START_NS)),
        Offered::Dropped(_)
    ));
    assert!(worker.statistics().is_empty());
}
