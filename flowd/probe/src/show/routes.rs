//! The state of the host's routes.

use api::flow::Routes;
use system::routes::Statistics;

use service::clock;

/// `GET /v1/flow/routes`. There are no statistics while no attached record has a field that needs routes.
pub(crate) fn routes(statistics: Option<&Statistics>) -> Routes {
    let Some(statistics) = statistics else {
        return Routes::default();
    };
    let since = (statistics.readings > 0)
        .then(|| clock::steady_ns().saturating_sub(statistics.read_at_ns) / 1_000_000_000);
    Routes {
        wanted: true,
        ipv4_prefixes: Some(statistics.ipv4_prefixes as u64),
        ipv6_prefixes: Some(statistics.ipv6_prefixes as u64),
        changes: Some(statistics.changes),
        states: Some(statistics.states),
        readings: Some(statistics.readings),
        seconds_since_reading: Some(since),
        reading_microseconds: Some(statistics.reading_ns / 1_000),
        overruns: Some(statistics.overruns),
        unread_messages: Some(statistics.undecodable),
        left_out_routes: Some(statistics.left_out),
        unknown_rules: Some(statistics.unknown_rules as u64),
        error: Some(statistics.error.clone()),
    }
}
