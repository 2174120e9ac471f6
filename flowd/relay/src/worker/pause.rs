//! How long a worker waits for more. Time is an argument.

/// Longest pause to let datagrams gather: a batch costs little more than a datagram.
pub(super) const GATHER_NS: u64 = 1_000_000;
/// How many datagrams a pause waits for.
pub(super) const GATHER: u64 = 48;

/// Lets datagrams gather when they come quickly.
#[derive(Debug, Default)]
pub(super) struct Pause {
    pub(super) last_ns: u64,
    /// Nanoseconds between two datagrams, averaged.
    pub(super) gap_ns: u64,
    /// How many may wait at the socket.
    pub(super) most: u64,
}

impl Pause {
    /// So many datagrams were read. Returns how long the next read should wait for more.
    pub(super) fn after(&mut self, count: u64, now_ns: u64) -> u64 {
        let since = now_ns.saturating_sub(self.last_ns);
        self.last_ns = now_ns;
        let gap_ns = (since / count.max(1)).min(4 * GATHER_NS);
        self.gap_ns = (3 * self.gap_ns + gap_ns) / 4;
        if self.gap_ns > GATHER_NS / 4 {
            // Too few to be worth a wait.
            return 0;
        }
        (self.gap_ns * self.most).min(GATHER_NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_are_waited_for_only_when_they_come_quickly() {
        let settle = |gap_ns: u64| {
            let mut pause = Pause {
                most: GATHER,
                gap_ns: GATHER_NS,
                last_ns: 0,
            };
            let mut now_ns = 0;
            (0..100)
                .map(|_| {
                    now_ns += gap_ns;
                    pause.after(1, now_ns)
                })
                .last()
                .unwrap()
        };
        // 10 a second, 1,000, 10,000, 100,000.
        assert_eq!(settle(100_000_000), 0);
        assert_eq!(settle(1_000_000), 0);
        assert_eq!(settle(100_000), GATHER_NS);
        assert!((GATHER_NS / 3..GATHER_NS).contains(&settle(10_000)));
    }
}
