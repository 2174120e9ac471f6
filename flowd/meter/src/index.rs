//! Where a hash has its slot: buckets of one cache line, seven places each.
//!
//! A place holds the hash's own 32 bits, so that a look-up compares the seven at once, without a branch, and nearly
//! always ends in the bucket it started in. A full bucket overflows into the next one and counts how
//! often, which is what says that a look-up has to go on.

use crate::key::Hash;
use crate::memory::wish_huge_pages;
use crate::simd::{equal, fetch};

/// Places of a bucket.
const PLACES: usize = 7;
/// No slot; slots are kept plus one.
const EMPTY: u32 = 0;
/// Buckets of a new index.
const FIRST: usize = 128;

/// One cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Bucket {
    /// Hashes of the places; the last one is none.
    hashes: [u32; PLACES + 1],
    /// Slot + 1 by place, or [`EMPTY`].
    slots: [u32; PLACES],
    /// Entries that passed this bucket because it was full.
    passed: u32,
}

const VACANT: Bucket = Bucket {
    hashes: [0; PLACES + 1],
    slots: [EMPTY; PLACES],
    passed: 0,
};

impl Bucket {
    /// The places with this hash, a bit each; empty ones may be among them.
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

/// Hash → slot.
pub(crate) struct Index {
    /// A power of two.
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

    /// Octets an entry takes at the load that [`Index::insert`] keeps to.
    pub(crate) const ENTRY_OCTETS: usize = size_of::<Bucket>() * 4 / (PLACES * 3);

    #[inline(always)]
    fn home(&self, hash: Hash) -> usize {
        hash.0 as usize & (self.buckets.len() - 1)
    }

    /// Starts to fetch the bucket of a hash.
    #[inline(always)]
    pub(crate) fn fetch(&self, hash: Hash) {
        fetch(&self.buckets, self.home(hash));
    }

    /// The first slot in the home bucket with this hash, if it is there.
    #[inline(always)]
    pub(crate) fn candidate(&self, hash: Hash) -> Option<u32> {
        let bucket = self.buckets.get(self.home(hash))?;
        let place = bucket.matches(hash).trailing_zeros() as usize;
        bucket.slots.get(place)?.checked_sub(1)
    }

    /// The first slot with this hash of which `is_it` says so.
    pub(crate) fn find(&self, hash: Hash, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        // Every bucket passed means a full index, which insert() never leaves.
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

    /// Enters a slot.
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

    /// Doubles it.
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

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, hash: Hash, slot: u32) {
        let mask = self.buckets.len() - 1;
        let home = self.home(hash);
        let mut at = home;
        for _ in 0..self.buckets.len() {
            let bucket = &mut self.buckets[at];
            if let Some(place) = bucket.slots.iter().position(|kept| *kept == slot + 1) {
                bucket.slots[place] = EMPTY;
                self.len -= 1;
                // Those before it are passed once less.
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

    /// Takes everything out; the room is kept.
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
