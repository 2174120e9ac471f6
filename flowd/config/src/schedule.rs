//! `commit at`: a candidate is checked now and put into force later, even if flowd was killed meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use language::Tree;

use crate::access::Connection;
use crate::engine::Engine;
use crate::merge;
use crate::outcome::{COMMIT_AT, Checked, Refused, Request};
use crate::pending::Scheduled;
use service::clock;

/// How long after a commit that was impossible for the moment it is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// How often the clock of day is read while a commit waits, since the clock may be set meanwhile.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(5);

impl Engine {
    /// Keeps a session's candidate until `at_ms` (milliseconds since 1970) and resets the session to the running
    /// configuration. Returns `None` if there is nothing to commit.
    ///
    /// # Errors
    /// Whatever would refuse the commit now; [`Refused::Scheduled`] if another commit is scheduled.
    pub fn schedule_session(
        &self,
        id: &str,
        uid: u32,
        connection: &Connection,
        request: &Request,
        at_ms: i64,
    ) -> Result<Option<Checked>, Refused> {
        let _lock = self.lock_commits();
        self.permit(id, connection)?;
        if let Some(waiting) = self.scheduled().filter(Scheduled::waits) {
            return Err(Refused::Scheduled {
                user: waiting.user,
                at: clock::local(waiting.at_ms),
            });
        }
        let candidate = self.rebased(id, uid)?;
        let running = self.running();
        if candidate == running.tree {
            return Ok(None);
        }
        let checked = self.check_locked(&candidate)?;
        let scheduled = Scheduled {
            at_ms,
            made_ms: clock::unix_ms(),
            user: request.user.clone(),
            via: request.via.clone(),
            comment: request.comment.clone(),
            base: running.tree.clone(),
            candidate,
            failed: Vec::new(),
        };
        self.revisions.schedule(Some(&scheduled))?;
        tracing::info!(
            msgid = "SCHEDULED",
            "{} scheduled a commit for {}",
            scheduled.user,
            clock::local(at_ms)
        );
        self.schedule_changed.notify_one();
        if let Ok(session) = self.sessions().of(id, uid, clock::monotonic()) {
            session.discard(&running.tree, running.id);
        }
        Ok(Some(checked))
    }

    /// Cancels the scheduled commit and drops its changes.
    ///
    /// # Errors
    /// If no commit is scheduled, or the cancellation cannot be recorded; then the commit is still scheduled.
    pub fn unschedule(&self, user: &str) -> Result<(), Refused> {
        let _lock = self.lock_commits();
        let Some(scheduled) = self.scheduled() else {
            return Err(Refused::NothingScheduled);
        };
        self.revisions.schedule(None)?;
        self.schedule_changed.notify_one();
        tracing::info!(
            msgid = "SCHEDULED",
            "{user} cancelled the commit that {} scheduled for {}",
            scheduled.user,
            clock::local(scheduled.at_ms)
        );
        Ok(())
    }

    /// Returns the commit that is scheduled, or the last one that failed at its time.
    pub fn scheduled(&self) -> Option<Scheduled> {
        self.revisions.scheduled()
    }

    /// Returns the tree that the scheduled commit would put into force now, or its candidate as it was if that cannot be
    /// rebased onto the running configuration.
    pub fn scheduled_tree(&self) -> Option<Tree> {
        let scheduled = self.scheduled()?;
        let running = self.running();
        let rebased = merge::rebase(&scheduled.base, &running.tree, &scheduled.candidate);
        Some(rebased.unwrap_or(scheduled.candidate))
    }

    /// Commits the scheduled commit if it is due. Returns how long to wait before the next call; `None` if nothing is
    /// scheduled.
    pub fn commit_if_due(&self, now_ms: i64) -> Option<Duration> {
        let _lock = self.lock_commits();
        let scheduled = self.scheduled().filter(Scheduled::waits)?;
        let left = u64::try_from(scheduled.at_ms - now_ms).unwrap_or(0);
        if left > 0 {
            return Some(Duration::from_millis(left).min(CLOCK_CHECK_INTERVAL));
        }
        // Both are temporary: confirmation has a deadline, and a lock ends with its session.
        let locked = self.sessions().check_unlocked(None).err();
        if self.pending().is_some() || locked.is_some() {
            return Some(RETRY_INTERVAL);
        }
        let running = self.running();
        let request = Request {
            user: scheduled.user.clone(),
            via: COMMIT_AT.into(),
            from: String::new(),
            comment: scheduled.comment.clone(),
            confirm: None,
        };
        let committed = merge::rebase(&scheduled.base, &running.tree, &scheduled.candidate)
            .map_err(Refused::Overlaps)
            .and_then(|tree| self.commit_locked(&tree, &request));
        let of = format!(
            "the commit that {} scheduled for {}",
            scheduled.user,
            clock::local(scheduled.at_ms)
        );
        let done = match committed {
            Ok(committed) => {
                match committed.revision {
                    Some(id) => tracing::info!(msgid = "COMMIT", "{of} is revision {id}"),
                    None => tracing::info!(msgid = "COMMIT", "{of} has nothing left to change"),
                }
                None
            }
            // The disk may have room later.
            Err(Refused::Revisions(error)) => {
                tracing::error!(msgid = "COMMIT", "{of} cannot be recorded yet: {error}");
                return Some(RETRY_INTERVAL);
            }
            Err(refused) => {
                let failed = refused.lines();
                for line in &failed {
                    tracing::error!(msgid = "REFUSED", "{of} is not carried out: {line}");
                }
                Some(Scheduled {
                    failed,
                    ..scheduled
                })
            }
        };
        // `commit_locked` has removed the schedule together with its record, if it recorded anything.
        if (done.is_some() || self.scheduled().is_some())
            && let Err(error) = self.revisions.schedule(done.as_ref())
        {
            tracing::error!("{of}: {error}");
            return Some(RETRY_INTERVAL);
        }
        None
    }

