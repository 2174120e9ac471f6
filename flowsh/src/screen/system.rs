//! `show system commit`, `show interfaces`, `show log`, `show version`.

use serde_json::Value as Json;

use super::{Column, Page, View, list, plain, some, span, table, time};

/// The revisions, VyOS's layout.
pub(crate) fn commits(answer: &Json, view: &View) -> String {
    let mut page = Page::default();
    for revision in list(answer, "revisions") {
        page.line(format!(
            "{:<3} {} by {} via {}",
            plain(&revision["revision"]),
            time(&revision["time"], &view.zone, "%Y-%m-%d %H:%M:%S"),
            plain(&revision["user"]),
            plain(&revision["via"]),
        ));
        if let Some(comment) = some(revision, "comment") {
            page.line(format!("    {}", plain(comment)));
        }
    }
    if page.0.is_empty() {
        page.line("Nothing is committed yet.");
    }
    if let Some(seconds) = answer["confirm"]["seconds"].as_u64() {
        page.line("");
        page.line(format!(
            "The last commit is rolled back in {} unless it is confirmed.",
            span(seconds)
        ));
    }
    if !answer["scheduled"].is_null() {
        page.line("");
        page.0.push_str(&super::scheduled(answer, view));
    }
    page.0
}

/// What flowd starts with.
pub(crate) fn startup(answer: &Json, view: &View) -> String {
    let Some(newest) = list(answer, "revisions").first() else {
        return "Nothing is committed yet: flowd starts with an empty configuration.\n".into();
    };
    let time = time(&newest["time"], &view.zone, "%Y-%m-%d %H:%M:%S");
    let user = plain(&newest["user"]);
    match answer["confirm"]["seconds"].as_u64() {
        Some(seconds) => format!(
            "The commit of {time} by {user} waits for `confirm`; without it, it is rolled back in {}, after a restart \
             too.\n",
            span(seconds)
        ),
        None => {
            format!("[OK] flowd starts with what runs: revision 0, committed {time} by {user}.\n")
        }
    }
}

/// The host's interfaces.
pub(crate) fn interfaces(answer: &Json) -> String {
    let mut page = Page::default();
    page.line("Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down");
    let mut rows = Vec::new();
    for interface in list(answer, "interfaces") {
        let state = match (interface["up"].as_bool(), interface["running"].as_bool()) {
            (Some(true), Some(false)) => "u/D",
            (Some(true), _) => "u/u",
            (Some(false), _) => "A/D",
            (None, _) => "-",
        };
        let mut notes: Vec<String> = Vec::new();
        notes.extend(
            some(interface, "alias")
                .or_else(|| some(interface, "description"))
                .map(plain),
        );
        notes.extend(
            (interface["promiscuous"].as_bool() == Some(true)).then(|| "promiscuous".to_owned()),
        );
        let mut addresses = list(interface, "addresses").iter().map(plain);
        rows.push(vec![
            plain(&interface["name"]),
            addresses.next().unwrap_or_else(|| "-".into()),
            state.into(),
            plain(&interface["mac"]),
            plain(&interface["mtu"]),
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
pub(crate) fn log(answer: &Json, view: &View) -> String {
    let mut page = Page::default();
    for line in list(answer, "lines") {
        page.line(format!(
            "{} {:<5} {}: {}",
            time(&line["time"], &view.zone, "%b %d %H:%M:%S%.3f"),
            plain(&line["level"]).to_lowercase(),
            plain(&line["target"]),
            plain(&line["message"]),
        ));
    }
    page.0
}

/// The program and its host.
pub(crate) fn version(answer: &Json, view: &View) -> String {
    let mut page = Page::default();
    let mut pair = |label: &str, value: String| page.pair(0, label, 18, value);
    pair(
        "Version:",
        format!(
            "{} {}",
            plain(&answer["program"]),
            plain(&answer["version"])
        ),
    );
    pair("Shell:", format!("flowsh {}", env!("CARGO_PKG_VERSION")));
    pair("Host name:", plain(&answer["host_name"]));
    pair("Process:", plain(&answer["pid"]));
    pair(
        "Started:",
        time(&answer["started"], &view.zone, "%Y-%m-%d %H:%M:%S %Z"),
    );
    pair(
        "Uptime:",
        answer["uptime_seconds"]
            .as_u64()
            .map_or_else(|| "-".into(), span),
    );
    pair(
        "Revision id:",
        match &answer["revision"] {
            Json::Null => "nothing is committed yet".into(),
            revision => plain(revision),
        },
    );
    page.0
}
