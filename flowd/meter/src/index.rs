//! A hash index from keys to slots: buckets of one CPU cache line with seven entries each.
//!
//! An entry holds 32 bits of the hash, so a lookup compares the seven entries at once without branching and nearly
//! always ends in the bucket where it started. A full bucket overflows into the next one and counts how often,
//! which tells a lookup whether to continue.

use crate::key::Hash;
use crate::memory::wish_huge_pages;
use crate::simd::{equal, fetch};

/// Entries of a bucket.
const PLACES: usize = 7;
/// No slot. Slot numbers are stored plus one.
const EMPTY: u32 = 0;
/// Buckets of a new index.
const FIRST: usize = 128;

/// The slot where a flow most likely is.
#[derive(Clone, Copy, Debug)]
pub struct Guess(pub(crate) u32);

impl Guess {
    /// No slot.
    pub const NONE: Guess = Guess(u32::MAX);
}

/// A bucket of one cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Bucket {
    /// Hashes of the entries; the last one is unused.
    hashes: [u32; PLACES + 1],
    /// Slot number + 1 of each entry, or [`EMPTY`].
    slots: [u32; PLACES],
    /// Entries that were put into a later bucket because this one was full.
    passed: u32,
}

const VACANT: Bucket = Bucket {
    hashes: [0; PLACES + 1],
    slots: [EMPTY; PLACES],
    passed: 0,
};

impl Bucket {
    /// The entries with this hash as a bit mask, which may include empty ones.
    #[inline(always)]
    fn matches(&self, hash: Hash) -> u32 {
        equal(&self.hashes, hash.0) & ((1 << PLACES) - 1)
    }
}

fn vacant(buckets: usize) -> Vec<Bucket> {
    let mut room = Vec::with_capacity(buckets);
    wish_huge_pages(&mut room);
    room.resize(buckets, VACANT);
    room
}

/// The index from hashes to slots.
pub(crate) struct Index {
    /// A power of two of them.
    buckets: Vec<Bucket>,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Index {
        Index {
            buckets: vacant(FIRST),
            len: 0,
        }
    }

    /// Octets an entry takes at the load that [`Index::insert`] maintains.
    pub(crate) const ENTRY_OCTETS: usize = size_of::<Bucket>() * 4 / (PLACES * 3);

    #[inline(always)]
    fn home(&self, hash: Hash) -> usize {
        hash.0 as usize & (self.buckets.len() - 1)
    }

    /// Prefetches the bucket of a hash.
    #[inline(always)]
    pub(crate) fn fetch(&self, hash: Hash) {
        fetch(&self.buckets, self.home(hash));
    }

    /// The first slot with this hash in its home bucket, if there is one.
    #[inline(always)]
    pub(crate) fn candidate(&self, hash: Hash) -> Option<u32> {
        let bucket = self.buckets.get(self.home(hash))?;
        let place = bucket.matches(hash).trailing_zeros() as usize;
        bucket.slots.get(place)?.checked_sub(1)
    }

    /// The first slot with this hash for which `is_it` returns true.
    pub(crate) fn find(&self, hash: Hash, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        // Continuing through every bucket would need a full index, which insert() prevents.
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            let mut matches = bucket.matches(hash);
            while matches != 0 {
                let slot = bucket.slots[matches.trailing_zeros() as usize];
                if slot != EMPTY && is_it(slot - 1) {
                    return Some(slot - 1);
                }
                matches &= matches - 1;
            }
            if bucket.passed == 0 {
                return None;
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
        None
    }

    /// Inserts a slot.
    pub(crate) fn insert(&mut self, hash: Hash, slot: u32) {
        if (self.len + 1) * 4 > self.buckets.len() * PLACES * 3 {
            self.grow();
        }
        self.len += 1;
        self.place(hash.0, slot + 1);
    }

    fn place(&mut self, hash: u32, slot: u32) {
        let mask = self.buckets.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(place) = bucket.slots.iter().position(|slot| *slot == EMPTY) {
                (bucket.hashes[place], bucket.slots[place]) = (hash, slot);
                return;
            }
            bucket.passed += 1;
            at = (at + 1) & mask;
        }
    }

    /// Doubles the number of buckets.
    fn grow(&mut self) {
        let double = vacant(self.buckets.len() * 2);
        for bucket in std::mem::replace(&mut self.buckets, double) {
            for (hash, slot) in bucket.hashes.iter().zip(bucket.slots) {
                if slot != EMPTY {
                    self.place(*hash, slot);
                }
            }
        }
    }

    /// Removes a slot.
    pub(crate) fn remove(&mut self, hash: Hash, slot: u32) {
        let mask = self.buckets.len() - 1;
        let home = self.home(hash);
        let mut at = home;
        for _ in 0..self.buckets.len() {
            let bucket = &mut self.buckets[at];
            if let Some(place) = bucket.slots.iter().position(|kept| *kept == slot + 1) {
                bucket.slots[place] = EMPTY;
                self.len -= 1;
                // The full buckets before it have one entry less behind them.
                let mut passed = home;
                while passed != at {
                    self.buckets[passed].passed -= 1;
                    passed = (passed + 1) & mask;
                }
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// Removes everything, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.buckets.fill(VACANT);
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_cache_line() {
        assert_eq!(size_of::<Bucket>(), 64);
    }

    #[test]
    fn many_of_one_hash_overflow_and_come_back() {
        let mut index = Index::new();
        let hash = Hash(0xdead_beef);
        for slot in 0..50 {
            index.insert(hash, slot);
        }
        for slot in (0..50).rev() {
            assert_eq!(index.find(hash, |found| found == slot), Some(slot));
            index.remove(hash, slot);
            assert_eq!(index.find(hash, |found| found == slot), None);
        }
        assert!(index.buckets.iter().all(|bucket| bucket.passed == 0));
        assert_eq!(index.len, 0);
    }

    #[test]
    fn it_grows() {
        let mut index = Index::new();
        for slot in 0..10_000_u32 {
            index.insert(Hash(slot.wrapping_mul(0x9e37_79b9)), slot);
        }
        for slot in 0..10_000_u32 {
            let hash = Hash(slot.wrapping_mul(0x9e37_79b9));
            assert_eq!(index.find(hash, |_| true), Some(slot));
        }
        assert_eq!(index.find(Hash(1), |_| true), None);
        let buckets = index.buckets.len();
        index.clear();
        assert_eq!((index.buckets.len(), index.len), (buckets, 0));
        assert_eq!(index.find(Hash(0), |_| true), None);
    }
}
