//! `show flow routes`: what flowd knows of the host's routes.

use serde_json::Value as Json;

use super::{Page, grouped, plain, some, span};

/// Where values begin.
const AT: usize = 28;

/// The counts, and what is wrong with them.
pub(crate) fn routes(answer: &Json) -> String {
    let mut page = Page::default();
    if answer["wanted"].as_bool() == Some(false) {
        page.line("No record in use speaks of routes.");
        return page.0;
    }
    let number = |key: &str| answer[key].as_u64().map_or_else(|| "-".into(), grouped);
    page.line("Routes of this host, as flows are told of them:");
    for (label, key) in [
        ("IPv4 prefixes:", "ipv4_prefixes"),
        ("IPv6 prefixes:", "ipv6_prefixes"),
        ("Changes:", "changes"),
        ("States handed out:", "states"),
        ("Read from the kernel:", "readings"),
    ] {
        page.pair(2, label, AT, number(key));
    }
    if let Some(seconds) = answer["seconds_since_reading"].as_u64() {
        page.pair(2, "Last read:", AT, format!("{} ago", span(seconds)));
    }
    for (label, key) in [
        ("Overruns:", "overruns"),
        ("Messages not understood:", "unread_messages"),
        ("Routes left out:", "left_out_routes"),
        ("Rules never applied:", "unknown_rules"),
    ] {
        page.pair(2, label, AT, number(key));
    }
    if let Some(error) = some(answer, "error") {
        page.line(format!("The routes cannot be read: {}", plain(error)));
    }
    page.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_and_errors_are_shown() {
        let answer = json!({
            "wanted": true, "ipv4_prefixes": 1_000_003, "ipv6_prefixes": 7, "changes": 1_000_100, "states": 3,
            "readings": 2, "seconds_since_reading": 61, "overruns": 1, "unread_messages": 0, "left_out_routes": 0,
            "unknown_rules": 0, "error": "netlink: no memory",
        });
        let shown = routes(&answer);
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
            routes(&json!({"wanted": false})),
            "No record in use speaks of routes.\n"
        );
    }
}
