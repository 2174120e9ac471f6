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
    /// The route's name, the constant's in lower case; a generated client calls its function so.
    pub name: &'static str,
    /// The path; `{name}` stands for a segment of any text.
    pub path: &'static str,
    /// What the route does; lines are apart by a space.
    pub summary: &'static str,
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
/// A route that removes something.
pub type Delete = Route<Nothing, Nothing, Nothing>;

/// Declares routes: the constant, its documentation, which is the route's summary, too, its type, method and path.
macro_rules! routes {
    ($(
        $(#[doc = $summary:literal])+
        $name:ident: $kind:ident $(<$query:ty, $answer:ty>)? = $method:ident $path:literal;
    )+) => { $(
        $(#[doc = $summary])+
        pub const $name: $kind $(<$query, $answer>)? = Route {
            method: Method::$method,
            name: stringify!($name),
            path: $path,
            summary: concat!($($summary),+),
            types: PhantomData,
        };
    )+

        /// Method and path of every route.
        pub const ALL: &[(Method, &str)] = &[$(($name.method, $name.path)),+];
    };
}

routes! {
    /// This document.
    OPENAPI: Get<Nothing, host::Document> = Get "/v1/openapi.json";
    /// The program and its host.
    VERSION: Get<Nothing, host::Version> = Get "/v1/version";
    /// Who is asking, as the kernel tells it.
    WHOAMI: Get<Nothing, host::Identity> = Get "/v1/whoami";
    /// The host's interfaces.
    INTERFACES: Get<query::InterfacesQuery, host::Interfaces> = Get "/v1/interfaces";
    /// Names that complete a command line.
    NAMES: Get<host::NamesQuery, host::Names> = Get "/v1/names";
    /// What can follow a line, for Tab and ?; positions are octets.
    COMPLETE: Get<complete::CompleteQuery, complete::Completion> = Get "/v1/complete";
    /// The last lines of the log, or those after one that was seen before.
    LOG: Get<host::LogQuery, host::LogLines> = Get "/v1/log";

    /// The sessions.
    SESSIONS: Get<Nothing, session::Sessions> = Get "/v1/sessions";
    /// Begins a session: its candidate starts as the running configuration.
    BEGIN_SESSION: Post<session::Begin, session::Begun> = Post "/v1/sessions";
    /// Ends a session; its candidate is gone.
    END_SESSION: Delete = Delete "/v1/sessions/{id}";
    /// Reads a text into the candidate; path is the edit level.
    EDIT: Post<session::Edit, session::Changes> = Post "/v1/sessions/{id}/edit";
    /// Validates the candidate as a commit would, and changes nothing.
    CHECK: Post<Nothing, session::Checked> = Post "/v1/sessions/{id}/check";
    /// Puts the candidate into force. With confirm_minutes it is rolled back unless confirmed; with at it is checked now
    /// and committed then. The answer's revision is null when there was nothing to commit.
    COMMIT: Post<session::Commit, session::Committed> = Post "/v1/sessions/{id}/commit";
    /// Makes the candidate the running configuration again.
    DISCARD: Post<Nothing, Nothing> = Post "/v1/sessions/{id}/discard";
    /// Makes a revision the candidate.
    ROLLBACK: Post<session::Rollback, session::Changes> = Post "/v1/sessions/{id}/rollback";
    /// What differs between two configurations, one of which is the body's text.
    COMPARE_TEXT: Post<configuration::CompareText, configuration::Text> =
        Post "/v1/sessions/{id}/compare";
    /// Cancels the commit that is scheduled; its changes are gone.
    CLEAR_COMMIT: Post<Nothing, Nothing> = Post "/v1/clear/commit";
    /// Keeps the commit that waits for confirmation.
    CONFIRM: Post<Nothing, Nothing> = Post "/v1/confirm";

    /// A configuration: its text, or with format=json its tree. Secrets are masked.
    CONFIGURATION: Get<configuration::ShowConfiguration, configuration::Configuration> =
        Get "/v1/configuration";
    /// What differs between two configurations.
    COMPARE: Get<configuration::Compare, configuration::Text> = Get "/v1/compare";
    /// The committed configurations, newest first, and the commits that wait.
    REVISIONS: Get<Nothing, configuration::Revisions> = Get "/v1/revisions";

    /// Flow records.
    RECORDS: Get<query::NameQuery, flow::Records> = Get "/v1/flow/records";
    /// Samplers.
    SAMPLERS: Get<query::NameQuery, flow::Samplers> = Get "/v1/flow/samplers";
    /// Interfaces with a flow monitor.
    METERED_INTERFACES: Get<query::NameQuery, flow::MeteredInterfaces> = Get "/v1/flow/interfaces";
    /// Flow monitors.
    MONITORS: Get<query::NameQuery, flow::Monitors> = Get "/v1/flow/monitors";
    /// Flow exporters.
    EXPORTERS: Get<query::NameQuery, flow::Exporters> = Get "/v1/flow/exporters";
    /// What is known of the host's routes.
    ROUTES: Get<Nothing, flow::Routes> = Get "/v1/flow/routes";
    /// The loss ledger: what became of every packet, record and datagram.
    LOSS: Get<Nothing, ledger::LossLedger> = Get "/v1/flow/loss";
    /// The flows in a monitor's cache. A listing is answered in parts: next is the after of the next one. At most
    /// 4,194,304 groups are made.
    CACHE: Get<query::CacheQuery, flow::CacheFlows> = Get "/v1/flow/monitors/{name}/cache";
    /// Which monitors and exporters a flow takes, and how it is routed.
    FLOW_PATH: Get<query::PathQuery, flow::FlowPath> = Get "/v1/flow/path";
    /// The flow-accounting table.
    ACCOUNTING: Get<query::AccountingQuery, flow::Accounting> = Get "/v1/flow-accounting";
    /// How fast the flows of flow-accounting are, since an answer before.
    ACCOUNTING_RATES: Get<query::AccountingRatesQuery, flow::AccountingRates> =
        Get "/v1/flow-accounting/rates";

    /// Samplicators.
    SAMPLICATORS: Get<query::SamplicatorsQuery, samplicator::Samplicators> = Get "/v1/samplicators";
    /// The receivers of a samplicator.
    RECEIVERS: Get<Nothing, samplicator::Receivers> = Get "/v1/samplicators/{name}/receivers";
    /// The exporters that send to a samplicator.
    SOURCES: Get<Nothing, samplicator::Sources> = Get "/v1/samplicators/{name}/sources";
    /// The templates that a samplicator keeps for replay.
    TEMPLATES: Get<Nothing, samplicator::KeptTemplates> = Get "/v1/samplicators/{name}/templates";

    /// Discards the flows of a monitor, exports them, or clears its counters.
    CLEAR_MONITOR: Post<flow::Clear, flow::Cleared> = Post "/v1/clear/monitor/{name}";
    /// Clears the counters of an exporter.
    CLEAR_EXPORTER: Post<Nothing, Nothing> = Post "/v1/clear/exporter/{name}";
    /// Clears the counters of a samplicator; templates and sources stay.
    CLEAR_SAMPLICATOR: Post<Nothing, Nothing> = Post "/v1/clear/samplicator/{name}";
    /// Sends receivers of a samplicator all templates again, each before its exporter's next datagram.
    REPLAY: Post<samplicator::Replay, samplicator::Replayed> = Post "/v1/replay/samplicator/{name}";
    /// Ends and exports the flows of the flow-accounting table.
    CLEAR_ACCOUNTING: Post<Nothing, flow::Cleared> = Post "/v1/clear/flow-accounting";
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
