//! Packet sampling, 1 out of N (RFC 5475 §5.1, §5.2).

/// How one packet out of every N is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The packet at the same position of every N: systematic count-based sampling.
    Deterministic,
    /// A packet at a random position of every N: n-out-of-N sampling with n = 1.
    Random,
}

/// Selects exactly one packet out of every N.
#[derive(Clone, Debug)]
pub struct Sampler {
    mode: Mode,
    rate: u32,
    /// Packets seen in the current window of `rate` packets.
    seen: u32,
    /// Position of the selected packet in the current window.
    chosen: u32,
    /// State of the random number generator, never 0.
    state: u64,
}

impl Sampler {
    /// Creates a sampler of one out of `rate` packets. `seed` initialises the random choice.
    pub fn new(mode: Mode, rate: u32, seed: u64) -> Sampler {
        let mut sampler = Sampler {
            mode,
            rate: rate.max(1),
            seen: 0,
            chosen: 0,
            state: seed | 1,
        };
        sampler.choose();
        sampler
    }

    /// Mode and rate.
    pub fn settings(&self) -> (Mode, u32) {
        (self.mode, self.rate)
    }

    /// Returns whether this packet is selected.
    #[inline]
    pub fn take(&mut self) -> bool {
        let taken = self.seen == self.chosen;
        self.seen += 1;
        if self.seen == self.rate {
            self.seen = 0;
            self.choose();
        }
        taken
    }

    fn choose(&mut self) {
        self.chosen = match self.mode {
            Mode::Deterministic => 0,
            Mode::Random => {
                // Marsaglia's xorshift64*: fast, and random enough that no traffic pattern can follow it.
                self.state ^= self.state >> 12;
                self.state ^= self.state << 25;
                self.state ^= self.state >> 27;
                let random = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
                ((random * u64::from(self.rate)) >> 32) as u32
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_every_window_is_taken() {
        for mode in [Mode::Deterministic, Mode::Random] {
            for rate in [1, 2, 3, 100, 4096] {
                let mut sampler = Sampler::new(mode, rate, 42);
                for window in 0..200 {
                    let taken = (0..rate).filter(|_| sampler.take()).count();
                    assert_eq!(taken, 1, "{mode:?} 1 out of {rate}, window {window}");
                }
            }
        }
    }

    #[test]
    fn random_takes_every_place_about_equally() {
        let mut sampler = Sampler::new(Mode::Random, 10, 7);
        let mut places = [0u32; 10];
        for _ in 0..10_000 {
            for place in &mut places {
                *place += u32::from(sampler.take());
            }
        }
        assert!(places.iter().all(|n| (850..1150).contains(n)), "{places:?}");
    }

    #[test]
    fn deterministic_takes_the_same_place() {
        let mut sampler = Sampler::new(Mode::Deterministic, 4, 0);
        let taken: Vec<bool> = (0..8).map(|_| sampler.take()).collect();
        assert_eq!(
            taken,
            [true, false, false, false, true, false, false, false]
        );
    }
}
