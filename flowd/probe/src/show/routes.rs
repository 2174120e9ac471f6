//! What is known of the host's routes.

use serde_json::{Value as Json, json};
use system::routes::Statistics;

use service::clock;

/// `routes`: `None` when no record that is attached speaks of routes.
pub(crate) fn routes(statistics: Option<&Statistics>) -> Json {
    let Some(statistics) = statistics else {
        return json!({ "wanted": false });
    };
    let since = (statistics.readings > 0)
        .then(|| clock::steady_ns().saturating_sub(statistics.read_at_ns) / 1_000_000_000);
    json!({
        "wanted": true,
        "ipv4_prefixes": statistics.ipv4_prefixes,
        "ipv6_prefixes": statistics.ipv6_prefixes,
        "changes": statistics.changes,
        "states": statistics.states,
        "readings": statistics.readings,
        "seconds_since_reading": since,
        "reading_microseconds": statistics.reading_ns / 1_000,
        "overruns": statistics.overruns,
        "unread_messages": statistics.undecodable,
        "left_out_routes": statistics.left_out,
        "unknown_rules": statistics.unknown_rules,
        "error": statistics.error,
    })
}
