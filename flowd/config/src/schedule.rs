//! `commit at`: a candidate that is checked now and put into force later, also when flowd was killed meanwhile.

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

/// How long until one that cannot be carried out at the moment is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// The clock of day may be set while one waits: it is looked at this often.
const LOOK: Duration = Duration::from_secs(5);

impl Engine {
    /// Keeps a session's candidate until its time. The session starts anew on what runs. `None`: there is nothing to
    /// commit.
    ///
    /// # Errors
    /// What would refuse the commit now; another one that waits.
    pub fn schedule_session(
        &self,
        id: &str,
        uid: u32,
        connection: &Connection,
        request: &Request,
        at_ms: i64,
    ) -> Result<Option<Checked>, Refused> {
        let _turn = self.turn();
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
        let checked = self.check_in_turn(&candidate)?;
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
            "{} has scheduled a commit for {}",
            scheduled.user,
            clock::local(at_ms)
        );
        self.schedule_alarm.notify_one();
        if let Ok(session) = self.sessions().of(id, uid, clock::monotonic()) {
            session.discard(&running.tree, running.id);
        }
        Ok(Some(checked))
    }

    /// Cancels the commit that waits for its time; its changes are gone.
    ///
    /// # Errors
    /// When there is none, or that cannot be recorded; then it still waits.
    pub fn unschedule(&self, user: &str) -> Result<(), Refused> {
        let _turn = self.turn();
        let Some(scheduled) = self.scheduled() else {
            return Err(Refused::NothingScheduled);
        };
        self.revisions.schedule(None)?;
        self.schedule_alarm.notify_one();
        tracing::info!(
            "{user} has cancelled the commit that {} scheduled for {}",
            scheduled.user,
            clock::local(scheduled.at_ms)
        );
        Ok(())
    }

    /// The commit that waits for its time, or could not be carried out at it.
    pub fn scheduled(&self) -> Option<Scheduled> {
        self.revisions.scheduled()
    }

    /// What the scheduled commit would put into force now; what it changes where it cannot be brought onto what runs.
    pub fn scheduled_tree(&self) -> Option<Tree> {
        let scheduled = self.scheduled()?;
        let running = self.running();
        let rebased = merge::rebase(&scheduled.base, &running.tree, &scheduled.candidate);
        Some(rebased.unwrap_or(scheduled.candidate))
    }

    /// Commits what is due. Returns how long to wait before the next look; none: nothing waits.
    pub fn commit_if_due(&self, now_ms: i64) -> Option<Duration> {
        let _turn = self.turn();
        let scheduled = self.scheduled().filter(Scheduled::waits)?;
        let left = u64::try_from(scheduled.at_ms - now_ms).unwrap_or(0);
        if left > 0 {
            return Some(Duration::from_millis(left).min(LOOK));
        }
        // Both end by themselves, or by somebody's hand.
        let locked = self.sessions().unlocked(None).err();
        if self.pending().is_some() || locked.is_some() {
            return Some(AGAIN);
        }
        let running = self.running();
        let request = Request {
            user: scheduled.user.clone(),
            via: COMMIT_AT.into(),
            comment: scheduled.comment.clone(),
            confirm: None,
        };
        let committed = merge::rebase(&scheduled.base, &running.tree, &scheduled.candidate)
            .map_err(Refused::Overlaps)
            .and_then(|tree| self.commit_in_turn(&tree, &request));
        let of = format!(
            "the commit that {} scheduled for {}",
            scheduled.user,
            clock::local(scheduled.at_ms)
        );
        let done = match committed {
            Ok(committed) => {
                match committed.revision {
                    Some(id) => tracing::info!("{of} is revision {id}"),
                    None => tracing::info!("{of} has nothing left to change"),
                }
                None
            }
            // The disk may have room later.
            Err(Refused::Revisions(error)) => {
                tracing::error!("{of} cannot be recorded yet: {error}");
                return Some(AGAIN);
            }
            Err(refused) => {
                let failed = refused.lines();
                for line in &failed {
                    tracing::error!("{of} is not carried out: {line}");
                }
                Some(Scheduled {
                    failed,
                    ..scheduled
                })
            }
        };
        // The record of a commit has taken it out already.
        if (done.is_some() || self.scheduled().is_some())
            && let Err(error) = self.revisions.schedule(done.as_ref())
        {
            tracing::error!("{of}: {error}");
            return Some(AGAIN);
        }
        None
    }

    /// Commits at the times that were asked for, for ever.
    pub async fn watch_schedule(self: Arc<Self>) {
        loop {
            let changed = self.schedule_alarm.notified();
            let control = self.clone();
            let look = move || control.commit_if_due(clock::unix_ms());
            let wait = match tokio::task::spawn_blocking(look).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!("a scheduled commit: {error}");
                    Some(AGAIN)
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

/// The time that `HH:MM[:SS]` or `YYYY-MM-DD HH:MM[:SS]` stands for, milliseconds since 1970: without a date the next time
/// it is so late.
///
/// # Errors
/// What is wrong with it: no time, or one that has passed.
pub fn moment(text: &str, now_ms: i64, zone: &TimeZone) -> Result<i64, String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{text} is no time to commit at: {why}");
    let now = Timestamp::from_millisecond(now_ms).map_err(|error| wrong(&error))?;
    let now = now.to_zoned(zone.clone());
    let of_day = |text: &str| {
        Time::strptime("%H:%M:%S", text)
            .or_else(|_| Time::strptime("%H:%M", text))
            .map_err(|_| wrong(&"HH:MM, or YYYY-MM-DD HH:MM is wanted"))
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
            assert_eq!(moment(text, ms(now), &zone), Ok(ms(at)), "{text}");
        }
        for (text, why) in [
            ("25:00", "HH:MM"),
            ("noon", "HH:MM"),
            ("2026-02-30 03:00", "no day 2026-02-30"),
            ("2026-11-21 12:30", "has passed, it is 2026-11-21 12:30:00"),
        ] {
            let error = moment(text, ms(now), &zone).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
