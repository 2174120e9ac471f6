//! A few packets at a time: while one waits for its flow to come from memory, the next are looked up.

use wire::{Header, Lines, Packet, Skip};

use crate::deep::{Deep, Reading, ReadingCounts};

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
}

/// Up to sixteen packets.
#[derive(Debug)]
pub struct Burst {
    packets: Box<[Observed]>,
    len: usize,
    wanted: Lines,
    /// Reads more than the outermost header.
    deep: Option<Box<Deep>>,
    counts: ReadingCounts,
}

impl Default for Burst {
    fn default() -> Self {
        let none = Observed {
            header: Header::empty(),
            parsed: Ok(()),
            time_ns: 0,
            wire_len: 0,
            outgoing: false,
        };
        Burst {
            packets: vec![none; BURST].into(),
            len: 0,
            wanted: Lines::ALL,
            deep: None,
            counts: ReadingCounts::default(),
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

    /// Reads a packet's headers into the burst, which must not be full, and returns it.
    #[inline]
    pub fn observe(&mut self, packet: &Packet<'_>) -> &mut Observed {
        let place = self.len.min(BURST - 1);
        self.len = place + 1;
        let observed = &mut self.packets[place];
        let header = &mut observed.header;
        observed.parsed = match &mut self.deep {
            None => wire::parse_lines(packet, self.wanted, header),
            Some(deep) => deep.parse(packet, self.wanted, header, &mut self.counts),
        };
        observed.time_ns = packet.time_ns;
        observed.wire_len = packet.wire_len;
        observed.outgoing = packet.outgoing;
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

    /// Makes room.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }
}
