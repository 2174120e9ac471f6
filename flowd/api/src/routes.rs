//! The routes, each with the types of its query, body and answer. Daemon and client name a route by its constant.

use std::borrow::Cow;
use std::marker::PhantomData;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::value::Nothing;
use crate::{complete, configuration, flow, host, ledger, query, samplicator, session};

/// What a segment of a path keeps as it is (RFC 3986 §2.3, unreserved characters).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Shows something.
    Get,
    /// Does something.
    Post,
    /// Removes something.
    Delete,
}

impl Method {
    /// The method's name as a request has it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// A route: `Q` is the type of its query, `B` of its body and `A` of its answer; [`Nothing`] where there is none.
pub struct Route<Q, B, A> {
    /// The method.
    pub method: Method,
    /// The path; `{name}` stands for a segment of any text.
    pub path: &'static str,
    types: PhantomData<fn(Q, B) -> A>,
}

// Derived ones would ask the same of the types, which are not in it.
impl<Q, B, A> Clone for Route<Q, B, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q, B, A> Copy for Route<Q, B, A> {}

impl<Q, B, A> Route<Q, B, A> {
    const fn new(method: Method, path: &'static str) -> Route<Q, B, A> {
        Route {
            method,
            path,
            types: PhantomData,
        }
    }

    /// The path with `segments` in the places of its `{…}`, percent-encoded.
    ///
    /// # Panics
    /// When there are not as many segments as places, which is a mistake in the program.
    pub fn at(&self, segments: &[&str]) -> Cow<'static, str> {
        let mut pieces = self.path.split('{');
        let first = pieces.next().unwrap_or_default();
        let mut rest = segments.iter();
        let mut path = Cow::Borrowed(first);
        for piece in pieces {
            let (name, behind) = piece.split_once('}').unwrap_or((piece, ""));
            let segment = rest
                .next()
                .unwrap_or_else(|| panic!("{} needs its {name}", self.path));
            let segment = utf8_percent_encode(segment, SEGMENT);
            path = format!("{path}{segment}{behind}").into();
        }
        assert!(rest.next().is_none(), "{} takes fewer names", self.path);
        path
    }

    /// What a request line has: the path as [`Route::at`] makes it, and the query behind it.
    ///
    /// # Panics
    /// As [`Route::at`].
    pub fn target(&self, segments: &[&str], query: &Q) -> Cow<'static, str>
    where
        Q: Serialize,
    {
        let path = self.at(segments);
        let query = serde_html_form::to_string(query).expect("a query has words and lists of them");
        match query.is_empty() {
            true => path,
            false => format!("{path}?{query}").into(),
        }
    }
}

/// A route that shows something.
pub type Get<Q, A> = Route<Q, Nothing, A>;
/// A route that does something.
pub type Post<B, A> = Route<Nothing, B, A>;

const fn get<Q, A>(path: &'static str) -> Get<Q, A> {
    Route::new(Method::Get, path)
}

const fn post<B, A>(path: &'static str) -> Post<B, A> {
    Route::new(Method::Post, path)
}

/// The program and its host.
pub const VERSION: Get<Nothing, host::Version> = get("/v1/version");
/// Who is asking.
pub const WHOAMI: Get<Nothing, host::Identity> = get("/v1/whoami");
/// The host's interfaces.
pub const INTERFACES: Get<Nothing, host::Interfaces> = get("/v1/interfaces");
/// Names that complete a command line.
pub const NAMES: Get<host::NamesQuery, host::Names> = get("/v1/names");
/// What can follow a line.
pub const COMPLETE: Get<complete::CompleteQuery, complete::Completion> = get("/v1/complete");
/// Lines of the log.
pub const LOG: Get<host::LogQuery, host::LogLines> = get("/v1/log");

/// The sessions.
pub const SESSIONS: Get<Nothing, session::Sessions> = get("/v1/sessions");
/// Begins a session.
pub const BEGIN_SESSION: Post<session::Begin, session::Begun> = post("/v1/sessions");
/// Ends a session.
pub const END_SESSION: Route<Nothing, Nothing, Nothing> =
    Route::new(Method::Delete, "/v1/sessions/{id}");
