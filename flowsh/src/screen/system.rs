//! `show system commit`, `show interfaces`, `show log`, `show version`.

use api::configuration::Revisions;
use api::host::{Interfaces, LogLines, Version};

use super::{Column, Page, View, given, plain, span, table, time};

/// The revisions, VyOS's layout.
pub(crate) fn commits(answer: &Revisions, view: &View) -> String {
    let mut page = Page::default();
    for revision in &answer.revisions {
        page.line(format!(
            "{:<3} {} by {} via {}",
            revision.revision,
            time(&revision.time, &view.zone, "%Y-%m-%d %H:%M:%S"),
            plain(&revision.user),
            plain(&revision.via),
        ));
        if !revision.comment.is_empty() {
            page.line(format!("    {}", plain(&revision.comment)));
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

/// The configuration that flowd starts with.
pub(crate) fn startup(answer: &Revisions, view: &View) -> String {
    let Some(newest) = answer.revisions.first() else {
        return "Nothing is committed yet: flowd starts with an empty configuration.\n".into();
    };
    let time = time(&newest.time, &view.zone, "%Y-%m-%d %H:%M:%S");
    let user = plain(&newest.user);
    match answer.confirm {
        Some(confirm) => format!(
            "The commit of {time} by {user} waits for `confirm`; without it, it is rolled back in {}, after a restart \
             too.\n",
            span(confirm.seconds)
        ),
        None => {
            format!("[OK] flowd starts with what runs: revision 0, committed {time} by {user}.\n")
        }
    }
}

/// The host's interfaces.
pub(crate) fn interfaces(answer: &Interfaces) -> String {
    let mut page = Page::default();
    page.line("Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down");
    let mut rows = Vec::new();
    for interface in &answer.interfaces {
        let state = match (interface.up, interface.running) {
            (true, false) => "u/D",
            (true, true) => "u/u",
            (false, _) => "A/D",
        };
        let described = interface.description.as_deref();
        let mut notes: Vec<String> = described
            .filter(|text| !text.is_empty())
            .map(plain)
            .into_iter()
            .collect();
        notes.extend(interface.promiscuous.then(|| "promiscuous".to_owned()));
        let mut addresses = interface.addresses.iter().map(|address| plain(address));
        rows.push(vec![
            plain(&interface.name),
            addresses.next().unwrap_or_else(|| "-".into()),
            state.into(),
            given(interface.mac.as_deref()),
            interface.mtu.to_string(),
            notes.join(", "),
        ]);
        rows.extend(addresses.map(|address| vec![String::new(), address]));
    }
    let columns = vec![
        Column::left("Interface", 16),
        Column::left("IP Address", 33),
        Column::left("S/L", 4),
        Column::left("MAC", 17),
        Column::right("MTU", 6),
        Column::left("Description", 11),
    ];
    table(&mut page, columns, 2, Some('-'), &rows);
    page.0
}

/// The daemon's log.
pub(crate) fn log(answer: &LogLines, view: &View) -> String {
    let mut page = Page::default();
    for line in &answer.lines {
        page.line(format!(
            "{} {:<5} {}: {}",
            time(&line.time, &view.zone, "%b %d %H:%M:%S%.3f"),
            line.level,
            plain(&line.target),
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
    pair("Process:", answer.pid.to_string());
    pair(
        "Started:",
        time(&answer.started, &view.zone, "%Y-%m-%d %H:%M:%S %Z"),
    );
    pair("Uptime:", span(answer.uptime_seconds));
    pair(
        "Revision id:",
        match answer.revision {
            None => "nothing is committed yet".into(),
            Some(revision) => revision.to_string(),
        },
    );
    page.0
}
