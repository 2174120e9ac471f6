//! A samplicator that is changed while it works: who is not concerned loses nothing, and sockets that stay are the same.
//! Names that come, move and stop resolving. A restart.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use flow_tests::dns::{NameServer, Resolv};
use flow_tests::sink::Sink;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Namespace, Site, skip, until};
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool", "ping"];

/// Sends numbered datagrams from several ports until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Load {
    /// Rounds of one datagram from each of the ports of 192.168.3.1, some thousand datagrams a second.
    fn start(namespace: &Namespace, ports: std::ops::Range<u16>, to: &'static str) -> Load {
        let sockets: Vec<UdpSocket> = namespace.enter(|| {
            ports
                .map(|port| UdpSocket::bind(("192.168.3.1", port)).expect("the port is free"))
                .collect()
        });
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut round = 0u64;
            while !told.load(Ordering::Relaxed) {
                for socket in &sockets {
                    socket.send_to(&round.to_be_bytes(), to).expect("sent");
                }
                round += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            round
        });
        Load {
            stop,
            thread: Some(thread),
        }
    }

    /// Ends it and tells how many datagrams each port sent.
    fn stop(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it runs");
        thread.join().expect("every datagram could be sent")
    }
}

/// The numbers that came from each port, in the order they came.
fn numbers(sink: &Sink) -> BTreeMap<u16, Vec<u64>> {
    let mut by_port: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
    for datagram in sink.datagrams() {
        let number = datagram.bytes.try_into().expect("eight octets");
        let numbers = by_port.entry(datagram.from.port()).or_default();
        numbers.push(u64::from_be_bytes(number));
    }
    by_port
}

fn samplicator(flowd: &Flowd) -> Json {
    flowd.get("/v1/samplicators?name=S")["samplicators"][0].clone()
}

fn datagrams(tally: &Json) -> u64 {
    tally["datagrams"].as_u64().unwrap_or_default()
}

/// The kernel's numbers of the sockets bound to 192.168.3.2 port 2055.
fn inodes(namespace: &Namespace) -> Vec<String> {
    let table =
        namespace.enter(|| fs::read_to_string("/proc/thread-self/net/udp").expect("it is there"));
    table
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect::<Vec<_>>())
        .filter(|words| words[1] == "0203A8C0:0807")
        .map(|words| words[9].to_owned())
        .collect()
}

const BASE: &str = "set flow samplicator S listen-address 192.168.3.2
set flow samplicator S port 2055
set flow samplicator S receiver kept address 192.168.4.1
set flow samplicator S receiver kept port 2055
set flow samplicator S receiver kept spoof-source
set flow samplicator S receiver other address 192.168.5.1
set flow samplicator S receiver other port 2055
set flow samplicator S receiver other source-port 7777
";

/// Changes that do not concern the receiver `kept`.
const CHANGES: &[&str] = &[
    "set flow samplicator S receiver third address 192.168.5.1\nset flow samplicator S receiver third port 2056",
    "set flow samplicator S receiver third ttl 9",
    "set flow samplicator S source 10.0.0.0/8 deny",
    "set flow samplicator S receiver third disable",
    "delete flow samplicator S receiver third disable",
    "set flow samplicator S port 2056",
    "set flow samplicator S receiver other address nowhere.invalid",
    "set flow samplicator S receiver other delay 100",
    "set flow samplicator S receive-buffer 1048576",
    "set flow samplicator S balance group G receivers third\nset flow samplicator S source 10.1.0.0/16 receiver G",
    "delete flow samplicator S port 2056",
    "set flow samplicator S listen-address 192.168.4.2",
    "delete flow samplicator S source 10.1.0.0/16\ndelete flow samplicator S balance",
    "delete flow samplicator S listen-address 192.168.4.2",
    "delete flow samplicator S receiver third",
    "set flow samplicator T port 2057\nset flow samplicator T receiver A address 192.168.5.1",
    "delete flow samplicator T",
    "set flow samplicator S receiver other address 192.168.5.1\ndelete flow samplicator S receiver other delay",
];

