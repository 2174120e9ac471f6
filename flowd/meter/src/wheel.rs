//! A timing wheel: which slots of the cache to check in which second.
//!
//! There is a bucket for each second, with a list of chunks of one CPU cache line. Chunks come from a pool that
//! grows to the largest number needed and is reused.

/// Number of buckets, which are the seconds of a turn (17 minutes).
pub(crate) const BUCKETS: u64 = 1024;
/// Slots in a chunk.
pub(crate) const CHUNK_SLOTS: usize = 14;
/// No chunk.
const NONE: u32 = u32::MAX;

/// Some slots of a bucket.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(crate) struct Chunk {
    notes: [u32; CHUNK_SLOTS],
    len: u32,
    next: u32,
}

impl Chunk {
    /// The slots, in the order they were scheduled.
    pub(crate) fn slots(&self) -> &[u32] {
        &self.notes[..(self.len as usize).min(CHUNK_SLOTS)]
    }
}

/// Slots by the tick at which to check them.
pub(crate) struct Wheel {
    heads: Vec<u32>,
    chunks: Vec<Chunk>,
    free: u32,
}

impl Wheel {
    pub(crate) fn new() -> Wheel {
        Wheel {
            heads: vec![NONE; BUCKETS as usize],
            chunks: Vec::new(),
            free: NONE,
        }
    }

    /// Schedules a slot at a tick.
    #[inline]
    pub(crate) fn schedule(&mut self, tick: u64, slot: u32) {
        let bucket = (tick % BUCKETS) as usize;
        if let Some(chunk) = self.chunks.get_mut(self.heads[bucket] as usize)
            && let Some(note) = chunk.notes.get_mut(chunk.len as usize)
        {
            *note = slot;
            chunk.len += 1;
            return;
        }
        let mut notes = [0; CHUNK_SLOTS];
        notes[0] = slot;
        let chunk = Chunk {
            notes,
            len: 1,
            next: self.heads[bucket],
        };
        self.heads[bucket] = if let Some(place) = self.chunks.get_mut(self.free as usize) {
            let at = std::mem::replace(&mut self.free, place.next);
            *place = chunk;
            at
        } else {
            self.chunks.push(chunk);
            self.chunks.len() as u32 - 1
        };
    }

    /// Removes one slot of a tick.
    pub(crate) fn pop(&mut self, tick: u64) -> Option<u32> {
        let bucket = (tick % BUCKETS) as usize;
        let at = self.heads[bucket];
        let chunk = self.chunks.get_mut(at as usize)?;
        chunk.len -= 1;
        let slot = chunk.notes[chunk.len as usize];
        if chunk.len == 0 {
            self.heads[bucket] = chunk.next;
            self.release(at);
        }
        Some(slot)
    }

    /// Removes all slots of a tick, which [`Wheel::next`] then returns.
    pub(crate) fn take(&mut self, tick: u64) -> Chain {
        Chain(std::mem::replace(
            &mut self.heads[(tick % BUCKETS) as usize],
            NONE,
        ))
    }

    /// The next chunk of a removed list; `None` at its end.
    pub(crate) fn next(&mut self, chain: &mut Chain) -> Option<Chunk> {
        let chunk = *self.chunks.get(chain.0 as usize)?;
        self.release(std::mem::replace(&mut chain.0, chunk.next));
        Some(chunk)
    }

    fn release(&mut self, at: u32) {
        self.chunks[at as usize].next = self.free;
        self.free = at;
    }

    /// Removes everything, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.heads.fill(NONE);
        self.chunks.clear();
        self.free = NONE;
    }
}

/// A list of chunks removed from the wheel. Chunks not fetched from it before it is dropped are not reused.
pub(crate) struct Chain(u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_a_cache_line() {
        assert_eq!(size_of::<Chunk>(), 64);
    }

    #[test]
    fn notes_come_back_once_and_their_room_is_used_again() {
        let mut wheel = Wheel::new();
        for turn in 0..3 {
            for slot in 0..100 {
                wheel.schedule(7 + turn * BUCKETS, slot);
                wheel.schedule(8, slot + 1000);
            }
            let mut chain = wheel.take(7);
            let mut seen = Vec::new();
            while let Some(chunk) = wheel.next(&mut chain) {
                // What is scheduled meanwhile does not show up in this list.
                wheel.schedule(7, 9999);
                seen.extend_from_slice(chunk.slots());
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..100).collect::<Vec<_>>());
            let noted = std::iter::from_fn(|| wheel.pop(7)).count();
            assert_eq!(noted, 100_usize.div_ceil(CHUNK_SLOTS));
            assert_eq!(std::iter::from_fn(|| wheel.pop(8)).count(), 100);
            assert!(wheel.take(7).0 == NONE && wheel.take(8).0 == NONE);
            assert!(wheel.chunks.len() <= 2 * 8 + 2, "{}", wheel.chunks.len());
        }
    }
}
