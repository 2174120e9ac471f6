//! `show flow routes`: what flowd knows of the host's routes.

use api::flow::Routes;

use super::{Page, grouped, plain, span};

/// Where values begin.
const AT: usize = 28;

/// The counts, and what is wrong with them.
pub(crate) fn routes(answer: &Routes) -> String {
    let mut page = Page::default();
    if !answer.wanted {
        page.line("No record in use has fields that need routes.");
        return page.0;
    }
    let count = |number: Option<u64>| number.map_or_else(|| "-".into(), grouped);
    page.line("Routes of this host, for the fields of flow records:");
    for (label, number) in [
        ("IPv4 prefixes:", answer.ipv4_prefixes),
        ("IPv6 prefixes:", answer.ipv6_prefixes),
        ("Changes:", answer.changes),
        ("States published:", answer.states),
        ("Read from the kernel:", answer.readings),
    ] {
        page.pair(2, label, AT, count(number));
    }
    if let Some(seconds) = answer.seconds_since_reading.flatten() {
        page.pair(2, "Last read:", AT, format!("{} ago", span(seconds)));
    }
    for (label, number) in [
        ("Overruns:", answer.overruns),
        ("Undecodable messages:", answer.unread_messages),
        ("Routes left out:", answer.left_out_routes),
        ("Rules never applied:", answer.unknown_rules),
    ] {
        page.pair(2, label, AT, count(number));
    }
    if let Some(Some(error)) = &answer.error {
        page.line(format!("The routes cannot be read: {}", plain(error)));
    }
    page.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::filled::filled;

    #[test]
    fn counts_and_errors_are_shown() {
        let answer = json!({
            "wanted": true, "ipv4_prefixes": 1_000_003, "ipv6_prefixes": 7, "changes": 1_000_100, "states": 3,
            "readings": 2, "seconds_since_reading": 61, "overruns": 1, "unread_messages": 0, "left_out_routes": 0,
            "unknown_rules": 0, "error": "netlink: no memory",
        });
        let shown = routes(&filled(&answer));
        assert!(
            shown.contains("  IPv4 prefixes:            1,000,003\n"),
            "{shown}"
        );
        assert!(shown.contains("  Overruns:                 1\n"), "{shown}");
        assert!(
            shown.ends_with("The routes cannot be read: netlink: no memory\n"),
            "{shown}"
        );
        assert_eq!(
            routes(&filled(&json!({"wanted": false}))),
            "No record in use has fields that need routes.\n"
        );
    }
}
