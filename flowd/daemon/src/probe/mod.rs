//! The probe: capture threads, their meters, and the exporters behind them, as one thing that a commit
//! changes and the management API asks.

use grammar::{Finding, Tree};
use serde_json::Value as Json;

/// What the configuration says about the probe, resolved: records looked up, `system flow-accounting` unfolded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {}

impl Settings {
    /// Resolves a checked tree.
    ///
    /// # Errors
    /// What a check without the host cannot see: a field that cannot be known here, and the like.
    pub fn from_tree(_tree: &Tree) -> Result<Settings, Vec<Finding>> {
        todo!()
    }
}

/// The running probe. Its methods block for milliseconds at most.
pub struct Probe {}

/// A change that is prepared: sockets and rings are open, nothing has changed yet. Dropping it aborts.
pub struct Staged {}

impl Staged {
    /// What the operator should know, a line each: parts of the configuration that this host does not apply.
    pub fn warnings(&self) -> &[String] {
        todo!()
    }
}

/// A question that cannot be answered: no such monitor, say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unknown(pub String);

impl Probe {
    /// Starts with nothing configured.
    pub fn start() -> Probe {
        todo!()
    }

    /// Opens what `new` needs and the running settings do not have.
    pub fn prepare(&self, _new: &Settings) -> Result<Staged, Vec<Finding>> {
        todo!()
    }

    /// Puts a prepared change into force. Cannot fail.
    pub fn apply(&self, _staged: Staged) {
        todo!()
    }

    /// Expires every flow, exports what is left, and ends the threads.
    pub fn stop(&self) {
        todo!()
    }

    /// `GET /v1/flow/…`; `what` is `records samplers interfaces monitors exporters loss`, `name` one of them.
    pub fn show(&self, _what: &str, _name: Option<&str>) -> Result<Json, Unknown> {
        todo!()
    }

    /// `GET /v1/flow/monitors/NAME/cache`.
    pub fn cache(&self, _monitor: &str, _query: &CacheQuery) -> Result<Json, Unknown> {
        todo!()
    }

    /// `GET /v1/flow-accounting`.
    pub fn accounting(&self, _query: &AccountingQuery) -> Result<Json, Unknown> {
        todo!()
    }

    /// `POST /v1/clear/monitor/NAME`: `what` is `cache`, `statistics` or `force-export`. Returns the flows it ended.
    pub fn clear_monitor(&self, _monitor: &str, _what: &str) -> Result<u64, Unknown> {
        todo!()
    }

    /// `POST /v1/clear/exporter/NAME`.
    pub fn clear_exporter(&self, _exporter: &str) -> Result<(), Unknown> {
        todo!()
    }

    /// `POST /v1/clear/flow-accounting`. Returns the flows it ended.
    pub fn clear_accounting(&self) -> Result<u64, Unknown> {
        todo!()
    }
}

/// What of a cache is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct CacheQuery {
    /// Field to sort by (its words or its IANA name).
    pub sort: Option<String>,
    /// Smallest first.
    #[serde(default)]
    pub lowest: bool,
    /// At most so many flows.
    pub top: Option<usize>,
}

/// What of the flow-accounting table is wanted.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct AccountingQuery {
    /// This interface only.
    pub interface: Option<String>,
    /// Source or destination address.
    pub host: Option<std::net::IpAddr>,
    /// Source or destination port: `22`, `80-89` or `53,123`.
    pub port: Option<String>,
    /// So many flows, most octets first.
    pub top: Option<usize>,
    /// At most so many flows.
    pub count: Option<usize>,
}
