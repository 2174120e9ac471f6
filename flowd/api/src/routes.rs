//! Every route. A route is declared in the module that has its types; daemon and client name it by its constant here.

pub use crate::complete::routes::*;
pub use crate::configuration::routes::*;
pub use crate::host::routes::*;
pub use crate::ledger::routes::*;
pub use crate::metrics::routes::*;
pub use crate::query::routes::*;
pub use crate::route::{Delete, Get, Method, Post, Route};
pub use crate::samplicator::routes::*;
pub use crate::session::routes::*;

use crate::{complete, configuration, host, ledger, metrics, query, samplicator, session};

/// Method and path of every route.
pub fn all() -> impl Iterator<Item = (Method, &'static str)> {
    [
        host::DECLARED,
        complete::DECLARED,
        session::DECLARED,
        configuration::DECLARED,
        query::DECLARED,
        ledger::DECLARED,
        metrics::DECLARED,
        samplicator::DECLARED,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_into_the_path_as_one_segment() {
        assert_eq!(VERSION.at(&[]), "/v1/version");
        assert_eq!(CACHE.at(&["a/b c"]), "/v1/flow/monitors/a%2Fb%20c/cache");
        assert_eq!(
            CLEAR_MONITOR.at(&["M-1_x.y~"]),
            "/v1/clear/monitor/M-1_x.y~"
        );
    }

    #[test]
    #[should_panic(expected = "needs its name")]
    fn a_name_that_is_missing_is_a_mistake() {
        let _ = CACHE.at(&[]);
    }
}
