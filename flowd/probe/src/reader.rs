//! Reads a monitor's cache from its capture threads, a piece at a time. A thread copies one piece between two blocks of its
//! ring, so capture goes on however long the reading takes. Flows that begin or end meanwhile may be missing; those that
//! last throughout are read exactly once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::{Code, Refusal};
use flow::Batch;
use meter::{Position, SLOTS_PER_COPY};

use super::query::{Keep, invalid};
use super::worker::{Layouts, Piece, ThreadRequests};

/// Set when the client that waits for the answer is gone.
pub type Cancelled = Arc<AtomicBool>;

/// The position of a reader in a monitor's caches: a capture thread, and a position in its cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    worker: usize,
    position: Position,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { family, slot } = self.position;
        write!(f, "{}.{family}.{slot}", self.worker)
    }
}

impl FromStr for Cursor {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Cursor, Refusal> {
        let wrong = || invalid(format!("after={text} is not the `next` of an answer"));
        let mut numbers = text.split('.').map(|part| part.parse::<u32>().ok());
        let mut next = || numbers.next().flatten().ok_or_else(wrong);
        let cursor = Cursor {
            worker: next()? as usize,
            position: Position {
                family: next()?.try_into().map_err(|_| wrong())?,
                slot: next()?,
            },
        };
        match text.split('.').count() {
            3 => Ok(cursor),
            _ => Err(wrong()),
        }
    }
}

/// Reads the caches of one monitor, on one capture thread after the other.
pub(crate) struct Reader {
    monitor: Arc<str>,
    threads: Vec<ThreadRequests>,
    keep: Option<Keep>,
    layouts: Layouts,
    cancelled: Cancelled,
    next: Option<Cursor>,
    /// The memory for the flows of a piece, reused for the next.
    batch: Option<Batch>,
}

impl Reader {
    /// Makes a reader that begins at `from`. `layouts` are the layouts that the caller expects flows to have.
    pub(crate) fn new(
        monitor: &str,
        threads: Vec<ThreadRequests>,
        layouts: Layouts,
        from: Cursor,
        keep: Option<Keep>,
        cancelled: Cancelled,
    ) -> Reader {
        Reader {
            monitor: monitor.into(),
            threads,
            keep,
            layouts,
            cancelled,
            next: Some(from),
            batch: None,
        }
    }

    /// Returns where the next piece begins; `None` at the end.
    pub(crate) fn next(&self) -> Option<Cursor> {
        self.next
    }

    /// Reads the next piece. Returns how many flows were read, and up to `room` of those that `keep` accepts; `None` at the
    /// end.
    ///
    /// # Errors
    /// If the monitor's record was changed meanwhile, or the client is gone.
    pub(crate) fn piece(&mut self, room: usize) -> Result<Option<(usize, &Batch)>, Refusal> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Refusal::new(Code::ClientGone, "the client is gone"));
        }
        let Some(from) = self.next else {
            return Ok(None);
        };
        let next_worker = Cursor {
            worker: from.worker + 1,
            position: Position::default(),
        };
        let into = self.buffer();
        let (Some(thread), Some(into)) = (self.threads.get(from.worker), into) else {
            self.next = None;
            return Ok(None);
        };
        let answer = thread.copy(Piece {
            monitor: self.monitor.clone(),
            from: from.position,
            room,
            keep: self.keep.clone(),
            into,
        });
        // A thread that has ended has no flows any more.
        let Some((batch, copied)) = answer else {
            self.next = Some(next_worker);
            return self.piece(room);
        };
        self.next = Some(
            copied
                .next
                .map_or(next_worker, |position| Cursor { position, ..from }),
        );
        if copied.seen > 0
            && self.layouts[batch.layout.family as usize].as_ref() != Some(&batch.layout)
        {
            let message = format!(
                "the record of flow monitor {} was changed meanwhile",
                self.monitor
            );
            return Err(Refusal::new(Code::ChangedMeanwhile, message));
        }
        Ok(Some((copied.seen, self.batch.insert(batch))))
    }

    /// Returns an empty batch, in the memory of the last one.
    fn buffer(&mut self) -> Option<Batch> {
        let layout = self.layouts.iter().flatten().next()?;
        let new = || Batch::with_capacity(layout.clone(), SLOTS_PER_COPY);
        let mut batch = self.batch.take().unwrap_or_else(new);
        batch.clear();
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor {
            worker: 3,
            position: Position {
                family: 1,
                slot: 4_000_000_000,
            },
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in [
            "",
            "1",
            "1.2",
            "0.0.0.0",
            "0.256.0",
            "0.0.-1",
            "a.0.0",
            "0.0.4294967296",
        ] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
