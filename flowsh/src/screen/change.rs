//! What a commit does, the commit that is scheduled, and who configures.

use serde_json::Value as Json;

use super::{Page, View, list, plain, some, span, time};

/// Lines of one kind that are shown; of more there are only so many.
const MOST: usize = 12;
/// A time as people read it.
const WHEN: &str = "%Y-%m-%d %H:%M:%S";

/// A time of an answer as people read it.
pub(crate) fn when(json: &Json, view: &View) -> String {
    time(json, &view.zone, WHEN)
}

/// What a commit would do to sockets, rings, caches, templates and memory; a line each.
pub(crate) fn impact(answer: &Json) -> String {
    let all: Vec<&Json> = list(answer, "impact").iter().collect();
    let mut page = Page::default();
    if all.is_empty() {
        page.line("Nothing that runs is opened, closed or rebuilt by it.");
        return page.0;
    }
    page.line("It will do this:");
    lines(&mut page, &all);
    page.0
}

/// What a commit has rebuilt; nothing where it has rebuilt nothing.
pub(crate) fn rebuilt(answer: &Json) -> String {
    let rebuilt = |impact: &&Json| {
        let action = impact["action"].as_str().unwrap_or_default();
        matches!(action, "rebuild" | "reopen" | "restart")
    };
    let all: Vec<&Json> = list(answer, "impact").iter().filter(rebuilt).collect();
    let mut page = Page::default();
    lines(&mut page, &all);
    page.0
}

fn lines(page: &mut Page, all: &[&Json]) {
    let mut from = 0;
    while let Some(first) = all.get(from) {
        let kind = &first["kind"];
        let same = all.iter().skip(from);
        let count = same.take_while(|one| one["kind"] == *kind).count();
        let shown = if count > MOST + 1 { MOST } else { count };
        for one in all.iter().skip(from).take(shown) {
            page.line(format!("  {}", plain(&one["text"])));
        }
        if shown < count {
            page.line(format!(
                "  … and {} more of {}s",
                count - shown,
                plain(kind)
            ));
        }
        from += count;
    }
}

/// The commit that waits for its time, or could not be carried out then.
pub(crate) fn scheduled(answer: &Json, view: &View) -> String {
    let scheduled = &answer["scheduled"];
    let mut page = Page::default();
    if scheduled.is_null() {
        page.line("No commit is scheduled.");
        return page.0;
    }
    let at = time(&scheduled["at"], &view.zone, WHEN);
    let failed = list(scheduled, "failed");
    page.line(match failed.is_empty() {
        true => format!(
            "Commit at {at} by {} via {}",
            plain(&scheduled["user"]),
            plain(&scheduled["via"])
        ),
        false => format!(
            "The commit of {} at {at} was not carried out:",
            plain(&scheduled["user"])
        ),
    });
    for line in failed {
        page.line(format!("  {}", plain(line)));
    }
    if let Some(comment) = some(scheduled, "comment") {
        page.line(format!("    {}", plain(comment)));
    }
    page.0
}

/// Who configures; `own` is the session of this shell.
pub(crate) fn status(answer: &Json, own: &str, view: &View) -> String {
    let mut page = Page::default();
    page.line("Users currently editing the configuration:");
    for session in list(answer, "sessions") {
        let mine = session["session"].as_str() == Some(own);
        page.line(format!(
            "  {} via {} since {}, idle {}{}",
            plain(&session["user"]),
            plain(&session["via"]),
            time(&session["started"], &view.zone, WHEN),
            span(session["idle_seconds"].as_u64().unwrap_or_default()),
            if mine { " (this session)" } else { "" },
        ));
        if session["changed"].as_bool() == Some(true) {
            page.line("      has changes that are not committed");
        }
        if !session["exclusive"].is_null() {
            page.line("      exclusive: nobody else may change anything");
        }
    }
    page.0
}

/// The others who configure, told to somebody who begins to.
pub(crate) fn others(answer: &Json, own: &str, view: &View) -> String {
    let sessions = list(answer, "sessions").iter();
    let mut page = Page::default();
    for session in sessions.filter(|session| session["session"].as_str() != Some(own)) {
        let mut line = format!(
            "{} is in configuration mode, via {} since {}",
            plain(&session["user"]),
            plain(&session["via"]),
            time(&session["started"], &view.zone, WHEN),
        );
        if session["changed"].as_bool() == Some(true) {
            line.push_str(", with changes that are not committed");
        }
        if !session["exclusive"].is_null() {
            line.push_str("; exclusively: you can look, but not change anything");
        }
        page.line(line);
    }
    page.0
}
