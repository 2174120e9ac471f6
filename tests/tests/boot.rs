//! What was committed is in force again after every start: what the host does not have yet leaves the object there,
//! which says what it lacks, and works seconds after the host has it.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use flow_tests::config::{Exporter, monitor};
use flow_tests::dns::{NameServer, Resolv};
use flow_tests::random::Random;
use flow_tests::sink::Sink;
use flow_tests::wait::SOON;
use flow_tests::{Flowd, Lab, Namespace, skip, until};
use serde_json::Value as Json;

const TOOLS: &[&str] = &["ip", "ethtool"];

fn exporter(flowd: &Flowd, name: &str) -> Json {
    flowd.get(&format!("/v1/flow/exporters?name={name}"))["exporters"][0].clone()
}

/// Waits until an exporter is in a state, and returns it.
#[track_caller]
fn exporter_is(flowd: &Flowd, name: &str, state: &str) -> Json {
    let mut last = Json::Null;
    let found = flow_tests::wait::within(SOON, || {
        last = exporter(flowd, name);
        (last["state"] == state).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("exporter {name} is not {state}: {last:#}"))
}

fn listeners(flowd: &Flowd, samplicator: &str) -> Vec<Json> {
    let answer = flowd.get(&format!("/v1/samplicators?name={samplicator}"));
    let listeners = answer["samplicators"][0]["listeners"].as_array().cloned();
    listeners.unwrap_or_default()
}

/// Waits until every listening address of a samplicator is down, or none is; returns the reasons.
#[track_caller]
fn listening(flowd: &Flowd, samplicator: &str, up: bool) -> Vec<String> {
    let mut last = Vec::new();
    let found = flow_tests::wait::within(SOON, || {
        last = listeners(flowd, samplicator);
        let right = !last.is_empty() && last.iter().all(|one| one["down"].is_null() == up);
        right.then(|| {
            let why = last.iter().filter_map(|one| one["down"].as_str());
            why.map(str::to_owned).collect()
        })
    });
    found.unwrap_or_else(|| panic!("samplicator {samplicator}, up: {up}: {last:#?}"))
}

fn noc(port: u16) -> String {
    let to = Exporter {
        name: "NOC",
        destination: "192.168.3.1",
        port,
        protocol: "ipfix",
    };
    monitor("eth1", &[to])
}

#[test]
fn an_exporter_waits_for_its_source_address() {
    if !skip::able("a start without the source address", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let address = "addr add 203.0.113.1/32 dev eth2";
    lab.router.ip(address);
    let mut flowd = Flowd::start(&lab.router);
    let source = "set flow exporter NOC source 203.0.113.1\n";
    let port = Lab::port();
    let _sink = Sink::start(&lab.c1, "192.168.3.1", port);
    flowd.configure(&format!("{}{source}", noc(port)));
    exporter_is(&flowd, "NOC", "up");
    assert!(flowd.terminate().success());
    lab.router.ip("addr del 203.0.113.1/32 dev eth2");
    flowd.up(&lab.router);
    let down = exporter_is(&flowd, "NOC", "down");
    assert_eq!(
        down["reason"],
        "source address 203.0.113.1 is not an address of this host"
    );
    assert!(flowd.shown("commands").contains(source.trim_end()));
    let shown = flowd.ok(&["show flow exporter NOC"]);
    assert!(
        shown.contains("State:                    down: source address 203.0.113.1"),
        "{shown}"
    );
    lab.router.ip(address);
    assert_eq!(
        exporter_is(&flowd, "NOC", "up")["source_address"],
        "203.0.113.1"
    );
    // As at run time.
    lab.router.ip("addr del 203.0.113.1/32 dev eth2");
    exporter_is(&flowd, "NOC", "down");
    lab.router.ip(address);
    exporter_is(&flowd, "NOC", "up");
}

#[test]
fn a_samplicator_waits_for_its_port() {
    if !skip::able("a start with a port in use", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    let port = Lab::port();
    let sink = Sink::start(&lab.c1, "192.168.3.1", port);
    flowd.configure(&format!(
        "set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.3.1
set flow samplicator S receiver A port {port}
"
    ));
    assert!(flowd.terminate().success());
    let held: Vec<UdpSocket> = lab.router.enter(|| {
        let hold = |address: &str| UdpSocket::bind((address, 2055)).expect("the port is free");
        // The wildcard address of IPv6 has IPv4's port, too.
        vec![hold("::")]
    });
    flowd.up(&lab.router);
    let why = listening(&flowd, "S", false);
    assert!(
        why.iter()
            .all(|why| why == "the address is in use by another program"),
        "{why:?}"
    );
    let shown = flowd.ok(&["show samplicator S"]);
    assert!(shown.contains("down: the address is in use"), "{shown}");
    // What does not concern it is not refused for that.
    flowd.configure("set flow samplicator S receiver A ttl 9\n");
    listening(&flowd, "S", false);
    drop(held);
    listening(&flowd, "S", true);
    let from = lab
        .c1
        .enter(|| UdpSocket::bind("192.168.3.1:0").expect("a port"));
    from.send_to(b"here", "192.168.3.254:2055").expect("sent");
    until("the copy", SOON, || {
        (!sink.datagrams().is_empty()).then_some(())
    });
    // At a commit the same is refused.
    let _held = lab
        .router
        .enter(|| UdpSocket::bind("0.0.0.0:2099").expect("the port is free"));
    let said = flowd.sh(&[
        "configure",
        "set flow samplicator T port 2099",
        "set flow samplicator T receiver A address 192.168.3.1",
        "commit",
    ]);
    assert!(
        said.err.contains("in use by another program"),
        "{}",
        said.err
    );
}

#[test]
fn a_source_of_loopback_is_an_address_that_others_can_answer() {
    if !skip::able("an exporter from a loopback address", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let mut flowd = Flowd::start(&lab.router);
    let port = Lab::port();
    let _sink = Sink::start(&lab.c1, "192.168.3.1", port);
    let ios = format!(
        "flow exporter NOC
 destination 192.168.3.1
 source Loopback0
 transport udp {port}
!
flow monitor M
 record netflow ipv4 original-input
 exporter NOC
!
interface GigabitEthernet0/1
 ip flow monitor M input
!
"
    );
    // 127.0.0.1 is all that there is.
    let committed = flowd.configure(&ios);
    let warnings = committed["warnings"].to_string();
    let why = "interface `lo` has only the address 127.0.0.1, from which no other host can be reached; give it another \
               address, or choose another source";
    assert!(
        warnings.contains(why) && !warnings.contains("os error"),
        "{warnings}"
    );
    assert_eq!(exporter_is(&flowd, "NOC", "down")["reason"], why);
    lab.router.ip("addr add 203.0.113.1/32 dev lo");
    assert_eq!(
        exporter_is(&flowd, "NOC", "up")["source_address"],
        "203.0.113.1"
    );
    lab.router.ip("addr del 203.0.113.1/32 dev lo");
    exporter_is(&flowd, "NOC", "down");

    // An address that the same commit gives it counts.
    let committed = flowd.configure("set interfaces loopback lo address 203.0.113.9/32\n");
    assert!(!committed["warnings"].to_string().contains("trying again"));
    assert_eq!(
        exporter_is(&flowd, "NOC", "up")["source_address"],
        "203.0.113.9"
    );
    flowd.configure("delete flow exporter NOC\ndelete flow monitor M exporter\n");
    lab.router.ip("addr del 203.0.113.9/32 dev lo");
    flowd.configure("delete interfaces loopback\n");
    let committed = flowd.configure(&format!(
        "{ios}interface Loopback0\n ip address 203.0.113.7 255.255.255.255\n"
    ));
    let warnings = committed["warnings"].to_string();
    assert!(!warnings.contains("trying again"), "{warnings}");
    assert_eq!(
        exporter_is(&flowd, "NOC", "up")["source_address"],
        "203.0.113.7"
    );
    assert!(flowd.terminate().success());
}

#[test]
fn a_samplicator_follows_its_interface_when_that_is_replaced() {
    if !skip::able("a listening interface that is replaced", TOOLS) {
        return;
    }
    let lab = Lab::new();
    let add = format!(
        "link add new1 type veth peer name far1 netns {}",
        lab.c1.name()
    );
    let plug = || {
        lab.router.ip(&add);
        lab.router.ip("link set new1 up");
        lab.router.ip("addr add 10.8.0.1/24 dev new1");
        lab.c1.ip("addr add 10.8.0.2/24 dev far1");
        lab.c1.ip("link set far1 up");
        lab.c1.ip("route add 239.0.0.0/8 dev far1");
    };
    plug();
    let flowd = Flowd::start(&lab.router);
    let port = Lab::port();
    let sink = Sink::start(&lab.c1, "192.168.3.1", port);
    flowd.configure(&format!(
        "set flow samplicator G listen-address 239.1.2.3%new1
set flow samplicator G port 2055
set flow samplicator G receiver A address 192.168.3.1
set flow samplicator G receiver A port {port}
"
    ));
    let relayed = || {
        let before = sink.datagrams().len();
        let from = lab
            .c1
            .enter(|| UdpSocket::bind("10.8.0.2:0").expect("a port"));
        until("copies from the group", SOON, || {
            from.send_to(b"to the group", "239.1.2.3:2055")
                .expect("sent");
            (sink.datagrams().len() > before).then_some(())
        });
    };
    listening(&flowd, "G", true);
    relayed();
    lab.router.ip("link del new1");
    let why = listening(&flowd, "G", false);
    assert_eq!(why, ["there is no interface `new1`"]);
    plug();
    listening(&flowd, "G", true);
    relayed();
    // Another one of the same name, between two looks.
    lab.router.ip("link del new1");
    plug();
    relayed();
    flowd.settled();
}

/// A small file system of its own, unmounted on drop.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Disk {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().to_str().expect("UTF-8");
        let mounted = skip::command("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs", path])
            .status();
        assert!(mounted.expect("mount runs").success());
        Disk(dir)
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.0.path().join("ballast")
    }

    /// Leaves no octet free.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.ballast()).expect("the disk");
        for block in [1 << 20, 4096, 1] {
            while file.write_all(&vec![0; block]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = skip::command("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_keeps_nothing_from_being_in_force() {
    if !skip::able(
        "a start on a full disk",
        &["ip", "ethtool", "mount", "umount"],
    ) {
        return;
    }
    let lab = Lab::new();
    let disk = Disk::mount();
    let mut flowd = Flowd::prepare().with_state(&disk.0.path().join("state"));
    flowd.up(&lab.router);
    let port = Lab::port();
    let _sink = Sink::start(&lab.c1, "192.168.3.1", port);
    flowd.configure(&noc(port));
    let committed = flowd.shown("commands");
    assert!(flowd.terminate().success());
    disk.fill();
    flowd.up(&lab.router);
    assert_eq!(flowd.shown("commands"), committed);
    exporter_is(&flowd, "NOC", "up");
    disk.free();
    flowd.configure("set flow exporter NOC ttl 9\n");
    assert!(flowd.terminate().success());
    flowd.up(&lab.router);
    assert!(flowd.shown("commands").contains("ttl 9"));
}

/// Parts of a host that may be missing at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The address that an exporter and a receiver send from.
    Address,
    /// A loopback address.
    Loopback,
    /// An interface that is metered, with an address of the configuration's.
    Metered,
    /// The interface of a multicast group that is received.
    Multicast,
    /// A name that an exporter and a receiver send to.
    Name,
    /// The port of a samplicator, which another program has.
    Port,
    /// The route to a collector.
    Route,
}

const PARTS: [Part; 7] = [
    Part::Address,
    Part::Loopback,
    Part::Metered,
    Part::Multicast,
    Part::Name,
    Part::Port,
    Part::Route,
];

/// A host of which parts can be taken and given back.
struct Pieces<'a> {
    router: &'a Namespace,
    names: &'a NameServer,
    held: Option<UdpSocket>,
}

impl Pieces<'_> {
    fn set(&mut self, part: Part, there: bool) {
        let ip = |words: &str| drop(self.router.ip(words));
        let verb = if there { "add" } else { "del" };
        match part {
            Part::Address => ip(&format!("addr {verb} 203.0.113.1/32 dev eth2")),
            Part::Loopback => ip(&format!("addr {verb} 203.0.113.2/32 dev lo")),
            Part::Metered if there => ip("link add new0 type veth peer name far0"),
            Part::Metered => ip("link del new0"),
            Part::Multicast if there => {
                ip("link add new1 type veth peer name far1");
                ip("link set new1 up");
            }
            Part::Multicast => ip("link del new1"),
            Part::Name => self
                .names
                .now(there.then_some(Ipv4Addr::new(192, 168, 3, 1))),
            Part::Port if there => self.held = None,
            Part::Port => {
                let hold = || UdpSocket::bind("192.168.3.254:2055").expect("the port is free");
                self.held = Some(self.router.enter(hold));
            }
            Part::Route => ip(&format!("route {verb} 198.51.100.0/24 via 192.168.3.1")),
        }
    }
}

/// What is wrong while everything is there: nothing.
fn wrong(flowd: &Flowd, pieces: &Pieces<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in ["ADDRESS", "LOOPBACK", "NAMED", "ROUTED"] {
        let one = exporter(flowd, name);
        if one["state"] != "up" {
            wrong.push(format!("{name}: {} {}", one["state"], one["reason"]));
        }
    }
    for name in ["S", "G"] {
        for listener in listeners(flowd, name) {
            if let Some(why) = listener["down"].as_str() {
                wrong.push(format!("samplicator {name}: {why}"));
            }
        }
    }
    let answer = flowd.get("/v1/samplicators?name=S");
    for receiver in answer["samplicators"][0]["receivers"]
        .as_array()
        .into_iter()
        .flatten()
    {
        if receiver["address"].is_null() {
            wrong.push(format!(
                "receiver {}: {}",
                receiver["name"], receiver["reason"]
            ));
        }
    }
    let ledger = flowd.get("/v1/flow/loss");
    let monitors = ledger["monitors"].as_array().into_iter().flatten();
    if !monitors.into_iter().any(|one| one["interface"] == "new0") {
        wrong.push("new0 is not metered".into());
    }
    if !pieces.router.ip("addr show").contains("10.9.9.1/24") {
        wrong.push("new0 has no address".into());
    }
    wrong
}

#[test]
fn whatever_is_missing_at_a_start_is_in_force_when_it_comes() {
    if !skip::able("starts with parts of the host missing", TOOLS) {
        return;
    }
    let rounds: u64 = match std::env::var("FLOW_TESTS_STARTS") {
        Ok(number) => number.parse().expect("a number of starts"),
        Err(_) => 10,
    };
    let lab = Lab::new();
    let _resolv = Resolv::write(
        &lab.router,
        "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    );
    let names = NameServer::start(&lab.router, None);
    let mut pieces = Pieces {
        router: &lab.router,
        names: &names,
        held: None,
    };
    for part in PARTS.into_iter().filter(|part| *part != Part::Port) {
        pieces.set(part, true);
    }
    let mut flowd = Flowd::start(&lab.router);
    let to = |name, destination, port| Exporter {
        name,
        destination,
        port,
        protocol: "ipfix",
    };
    lab.c1.ip("addr add 198.51.100.9/32 dev lo");
    let exporters = [
        to("ADDRESS", "192.168.3.1", Lab::port()),
        to("LOOPBACK", "192.168.3.1", Lab::port()),
        to("NAMED", "collector.example", Lab::port()),
        to("ROUTED", "198.51.100.9", Lab::port()),
    ];
    let _sinks = exporters
        .each_ref()
        .map(|one| Sink::start(&lab.c1, "0.0.0.0", one.port));
    flowd.configure(&format!(
        "{}set flow exporter ADDRESS source 203.0.113.1
set flow exporter LOOPBACK source lo
set interfaces ethernet new0 address 10.9.9.1/24
set flow samplicator S listen-address 192.168.3.254
set flow samplicator S port 2055
set flow samplicator S receiver A address 192.168.3.1
set flow samplicator S receiver A source-address 203.0.113.1
set flow samplicator S receiver N address collector.example
set flow samplicator G listen-address 239.1.2.3%new1
set flow samplicator G receiver A address 192.168.3.1
",
        monitor("new0", &exporters)
    ));
    let committed = flowd.shown("commands");
    until("everything to be in force", Duration::from_secs(30), || {
        wrong(&flowd, &pieces).is_empty().then_some(())
    });
    for round in 0..rounds {
        let mut random = Random::new(round + 1);
        assert!(flowd.terminate().success());
        let mut missing: Vec<Part> = PARTS.into_iter().filter(|_| random.below(3) > 0).collect();
        missing.iter().for_each(|part| pieces.set(*part, false));
        flowd.up(&lab.router);
        assert_eq!(flowd.shown("commands"), committed, "nothing is dropped");
        for name in ["S", "G"] {
            assert!(
                !listeners(&flowd, name).is_empty(),
                "samplicator {name} is there"
            );
        }
        let lacks = |part| missing.contains(&part);
        for (name, part) in [
            ("ADDRESS", Part::Address),
            ("LOOPBACK", Part::Loopback),
            ("NAMED", Part::Name),
            ("ROUTED", Part::Route),
        ] {
            if lacks(part) {
                let down = exporter_is(&flowd, name, "down");
                let why = down["reason"].as_str().unwrap_or_default();
                assert!(
                    why.contains(' ') && !why.contains("os error"),
                    "{name}: {why}"
                );
            }
        }
        for (name, part) in [("S", Part::Port), ("G", Part::Multicast)] {
            if lacks(part) {
                let why = listening(&flowd, name, false);
                assert!(why.iter().all(|why| !why.contains("os error")), "{why:?}");
            }
        }
        while !missing.is_empty() {
            let next = random.below(missing.len() as u64) as usize;
            pieces.set(missing.swap_remove(next), true);
            std::thread::sleep(Duration::from_millis(random.below(300)));
        }
        let mut last = Vec::new();
        let all = flow_tests::wait::within(Duration::from_secs(30), || {
            last = wrong(&flowd, &pieces);
            last.is_empty().then_some(())
        });
        assert!(all.is_some(), "start {round}: {last:#?}");
    }
}
