//! The last lines, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::Line;

/// Lines that are kept.
pub(super) const LINES: usize = 10_000;

#[derive(Default)]
pub(super) struct Ring(Mutex<VecDeque<Arc<Line>>>);

impl Ring {
    pub(super) fn push(&self, line: Arc<Line>) {
        let Ok(mut lines) = self.0.lock() else { return };
        if lines.len() >= LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The last `count`, oldest first.
    pub(super) fn last(&self, count: usize) -> Vec<Arc<Line>> {
        let Ok(lines) = self.0.lock() else {
            return Vec::new();
        };
        lines
            .iter()
            .skip(lines.len().saturating_sub(count))
            .cloned()
            .collect()
    }
}