#[test]
fn changes_under_load_cost_nobody_else_a_datagram() {
    if !skip::able("a samplicator changed under load", TOOLS) {
        return;
    }
    let site = Site::new();
    let kept = Sink::start(&site.left, "192.168.4.1", 2055);
    let other = Sink::start(&site.right, "192.168.5.1", 2055);
    let flowd = Flowd::start(&site.relay);
    flowd.configure(BASE);
    let before = inodes(&site.relay);
    assert_eq!(before.len(), 1, "one listening socket");
    let load = Load::start(&site.exporter, 5000..5008, "192.168.3.2:2055");
    until("the load to run", SOON, || {
        (datagrams(&samplicator(&flowd)["received"]) > 100).then_some(())
    });
    for change in CHANGES {
        let sent = kept.datagrams().len();
        flowd.configure(change);
        // Some of the load comes under each of them.
        until("datagrams under the change", SOON, || {
            (kept.datagrams().len() > sent + 200).then_some(())
        });
        assert_eq!(inodes(&site.relay), before, "{change}: another socket");
    }
    let rounds = load.stop();
    let total = rounds * 8;
    until("the last datagram", SOON, || {
        (kept.datagrams().len() as u64 >= total).then_some(())
    });
    let all: Vec<u64> = (0..rounds).collect();
    let got = numbers(&kept);
    assert_eq!(got.len(), 8, "every port of the exporter is kept");
    for (port, numbers) in got {
        assert!(numbers == all, "port {port}: lost, twice or out of order");
    }
    let one = samplicator(&flowd);
    assert_eq!(datagrams(&one["received"]), total, "{one:#}");
    assert_eq!(datagrams(&one["relayed"]), total, "{one:#}");
    assert_eq!(one["kernel_drops"], 0);
    assert_eq!(one["balanced"], true, "{one:#}");
    let receivers = one["receivers"].as_array().expect("receivers");
    let [first, second] = &receivers[..] else {
        panic!("{one:#}");
    };
    assert_eq!(datagrams(&first["sent"]), total, "{one:#}");
    // It was without an address for a while: what it was not sent has a reason, and the rest came.
    assert_eq!(datagrams(&second["offered"]), total, "{one:#}");
    until("the rest of the other's datagrams", SOON, || {
        (other.datagrams().len() as u64 == datagrams(&samplicator(&flowd)["receivers"][1]["sent"]))
            .then_some(())
    });
    assert_eq!(flowd.get("/v1/flow/loss")["balanced"], true);
}

#[test]
fn it_moves_between_any_address_and_one_without_losing_or_doubling_a_datagram() {
    if !skip::able("a samplicator's listening address", TOOLS) {
        return;
    }
    let site = Site::new();
    let kept = Sink::start(&site.left, "192.168.4.1", 2055);
    let flowd = Flowd::start(&site.relay);
    flowd.configure(
        "set flow samplicator S port 2055
set flow samplicator S receiver kept address 192.168.4.1
set flow samplicator S receiver kept port 2055
set flow samplicator S receiver kept spoof-source
",
    );
    let load = Load::start(&site.exporter, 5000..5002, "192.168.3.2:2055");
    let one = "flow samplicator S listen-address";
    for round in 0..3 {
        for change in [
            format!("set {one} 192.168.3.2"),
            format!("delete {one}"),
            format!(
                "set {one} 0.0.0.0\nset flow samplicator S threads {}",
                round + 1
            ),
            format!("delete {one} 0.0.0.0\nset {one} 192.168.3.2"),
            format!("set {one} 192.168.4.2"),
            format!("delete {one}"),
        ] {
            let so_far = kept.datagrams().len();
            until("datagrams meanwhile", SOON, || {
                (kept.datagrams().len() > so_far + 20).then_some(())
            });
            flowd.configure(&change);
        }
    }
    let sent = load.stop();
    until("the last datagrams", SOON, || {
        (kept.datagrams().len() as u64 >= 2 * sent).then_some(())
    });
    for (port, mut numbers) in numbers(&kept) {
        // A socket that takes over may be read before the one it takes over from is empty.
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(0..sent), "port {port}");
    }
    assert_eq!(samplicator(&flowd)["balanced"], true);
}

