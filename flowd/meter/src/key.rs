//! Flow keys: the header lines of a packet under the layout's mask.

use std::hash::{BuildHasher, RandomState};

use flow::Layout;
use wire::{Header, LINE};

/// Words of a header line.
const WORDS: usize = LINE / 8;

/// A header line in words of the machine's byte order.
pub(crate) type Line = [u64; WORDS];

/// The hash of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash(pub(crate) u32);

/// What the cache derives from its layout to hash, compare and keep header lines.
#[derive(Debug)]
pub(crate) struct Key {
    /// Masks of the first line.
    key: Line,
    keep: Line,
    /// The further lines that a flow keeps.
    others: Vec<Other>,
    /// The words of further lines with octets of the key: their offset in [`Header::bytes`], and their mask.
    words: Vec<(usize, u64)>,
    /// Whether the last two words of the first line belong to the key, which is rare.
    whole: bool,
    /// Whether further lines belong to the key.
    longer: bool,
    /// Random seeds, so that nobody outside can make packets with colliding hashes.
    seeds: Line,
}

/// A header line besides the first.
#[derive(Debug)]
struct Other {
    /// Its offset in [`Header::bytes`].
    at: usize,
    key: Line,
    keep: Line,
}

impl Key {
    pub(crate) fn new(layout: &Layout) -> Key {
        let (key, keep) = (layout.key_mask(), layout.keep_mask());
        let words: Vec<_> = (LINE..Header::LEN)
            .step_by(8)
            .map(|at| (at, word(key, at)))
            .filter(|(_, mask)| *mask != 0)
            .collect();
        let random = RandomState::new();
        let other = |line: &usize| Other {
            at: line * LINE,
            key: line_at(key, line * LINE),
            keep: line_at(keep, line * LINE),
        };
        Key {
            key: line_at(key, 0),
            keep: line_at(keep, 0),
            others: layout.kept_lines().iter().skip(1).map(other).collect(),
            whole: key[48..LINE].iter().any(|octet| *octet != 0),
            longer: !words.is_empty(),
            words,
            seeds: std::array::from_fn(|at| random.hash_one(at)),
        }
    }

    /// Whether only the first line belongs to the key.
    pub(crate) fn is_short(&self) -> bool {
        !self.longer
    }

    /// Hashes the key by folded multiplication of its words, two at a time, each with its own seed. `SHORT` says
    /// that the key [is short](Key::is_short).
    #[inline(always)]
    pub(crate) fn hash<const SHORT: bool>(&self, header: &Header) -> Hash {
        let of = |at: usize| word(&header.bytes, at * 8) & self.key[at] ^ self.seeds[at];
        let mut hash = fold(of(0), of(1)) ^ fold(of(2), of(3)) ^ fold(of(4), of(5));
        if self.whole {
            hash ^= fold(of(6), of(7));
        }
        if !SHORT && self.longer {
            for (at, mask) in &self.words {
                hash = fold(hash ^ word(&header.bytes, *at) & mask, self.seeds[0]);
            }
        }
        Hash((hash ^ hash >> 32) as u32)
    }

    /// Whether the packet belongs to the flow with this first line; `others` returns the octets of the flow's
    /// further lines.
    #[inline(always)]
    pub(crate) fn equals<'a, const SHORT: bool>(
        &self,
        line: &Line,
        others: impl FnOnce() -> &'a [u8],
        header: &Header,
    ) -> bool {
        let mut differ = 0;
        for (at, (kept, mask)) in line.iter().zip(&self.key).enumerate() {
            differ |= (kept ^ word(&header.bytes, at * 8)) & mask;
        }
        if !SHORT && self.longer {
            for (other, kept) in self.others.iter().zip(others().chunks_exact(LINE)) {
                for (at, mask) in other.key.iter().enumerate() {
                    differ |= (word(kept, at * 8) ^ word(&header.bytes, other.at + at * 8)) & mask;
                }
            }
        }
        differ == 0
    }

    /// The first line of a packet as a flow keeps it.
    #[inline]
    pub(crate) fn line(&self, header: &Header) -> Line {
        std::array::from_fn(|at| word(&header.bytes, at * 8) & self.keep[at])
    }

    /// Writes the further lines of a packet as a flow keeps them; `out` has room for them.
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
