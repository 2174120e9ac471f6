//! When a cache is so full that flows have to make room for others.

/// Most flows that end for one packet: what keeps a capture thread from its ring is bounded.
const MOST: usize = 256;

/// How many flows are too many. Above 15/16 of the entries flows that are about to end do so ahead of time, so that bursts
/// of new ones find room; without any room flows end whatever they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watermark {
    entries: usize,
    /// Above so many flows the next new one looks for room.
    look: usize,
}

/// What to do about a new flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// End some that are about to end.
    Ahead,
    /// End some, in any case.
    Emergency,
}

impl Watermark {
    /// For a cache of `entries` flows, at least 1.
    pub(crate) fn new(entries: usize) -> Watermark {
        let entries = entries.max(1);
        Watermark {
            entries,
            look: high(entries),
        }
    }

    /// With `len` flows something is to be done; what is told by [`Watermark::todo`].
    #[inline]
    pub(crate) fn reached(&self, len: usize) -> bool {
        len > self.look
    }

    /// What to do, and with how many flows at most.
    pub(crate) fn todo(&self, len: usize) -> (Room, usize) {
        let step = (self.entries / 64).clamp(1, MOST);
        if len > self.entries {
            (Room::Emergency, step)
        } else {
            (Room::Ahead, step)
        }
    }

    /// `ended` flows made room, `len` are left. When none was about to end, the next look is some flows later.
    pub(crate) fn looked(&mut self, len: usize, ended: usize) {
        let step = (self.entries / 64).clamp(1, MOST);
        self.look = match ended {
            0 => (len + step).min(self.entries),
            _ => high(self.entries),
        };
    }

    /// Time has passed: others may be about to end.
    pub(crate) fn aged(&mut self) {
        self.look = high(self.entries);
    }
}

fn high(entries: usize) -> usize {
    entries - entries / 16
}
