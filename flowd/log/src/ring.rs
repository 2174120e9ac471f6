//! The last lines of the log in memory, for `show log`.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Line;

/// How many lines are kept.
pub(super) const LINES: usize = 10_000;

/// The last [`LINES`] lines.
#[derive(Default)]
pub(super) struct Ring(Mutex<State>);

#[derive(Default)]
struct State {
    lines: VecDeque<Arc<Line>>,
    /// The number of the last line. The first line of the process has number 1.
    last: u64,
}

/// Consecutive lines of the log, with their position in it.
#[derive(Debug, Default)]
pub struct Part {
    /// The lines, oldest first.
    pub lines: Vec<Arc<Line>>,
    /// How many of the lines that were asked for are no longer kept.
    pub missed: u64,
    /// The number of the newest line.
    pub last: u64,
}

impl Ring {
    /// Numbers a line and keeps it.
    pub(super) fn push(&self, line: Line) -> Arc<Line> {
        let mut kept = self.0.lock();
        let number = kept.last + 1;
        let line = Arc::new(Line { number, ..line });
        kept.push(line.clone());
        line
    }

    /// Puts lines of an earlier process before those that are there, which get new numbers. Returns the latter.
    pub(super) fn restore(&self, earlier: Vec<Line>) -> Vec<Arc<Line>> {
        let mut kept = self.0.lock();
        let own = std::mem::take(&mut kept.lines);
        let last = earlier.last().map_or(0, |line| line.number);
        for line in earlier {
            kept.push(Arc::new(line));
        }
        let renumbered = own.iter().zip(last + 1..).map(|(line, number)| {
            let line = Line {
                number,
                ..(**line).clone()
            };
            Arc::new(line)
        });
        let own: Vec<Arc<Line>> = renumbered.collect();
        own.iter().for_each(|line| kept.push(line.clone()));
        own
    }

    /// Returns the last `count` lines.
    pub(super) fn last(&self, count: usize) -> Part {
        self.0.lock().part(count)
    }

    /// Returns the lines after the one with that number. A number that is not reached yet is from before a restart; then
    /// all lines are returned.
    pub(super) fn after(&self, number: u64) -> Part {
        let kept = self.0.lock();
        let since = kept.last.checked_sub(number).unwrap_or(kept.last);
        let count = usize::try_from(since).unwrap_or(usize::MAX);
        Part {
            missed: count.saturating_sub(kept.lines.len()) as u64,
            ..kept.part(count)
        }
    }
}

impl State {
    fn push(&mut self, line: Arc<Line>) {
        if self.lines.len() >= LINES {
            self.lines.pop_front();
        }
        self.last = line.number;
        self.lines.push_back(line);
    }

    fn part(&self, count: usize) -> Part {
        let skipped = self.lines.len().saturating_sub(count);
        Part {
            lines: self.lines.iter().skip(skipped).cloned().collect(),
            missed: 0,
            last: self.last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn line(message: &str) -> Line {
        Line {
            number: 0,
            time_ms: 0,
            level: Level::INFO,
            id: "TEST".into(),
            target: String::new(),
            message: message.into(),
        }
    }

    #[test]
    fn lines_of_an_earlier_process_come_first_and_numbers_go_on() {
        let ring = Ring::default();
        push(&ring, 1, 2);
        let earlier = |number: u64| Line {
            number,
            ..line("earlier")
        };
        let own = ring.restore(vec![earlier(7), earlier(8)]);
        let numbers: Vec<u64> = own.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [9, 10]);
        assert_eq!(after(&ring, 8), (vec!["1".into(), "2".into()], 0, 10));
        assert_eq!(ring.push(line("next")).number, 11);
        assert_eq!(ring.last(9).lines.len(), 5);
    }

    fn push(ring: &Ring, from: usize, to: usize) {
        for number in from..=to {
            ring.push(line(&number.to_string()));
        }
    }

    fn after(ring: &Ring, number: u64) -> (Vec<String>, u64, u64) {
        let part = ring.after(number);
        let lines = part.lines.iter().map(|line| line.message.clone());
        (lines.collect(), part.missed, part.last)
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let ring = Ring::default();
        push(&ring, 1, 3);
        assert_eq!(after(&ring, 1), (vec!["2".into(), "3".into()], 0, 3));
        assert_eq!(after(&ring, 3), (vec![], 0, 3));
        assert_eq!(after(&ring, 100).0.len(), 3, "the daemon was restarted");
        push(&ring, 4, LINES + 10);
        let (lines, missed, last) = after(&ring, 3);
        assert_eq!((lines.len(), missed, last), (LINES, 7, LINES as u64 + 10));
        assert_eq!(lines[0], "11");
        assert_eq!(ring.last(2).lines.len(), 2);
    }
}
