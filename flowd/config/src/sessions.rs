//! Candidates: each session edits its own, on the configuration that ran when it began. Pure; time and ids come in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use language::Tree;

use crate::access::Connection;
use crate::merge::{self, Overlap};

/// Sessions at a time.
pub const LIMIT: usize = 64;
/// A session nobody uses for so long is dropped.
pub(crate) const IDLE: Duration = Duration::from_secs(3600);

/// A candidate and whose it is.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who began it.
    pub user: String,
    /// Its user id; only that user and root may use it.
    pub uid: u32,
    /// How the user came: `cli`, `api`, …
    pub via: String,
    /// When it began, milliseconds since 1970.
    pub started_ms: i64,
    /// The configuration the candidate started from.
    pub base: Tree,
    /// That configuration's revision.
    pub base_id: Option<u64>,
    /// What the session wants.
    pub candidate: Tree,
    used: Instant,
    exclusive: Option<Hold>,
}

/// Nobody else may change anything.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Since when, milliseconds since 1970.
    pub since_ms: i64,
    /// As long as this connection is open; none: as long as the session.
    pub connection: Option<Connection>,
}

impl Hold {
    fn stands(&self) -> bool {
        let connection = self.connection.as_ref();
        connection.is_none_or(Connection::is_open)
    }
}

/// Who begins a session, and on what.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// User name.
    pub user: &'a str,
    /// Its user id.
    pub uid: u32,
    /// How the user came: `cli`, `api`, …
    pub via: &'a str,
    /// What runs.
    pub running: &'a Tree,
    /// Its revision.
    pub base_id: Option<u64>,
    /// Now, milliseconds since 1970.
    pub started_ms: i64,
    /// Nobody else is to change anything.
    pub exclusive: Option<Hold>,
}

impl Session {
    /// Whether the candidate differs from what it started from.
    pub fn changed(&self) -> bool {
        self.candidate != self.base
    }

    /// Since when nobody else may change anything, milliseconds since 1970.
    pub fn exclusive_ms(&self) -> Option<i64> {
        let hold = self.exclusive.as_ref().filter(|hold| hold.stands());
        hold.map(|hold| hold.since_ms)
    }

    /// How long nobody has used it.
    pub fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.used)
    }

    /// Brings the candidate onto what runs now.
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

    /// Throws the candidate away.
    pub fn discard(&mut self, running: &Tree, id: Option<u64>) {
        self.base.clone_from(running);
        self.candidate.clone_from(running);
        self.base_id = id;
    }
}

/// All sessions, by id.
#[derive(Debug, Default)]
pub struct Sessions(BTreeMap<String, Session>);

/// Why a session could not be begun or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bound is reached.
    #[error("there are {LIMIT} sessions already; end one of them")]
    TooMany,
    /// There is none of that id, or it was idle for too long.
    #[error("no session {0}; it may have been idle for an hour")]
    Unknown(String),
    /// Another session has locked the configuration.
    #[error("the configuration is locked: {user} configures exclusively via {via} since {since}")]
    Locked {
        /// By whom.
        user: String,
        /// By which way.
        via: String,
        /// Since when, the host's time.
        since: String,
    },
    /// It belongs to someone else.
    #[error("session {id} is {owner}'s")]
    Foreign {
        /// Which.
        id: String,
        /// Whose.
        owner: String,
    },
}

impl Sessions {
    /// Begins a session on what runs.
    ///
    /// # Errors
    /// [`Error::TooMany`]; [`Error::Locked`] when it is to be exclusive and another one is.
    pub fn begin(&mut self, id: String, start: Start<'_>, now: Instant) -> Result<(), Error> {
        self.drop_idle(now);
        if self.0.len() >= LIMIT {
            return Err(Error::TooMany);
        }
        if start.exclusive.is_some() {
            self.unlocked(None)?;
        }
        let session = Session {
            user: start.user.to_owned(),
            uid: start.uid,
            via: start.via.to_owned(),
            started_ms: start.started_ms,
            base: start.running.clone(),
            base_id: start.base_id,
            candidate: start.running.clone(),
            used: now,
            exclusive: start.exclusive,
        };
        self.0.insert(id, session);
        Ok(())
    }

    /// Whether a session may change something: no other one has locked the configuration. One that had, and whose
    /// connection was opened again, has the lock again.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn permit(&mut self, id: &str, connection: &Connection, now: Instant) -> Result<(), Error> {
        self.drop_idle(now);
        self.unlocked(Some(id))?;
        let session = self.0.get_mut(id);
        let hold = session.and_then(|session| session.exclusive.as_mut());
        if let Some(hold) = hold.filter(|hold| !hold.stands()) {
            hold.connection = Some(connection.clone());
        }
        Ok(())
    }

    /// Nobody has locked the configuration, but for this session.
    ///
    /// # Errors
    /// [`Error::Locked`].
    pub fn unlocked(&self, but: Option<&str>) -> Result<(), Error> {
        let mut others = self.0.iter().filter(|(id, _)| Some(id.as_str()) != but);
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

    /// The session of that id, for its owner or root.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Foreign`].
    pub fn of(&mut self, id: &str, uid: u32, now: Instant) -> Result<&mut Session, Error> {
        self.drop_idle(now);
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

    /// Ends a session; any administrator may.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn end(&mut self, id: &str) -> Result<(), Error> {
        self.0
            .remove(id)
            .map(drop)
            .ok_or_else(|| Error::Unknown(id.to_owned()))
    }

    /// All of them, by id.
    pub fn list(&mut self, now: Instant) -> impl Iterator<Item = (&str, &Session)> {
        self.drop_idle(now);
        self.0.iter().map(|(id, session)| (id.as_str(), session))
    }

    fn drop_idle(&mut self, now: Instant) {
        self.0
            .retain(|_, session| now.saturating_duration_since(session.used) < IDLE);
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
        exclusive: Option<Hold>,
        now: Instant,
    ) -> Result<(), Error> {
        let start = Start {
            user: "u",
            uid,
            via: "cli",
            running: &Tree::default(),
            base_id: None,
            started_ms: 0,
            exclusive,
        };
        sessions.begin(id.into(), start, now)
    }

    fn hold(connection: Option<Connection>) -> Option<Hold> {
        Some(Hold {
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
        start(&mut sessions, "mine", 0, hold(Some(line.clone())), now).unwrap();
        let locked = |result: Result<(), Error>| matches!(result, Err(Error::Locked { .. }));
        assert!(locked(sessions.permit("other", &none, now)));
        assert!(locked(start(&mut sessions, "third", 2, hold(None), now)));
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
        start(&mut sessions, "sleeps", 0, hold(None), now).unwrap();
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
