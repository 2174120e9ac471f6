//! Settings of `interfaces ethernet`: how packets are captured, and the attached monitors.

use language::schema::{default_u16, default_u32, default_word};
use language::{Finding, Tree};
use meter::ReadOptions;
use wire::{Tunnel, Tunnels, VXLAN_PORT};

use super::{finding, number, text, word};

/// Octets captured of each packet. They have room for a link header with tags, IPv6 with some extension headers, and TCP.
const SNAPLEN: u32 = default_u32("interfaces ethernet * capture snaplen");
/// MiB of the ring of each capture thread.
const RING_MIB: u32 = default_u32("interfaces ethernet * capture ring-size");
const ENGINE: &str = default_word("interfaces ethernet * capture engine");
const DIRECTION: &str = default_word("interfaces ethernet * flow monitor * direction");
const THREADS: u16 = default_u16("interfaces ethernet * capture threads");

const _: () = assert!(
    default_u16("interfaces ethernet * capture vxlan-port") == VXLAN_PORT,
    "the port where tunnels are looked for without `vxlan-port` is the schema's default"
);

/// The settings of an interface with monitors.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceSettings {
    /// How packets are captured.
    pub capture: CaptureSettings,
    /// Which headers of a packet are read. The ring does not depend on it.
    pub reading: ReadOptions,
    /// The attached monitors.
    pub attachments: Vec<Attachment>,
}

/// How packets are captured from an interface.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSettings {
    /// Whether libpcap is used instead of a packet ring.
    pub libpcap: bool,
    /// Number of capture threads.
    pub threads: u16,
    /// Octets that are captured of each packet.
    pub snaplen: u32,
    /// MiB of each thread's ring.
    pub ring_mib: u32,
    /// A filter in libpcap's language.
    pub filter: Option<String>,
    /// Whether frames to other hosts are captured.
    pub promiscuous: bool,
}

/// Everything that a ring depends on. As long as it stays the same, the ring is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RingKey {
    /// How packets are captured.
    pub capture: CaptureSettings,
    /// Whether incoming packets are metered.
    pub incoming: bool,
    /// Whether outgoing packets are metered.
    pub outgoing: bool,
}

/// A monitor on an interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// The monitor's name.
    pub monitor: String,
    /// Whether incoming packets are metered.
    pub input: bool,
    /// Whether outgoing packets are metered.
    pub output: bool,
    /// Whether IPv4 and IPv6 are metered, in this order.
    pub families: [bool; 2],
    /// The sampler's name.
    pub sampler: Option<String>,
}

impl InterfaceSettings {
    /// Reads the subtree of `interfaces ethernet NAME`. Returns `None` if no monitor is attached.
    pub(super) fn from_node(
        name: &str,
        node: &Tree,
        findings: &mut Vec<Finding>,
    ) -> Option<InterfaceSettings> {
        let attachments: Vec<_> = node
            .children(&["flow", "monitor"])
            .map(|(name, node)| Attachment::from_node(name, node))
            .collect();
        if attachments.is_empty() {
            return None;
        }
        Some(InterfaceSettings {
            capture: CaptureSettings::from_node(name, node, findings),
            reading: read_options(name, node, findings),
            attachments,
        })
    }

    /// Returns everything that the ring depends on.
    pub fn ring_key(&self) -> RingKey {
        RingKey {
            capture: self.capture.clone(),
            incoming: self.attachments.iter().any(|at| at.input),
            outgoing: self.attachments.iter().any(|at| at.output),
        }
    }
}

impl CaptureSettings {
    /// Reads the subtree of `interfaces ethernet NAME`.
    pub(super) fn from_node(
        name: &str,
        node: &Tree,
        findings: &mut Vec<Finding>,
    ) -> CaptureSettings {
        let engine = word(node, &["capture", "engine"], ENGINE);
        if engine == "ebpf" {
            let path = ["interfaces", "ethernet", name, "capture", "engine", "ebpf"];
            findings.push(finding(
                &path,
                "not in this release; use afpacket or pcap".into(),
            ));
        }
        CaptureSettings {
            libpcap: engine == "pcap",
            threads: number(node, &["capture", "threads"]).unwrap_or(THREADS),
            snaplen: number(node, &["capture", "snaplen"]).unwrap_or(SNAPLEN),
            ring_mib: number(node, &["capture", "ring-size"]).unwrap_or(RING_MIB),
            filter: text(node, &["capture", "filter"]),
            promiscuous: node.has(&["promiscuous"]),
        }
    }
}

impl Attachment {
    /// Reads the subtree of `interfaces ethernet NAME flow monitor MONITOR`.
    fn from_node(monitor: &str, node: &Tree) -> Attachment {
        let direction = word(node, &["direction"], DIRECTION);
        let families = node.values(&["family"]);
        let family = |word: &str| {
            families.is_empty()
                || families
                    .iter()
                    .any(|family| family == word || family == "datalink")
        };
        Attachment {
            monitor: monitor.into(),
            input: direction != "output",
            output: direction != "input",
            families: [family("ip"), family("ipv6")],
            sampler: text(node, &["sampler"]),
        }
    }
}

/// Returns which headers are read, from the subtree of `interfaces ethernet NAME`.
pub(super) fn read_options(name: &str, node: &Tree, findings: &mut Vec<Finding>) -> ReadOptions {
    let words = node.values(&["capture", "decapsulate"]);
    let ports = node.values(&["capture", "vxlan-port"]);
    let tunnels = words.iter().filter_map(|word| Tunnel::by_name(word));
    let vxlan_ports: Vec<u16> = ports.iter().filter_map(|port| port.parse().ok()).collect();
    let tunnels = Tunnels::new(tunnels, &vxlan_ports);
    if !vxlan_ports.is_empty() && !tunnels.has(Tunnel::Vxlan) {
        findings.push(finding(
            &["interfaces", "ethernet", name, "capture", "vxlan-port"],
            "it has no effect without `capture decapsulate vxlan`".into(),
        ));
    }
    ReadOptions {
        tunnels,
        fragment_ports: node.has(&["capture", "fragment-ports"]),
    }
}
