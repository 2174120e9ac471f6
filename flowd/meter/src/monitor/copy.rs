//! Reads the flows in a monitor's caches.

use std::ops::ControlFlow;
use std::sync::Arc;

use flow::{Batch, Flow, Layout};

use super::Monitor;

/// Most cache slots that one [`Monitor::copy`] visits, so that it takes a fraction of a millisecond.
pub const SLOTS_PER_COPY: usize = 4096;

/// Progress of reading a cache piece by piece. A flow keeps its slot as long as it lives, so a flow that exists
/// from the first piece to the last is read exactly once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// 0 for IPv4, 1 for IPv6.
    pub family: u8,
    /// The first slot that was not read yet.
    pub slot: u32,
}

impl Position {
    fn next_family(self) -> Option<Position> {
        (self.family == 0).then_some(Position { family: 1, slot: 0 })
    }
}

/// Result of [`Monitor::copy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Number of flows visited.
    pub seen: usize,
    /// Where to continue; `None` at the end of the cache.
    pub next: Option<Position>,
}

impl Monitor {
    /// Calls `show` with every flow in the cache, IPv4 first.
    pub fn each_flow(&self, mut show: impl FnMut(Flow<'_>)) {
        self.caches
            .iter()
            .flatten()
            .for_each(|cache| cache.each(&mut show));
    }

    /// The layouts of IPv4 and IPv6 flows.
    pub fn layouts(&self) -> [Option<Arc<Layout>>; 2] {
        [0, 1].map(|family| {
            self.caches[family]
                .as_ref()
                .map(|cache| cache.layout().clone())
        })
    }

    /// Copies the flows for which `keep` returns true from a piece of the cache into `out`, replacing its content
    /// with at most `limit` flows. The piece is of one family and of at most [`SLOTS_PER_COPY`] slots, because the
    /// capture thread must return to its ring.
    pub fn copy(
        &self,
        from: Position,
        limit: usize,
        mut keep: impl FnMut(&Flow<'_>) -> bool,
        out: &mut Batch,
    ) -> Copied {
        let (family, slot) = (usize::from(from.family), from.slot as usize);
        let Some(Some(cache)) = self.caches.get(family) else {
            out.clear();
            return Copied {
                seen: 0,
                next: from.next_family(),
            };
        };
        out.reset(cache.layout());
        let mut seen = 0;
        let next = cache.each_from(slot, SLOTS_PER_COPY, |flow| {
            seen += 1;
            if keep(&flow) {
                out.push(*flow.totals, flow.octets);
            }
            match out.len() < limit {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        let here = |slot: usize| Position {
            family: from.family,
            slot: slot as u32,
        };
        Copied {
            seen,
            next: next.map(here).or(from.next_family()),
        }
    }
}
