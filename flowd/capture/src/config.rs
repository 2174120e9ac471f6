//! Settings, state and statistics of a capture.

/// How packets are captured from an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A memory-mapped AF_PACKET ring.
    #[default]
    AfPacket,
    /// libpcap.
    Pcap,
}

/// A group of sockets that share an interface's packets among them, by flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// Number of the group, which all its sockets in a network namespace have in common.
    pub group: u16,
}

/// Settings of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name of the interface.
    pub interface: String,
    /// Whether to capture frames to MAC addresses of other hosts too, by promiscuous mode while the capture is open.
    /// Otherwise they are left out even if something else made the interface promiscuous.
    pub promiscuous: bool,
    /// Octets captured of a packet, including the link header; between 64 and 65,535.
    pub snaplen: u32,
    /// Octets of the ring, rounded to whole blocks, at least two.
    pub ring_bytes: usize,
    /// Filter expression (pcap-filter(7)); `None` captures every packet.
    pub filter: Option<String>,
    /// Whether to capture packets that the interface receives.
    pub incoming: bool,
    /// Whether to capture packets that this host sends. On a loopback interface every packet is sent and received,
    /// and is captured once.
    pub outgoing: bool,
    /// The fanout group to join, if any (AF_PACKET only).
    pub fanout: Option<Fanout>,
}

impl Config {
    /// Settings for the packets that `interface` receives: not promiscuous, 128 octets a packet, a ring of 16 MiB.
    pub fn new(interface: impl Into<String>) -> Config {
        Config {
            interface: interface.into(),
            promiscuous: false,
            snaplen: 128,
            ring_bytes: 16 << 20,
            filter: None,
            incoming: true,
            outgoing: false,
            fanout: None,
        }
    }

    pub(crate) fn snaplen(&self) -> u32 {
        self.snaplen.clamp(64, 65_535)
    }
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Whether packets can be read.
    pub packets: bool,
    /// Whether the wake descriptor is readable. The caller reads it.
    pub woken: bool,
    /// The interface went down, away or up again.
    pub link: Option<LinkState>,
}

/// The new state of the interface, if it changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// The interface exists and is up, as far as known.
    #[default]
    Up,
    /// The interface is down. The capture continues by itself when it comes up.
    Down,
    /// The interface was removed. A new one of the same name needs a new capture.
    Gone,
}

/// Packet counts since a capture was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets that passed the filter: those delivered, dropped, or waiting to be read.
    pub captured: u64,
    /// Packets delivered to the reader.
    pub delivered: u64,
    /// Packets lost because the ring was full.
    pub dropped: u64,
}

impl Statistics {
    /// Number of packets waiting to be read.
    pub fn waiting(&self) -> u64 {
        self.captured
            .saturating_sub(self.delivered)
            .saturating_sub(self.dropped)
    }
}
