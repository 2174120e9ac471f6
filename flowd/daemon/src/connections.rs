//! The open connections of the management socket.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::peer::Peer;

/// The connections that one user may have open. Without a bound one user could keep all others out.
pub(crate) const MOST: usize = 64;

/// The open connections.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    last: u64,
    all: BTreeMap<u64, Connected>,
}

/// An open connection.
#[derive(Clone, Debug)]
pub(crate) struct Connected {
    /// Who is connected.
    pub(crate) peer: Peer,
    /// When the connection was opened, milliseconds since 1970.
    pub(crate) since_ms: i64,
}

impl Connections {
    /// Adds a connection, and returns its number; `None` where the user has as many as allowed.
    pub(crate) fn add(&self, peer: Peer, since_ms: i64) -> Option<u64> {
        let mut open = self.0.lock();
        let of_user = open.all.values().filter(|one| one.peer.uid == peer.uid);
        if of_user.count() >= MOST {
            return None;
        }
        open.last += 1;
        let id = open.last;
        open.all.insert(id, Connected { peer, since_ms });
        Some(id)
    }

    /// Removes a connection.
    pub(crate) fn remove(&self, id: u64) {
        self.0.lock().all.remove(&id);
    }

    /// Returns the connections, oldest first.
    pub(crate) fn list(&self) -> Vec<Connected> {
        self.0.lock().all.values().cloned().collect()
    }
}
