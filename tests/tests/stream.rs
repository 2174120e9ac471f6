//! IPFIX over TCP: what collectors of other hands read of it, and what becomes of each record while the collector is away, slow, or
//! cuts the connection.

use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use flow_tests::skip::command;
use flow_tests::wait::{SOON, within};
use flow_tests::{Flowd, Lab, Namespace, skip, until};
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool"];
const PORT: u16 = 4739;

/// A collector that keeps the octets of each connection.
struct Collector {
    sessions: Arc<Mutex<Vec<Vec<u8>>>>,
    reads: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    open: Arc<Mutex<Option<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Collector {
    /// Listens on 192.168.3.1 of a namespace.
    fn start(namespace: &Namespace) -> Collector {
        let address = SocketAddr::from(([192, 168, 3, 1], PORT));
        let listener = until("the port to be free", SOON, || {
            namespace.enter(|| TcpListener::bind(address)).ok()
        });
        listener.set_nonblocking(true).expect("a listener");
        let sessions = Arc::new(Mutex::new(Vec::new()));
        let [reads, stop] = [true, false].map(|is| Arc::new(AtomicBool::new(is)));
        let open = Arc::new(Mutex::new(None));
        let thread = {
            let (sessions, reads, stop, open) =
                (sessions.clone(), reads.clone(), stop.clone(), open.clone());
            std::thread::spawn(move || serve(&listener, &sessions, &reads, &stop, &open))
        };
        Collector {
            sessions,
            reads,
            stop,
            open,
            thread: Some(thread),
        }
    }

    /// The octets of each connection so far.
    fn sessions(&self) -> Vec<Vec<u8>> {
        self.sessions.lock().expect("nobody panicked").clone()
    }

    /// Whether it reads what comes.
    fn read(&self, reads: bool) {
        self.reads.store(reads, Ordering::Relaxed);
    }

    /// Cuts the connection.
    fn cut(&self) {
        if let Some(stream) = self.open.lock().expect("nobody panicked").take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Reads what has come, ends, and returns the flow records of all connections.
    fn finish(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it runs");
        thread.join().expect("it did not panic");
        self.records()
    }

    /// The flow records of all whole messages of all connections.
    fn records(&self) -> u64 {
        self.sessions()
            .iter()
            .map(|one| messages(one).records)
            .sum()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: &TcpListener,
    sessions: &Mutex<Vec<Vec<u8>>>,
    reads: &AtomicBool,
    stop: &AtomicBool,
    open: &Mutex<Option<TcpStream>>,
) {
    let mut stream: Option<TcpStream> = None;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let last = stop.load(Ordering::Relaxed);
        if let Ok((new, _)) = listener.accept() {
            new.set_read_timeout(Some(Duration::from_millis(20)))
                .expect("a timeout");
            *open.lock().expect("nobody panicked") = new.try_clone().ok();
            sessions.lock().expect("nobody panicked").push(Vec::new());
            stream = Some(new);
        }
        let Some(from) = stream.as_mut().filter(|_| reads.load(Ordering::Relaxed)) else {
            if last {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
            continue;
        };
        match from.read(&mut buffer) {
            Ok(0) => stream = None,
            Ok(octets) => {
                let mut sessions = sessions.lock().expect("nobody panicked");
                sessions
                    .last_mut()
                    .expect("a session")
                    .extend_from_slice(&buffer[..octets]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => stream = None,
        }
        if last {
            return;
        }
    }
}

/// What is in the octets of a connection.
#[derive(Debug, Default)]
struct Messages {
    count: u64,
    /// Flow records.
    records: u64,
    /// Options records.
    options: u64,
    /// Sets of templates and options templates, in any message.
    template_sets: u64,
}

/// Reads the messages of a connection, and checks their sequence numbers.
fn messages(octets: &[u8]) -> Messages {
    let number = |at: usize| usize::from(u16::from_be_bytes([octets[at], octets[at + 1]]));
    let mut found = Messages::default();
    let (mut at, mut sequence) = (0, 0u32);
    let mut length_of = std::collections::BTreeMap::new();
    while at + 16 <= octets.len() {
        assert_eq!(number(at), 10, "a message begins at octet {at}");
        let end = at + number(at + 2);
        if end > octets.len() {
            break;
        }
        let told = u32::from_be_bytes(octets[at + 8..at + 12].try_into().expect("four octets"));
        assert_eq!(
            told, sequence,
            "the sequence number of message {}",
            found.count
        );
        let mut set = at + 16;
        while set < end {
            let (id, set_end) = (number(set), set + number(set + 2));
            match id {
                2 | 3 => {
                    found.template_sets += 1;
                    let mut place = set + 4;
                    while place + 4 <= set_end {
                        let (template, fields) = (number(place), number(place + 2));
                        // An options template says how many of them are scopes.
                        place += if id == 2 { 4 } else { 6 };
                        let mut length = 0;
                        for _ in 0..fields {
                            let enterprise = number(place) & 0x8000 != 0;
                            length += number(place + 2);
                            place += if enterprise { 8 } else { 4 };
                        }
                        length_of.insert(template, (length, id == 2));
                    }
                }
                id => {
                    let known = length_of.get(&id).copied();
                    let (length, flows) = known.expect("its template came before it");
                    let records = ((set_end - set - 4) / length) as u64;
                    found.records += if flows { records } else { 0 };
                    found.options += if flows { 0 } else { records };
                    sequence = sequence.wrapping_add(records as u32);
                }
            }
            set = set_end;
        }
        found.count += 1;
        at = end;
    }
    found
}

fn configuration(buffer: u64) -> String {
    format!(
        "set flow exporter E destination 192.168.3.1
set flow exporter E transport tcp
set flow exporter E transport buffer {buffer}
set flow exporter E export-protocol ipfix
set flow record R match ipv4 source address
set flow record R match ipv4 destination address
set flow record R match transport source-port
set flow record R collect counter packets
set flow record R collect counter bytes
set flow monitor M record R
set flow monitor M exporter E
set flow monitor M cache type immediate
set interfaces ethernet eth1 flow monitor M direction input
"
    )
}

/// Sends packets, each of which is a record, until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    fn start(namespace: &Namespace, every: Duration) -> Load {
        let socket =
            namespace.enter(|| UdpSocket::bind("172.16.1.2:0").expect("an address of the host"));
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                // What the receiver's host answers does not matter.
                let _ = socket.send_to(&[0; 32], "172.16.2.1:9");
                std::thread::sleep(every);
            }
        });
        Load {
            stop,
            thread: Some(thread),
        }
    }

    fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .take()
            .expect("it runs")
            .join()
            .expect("it did not panic");
    }
}

fn exporter(flowd: &Flowd) -> Json {
    flowd.get("/v1/flow/exporters?name=E")["exporters"][0].clone()
}

#[track_caller]
fn state_is(flowd: &Flowd, state: &str) -> Json {
    let mut last = Json::Null;
    let found = within(SOON, || {
        last = exporter(flowd);
        (last["state"] == state).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("the exporter is not {state}: {last:#}"))
}

/// Records of the ledger: sent, refused, and dropped for want of room.
fn counts(flowd: &Flowd) -> [u64; 3] {
    let ledger = flowd.get("/v1/flow/loss");
    let one = &ledger["exporters"][0];
    let records = |what: &Json| what["records"].as_u64().unwrap_or(0);
    [
        records(&one["sent"]),
        records(&one["refused"]),
        records(&one["dropped"]["queue-full"]),
    ]
}

#[test]
fn what_is_sent_is_read_by_other_hands() {
    if !skip::able(
        "IPFIX over TCP, read by others",
        &["ip", "ethtool", "tshark", "ipfixDump"],
    ) {
        return;
    }
    let lab = Lab::new();
    let collector = Collector::start(&lab.c1);
    let flowd = Flowd::start(&lab.router);
    let committed = flowd.configure(&configuration(1 << 20));
    assert_eq!(
        committed["warnings"],
        serde_json::json!([]),
        "{committed:#}"
    );
    state_is(&flowd, "up");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let capture = folder.path().join("stream.pcap");
    let _dumping = lab.c1.spawn(&[
        "tshark",
        "-q",
        "-i",
        "eth0",
        "-f",
        "tcp port 4739",
        "-w",
        capture.to_str().expect("UTF-8"),
    ]);
    until("the capture", SOON, || {
        capture
            .metadata()
            .is_ok_and(|file| file.len() >= 24)
            .then_some(())
    });
    // A new session, so that the capture has its templates.
    collector.cut();
    until("another session", SOON, || {
        (collector.sessions().len() == 2).then_some(())
    });
    let load = Load::start(&lab.hosts, Duration::from_micros(500));
    until("some records", SOON, || {
        (collector.records() > 2000).then_some(())
    });
    load.stop();
    flowd.force_export("M");
    let ledger = flowd.settled();
    ledger.audit();
    let [sent, refused, dropped] = counts(&flowd);
    assert_eq!((refused, dropped), (0, 0));
    until("all records", SOON, || {
        (collector.records() == sent).then_some(())
    });
    let last = collector.sessions().pop().expect("a session");
    let found = messages(&last);
    assert_eq!(
        found.template_sets, 2,
        "a template and an options template, each once: {found:?}"
    );
    let shown = flowd.ok(&["show flow exporter E"]);
    for line in [
        "Transport Protocol:     TCP",
        "Destination Port:       4739",
        "Connections:            2",
        "Waiting:                0 of 1,048,576 bytes",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }

    let file = folder.path().join("stream.ipfix");
    std::fs::write(&file, &last).expect("a file");
    let said = command("ipfixDump")
        .arg("--in")
        .arg(&file)
        .output()
        .expect("ipfixDump runs");
    let text = String::from_utf8_lossy(&said.stdout);
    let records = text
        .lines()
        .filter(|line| line.starts_with("--- data record"))
        .count() as u64;
    assert_eq!(
        records,
        found.records + found.options,
        "{}{}",
        &text[..text.len().min(2000)],
        String::from_utf8_lossy(&said.stderr)
    );

    let mut shown = 0;
    let all = within(SOON, || {
        let said = command("tshark")
            .args(["-r", capture.to_str().expect("UTF-8"), "-Y", "cflow"])
            .args(["-T", "fields", "-e", "cflow.srcaddr", "-E", "occurrence=a"])
            .output()
            .expect("tshark runs");
        let text = String::from_utf8_lossy(&said.stdout);
        let addresses = text.split(['\n', ',']).filter(|one| !one.is_empty());
        shown = addresses.count() as u64;
        (shown == found.records).then_some(())
    });
    assert!(
        all.is_some(),
        "tshark has {shown} of {} records",
        found.records
    );
}

#[test]
fn records_wait_for_a_collector_that_is_away() {
    if !skip::able("an IPFIX collector that is away", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    flowd.configure(&configuration(1 << 20));
    let why = "connecting to 192.168.3.1 port 4739 is not possible: Connection refused";
    until("the reason", SOON, || {
        let one = exporter(&flowd);
        (one["state"] == "down" && one["reason"] == why).then_some(())
    });
    let load = Load::start(&lab.hosts, Duration::from_millis(1));
    until("messages that wait", SOON, || {
        (exporter(&flowd)["session"]["waiting_octets"].as_u64()? > 20_000).then_some(())
    });
    // It comes, goes and comes again, under load.
    let mut arrived = 0;
    for _ in 0..3 {
        let collector = Collector::start(&lab.c1);
        state_is(&flowd, "up");
        let before = collector.records();
        until("records", SOON, || {
            (collector.records() > before + 500).then_some(())
        });
        arrived += collector.finish();
        state_is(&flowd, "down");
    }
    let collector = Collector::start(&lab.c1);
    state_is(&flowd, "up");
    load.stop();
    flowd.force_export("M");
    flowd.settled().audit();
    let [sent, refused, dropped] = counts(&flowd);
    assert_eq!(dropped, 0);
    let mut last = 0;
    let right = within(SOON, || {
        last = arrived + collector.records();
        // What came to a collector's host in the moment it went was acknowledged and read by nobody.
        (sent - refused <= last + 3 * 50 && last <= sent).then_some(())
    });
    assert!(
        right.is_some(),
        "{sent} sent, {refused} of them refused, {last} arrived"
    );
}

#[test]
fn a_collector_that_does_not_read_costs_what_has_no_room() {
    if !skip::able("an IPFIX collector that does not read", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let flowd = Flowd::start(&lab.router);
    let collector = Collector::start(&lab.c1);
    collector.read(false);
    flowd.configure(&configuration(65_536));
    state_is(&flowd, "up");
    let load = Load::start(&lab.hosts, Duration::from_micros(50));
    until("drops", Duration::from_secs(120), || {
        (counts(&flowd)[2] > 1000).then_some(())
    });
    load.stop();
    let shown = flowd.ok(&["show flow loss"]);
    assert!(shown.contains("queue-full"), "{shown}");
    flowd.get("/v1/flow/loss");
    collector.read(true);
    flowd.force_export("M");
    flowd.settled().audit();
    let [sent, refused, dropped] = counts(&flowd);
    assert_eq!(refused, 0, "it is the same connection");
    assert!(dropped > 1000);
    until("all that was sent", SOON, || {
        (collector.records() == sent).then_some(())
    });
    assert_eq!(collector.sessions().len(), 1);
}

#[test]
fn what_a_stream_cannot_carry_is_refused() {
    if !skip::able("exporters on TCP that are refused", &["ip"]) {
        return;
    }
    let namespace = Namespace::new("refused");
    let flowd = Flowd::start(&namespace);
    let base = "set flow exporter E destination 192.0.2.1";
    for (lines, told) in [
        (
            &["set flow exporter E transport tcp"][..],
            "exporter E: TCP (port 4739) carries IPFIX only; set export-protocol ipfix",
        ),
        (
            &[
                "set flow exporter E transport tcp 9999",
                "set flow exporter E export-protocol netflow-v5",
            ],
            "TCP (port 9999) carries IPFIX only",
        ),
        (
            &[
                "set flow exporter E transport tcp",
                "set flow exporter E export-protocol ipfix",
                "set flow exporter E transport udp 9995",
            ],
            "udp and tcp exclude each other; delete one",
        ),
        (
            &["set flow exporter E transport buffer 100000"],
            "it has no effect without `transport tcp`",
        ),
    ] {
        let mut all = vec!["configure", base];
        all.extend(lines);
        all.push("commit");
        let said = flowd.sh(&all);
        assert!(
            said.code == 1 && said.err.contains(told),
            "{told}\n{}",
            said.err
        );
    }
    // In IOS lines, with the port and without.
    for (line, port) in [(" transport tcp", "4739"), (" transport tcp 4740", "4740")] {
        flowd.configure(&format!(
            "flow exporter E\n destination 192.0.2.1\n export-protocol ipfix\n{line}\n"
        ));
        let shown = flowd.shown("ios");
        assert!(
            shown.contains(&format!(" transport tcp {port}\n")),
            "{shown}"
        );
    }
}