/// Reads a text into the candidate.
pub const EDIT: Post<session::Edit, session::Changes> = post("/v1/sessions/{id}/edit");
/// Validates the candidate.
pub const CHECK: Post<Nothing, session::Checked> = post("/v1/sessions/{id}/check");
/// Puts the candidate into force.
pub const COMMIT: Post<session::Commit, session::Committed> = post("/v1/sessions/{id}/commit");
/// Makes the candidate the running configuration again.
pub const DISCARD: Post<Nothing, Nothing> = post("/v1/sessions/{id}/discard");
/// Makes a revision the candidate.
pub const ROLLBACK: Post<session::Rollback, session::Changes> = post("/v1/sessions/{id}/rollback");
/// Compares a text with a configuration.
pub const COMPARE_TEXT: Post<configuration::CompareText, configuration::Text> =
    post("/v1/sessions/{id}/compare");
/// Cancels the commit that is scheduled.
pub const CLEAR_COMMIT: Post<Nothing, Nothing> = post("/v1/clear/commit");
/// Keeps the commit that waits for confirmation.
pub const CONFIRM: Post<Nothing, Nothing> = post("/v1/confirm");

/// A configuration.
pub const CONFIGURATION: Get<configuration::ShowConfiguration, configuration::Configuration> =
    get("/v1/configuration");
/// What differs between two configurations.
pub const COMPARE: Get<configuration::Compare, configuration::Text> = get("/v1/compare");
/// The committed configurations.
pub const REVISIONS: Get<Nothing, configuration::Revisions> = get("/v1/revisions");

/// Flow records.
pub const RECORDS: Get<query::NameQuery, flow::Records> = get("/v1/flow/records");
/// Samplers.
pub const SAMPLERS: Get<query::NameQuery, flow::Samplers> = get("/v1/flow/samplers");
/// Interfaces with flow monitors.
pub const METERED_INTERFACES: Get<query::NameQuery, flow::MeteredInterfaces> =
    get("/v1/flow/interfaces");
/// Flow monitors.
pub const MONITORS: Get<query::NameQuery, flow::Monitors> = get("/v1/flow/monitors");
/// Flow exporters.
pub const EXPORTERS: Get<query::NameQuery, flow::Exporters> = get("/v1/flow/exporters");
/// What is known of the host's routes.
pub const ROUTES: Get<Nothing, flow::Routes> = get("/v1/flow/routes");
/// The loss ledger.
pub const LOSS: Get<Nothing, ledger::LossLedger> = get("/v1/flow/loss");
/// The flows in a monitor's cache.
pub const CACHE: Get<query::CacheQuery, flow::CacheFlows> = get("/v1/flow/monitors/{name}/cache");
/// Which way a flow takes.
pub const PATH: Get<query::PathQuery, flow::FlowPath> = get("/v1/flow/path");
/// The flow-accounting table.
pub const ACCOUNTING: Get<query::AccountingQuery, flow::Accounting> = get("/v1/flow-accounting");
/// Clears something of a monitor.
pub const CLEAR_MONITOR: Post<flow::Clear, flow::Cleared> = post("/v1/clear/monitor/{name}");
/// Clears an exporter's counters.
pub const CLEAR_EXPORTER: Post<Nothing, Nothing> = post("/v1/clear/exporter/{name}");
/// Ends and exports the flows of the flow-accounting table.
pub const CLEAR_ACCOUNTING: Post<Nothing, flow::Cleared> = post("/v1/clear/flow-accounting");

/// Samplicators.
pub const SAMPLICATORS: Get<query::NameQuery, samplicator::Samplicators> = get("/v1/samplicators");
/// A samplicator's receivers.
pub const RECEIVERS: Get<Nothing, samplicator::Receivers> =
    get("/v1/samplicators/{name}/receivers");
/// The exporters that send to a samplicator.
pub const SOURCES: Get<Nothing, samplicator::Sources> = get("/v1/samplicators/{name}/sources");
/// The templates that a samplicator keeps.
pub const TEMPLATES: Get<Nothing, samplicator::KeptTemplates> =
    get("/v1/samplicators/{name}/templates");
/// Clears a samplicator's counters.
pub const CLEAR_SAMPLICATOR: Post<Nothing, Nothing> = post("/v1/clear/samplicator/{name}");
/// Sends receivers of a samplicator all templates again.
pub const REPLAY: Post<samplicator::Replay, samplicator::Replayed> =
    post("/v1/replay/samplicator/{name}");

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
