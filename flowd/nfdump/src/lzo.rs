//! Decompresses LZO1X, as `lzo1x_1_compress` of liblzo makes it.
//!
//! Source: the description of the stream in Linux' `Documentation/staging/lzo.rst`. The crates for it trust their input; this
//! one cannot be made to read or write beyond its bounds.

/// The first octets from here on are a number of literals and this.
const FIRST_LITERALS: u8 = 17;
/// The longest literal run of a first octet that counts as the end of a match.
const SHORT_FIRST: usize = 3;
/// The distance of a far match of length 0, which ends the stream.
const END: usize = 16_384;

/// What stood before an instruction below 16, which decides what that means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A match without literals behind it.
    Match,
    /// A match with one to three literals behind it.
    ShortLiterals,
    /// A literal run.
    LongLiterals,
}

impl Before {
    fn literals(count: usize) -> Before {
        match count {
            0 => Before::Match,
            _ => Before::ShortLiterals,
        }
    }
}

/// Decompresses `input` behind `out`, to at most `limit` octets in `out`. `None`: the stream is damaged or longer.
pub(crate) fn decompress(input: &[u8], out: &mut Vec<u8>, limit: usize) -> Option<()> {
    let mut stream = Stream {
        input,
        start: out.len(),
        out,
        limit,
    };
    stream.run()
}

struct Stream<'a, 'o> {
    input: &'a [u8],
    /// Where the stream's own output starts.
    start: usize,
    out: &'o mut Vec<u8>,
    limit: usize,
}

