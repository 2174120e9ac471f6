//! A commit in its steps: check, resolve settings, prepare, record, apply. Nothing changes before the record is on the
//! disk, and nothing can fail after it.

use language::Tree;
use service::{Before, Detail, Kind, Occasion, Settings};

use crate::access::Connection;
use crate::engine::{Engine, Running};
use crate::outcome::{COMMIT_AT, Checked, Committed, Refused, Request};
use crate::pending::Pending;
use crate::revisions::{self, New, Waiting};
use crate::settings::revisions_to_keep;
use crate::warnings;
use service::clock;

/// A commit that is prepared: sockets, rings and threads are there without visible effect. Dropping it aborts the commit.
pub(crate) struct Staged {
    services: service::Staged,
    unapplied: Vec<warnings::Unapplied>,
    warnings: Vec<String>,
}

impl Engine {
    /// Commits a session's candidate.
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn commit_session(
        &self,
        id: &str,
        uid: u32,
        connection: &Connection,
        request: &Request,
    ) -> Result<Committed, Refused> {
        let _lock = self.lock_commits();
        self.permit(id, connection)?;
        let candidate = self.rebased(id, uid)?;
        let committed = self.commit_locked(&candidate, request)?;
        let running = self.running();
        // The session may be gone by now; what it committed stands.
        if let Ok(session) = self.sessions().of(id, uid, clock::monotonic()) {
            session.base.clone_from(&running.tree);
            session.base_id = running.id;
        }
        Ok(committed)
    }

    /// Returns what a commit of the session's candidate would do.
    ///
    /// # Errors
    /// What would refuse the commit.
    pub fn check_session(&self, id: &str, uid: u32) -> Result<Checked, Refused> {
        let _lock = self.lock_commits();
        let tree = self.rebased(id, uid)?;
        self.check_locked(&tree)
    }

    /// Does the work of a check for callers that hold the commit lock.
    pub(crate) fn check_locked(&self, tree: &Tree) -> Result<Checked, Refused> {
        let running = self.running();
        let settings = resolve(self.services.kinds(), tree, running.as_base())?;
        let staged = self.prepare(tree, &settings, Occasion::Commit)?;
        Ok(Checked {
            impact: staged.services.impact(Detail::All),
            warnings: staged.warnings,
        })
    }

    /// Commits a tree that no session edited.
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn commit(&self, tree: &Tree, request: &Request) -> Result<Committed, Refused> {
        let _lock = self.lock_commits();
        self.commit_locked(tree, request)
    }

    /// Does the work of a commit for callers that hold the commit lock.
    pub(crate) fn commit_locked(
        &self,
        tree: &Tree,
        request: &Request,
    ) -> Result<Committed, Refused> {
        let running = self.running();
        if *tree == running.tree {
            return Ok(Committed::default());
        }
        self.check_nothing_to_confirm(&running)?;
        let settings = resolve(self.services.kinds(), tree, running.as_base())?;
        let staged = self.prepare(tree, &settings, Occasion::Commit)?;
        let impact = staged.services.impact(Detail::Changes);
        let revision = self.record(tree, request, &running)?;
        let running = Running {
            tree: tree.clone(),
            id: Some(revision),
            settings,
            complete: true,
            unapplied: Vec::new(),
        };
        let warnings = self.apply(staged, running);
        let host_name = nix::unistd::gethostname().unwrap_or_default();
        let stamp = clock::stamp(clock::unix_ms());
        self.archive
            .offer(tree, revision, &host_name.to_string_lossy(), &stamp);
        Ok(Committed {
            revision: Some(revision),
            warnings,
            impact,
            confirm: request.confirm,
        })
    }

    fn check_nothing_to_confirm(&self, running: &Running) -> Result<(), Refused> {
        let Some(pending) = &*self.pending() else {
            return Ok(());
        };
        let seconds = pending
            .deadline
            .saturating_duration_since(clock::monotonic())
            .as_secs();
        Err(Refused::Waiting {
            revision: running.id.unwrap_or_default(),
            seconds,
        })
    }

