//! Interfaces with flow monitors, their capture rings, and samplers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::word::words;

words! {
    /// How a sampler chooses packets.
    pub enum SamplingMode "mode" {
        /// Each packet with the same probability.
        Random = "random",
        /// Every so many packets one.
        Deterministic = "deterministic",
    }

    /// Which packets of an interface a monitor sees.
    pub enum Direction "direction" {
        /// Packets that come in.
        Input = "input",
        /// Packets that go out.
        Output = "output",
        /// Packets of both directions.
        Both = "both",
    }

    /// A family of IP addresses, as the configuration names it.
    pub enum Family "family" {
        /// IPv4.
        Ip = "ip",
        /// IPv6.
        Ipv6 = "ipv6",
    }

    /// How packets are captured.
    pub enum Engine "engine" {
        /// A memory-mapped ring of the kernel (AF_PACKET).
        AfPacket = "afpacket",
        /// libpcap.
        Pcap = "pcap",
    }

    /// Whether a capture ring works.
    pub enum RingState "state" {
        /// Packets are captured.
        Up = "up",
        /// No packets are captured; the reason says why.
        Down = "down",
    }
}

/// Samplers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Samplers {
    /// The samplers, by name.
    pub samplers: Vec<Sampler>,
}

/// A sampler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sampler {
    /// The sampler's name.
    pub name: String,
    /// The number by which exported records name it; null while no interface uses it.
    pub id: Option<u8>,
    /// How it chooses packets.
    pub mode: SamplingMode,
    /// It chooses one packet out of so many.
    pub rate: u32,
    /// The number of monitors on interfaces that use it.
    pub users: u64,
}

/// Interfaces with flow monitors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeteredInterfaces {
    /// The interfaces, by name.
    pub interfaces: Vec<MeteredInterface>,
}

/// An interface with flow monitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeteredInterface {
    /// The interface's name.
    pub interface: String,
    /// The monitors on it.
    pub monitors: Vec<Attachment>,
    /// How its packets are captured.
    pub engine: Engine,
    /// Whether frames for other stations are captured, too.
    pub promiscuous: bool,
    /// Octets of a packet that are read at most.
    pub snaplen: u32,
    /// The tunnels whose inner packets are metered.
    pub decapsulate: Vec<String>,
    /// Whether later fragments get the ports of the first one.
    pub fragment_ports: bool,
    /// The ring of each capture thread.
    pub threads: Vec<Ring>,
}

/// A monitor on an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The monitor's name.
    pub monitor: String,
    /// Which packets it sees.
    pub direction: Direction,
    /// The families it sees.
    pub families: Vec<Family>,
    /// The sampler before it.
    pub sampler: Option<String>,
}

/// The ring of a capture thread; numbers are packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ring {
    /// Whether it works.
    pub state: RingState,
    /// Why it does not.
    pub reason: Option<String>,
    /// Packets that the kernel put into the ring or had no room for.
    pub captured: u64,
    /// Packets that the thread took from the ring.
    pub delivered: u64,
    /// Packets that the ring had no room for.
    pub dropped: u64,
    /// What came of packets in tunnels, where their inner packets are metered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnels: Option<TunnelCounts>,
    /// What came of fragments, where later ones get the first one's ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragments: Option<FragmentCounts>,
}

/// Packets in tunnels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TunnelCounts {
    /// Packets whose inner packet was metered.
    pub entered: u64,
    /// Packets whose inner packet could not be read.
    pub unread: u64,
}

/// Fragments after the first of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FragmentCounts {
    /// Fragments that got the ports of the first one.
    pub given: u64,
    /// Fragments whose first one was not seen.
    pub unknown: u64,
    /// First fragments that were forgotten to make room for others.
    pub forgotten: u64,
}
