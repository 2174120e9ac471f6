//! The topology of the samplicator's tests: one exporter, a samplicator, two collectors behind it.
//!
//! ```text
//! hosts eth0 ---- eth1 exporter eth0 ---- eth0 relay eth1 ---- eth0 left   192.168.4.1
//!                      192.168.3.1   192.168.3.2   eth2 ---- eth0 right  192.168.5.1
//! ```
//! The relay is `.2` on each collector's side, and `2001:db8:N::2` beside `192.168.N.2`.

use crate::lab::gets_generated_frames;
use crate::netns::{Namespace, veth};

/// The namespaces of the topology.
pub struct Site {
    /// The hosts behind the exporter's `eth1`.
    pub hosts: Namespace,
    /// The exporter, which exports from 192.168.3.1.
    pub exporter: Namespace,
    /// The samplicator's host, 192.168.3.2.
    pub relay: Namespace,
    /// The first collector's host, 192.168.4.1.
    pub left: Namespace,
    /// The second collector's host, 192.168.5.1.
    pub right: Namespace,
}

impl Default for Site {
    fn default() -> Self {
        Site::new()
    }
}

impl Site {
    /// Builds the topology.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn new() -> Site {
        let [hosts, exporter, relay, left, right] =
            ["hosts", "exporter", "relay", "left", "right"].map(Namespace::new);
        veth(&hosts, "eth0", &exporter, "eth1", 65_535);
        gets_generated_frames(&exporter, "eth1");
        hosts.sysctl("ipv6/conf/eth0/disable_ipv6", "1");
        exporter.sysctl("ipv6/conf/eth1/disable_ipv6", "1");
        veth(&exporter, "eth0", &relay, "eth0", 1_500);
        veth(&relay, "eth1", &left, "eth0", 1_500);
        veth(&relay, "eth2", &right, "eth0", 1_500);
        for (net, near, near_name, far) in [
            (3, &relay, "eth0", &exporter),
            (4, &relay, "eth1", &left),
            (5, &relay, "eth2", &right),
        ] {
            near.ip(&format!("addr add 192.168.{net}.2/24 dev {near_name}"));
            near.ip(&format!(
                "addr add 2001:db8:{net}::2/64 dev {near_name} nodad"
            ));
            far.ip(&format!("addr add 192.168.{net}.1/24 dev eth0"));
            far.ip(&format!("addr add 2001:db8:{net}::1/64 dev eth0 nodad"));
            far.ip(&format!("route add default via 192.168.{net}.2"));
            far.ip(&format!("-6 route add default via 2001:db8:{net}::2"));
        }
        // Neighbour entries are made before: the kernel queues only a few datagrams while it resolves a neighbour.
        for (net, name) in [(3, "eth0"), (4, "eth1"), (5, "eth2")] {
            for address in [format!("192.168.{net}.1"), format!("2001:db8:{net}::1")] {
                relay.run(&["ping", "-c1", "-W5", "-q", "-I", name, &address]);
            }
        }
        Site {
            hosts,
            exporter,
            relay,
            left,
            right,
        }
    }
}
