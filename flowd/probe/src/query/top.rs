//! Sorting in bounded memory: only the first rows are kept.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use flow::Value;

/// The first `most` of the rows that are offered, sorted by a value. Rows with the same value are sorted by their own order.
#[derive(Debug)]
pub(crate) struct Top<T> {
    most: usize,
    lowest: bool,
    /// The kept rows. The greatest one is the first to be replaced.
    rows: BinaryHeap<(Rank, T)>,
}

/// The position of a row by its value: the smaller rank comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rank {
    value: Option<Value>,
    lowest: bool,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.value, &other.value) {
            (Some(a), Some(b)) if self.lowest => a.cmp(b),
            (Some(a), Some(b)) => b.cmp(a),
            // Rows without a value come last either way.
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Top<T> {
    /// Keeps `most` rows, those with the highest values or those with the lowest.
    pub(crate) fn new(most: usize, lowest: bool) -> Top<T> {
        Top {
            most,
            lowest,
            rows: BinaryHeap::new(),
        }
    }

    /// Offers a row by its value. `order` compares it to a kept row of the same value; `make` makes it if it is kept.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        value: Option<Value>,
        order: impl FnOnce(&T) -> Ordering,
        make: impl FnOnce() -> T,
    ) {
        let rank = Rank {
            value,
            lowest: self.lowest,
        };
        if self.rows.len() < self.most {
            return self.rows.push((rank, make()));
        }
        let Some(mut last) = self.rows.peek_mut() else {
            return;
        };
        if rank.cmp(&last.0).then_with(|| order(&last.1)).is_lt() {
            *last = (rank, make());
        }
    }

    /// Returns the kept rows in order.
    pub(crate) fn into_rows(self) -> Vec<T> {
        let rows = self.rows.into_sorted_vec();
        rows.into_iter().map(|(_, row)| row).collect()
    }
}