    /// Commits each scheduled commit at its time; this task never ends.
    pub async fn watch_schedule(self: Arc<Self>) {
        loop {
            let changed = self.schedule_changed.notified();
            let control = self.clone();
            let look = move || control.commit_if_due(clock::unix_ms());
            let wait = match tokio::task::spawn_blocking(look).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!("a scheduled commit: {error}");
                    Some(RETRY_INTERVAL)
                }
            };
            match wait {
                Some(wait) => tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = changed => {}
                },
                None => changed.await,
            }
        }
    }
}

/// Parses `HH:MM[:SS]` or `YYYY-MM-DD HH:MM[:SS]` as milliseconds since 1970. Without a date, it is the next time that the
/// clock shows.
///
/// # Errors
/// If the text is no time, or a time that has passed.
pub fn parse_commit_time(text: &str, now_ms: i64, zone: &TimeZone) -> Result<i64, String> {
    let wrong =
        |why: &dyn std::fmt::Display| format!("{text} is not a valid time for a commit: {why}");
    let now = Timestamp::from_millisecond(now_ms).map_err(|error| wrong(&error))?;
    let now = now.to_zoned(zone.clone());
    let of_day = |text: &str| {
        Time::strptime("%H:%M:%S", text)
            .or_else(|_| Time::strptime("%H:%M", text))
            .map_err(|_| wrong(&"HH:MM, or YYYY-MM-DD HH:MM is expected"))
    };
    let zoned = |date: Date, time: Time| -> Result<Zoned, String> {
        let at = DateTime::from_parts(date, time);
        at.to_zoned(zone.clone()).map_err(|error| wrong(&error))
    };
    let at = match text.trim().split_once(' ') {
        Some((date, time)) => {
            let date = Date::strptime("%Y-%m-%d", date)
                .map_err(|_| wrong(&format!("there is no day {date}")))?;
            zoned(date, of_day(time.trim())?)?
        }
        None => {
            let time = of_day(text.trim())?;
            let today = zoned(now.date(), time)?;
            match today > now {
                true => today,
                false => zoned(now.date().tomorrow().map_err(|error| wrong(&error))?, time)?,
            }
        }
    };
    match at > now {
        true => Ok(at.timestamp().as_millisecond()),
        false => Err(wrong(&format!(
            "it has passed, it is {}",
            now.strftime("%Y-%m-%d %H:%M:%S")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_hosts_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let ms = |text: &str| text.parse::<Zoned>().unwrap().timestamp().as_millisecond();
        let now = "2026-11-21T12:30:00[Europe/Berlin]";
        for (text, at) in [
            ("12:31", "2026-11-21T12:31:00[Europe/Berlin]"),
            ("12:30", "2026-11-22T12:30:00[Europe/Berlin]"),
            ("3:00", "2026-11-22T03:00:00[Europe/Berlin]"),
            ("12:30:01", "2026-11-21T12:30:01[Europe/Berlin]"),
            ("2027-03-28 01:59", "2027-03-28T01:59:00[Europe/Berlin]"),
            // That hour is left out; the time after it is meant.
            ("2027-03-28 02:30", "2027-03-28T03:30:00[Europe/Berlin]"),
        ] {
            assert_eq!(
                parse_commit_time(text, ms(now), &zone),
                Ok(ms(at)),
                "{text}"
            );
        }
        for (text, why) in [
            ("25:00", "HH:MM"),
            ("noon", "HH:MM"),
            ("2026-02-30 03:00", "no day 2026-02-30"),
            ("2026-11-21 12:30", "has passed, it is 2026-11-21 12:30:00"),
        ] {
            let error = parse_commit_time(text, ms(now), &zone).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
