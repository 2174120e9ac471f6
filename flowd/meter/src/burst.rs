//! A few packets at a time: while one waits for its flow to come from memory, the next are looked up.

use wire::{Header, Lines, Link, Packet, Skip};

use crate::deep::{Deep, Reading, ReadingCounts};
use crate::routes::{Parts, Routing};

/// Packets in a burst: enough to hide the memory behind, few enough to stay in the first-level cache.
pub(crate) const BURST: usize = 16;

/// A packet whose headers were read once, for every monitor.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its headers; meaningless where reading them failed.
    pub header: Header,
    /// Whether they could be read.
    pub parsed: Result<(), Skip>,
    /// When it was captured, nanoseconds since 1970.
    pub time_ns: u64,
    /// Octets on the wire.
    pub wire_len: u32,
    /// Sent by this host.
    pub outgoing: bool,
    /// The packet is one inside a tunnel.
    pub inside: bool,
    /// The frame's destination, where it has one and routes are known.
    pub(crate) to: Option<[u8; 6]>,
    /// What the routes said of it so far.
    pub(crate) routed: Parts,
}

/// Up to sixteen packets.
pub struct Burst {
    packets: Box<[Observed]>,
    len: usize,
    wanted: Lines,
    /// Reads more than the outermost header.
    deep: Option<Box<Deep>>,
    counts: ReadingCounts,
    routing: Option<Routing>,
}

impl Default for Burst {
    fn default() -> Self {
        let none = Observed {
            header: Header::empty(),
            parsed: Ok(()),
            time_ns: 0,
            wire_len: 0,
            outgoing: false,
            inside: false,
            to: None,
            routed: Parts::default(),
        };
        Burst {
            packets: vec![none; BURST].into(),
            len: 0,
            wanted: Lines::ALL,
            deep: None,
            counts: ReadingCounts::default(),
            routing: None,
        }
    }
}

impl Burst {
    /// Has only these header lines read from now on: those that the monitors of the burst want ([`crate::Monitor::wanted`]).
    pub fn want(&mut self, lines: Lines) {
        self.wanted = lines;
    }

    /// Has packets read so from now on. Ports that were remembered stay so.
    pub fn read_as(&mut self, reading: Reading) {
        let before = self.deep.take().map(|deep| *deep);
        self.deep = Deep::new(reading, before).map(Box::new);
    }

    /// What came of [`Burst::read_as`] so far.
    pub fn counts(&self) -> ReadingCounts {
        self.counts
    }

    /// Has routes looked up here from now on, where a monitor wants them ([`crate::wants_routes`]).
    pub fn route_by(&mut self, routing: Option<Routing>) {
        self.routing = routing;
    }

    /// Reads a packet's headers into the burst, which must not be full, and returns it.
    #[inline]
    pub fn observe(&mut self, packet: &Packet<'_>) -> &mut Observed {
        let place = self.len.min(BURST - 1);
        self.len = place + 1;
        let observed = &mut self.packets[place];
        let header = &mut observed.header;
        let entered = self.counts.entered;
        observed.parsed = match &mut self.deep {
            None => wire::parse_lines(packet, self.wanted, header),
            Some(deep) => deep.parse(packet, self.wanted, header, &mut self.counts),
        };
        observed.time_ns = packet.time_ns;
        observed.wire_len = packet.wire_len;
        observed.outgoing = packet.outgoing;
        observed.inside = self.counts.entered != entered;
        observed.routed = Parts::default();
        if self.routing.is_some() {
            let to = packet.data.first_chunk().copied();
            observed.to = to.filter(|_| packet.link == Link::Ethernet);
        }
        observed
    }

    /// There is no room for a further packet.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len == BURST
    }

    /// The packets.
    #[inline]
    pub fn packets(&mut self) -> &mut [Observed] {
        &mut self.packets[..self.len]
    }

    /// The packets, and the routes for them.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut [Observed], Option<&Routing>) {
        (&mut self.packets[..self.len], self.routing.as_ref())
    }

    /// Makes room.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }
}
