//! A few packets at a time: while one waits for its flow to come from memory, the next are looked up.

use wire::{Header, Lines, Link, Packet, Skip};

use crate::cache::Guess;
use crate::deep::{Deep, Reading, ReadingCounts};
use crate::key::Hash;
use crate::routes::{Parts, Routing};

/// Packets in a burst: enough to hide the memory behind, few enough to stay in the first-level cache.
pub(crate) const BURST: usize = 32;

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
    /// The monitor at work meters it.
    pub(crate) taken: bool,
    /// The hash of its key, and where its flow most likely is.
    pub(crate) hash: Hash,
    pub(crate) guess: Guess,
}

impl Observed {
    /// A packet of which the headers are known.
    pub(crate) fn new(header: Header, time_ns: u64) -> Observed {
        Observed {
            wire_len: header.octets,
            header,
            parsed: Ok(()),
            time_ns,
            outgoing: false,
            inside: false,
            to: None,
            routed: Parts::default(),
            taken: false,
            hash: Hash::default(),
            guess: Guess::NONE,
        }
    }
}

/// Up to thirty-two packets.
pub struct Burst {
    packets: Box<[Observed]>,
    len: usize,
    wanted: Lines,
    /// Reads more than the outermost header.
    deep: Option<Box<Deep>>,
    counts: ReadingCounts,
    routing: Option<Routing>,
    /// Neither tunnels nor routes are looked into.
    plain: bool,
}

impl Default for Burst {
    fn default() -> Self {
        Burst {
            packets: vec![Observed::new(Header::empty(), 0); BURST].into(),
            len: 0,
            wanted: Lines::ALL,
            deep: None,
            counts: ReadingCounts::default(),
            routing: None,
            plain: true,
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
        self.plain = self.deep.is_none() && self.routing.is_none();
    }

    /// What came of [`Burst::read_as`] so far.
    pub fn counts(&self) -> ReadingCounts {
        self.counts
    }

    /// Has routes looked up here from now on, where a monitor wants them ([`crate::wants_routes`]).
    pub fn route_by(&mut self, routing: Option<Routing>) {
        self.routing = routing;
        self.plain = self.deep.is_none() && self.routing.is_none();
    }

    /// Reads a packet's headers into the burst, which must not be full, and returns it.
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

    /// Also what tunnels hold, and what routes will be asked for.
    fn observe_deeply(&mut self, packet: &Packet<'_>, place: usize) {
        let observed = &mut self.packets[place];
        let header = &mut observed.header;
        let entered = self.counts.entered;
        observed.parsed = match &mut self.deep {
            None => wire::parse_lines(packet, self.wanted, header),
            Some(deep) => deep.parse(packet, self.wanted, header, &mut self.counts),
        };
        observed.inside = self.counts.entered != entered;
        observed.routed = Parts::default();
        if self.routing.is_some() {
            let to = packet.data.first_chunk().copied();
            observed.to = to.filter(|_| packet.link == Link::Ethernet);
        }
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
