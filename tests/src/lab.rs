//! The topology of the seed text (see `shared`): a router between hosts and two collectors.
//!
//! ```text
//! hosts eth0 ---- eth1 router eth0 ---- lan(bridge) ---- eth0 c1  192.168.3.1, 192.168.3.2
//! 172.16.1.2            eth2                    \------- eth0 c2  192.168.4.1
//!                        \---- eth0 servers 172.16.2.1
//! ```
//! `GigabitEthernet0/0` and `0/1` of the seed text are `eth0` and `eth1` of the router.

use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::frame::ROUTER_MAC;
use crate::netns::{Namespace, veth};
use crate::traffic::Traffic;

/// The namespaces of the topology.
pub struct Lab {
    /// The router, which runs `flowd`.
    pub router: Namespace,
    /// The hosts behind the router's `eth1`.
    pub hosts: Namespace,
    /// The servers behind the router's `eth2`.
    pub servers: Namespace,
    /// The first collector's host: 192.168.3.1 and 192.168.3.2, and 2001:db8:3::1.
    pub c1: Namespace,
    /// The second collector's host: 192.168.4.1.
    pub c2: Namespace,
    // Dropped last.
    _lan: Namespace,
}

impl Default for Lab {
    fn default() -> Self {
        Lab::new()
    }
}

/// Gives an interface the MAC address that generated frames go to, because frames to other addresses are not metered.
pub(crate) fn gets_generated_frames(namespace: &Namespace, interface: &str) {
    let mac = ROUTER_MAC.map(|octet| format!("{octet:02x}")).join(":");
    namespace.ip(&format!("link set {interface} down"));
    namespace.ip(&format!("link set {interface} address {mac} up"));
}

impl Lab {
    /// Builds the topology.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn new() -> Lab {
        let [router, hosts, servers, c1, c2, lan] =
            ["router", "hosts", "servers", "c1", "c2", "lan"].map(Namespace::new);
        // The hosts' side takes frames larger than Ethernet's, as captures with segmentation offload have them.
        veth(&router, "eth1", &hosts, "eth0", 65_535);
        veth(&router, "eth2", &servers, "eth0", 1_500);
        lan.ip("link add br0 type bridge");
        lan.ip("link set br0 up");
        for (member, name, port) in [
            (&router, "eth0", "p0"),
            (&c1, "eth0", "p1"),
            (&c2, "eth0", "p2"),
        ] {
            veth(member, name, &lan, port, 1_500);
            lan.ip(&format!("link set {port} master br0"));
        }
        gets_generated_frames(&router, "eth1");
        for (namespace, address) in [
            (&router, "192.168.3.254/24 dev eth0"),
            (&router, "192.168.4.254/24 dev eth0"),
            (&router, "2001:db8:3::254/64 dev eth0 nodad"),
            (&router, "172.16.1.1/24 dev eth1"),
            (&router, "2001:db8:1::1/64 dev eth1 nodad"),
            (&router, "172.16.2.254/24 dev eth2"),
            (&router, "2001:db8:2::254/64 dev eth2 nodad"),
            (&hosts, "172.16.1.2/24 dev eth0"),
            (&servers, "172.16.2.1/24 dev eth0"),
            (&servers, "2001:db8:2::1/64 dev eth0 nodad"),
            (&c1, "192.168.3.1/24 dev eth0"),
            (&c1, "192.168.3.2/24 dev eth0"),
            (&c1, "2001:db8:3::1/64 dev eth0 nodad"),
            (&c2, "192.168.4.1/24 dev eth0"),
        ] {
            namespace.ip(&format!("addr add {address}"));
        }
        hosts.ip("route add default via 172.16.1.1");
        // As long as a test does not use IPv6, the hosts' kernel sends nothing by itself: only replayed packets are on the link.
        hosts.sysctl("ipv6/conf/eth0/disable_ipv6", "1");
        servers.ip("route add default via 172.16.2.254");
        servers.ip("-6 route add default via 2001:db8:2::254");
        c1.ip("route add default via 192.168.3.254");
        c2.ip("route add default via 192.168.4.254");
        Lab {
            router,
            hosts,
            servers,
            c1,
            c2,
            _lan: lan,
        }
    }

    /// Gives the hosts IPv6 and lets the router forward between hosts and servers.
    pub fn forward(&self) {
        self.hosts.sysctl("ipv6/conf/eth0/disable_ipv6", "0");
        self.hosts.ip("addr add 2001:db8:1::2/64 dev eth0 nodad");
        self.hosts.ip("-6 route add default via 2001:db8:1::1");
        // A router asks for its neighbours from a link-local address (RFC 4861 §7.2.2).
        self.router.ip("addr add fe80::1/64 dev eth1 nodad");
        self.router.ip("addr add fe80::2/64 dev eth2 nodad");
        self.router.sysctl("ipv4/ip_forward", "1");
        self.router.sysctl("ipv6/conf/all/forwarding", "1");
    }

    /// Replays a savefile into the router's `eth1` with tcpreplay.
    ///
    /// # Panics
    /// When tcpreplay fails.
    #[track_caller]
    pub fn replay_file(&self, path: &Path, packets_per_second: u32) {
        let path = path.to_str().expect("a path in UTF-8");
        self.hosts.run(&[
            "tcpreplay",
            "-q",
            "-i",
            "eth0",
            "--pps",
            &packets_per_second.to_string(),
            path,
        ]);
    }

    /// Replays traffic into the router's `eth1` with tcpreplay.
    #[track_caller]
    pub fn replay(&self, traffic: &Traffic) {
        let file = tempfile::Builder::new()
            .suffix(".pcap")
            .tempfile()
            .expect("a temporary file");
        traffic.write(file.path());
        self.replay_file(file.path(), 20_000);
    }

    /// Returns a port that no other collector of this test process uses.
    pub fn port() -> u16 {
        static NEXT: AtomicU16 = AtomicU16::new(20_000);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}
