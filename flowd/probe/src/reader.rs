//! Reads a monitor's cache from its capture threads, a piece at a time: a thread looks at one piece between two blocks
//! of its ring, so capture goes on however long the reading takes. Flows that come or end meanwhile may be read or not;
//! those that are there all the time are read once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::{Code, Refusal};
use flow::Batch;
use meter::{Position, SLOTS_PER_COPY};

use super::query::{Keep, wrong};
use super::worker::{Asker, Layouts, Piece};

/// Set when nobody waits for the answer any more.
pub type Cancelled = Arc<AtomicBool>;

/// Where a reading stands.
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
        let wrong = || wrong(format!("after={text} is not where an answer ended"));
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

/// Reads one monitor.
pub(crate) struct Reader {
    monitor: Arc<str>,
    askers: Vec<Asker>,
    keep: Option<Keep>,
    layouts: Layouts,
    cancelled: Cancelled,
    next: Option<Cursor>,
    /// Reused from piece to piece.
    batch: Option<Batch>,
}

impl Reader {
    /// Begins at `from`; `layouts` are those that whatever is made of the flows counts on.
    pub(crate) fn new(
        monitor: &str,
        askers: Vec<Asker>,
        layouts: Layouts,
        from: Cursor,
        keep: Option<Keep>,
        cancelled: Cancelled,
    ) -> Reader {
        Reader {
            monitor: monitor.into(),
            askers,
            keep,
            layouts,
            cancelled,
            next: Some(from),
            batch: None,
        }
    }

    /// Where the next piece begins; `None` at the end.
    pub(crate) fn next(&self) -> Option<Cursor> {
        self.next
    }

    /// The next piece, `room` flows at most: how many were looked at, and those that are wanted. `None` at the end.
    ///
    /// # Errors
    /// When the monitor's record was changed meanwhile, or nobody waits any more.
    pub(crate) fn piece(&mut self, room: usize) -> Result<Option<(usize, &Batch)>, Refusal> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Refusal::new(
                Code::ClientGone,
                "nobody waits for the answer",
            ));
        }
        let Some(from) = self.next else {
            return Ok(None);
        };
        let next_worker = Cursor {
            worker: from.worker + 1,
            position: Position::default(),
        };
        let into = self.buffer();
        let (Some(asker), Some(into)) = (self.askers.get(from.worker), into) else {
            self.next = None;
            return Ok(None);
        };
        let answer = asker.copy(Piece {
            monitor: self.monitor.clone(),
            from: from.position,
            room,
            keep: self.keep.clone(),
            into,
        });
        // A thread that has ended has no flows.
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

    /// An empty one, with the last one's room.
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
