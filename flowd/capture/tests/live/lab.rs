//! A network namespace with a veth pair, `east` and `west`, for one test thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use capture::{Config, Engine, Source};
use nix::sched::{CloneFlags, setns};
use nix::sys::eventfd::EventFd;

/// The namespace, which the thread that made it has entered. Dropping it deletes the namespace.
pub(crate) struct Lab {
    name: String,
    /// Sockets that send, by interface.
    senders: RefCell<HashMap<String, pcap::Capture<pcap::Active>>>,
}

impl Lab {
    /// Creates and enters a namespace; returns `None` with a message if the privilege is missing.
    pub(crate) fn new() -> Option<Lab> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !nix::unistd::geteuid().is_root() {
            println!("not root: captures on interfaces are not tested");
            return None;
        }
        let name = format!(
            "flowd-cap-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        run("ip", &["netns", "add", &name]);
        let lab = Lab {
            name,
            senders: RefCell::default(),
        };
        let namespace = File::open(format!("/run/netns/{}", lab.name)).unwrap();
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
        // Keeps out all packets but those of the test.
        fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").unwrap();
        lab.ip("link set lo up");
        lab.connect();
        Some(lab)
    }

    /// Runs `ip WORDS…` in the namespace and returns its output.
    pub(crate) fn ip(&self, words: &str) -> String {
        run("ip", &words.split(' ').collect::<Vec<_>>())
    }

    /// Sends a frame out of an interface.
    pub(crate) fn send(&self, interface: &str, frame: &[u8]) {
        self.send_many(interface, frame, 1);
    }

    /// Creates both interfaces and waits until they pass frames, because a link that has just come up loses some.
    pub(crate) fn connect(&self) {
        self.ip("link add name east type veth peer name west");
        // Where the tests' frames go to, whichever way.
        self.ip("link set east address 02:00:00:00:00:02 up");
        self.ip("link set west address 02:00:00:00:00:02 up");
        let wake = EventFd::new().unwrap();
        for (from, to) in [("east", "west"), ("west", "east")] {
            let mut source = Source::open(Engine::AfPacket, &Config::new(to)).unwrap();
            let passes = (0..500).any(|_| {
                self.send(from, &udp(1, 100, &[]));
                source
                    .wait(wake.as_fd(), Duration::from_millis(20))
                    .unwrap()
                    .packets
            });
            assert!(passes, "{from} does not reach {to}");
        }
    }

    /// Removes both interfaces.
    pub(crate) fn remove(&self) {
        self.senders.borrow_mut().clear();
        self.ip("link del east");
    }

    /// Sends a frame out of an interface several times.
    pub(crate) fn send_many(&self, interface: &str, frame: &[u8], count: u64) {
        let mut senders = self.senders.borrow_mut();
        let sender = senders.entry(interface.to_owned()).or_insert_with(|| {
            let sender = pcap::Capture::from_device(interface).unwrap();
            let mut sender = sender.snaplen(64).buffer_size(1 << 16).open().unwrap();
            // This socket only sends.
            sender.filter("less 1", true).unwrap();
            sender
        });
        for _ in 0..count {
            sender.sendpacket(frame).unwrap();
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .status();
    }
}

fn run(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A clock, for the one test about time.
#[allow(clippy::disallowed_methods, reason = "a test that a wait waits")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// An Ethernet frame with a UDP datagram to `port`: `octets` of IPv4 behind VLAN tags (identifier and protocol).
pub(crate) fn udp(port: u16, octets: u16, tags: &[(u16, u16)]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    for (protocol, id) in tags {
        frame.extend(protocol.to_be_bytes());
        frame.extend(id.to_be_bytes());
    }
    frame.extend([8, 0, 0x45, 0]);
    frame.extend(octets.to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    frame.extend(1000u16.to_be_bytes());
    frame.extend(port.to_be_bytes());
    frame.extend((octets - 20).to_be_bytes());
    frame.resize(frame.len() + usize::from(octets) - 26, 0);
    frame
}
