//! A packet's key: its header lines under the layout's mask.

use std::hash::{BuildHasher, RandomState};

use flow::Layout;
use wire::{Header, LINE};

/// Words of a header line.
const WORDS: usize = LINE / 8;

/// A header line, in words of the machine's order.
pub(crate) type Line = [u64; WORDS];

/// The hash of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash(pub(crate) u32);

impl Hash {
    /// Its home in an index of `len` places, a power of two.
    #[inline]
    pub(crate) fn place(self, len: usize) -> usize {
        self.0 as usize & (len - 1)
    }
}

/// What the cache needs of its layout to hash, compare and keep header lines.
#[derive(Debug)]
pub(crate) struct Key {
    /// Masks of the first line.
    key: Line,
    keep: Line,
    /// The other lines a flow keeps.
    others: Vec<Other>,
    /// The words the key has octets in, by place in [`Header::bytes`], and their masks; an even number.
    words: Vec<(usize, u64)>,
    /// Others are part of the key.
    longer: bool,
    /// Drawn at random: nobody outside can choose packets that collide.
    seeds: [u64; 2],
}

/// A line beside the first.
#[derive(Debug)]
struct Other {
    /// Where it starts in [`Header::bytes`].
    at: usize,
    key: Line,
    keep: Line,
}

impl Key {
    pub(crate) fn new(layout: &Layout) -> Key {
        let (key, keep) = (layout.key_mask(), layout.keep_mask());
        let mut words: Vec<_> = (0..Header::LEN)
            .step_by(8)
            .map(|at| (at, word(key, at)))
            .filter(|(_, mask)| *mask != 0)
            .collect();
        if words.len() % 2 == 1 {
            words.push((0, 0));
        }
        let random = RandomState::new();
        let other = |line: &usize| Other {
            at: line * LINE,
            key: line_at(key, line * LINE),
            keep: line_at(keep, line * LINE),
        };
        Key {
            key: line_at(key, 0),
            keep: line_at(keep, 0),
            others: layout.kept().iter().skip(1).map(other).collect(),
            words,
            longer: key.iter().skip(LINE).any(|octet| *octet != 0),
            seeds: [random.hash_one(1) | 1, random.hash_one(2)],
        }
    }

    /// Folded multiplication over the key's words, two at a time.
    #[inline]
    pub(crate) fn hash(&self, header: &Header) -> Hash {
        let mut hash = self.seeds[1];
        for pair in self.words.chunks_exact(2) {
            let [(a, mask_a), (b, mask_b)] = pair else {
                break;
            };
            let a = word(&header.bytes, *a) & mask_a;
            let b = word(&header.bytes, *b) & mask_b;
            hash = fold(a ^ hash, b ^ self.seeds[0]);
        }
        Hash(fold(hash, self.seeds[0]) as u32)
    }

    /// The packet is of the flow with this first line; `others` gives the octets of its other lines.
    #[inline]
    pub(crate) fn equals<'a>(
        &self,
        line: &Line,
        others: impl FnOnce() -> &'a [u8],
        header: &Header,
    ) -> bool {
        let mut differ = 0;
        for (at, (kept, mask)) in line.iter().zip(&self.key).enumerate() {
            differ |= (kept ^ word(&header.bytes, at * 8)) & mask;
        }
        if self.longer {
            for (other, kept) in self.others.iter().zip(others().chunks_exact(LINE)) {
                for (at, mask) in other.key.iter().enumerate() {
                    differ |= (word(kept, at * 8) ^ word(&header.bytes, other.at + at * 8)) & mask;
                }
            }
        }
        differ == 0
    }

    /// The first line as a flow keeps it.
    #[inline]
    pub(crate) fn line(&self, header: &Header) -> Line {
        std::array::from_fn(|at| word(&header.bytes, at * 8) & self.keep[at])
    }

    /// Writes the other lines as a flow keeps them; `out` has room for them.
    pub(crate) fn others(&self, header: &Header, out: &mut [u8]) {
        for (other, out) in self.others.iter().zip(out.chunks_exact_mut(LINE)) {
            let words = out.chunks_exact_mut(8).zip(&other.keep).enumerate();
            for (at, (out, keep)) in words {
                let word = word(&header.bytes, other.at + at * 8) & keep;
                out.copy_from_slice(&word.to_ne_bytes());
            }
        }
    }
}

fn line_at(octets: &[u8], from: usize) -> Line {
    std::array::from_fn(|at| word(octets, from + at * 8))
}

#[inline(always)]
fn word(octets: &[u8], at: usize) -> u64 {
    octets
        .get(at..)
        .and_then(|octets| octets.first_chunk())
        .map_or(0, |octets| u64::from_ne_bytes(*octets))
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
