//! `commit-confirm`: a commit that nobody confirms in time is rolled back, even if flowd was killed meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::outcome::Refused;
use crate::revisions::New;
use crate::settings::revisions_to_keep;
use service::clock;

/// How long after a rollback that could not be recorded it is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

impl Engine {
    /// Confirms the commit that waits for it.
    ///
    /// # Errors
    /// If no commit waits, or the confirmation cannot be recorded; then the commit still waits.
    pub fn confirm(&self, user: &str) -> Result<(), Refused> {
        let _lock = self.lock_commits();
        if self.pending().is_none() {
            return Err(Refused::NothingWaits);
        }
        self.revisions.confirm()?;
        *self.pending() = None;
        self.confirmation_changed.notify_one();
        tracing::info!(
            msgid = "CONFIRM",
            "{user} confirmed revision {}",
            self.running().id.unwrap_or_default()
        );
        Ok(())
    }

    /// Returns how long is left to confirm; `None` if no commit waits for confirmation.
    pub fn confirm_left(&self, now: Instant) -> Option<Duration> {
        self.pending()
            .as_ref()
            .map(|pending| pending.deadline.saturating_duration_since(now))
    }

    /// Rolls back if the deadline has passed. The rollback is a revision of its own. One that cannot be recorded is
    /// done nevertheless, and recorded as soon as that works.
    pub fn roll_back_if_due(&self, now: Instant) {
        let _lock = self.lock_commits();
        let Some(pending) = self
            .pending()
            .clone()
            .filter(|pending| pending.deadline <= now)
        else {
            return;
        };
        let running = self.running();
        let unconfirmed = self
            .revisions
            .list()
            .first()
            .map_or(0, |summary| summary.id);
        let comment = match pending.previous_id {
            Some(id) => {
                format!("revision {unconfirmed} was not confirmed in time: back to revision {id}")
            }
            None => format!("revision {unconfirmed} was not confirmed in time: back to nothing"),
        };
        let keep = revisions_to_keep(&running.tree);
        let recorded = self.revisions.record(&New {
            tree: &pending.previous,
            time_ms: clock::unix_ms(),
            user: "flowd",
            via: "commit-confirm",
            comment: &comment,
            keep,
            waiting: None,
            scheduled: false,
        });
        let id = match recorded {
            Ok(id) => {
                *self.pending() = None;
                tracing::warn!(msgid = "ROLLBACK", "{comment}");
                Some(id)
            }
            Err(error) => {
                if let Some(pending) = self.pending().as_mut() {
                    pending.deadline = now + RETRY_INTERVAL;
                }
                tracing::error!(
                    msgid = "ROLLBACK",
                    "{comment}; that cannot be recorded yet: {error}"
                );
                pending.previous_id
            }
        };
        if running.tree != pending.previous || running.id != id {
            self.apply_best_effort(pending.previous, id);
        }
    }

    /// Rolls back at each deadline; this task never ends.
    pub async fn watch_confirmations(self: Arc<Self>) {
        loop {
            let deadline = self.pending().as_ref().map(|pending| pending.deadline);
            let Some(deadline) = deadline else {
                self.confirmation_changed.notified().await;
                continue;
            };
            tokio::select! {
                () = tokio::time::sleep_until(deadline.into()) => {
                    let control = self.clone();
                    let work = move || control.roll_back_if_due(clock::monotonic());
                    if let Err(error) = tokio::task::spawn_blocking(work).await {
                        tracing::error!("rollback: {error}");
                        tokio::time::sleep(RETRY_INTERVAL).await;
                    }
                }
                () = self.confirmation_changed.notified() => {}
            }
        }
    }
}
