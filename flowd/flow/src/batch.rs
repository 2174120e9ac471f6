//! Flows on their way from the meter to the exporters.

use std::sync::Arc;

use crate::layout::Layout;

/// Why a flow ended; the numbers are IANA's `flowEndReason` (element 136).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EndReason {
    /// Not ended: the flow is still in the cache.
    #[default]
    Running = 0,
    /// No packet for the inactive timeout.
    Idle = 1,
    /// Older than the active timeout.
    Active = 2,
    /// Its end was seen (TCP FIN or RST).
    EndOfFlow = 3,
    /// Forced by an operator, a commit or shutdown.
    Forced = 4,
    /// The cache was full.
    LackOfResources = 5,
}

/// The counters every flow has, whatever its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// First packet, nanoseconds since 1970.
    pub first_ns: u64,
    /// Last packet, nanoseconds since 1970.
    pub last_ns: u64,
    /// Packets.
    pub packets: u64,
    /// IP octets.
    pub octets: u64,
    /// TCP flags of all its packets, the low 12 bits.
    pub tcp_flags: u16,
    /// Why it ended.
    pub end: EndReason,
}

/// One flow, borrowed from a cache or a batch.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// How `octets` lie.
    pub layout: &'a Layout,
    /// Counters and times.
    pub totals: &'a Totals,
    /// Header lines and merged values, [`Layout::len`] octets.
    pub octets: &'a [u8],
}

/// Flows of one layout.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How the flows lie.
    pub layout: Arc<Layout>,
    totals: Vec<Totals>,
    bytes: Vec<u8>,
}

impl Batch {
    /// An empty batch with room for `flows`.
    pub fn with_capacity(layout: Arc<Layout>, flows: usize) -> Batch {
        let stride = layout.len();
        Batch {
            layout,
            totals: Vec::with_capacity(flows),
            bytes: Vec::with_capacity(flows * stride),
        }
    }

    /// Empties it for flows of `layout`; the room is kept.
    pub fn restart(&mut self, layout: &Arc<Layout>) {
        if !Arc::ptr_eq(&self.layout, layout) {
            self.layout = layout.clone();
        }
        self.clear();
    }

    /// Empties it; the room is kept.
    pub fn clear(&mut self) {
        self.totals.clear();
        self.bytes.clear();
    }

    /// Adds a flow; `octets` has the layout's length.
    #[inline]
    pub fn push(&mut self, totals: Totals, octets: &[u8]) {
        debug_assert_eq!(octets.len(), self.layout.len());
        self.totals.push(totals);
        self.bytes.extend_from_slice(octets);
    }

    /// Flows.
    pub fn len(&self) -> usize {
        self.totals.len()
    }

    /// No flows.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// The flows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Flow<'_>> {
        let flows = self.bytes.chunks_exact(self.layout.len());
        self.totals.iter().zip(flows).map(|(totals, octets)| Flow {
            layout: &self.layout,
            totals,
            octets,
        })
    }
}
