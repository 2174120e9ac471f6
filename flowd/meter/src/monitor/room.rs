//! A cache that is nearly full, or full.

use wire::Family;

use super::Monitor;
use crate::watermark::Room;

impl Monitor {
    /// A new flow of `family` was more than the watermark allows.
    #[cold]
    pub(super) fn make_room(&mut self, family: Family) {
        let (room, flows) = self.room.todo(self.len());
        let timeouts = self.settings.timeouts;
        let mut ahead = 0;
        self.each(true, |cache, out| {
            if cache.layout().family == family {
                match room {
                    Room::Ahead => ahead += cache.ahead(flows, &timeouts, out),
                    Room::Emergency => cache.emergency(flows, &timeouts, out),
                }
            }
        });
        self.aged.were_ahead(ahead as u64);
        if room == Room::Ahead {
            self.room.looked(self.len(), ahead);
        }
    }

    /// The cache has become smaller than what is in it.
    pub(super) fn shrink(&mut self) {
        let mut left = self.len().saturating_sub(self.settings.entries);
        let timeouts = self.settings.timeouts;
        self.each(true, |cache, out| {
            let before = cache.len();
            cache.emergency(left, &timeouts, out);
            left -= before - cache.len();
        });
    }
}
