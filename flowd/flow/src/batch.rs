//! Batches of ended flows, which the meter hands to the exporters.

use std::sync::Arc;

use crate::biflow::BiflowCounters;
use crate::layout::Layout;

/// Why a flow ended, numbered as IANA's `flowEndReason` (element 136).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EndReason {
    /// The flow has not ended: it is still in the cache.
    #[default]
    Running = 0,
    /// No packet arrived for the inactive timeout.
    Idle = 1,
    /// The flow has lasted for the active timeout.
    Active = 2,
    /// The end of the flow was seen (TCP FIN or RST).
    EndOfFlow = 3,
    /// An operator, a commit or the shutdown ended it.
    Forced = 4,
    /// The cache was full.
    LackOfResources = 5,
}

/// The counters that every flow has, whatever its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Time of the first packet, nanoseconds since 1970.
    pub first_ns: u64,
    /// Time of the last packet, nanoseconds since 1970.
    pub last_ns: u64,
    /// Packets.
    pub packets: u64,
    /// IP octets.
    pub octets: u64,
    /// TCP flags of all packets, the low 12 bits.
    pub tcp_flags: u16,
    /// Why the flow ended.
    pub end: EndReason,
}

/// One flow, borrowed from a cache or a batch.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// Layout of `octets`.
    pub layout: &'a Layout,
    /// Counters and times.
    pub totals: &'a Totals,
    /// Header lines, merged values and biflow counters, [`Layout::len`] octets.
    pub octets: &'a [u8],
}

impl Flow<'_> {
    /// The totals of the forward direction only; of a unidirectional flow, those of all its packets.
    #[inline]
    pub fn forward(&self) -> Totals {
        match self.layout.biflow_range() {
            None => *self.totals,
            Some(range) => forward(self.totals, &self.octets[range]),
        }
    }
}

fn forward(totals: &Totals, octets: &[u8]) -> Totals {
    let biflow = BiflowCounters::read(octets);
    let packets = totals.packets.saturating_sub(biflow.packets);
    let (first_ns, last_ns) = match packets {
        0 => (totals.first_ns, totals.last_ns),
        _ => (biflow.first_ns, biflow.last_ns),
    };
    Totals {
        first_ns,
        last_ns,
        packets,
        octets: totals.octets.saturating_sub(biflow.octets),
        tcp_flags: biflow.forward_flags,
        end: totals.end,
    }
}

/// Flows of one layout.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Layout of the flows.
    pub layout: Arc<Layout>,
    totals: Vec<Totals>,
    bytes: Vec<u8>,
}

impl Batch {
    /// Creates an empty batch with room for `flows`.
    pub fn with_capacity(layout: Arc<Layout>, flows: usize) -> Batch {
        let stride = layout.len();
        Batch {
            layout,
            totals: Vec::with_capacity(flows),
            bytes: Vec::with_capacity(flows * stride),
        }
    }

    /// Empties the batch for flows of `layout`, keeping its memory.
    pub fn reset(&mut self, layout: &Arc<Layout>) {
        if !Arc::ptr_eq(&self.layout, layout) {
            self.layout = layout.clone();
        }
        self.clear();
    }

    /// Empties the batch, keeping its memory.
    pub fn clear(&mut self) {
        self.totals.clear();
        self.bytes.clear();
    }

    /// Adds a flow; `octets` has [`Layout::len`] octets.
    #[inline]
    pub fn push(&mut self, totals: Totals, octets: &[u8]) {
        debug_assert_eq!(octets.len(), self.layout.len());
        self.totals.push(totals);
        self.bytes.extend_from_slice(octets);
    }

    /// Number of flows.
    pub fn len(&self) -> usize {
        self.totals.len()
    }

    /// Whether there is no flow.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// The flows in the order they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Flow<'_>> {
        let flows = self.bytes.chunks_exact(self.layout.len());
        self.totals.iter().zip(flows).map(|(totals, octets)| Flow {
            layout: &self.layout,
            totals,
            octets,
        })
    }
}
