//! How long a worker waits for more datagrams before it reads again. Time is an argument.

/// Longest pause for more datagrams to arrive: a batch costs little more than one datagram.
pub(super) const GATHER_NS: u64 = 1_000_000;
/// Longest time between two reads that enters the average: the rate before a lull is forgotten soon.
const LULL_NS: u64 = 16 * GATHER_NS;
/// How many datagrams a pause waits for, for each send. Those that wait longer have left the processor's caches.
const SHARE: u64 = 16;
/// How many datagrams a pause waits for at most, however many sends they make.
const MOST: u64 = 48;
/// One read in `LOOK` has no pause before it, which shows how many datagrams arrive together anyway.
const LOOK: u32 = 32;

/// Decides how long to wait when datagrams come quickly, but too few at once to be worth a send.
///
/// A pause ends by the clock. A thread that the kernel wakes for a datagram starts beside the one that brought it, with
/// the datagram still in the processor's caches, which is worth more than a larger batch.
#[derive(Debug)]
pub(super) struct Pause {
    last_ns: u64,
    /// Nanoseconds and datagrams of the last reads, later ones with more weight.
    lately: (f64, f64),
    /// Four times the average number of datagrams of a read without a pause before it.
    alone: u64,
    /// How many datagrams the socket's receive buffer holds.
    room: u64,
    /// Whether the last read had a pause before it.
    paused: bool,
    reads: u32,
}

impl Pause {
    /// Makes the decision for a socket whose receive buffer holds `room` datagrams.
    pub(super) fn new(room: u64, now_ns: u64) -> Pause {
        Pause {
            last_ns: now_ns,
            lately: (GATHER_NS as f64, 1.0),
            alone: 0,
            room,
            paused: false,
            reads: 0,
        }
    }

    /// Records one read of `count` datagrams, which made `parts` sends at least for each receiver. Returns how long to wait before
    /// the next read.
    pub(super) fn after(&mut self, count: u64, parts: u64, now_ns: u64) -> u64 {
        let since = now_ns.saturating_sub(self.last_ns);
        self.last_ns = now_ns;
        self.lately.0 = 0.75 * self.lately.0 + since.min(LULL_NS) as f64;
        self.lately.1 = 0.75 * self.lately.1 + count as f64;
        let gap_ns = (self.lately.0 / self.lately.1) as u64;
        if !self.paused {
            self.alone = self.alone - self.alone / 4 + count;
        }
        self.reads = self.reads.wrapping_add(1);
        let wanted = (SHARE * parts).min(MOST).min(self.room);
        // Too few to be worth a wait, or as many as it could bring, or more that wait already.
        let idle = gap_ns > GATHER_NS / 4
            || self.alone / 4 >= wanted * 3 / 4
            || count >= super::READ as u64;
        self.paused = !(idle || self.reads.is_multiple_of(LOOK));
        match self.paused {
            true => (gap_ns * wanted).min(GATHER_NS),
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pauses after reads of `count` datagrams every so often.
    fn pauses(count: u64, every_ns: u64, parts: u64) -> Vec<u64> {
        let mut pause = Pause::new(1000, 0);
        let times = (1..=1000).map(|number| number * every_ns);
        let all: Vec<u64> = times
            .map(|now_ns| pause.after(count, parts, now_ns))
            .collect();
        all[500..].to_vec()
    }

    fn most(count: u64, every_ns: u64, parts: u64) -> u64 {
        pauses(count, every_ns, parts).into_iter().max().unwrap()
    }

    #[test]
    fn datagrams_are_waited_for_only_when_they_come_quickly() {
        // 10 a second, 1,000, 10,000, 100,000.
        assert_eq!(most(1, 100_000_000, 1), 0);
        assert_eq!(most(1, 1_000_000, 1), 0);
        assert_eq!(most(1, 100_000, 1), GATHER_NS);
        assert_eq!(most(1, 10_000, 1), 160_000);
    }

    #[test]
    fn what_comes_in_numbers_is_not_waited_for() {
        assert_eq!(most(15, 150_000, 1), 0);
        // Of four exporters, whose datagrams cannot share a send.
        assert_eq!(most(15, 150_000, 4), 480_000);
        assert_eq!(most(40, 400_000, 4), 0);
        assert_eq!(most(15, 150_000, 400), 480_000);
    }

    #[test]
    fn a_late_return_from_a_pause_makes_the_next_no_longer() {
        let mut pause = Pause::new(1000, 0);
        let (mut now_ns, mut read_ns, mut late_ns) = (0, 0, 1_500_000);
        let mut lengths = Vec::new();
        for _ in 0..1000 {
            // One every 10 microseconds, relayed in a tenth of that.
            let count = ((now_ns - read_ns) / 10_000).min(super::super::READ as u64);
            if count == 0 {
                now_ns += 10_000;
                continue;
            }
            read_ns += count * 10_000;
            now_ns += count * 1000;
            let length = pause.after(count, 1, now_ns);
            lengths.push(length);
            if length > 0 {
                now_ns += length + std::mem::take(&mut late_ns);
            }
        }
        assert!(lengths.len() > 500 && lengths[10..].iter().all(|length| *length < 200_000));
    }

    #[test]
    fn now_and_then_nothing_is_waited_for() {
        let all = pauses(1, 10_000, 1);
        assert!(all.contains(&0) && all.iter().filter(|pause| **pause == 0).count() < 20);
    }
}
