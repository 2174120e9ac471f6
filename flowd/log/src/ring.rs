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
    pub(super) fn push(&self, line: Arc<Line>) {
        let mut kept = self.0.lock();
        if kept.lines.len() >= LINES {
            kept.lines.pop_front();
        }
        kept.lines.push_back(line);
        kept.last += 1;
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

    fn push(ring: &Ring, from: usize, to: usize) {
        for number in from..=to {
            ring.push(Arc::new(Line {
                time_ms: 0,
                level: Level::INFO,
                target: String::new(),
                message: number.to_string(),
            }));
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