    /// Checks that a session may change something now.
    ///
    /// # Errors
    /// When another one has locked the configuration.
    pub fn permit(&self, id: &str, connection: &Connection) -> Result<(), Refused> {
        Ok(self.sessions().permit(id, connection, clock::monotonic())?)
    }

    /// Rebases a session's candidate onto the running configuration and returns it.
    pub(crate) fn rebased(&self, id: &str, uid: u32) -> Result<Tree, Refused> {
        let running = self.running();
        let mut sessions = self.sessions();
        let session = sessions.of(id, uid, clock::monotonic())?;
        session
            .rebase(&running.tree, running.id)
            .map_err(Refused::Overlaps)?;
        Ok(session.candidate.clone())
    }

    /// Opens everything that is needed to go from the running configuration to this one, without visible effect.
    pub(crate) fn prepare(
        &self,
        tree: &Tree,
        settings: &Settings,
        occasion: Occasion,
    ) -> Result<Staged, Refused> {
        let running = self.running();
        let services = self.services.prepare(&running.settings, settings, occasion);
        let services = services.map_err(Refused::Findings)?;
        let before = running.complete.then_some(Before {
            tree: &running.tree,
            settings: &running.unapplied,
        });
        let unapplied = warnings::of(tree, before);
        let mut lines: Vec<String> = unapplied.iter().map(|line| line.text.clone()).collect();
        lines.extend(services.warnings());
        remove_duplicates(&mut lines);
        Ok(Staged {
            services,
            unapplied,
            warnings: lines,
        })
    }

    fn record(
        &self,
        tree: &Tree,
        request: &Request,
        running: &Running,
    ) -> Result<u64, revisions::Error> {
        let time_ms = clock::unix_ms();
        let waiting = request.confirm.map(|given| {
            let given_ms = i64::try_from(given.as_millis()).unwrap_or(i64::MAX);
            Waiting {
                deadline_ms: time_ms.saturating_add(given_ms),
                given_ms,
                previous: running.id,
            }
        });
        let id = self.revisions.record(&New {
            tree,
            time_ms,
            user: &request.user,
            via: &request.via,
            comment: &request.comment,
            keep: revisions_to_keep(tree),
            waiting,
            scheduled: request.via == COMMIT_AT,
        })?;
        if let Some(given) = request.confirm {
            let deadline = clock::monotonic() + given;
            *self.pending() = Some(Pending {
                deadline,
                previous: running.tree.clone(),
                previous_id: running.id,
            });
            self.confirmation_changed.notify_one();
        }
        Ok(id)
    }

    /// Puts a prepared commit into force and returns warnings for the operator, a line each. What the host refuses only
    /// now is among them and no error, since the revision is recorded.
    pub(crate) fn apply(&self, staged: Staged, running: Running) -> Vec<String> {
        let mut lines = staged.warnings;
        let remarks = lines.iter().cloned().collect();
        let told = std::mem::replace(&mut *self.remarks(), remarks);
        lines.extend(staged.services.apply());
        remove_duplicates(&mut lines);
        for line in lines.iter().filter(|line| !told.contains(*line)) {
            tracing::warn!(msgid = "REMARK", "{line}");
        }
        self.set_running(Running {
            unapplied: staged.unapplied,
            ..running
        });
        lines
    }
}

/// Checks a tree as a whole and resolves it into the settings of a list of services. What the tree shares with `before`,
/// which was checked, is neither checked nor resolved again.
///
/// # Errors
/// [`Refused::Findings`].
pub fn resolve(
    kinds: &[Kind],
    tree: &Tree,
    before: Option<Before<'_, Settings>>,
) -> Result<Settings, Refused> {
    let findings = match before {
        Some(before) => language::check_from(before.tree, tree),
        None => language::check(tree),
    };
    if !findings.is_empty() {
        return Err(Refused::Findings(findings));
    }
    Settings::of(kinds, tree, before).map_err(Refused::Findings)
}

fn remove_duplicates(lines: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
}
