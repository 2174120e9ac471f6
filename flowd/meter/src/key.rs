//! A packet's key: its header lines under the layout's mask.

use std::hash::{BuildHasher, RandomState};

use flow::{LINE, Layout};
use wire::Header;

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
    key: [Line; 2],
    keep: [Line; 2],
    /// The words the key has octets in, by place in [`Header::bytes`], and their masks; an even number.
    words: Vec<(usize, u64)>,
    /// The second line is part of the key.
    second: bool,
    /// Drawn at random: nobody outside can choose packets that collide.
    seeds: [u64; 2],
}

impl Key {
    pub(crate) fn new(layout: &Layout) -> Key {
        let key = lines(layout.key_mask());
        let all = key.iter().flatten().enumerate();
        let mut words: Vec<_> = all
            .filter(|(_, mask)| **mask != 0)
            .map(|(at, mask)| (at * 8, *mask))
            .collect();
        if words.len() % 2 == 1 {
            words.push((0, 0));
        }
        let random = RandomState::new();
        Key {
            key,
            keep: lines(layout.keep_mask()),
            words,
            second: key[1].iter().any(|word| *word != 0),
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

    /// The packet is of the flow with these lines; `second` gives the octets of the other line.
    #[inline]
    pub(crate) fn equals<'a>(
        &self,
        line: &Line,
        second: impl FnOnce() -> &'a [u8],
        header: &Header,
    ) -> bool {
        let mut differ = 0;
        for (at, (kept, mask)) in line.iter().zip(&self.key[0]).enumerate() {
            differ |= (kept ^ word(&header.bytes, at * 8)) & mask;
        }
        if self.second {
            let second = second();
            for (at, mask) in self.key[1].iter().enumerate() {
                differ |= (word(second, at * 8) ^ word(&header.bytes, LINE + at * 8)) & mask;
            }
        }
        differ == 0
    }

    /// The first line as a flow keeps it.
    #[inline]
    pub(crate) fn line(&self, header: &Header) -> Line {
        std::array::from_fn(|at| word(&header.bytes, at * 8) & self.keep[0][at])
    }

    /// Writes the second line as a flow keeps it, if `out` has room for one.
    pub(crate) fn second(&self, header: &Header, out: &mut [u8]) {
        for (at, out) in out.chunks_exact_mut(8).enumerate() {
            out.copy_from_slice(
                &(word(&header.bytes, LINE + at * 8) & self.keep[1][at]).to_ne_bytes(),
            );
        }
    }
}

fn lines(mask: &[u8; Header::LEN]) -> [Line; 2] {
    [0, LINE].map(|from| std::array::from_fn(|at| word(mask, from + at * 8)))
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
