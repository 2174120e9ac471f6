//! Processes packets in small groups: while the flow of one packet is fetched from memory, those of the next ones
//! are looked up.

use wire::{Header, Lines, LinkType, Packet};

use crate::observed::Observed;
use crate::reading::{DeepReader, ReadCounts, ReadOptions};
use crate::routes::Routing;
use crate::wanted_routes::RouteValues;

/// Packets in a burst: enough to hide memory latency, few enough to stay in the first-level cache.
pub(crate) const BURST: usize = 32;

/// Up to `BURST` packets.
pub struct Burst {
    packets: Box<[Observed]>,
    len: usize,
    wanted: Lines,
    /// Reads more than the outermost header, if configured.
    deep: Option<Box<DeepReader>>,
    counts: ReadCounts,
    routing: Option<Routing>,
    /// Whether neither tunnels, fragments nor routes need attention.
    plain: bool,
}

impl Default for Burst {
    fn default() -> Self {
        Burst {
            packets: vec![Observed::new(Header::empty(), 0); BURST].into(),
            len: 0,
            wanted: Lines::ALL,
            deep: None,
            counts: ReadCounts::default(),
            routing: None,
            plain: true,
        }
    }
}

impl Burst {
    /// Sets the header lines to read from now on: those that the monitors of the burst want
    /// ([`crate::Monitor::wanted_lines`]).
    pub fn set_wanted_lines(&mut self, lines: Lines) {
        self.wanted = lines;
    }

    /// Sets how packets are read from now on. Remembered ports of fragments are kept.
    pub fn set_read_options(&mut self, reading: ReadOptions) {
        let before = self.deep.take().map(|deep| *deep);
        self.deep = DeepReader::new(reading, before).map(Box::new);
        self.plain = self.deep.is_none() && self.routing.is_none();
    }

    /// What reading has counted so far, see [`Burst::set_read_options`].
    pub fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// Sets the routes to use from now on, for monitors that want them ([`crate::wants_routes`]).
    pub fn set_routing(&mut self, routing: Option<Routing>) {
        self.routing = routing;
        self.plain = self.deep.is_none() && self.routing.is_none();
    }

    /// Reads a packet's headers into the burst, which must not be full, and returns the result.
    #[inline(always)]
    pub fn observe(&mut self, packet: &Packet<'_>) -> &mut Observed {
        let place = self.len.min(BURST - 1);
        self.len = place + 1;
        let observed = &mut self.packets[place];
        observed.time_ns = packet.time_ns;
        observed.wire_len = packet.wire_len;
        observed.outgoing = packet.outgoing;
        if self.plain {
            observed.parsed = wire::parse_lines(packet, self.wanted, &mut observed.header);
        } else {
            self.observe_deeply(packet, place);
        }
        &mut self.packets[place]
    }

    /// Reads a packet of which tunnels, fragments or routes matter.
    fn observe_deeply(&mut self, packet: &Packet<'_>, place: usize) {
        let observed = &mut self.packets[place];
        let header = &mut observed.header;
        let entered = self.counts.decapsulated;
        observed.parsed = match &mut self.deep {
            None => wire::parse_lines(packet, self.wanted, header),
            Some(deep) => deep.parse(packet, self.wanted, header, &mut self.counts),
        };
        observed.inside = self.counts.decapsulated != entered;
        observed.routed = RouteValues::default();
        if self.routing.is_some() {
            let to = packet.data.first_chunk().copied();
            observed.to = to.filter(|_| packet.link == LinkType::Ethernet);
        }
    }

    /// Whether there is no room for another packet.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len == BURST
    }

    /// The packets of the burst.
    #[inline]
    pub fn packets(&mut self) -> &mut [Observed] {
        &mut self.packets[..self.len]
    }

    /// The packets of the burst, and the routes to use for them.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut [Observed], Option<&Routing>) {
        (&mut self.packets[..self.len], self.routing.as_ref())
    }

    /// Removes all packets.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }
}
