//! Sessions: each edits a candidate of its own, which begins as a copy of the running configuration. Pure: time and ids
//! are arguments.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use language::Tree;

use crate::access::Connection;
use crate::merge::{self, Overlap};

/// Most sessions at a time.
pub const LIMIT: usize = 64;
/// How long a session may be idle before it is dropped.
pub(crate) const IDLE: Duration = Duration::from_secs(3600);

/// A candidate and its owner.
#[derive(Clone, Debug)]
pub struct Session {
    /// The user who began the session.
    pub user: String,
    /// The user's id; only that user and root may use the session.
    pub uid: u32,
    /// How the user came: `cli`, `api`, …
    pub via: String,
    /// Where the user came from, such as the address of an SSH client; empty where that was not told.
    pub from: String,
    /// When the session began, milliseconds since 1970.
    pub started_ms: i64,
    /// The configuration the candidate started from.
    pub base: Tree,
    /// The id of the base's revision; `None` before the first commit.
    pub base_id: Option<u64>,
    /// The configuration as the session has edited it.
    pub candidate: Tree,
    used: Instant,
    /// The connection with which it ends.
    connection: Option<Connection>,
    exclusive: Option<ExclusiveLock>,
}

/// A session's lock on the configuration: no other session may change anything.
#[derive(Clone, Debug)]
pub struct ExclusiveLock {
    /// When the lock was taken, milliseconds since 1970.
    pub since_ms: i64,
    /// The lock lasts as long as this connection is open; without one, as long as the session.
    pub connection: Option<Connection>,
}

impl ExclusiveLock {
    fn is_held(&self) -> bool {
        let connection = self.connection.as_ref();
        connection.is_none_or(Connection::is_open)
    }
}

/// The arguments of a new session.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The user's id.
    pub uid: u32,
    /// How the user came: `cli`, `api`, …
    pub via: &'a str,
    /// Where the user came from; empty where that was not told.
    pub from: &'a str,
    /// The running configuration.
    pub running: &'a Tree,
    /// The id of its revision; `None` before the first commit.
    pub base_id: Option<u64>,
    /// The present time, milliseconds since 1970.
    pub started_ms: i64,
    /// The connection with which the session ends; `None` for one that ends when it is idle.
    pub connection: Option<Connection>,
    /// The lock that the session is to have.
    pub exclusive: Option<ExclusiveLock>,
}

impl Session {
    /// Whether the candidate differs from what it started from.
    pub fn changed(&self) -> bool {
        self.candidate != self.base
    }

    /// When the session locked the configuration, milliseconds since 1970; `None` while it holds no lock.
    pub fn exclusive_ms(&self) -> Option<i64> {
        let lock = self.exclusive.as_ref().filter(|lock| lock.is_held());
        lock.map(|lock| lock.since_ms)
    }

    /// How long the session has been idle.
    pub fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.used)
    }

    /// Rebases the candidate onto the running configuration.
    ///
    /// # Errors
    /// The overlaps; the candidate stays as it is.
    pub fn rebase(&mut self, running: &Tree, id: Option<u64>) -> Result<(), Vec<Overlap>> {
        if self.base_id == id && self.base == *running {
            return Ok(());
        }
        self.candidate = merge::rebase(&self.base, running, &self.candidate)?;
        self.base.clone_from(running);
        self.base_id = id;
        Ok(())
    }

    /// Resets the candidate to the running configuration.
    pub fn discard(&mut self, running: &Tree, id: Option<u64>) {
        self.base.clone_from(running);
        self.candidate.clone_from(running);
        self.base_id = id;
    }
}

/// All sessions, by id.
#[derive(Debug, Default)]
pub struct Sessions(BTreeMap<String, Session>);

/// Why a session cannot be begun or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are [`LIMIT`] sessions already.
    #[error("there are {LIMIT} sessions already; end one of them")]
    TooMany,
    /// No session has that id; it may have been idle for too long, or its connection was closed.
    #[error("no session {0}; it may have been idle for an hour, or its connection was closed")]
    Unknown(String),
    /// Another session has locked the configuration.
    #[error("the configuration is locked: {user} configures exclusively via {via} since {since}")]
    Locked {
        /// The user who locked it.
        user: String,
        /// How that user came: `cli`, `api`, …
        via: String,
        /// When it was locked, in the host's time zone.
        since: String,
    },
    /// The session belongs to another user.
    #[error("session {id} is {owner}'s")]
    Foreign {
        /// The session's id.
        id: String,
        /// Its owner.
        owner: String,
    },
}

