//! What to capture, and what a capture says about itself.

/// How packets are fetched from an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A memory-mapped AF_PACKET ring.
    #[default]
    AfPacket,
    /// libpcap.
    Pcap,
}

/// Sockets that share an interface's packets between them, by flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// Number of the group, the same for all its sockets in a network namespace.
    pub group: u16,
}

/// One capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name of the interface.
    pub interface: String,
    /// Also packets for other stations, while the capture is open.
    pub promiscuous: bool,
    /// Octets kept of a packet, link header included; at least 64, at most 65,535.
    pub snaplen: u32,
    /// Octets of the ring; rounded to whole blocks, at least two.
    pub ring_bytes: usize,
    /// pcap-filter(7) expression; `None` is every packet.
    pub filter: Option<String>,
    /// Packets that the interface receives.
    pub incoming: bool,
    /// Packets that this host sends. On a loopback interface every packet is both: it is captured once.
    pub outgoing: bool,
    /// Share the packets with other captures of the same group (AF_PACKET only).
    pub fanout: Option<Fanout>,
}

impl Config {
    /// Captures what `interface` receives: not promiscuous, 128 octets a packet, a ring of 16 MiB.
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

/// What a wait ended with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Packets can be read.
    pub packets: bool,
    /// The wake descriptor is readable; reading it is the caller's.
    pub woken: bool,
    /// The interface went down, away or up again.
    pub link: Option<LinkState>,
}

/// State of the captured interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// There and up, as far as known.
    #[default]
    Up,
    /// Down; the capture goes on by itself when it comes up.
    Down,
    /// Removed; one of the same name has to be opened anew.
    Gone,
}

/// Packets of a capture since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets that passed the filter: delivered, dropped, or waiting to be read.
    pub captured: u64,
    /// Handed to the reader.
    pub delivered: u64,
    /// Lost because the ring was full.
    pub dropped: u64,
}

impl Statistics {
    /// Packets waiting to be read.
    pub fn waiting(&self) -> u64 {
        self.captured
            .saturating_sub(self.delivered)
            .saturating_sub(self.dropped)
    }
}
