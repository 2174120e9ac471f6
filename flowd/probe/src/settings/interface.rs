//! `interfaces ethernet`: how an interface is captured, and the monitors on it.

use language::schema::{default_u16, default_u32, default_word};
use language::{Finding, Tree};
use meter::ReadOptions;
use wire::{Tunnel, Tunnels, VXLAN_PORT};

use super::{finding, number, text, word};

/// Octets captured of a packet: link header with tags, IPv6 with some extension headers, TCP.
const SNAPLEN: u32 = default_u32("interfaces ethernet * capture snaplen");
/// MiB of ring a capture thread has.
const RING_MIB: u32 = default_u32("interfaces ethernet * capture ring-size");
const ENGINE: &str = default_word("interfaces ethernet * capture engine");
const DIRECTION: &str = default_word("interfaces ethernet * flow monitor * direction");
const THREADS: u16 = default_u16("interfaces ethernet * capture threads");

const _: () = assert!(
    default_u16("interfaces ethernet * capture vxlan-port") == VXLAN_PORT,
    "the port where tunnels are looked for without `vxlan-port` is the schema's default"
);

/// An interface that is captured on.
#[derive(Clone, Debug, PartialEq)]
pub struct PortSettings {
    /// How it is captured.
    pub capture: CaptureSettings,
    /// How much of a packet is read; the ring does not depend on it.
    pub reading: ReadOptions,
    /// The monitors on it.
    pub attachments: Vec<Attachment>,
}

/// `interfaces ethernet IF capture` and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSettings {
    /// Through libpcap instead of the packet ring.
    pub libpcap: bool,
    /// Capture threads.
    pub threads: u16,
    /// Octets of each packet that are captured.
    pub snaplen: u32,
    /// The ring, MiB a thread.
    pub ring_mib: u32,
    /// A filter in libpcap's language.
    pub filter: Option<String>,
    /// Whether frames for others are taken.
    pub promiscuous: bool,
}

/// What a ring depends on: while it stays the same, the ring stays open.
#[derive(Clone, Debug, PartialEq)]
pub struct RingKey {
    /// How it is captured.
    pub capture: CaptureSettings,
    /// Packets that come in are wanted.
    pub incoming: bool,
    /// Packets that go out are wanted.
    pub outgoing: bool,
}

/// A monitor on an interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// Its name.
    pub monitor: String,
    /// Meters what comes in.
    pub input: bool,
    /// Meters what goes out.
    pub output: bool,
    /// Meters IPv4, IPv6.
    pub families: [bool; 2],
    /// The sampler's name.
    pub sampler: Option<String>,
}

impl PortSettings {
    /// `node` is that of `interfaces ethernet NAME`; none: no monitor is on it.
    pub(super) fn from_node(
        name: &str,
        node: &Tree,
        findings: &mut Vec<Finding>,
    ) -> Option<PortSettings> {
        let attachments: Vec<_> = node
            .children(&["flow", "monitor"])
            .map(|(name, node)| Attachment::from_node(name, node))
            .collect();
        if attachments.is_empty() {
            return None;
        }
        Some(PortSettings {
            capture: CaptureSettings::from_node(name, node, findings),
            reading: reading(name, node, findings),
            attachments,
        })
    }

    /// What its ring depends on.
    pub fn ring_key(&self) -> RingKey {
        RingKey {
            capture: self.capture.clone(),
            incoming: self.attachments.iter().any(|at| at.input),
            outgoing: self.attachments.iter().any(|at| at.output),
        }
    }
}

impl CaptureSettings {
    /// `node` is that of `interfaces ethernet NAME`.
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
                "not in this release; afpacket or pcap".into(),
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
    /// `node` is that of `interfaces ethernet NAME flow monitor MONITOR`.
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

/// `node` is that of `interfaces ethernet NAME`.
pub(super) fn reading(name: &str, node: &Tree, findings: &mut Vec<Finding>) -> ReadOptions {
    let words = node.values(&["capture", "decapsulate"]);
    let ports = node.values(&["capture", "vxlan-port"]);
    let tunnels = words.iter().filter_map(|word| Tunnel::by_name(word));
    let vxlan_ports: Vec<u16> = ports.iter().filter_map(|port| port.parse().ok()).collect();
    let tunnels = Tunnels::new(tunnels, &vxlan_ports);
    if !vxlan_ports.is_empty() && !tunnels.has(Tunnel::Vxlan) {
        findings.push(finding(
            &["interfaces", "ethernet", name, "capture", "vxlan-port"],
            "nothing asks for it: `capture decapsulate vxlan` is not there".into(),
        ));
    }
    ReadOptions {
        tunnels,
        fragment_ports: node.has(&["capture", "fragment-ports"]),
    }
}