impl Sessions {
    /// Begins a session whose candidate is the running configuration.
    ///
    /// # Errors
    /// [`Error::TooMany`]; [`Error::Locked`] if the session asks for a lock that another one holds.
    pub fn begin(&mut self, id: String, start: Start<'_>, now: Instant) -> Result<(), Error> {
        self.drop_ended(now);
        if self.0.len() >= LIMIT {
            return Err(Error::TooMany);
        }
        if start.exclusive.is_some() {
            self.check_unlocked(None)?;
        }
        let session = Session {
            user: start.user.to_owned(),
            uid: start.uid,
            via: start.via.to_owned(),
            from: start.from.to_owned(),
            started_ms: start.started_ms,
            base: start.running.clone(),
            base_id: start.base_id,
            candidate: start.running.clone(),
            used: now,
            connection: start.connection,
            exclusive: start.exclusive,
        };
        self.0.insert(id, session);
        Ok(())
    }

    /// Checks that a session may change something, which it may not while another one holds the lock. A session that lost
    /// its lock with its connection gets it back for the new connection.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn permit(&mut self, id: &str, connection: &Connection, now: Instant) -> Result<(), Error> {
        self.drop_ended(now);
        self.check_unlocked(Some(id))?;
        let session = self.0.get_mut(id);
        let lock = session.and_then(|session| session.exclusive.as_mut());
        if let Some(lock) = lock.filter(|lock| !lock.is_held()) {
            lock.connection = Some(connection.clone());
        }
        Ok(())
    }

    /// Checks that no session, other than perhaps `except`, holds the lock.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn check_unlocked(&self, except: Option<&str>) -> Result<(), Error> {
        let mut others = self.0.iter().filter(|(id, _)| Some(id.as_str()) != except);
        let holder = others.find_map(|(_, session)| Some((session, session.exclusive_ms()?)));
        match holder {
            None => Ok(()),
            Some((session, since_ms)) => Err(Error::Locked {
                user: session.user.clone(),
                via: session.via.clone(),
                since: service::clock::local(since_ms),
            }),
        }
    }

    /// Returns the session with that id to its owner or root, and counts as its use.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Foreign`].
    pub fn of(&mut self, id: &str, uid: u32, now: Instant) -> Result<&mut Session, Error> {
        self.drop_ended(now);
        match self.0.get_mut(id) {
            None => Err(Error::Unknown(id.to_owned())),
            Some(session) if session.uid != uid && uid != 0 => Err(Error::Foreign {
                id: id.to_owned(),
                owner: session.user.clone(),
            }),
            Some(session) => {
                session.used = now;
                Ok(session)
            }
        }
    }

    /// Ends a session. Any administrator may do so.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn end(&mut self, id: &str) -> Result<(), Error> {
        self.0
            .remove(id)
            .map(drop)
            .ok_or_else(|| Error::Unknown(id.to_owned()))
    }

    /// Returns all sessions in the order of their ids.
    pub fn list(&mut self, now: Instant) -> impl Iterator<Item = (&str, &Session)> {
        self.drop_ended(now);
        self.0.iter().map(|(id, session)| (id.as_str(), session))
    }

    /// Drops sessions that nobody has used for long, and those whose connection was closed.
    fn drop_ended(&mut self, now: Instant) {
        self.0.retain(|_, session| {
            let connection = session.connection.as_ref();
            session.idle(now) < IDLE && connection.is_none_or(Connection::is_open)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Tree {
        crate::tree_json::read(&serde_json::from_str(json).unwrap()).unwrap()
    }

    fn now() -> Instant {
        service::clock::monotonic()
    }

    fn begin(sessions: &mut Sessions, id: &str, uid: u32, now: Instant) -> Result<(), Error> {
        start(sessions, id, uid, None, now)
    }

    fn start(
        sessions: &mut Sessions,
        id: &str,
        uid: u32,
        exclusive: Option<ExclusiveLock>,
        now: Instant,
    ) -> Result<(), Error> {
        let start = Start {
            user: "u",
            uid,
            via: "cli",
            from: "",
            running: &Tree::default(),
            base_id: None,
            started_ms: 0,
            connection: None,
            exclusive,
        };
        sessions.begin(id.into(), start, now)
    }

    fn lock(connection: Option<Connection>) -> Option<ExclusiveLock> {
        Some(ExclusiveLock {
            since_ms: 0,
            connection,
        })
    }

    #[test]
    fn one_locks_the_configuration_until_it_ends_hangs_up_or_sleeps() {
        let (mut sessions, now) = (Sessions::default(), now());
        let (open, line) = Connection::open();
        let none = Connection::default();
        begin(&mut sessions, "other", 1, now).unwrap();
        start(&mut sessions, "mine", 0, lock(Some(line.clone())), now).unwrap();
        let locked = |result: Result<(), Error>| matches!(result, Err(Error::Locked { .. }));
        assert!(locked(sessions.permit("other", &none, now)));
        assert!(locked(start(&mut sessions, "third", 2, lock(None), now)));
        assert_eq!(sessions.permit("mine", &line, now), Ok(()));
        // Looking is free.
        begin(&mut sessions, "looks", 2, now).unwrap();
        drop(open);
        assert_eq!(sessions.permit("other", &none, now), Ok(()));
        // Who comes back in time has it again.
        let (_open, again) = Connection::open();
        assert_eq!(sessions.permit("mine", &again, now), Ok(()));
        assert!(locked(sessions.permit("other", &none, now)));
        sessions.end("mine").unwrap();
        assert_eq!(sessions.permit("other", &none, now), Ok(()));
        start(&mut sessions, "sleeps", 0, lock(None), now).unwrap();
        assert!(locked(sessions.permit("other", &none, now + IDLE / 2)));
        sessions.of("other", 1, now + IDLE / 2).unwrap();
        assert_eq!(sessions.permit("other", &none, now + IDLE), Ok(()));
    }

    #[test]
    fn a_session_is_its_owners_and_ends_when_idle() {
        let (mut sessions, start) = (Sessions::default(), now());
        begin(&mut sessions, "a", 1000, start).unwrap();
        assert!(sessions.of("a", 1000, start).is_ok());
        assert!(sessions.of("a", 0, start).is_ok());
        assert!(matches!(
            sessions.of("a", 1001, start),
            Err(Error::Foreign { .. })
        ));
        assert!(sessions.of("a", 1000, start + IDLE / 2).is_ok());
        assert!(sessions.of("a", 1000, start + IDLE).is_ok(), "use keeps it");
        assert!(matches!(
            sessions.of("a", 1000, start + IDLE * 2),
            Err(Error::Unknown(_))
        ));
    }

    #[test]
    fn a_session_ends_with_its_connection() {
        let (mut sessions, now) = (Sessions::default(), now());
        let (open, connection) = Connection::open();
        let start = Start {
            user: "u",
            uid: 0,
            via: "cli",
            from: "192.0.2.7",
            running: &Tree::default(),
            base_id: None,
            started_ms: 0,
            connection: Some(connection),
            exclusive: None,
        };
        sessions.begin("a".into(), start, now).unwrap();
        begin(&mut sessions, "b", 0, now).unwrap();
        assert_eq!(sessions.list(now).count(), 2);
        drop(open);
        let left: Vec<&str> = sessions.list(now).map(|(id, _)| id).collect();
        assert_eq!(left, ["b"]);
        assert!(matches!(sessions.of("a", 0, now), Err(Error::Unknown(_))));
    }

    #[test]
    fn sessions_are_bounded() {
        let (mut sessions, start) = (Sessions::default(), now());
        for n in 0..LIMIT {
            begin(&mut sessions, &n.to_string(), 0, start).unwrap();
        }
        assert_eq!(begin(&mut sessions, "more", 0, start), Err(Error::TooMany));
        sessions.end("3").unwrap();
        begin(&mut sessions, "more", 0, start).unwrap();
        assert!(
            begin(&mut sessions, "late", 0, start + IDLE).is_ok(),
            "the idle ones made room"
        );
    }

    #[test]
    fn a_candidate_follows_what_runs_until_they_meet() {
        let (mut sessions, start) = (Sessions::default(), now());
        begin(&mut sessions, "a", 0, start).unwrap();
        let session = sessions.of("a", 0, start).unwrap();
        session.candidate = tree(r#"{"x":["1"]}"#);
        session.rebase(&tree(r#"{"y":["1"]}"#), Some(0)).unwrap();
        assert_eq!(
            (&session.candidate, session.base_id),
            (&tree(r#"{"x":["1"],"y":["1"]}"#), Some(0))
        );
        assert!(
            session
                .rebase(&tree(r#"{"x":["2"],"y":["1"]}"#), Some(1))
                .is_err()
        );
        assert_eq!(
            (session.candidate.value(&["x"]), session.base_id),
            (Some("1"), Some(0))
        );
        session.discard(&tree(r#"{"x":["2"]}"#), Some(1));
        assert!(!session.changed());
    }
}