#[test]
fn a_samplicator_works_again_after_a_kill() {
    if !skip::able("a samplicator after a restart", TOOLS) {
        return;
    }
    let site = Site::new();
    let kept = Sink::start(&site.left, "192.168.4.1", 2055);
    let mut flowd = Flowd::start(&site.relay);
    flowd.configure(BASE);
    flowd.kill();
    // The address is not there yet when it starts.
    site.relay.ip("addr del 192.168.3.2/24 dev eth0");
    flowd.up(&site.relay);
    site.relay.ip("addr add 192.168.3.2/24 dev eth0");
    let load = Load::start(&site.exporter, 5000..5001, "192.168.3.2:2055");
    until("a datagram", SOON, || {
        (!kept.datagrams().is_empty()).then_some(())
    });
    load.stop();
    // What waits at the socket when it is told to end goes out.
    assert!(flowd.terminate().success());
}

#[test]
fn a_receivers_name_is_followed_and_kept_when_it_stops_resolving() {
    if !skip::able("a samplicator's names", TOOLS) {
        return;
    }
    let site = Site::new();
    let _resolv = Resolv::write(
        &site.relay,
        "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    );
    let names = NameServer::start(&site.relay, None);
    let steady = Sink::start(&site.left, "192.168.4.1", 2055);
    let left = Sink::start(&site.left, "192.168.4.1", 2056);
    let right = Sink::start(&site.right, "192.168.5.1", 2056);
    let flowd = Flowd::start(&site.relay);
    flowd.configure(
        "set flow samplicator S listen-address 192.168.3.2
set flow samplicator S port 2055
set flow samplicator S receiver steady address 192.168.4.1
set flow samplicator S receiver steady port 2055
set flow samplicator S receiver steady spoof-source
set flow samplicator S receiver named address collector.example
set flow samplicator S receiver named port 2056
",
    );
    let load = Load::start(&site.exporter, 5000..5002, "192.168.3.2:2055");
    let named = || samplicator(&flowd)["receivers"][0].clone();
    until("the name to be unknown", SOON, || {
        let one = named();
        (one["state"] == "unresolved" && datagrams(&one["dropped"]["unresolved"]) > 0).then_some(())
    });
    names.now(Some(Ipv4Addr::new(192, 168, 4, 1)));
    until("the name's first address", SOON, || {
        (!left.datagrams().is_empty()).then_some(())
    });
    assert_eq!(named()["address"], "192.168.4.1");
    names.now(Some(Ipv4Addr::new(192, 168, 5, 1)));
    until("the name's other address", SOON, || {
        (!right.datagrams().is_empty()).then_some(())
    });
    // It does not resolve any more: the last address stays in use.
    names.now(None);
    until("the log to tell of it", SOON, || {
        let log = flowd.get("/v1/log?lines=1000");
        let lines = log["lines"].as_array()?;
        let told = lines.iter().filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.contains("receiver named does not resolve"))
        });
        // Once at the beginning, once now.
        (told.count() >= 2).then_some(())
    });
    let so_far = right.datagrams().len();
    until("datagrams to the last address", SOON, || {
        (right.datagrams().len() > so_far + 20).then_some(())
    });
    until("the receiver to be up", SOON, || {
        let one = named();
        (one["address"] == "192.168.5.1" && one["state"] == "up").then_some(())
    });
    let rounds = load.stop();
    until("the last datagram", SOON, || {
        (steady.datagrams().len() as u64 >= rounds * 2).then_some(())
    });
    let all: Vec<u64> = (0..rounds).collect();
    assert!(
        numbers(&steady).values().all(|numbers| *numbers == all),
        "the others lose nothing"
    );
    assert_eq!(
        steady.datagrams()[0].from.ip(),
        IpAddr::from([192, 168, 3, 1])
    );
    let one = samplicator(&flowd);
    assert_eq!(one["balanced"], true, "{one:#}");
}