impl Stream<'_, '_> {
    fn run(&mut self) -> Option<()> {
        let mut before = Before::Match;
        let first = *self.input.first()?;
        if first > FIRST_LITERALS {
            self.octet()?;
            let count = usize::from(first - FIRST_LITERALS);
            self.literals(count)?;
            before = if count > SHORT_FIRST {
                Before::LongLiterals
            } else {
                Before::ShortLiterals
            };
        }
        loop {
            let code = self.octet()?;
            let bits = usize::from(code);
            let (distance, len, literals) = match code {
                0..16 if before == Before::Match => {
                    let count = 3 + self.len(bits, 15)?;
                    self.literals(count)?;
                    before = Before::LongLiterals;
                    continue;
                }
                0..16 => {
                    let high = usize::from(self.octet()?) << 2;
                    let low = high + (bits >> 2);
                    match before {
                        Before::LongLiterals => (low + 2049, 3, bits & 3),
                        _ => (low + 1, 2, bits & 3),
                    }
                }
                16..32 => {
                    let len = 2 + self.len(bits & 7, 7)?;
                    let (low, literals) = self.pair()?;
                    let distance = END + ((bits & 8) << 11) + low;
                    if distance == END {
                        return self.input.is_empty().then_some(());
                    }
                    (distance, len, literals)
                }
                32..64 => {
                    let len = 2 + self.len(bits & 31, 31)?;
                    let (low, literals) = self.pair()?;
                    (low + 1, len, literals)
                }
                _ => {
                    let high = usize::from(self.octet()?) << 3;
                    let len = if code < 128 {
                        3 + (bits >> 5 & 1)
                    } else {
                        5 + (bits >> 5 & 3)
                    };
                    (high + (bits >> 2 & 7) + 1, len, bits & 3)
                }
            };
            self.copy(distance, len)?;
            self.literals(literals)?;
            before = Before::literals(literals);
        }
    }

    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.input.split_first()?;
        self.input = rest;
        Some(*first)
    }

    /// Two octets: a distance of 14 bits above a number of literals.
    fn pair(&mut self) -> Option<(usize, usize)> {
        let pair = usize::from(u16::from_le_bytes([self.octet()?, self.octet()?]));
        Some((pair >> 2, pair & 3))
    }

    /// A length of which the instruction has `bits`; if these are 0, it goes on in the next octets from `base`.
    fn len(&mut self, bits: usize, base: usize) -> Option<usize> {
        if bits > 0 {
            return Some(bits);
        }
        let mut len = base;
        loop {
            match self.octet()? {
                0 => len += 255,
                last => return Some(len + usize::from(last)),
            }
        }
    }

    fn literals(&mut self, count: usize) -> Option<()> {
        let (literals, rest) = self.input.split_at_checked(count)?;
        self.room(count)?;
        self.out.extend_from_slice(literals);
        self.input = rest;
        Some(())
    }

    /// Copies `len` octets from `distance` before the end; what is copied may be copied again.
    fn copy(&mut self, distance: usize, len: usize) -> Option<()> {
        self.room(len)?;
        let from = self.out.len().checked_sub(distance)?;
        if from < self.start {
            return None;
        }
        if distance >= len {
            self.out.extend_from_within(from..from + len);
            return Some(());
        }
        for at in from..from + len {
            self.out.push(*self.out.get(at)?);
        }
        Some(())
    }

    fn room(&self, count: usize) -> Option<()> {
        (count <= self.limit.checked_sub(self.out.len())?).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const STOP: [u8; 3] = [17, 0, 0];

    fn read(input: &[u8], limit: usize) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        decompress(input, &mut out, limit).map(|()| out[6..].to_vec())
    }

    #[test]
    fn instructions_by_their_description() {
        let stream = |parts: &[&[u8]]| [&parts.concat()[..], &STOP].concat();
        for (input, expected) in [
            // Four literals of the first octet, then a match of 3 at distance 4 with one literal behind it.
            (
                stream(&[&[21 + 1], b"abcde", &[0b0100_1101, 0], b"x"]),
                b"abcdebcdx".to_vec(),
            ),
            // A literal run whose length goes on: 3 + 15 + 255 + 1.
            (stream(&[&[0, 0, 1], &[b'a'; 274]]), vec![b'a'; 274]),
            // A match of 33 + 2 + 1 at distance 1, which repeats one octet.
            (
                stream(&[&[18], b"z", &[0b0010_0000, 3, 0, 0]]),
                vec![b'z'; 1 + 36],
            ),
            // Two octets at distance 2, behind short literals.
            (stream(&[&[19], b"ab", &[0b0000_0100, 0]]), b"abab".to_vec()),
            // A match of 5 + 3 at distance 2.
            (
                stream(&[&[19], b"ab", &[0b1110_0100, 0]]),
                b"ababababab".to_vec(),
            ),
        ] {
            assert_eq!(read(&input, 1000), Some(expected.clone()), "{input:?}");
            assert_eq!(read(&input, expected.len() + 6), Some(expected.clone()));
            assert_eq!(read(&input, expected.len() + 5), None, "beyond the limit");
            for cut in 0..input.len() {
                assert_eq!(read(&input[..cut], 1000), None, "cut at {cut}");
            }
        }
        // A match 16,384 + 1 octets back.
        let far: Vec<u8> = (0..16_385u32).map(|at| (at % 251) as u8).collect();
        let count = far.len() - 3 - 15;
        let zeros = vec![0; (count - 1) / 255];
        let rest = (count - zeros.len() * 255) as u8;
        let input = stream(&[&[0], &zeros, &[rest], &far, &[0b0001_0001, 4, 0]]);
        let out = read(&input, 20_000).unwrap();
        assert_eq!(out[16_385..], far[..3]);
    }

    #[test]
    fn matches_do_not_reach_before_the_stream() {
        // A match at distance 5 after one literal, where "before" would give octets.
        assert_eq!(read(&[18, b'a', 0b0101_0000, 0, 17, 0, 0], 1000), None);
        // Octets behind the end.
        assert_eq!(read(&[18, b'a', 17, 0, 0, 1], 1000), None);
    }

    proptest! {
        #[test]
        fn no_octets_panic_or_pass_the_limit(input in vec(any::<u8>(), 0..300)) {
            if let Some(out) = read(&input, 500) {
                prop_assert!(out.len() <= 494);
            }
        }
    }
}
