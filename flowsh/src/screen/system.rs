//! `show system commit`, `show log`, `show alarms`, `show version`.

use api::configuration::Revisions;
use api::host::{Alarms, LogLines, Version};

use super::{Page, View, given, plain, span, time};

/// The revisions, VyOS's layout.
pub(crate) fn commits(answer: &Revisions, view: &View) -> String {
    let mut page = Page::default();
    for revision in &answer.revisions {
        page.line(format!(
            "{:<4} {} by {} via {}",
            revision.id,
            time(&revision.time, &view.zone, "%Y-%m-%d %H:%M:%S"),
            plain(&revision.user),
            plain(&revision.via),
        ));
        if !revision.comment.is_empty() {
            page.line(format!("     {}", plain(&revision.comment)));
        }
    }
    if page.0.is_empty() {
        page.line("Nothing is committed yet.");
    }
    if let Some(confirm) = answer.confirm {
        page.line("");
        page.line(format!(
            "The last commit is rolled back in {} unless it is confirmed.",
            span(confirm.seconds)
        ));
    }
    if let Some(scheduled) = &answer.scheduled {
        page.line("");
        page.0.push_str(&super::scheduled(Some(scheduled), view));
    }
    page.0
}

/// The revision that became the candidate.
pub(crate) fn rolled_back(answer: &Revisions, id: u64, view: &View) -> String {
    let revision = answer.revisions.iter().find(|one| one.id == id);
    let of = revision.map_or_else(String::new, |one| {
        let time = time(&one.time, &view.zone, "%Y-%m-%d %H:%M:%S");
        format!(" of {time} by {}", plain(&one.user))
    });
    format!(
        "Revision {id}{of} is the candidate now: `compare` shows what it changes, `commit` puts it into force.\n"
    )
}

/// The configuration that flowd starts with.
pub(crate) fn startup(answer: &Revisions, view: &View) -> String {
    let Some(newest) = answer.revisions.first() else {
        return "Nothing is committed yet: flowd starts with an empty configuration.\n".into();
    };
    let time = time(&newest.time, &view.zone, "%Y-%m-%d %H:%M:%S");
    let user = plain(&newest.user);
    match answer.confirm {
        Some(confirm) => format!(
            "Revision {}, committed {time} by {user}, waits for `confirm`; without it, it is rolled back in {}, after a \
             restart too.\n",
            newest.id,
            span(confirm.seconds)
        ),
        None => {
            format!(
                "[OK] flowd starts with what runs: revision {}, committed {time} by {user}.\n",
                newest.id
            )
        }
    }
}

/// The daemon's log.
pub(crate) fn log(answer: &LogLines, view: &View) -> String {
    let mut page = Page::default();
    for line in &answer.lines {
        page.line(format!(
            "{} {:<5} {}: {}",
            time(&line.time, &view.zone, "%b %d %H:%M:%S%.3f"),
            line.level,
            match line.msgid.as_str() {
                "" => plain(&line.target),
                id => plain(id),
            },
            plain(&line.message),
        ));
    }
    page.0
}

/// The program and its host.
pub(crate) fn version(answer: &Version, view: &View) -> String {
    let mut page = Page::default();
    let mut pair = |label: &str, value: String| page.pair(0, label, 18, value);
    pair(
        "Version:",
        format!("{} {}", plain(&answer.program), plain(&answer.version)),
    );
    pair("Shell:", format!("flowsh {}", env!("CARGO_PKG_VERSION")));
    pair("Host name:", plain(&answer.host_name));
    let machine = &answer.machine;
    pair("Operating system:", plain(&machine.operating_system));
    pair(
        "Kernel:",
        format!(
            "Linux {} {}",
            plain(&machine.kernel),
            plain(&machine.architecture)
        ),
    );
    pair("Hardware:", given(machine.hardware.as_deref()));
    pair("Process:", answer.pid.to_string());
    pair(
        "Started:",
        time(&answer.started, &view.zone, "%Y-%m-%d %H:%M:%S %Z"),
    );
    pair("Uptime:", span(answer.uptime_seconds));
    pair(
        "Revision:",
        match answer.revision {
            None => "nothing is committed yet".into(),
            Some(revision) => revision.to_string(),
        },
    );
    pair(
        "Alarms:",
        match answer.alarms {
            0 => "none".into(),
            count => format!("{count} (`show alarms`)"),
        },
    );
    page.line("");
    page.line(format!(
        "{} uptime is {}",
        plain(&answer.host_name),
        long_span(machine.uptime_seconds)
    ));
    page.0
}

/// Writes a span of time as IOS does: `1 week, 2 days, 3 hours, 4 minutes`.
fn long_span(seconds: u64) -> String {
    let minutes = seconds / 60;
    let units = [
        (minutes / (7 * 24 * 60), "week"),
        (minutes / (24 * 60) % 7, "day"),
        (minutes / 60 % 24, "hour"),
        (minutes % 60, "minute"),
    ];
    let unit = |(count, name): (u64, &str)| match count {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    };
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown: Vec<String> = units.into_iter().skip(first).map(unit).collect();
    shown.join(", ")
}

/// What is wrong now, and since when.
pub(crate) fn alarms(answer: &Alarms, view: &View) -> String {
    let mut page = Page::default();
    if answer.alarms.is_empty() {
        page.line("There is no alarm.");
    }
    for alarm in &answer.alarms {
        let since = time(&alarm.since, &view.zone, "%Y-%m-%d %H:%M:%S");
        page.line(format!("{since}  {}", plain(&alarm.text)));
    }
    page.0
}
