//! What a commit does, the commit that is scheduled, and who configures.

use api::Time;
use api::configuration::Scheduled;
use api::session::{Impact, ImpactAction, Session, Sessions};

use super::{Page, View, plain, span, time};

/// Lines of one kind that are shown; of more there are only so many.
const MOST: usize = 12;
/// A time as people read it.
const WHEN: &str = "%Y-%m-%d %H:%M:%S";

/// A time of an answer as people read it.
pub(crate) fn when(moment: &Time, view: &View) -> String {
    time(moment, &view.zone, WHEN)
}

/// What a commit would do to sockets, rings, caches, templates and memory; a line each.
pub(crate) fn impact(impacts: &[Impact]) -> String {
    let mut page = Page::default();
    if impacts.is_empty() {
        page.line("It opens, closes or rebuilds nothing that is running.");
        return page.0;
    }
    page.line("It will do this:");
    lines(&mut page, &impacts.iter().collect::<Vec<_>>());
    page.0
}

/// What a commit has rebuilt; nothing where it has rebuilt nothing.
pub(crate) fn rebuilt(impacts: &[Impact]) -> String {
    let rebuilt = |impact: &&Impact| {
        matches!(
            impact.action,
            ImpactAction::Rebuild | ImpactAction::Reopen | ImpactAction::Restart
        )
    };
    let all: Vec<&Impact> = impacts.iter().filter(rebuilt).collect();
    let mut page = Page::default();
    lines(&mut page, &all);
    page.0
}

fn lines(page: &mut Page, all: &[&Impact]) {
    for same in all.chunk_by(|one, next| one.kind == next.kind) {
        let shown = if same.len() > MOST + 1 {
            MOST
        } else {
            same.len()
        };
        for one in &same[..shown] {
            page.line(format!("  {}", plain(&one.text)));
        }
        if shown < same.len() {
            let more = same.len() - shown;
            page.line(format!("  … and {more} more of {}s", same[0].kind));
        }
    }
}

/// The commit that waits for its time, or could not be carried out then.
pub(crate) fn scheduled(scheduled: Option<&Scheduled>, view: &View) -> String {
    let mut page = Page::default();
    let Some(scheduled) = scheduled else {
        page.line("No commit is scheduled.");
        return page.0;
    };
    let at = when(&scheduled.at, view);
    let user = plain(&scheduled.user);
    page.line(match scheduled.failed.is_empty() {
        true => format!("Commit at {at} by {user} via {}", plain(&scheduled.via)),
        false => format!("The commit that {user} scheduled for {at} failed:"),
    });
    for line in &scheduled.failed {
        page.line(format!("  {}", plain(line)));
    }
    if !scheduled.comment.is_empty() {
        page.line(format!("    {}", plain(&scheduled.comment)));
    }
    page.0
}

/// Who configures; `own` is the session of this shell.
pub(crate) fn status(answer: &Sessions, own: &str, view: &View) -> String {
    let mut page = Page::default();
    page.line("Users currently editing the configuration:");
    for session in &answer.sessions {
        let mine = session.session == own;
        page.line(format!(
            "  {} via {} since {}, idle {}{}",
            plain(&session.user),
            plain(&session.via),
            when(&session.started, view),
            span(session.idle_seconds),
            if mine { " (this session)" } else { "" },
        ));
        if session.changed {
            page.line("      has changes that are not committed");
        }
        if session.exclusive.is_some() {
            page.line("      exclusive: others cannot change anything");
        }
    }
    page.0
}

/// The others who configure, told to somebody who begins to.
pub(crate) fn others(answer: &Sessions, own: &str, view: &View) -> String {
    let others = |session: &&Session| session.session != own;
    let mut page = Page::default();
    for session in answer.sessions.iter().filter(others) {
        let mut line = format!(
            "{} is in configuration mode, via {} since {}",
            plain(&session.user),
            plain(&session.via),
            when(&session.started, view),
        );
        if session.changed {
            line.push_str(", with changes that are not committed");
        }
        if session.exclusive.is_some() {
            line.push_str("; exclusively: you can look, but not change anything");
        }
        page.line(line);
    }
    page.0
}
